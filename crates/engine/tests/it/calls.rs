//! What people tell: related by itself, added by a person, taken out again, counted.

use std::fmt::Write as _;

use proptest::prelude::*;
use vigiles_engine::command::CommandBody as Body;
use vigiles_engine::{CommandDone, CommandError, Told};
use vigiles_model::incident::TimelineEvent;
use vigiles_model::{
    CallId, CallerRole, ExerciseId, Geometry, Incident, IncidentId, IncidentState, Position, Priority, Reality,
    Relation, Severity, Timestamp,
};

use crate::correlation::CHAIN;
use crate::rig::{Rig, cases};

/// A sensor's rule of the callers' type, and signals that go dark.
const RULES: [&str; 2] = [
    "id = 'crash'\nkinds = ['air.pm25']\n[detector.threshold]\nabove = 50\n[alarm]\ntitle = 'Crash at {asset}'\nseverity = 'severe'\n[incident]\nincident_type = 'collision'\npriority = 'p2'\nradius_m = 200\nwindow_s = 600",
    crate::correlation::RULES[1],
];

fn point(lon: f64) -> Geometry {
    Geometry::Point(Position { lon, lat: 0.2 })
}

fn opening(incident_type: &str, lon: f64, reality: Reality) -> Body {
    Body::OpenIncident {
        title: format!("A {incident_type} was told"),
        incident_type: incident_type.into(),
        priority: Priority::P2,
        severity: Severity::Moderate,
        place: Some(point(lon)),
        playbook: None,
        reality,
    }
}

pub(crate) fn adding(incident: &IncidentId, lon: f64) -> Body {
    let text = "Two cars, somebody is hurt".to_owned();
    Body::AddCall { incident: incident.clone(), text, role: CallerRole::Witness, place: Some(point(lon)) }
}

/// A call that another system hands over.
pub(crate) fn handed_over(incident_type: &str, lon: f64) -> Body {
    Body::TakeCall {
        text: format!("A {incident_type}, says the caller\nand more"),
        role: CallerRole::Witness,
        title: None,
        incident_type: incident_type.into(),
        priority: Priority::P2,
        severity: Severity::Severe,
        place: Some(point(lon)),
        playbook: None,
        reality: Reality::Actual,
    }
}

pub(crate) fn done(result: Result<CommandDone, CommandError>) -> Incident {
    match result {
        Ok(CommandDone::Incident(incident)) => *incident,
        other => panic!("{other:?}"),
    }
}

/// Plays "second told type lon" (opened by a person), "second system type lon" (a call handed over) and readings, and compares the incidents, as
/// "number type: alarms, witnesses; relation to number".
pub(crate) fn check(script: &str, expected: &[&str]) -> Rig {
    let mut rig = Rig::with_correlations(&RULES, &CHAIN[2..3]);
    for line in script.lines().map(str::trim) {
        let words: Vec<&str> = line.split(' ').collect();
        if let [second, how @ ("told" | "system"), incident_type, lon] = words[..] {
            rig.now = second.parse().unwrap();
            let lon = lon.parse().unwrap();
            let opened = || opening(incident_type, lon, Reality::Actual);
            done(rig.command(if how == "told" { opened() } else { handed_over(incident_type, lon) }));
        } else {
            rig.feed(line);
        }
    }
    assert_eq!(story(&rig), expected, "{script}");
    rig
}

pub(crate) fn story(rig: &Rig) -> Vec<String> {
    let all = rig.incidents();
    let number = |id: &IncidentId| all.iter().find(|i| i.id == *id).map_or(0, |i| i.number);
    let line = |i: &Incident| {
        let mut line =
            format!("{} {}: {} alarms, {} witnesses", i.number, i.incident_type, i.alarms.len(), i.witnesses);
        for related in &i.related {
            write!(line, "; {} {}", related.relation.as_str(), number(&related.incident)).unwrap();
        }
        line
    };
    all.iter().map(line).collect()
}

