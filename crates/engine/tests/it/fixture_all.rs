//! A snapshot of format 2 with every sort of memory that a detector has. `snapshot::variants` in the crate says which are in it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use vigiles_engine::Engine;

use crate::determinism::{busy_script, city};
use crate::rig::Rig;

fn fixture(ending: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/snapshot-2-all{ending}"))
}

/// Goes on where the snapshot was made, and says of each rule how many alarms it then told of and how many cleared.
fn told_later(engine: Engine) -> String {
    let mut rig = Rig { engine, effects: Vec::new(), now: 300 };
    rig.feed(&busy_script(300..400));
    rig.feed("tick 3000");
    let mut of_rules: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for alarm in rig.alarms() {
        let (told, cleared) = of_rules.entry(alarm.rule.to_string()).or_default();
        *told += 1;
        *cleared += u32::from(alarm.cleared.is_some());
    }
    let mut text = String::new();
    for (rule, (told, cleared)) in of_rules {
        writeln!(text, "{rule}: {told} alarms, {cleared} cleared").unwrap();
    }
    text
}

/// Makes the fixture and what follows from it; run with `--ignored` when a sort of memory is added, into a file of its own
/// then: this one stays.
#[test]
#[ignore = "writes the fixture"]
fn bless() {
    let mut rig = city();
    rig.feed(&busy_script(0..300));
    std::fs::write(fixture(""), rig.engine.snapshot()).unwrap();
    std::fs::write(fixture(".txt"), told_later(rig.engine)).unwrap();
}

/// What follows the documents. Those may gain fields; what is in postcard may not.
pub(crate) fn states(snapshot: &[u8]) -> Vec<u8> {
    postcard::take_from_bytes::<Vec<u8>>(&snapshot[7..]).unwrap().1.to_vec()
}

#[test]
fn every_sort_of_memory_is_read_and_gone_on_with() {
    let bytes = std::fs::read(fixture("")).unwrap();
    let engine = crate::kinds::restore(&bytes).unwrap();
    assert!(states(&engine.snapshot()) == states(&bytes), "the states are written as they were in format 2");
    assert_eq!(told_later(engine), std::fs::read_to_string(fixture(".txt")).unwrap());
}
