use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use vigiles_history::contract_tests::{all, reading};
use vigiles_history::embedded::{footer, manifest};
use vigiles_history::{Embedded, History, HistoryError, Options, Query, check};
use vigiles_trust::Context;

fn history(directory: &Path) -> Vec<PathBuf> {
    let history = Embedded::open(directory, Options::default()).unwrap();
    for offset in 0..2 {
        let mut entry: Vec<_> =
            (0..6).map(|s| reading("air.pm25", s % 3, i64::from(s * 60 + offset * 10_000), 12.5)).collect();
        entry[0].attributes.push(("street".into(), "Kaivokatu".into()));
        history.write(&Context::system("test"), u64::from(offset), &entry).unwrap();
        history.flush().unwrap();
    }
    drop(history);
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|file| file.file_name().is_some_and(|name| name != "lock"));
    files.sort();
    files
}

#[test]
fn every_flipped_bit_and_truncation_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let files = history(directory.path());
    assert_eq!(files.len(), 4, "two files, the manifest and the format");
    for file in &files {
        let good = fs::read(file).unwrap();
        for bit in (0..good.len() * 8).step_by(3) {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            fs::write(file, &bad).unwrap();
            assert_ne!(check(directory.path()), [], "bit {bit} of {}", file.display());
        }
        for length in 0..good.len() {
            fs::write(file, &good[..length]).unwrap();
            assert_ne!(check(directory.path()), [], "{length} bytes of {}", file.display());
        }
        fs::remove_file(file).unwrap();
        assert_ne!(check(directory.path()), [], "without {}", file.display());
        fs::write(file, &good).unwrap();
    }
    assert_eq!(check(directory.path()), []);
}

#[test]
fn damage_is_named_when_read_and_the_rest_stays_readable() {
    let directory = tempfile::tempdir().unwrap();
    let files = history(directory.path());
    let mut bytes = fs::read(&files[0]).unwrap();
    bytes[footer::HEADER_BYTES + 60] ^= 1;
    fs::write(&files[0], &bytes).unwrap();
    let history = Embedded::open(directory.path(), Options::default()).unwrap();
    let context = Context::system("test");
    let page = history.page(&context, &Query { limit: 100, ..Query::default() });
    let Err(HistoryError::Damaged { path, place, .. }) = page else { panic!("{page:?}") };
    assert_eq!((path, place.as_str()), (files[0].clone(), "block 0 at byte 16"));
    assert!(history.page(&context, &Query { limit: 1, ..Query::default() }).is_ok());
}

#[test]
fn what_a_cut_short_seal_left_is_swept() {
    let directory = tempfile::tempdir().unwrap();
    let files = history(directory.path());
    let stray = directory.path().join("00000000000000ff.obs");
    fs::copy(&files[0], &stray).unwrap();
    fs::write(directory.path().join("manifest.new"), "torn").unwrap();
    let history = Embedded::open(directory.path(), Options::default()).unwrap();
    assert!(!stray.exists());
    assert_eq!(all(&history, &Query { limit: 100, ..Query::default() }).len(), 12);
    history.write(&Context::system("test"), 9, &[reading("k", 1, 1, 1.0)]).unwrap();
    assert_eq!(history.flush(), Ok(10));
    assert!(directory.path().join("0000000000000100.obs").exists(), "numbers are never used twice");
}

#[test]
fn a_seal_that_fails_is_told_and_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let history = Embedded::open(directory.path(), Options::default()).unwrap();
    // A directory in the place of the next manifest stands for any failure of the disk.
    let obstacle = directory.path().join("manifest.new");
    fs::create_dir(&obstacle).unwrap();
    history.write(&Context::system("test"), 0, &[reading("k", 1, 1, 1.0)]).unwrap();
    assert!(history.flush().is_err());
    assert_eq!(history.durable_offset(), 0);
    assert_eq!(all(&history, &Query { limit: 100, ..Query::default() }).len(), 1, "still readable");
    fs::remove_dir(&obstacle).unwrap();
    while history.flush() != Ok(1) {}
    assert!(history.statistics().failures > 0);
}

proptest! {
    #[test]
    fn parsing_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), good in any::<bool>(), at in 0..2_000_usize, byte in any::<u8>()) {
        let _footer = footer::parse(&bytes);
        let _manifest = manifest::Manifest::parse(&bytes);
        let _block = vigiles_history::embedded::parse_file(&bytes);
        if good {
            let directory = tempfile::tempdir().unwrap();
            let mut file = fs::read(&history(directory.path())[0]).unwrap();
            let length = file.len();
            file[at % length] = byte;
            let _block = vigiles_history::embedded::parse_file(&file);
        }
    }
}