#[test]
fn a_call_after_an_alarm_stays_and_is_related() {
    let rig = check(
        "0 a air.pm25 90 0.2 0.2\n 40 told collision 0.2005",
        &["1 collision: 1 alarms, 2 witnesses; same_event 2", "2 collision: 0 alarms, 1 witnesses; same_event 1"],
    );
    // Within 300 m and half an hour, where no rule of the type reaches farther.
    let expected = "score 0.885: same type, 56 m away (of 300), while the alarm lasts";
    assert_eq!(rig.incidents()[1].related[0].why, expected);
    assert_eq!(rig.incidents()[1].related[0].by, None);
}

#[test]
fn an_alarm_after_a_call_joins_what_the_person_opened() {
    check("0 told collision 0.2005\n 40 a air.pm25 90 0.2 0.2", &["1 collision: 1 alarms, 2 witnesses"]);
    // Beyond the reach of its rule it stands by itself, and both know of each other.
    check(
        "0 told collision 0.2025\n 40 a air.pm25 90 0.2 0.2",
        &["1 collision: 0 alarms, 1 witnesses; same_event 2", "2 collision: 1 alarms, 2 witnesses; same_event 1"],
    );
}

#[test]
fn two_calls_of_one_event_are_related_and_counted() {
    let rig = check(
        "0 told collision 0.2\n 120 told collision 0.201\n 130 told collision 0.2",
        &[
            "1 collision: 0 alarms, 3 witnesses; same_event 2; same_event 3",
            "2 collision: 0 alarms, 3 witnesses; same_event 1; same_event 3",
            "3 collision: 0 alarms, 3 witnesses; same_event 1; same_event 2",
        ],
    );
    let expected = "score 0.866: same type, 111 m away (of 300), 120 s after (of 1800)";
    assert_eq!(rig.incidents()[1].related[0].why, expected);
    // A rule for callers of collisions says more than the reach that all have.
    let mut rig = Rig::with_correlations(&RULES, &CHAIN[3..]);
    for (second, lon) in [(0, 0.2), (120, 0.201)] {
        rig.now = second;
        done(rig.command(opening("collision", lon, Reality::Actual)));
    }
    let expected = "score 0.913: 111 m away (of 200), 120 s after (of 1200); rule `calls`";
    assert_eq!(rig.incidents()[1].related[0].why, expected);
}

#[test]
fn what_is_far_of_another_type_or_long_over_stays_apart() {
    let alone = |n: u32, t: &str| format!("{n} {t}: 0 alarms, 1 witnesses");
    let pair = [alone(1, "collision"), alone(2, "collision")];
    check("0 told collision 0.2\n 60 told collision 0.203", &pair.each_ref().map(String::as_str));
    check("0 told collision 0.2\n 1801 told collision 0.2", &pair.each_ref().map(String::as_str));
    check("0 told collision 0.2\n 60 told noise 0.2", &[&alone(1, "collision"), &alone(2, "noise")]);
    check(
        "0 a air.pm25 90 0.2 0.2\n 10 a air.pm25 1 0.2 0.2\n 1811 told collision 0.2",
        &["1 collision: 1 alarms, 1 witnesses", &alone(2, "collision")],
    );
    // An alarm that lasts is near as long as it does.
    check(
        "0 a air.pm25 90 0.2 0.2\n 9000 told collision 0.2",
        &["1 collision: 1 alarms, 2 witnesses; same_event 2", "2 collision: 0 alarms, 1 witnesses; same_event 1"],
    );
}

#[test]
fn a_call_may_tell_of_an_effect_of_what_an_alarm_saw() {
    let rule = "id = 'dark-crash'\nname = 'C'\nrelation = 'cause'\nwithin_s = 3600\nwithin_m = 120\nweight = 3
        first = { incident_types = ['signal'] }\nsecond = { incident_types = ['collision'] }";
    let mut rig = Rig::with_correlations(&RULES, &[rule]);
    rig.feed("0 b door.open true 0.2 0.2");
    rig.now = 60;
    let opened = done(rig.command(opening("collision", 0.2005, Reality::Actual)));
    assert_eq!(
        story(&rig),
        ["1 signal: 1 alarms, 1 witnesses; effect 2", "2 collision: 0 alarms, 1 witnesses; cause 1"],
        "who tells of an effect is no witness of its cause"
    );
    let expected =
        "score 0.863: effect of \"Signal Station b dark\", 56 m away (of 120), 60 s after (of 3600); rule `dark-crash`";
    assert_eq!(opened.related[0].why, expected);
}

