//! What people decide about incidents holds ever after.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vigiles_engine::command::CommandBody as Body;
use vigiles_engine::{CommandDone, CommandError, Effect};
use vigiles_model::incident::TimelineEvent;
use vigiles_model::{Alarm, Incident, IncidentId, IncidentState, Relation};

use crate::correlation::{CHAIN, RULES};
use crate::rig::{Rig, cases};

fn done(result: Result<CommandDone, CommandError>) -> Incident {
    match result {
        Ok(CommandDone::Incident(incident)) => *incident,
        other => panic!("{other:?}"),
    }
}

fn calls() -> Rig {
    let mut rig = Rig::with_correlations(&RULES, &CHAIN);
    rig.feed("0 s1/- report crash 0.2 0.2\n10 s2/- report crash 0.2001 0.2\n20 s3/- report crash 0.2002 0.2");
    rig
}

#[test]
fn a_detached_alarm_stands_alone_and_its_key_never_comes_back() {
    let mut rig = calls();
    let incident = rig.incidents().remove(0);
    let leaver = incident.alarms[1].clone();
    let detach = Body::Detach { incident: incident.id.clone(), alarm: leaver.clone() };
    let left = done(rig.command(detach.clone()));
    assert_eq!((left.alarms.len(), left.witnesses), (2, 2));
    assert!(
        left.timeline.iter().any(|e| e.by.is_some() && e.event == TimelineEvent::AlarmLeft { alarm: leaver.clone() })
    );
    assert!(rig.alarms().iter().any(|a| a.id == leaver && a.incident.is_none()));
    assert!(matches!(rig.command(detach), Err(CommandError::NotFound { .. })));
    // The rule is written anew, so that every key raises its alarm again.
    let mut rule = crate::rig::rule(RULES[2]);
    rule.detector = crate::rig::rule("[detector.condition]\nexpression = 'value != \"\"'").detector;
    rig.command(Body::PutRule(Box::new(rule))).unwrap();
    rig.feed("30 s2/- report crash 0.2001 0.2\n40 s1/- report crash 0.2 0.2\n50 s4/- report crash 0.2 0.2");
    let all = rig.incidents();
    let keys = |i: &Incident| keys_of(&rig.alarms(), &i.id);
    assert_eq!((keys(&all[0]), keys(&all[1])), (vec!["s1", "s3", "s1", "s4"], vec!["s2"]));
}

fn keys_of(alarms: &[Alarm], incident: &IncidentId) -> Vec<&'static str> {
    const KEYS: [&str; 8] = ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"];
    let own = alarms.iter().filter(|a| a.incident.as_ref() == Some(incident));
    own.filter_map(|a| KEYS.into_iter().find(|k| *k == a.key)).collect()
}

#[test]
fn links_of_people_are_kept_and_unlinked_ones_stay_away() {
    let mut rig = Rig::with_correlations(&RULES, &CHAIN);
    rig.feed("0 a air.pm25 90 0.2 0.2 feeder=F1\n10 b door.open true 0.25 0.2 feeder=F2\n20 s1/- report crash 9 0.2");
    let ids: Vec<IncidentId> = rig.incidents().into_iter().map(|i| i.id).collect();
    let link = |a: usize, b: usize, reason: &str| Body::Link {
        incident: ids[a].clone(),
        to: ids[b].clone(),
        relation: Relation::Cause,
        reason: reason.into(),
    };
    let unlink = |a: usize, b: usize, reason: Option<&str>| Body::Unlink {
        incident: ids[a].clone(),
        from: ids[b].clone(),
        reason: reason.map(ToOwned::to_owned),
    };
    let one = done(rig.command(link(0, 2, "the lorry hit the substation")));
    assert_eq!((one.related[0].relation, one.related[0].by.is_some()), (Relation::Cause, true));
    assert_eq!(rig.incidents()[2].related[0].relation, Relation::Effect);
    assert!(matches!(rig.command(link(0, 2, "again")), Err(CommandError::NotAllowed { .. })));
    assert!(matches!(rig.command(link(0, 0, "self")), Err(CommandError::NotAllowed { .. })));
    assert!(matches!(rig.command(link(0, 1, " ")), Err(CommandError::Invalid { .. })));
    assert!(matches!(rig.command(unlink(0, 1, None)), Err(CommandError::NotFound { .. })));
    for wrong in [" ", "x".repeat(1001).as_str()] {
        assert!(matches!(rig.command(unlink(0, 2, Some(wrong))), Err(CommandError::Invalid { .. })));
    }
    // The engine finds that the power cut darkened the signal; people say no, and it does not say so again.
    let again = |from: i64| format!("{from} a air.pm25 1\n{} a air.pm25 90 0.2 0.2 feeder=F2", from + 1);
    rig.feed(&again(30));
    assert_eq!(rig.incidents()[0].related.len(), 2);
    done(rig.command(unlink(1, 0, Some("another feeder"))));
    for incident in &rig.incidents()[..2] {
        let last = incident.timeline.last().map(|entry| &entry.event);
        assert!(matches!(last, Some(TimelineEvent::Unrelated { reason: Some(r), .. }) if r == "another feeder"));
    }
    rig.feed(&again(50));
    let all = rig.incidents();
    assert_eq!((all[0].alarms.len(), all[0].related.len(), all[1].related.len()), (3, 1, 0));
    // A merge carries relations along.
    done(rig.command(Body::Merge { into: ids[1].clone(), from: ids[2].clone() }));
    let all = rig.incidents();
    assert_eq!((&all[0].related[0].incident, &all[1].related[0].incident), (&ids[1], &ids[0]));
}

