use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use vigiles_bus::embedded::format;
use vigiles_bus::{Bus, BusError, Embedded, ManualClock, Offset, Options, Topic, check};

/// A closed log of several segments with a cursor.
fn log(directory: &Path) -> Vec<PathBuf> {
    let options = Options { segment_bytes: 300, ..Options::default() };
    let bus = Embedded::open(directory, options, Arc::new(ManualClock::default())).unwrap();
    let topic = Topic::new("t").unwrap();
    for i in 0..12_u8 {
        bus.append(&topic, vec![vec![i; 40]]).unwrap();
    }
    bus.save_cursor("reader", &topic, Offset(11)).unwrap();
    bus.trim(&topic, Offset(6)).unwrap();
    drop(bus);
    let mut files: Vec<_> = fs::read_dir(directory.join("t")).unwrap().map(|e| e.unwrap().path()).collect();
    files.push(directory.join("format"));
    files.sort();
    files
}

#[test]
fn every_flipped_bit_is_found() {
    let directory = tempfile::tempdir().unwrap();
    for file in log(directory.path()) {
        let good = fs::read(&file).unwrap();
        for bit in (0..good.len() * 8).step_by(3) {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            fs::write(&file, &bad).unwrap();
            assert_ne!(check(directory.path()), [], "bit {bit} of {}", file.display());
        }
        fs::write(&file, &good).unwrap();
    }
    assert_eq!(check(directory.path()), []);
}

#[test]
fn every_truncation_and_missing_file_is_found() {
    let directory = tempfile::tempdir().unwrap();
    for file in log(directory.path()) {
        let good = fs::read(&file).unwrap();
        for length in 0..good.len() {
            fs::write(&file, &good[..length]).unwrap();
            assert_ne!(check(directory.path()), [], "{length} bytes of {}", file.display());
        }
        fs::remove_file(&file).unwrap();
        // Without a cursor or marks there is nothing to compare with; without a segment there is a gap.
        assert!(!file.to_string_lossy().ends_with(".log") || !check(directory.path()).is_empty());
        fs::write(&file, &good).unwrap();
    }
}

#[test]
fn a_torn_tail_is_cut_and_reported() {
    let directory = tempfile::tempdir().unwrap();
    let topic = Topic::new("t").unwrap();
    let clock = || Arc::new(ManualClock::default());
    drop(Embedded::open(directory.path(), Options::default(), clock()).unwrap().append(&topic, vec![vec![7; 9]]));
    let file = directory.path().join("t/00000000000000000000.log");
    let good = fs::read(&file).unwrap();
    let mut next = Vec::new();
    format::write_frame(&mut next, 1, 1, vigiles_model::Timestamp(0), &[8; 50]);
    for torn in 1..next.len() {
        fs::write(&file, [&good[..], &next[..torn]].concat()).unwrap();
        assert_eq!(check(directory.path()), [], "{torn} bytes");
        let bus = Embedded::open(directory.path(), Options::default(), clock()).unwrap();
        assert_eq!(bus.recovered().len(), 1, "{torn} bytes");
        assert!(bus.recovered()[0].what.starts_with(&format!("{torn} bytes")), "{:?}", bus.recovered());
        assert_eq!(bus.bounds(&topic), Ok(Offset(0)..Offset(1)));
    }
}

#[test]
fn damage_to_acknowledged_records_is_no_torn_tail() {
    let directory = tempfile::tempdir().unwrap();
    let files = log(directory.path());
    let newest = files.iter().rfind(|file| file.extension().is_some_and(|e| e == "log")).unwrap();
    fs::remove_file(directory.path().join("t/marks")).unwrap();
    let mut bytes = fs::read(newest).unwrap();
    bytes[format::HEADER_BYTES + format::FRAME_BYTES] ^= 1;
    fs::write(newest, &bytes).unwrap();
    let opened = Embedded::open(directory.path(), Options::default(), Arc::new(ManualClock::default())).err();
    assert!(matches!(opened, Some(BusError::Damaged { at: 40, .. })), "{opened:?}");
}

#[test]
fn a_damaged_record_is_named_when_read() {
    let directory = tempfile::tempdir().unwrap();
    let files = log(directory.path());
    let oldest = files.iter().find(|file| file.extension().is_some_and(|e| e == "log")).unwrap();
    let mut bytes = fs::read(oldest).unwrap();
    bytes[format::HEADER_BYTES + format::FRAME_BYTES] ^= 1;
    fs::write(oldest, &bytes).unwrap();
    let bus = Embedded::open(directory.path(), Options::default(), Arc::new(ManualClock::default())).unwrap();
    let topic = Topic::new("t").unwrap();
    let start = bus.bounds(&topic).unwrap().start;
    let read = bus.read(&topic, start, 1, 1);
    assert!(matches!(&read, Err(BusError::Damaged { path, at: 40, .. }) if path == oldest), "{read:?}");
}

proptest! {
    #[test]
    fn parsing_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _segment = format::parse_segment(&bytes);
        let _frame = format::parse_frame(&bytes);
        let _marks = format::parse_marks(0, &bytes);
        let _cursor = format::parse_cursor(0, &bytes);
    }
}
