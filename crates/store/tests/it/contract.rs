use vigiles_store::contract_tests::{KINDS, Opened};
use vigiles_store::sqlite::{Options, SqliteStore, check};
use vigiles_store::{Clock, Finding};

/// Every case ends with a check of the files it left.
struct Held(tempfile::TempDir);

impl Drop for Held {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(check(self.0.path()), Vec::<Finding>::new());
        }
    }
}

fn open(clock: Clock) -> Opened {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), Options { kinds: KINDS, clock, max_bytes: None }).unwrap();
    Opened { store: std::sync::Arc::new(store), held: Box::new(Held(dir)) }
}

vigiles_store::contract_suite!(open);
