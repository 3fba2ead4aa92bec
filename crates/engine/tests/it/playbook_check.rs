//! Which playbooks may be saved, and what is said of the others.

use vigiles_engine::{check_playbook, check_playbook_to_save};
use vigiles_model::Playbook;

use crate::rig::City;

/// A playbook of one step in TOML, or of several that begin with `[[steps]]`.
fn playbook(steps: &str) -> Playbook {
    let given = if steps.contains("[[steps]]") { "" } else { "[[steps]]\ntitle = 'A'\n" };
    let steps = format!("{given}{steps}");
    let text = format!("id = 'p'\nname = 'P'\n{steps}");
    toml::from_str(&text).unwrap_or_else(|e| panic!("{text}\n{e}"))
}

/// What is said of a playbook, wherever it comes from.
fn check(steps: &str, expected: &str) {
    let playbook = playbook(steps);
    let (kinds, city) = (crate::kinds::kinds(), City(&|_| None));
    let logged = check_playbook(&playbook, &kinds);
    assert_eq!(check_playbook_to_save(&playbook, &kinds, &city), logged, "{steps}");
    assert_eq!(logged.map_or_else(|e| e.to_string(), |()| "fine".to_owned()), expected, "{steps}");
    // What stands in TOML stands in JSON too.
    let json = serde_json::to_string(&playbook).unwrap();
    assert_eq!(serde_json::from_str::<Playbook>(&json).unwrap(), playbook);
}

/// What is said of a playbook that is to be saved in a city with some agencies; the log takes it as it is.
fn check_saved(steps: &str, expected: &str) {
    let playbook = playbook(steps);
    let (kinds, city) = (crate::kinds::kinds(), City(&|_| None));
    let found = check_playbook_to_save(&playbook, &kinds, &city);
    assert_eq!(found.map_or_else(|e| e.to_string(), |()| "fine".to_owned()), expected, "{steps}");
    assert_eq!(check_playbook(&playbook, &kinds), Ok(()), "{steps}");
}

fn steps(names: &[(&str, &str)]) -> String {
    let step = |(id, rest): &(&str, &str)| format!("[[steps]]\nid = '{id}'\ntitle = 'T'\naction = 'manual'\n{rest}\n");
    names.iter().map(step).collect()
}

#[test]
fn names_and_order() {
    check(&steps(&[("a", ""), ("b", "after = ['a']"), ("c", "after = []")]), "fine");
    check(&steps(&[("a", ""), ("a", "")]), "steps[1].id: there are two steps 'a'");
    check(&steps(&[("step-2", "")]), "fine");
    check(&steps(&[("a.b", "")]), "steps[0].id: expected 1 to 64 of A-Z a-z 0-9 _ -, found 'a.b'");
    check(&steps(&[("a", ""), ("b", "after = ['a', 'x']")]), "steps[1].after[1]: there is no step 'x'");
    check(&steps(&[("a", "after = ['a']")]), "steps[0].after: step 'a' waits for itself");
    check(
        &steps(&[("a", ""), ("b", "after = ['d']"), ("c", ""), ("d", "")]),
        "steps[1].after: steps 'b', 'c', 'd' wait for each other",
    );
    let many: String = (0..51).map(|i| steps(&[(format!("s{i}").as_str(), "")])).collect();
    check(&many, "steps: expected 1 to 50 steps, found 51");
    check("action = 'manual'\ninstruction = ''", "fine");
}

#[test]
fn conditions_are_bounded_together() {
    let long = vec!["title.contains('gas')"; 20].join(" || ");
    let playbook = |number: usize| -> String {
        let step = |i| format!("[[steps]]\nid = 's{i}'\ntitle = 'T'\n[steps.action.wait]\nuntil = \"{long}\"\n");
        (0..number).map(step).collect()
    };
    check(&playbook(33), "fine");
    check(&playbook(34), "steps: expected conditions of at most 16384 bytes together, found 16864");
}