#[test]
fn after_a_merge_another_type_finds_the_survivor() {
    let mut rig = Rig::with_correlations(&RULES, &CHAIN);
    rig.feed("0 a air.pm25 90 0.2 0.2\n 10 s1/- report crash 0.25 0.2");
    let two = rig.incidents();
    done(rig.command(Body::Merge { into: two[0].id.clone(), from: two[1].id.clone() }));
    rig.feed("20 s2/- report crash 0.25 0.2\n 30 b door.open true 9 9");
    let all = rig.incidents();
    assert_eq!((all[0].alarms.len(), all.len()), (3, 3));
}

#[derive(Debug, Clone)]
enum Act {
    /// A caller at one of 256 places along a street of 1.3 km.
    Call(usize, u8),
    /// A cluster of readings at one of them.
    Cluster(u8),
    Split(usize, usize),
    Detach(usize, usize),
    Close(usize),
    /// The engine is restored from its snapshot.
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..8usize, any::<u8>()).prop_map(|(who, at)| Act::Call(who, at)),
        4 => any::<u8>().prop_map(Act::Cluster),
        1 => (0..6usize, 1..3usize).prop_map(|(i, n)| Act::Split(i, n)),
        1 => (0..6usize, 0..4usize).prop_map(|(i, n)| Act::Detach(i, n)),
        1 => (0..6usize).prop_map(Act::Close),
        1 => Just(Act::Restart),
    ]
}

/// Each call raises an alarm of its own: the condition ends with the next reading.
const CALL: &str = "id = 'call'\nkinds = ['report']\nkey = 'source'\n[detector.condition]\nexpression = 'value == \"crash\"'\n[incident]\nincident_type = 'collision'\npriority = 'p1'\nradius_m = 300\nwindow_s = 5000";

fn along_the_street(at: u8) -> f64 {
    0.2 + f64::from(at) / 255.0 * 0.012
}

fn call(rig: &mut Rig, who: usize, at: u8) {
    rig.now += 5;
    let (now, lon) = (rig.now, along_the_street(at));
    rig.feed(&format!("{now} s{who}/- report crash {lon} 0.2\n{} s{who}/- report over", now + 1));
}

/// Forms and is over within five seconds, so that each has a key of its own.
const CLUSTER: &str = "id = 'cluster'\nkinds = ['vehicle']\nkey = 'all'\n[detector.count]\nwindow_s = 2\nat_least = 2\nradius_m = 150\n[incident]\nincident_type = 'collision'\npriority = 'p1'\nradius_m = 300\nwindow_s = 5000";

fn cluster(rig: &mut Rig, at: u8) {
    rig.now += 5;
    let (now, lon) = (rig.now, along_the_street(at));
    rig.feed(&format!("{now} a vehicle 1 {lon} 0.2\n{} b vehicle 1 {lon} 0.2\ntick {}", now + 1, now + 4));
}

/// Metres between two alarms of clusters; none where one is of a caller.
fn between_clusters(a: &Alarm, b: &Alarm) -> Option<f64> {
    let is_cluster = a.rule.as_str() == "cluster" && b.rule.as_str() == "cluster";
    is_cluster.then(|| a.place.as_ref().unwrap().centre().distance_m(b.place.as_ref().unwrap().centre()))
}

/// A decision to take alarms apart, as the test remembers it.
#[derive(Debug)]
struct Parting {
    at: i64,
    stayers: Vec<Alarm>,
    leavers: Vec<Alarm>,
}

impl Parting {
    /// Whether the alarm is on the side of those that left (true) or stayed; none for one of neither side. A key with
    /// alarms on both sides went with those that left. A cluster is known by its place: the nearest in reach decides, and
    /// a place on both sides went with those that left.
    fn side(&self, alarm: &Alarm) -> Option<bool> {
        let any = |side: &[Alarm], by: &dyn Fn(&Alarm) -> bool| side.iter().any(by);
        if alarm.raised.0 / 1_000_000 <= self.at {
            let same = |a: &Alarm| a.id == alarm.id;
            let shared = any(&self.leavers, &|a| a.key == alarm.key);
            return if any(&self.leavers, &same) {
                Some(true)
            } else {
                (any(&self.stayers, &same) && !shared).then_some(false)
            };
        }
        if alarm.rule.as_str() == "cluster" {
            let apart = |a: &&Alarm| !any(&self.leavers, &|left| between_clusters(a, left).is_some_and(|m| m <= 150.0));
            let stayers = self.stayers.iter().filter(apart).map(|a| (a, false));
            let near = self.leavers.iter().map(|a| (a, true)).chain(stayers);
            let near = near.filter_map(|(a, left)| Some((between_clusters(a, alarm).filter(|m| *m <= 150.0)?, left)));
            return near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, left)| left);
        }
        let same = |a: &Alarm| a.key == alarm.key;
        if any(&self.leavers, &same) { Some(true) } else { any(&self.stayers, &same).then_some(false) }
    }
}

