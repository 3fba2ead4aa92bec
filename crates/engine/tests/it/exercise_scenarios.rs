//! Scenarios: what is checked, what is played when, and what a debrief says.

use std::collections::BTreeMap;

use vigiles_engine::CommandError;
use vigiles_engine::TaskOutcome::{Done, Skipped};
use vigiles_engine::command::CommandBody as Body;
use vigiles_engine::exercise::debrief::{Debrief, Read};
use vigiles_engine::exercise::targets::{Outcome, Reached};
use vigiles_engine::exercise::{Known, Scenario, check};
use vigiles_model::playbook::{Action, Step};
use vigiles_model::{
    AssetId, Exercise, ExerciseId, Incident, IncidentState, KindId, ObservationKind, PlaybookId, Priority, Reality,
    Severity, Timestamp, Value,
};

use crate::rig::{KINDS, Rig, city, playbook};

fn scenario(rest: &str) -> Scenario {
    let text = format!("id = 's'\nname = 'S'\n{rest}");
    toml::from_str(&text).unwrap_or_else(|e| panic!("{text}\n{e}"))
}

fn kinds() -> BTreeMap<String, ObservationKind> {
    let kind = |body| match body {
        Body::PutKind(kind) => Some((kind.id.to_string(), *kind)),
        _ => None,
    };
    assert!(!KINDS.is_empty());
    city().into_iter().filter_map(kind).collect()
}

/// The rig's kinds, the asset `a`, and the playbook `drill` of one step.
struct Town(BTreeMap<String, ObservationKind>);

impl Known for Town {
    fn kind(&self, id: &KindId) -> Option<&ObservationKind> {
        self.0.get(id.as_str())
    }

    fn has_asset(&self, id: &AssetId) -> bool {
        id.as_str() == "a"
    }

    fn steps(&self, id: &PlaybookId) -> Option<Vec<String>> {
        (id.as_str() == "drill").then(|| vec!["Look".to_owned()])
    }
}

fn refuse(rest: &str, expected: &str) {
    let Err(CommandError::Invalid { field, why }) = check(&scenario(rest), &Town(kinds())) else {
        panic!("{rest} was accepted");
    };
    assert_eq!(format!("{field}: {why}"), expected, "{rest}");
}

const PM: &str = "[[timeline]]\nafter_s = 1.0\n[timeline.reading]\nkind = 'air.pm25'\nvalue = { Number = 5.0 }\n";

#[test]
fn what_may_not_be_played() {
    refuse("timeline = []", "timeline: expected at least one entry");
    refuse("timeline = [{ after_s = 1.0 }]", "timeline[0]: expected either `reading` or `call`");
    refuse(
        &PM.replace("after_s = 1.0", "after_s = -1.0"),
        "timeline[0].after_s: expected 0 to 86400 seconds, found -1",
    );
    refuse(
        &PM.replace("air.pm25", "air.none"),
        "timeline[0].reading.kind: there is no kind `air.none`; register it first",
    );
    refuse(
        &PM.replace("{ Number = 5.0 }", "{ Boolean = true }"),
        "timeline[0].reading.value: kind air.pm25 takes a number",
    );
    for field in ["asset", "near"] {
        refuse(
            &format!("{PM}{field} = 'b'"),
            &format!("timeline[0].reading.{field}: there is no asset `b`; name one of the city"),
        );
    }
    let call = "title = 'Fire', incident_type = 'fire', priority = 'p1', severity = 'minor'";
    refuse(
        &format!("timeline = [{{ after_s = 0.0, call = {{ {call}, text = ' ' }} }}]"),
        "timeline[0].call.text: expected a text, found nothing",
    );
    refuse(
        &format!("timeline = [{{ after_s = 0.0, call = {{ {call}, playbook = 'none' }} }}]"),
        "timeline[0].call.playbook: there is no playbook `none`; save it first",
    );
    refuse(
        &format!("targets = [{{ done = {{ playbook = 'drill', task = 'Lok', within_s = 3.0 }} }}]\n{PM}"),
        "targets[0].done.task: playbook `drill` has no such step; it has: Look",
    );
    refuse(&format!("{PM}every_s = 1.0"), "timeline[0].reading.every_s: a series needs both `every_s` and `until_s`");
    refuse(
        &format!("{PM}fault = {{ silent = {{ from_s = 2.0 }} }}"),
        "timeline[0].reading.fault: only a series has faults; give `every_s` and `until_s`",
    );
    refuse(
        &format!("{PM}every_s = 0.001\nuntil_s = 3600.0"),
        "timeline: expected at most 100000 readings, found 3599001",
    );
    refuse(
        &format!("targets = [{{ opened = {{ incident_type = 'air', within_s = -3.0 }} }}]\n{PM}"),
        "targets[0].opened.within_s: expected 0 to 86400 seconds, found -3",
    );
}