#[test]
fn conditions() {
    let two = |rest: &str| {
        let [ask, b] = [("ask-it", ""), ("b", rest)].map(|step| steps(&[step]));
        format!("{}{b}", ask.replace("action = 'manual'", "action.ask.question = 'Q'"))
    };
    check(&two("when = \"answers['ask-it'] == 'x' && severity in ['minor']\""), "fine");
    check(
        &two("when = \"severety == 'minor'\"").replace("ask-it", "a"),
        concat!(
            "steps[1].when: line 1, column 1: unknown name `severety`; known are: severity, priority, incident_type, title, state, reality, ",
            "agency, alarms, active_alarms, answers.<step>, outcomes.<step>"
        ),
    );
    check(
        &two("when = 'priority < 2 && priority'"),
        "steps[1].when: line 1, column 17: expected true or false, found a number: `&&` joins what is true or false",
    );
    check(
        &two("when = \"outcomes.b == 'done'\""),
        "steps[1].when: line 1, column 1: step 'b' is not one that this step comes after",
    );
    check(
        &two("when = 'answers == 1'"),
        concat!(
            "steps[1].when: line 1, column 1: `answers` needs a field; known are: severity, priority, incident_type, title, state, reality, ",
            "agency, alarms, active_alarms, answers.<step>, outcomes.<step>"
        ),
    );
    check(
        &two("after = []\nwhen = \"answers['ask-it'] == ''\""),
        "steps[1].when: line 1, column 1: step 'ask-it' is not one that this step comes after",
    );
    check(
        &two("when = 'value > 3'").replace("value > 3", "window(\"1m\").mean > 3"),
        "steps[1].when: line 1, column 1: window() can only be used in the expression of a rule's condition, not in `when`",
    );
}

#[test]
fn numbers_have_bounds() {
    check("action = 'manual'\napprovals = 3", "steps[0].approvals: expected 0 to 2 persons, found 3");
    check("action = 'manual'\ndeadline_s = 0", "steps[0].deadline_s: expected 1 to 2678400 seconds, found 0");
    check("action.webhook.endpoint = 'o'\nretries = 11", "steps[0].retries: expected 0 to 10, found 11");
    check(
        "action.webhook.endpoint = 'o'\nbackoff_s = 3601",
        "steps[0].backoff_s: expected 1 to 3600 seconds, found 3601",
    );
    let only = "of the task kinds only notify_console, email, http, webhook are tried again by themselves";
    check("action = 'manual'\nretries = 1", &format!("steps[0].retries: {only}"));
    check("action.signal.endpoint = 'o'\nretries = 1", &format!("steps[0].retries: {only}"));
}

#[test]
fn every_action_is_looked_at() {
    check(
        "action.notify_console.message = ' '",
        "steps[0].action.notify_console.message: expected a text, found nothing",
    );
    check(
        "[steps.action.email]\nto = []\nsubject = 'S'\nbody = ''",
        "steps[0].action.email.to: expected 1 to 2 addresses, found 0",
    );
    check("action.assign.to.role = 'supervisor'", "fine");
    check("action.assign.to.person = 'ada'", "fine");
    check("action.assign.to.role = 'A'", "steps[0].action.assign.to.role: expected the word of a role, found \"A\"");
    check("action.ask.question = 'Q'", "fine");
    check(
        "action.ask = { question = 'Q', options = ['a'] }",
        "steps[0].action.ask.options: expected none or 2 to 20 answers, found 1",
    );
    check(
        "action.ask = { question = 'Q', options = ['a', 'b', 'a'] }",
        "steps[0].action.ask.options[2]: the answer \"a\" stands twice",
    );
    check("action.wait = {}", "steps[0].action.wait: expected seconds, until or both");
    check("action.wait.until = 'true'", "fine");
    check(
        "action.wait.until = '1'",
        "steps[0].action.wait.until: line 1, column 1: expected true or false, found a number",
    );
    check("action.annotate.text = ''", "steps[0].action.annotate.text: expected a text, found nothing");
    check("action.http = { endpoint = 'e', path = '/a?b={title}', body = '{}' }", "fine");
    let path = "expected nothing, or `/` and visible ASCII without `#`, up to 2048 bytes";
    check("action.http = { endpoint = 'e', path = '@evil.example' }", &format!("steps[0].action.http.path: {path}"));
    check(
        "action.http = { endpoint = 'e', method = 'get', body = '{}' }",
        "steps[0].action.http.body: a get carries none",
    );
    check(
        "action.http = { endpoint = 'e', method = 'PUT' }",
        "steps[0].action.http.method: expected one of: post, get, put; found \"PUT\"",
    );
    check("action.webhook = {}", "steps[0].action.webhook.endpoint: expected a text, found nothing");
    check("action.webhook.endpoint = 3", "steps[0].action.webhook.endpoint: expected a text, found a number");
    check("action.webhook = { endpoint = 'o', x = '' }", "steps[0].action.webhook.x: expected one of: endpoint");
    check("action.signal = { endpoint = 'o', hold = 91 }", "steps[0].action.signal.hold: expected 5 to 90 s, found 91");
    check("action.signal = { endpoint = 'o', hold = 7.5 }", "fine");
    let known = "manual, notify_console, assign, ask, wait, annotate, open_room, email, http, signal, webhook";
    check("action.fax.number = '1'", &format!("steps[0].action.fax: expected one of: {known}"));
    check(
        "action.open_room = { name = 'R', agencies = ['a', 'a'] }",
        "steps[0].action.open_room.agencies: expected 1 to 20 different agencies, found 2",
    );
}

