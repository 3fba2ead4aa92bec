//! A log written anew from its entries is the log that it was.

use std::sync::Arc;

use vigiles_bus::embedded::Import;
use vigiles_bus::{Bus, BusError, Embedded, Entry, ManualClock, Offset, Options, Topic, check};
use vigiles_model::Timestamp;

fn entries(count: u64, base: u64, bytes: usize) -> Vec<Entry> {
    let entry = |i: u64| Entry {
        offset: Offset(base + i),
        at: Timestamp(100 + i as i64 / 3),
        bytes: vec![i as u8; bytes].into(),
    };
    (0..count).map(entry).collect()
}

/// Imports, opens, reads all, and goes on.
fn check_import(count: u64, base: u64, bytes: usize, segments: usize) {
    let directory = tempfile::tempdir().unwrap();
    let topic = Topic::new("input").unwrap();
    let written = entries(count, base, bytes);
    let mut import = Import::begin(directory.path(), &topic, Offset(base)).unwrap();
    written.iter().try_for_each(|entry| import.push(entry)).unwrap();
    assert_eq!(import.finish().unwrap(), Offset(base + count));
    assert_eq!(check(directory.path()), []);

    let clock = Arc::new(ManualClock::new(Timestamp(50)));
    let bus = Embedded::open(directory.path(), Options::default(), clock).unwrap();
    assert_eq!(bus.recovered(), []);
    assert_eq!(bus.bounds(&topic).unwrap(), Offset(base)..Offset(base + count));
    assert_eq!(bus.kept(&topic).unwrap().segments, segments);
    let mut read = Vec::new();
    while let page = bus.read(&topic, Offset(base + read.len() as u64), 1000, 4 << 20).unwrap()
        && !page.is_empty()
    {
        read.extend(page);
    }
    assert_eq!(read, written);
    let appended = bus.append(&topic, vec![b"next".to_vec()]).unwrap();
    assert_eq!(appended.first_offset, Offset(base + count));
    // The clock is behind; the log does not go back.
    assert!(written.last().is_none_or(|last| appended.at == last.at));
    drop(bus);
    assert_eq!(check(directory.path()), []);
}

#[test]
fn a_log_is_written_anew() {
    check_import(0, 0, 0, 1);
    check_import(0, 17, 0, 1);
    check_import(1, 17, 5, 1);
    check_import(9, 5, 15 << 20, 2);
}

#[test]
fn what_does_not_follow_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let topic = Topic::new("input").unwrap();
    let mut import = Import::begin(directory.path(), &topic, Offset(3)).unwrap();
    let all = entries(3, 3, 4);
    import.push(&all[0]).unwrap();
    assert!(matches!(import.push(&all[2]), Err(BusError::Damaged { .. })));
    let early = Entry { at: Timestamp(1), ..all[1].clone() };
    assert!(matches!(import.push(&early), Err(BusError::Damaged { .. })));
    import.push(&all[1]).unwrap();
    assert_eq!(import.finish().unwrap(), Offset(5));
    // There is a log of this name now.
    assert!(Import::begin(directory.path(), &topic, Offset(3)).is_err());
}
