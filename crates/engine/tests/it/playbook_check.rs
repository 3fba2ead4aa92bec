//! Which playbooks may be saved, and what is said of the others.

use vigiles_engine::check_playbook;
use vigiles_model::Playbook;

/// A playbook of one step in TOML, or of several that begin with `[[steps]]`.
fn check(steps: &str, expected: &str) {
    let given = if steps.contains("[[steps]]") { "" } else { "[[steps]]\ntitle = 'A'\n" };
    let steps = format!("{given}{steps}");
    let text = format!("id = 'p'\nname = 'P'\n{steps}");
    let playbook: Playbook = toml::from_str(&text).unwrap_or_else(|e| panic!("{text}\n{e}"));
    let found =
        check_playbook(&playbook, &crate::kinds::kinds()).map_or_else(|e| e.to_string(), |()| "fine".to_owned());
    assert_eq!(found, expected, "{text}");
    // What stands in TOML stands in JSON too.
    let json = serde_json::to_string(&playbook).unwrap();
    assert_eq!(serde_json::from_str::<Playbook>(&json).unwrap(), playbook);
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
    let two = |rest: &str| steps(&[("ask-it", ""), ("b", rest)]);
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
        "steps[1].when: line 1, column 17: expected true or false, found a number",
    );
    check(&two("when = \"outcomes.b == 'done'\""), "steps[1].when: step 'b' is not one that this step comes after");
    check(
        &two("when = 'answers == 1'"),
        concat!(
            "steps[1].when: line 1, column 1: `answers` needs a field; known are: severity, priority, incident_type, title, state, reality, ",
            "agency, alarms, active_alarms, answers.<step>, outcomes.<step>"
        ),
    );
    check(
        &two("after = []\nwhen = \"answers['ask-it'] == ''\""),
        "steps[1].when: step 'ask-it' is not one that this step comes after",
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
