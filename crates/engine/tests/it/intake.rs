//! Calls that another system hands over: they join the incident that they belong to, or open one.

use vigiles_engine::command::CommandBody as Body;
use vigiles_engine::{CommandError, Correlation, OPENED_IT};
use vigiles_model::incident::TimelineEvent;
use vigiles_model::{ExerciseId, Geometry, Incident, IncidentId, IncidentState, Position, Reality, Severity};

use crate::calls::{adding, check, done, handed_over, story};
use crate::rig::Rig;

fn reasons(incident: &Incident) -> Vec<&str> {
    incident.calls.iter().map(|call| call.why.as_str()).collect()
}

fn resolve(rig: &mut Rig, incident: &IncidentId) {
    let to = IncidentState::Resolved;
    done(rig.command(Body::ChangeState { incident: incident.clone(), to, reason: None }));
}

#[test]
fn many_calls_about_one_event_are_one_incident_with_many_witnesses() {
    let rig = check(
        "0 system collision 0.2\n 40 system collision 0.2005\n 60 system collision 0.2001",
        &["1 collision: 0 alarms, 3 witnesses"],
    );
    let incident = &rig.incidents()[0];
    let near = "score 0.883: same type, 56 m away (of 300), 40 s after (of 1800)";
    let nearer = "score 0.885: same type, 44 m away (of 300), 20 s after (of 1800)";
    assert_eq!(reasons(incident), [OPENED_IT, near, nearer]);
    assert_eq!(incident.title, "A collision, says the caller");
    let joined = incident.timeline.iter().filter(|e| matches!(e.event, TimelineEvent::CallJoined { .. })).count();
    assert_eq!(joined, 3);
}

#[test]
fn calls_and_alarms_join_one_incident_in_either_order() {
    check("0 a air.pm25 90 0.2 0.2\n 40 system collision 0.2005", &["1 collision: 1 alarms, 2 witnesses"]);
    check("0 system collision 0.2005\n 40 a air.pm25 90 0.2 0.2", &["1 collision: 1 alarms, 2 witnesses"]);
    // What a person opened takes them too.
    check("0 told collision 0.2\n 40 system collision 0.2005", &["1 collision: 0 alarms, 2 witnesses"]);
    // It joins the likeliest; the other, which a person keeps apart, stays related.
    check(
        "0 told collision 0.2\n 10 told collision 0.202\n 40 system collision 0.2019",
        &["1 collision: 0 alarms, 3 witnesses; same_event 2", "2 collision: 0 alarms, 3 witnesses; same_event 1"],
    );
}

#[test]
fn a_call_counts_in_every_incident_of_the_event_as_long_as_it_is_there() {
    let two = "0 told collision 0.2\n 10 told collision 0.202";
    let counted = |told: [u32; 2]| {
        let line = |i: usize| format!("{} collision: 0 alarms, {} witnesses; same_event {}", i + 1, told[i], 2 - i);
        [line(0), line(1)]
    };
    let mut rig = check(two, &counted([2, 2]).each_ref().map(String::as_str));
    let second = rig.incidents()[1].id.clone();
    let call = done(rig.command(adding(&second, 0.2019))).calls[0].id.clone();
    assert_eq!(story(&rig), counted([3, 3]));
    done(rig.command(Body::DetachCall { incident: second, call }));
    assert_eq!(story(&rig)[..2], counted([2, 2]));
}

#[test]
fn what_is_far_of_another_type_or_over_opens_its_own() {
    let alone = |n: u32, t: &str| format!("{n} {t}: 0 alarms, 1 witnesses");
    let pair = [alone(1, "collision"), alone(2, "collision")];
    check("0 system collision 0.2\n 60 system collision 0.203", &pair.each_ref().map(String::as_str));
    check("0 system collision 0.2\n 1801 system collision 0.2", &pair.each_ref().map(String::as_str));
    check("0 system collision 0.2\n 60 system noise 0.2", &[&alone(1, "collision"), &alone(2, "noise")]);
    let mut rig = check("0 system collision 0.2", &[&pair[0]]);
    let first = rig.incidents()[0].id.clone();
    resolve(&mut rig, &first);
    done(rig.command(handed_over("collision", 0.2)));
    assert_eq!(story(&rig), pair);
}

