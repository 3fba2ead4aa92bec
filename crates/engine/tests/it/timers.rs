//! Timers fire at their own time, in order, before the next input.

use vigiles_engine::{CommandBody, ConfigKind, Effect};

use crate::rig::{Rig, rule};

fn order(rig: &Rig) -> Vec<String> {
    let line = |e: &Effect| match e {
        Effect::AlarmChanged(a) => {
            Some(format!("{} {} {:?}", a.rule, a.key, a.cleared.unwrap_or(a.raised).0 / 1_000_000))
        }
        _ => None,
    };
    rig.effects.iter().filter_map(line).collect()
}

#[test]
fn timers_fire_in_order_of_time_before_the_input() {
    let mut rig = Rig::with_rules(&[
        "id = 'slow'\n[detector.silent]\nafter_s = 300",
        "id = 'fast'\n[detector.silent]\nafter_s = 100",
    ]);
    rig.feed("0 a air.pm25 1\n 10 b air.pm25 1\n 1000 a air.pm25 1");
    assert_eq!(order(&rig), ["fast a 100", "fast b 110", "slow a 300", "slow b 310", "fast a 1000", "slow a 1000"]);
}

#[test]
fn a_clock_that_jumps_back_does_no_harm() {
    let mut rig = Rig::with_rules(&["[detector.silent]\nafter_s = 300"]);
    rig.feed("0 a air.pm25 1\n tick 200\n tick 100\n tick 301");
    assert_eq!(rig.story(), "a 300.. no reading for 300 s; the last was 1 ug/m3\n");
}

#[test]
fn a_changed_rule_starts_afresh_and_a_renamed_one_goes_on() {
    let text = "[detector.threshold]\nabove = 35";
    let mut rig = Rig::with_rules(&[text]);
    rig.feed("0 a air.pm25 40");
    let mut changed = rule(text);
    changed.name = "Another name".into();
    rig.command(CommandBody::PutRule(Box::new(changed.clone()))).unwrap();
    assert_eq!(rig.alarms()[0].cleared, None);
    changed.enabled = false;
    rig.now = 5;
    rig.command(CommandBody::PutRule(Box::new(changed))).unwrap();
    assert_eq!(rig.story(), "a 0..5 40 ug/m3 above 35\n");
    rig.feed("10 a air.pm25 50");
    assert_eq!(rig.alarms().len(), 1);
}

#[test]
fn a_deleted_asset_clears_its_alarms() {
    let mut rig = Rig::with_rules(&["[detector.silent]\nafter_s = 10"]);
    rig.feed("0 a air.pm25 1\n tick 20");
    rig.command(CommandBody::Delete { what: ConfigKind::Asset, id: "a".into(), reason: None }).unwrap();
    assert_eq!(rig.story(), "a 10..20 no reading for 10 s; the last was 1 ug/m3\n");
}