#[test]
fn a_test_is_related_to_nothing_and_an_exercise_to_its_own() {
    let mut rig = check("0 a air.pm25 90 0.2 0.2", &["1 collision: 1 alarms, 1 witnesses"]);
    assert!(done(rig.command(opening("collision", 0.2, Reality::Test))).related.is_empty());
    rig.command(Body::StartExercise { id: ExerciseId::new("e").unwrap(), name: "E".into() }).unwrap();
    assert!(done(rig.command(opening("collision", 0.2, Reality::Exercise))).related.is_empty());
    assert_eq!(done(rig.command(opening("collision", 0.2, Reality::Exercise))).related.len(), 1);
    let told = |reality| Told { incident_type: Some("collision".into()), place: Some(point(0.2)), reality };
    let offered = |reality| rig.engine.offers(&told(reality), Timestamp::from_secs(rig.now)).len();
    assert_eq!([Reality::Actual, Reality::Exercise, Reality::Test].map(offered), [1, 2, 0]);
}

#[test]
fn what_is_near_is_offered_before_anything_is_opened() {
    let rig = check(
        "0 a air.pm25 90 0.2 0.2\n 20 told noise 0.2002\n 30 told collision 0.21",
        &["1 collision: 1 alarms, 1 witnesses", "2 noise: 0 alarms, 1 witnesses", "3 collision: 0 alarms, 1 witnesses"],
    );
    let all = rig.incidents();
    let before = rig.engine.snapshot();
    let offers = |incident_type: Option<&str>, place: Option<Geometry>| {
        let told = Told { incident_type: incident_type.map(Into::into), place, reality: Reality::Actual };
        let offered = rig.engine.offers(&told, Timestamp::from_secs(60));
        let number = |id: &IncidentId| all.iter().find(|i| i.id == *id).unwrap().number;
        offered.iter().map(|o| format!("{} {}", number(&o.incident), o.why)).collect::<Vec<_>>()
    };
    let crash = "1 score 0.889: same type, 0 m away (of 300), while the alarm lasts";
    assert_eq!(offers(Some("collision"), Some(point(0.2))), [crash]);
    // Who has not said yet what it is sees whatever is near.
    let of_any = [
        "1 score 0.889: 0 m away (of 300), while the alarm lasts",
        "2 score 0.886: 22 m away (of 300), 40 s after (of 1800)",
    ];
    assert_eq!(offers(None, Some(point(0.2))), of_any);
    assert!(offers(Some("collision"), None).is_empty());
    assert!(offers(Some("collision"), Some(point(9.0))).is_empty());
    assert!(rig.engine.snapshot() == before, "asking changes nothing");
}

#[test]
fn a_call_that_is_added_is_a_witness_whom_later_ones_are_compared_with() {
    let mut rig = check("0 a air.pm25 90 0.2 0.2", &["1 collision: 1 alarms, 1 witnesses"]);
    let id = rig.incidents()[0].id.clone();
    rig.now = 30;
    let joined = done(rig.command(adding(&id, 0.2015)));
    let call = joined.calls[0].clone();
    let expected = "score 0.853: same type, 167 m away (of 300), while the alarm lasts";
    assert_eq!(
        (joined.witnesses, call.role, call.at, call.why.as_str()),
        (2, CallerRole::Witness, Timestamp::from_secs(30), expected)
    );
    assert!(
        matches!(&joined.timeline.last().unwrap().event, TimelineEvent::CallJoined { call: c, .. } if *c == call.id)
    );
    // 389 m from the sensor, 223 m from the caller.
    let later = done(rig.command(opening("collision", 0.2035, Reality::Actual)));
    assert_eq!((later.related.len(), later.witnesses), (1, 2));
    assert_eq!(rig.incidents()[0].witnesses, 3);
    // One who tells of something far off is believed to mean this one where a person says so.
    let far = done(rig.command(adding(&id, 5.0)));
    assert_eq!(far.calls[1].why, "a person put it here");
    let bytes = rig.engine.snapshot();
    assert!(crate::kinds::restore(&bytes).unwrap().snapshot() == bytes);
    for (text, place) in [(" ", point(0.2)), ("x", Geometry::Point(Position { lon: 500.0, lat: 0.0 }))] {
        let wrong =
            Body::AddCall { incident: id.clone(), text: text.into(), role: CallerRole::Unknown, place: Some(place) };
        assert!(matches!(rig.command(wrong), Err(CommandError::Invalid { .. })));
    }
    done(rig.command(Body::ChangeState { incident: id.clone(), to: IncidentState::Resolved, reason: None }));
    assert!(matches!(rig.command(adding(&id, 0.2)), Err(CommandError::NotAllowed { .. })));
}

