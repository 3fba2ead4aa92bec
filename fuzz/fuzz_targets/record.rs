//! Entries of the log as the engine meets them: what is read is written again to the same meaning, and stepped on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_engine::{Command, CommandBody, Engine, Input};
use vigiles_fuzz::{City, NOW};
use vigiles_model::AgencyId;
use vigiles_runtime::aside;
use vigiles_runtime::record::{Record, command, frame, parse, placed, through, tick, utc_offset};

/// The bytes of a record that was read.
fn write(record: &Record) -> Vec<u8> {
    let written = match (&record.input, &record.asked) {
        (Input::Command(asked_for), Some(asked)) => command(asked, asked_for),
        (Input::Observations(all), None) => frame(all),
        (Input::UtcOffset(seconds), None) => return utc_offset(*seconds),
        (Input::Tick, None) => return tick(),
        other => panic!("a command has one who asked for it, and nothing else has: {other:?}"),
    };
    written.expect("what was read is written")
}

fuzz_target!(|bytes: &[u8]| {
    let aside = aside::parse(bytes);
    let Ok(record) = parse(bytes) else { return };
    assert!(aside.is_none(), "what a door says beside its entries is no entry of the log");
    assert_eq!(record.through, through(bytes));
    if let Some(stood) = &record.through {
        let moved = placed(bytes, !stood.offset).expect("an entry of a door can be placed");
        assert_eq!(moved.len(), bytes.len(), "it is as large in the log as it was in the door's topic");
        let found = through(&moved).expect("it came through the same door");
        assert_eq!((&found.door, found.offset), (&stood.door, !stood.offset));
    }
    let written = write(&record);
    // Bytes are compared, since a reading that is not a number is not equal to itself.
    let again = parse(&written).expect("what was written is read");
    assert_eq!(write(&again), written, "the meaning of a record changed on its way");

    let (mut engine, mut effects) = (Engine::new(), Vec::new());
    for kind in City::new().kinds() {
        let body = CommandBody::PutKind(Box::new(kind.clone()));
        let agency = AgencyId::new("city").expect("a well formed id");
        let put = Command { by: None, agency, expected_version: None, body };
        engine.step(&Input::Command(put), NOW, &mut effects);
    }
    engine.step(&record.input, NOW, &mut effects);
    engine.step(&Input::Tick, NOW, &mut effects);
});
