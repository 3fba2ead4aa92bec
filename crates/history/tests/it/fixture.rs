use std::fs;
use std::path::{Path, PathBuf};

use vigiles_history::contract_tests::{all, newest_first, reading};
use vigiles_history::{Embedded, History, Options, Query};
use vigiles_model::Observation;
use vigiles_trust::Context;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/version-1")
}

fn observations() -> Vec<Observation> {
    let mut all: Vec<_> =
        (0..40).map(|i| reading("air.pm25", i % 5, i64::from(i) * 7_000, f64::from(i) / 4.0)).collect();
    all[3].attributes.push(("street".into(), "Kaivokatu".into()));
    all[7].place = None;
    all
}

/// Makes the fixture of the present format; run with `--ignored` when a new version is added.
#[test]
#[ignore = "writes the fixture"]
fn bless() {
    let history = Embedded::open(&fixture(), Options::default()).unwrap();
    history.write(&Context::system("test"), 41, &observations()).unwrap();
    drop(history);
    fs::remove_file(fixture().join("lock")).unwrap();
}

#[test]
fn version_1_is_read() {
    let directory = tempfile::tempdir().unwrap();
    for file in fs::read_dir(fixture()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), directory.path().join(file.file_name())).unwrap();
    }
    assert_eq!(vigiles_history::check(directory.path()), []);
    let history = Embedded::open(directory.path(), Options::default()).unwrap();
    assert_eq!(history.durable_offset(), 42);
    let found = all(&history, &Query { limit: 7, ..Query::default() });
    assert_eq!(found, newest_first(observations()));
    let asset = Query { limit: 7, assets: vec!["sensor-2".parse().unwrap()], ..Query::default() };
    assert_eq!(all(&history, &asset).len(), 8);
}