#[test]
fn a_call_taken_out_has_its_own_incident_and_what_stayed_never_joins_it() {
    let mut rig = check("0 a air.pm25 90 0.2 0.2", &["1 collision: 1 alarms, 1 witnesses"]);
    let id = rig.incidents()[0].id.clone();
    let call = done(rig.command(adding(&id, 0.2005))).calls[0].id.clone();
    let detach =
        |incident: &IncidentId, call: &CallId| Body::DetachCall { incident: incident.clone(), call: call.clone() };
    let own = done(rig.command(detach(&id, &call)));
    assert_eq!(
        (own.title.as_str(), own.witnesses, own.split_from.as_ref()),
        ("Two cars, somebody is hurt", 1, Some(&id))
    );
    assert_eq!((rig.incidents()[0].witnesses, rig.incidents()[0].calls.len()), (1, 0));
    assert!(matches!(rig.command(detach(&id, &call)), Err(CommandError::NotFound { .. })));
    assert!(matches!(rig.command(detach(&own.id, &call)), Err(CommandError::NotAllowed { .. })), "nothing would stay");
    // The incident of the alarm is over; its next alarm is as near to the call as can be, and stands by itself.
    done(rig.command(Body::ChangeState { incident: id.clone(), to: IncidentState::Resolved, reason: None }));
    rig.feed("10 a air.pm25 1 0.2005 0.2\n20 a air.pm25 90 0.2005 0.2");
    let all = rig.incidents();
    assert_eq!((all.len(), all[1].alarms.len(), all[1].related.len(), all[2].alarms.len()), (3, 0, 0, 1));
    // People bring them together again.
    let merged = done(rig.command(Body::Merge { into: all[2].id.clone(), from: own.id }));
    assert_eq!((merged.calls.len(), merged.witnesses), (1, 2));
}

#[test]
fn who_was_unlinked_is_no_witness_and_is_not_found_again() {
    let mut rig = check(
        "0 told collision 0.2\n 10 told collision 0.2005",
        &["1 collision: 0 alarms, 2 witnesses; same_event 2", "2 collision: 0 alarms, 2 witnesses; same_event 1"],
    );
    let all = rig.incidents();
    done(rig.command(Body::Unlink { incident: all[0].id.clone(), from: all[1].id.clone(), reason: Some("no".into()) }));
    let alone = ["1 collision: 0 alarms, 1 witnesses", "2 collision: 0 alarms, 1 witnesses"];
    assert_eq!(story(&rig), alone);
    // An alarm that is near both joins the likelier, and does not bring them together either.
    rig.feed("20 a air.pm25 90 0.2 0.2");
    assert_eq!(story(&rig), ["1 collision: 1 alarms, 2 witnesses", alone[1]]);
}

#[derive(Debug, Clone)]
enum Act {
    Sensor(usize, u8),
    Open(u8),
    Add(usize, u8),
    HandOver(u8),
    Take(usize, usize),
    Merge(usize, usize),
    Split(usize),
    Unlink(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..3usize, any::<u8>()).prop_map(|(who, at)| Act::Sensor(who, at)),
        3 => any::<u8>().prop_map(Act::Open),
        3 => (0..6usize, any::<u8>()).prop_map(|(i, at)| Act::Add(i, at)),
        3 => any::<u8>().prop_map(Act::HandOver),
        2 => (0..6usize, 0..3usize).prop_map(|(i, n)| Act::Take(i, n)),
        1 => (0..6usize, 1..6usize).prop_map(|(a, b)| Act::Merge(a, b)),
        1 => (0..6usize).prop_map(Act::Split),
        1 => (0..6usize).prop_map(Act::Unlink),
    ]
}