/// Carries out an act; the parting where it was one.
fn carry_out(rig: &mut Rig, act: &Act) -> Option<Parting> {
    let incidents = rig.incidents();
    let pick = |i: &usize| incidents.get(i % incidents.len().max(1));
    let (incident, leaving) = match act {
        Act::Call(who, at) => {
            call(rig, *who, *at);
            return None;
        }
        Act::Cluster(at) => {
            cluster(rig, *at);
            return None;
        }
        Act::Restart => {
            rig.engine = crate::kinds::restore(&rig.engine.snapshot()).unwrap();
            return None;
        }
        Act::Close(i) => {
            let incident = pick(i)?.id.clone();
            let _ = rig.command(Body::ChangeState { incident, to: IncidentState::Resolved, reason: None });
            return None;
        }
        Act::Split(i, n) => (pick(i)?, pick(i)?.alarms.iter().take(*n).cloned().collect::<Vec<_>>()),
        Act::Detach(i, n) => (pick(i)?, pick(i)?.alarms.get(*n).cloned().into_iter().collect()),
    };
    let alarms = rig.alarms();
    let own = alarms.into_iter().filter(|a| a.incident.as_ref() == Some(&incident.id));
    let (leavers, stayers) = own.partition(|a| leaving.contains(&a.id));
    let incident = incident.id.clone();
    let command = match act {
        Act::Detach(..) => Body::Detach { incident, alarm: leaving.first()?.clone() },
        _ => Body::Split { incident, alarms: leaving, title: None },
    };
    rig.command(command).ok()?;
    Some(Parting { at: rig.now, stayers, leavers })
}

proptest! {
    #![proptest_config(cases(256))]

    /// An alarm never joins one that people took its rule and key, or place, apart from, through whichever incidents and
    /// restarts they go.
    #[test]
    fn taken_apart_stays_apart(acts in prop::collection::vec(act(), 1..80)) {
        let mut rig = Rig::with_correlations(&[CALL, CLUSTER], &CHAIN[3..]);
        let partings: Vec<Parting> = acts.iter().filter_map(|act| carry_out(&mut rig, act)).collect();
        (0..8).for_each(|who| call(&mut rig, who, 128));
        (0..8).for_each(|n| cluster(&mut rig, n * 36));
        let alarms = rig.alarms();
        for parting in &partings {
            let mut sides: BTreeMap<&IncidentId, (bool, bool, bool)> = BTreeMap::new();
            for alarm in &alarms {
                let (Some(incident), Some(left)) = (&alarm.incident, parting.side(alarm)) else { continue };
                let found = sides.entry(incident).or_default();
                found.0 |= left;
                found.1 |= !left;
                found.2 |= alarm.raised.0 / 1_000_000 > parting.at;
            }
            prop_assert!(!sides.values().any(|s| *s == (true, true, true)), "{parting:?} {sides:?}");
        }
    }

    /// What would have gone to an absorbed incident goes to the one it was merged into.
    #[test]
    fn after_a_merge_the_survivor_takes_what_the_absorbed_would_have(
        calls in prop::collection::vec((0..8usize, any::<u8>()), 2..20),
        next in (0..8usize, any::<u8>()),
        pair in (0..6usize, 1..6usize),
    ) {
        let start = || {
            let mut rig = Rig::with_correlations(&[CALL], &CHAIN[3..]);
            for (who, at) in &calls {
                call(&mut rig, *who, *at);
            }
            rig
        };
        let (mut plain, mut merged) = (start(), start());
        let all = plain.incidents();
        let (into, from) = (&all[pair.0 % all.len()], &all[(pair.0 + pair.1) % all.len()]);
        if into.id == from.id {
            return Ok(());
        }
        done(merged.command(Body::Merge { into: into.id.clone(), from: from.id.clone() }));
        let home = |rig: &mut Rig| {
            let before = rig.effects.len();
            call(rig, next.0, next.1);
            rig.effects[before..].iter().find_map(|e| match e {
                Effect::AlarmChanged(a) => a.incident.clone(),
                _ => None,
            })
        };
        let (without, with) = (home(&mut plain), home(&mut merged));
        let expected = if without.as_ref() == Some(&from.id) { Some(into.id.clone()) } else { without };
        prop_assert_eq!(with, expected);
    }
}

#[test]
fn an_unlink_of_a_log_from_before_reasons_is_read() {
    // The log keeps commands as JSON, and what happened in incidents stands so in snapshots and in the store.
    let before: Body = serde_json::from_str(r#"{"unlink":{"incident":"a","from":"b"}}"#).unwrap();
    assert!(matches!(&before, Body::Unlink { reason: None, .. }));
    let line: TimelineEvent = serde_json::from_str(r#"{"unrelated":{"incident":"b"}}"#).unwrap();
    assert!(matches!(&line, TimelineEvent::Unrelated { reason: None, .. }));
}
