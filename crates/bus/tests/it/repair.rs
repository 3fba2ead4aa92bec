//! A damaged log is mended: what can be read stays, what cannot is empty, and offsets have no gap.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vigiles_bus::{Bus, Embedded, Finding, ManualClock, Offset, Options, Topic, check, repair};

const RECORDS: u8 = 12;

fn open(directory: &Path) -> Embedded {
    let options = Options { segment_bytes: 300, ..Options::default() };
    Embedded::open(directory, options, Arc::new(ManualClock::default())).unwrap()
}

fn topic() -> Topic {
    Topic::new("t").unwrap()
}

/// A log that was closed in order.
fn fresh() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let bus = open(&directory.path().join("log"));
    for i in 0..RECORDS {
        bus.append(&topic(), vec![vec![i; 40]]).unwrap();
    }
    directory
}

/// Mends, opens and appends; gives what was told and how many records are empty. Each other one is as it was written.
fn mended(directory: &Path, at_least: u64) -> (Vec<Finding>, usize) {
    let lost = repair(&directory.join("log"), &directory.join("damaged"), at_least).unwrap();
    assert_eq!(check(&directory.join("log")), [], "{lost:?}");
    let bus = open(&directory.join("log"));
    let end = bus.bounds(&topic()).unwrap().end;
    assert!(end.0 >= at_least.max(1));
    let mut entries = Vec::new();
    while entries.len() < end.0 as usize {
        entries.extend(bus.read(&topic(), Offset(entries.len() as u64), usize::MAX, usize::MAX).unwrap());
    }
    for (i, entry) in entries.iter().enumerate() {
        assert_eq!(entry.offset, Offset(i as u64));
        assert!(entry.bytes.is_empty() || entry.bytes[..] == [i as u8; 40], "offset {i}");
    }
    assert_eq!(bus.append(&topic(), vec![vec![99]]).unwrap().first_offset, end);
    (lost, entries.iter().filter(|entry| entry.bytes.is_empty()).count())
}

fn segments(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory.join("log/t")).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<_> = entries.filter(|p| p.extension().is_some_and(|e| e == "log")).collect();
    files.sort();
    files
}

#[test]
fn any_damaged_byte_costs_one_record_at_most() {
    let count = segments(fresh().path()).len();
    assert!(count > 2);
    for number in 0..count {
        for byte in (0..).step_by(13) {
            let directory = fresh();
            let file = &segments(directory.path())[number];
            let mut bytes = fs::read(file).unwrap();
            let Some(place) = bytes.get_mut(byte) else { break };
            *place ^= 0x10;
            fs::write(file, bytes).unwrap();
            let (lost, empty) = mended(directory.path(), u64::from(RECORDS));
            assert!(empty <= 1 && lost.len() == empty, "byte {byte} of {}: {empty} {lost:?}", file.display());
            assert!(directory.path().join("damaged/t").join(file.file_name().unwrap()).exists());
        }
    }
}

#[test]
fn missing_and_cut_segments_are_told_and_filled() {
    let count = segments(fresh().path()).len();
    for number in 0..count {
        let directory = fresh();
        fs::remove_file(segments(directory.path()).remove(number)).unwrap();
        let (lost, empty) = mended(directory.path(), u64::from(RECORDS));
        assert!(empty > 0 && lost.len() == 1 && lost[0].what.starts_with(&format!("{empty} records")), "{lost:?}");
    }
    let directory = fresh();
    let file = segments(directory.path()).pop().unwrap();
    let length = fs::metadata(&file).unwrap().len();
    fs::File::options().write(true).open(&file).unwrap().set_len(length - 5).unwrap();
    let (lost, empty) = mended(directory.path(), 0);
    assert_eq!((lost.len(), empty), (1, 1), "{lost:?}");
}

#[test]
fn a_whole_log_is_not_touched() {
    let directory = fresh();
    let read = || segments(directory.path()).iter().map(|file| fs::read(file).unwrap()).collect::<Vec<_>>();
    let before = read();
    assert_eq!(repair(&directory.path().join("log"), &directory.path().join("damaged"), 5).unwrap(), []);
    assert_eq!(read(), before);
    assert!(!directory.path().join("damaged").exists());
}