/// Does what can be done; tells which pair of incidents a person took apart.
fn carry_out(rig: &mut Rig, act: &Act) -> Option<(IncidentId, IncidentId)> {
    rig.now += 5;
    let all = rig.incidents();
    let lon = |at: u8| 0.2 + f64::from(at) / 255.0 * 0.006;
    let of = |i: usize| all.get(i % all.len().max(1));
    let body = match act {
        Act::Sensor(who, at) => {
            let (now, who, lon) = (rig.now, ["a", "b", "c"][*who], lon(*at));
            rig.feed(&format!("{now} {who} air.pm25 90 {lon} 0.2\n{} {who} air.pm25 1 {lon} 0.2", now + 1));
            return None;
        }
        Act::Open(at) => opening("collision", lon(*at), Reality::Actual),
        Act::Add(i, at) => adding(&of(*i)?.id, lon(*at)),
        Act::HandOver(at) => handed_over("collision", lon(*at)),
        Act::Take(i, n) => Body::DetachCall { incident: of(*i)?.id.clone(), call: of(*i)?.calls.get(*n)?.id.clone() },
        Act::Merge(a, b) => Body::Merge { into: of(*a)?.id.clone(), from: of(a + b)?.id.clone() },
        Act::Split(i) => Body::Split {
            incident: of(*i)?.id.clone(),
            alarms: of(*i)?.alarms.first().cloned().into_iter().collect(),
            title: None,
        },
        Act::Unlink(i) => {
            let (one, other) = (of(*i)?.id.clone(), of(*i)?.related.first()?.incident.clone());
            Body::Unlink { incident: one, from: other, reason: None }
        }
    };
    let apart = match &body {
        Body::Unlink { incident, from, .. } => Some((incident.clone(), from.clone())),
        Body::DetachCall { incident, .. } => Some((incident.clone(), incident.clone())),
        _ => None,
    };
    let answer = rig.command(body).ok()?;
    match (apart?, done(Ok(answer)).id) {
        ((from, also), own) if from == also => Some((from, own)),
        (pair, _) => Some(pair),
    }
}

proptest! {
    #![proptest_config(cases(256))]

    /// Whatever people do, no call is lost or counted twice, and who was taken apart is not related again by itself.
    #[test]
    fn calls_are_kept_and_decisions_hold(acts in prop::collection::vec(act(), 1..60)) {
        let mut rig = Rig::with_rules(&RULES[..1]);
        let (mut added, mut apart) = (0, Vec::new());
        for act in &acts {
            let before: usize = rig.incidents().iter().map(|i| i.calls.len()).sum();
            apart.extend(carry_out(&mut rig, act));
            let now: usize = rig.incidents().iter().map(|i| i.calls.len()).sum();
            prop_assert!(now == before || (matches!(act, Act::Add(..) | Act::HandOver(_)) && now == before + 1), "{act:?}");
            added = added.max(now);
            if matches!(act, Act::Merge(..)) {
                // A merge brings together what it names, and what that was related to.
                apart.clear();
            }
        }
        let all = rig.incidents();
        for incident in &all {
            let told = incident.calls.len() as u32;
            prop_assert!(incident.state == IncidentState::Merged || incident.witnesses >= told.max(1), "{incident:?}");
            let mut ids: Vec<_> = incident.calls.iter().map(|c| c.id.clone()).collect();
            ids.sort_unstable();
            ids.dedup();
            prop_assert_eq!(ids.len(), incident.calls.len());
        }
        for (one, other) in &apart {
            let related = |i: &&Incident| i.id == *one && i.related.iter().any(|r| r.incident == *other);
            prop_assert!(!all.iter().any(|i| related(&i)), "{one} {other}");
        }
        let bytes = rig.engine.snapshot();
        prop_assert!(crate::kinds::restore(&bytes).unwrap().snapshot() == bytes);
        prop_assert!(all.iter().flat_map(|i| &i.related).all(|r| r.relation == Relation::SameEvent));
    }
}