/// Each reading as "second value", from the first to the last, taken in steps of `step_s`.
fn played(scenario: &Scenario, step_s: i64) -> String {
    let started = Timestamp::from_secs(100);
    let mut all = Vec::new();
    let mut from = -1;
    while from < 30_000_000 {
        let to = from + step_s * 1_000_000;
        all.extend(scenario.readings(started, (from, to), &|_: &AssetId| None));
        from = to;
    }
    let line = |o: &vigiles_model::Observation| match o.value {
        Value::Number(n) => format!("{} {n}", o.time.since(started).as_millis() / 1000),
        _ => String::new(),
    };
    all.iter().map(line).collect::<Vec<_>>().join(", ")
}

#[test]
fn series_rise_stick_and_fall_silent() {
    let with = |rest: &str| scenario(&format!("{PM}every_s = 2.0\nuntil_s = 9.0\nrise_per_s = 1.0\n{rest}"));
    for step_s in [1, 3, 7, 60] {
        assert_eq!(played(&scenario(PM), step_s), "1 5");
        assert_eq!(played(&with(""), step_s), "1 5, 3 7, 5 9, 7 11, 9 13");
        assert_eq!(played(&with("fault = { stuck = { from_s = 5.0 } }"), step_s), "1 5, 3 7, 5 9, 7 9, 9 9");
        assert_eq!(played(&with("fault = { silent = { from_s = 5.0 } }"), step_s), "1 5, 3 7");
    }
}

/// An exercise in which one step is done in time, one late, one left out, one not done at all, and one still has time.
fn trained() -> (Exercise, Vec<Incident>) {
    let mut rig = Rig::new();
    let step = |title: &str, deadline_s: Option<u32>| Step {
        after: Some(Vec::new()),
        deadline_s,
        ..Step::new(title, Action::Manual)
    };
    let steps = vec![
        step("Look", Some(60)),
        step("Call", Some(60)),
        step("Write", None),
        step("Close the road", Some(90)),
        step("Tell the press", Some(900)),
    ];
    rig.command(Body::PutPlaybook(Box::new(playbook("drill", steps)))).unwrap();
    rig.now = 100;
    let id = ExerciseId::new("e1").unwrap();
    rig.command(Body::StartExercise { id: id.clone(), name: "Training".into() }).unwrap();
    let exercise = rig.engine.exercise().unwrap().clone();
    rig.now = 110;
    rig.command(Body::OpenIncident {
        title: "A call".into(),
        incident_type: "air".into(),
        priority: Priority::P2,
        severity: Severity::Severe,
        place: None,
        playbook: Some("drill".parse().unwrap()),
        reality: Reality::Exercise,
    })
    .unwrap();
    let incident = rig.incidents()[0].clone();
    let done = |task: usize, outcome| Body::CompleteTask {
        incident: incident.id.clone(),
        task: incident.tasks[task].id.clone(),
        outcome,
        text: Some("so".into()),
    };
    let seen = Body::ChangeState { incident: incident.id.clone(), to: IncidentState::Acknowledged, reason: None };
    for (now, body) in [(140, seen), (150, done(0, Done)), (200, done(1, Done)), (210, done(2, Skipped))] {
        rig.now = now;
        rig.command(body).unwrap();
    }
    rig.now = 300;
    rig.command(Body::EndExercise { id, reason: "time is up".into() }).unwrap();
    (exercise, rig.incidents())
}

