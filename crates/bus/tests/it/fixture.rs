use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vigiles_bus::{Bus, Embedded, ManualClock, Offset, Options, Topic};
use vigiles_model::Timestamp;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/version-1")
}

fn write(directory: &Path) {
    let options = Options { segment_bytes: 200, ..Options::default() };
    let clock = Arc::new(ManualClock::new(Timestamp(1_000)));
    let bus = Embedded::open(directory, options, clock.clone()).unwrap();
    let topic = Topic::new("observations").unwrap();
    for i in 0..6 {
        clock.set(Timestamp(1_000 + i));
        bus.append(&topic, vec![format!("record {i}").into_bytes(), vec![i as u8; 30]]).unwrap();
    }
    bus.trim(&topic, Offset(4)).unwrap();
    bus.save_cursor("engine", &topic, Offset(9)).unwrap();
}

/// Makes the fixture of the present format; run with `--ignored` when a new version is added.
#[test]
#[ignore = "writes the fixture"]
fn bless() {
    write(&fixture());
    fs::remove_file(fixture().join("lock")).unwrap();
}

#[test]
fn version_1_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("observations");
    fs::create_dir(&copy).unwrap();
    fs::copy(fixture().join("format"), directory.path().join("format")).unwrap();
    for file in fs::read_dir(fixture().join("observations")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    assert_eq!(vigiles_bus::check(directory.path()), []);
    let bus = Embedded::open(directory.path(), Options::default(), Arc::new(ManualClock::default())).unwrap();
    let topic = Topic::new("observations").unwrap();
    let bounds = bus.bounds(&topic).unwrap();
    assert_eq!(bounds, Offset(4)..Offset(12));
    assert_eq!(bus.load_cursor("engine", &topic), Ok(Some(Offset(9))));
    let entries = bus.read(&topic, Offset(4), 1, 1).unwrap();
    assert_eq!((&entries[0].bytes[..], entries[0].at), (&b"record 2"[..], Timestamp(1_002)));
    let next = bus.append(&topic, vec![vec![1]]).unwrap();
    assert_eq!((next.first_offset, next.at), (Offset(12), Timestamp(1_005)));
}