#[test]
fn escalation_and_undoing() {
    check("action = 'manual'\nescalate.priority = 'p1'", "fine");
    check(
        "action = 'manual'\nescalate = {}",
        "steps[0].escalate: expected at least one of notify, priority, hand_to, abort",
    );
    check(
        "action = 'manual'\nescalate.notify = 'manual'",
        "steps[0].escalate.notify: expected what tells somebody: annotate, notify_console, email, http, webhook",
    );
    check(
        "action = 'manual'\nescalate.notify.webhook.endpoint = ''",
        "steps[0].escalate.notify.webhook.endpoint: expected a text, found nothing",
    );
    check("action = 'manual'\ncompensate.signal.endpoint = 'o'", "steps[0].compensate: `signal` undoes nothing");
    check("action = 'manual'\ncompensate.wait.seconds = 3", "steps[0].compensate: a question or a wait undoes nothing");
}

#[test]
fn who_is_named_is_there() {
    let none = |field: &str| format!("steps[0].{field}: there is no agency `unknown`");
    check_saved("action.assign.to.agency = 'environment'", "fine");
    check_saved("action.assign.to.agency = 'unknown'", &none("action.assign.to.agency"));
    check_saved(
        "action.assign.to.person = 'unknown'",
        "steps[0].action.assign.to.person: there is no person `unknown`",
    );
    check_saved(
        "action.assign.to.role = 'supervizor'",
        "steps[0].action.assign.to.role: there is no role `supervizor`; did you mean `supervisor`?",
    );
    check_saved(
        "action.open_room = { name = 'R', agencies = ['fire', 'unknown'] }",
        &none("action.open_room.agencies[1]"),
    );
    check_saved("action = 'manual'\nescalate.hand_to = 'unknown'", &none("escalate.hand_to"));
    check_saved("action = 'manual'\ncompensate.assign.to.agency = 'unknown'", &none("compensate.assign.to.agency"));
}

/// A question with two answers, one with any, a step that asks nothing, and one with a condition.
fn asking(when: &str) -> String {
    let ask = |id: &str, options: &str| {
        format!("[[steps]]\nid = '{id}'\ntitle = 'T'\naction.ask = {{ question = 'Q', options = [{options}] }}\n")
    };
    let rest = steps(&[("told", ""), ("then", &format!("when = '''{when}'''"))]);
    format!("{}{}{rest}", ask("smell", "'yes', 'no'"), ask("what", ""))
}

/// Expected of the condition of the last step, from its column on.
fn check_when(when: &str, expected: &str) {
    check_saved(&asking(when), &format!("steps[3].when: line 1, column {expected}"));
}

#[test]
fn an_answer_is_one_that_can_be_given() {
    check_saved(&asking("answers.smell == 'yes' || 'no' != answers['smell'] || answers.smell == ''"), "fine");
    check_saved(
        &asking("answers.what == 'ja' || answers.smell.contains('ja') || answers.smell == answers.what"),
        "fine",
    );
    check_saved(&asking("outcomes.told == 'skipped' && outcomes.smell in ['done', 'compensated']"), "fine");
    let ja = "step 'smell' is never answered \"ja\": expected one of yes, no";
    check_when("answers.smell == 'ja'", &format!("18: {ja}"));
    check_when("'ja' != answers['smell']", &format!("1: {ja}"));
    check_when("alarms > 1 && answers.smell in ['yes', 'ja']", &format!("40: {ja}"));
    check_when("answers.told == 'yes'", "1: step 'told' asks no question; these do: 'smell', 'what'");
    check_when("has(answers.told)", "5: step 'told' asks no question; these do: 'smell', 'what'");
}