#[test]
fn a_debrief_says_who_saw_what_when_and_what_was_late() {
    let (exercise, incidents) = trained();
    let targets = "targets = [
        { opened = { incident_type = 'air', within_s = 5.0 } },
        { acknowledged = { incident_type = 'air', within_s = 45.0 } },
        { done = { playbook = 'drill', task = 'Call', within_s = 90.0 } },
        { done = { playbook = 'drill', task = 'Close the road', within_s = 90.0 } },
        { done = { playbook = 'drill', task = 'Tell the press', within_s = 900.0 } },
        { acknowledged = { incident_type = 'fire', within_s = 45.0 } },
    ]\n";
    let scenario = scenario(&format!("{targets}{PM}"));
    let read =
        |by: &str, at: i64| Read { incident: incidents[0].id.clone(), by: by.to_owned(), at: Timestamp::from_secs(at) };
    let reads = [read("bob", 260), read("ada", 130), read("ada", 125)];
    let debrief = Debrief::of(&exercise, Timestamp::from_secs(300), &scenario, &incidents, &reads);
    let found = serde_json::to_string_pretty(&debrief).unwrap() + "\n";
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/debrief.json");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&golden, &found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(&golden).unwrap());
    let text = postcard_round(&scenario);
    assert_eq!(text, scenario, "a scenario stands in postcard too");
}

#[test]
fn a_target_is_missed_only_when_its_time_was_up() {
    use Outcome::{Met, Missed, NotBegun, TimeLeft};
    let (exercise, incidents) = trained();
    let check = |target: &str, until: i64, expected: (Outcome, Option<f64>, Option<f64>)| {
        let scenario = scenario(&format!("targets = [{target}]\n{PM}"));
        let debrief = Debrief::of(&exercise, Timestamp::from_secs(until), &scenario, &incidents, &[]);
        let Reached { outcome, took_s, margin_s, .. } = debrief.targets[0].clone();
        assert_eq!((outcome, took_s, margin_s), expected, "{target} until {until}");
    };
    // Begun at 100, opened at 110, acknowledged at 140; the last step is never done.
    check("{ opened = { incident_type = 'air', within_s = 10.0 } }", 300, (Met, Some(10.0), Some(0.0)));
    check("{ opened = { incident_type = 'fire', within_s = 201.0 } }", 300, (TimeLeft, None, Some(1.0)));
    check("{ opened = { incident_type = 'fire', within_s = 200.0 } }", 300, (Missed, None, Some(0.0)));
    check("{ acknowledged = { incident_type = 'air', within_s = 29.0 } }", 300, (Missed, Some(30.0), Some(-1.0)));
    check("{ acknowledged = { incident_type = 'fire', within_s = 1.0 } }", 300, (NotBegun, None, None));
    let press = "{ done = { playbook = 'drill', task = 'Tell the press', within_s = 190.0 } }";
    check(press, 299, (TimeLeft, None, Some(1.0)));
    check(press, 300, (Missed, None, Some(0.0)));
    check(press, 320, (Missed, None, Some(-20.0)));
}

/// An exercise begun at 100 with the playbook `drill` of one step, and calls that open incidents of a type at a second.
fn called(calls: &[(&str, i64)]) -> (Rig, Vec<Incident>) {
    let mut rig = Rig::new();
    let look = Step { after: Some(Vec::new()), ..Step::new("Look", Action::Manual) };
    rig.command(Body::PutPlaybook(Box::new(playbook("drill", vec![look])))).unwrap();
    rig.now = 100;
    rig.command(Body::StartExercise { id: ExerciseId::new("e1").unwrap(), name: "Training".into() }).unwrap();
    for (incident_type, at) in calls {
        rig.now = *at;
        let body = Body::OpenIncident {
            title: "A call".into(),
            incident_type: (*incident_type).into(),
            priority: Priority::P2,
            severity: Severity::Severe,
            place: None,
            playbook: Some("drill".parse().unwrap()),
            reality: Reality::Exercise,
        };
        rig.command(body).unwrap();
    }
    let opened = rig.incidents();
    (rig, opened)
}

