//! What should follow and did not.

use crate::rig::{Rig, check};

const UNANSWERED: &str = "kinds = ['report', 'door.open']\nkey = 'all'\n[detector.absence]\nwithin_s = 120\n\
    first = { kinds = ['report'] }\nthen = { kinds = ['door.open'], when = 'value' }";

fn near() -> String {
    UNANSWERED.replace("within_s = 120", "within_s = 120\nwithin_m = 100")
}

#[test]
fn what_was_before_does_not_follow() {
    check(
        UNANSWERED,
        "100 a report help\n ?20 b door.open true\n tick 230",
        "all 220.. report help, and what should follow did not within 120 s",
    );
    // At the same moment is after.
    check(UNANSWERED, "100 a report help\n 100 b door.open true\n tick 230", "");
}

#[test]
fn each_first_part_waits_for_its_own() {
    let story = "all 121.. report help, and what should follow did not within 120 s";
    // The second is far from the first, and only the first is answered.
    check(&near(), "0 a report help 0.1 0.1\n 1 b report help 0.3 0.3\n 2 c door.open true 0.1 0.1\n tick 200", story);
    // Both are answered.
    let both = "0 a report help 0.1 0.1\n 1 b report help 0.3 0.3\n 2 c door.open true 0.1 0.1\n 3 c door.open true 0.3 0.3\n tick 200";
    check(&near(), both, "");
    // Neither in time: the alarm is over when both are answered.
    let late = "0 a report help 0.1 0.1\n 1 b report help 0.3 0.3\n tick 150\n 160 c door.open true 0.1 0.1\n 170 c door.open true 0.3 0.3";
    check(&near(), late, "all 120..170 report help, and what should follow did not within 120 s");
    // One that is still in time when the alarm ends has its own.
    let next =
        "0 a report help 0.1 0.1\n 100 b report help 0.3 0.3\n tick 150\n 160 c door.open true 0.1 0.1\n tick 230";
    check(
        &near(),
        next,
        "all 120..160 report help, and what should follow did not within 120 s
         all 220.. report help, and what should follow did not within 120 s",
    );
}

#[test]
fn a_cooldown_holds_the_next_back() {
    let quiet = format!("cooldown_s = 300\n{UNANSWERED}");
    check(
        &quiet,
        "0 a report help\n tick 130\n 140 b door.open true\n 150 a report help\n tick 439\n tick 450",
        "all 120..140 report help, and what should follow did not within 120 s
         all 440.. report help, and what should follow did not within 120 s",
    );
}

#[test]
fn silent_does_what_live_does() {
    let script =
        "0 a report help 0.1 0.1\n tick 130\n 140 c door.open true 0.3 0.3\n 150 b report help 0.1 0.1\n tick 300";
    let raised = |stage: &str| {
        let mut rig = Rig::with_rules(&[&format!("stage = '{stage}'\n{}", near())]);
        rig.feed(script);
        rig.engine.statistics().rule_alarms.values().sum::<u64>()
    };
    // A door far away answers nothing, so the alarm goes on.
    assert_eq!([raised("live"), raised("shadow"), raised("silent")], [1, 1, 1]);
}

#[test]
fn a_change_of_stage_raises_anew() {
    let mut rig = Rig::with_rules(&[&format!("stage = 'shadow'\n{UNANSWERED}")]);
    rig.feed("0 a report help\n tick 130");
    rig.command(vigiles_engine::CommandBody::PutRule(Box::new(crate::rig::rule(UNANSWERED)))).unwrap();
    rig.feed("140 a report help\n tick 145\n 150 b door.open true");
    assert_eq!(
        rig.story(),
        "all 120..130 report help, and what should follow did not within 120 s\n\
         all 140..150 report help, and what should follow did not within 120 s\n"
    );
}