#[test]
fn a_condition_of_a_playbook_can_hold_and_fail() {
    check_when(
        "severity == 'critical'",
        "13: `severity` is never \"critical\": expected one of minor, moderate, severe, extreme, unknown",
    );
    check_when(
        "severity > 'minor'",
        "12: `severity` is a text, and texts are ordered by the alphabet: list those that are meant, as in \
         `severity in ['minor', 'moderate']`; there are minor, moderate, severe, extreme, unknown",
    );
    check_when("priority < 1", "12: this never holds: `priority` is a whole number from 1 to 4");
    check_when("active_alarms >= 0", "18: this always holds: `active_alarms` is a whole number from 0 on");
    check_when("reality == 'drill'", "12: `reality` is never \"drill\": expected one of actual, exercise, test");
    check_when(
        "state in ['open']",
        concat!(
            "11: `state` is never \"open\": expected one of new, acknowledged, in_progress, resolved, closed, reopened, ",
            "merged"
        ),
    );
    check_when(
        "outcomes.told == 'finished'",
        concat!(
            "18: `outcomes.told` is never \"finished\": expected one of waiting, awaiting_approval, running, retrying, ",
            "done, failed, skipped, compensating, compensated"
        ),
    );
    check_saved(
        "action.wait.until = 'alarms < 0'",
        "steps[0].action.wait.until: line 1, column 10: this never holds: `alarms` is a whole number from 0 on",
    );
}

#[test]
fn a_step_that_is_not_there_is_told_from_one_that_is_not_over() {
    let refused =
        |when: &str, expected: &str| check(&asking(when), &format!("steps[3].when: line 1, column {expected}"));
    refused("answers.smel == 'yes'", "1: there is no step 'smel'; did you mean 'smell'?");
    refused("alarms > 1 && outcomes.x == 'done'", "15: there is no step 'x'");
    refused("outcomes.then == 'done'", "1: step 'then' is not one that this step comes after");
}

#[test]
fn placeholders_are_known() {
    let unknown = |word: &str| {
        let known = concat!(
            "known are {id} {number} {title} {incident_type} {severity} {priority} {state} {reality} {agency} {opened} ",
            "{place} {alarms} {active_alarms} {answers.<step>} {outcomes.<step>}"
        );
        format!("unknown word `{{{word}}}`; {known}")
    };
    check_saved("action.notify_console.message = '{title}, {place}, { } {} {'", "fine");
    for (action, field) in [
        ("action.notify_console.message = 'No. {nummer}'", "action.notify_console.message"),
        ("action.annotate.text = 'No. {nummer}'", "action.annotate.text"),
        ("action.ask.question = 'No. {nummer}'", "action.ask.question"),
        ("action.open_room = { name = 'No. {nummer}', agencies = ['fire'] }", "action.open_room.name"),
        ("action.email = { to = ['a@example.org'], subject = 'No. {nummer}' }", "action.email.subject"),
        ("action = 'manual'\ncompensate.annotate.text = 'No. {nummer}'", "compensate.annotate.text"),
        ("action = 'manual'\nescalate.notify.annotate.text = 'No. {nummer}'", "escalate.notify.annotate.text"),
    ] {
        check_saved(action, &format!("steps[0].{field}: line 1, column 5: {}", unknown("nummer")));
    }
    check_saved(
        "action.http = { endpoint = 'e', path = '/a?b={titel}' }",
        &format!("steps[0].action.http.path: line 1, column 6: {}", unknown("titel")),
    );
}

#[test]
fn a_placeholder_reads_a_step_that_is_over() {
    let last = |text: &str| format!("{}[[steps]]\nid = 'last'\ntitle = 'T'\n{text}\n", asking("alarms > 1"));
    let body = r#"{"a": {"b": "{title}"}, "c": "{answers.smell}"}"#;
    check_saved(&last(&format!("action.http = {{ endpoint = 'e', body = '{body}' }}")), "fine");
    check_saved(&last("action.annotate.text = '{answers.smell} {outcomes.told}'"), "fine");
    // What escalates a step may be told after any other.
    check_saved(&last("action = 'manual'\nescalate.notify.annotate.text = '{outcomes.last}'"), "fine");
    let refused = |text: &str, why: &str| {
        let field = "steps[4].action.annotate.text: line 1, column";
        check_saved(&last(&format!("action.annotate.text = '{text}'")), &format!("{field} {why}"));
    };
    refused("{answers.smel}", "1: there is no step 'smel'; did you mean 'smell'?");
    refused("So: {answers.told}", "5: step 'told' asks no question; these do: 'smell', 'what'");
    refused("{outcomes.last}", "1: step 'last' is not over when this step starts");
    let first = "[[steps]]\nid = 'first'\ntitle = 'T'\naction.annotate.text = '{answers.smell}'\n";
    check_saved(
        &format!("{first}{}", asking("alarms > 1")),
        "steps[0].action.annotate.text: line 1, column 1: step 'smell' is not over when this step starts",
    );
}
