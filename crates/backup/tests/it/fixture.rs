//! A repository in a directory, and the parts of a platform that are backed up.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vigiles_backup::key::KeyFile;
use vigiles_backup::objects::{DirectoryObjects, Objects};
use vigiles_backup::{Acknowledge, Repository, Shipped, Source, Taken, key, take};
use vigiles_bus::{Bus, Embedded, ManualClock, Offset, Options};
use vigiles_history::History as _;
use vigiles_model::Timestamp;
use vigiles_runtime::{snapshot, topic};
use vigiles_store::{SqliteStore, Write};
use vigiles_store::{Store, sqlite};
use vigiles_trust::Context;

/// The mark of the store that says which entries were acted on.
const APPLIED: &str = "engine-applied";

pub(crate) fn in_directory(path: &Path) -> Arc<Repository> {
    open(Arc::new(DirectoryObjects::new(path)))
}

pub(crate) fn open(objects: Arc<dyn Objects>) -> Arc<Repository> {
    Arc::new(Repository::open_or_make(objects, &random_key()).unwrap())
}

/// A key of random bytes, the same in all tests.
pub(crate) fn random_key() -> KeyFile {
    key::parse("vigiles-backup-key-1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE").unwrap()
}

/// The parts of a platform, without the platform.
pub(crate) struct Parts {
    pub(crate) data: PathBuf,
    pub(crate) log: Arc<Shipped>,
    pub(crate) store: SqliteStore,
    pub(crate) clock: Arc<ManualClock>,
}

impl Parts {
    pub(crate) fn open(data: &Path, repository: &Arc<Repository>, acknowledge: Acknowledge) -> Self {
        let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1000)));
        let log = embedded(&data.join("log"), &clock);
        let shipped = Shipped::start(log, topic(), repository.clone(), data, acknowledge).unwrap();
        let history = vigiles_history::Embedded::open(&data.join("history"), vigiles_history::Options::default());
        history.unwrap().flush().unwrap();
        let at = clock.clone();
        let options =
            sqlite::Options { kinds: &[], clock: Arc::new(move || vigiles_bus::Clock::now(&*at)), max_bytes: None };
        let store = SqliteStore::open(&data.join("store"), options).unwrap();
        Self { data: data.to_owned(), log: Arc::new(shipped), store, clock }
    }

    /// Appends entries, a second apart; gives the offset after them.
    pub(crate) fn append(&self, texts: &[&str]) -> u64 {
        for text in texts {
            let now = vigiles_bus::Clock::now(&*self.clock);
            self.clock.set(now + vigiles_model::Duration::from_secs(1));
            self.log.append(&topic(), vec![text.as_bytes().to_vec()]).unwrap();
        }
        self.log.bounds(&topic()).unwrap().end.0
    }

    /// What a platform does with entries: it acts on them, and saves a snapshot.
    pub(crate) fn act(&self, end: u64) {
        let mark = Write::SetMark { name: APPLIED, value: end };
        self.store.apply(&Context::system("test"), vec![mark]).unwrap();
        snapshot::save(&self.data.join("engine"), Offset(end), format!("the state at {end}").as_bytes()).unwrap();
    }

    pub(crate) fn source(&self) -> Source {
        Source {
            data: self.data.clone(),
            snapshots: self.data.join("engine"),
            history: self.data.join("history"),
            store: self.data.join("store"),
            others: vec![("basemap.pmtiles".to_owned(), self.data.join("basemap.pmtiles"))],
        }
    }

    pub(crate) fn take(&self) -> Taken {
        take(&self.log.shipping(), &self.source(), &self.store, &*self.clock).unwrap()
    }
}

pub(crate) fn embedded(log: &Path, clock: &Arc<ManualClock>) -> Arc<dyn Bus> {
    Arc::new(Embedded::open(log, Options::default(), clock.clone()).unwrap())
}

/// The texts of the log of a data directory, with the offset of the first.
pub(crate) fn texts(data: &Path) -> (u64, Vec<String>) {
    assert_eq!(vigiles_bus::check(&data.join("log")), []);
    let log = embedded(&data.join("log"), &Arc::default());
    let first = log.bounds(&topic()).unwrap().start;
    let entries = log.read(&topic(), first, 10_000, 64 << 20).unwrap();
    (first.0, entries.iter().map(|entry| String::from_utf8(entry.bytes.to_vec()).unwrap()).collect())
}
