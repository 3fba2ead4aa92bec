//! Clusters that people took apart: each has a new key when it forms, and is known by its place.

use vigiles_engine::command::CommandBody as Body;
use vigiles_model::{ExerciseId, Incident, IncidentId, IncidentState};

use crate::rig::{Rig, rule};

/// Reports within 100 m of each other; what is within 500 m and an hour is one incident.
const REPORTS: &str = "id = 'odour'\nkinds = ['report']\nkey = 'all'\n[detector.count]\nwindow_s = 10\nat_least = 3\nradius_m = 100\n[incident]\nincident_type = 'odour'\npriority = 'p2'\nradius_m = 500\nwindow_s = 3600";

/// Places by name, in degrees east of 0.2 at 0.2 north; 0.001 is 111 m.
const BAKERY: f64 = 0.0;
const DYE_WORKS: f64 = 0.0025;

/// Three reports at a place, a minute after what was before; then their window passes, and the cluster is over.
fn smell(rig: &mut Rig, east: f64) {
    smell_in(rig, east, "");
}

fn smell_in(rig: &mut Rig, east: f64, whose: &str) {
    rig.now += 60;
    let (now, lon) = (rig.now, 0.2 + east);
    for n in 0..3 {
        rig.feed(&format!("{} s{n}/- report smell {lon} 0.2 {whose}", now + n));
    }
    rig.feed(&format!("tick {}", now + 20));
}

/// The alarms of each incident, as the order in which they were raised.
fn sides(rig: &Rig) -> Vec<Vec<usize>> {
    let alarms = rig.alarms();
    let place = |id| alarms.iter().position(|a| a.id == id).unwrap();
    rig.incidents().into_iter().map(|i| i.alarms.into_iter().map(place).collect()).collect()
}

fn split_last(rig: &mut Rig) -> (IncidentId, IncidentId) {
    let incident = rig.incidents().remove(0);
    let alarms = vec![incident.alarms.last().unwrap().clone()];
    rig.command(Body::Split { incident: incident.id.clone(), alarms, title: None }).unwrap();
    (incident.id, rig.incidents().pop().unwrap().id)
}

fn resolve_all(rig: &mut Rig) {
    for Incident { id, .. } in rig.incidents() {
        let resolved = Body::ChangeState { incident: id, to: IncidentState::Resolved, reason: None };
        rig.command(resolved).unwrap();
    }
}

fn two_places() -> Rig {
    let mut rig = Rig::with_rules(&[REPORTS]);
    smell(&mut rig, BAKERY);
    smell(&mut rig, DYE_WORKS);
    assert_eq!(sides(&rig), [[0, 1]], "278 m apart, they are one incident at first");
    rig
}

#[test]
fn what_happens_here_is_not_what_happens_there() {
    let mut rig = two_places();
    split_last(&mut rig);
    assert_eq!(sides(&rig), [[0], [1]]);
    // Each place keeps to its side, also a little beside it; and a restart changes nothing.
    smell(&mut rig, DYE_WORKS);
    smell(&mut rig, BAKERY + 0.0005);
    let engine = crate::kinds::restore(&rig.engine.snapshot()).unwrap();
    assert!(engine.snapshot() == rig.engine.snapshot());
    rig.engine = engine;
    smell(&mut rig, BAKERY);
    smell(&mut rig, DYE_WORKS - 0.0005);
    assert_eq!(sides(&rig), [vec![0, 3, 4], vec![1, 2, 5]]);
    // It is the place that is remembered, not the incident: with both resolved, new ones are opened, and stay apart.
    resolve_all(&mut rig);
    smell(&mut rig, BAKERY);
    smell(&mut rig, DYE_WORKS);
    smell(&mut rig, BAKERY);
    assert_eq!(sides(&rig)[2..], [vec![6, 8], vec![7]]);
}

#[test]
fn a_detached_cluster_does_not_come_back_at_its_place() {
    let mut rig = two_places();
    // Of one place twice: the second is taken out, and with it the place.
    smell(&mut rig, BAKERY + 0.0001);
    let incident = rig.incidents().remove(0);
    rig.command(Body::Detach { incident: incident.id, alarm: incident.alarms[2].clone() }).unwrap();
    smell(&mut rig, BAKERY);
    smell(&mut rig, DYE_WORKS);
    assert_eq!(sides(&rig), [vec![0, 1, 4], vec![3]]);
}

#[test]
fn another_place_is_on_no_side() {
    let mut rig = two_places();
    split_last(&mut rig);
    // 167 m beyond the dye works: it may join either, and joins the nearer.
    smell(&mut rig, DYE_WORKS + 0.0015);
    assert_eq!(sides(&rig), [vec![0], vec![1, 2]]);
    // As near to both places, and in reach of neither: the older of two that are equally likely by distance is the less
    // likely by time.
    smell(&mut rig, f64::midpoint(BAKERY, DYE_WORKS));
    assert_eq!(sides(&rig), [vec![0], vec![1, 2, 3]]);
}

#[test]
fn a_merge_ends_it() {
    let mut rig = two_places();
    let (into, from) = split_last(&mut rig);
    smell(&mut rig, DYE_WORKS);
    rig.command(Body::Merge { into, from }).unwrap();
    smell(&mut rig, DYE_WORKS + 0.0002);
    smell(&mut rig, BAKERY);
    assert_eq!(sides(&rig), [vec![0, 1, 2, 3, 4], vec![]]);
}

#[test]
fn places_taken_apart_in_an_exercise_stay_apart_there_and_nowhere_else() {
    let mut rig = Rig::with_rules(&[REPORTS]);
    let name = "The dye works burns".to_owned();
    rig.command(Body::StartExercise { id: ExerciseId::new("e1").unwrap(), name }).unwrap();
    smell_in(&mut rig, BAKERY, "exercise");
    smell_in(&mut rig, DYE_WORKS, "exercise");
    split_last(&mut rig);
    rig.engine = crate::kinds::restore(&rig.engine.snapshot()).unwrap();
    resolve_all(&mut rig);
    smell_in(&mut rig, DYE_WORKS, "exercise");
    smell_in(&mut rig, BAKERY, "exercise");
    assert_eq!(sides(&rig), [[0], [1], [2], [3]]);
    rig.effects.clear();
    smell(&mut rig, BAKERY);
    smell(&mut rig, DYE_WORKS);
    assert_eq!(sides(&rig), [[0, 1]], "in the city nobody took anything apart");
}

#[test]
fn the_number_of_a_cluster_that_ended_with_its_rule_says_nothing_of_the_next() {
    let mut rig = Rig::with_rules(&[REPORTS]);
    smell(&mut rig, BAKERY);
    let mut anew = rule(REPORTS);
    anew.detector = rule(&REPORTS.replace("window_s = 10", "window_s = 12")).detector;
    rig.command(Body::PutRule(Box::new(anew))).unwrap();
    // 2.2 km away; the first cluster of the rule as it is now.
    smell(&mut rig, 0.02);
    assert_eq!(rig.alarms()[0].key, rig.alarms()[1].key);
    assert_eq!(sides(&rig), [[0], [1]]);
}