/// Plays what people did, each at its second, and looks at 300 at the acknowledgement of a fire and at the step of the playbook.
fn check_counted(calls: &[(&str, i64)], deeds: impl Fn(&[Incident]) -> Vec<(i64, Body)>, expected: [Option<f64>; 2]) {
    let (mut rig, opened) = called(calls);
    for (now, body) in deeds(&opened) {
        rig.now = now;
        rig.command(body).unwrap();
    }
    let targets = "targets = [{ acknowledged = { incident_type = 'fire', within_s = 60.0 } },
                              { done = { playbook = 'drill', task = 'Look', within_s = 60.0 } }]";
    let (exercise, until) = (rig.engine.exercise().unwrap(), Timestamp::from_secs(300));
    let debrief = Debrief::of(exercise, until, &scenario(&format!("{targets}\n{PM}")), &rig.incidents(), &[]);
    let took: Vec<_> = debrief.targets.iter().map(|reached| reached.took_s).collect();
    assert_eq!(took, expected, "{calls:?}: {:?}", debrief.targets);
}

fn acknowledge(incident: &Incident) -> Body {
    Body::ChangeState { incident: incident.id.clone(), to: IncidentState::Acknowledged, reason: None }
}

fn finish(incident: &Incident) -> Body {
    let (incident, task) = (incident.id.clone(), incident.tasks[0].id.clone());
    Body::CompleteTask { incident, task, outcome: Done, text: None }
}

#[test]
fn a_target_is_reached_in_whichever_incident_comes_first() {
    let two = [("fire", 110), ("fire", 120)];
    check_counted(&two, |_| Vec::new(), [None, None]);
    check_counted(&two, |i| vec![(130, acknowledge(&i[1])), (140, finish(&i[1]))], [Some(20.0), Some(30.0)]);
    let both = |i: &[Incident]| {
        vec![(130, acknowledge(&i[1])), (135, finish(&i[0])), (140, finish(&i[1])), (150, acknowledge(&i[0]))]
    };
    check_counted(&two, both, [Some(20.0), Some(25.0)]);
    // Another type counts for the playbook only.
    let mixed = [("air", 105), ("fire", 110)];
    check_counted(&mixed, |i| vec![(130, acknowledge(&i[0])), (140, finish(&i[0]))], [None, Some(35.0)]);
}

#[test]
fn a_target_follows_a_merge() {
    let merge =
        |i: &[Incident], into: usize, from: usize| Body::Merge { into: i[into].id.clone(), from: i[from].id.clone() };
    let after = |i: &[Incident]| vec![(125, merge(i, 1, 0)), (130, acknowledge(&i[1])), (140, finish(&i[1]))];
    check_counted(&[("fire", 110), ("fire", 120)], after, [Some(20.0), Some(30.0)]);
    // Also into an incident of another type, where what was done before the merge is of the merge.
    check_counted(&[("fire", 110), ("air", 120)], after, [Some(20.0), Some(30.0)]);
    let before = |i: &[Incident]| vec![(121, acknowledge(&i[1])), (125, merge(i, 1, 0))];
    check_counted(&[("fire", 110), ("air", 120)], before, [Some(15.0), None]);
    let twice = |i: &[Incident]| vec![(125, merge(i, 1, 0)), (126, merge(i, 2, 1)), (150, acknowledge(&i[2]))];
    check_counted(&[("fire", 110), ("air", 111), ("air", 112)], twice, [Some(40.0), None]);
    // What was acknowledged before it was merged stays so.
    let earlier = |i: &[Incident]| vec![(115, acknowledge(&i[0])), (125, merge(i, 1, 0)), (130, acknowledge(&i[1]))];
    check_counted(&[("fire", 110), ("air", 112)], earlier, [Some(5.0), None]);
}

fn postcard_round(scenario: &Scenario) -> Scenario {
    let bytes = postcard::to_stdvec(scenario).unwrap();
    postcard::from_bytes(&bytes).unwrap()
}