#[test]
fn an_effect_of_something_else_is_related_and_a_rule_of_the_city_joins() {
    let correlation = |text: &str| Body::PutCorrelation(Box::new(toml::from_str::<Correlation>(text).unwrap()));
    let mut rig = check("0 b door.open true 0.2 0.2", &["1 signal: 1 alarms, 1 witnesses"]);
    let cause = "id = 'dark-crash'\nname = 'C'\nrelation = 'cause'\nwithin_s = 3600\nwithin_m = 120\nweight = 3
        first = { incident_types = ['signal'] }\nsecond = { incident_types = ['collision'] }";
    assert!(rig.command(correlation(cause)).is_ok());
    done(rig.command(handed_over("collision", 0.2)));
    let related = ["1 signal: 1 alarms, 1 witnesses; effect 2", "2 collision: 0 alarms, 1 witnesses; cause 1"];
    assert_eq!(story(&rig), related);
    let same = "id = 'injured'\nname = 'S'\nrelation = 'same_event'\nwithin_s = 600\nwithin_m = 100\nweight = 4
        first = { incident_types = ['collision'] }\nsecond = { incident_types = ['injury'] }";
    assert!(rig.command(correlation(same)).is_ok());
    let joined = done(rig.command(handed_over("injury", 0.2)));
    assert_eq!((joined.number, joined.calls.len(), joined.incident_type.as_str()), (2, 2, "collision"));
    assert!(reasons(&joined)[1].ends_with("rule `injured`"), "{:?}", reasons(&joined));
}

#[test]
fn a_worse_call_raises_the_severity_and_says_so() {
    let mut rig = check("0 told collision 0.2", &["1 collision: 0 alarms, 1 witnesses"]);
    assert_eq!(rig.incidents()[0].severity, Severity::Moderate);
    let joined = done(rig.command(handed_over("collision", 0.2)));
    assert_eq!(joined.severity, Severity::Severe);
    assert!(reasons(&joined)[0].ends_with("; severity rises to severe"), "{:?}", reasons(&joined));
}

#[test]
fn what_was_taken_out_draws_the_next_call_to_itself() {
    let mut rig = check("0 system collision 0.2\n 10 system collision 0.201", &["1 collision: 0 alarms, 2 witnesses"]);
    let first = rig.incidents()[0].clone();
    let detach = Body::DetachCall { incident: first.id.clone(), call: first.calls[1].id.clone() };
    let own = done(rig.command(detach));
    rig.now = 20;
    let joined = done(rig.command(handed_over("collision", 0.2009)));
    assert_eq!((joined.id, joined.calls.len(), joined.related.len()), (own.id, 2, 0));
}

#[test]
fn without_a_place_or_in_another_reality_it_opens_one() {
    let mut rig = check("0 system collision 0.2", &["1 collision: 0 alarms, 1 witnesses"]);
    let with = |change: &dyn Fn(&mut Option<Geometry>, &mut Reality)| {
        let mut body = handed_over("collision", 0.2);
        let Body::TakeCall { place, reality, .. } = &mut body else { unreachable!() };
        change(place, reality);
        body
    };
    let nowhere = with(&|place, _| *place = None);
    assert_eq!(done(rig.command(nowhere)).number, 2);
    let test = with(&|_, reality| *reality = Reality::Test);
    let taken = done(rig.command(test.clone()));
    assert_eq!((taken.number, taken.reality, taken.related.len()), (3, Reality::Test, 0));
    assert_eq!(done(rig.command(test)).number, 4, "tests are compared with nothing");
    let exercise = with(&|_, reality| *reality = Reality::Exercise);
    assert!(matches!(rig.command(exercise.clone()), Err(CommandError::NotAllowed { .. })));
    let id = ExerciseId::new("e").unwrap();
    rig.command(Body::StartExercise { id, name: "E".into() }).unwrap();
    let drilled: Vec<Incident> = (0..2).map(|_| done(rig.command(exercise.clone()))).collect();
    assert_eq!(drilled[0].id, drilled[1].id);
    assert_eq!((drilled[1].calls.len(), drilled[1].reality), (2, Reality::Exercise));
}

#[test]
fn what_cannot_be_taken_changes_nothing() {
    let mut rig = check("0 system collision 0.2", &["1 collision: 0 alarms, 1 witnesses"]);
    let before = rig.engine.snapshot();
    let mut wrong = |change: &dyn Fn(&mut String, &mut String, &mut Option<Geometry>)| {
        let mut body = handed_over("collision", 0.2);
        let Body::TakeCall { text, incident_type, place, .. } = &mut body else { unreachable!() };
        change(text, incident_type, place);
        assert!(matches!(rig.command(body), Err(CommandError::Invalid { .. })));
    };
    wrong(&|text, _, _| *text = " ".into());
    wrong(&|_, incident_type, _| incident_type.clear());
    wrong(&|_, _, place| *place = Some(Geometry::Point(Position { lon: 500.0, lat: 0.0 })));
    assert!(rig.engine.snapshot() == before);
}
