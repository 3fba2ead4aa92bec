//! One rule does not take what others need: alarms, and places for clusters.

use std::fmt::Write;

use vigiles_engine::Input;
use vigiles_model::{Alarm, AlarmState};

use crate::rig::{Rig, reading};

fn alarms_of<'a>(alarms: &'a [Alarm], rule: &str) -> Vec<&'a Alarm> {
    alarms.iter().filter(|a| a.rule.as_str() == rule).collect()
}

fn in_alarm(count: usize, kind: &str) -> Input {
    Input::Observations((0..count).map(|i| reading(&format!("1 n{i} {kind} 1"))).collect())
}

const FIRE: &str = "id = 'fire'\nkinds = ['vehicle']\n[detector.threshold]\nabove = 0\n\
    [alarm]\ntitle = 'Fire'\nseverity = 'extreme'\n[incident]\nincident_type = 'fire'\npriority = 'p1'";

fn check_flood(stage: &str) {
    let noisy = format!("id = 'noisy'\nstage = '{stage}'\ncooldown_s = 0\n[detector.threshold]\nabove = 0");
    let mut rig = Rig::with_rules(&[&noisy, FIRE]);
    rig.now = 1;
    rig.step(&in_alarm(20_500, "air.pm25"));
    rig.feed("2 house vehicle 1");
    let alarms = rig.alarms();
    let noisy = alarms_of(&alarms, "noisy");
    let told = noisy.last().unwrap();
    assert_eq!((noisy.len(), told.key.as_str(), told.title.as_str()), (1_001, "others", "A rule: too many alarms"));
    // Shown when its support doubles; 19,500 are counted on it.
    assert_eq!(told.support, 16_384);
    assert_eq!(told.reason, "1000 alarms of this rule are open, the most it may have: further ones are counted here");
    assert_eq!((alarms_of(&alarms, "fire").len(), rig.incidents().len()), (1, 1));
}

#[test]
fn a_rule_in_alarm_everywhere_keeps_no_other_rule_out() {
    check_flood("shadow");
    check_flood("live");
}

#[test]
fn a_flood_ends_when_there_is_room_again_also_after_a_restart() {
    let mut rig = Rig::with_rules(&["[detector.threshold]\nabove = 0"]);
    rig.now = 1;
    rig.step(&in_alarm(1_010, "air.pm25"));
    let bytes = rig.engine.snapshot();
    rig.engine = crate::kinds::restore(&bytes).unwrap();
    assert_eq!(rig.engine.snapshot(), bytes);
    let over = |rig: &Rig| rig.alarms().iter().find(|a| a.key == "others").unwrap().state == AlarmState::Cleared;
    let calm = |from: usize, to: usize| {
        (from..to).fold(String::new(), |mut text, i| {
            let _ = writeln!(text, "2 n{i} air.pm25 0");
            text
        })
    };
    rig.feed(&calm(0, 99));
    assert!(!over(&rig));
    rig.feed(&calm(99, 100));
    assert!(over(&rig));
    // Those that were left out are raised with their next reading.
    rig.feed("3 n1009 air.pm25 1");
    assert_eq!(rig.alarms().last().unwrap().key, "n1009");
}

#[test]
fn clusters_of_a_rule_are_bounded() {
    let everywhere = "kinds = ['report']\nkey = 'all'\n[detector.count]\nwindow_s = 600\nat_least = 2\nradius_m = 5";
    let mut rig = Rig::with_rules(&[everywhere]);
    // Two readings in each of 400 places.
    for place in 0..400 {
        let lon = f64::from(place) / 100.0;
        rig.feed(&format!("{place} a report x {lon} 0.2\n {place} b report x {lon} 0.2"));
    }
    let told = |rig: &Rig| {
        let alarms = rig.alarms();
        let clusters = alarms.iter().filter(|a| a.key.starts_with("cluster-")).count();
        let others: Vec<_> = alarms.iter().filter(|a| a.key == "others").map(|a| a.cleared.is_some()).collect();
        (clusters, others)
    };
    assert_eq!(told(&rig), (256, vec![false]));
    // The clusters, the pool, and what stands for the others.
    assert_eq!(rig.engine.statistics().states, 258);
    // When the first are over, others open.
    rig.feed("tick 655\n 656 a report x 9 0.2\n 656 b report x 9 0.2");
    assert_eq!(told(&rig), (257, vec![true]));
}
