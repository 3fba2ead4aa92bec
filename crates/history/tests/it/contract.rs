use std::path::PathBuf;

use vigiles_history::contract_tests::{self, Factory};
use vigiles_history::{Embedded, HistoryError, Options};

struct InDirectory(PathBuf, Options);

impl Factory for InDirectory {
    type History = Embedded;
    fn open(&self, name: &str) -> Embedded {
        Embedded::open(&self.0.join(name), self.1).unwrap()
    }
}

fn check_contract(options: Options) {
    let directory = tempfile::tempdir().unwrap();
    contract_tests::run(&InDirectory(directory.path().to_owned(), options));
    for history in std::fs::read_dir(directory.path()).unwrap() {
        assert_eq!(vigiles_history::check(&history.unwrap().path()), []);
    }
}

#[test]
fn the_embedded_history_keeps_the_contract() {
    check_contract(Options::default());
}

#[test]
fn it_keeps_it_while_sealing_and_merging_all_the_time() {
    check_contract(Options { memory_bytes: 3_000, index_bytes: 1_000, merge_rows: 300, ..Options::default() });
}

#[test]
fn one_process_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let first = Embedded::open(directory.path(), Options::default()).unwrap();
    let second = Embedded::open(directory.path(), Options::default()).err();
    assert!(matches!(second, Some(HistoryError::Locked { .. })), "{second:?}");
    drop(first);
    assert!(Embedded::open(directory.path(), Options::default()).is_ok());
}

#[test]
fn a_newer_format_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("format"), "vigiles-history 2\n").unwrap();
    let opened = Embedded::open(directory.path(), Options::default()).err();
    assert!(matches!(opened, Some(HistoryError::Version { found: 2, known: 1, .. })), "{opened:?}");
}
