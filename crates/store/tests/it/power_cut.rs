//! The power goes between any two changes that a real SQLite store made to a real disk. SQLite has a file layer of its own,
//! so that its calls of the kernel are recorded, and replayed up to a moment on a disk that loses power there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use vigiles_disk::simulated::traced::{Deed, trace};
use vigiles_disk::simulated::{Chance, Deaf, SimulatedDisk, seeds_at_once};
use vigiles_model::Timestamp;
use vigiles_store::contract_tests::KINDS;
use vigiles_store::contract_tests::fixture::{INCIDENT, incident, system};
use vigiles_store::sqlite::{Options, SqliteStore, check};
use vigiles_store::{Expect, Finding, Store, Write};

const DIRECTORY: &str = "VIGILES_TEST_POWER_CUT_DIR";
/// Commits of the traced process; the carrying over of the write-ahead log falls among them.
const COMMITS: u64 = 150;
const DOCUMENTS: u64 = 7;

fn open(dir: &Path) -> SqliteStore {
    let clock = Arc::new(|| Timestamp::from_secs(1000));
    SqliteStore::open(dir, Options { kinds: KINDS, clock, max_bytes: None }).unwrap()
}

/// The traced process: puts two documents a commit, and says so once they are stored.
#[test]
fn writes_and_says_so() {
    let Some(dir) = std::env::var_os(DIRECTORY) else { return };
    let dir = PathBuf::from(dir);
    for half in 0..2 {
        // The second half opens what the first has left.
        let store = open(&dir);
        for number in half * COMMITS / 2 + 1..=(half + 1) * COMMITS / 2 {
            let put = |id| Write::Put { document: incident(id, number as i64), expect: Expect::Any };
            let id = format!("i{}", number % DOCUMENTS);
            store.apply(&system(), vec![put(&id), put("newest")]).unwrap();
            println!("stored {number}");
        }
    }
}

/// What the process did on its disk, recorded once.
fn recorded() -> &'static (PathBuf, Vec<Deed>) {
    static RECORDED: OnceLock<(PathBuf, Vec<Deed>)> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("data");
        let mut process = Command::new(std::env::current_exe().unwrap());
        process.args(["--exact", "power_cut::writes_and_says_so", "--nocapture", "--test-threads=1"]);
        process.env(DIRECTORY, root.join("store"));
        (root.clone(), trace(&process, &root).unwrap())
    })
}

/// One seed: the power goes after so many deeds; the store that is left must hold all that was said to be stored.
fn cut(seed: u64, deaf: Option<Deaf>) {
    let (root, deeds) = recorded();
    let mut chance = Chance::new(seed);
    let disk = SimulatedDisk::default();
    // The directory of the data is there and durable.
    if let Some(deaf) = deaf {
        disk.ignore_syncs(deaf);
    }
    let mut stored = 0;
    for deed in &deeds[..chance.below(deeds.len() + 1)] {
        match deed {
            Deed::Said(text) => stored = text.trim().strip_prefix("stored ").map_or(stored, |n| n.parse().unwrap()),
            Deed::Directory(path) if path == root => {}
            deed => deed.replay(&disk, root).unwrap(),
        }
    }
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    disk.after_power_cut(&mut chance).write_out(folder.path()).unwrap();
    let dir = folder.path().join("store");
    // Memory that its processes share while they run, and no file that outlives a machine.
    let _gone = std::fs::remove_file(dir.join("store.sqlite-shm"));
    let store = open(&dir);
    let newest = store.get(&system(), INCIDENT, "newest").unwrap().map_or(0, |document| document.version);
    assert!(newest == stored || newest == stored + 1, "{stored} commits were answered, {newest} are there");
    for number in newest.saturating_sub(DOCUMENTS - 1).max(1)..=newest {
        let found = store.get(&system(), INCIDENT, &format!("i{}", number % DOCUMENTS)).unwrap().unwrap();
        assert_eq!(found.time, incident("any", number as i64).time, "commit {number} is torn");
    }
    drop(store);
    assert_eq!(check(&dir), Vec::<Finding>::new());
}

#[test]
fn nothing_answered_is_lost() {
    // What is left is opened by the real SQLite, which waits for the real disk.
    seeds_at_once(4, 200, |seed| cut(seed, None));
}

/// A store that left out its syncs would lose commits, and this test would see it.
#[test]
fn a_store_without_its_syncs_is_caught() {
    let caught = (0..40).filter(|seed| std::panic::catch_unwind(|| cut(*seed, Some(Deaf::Files))).is_err()).count();
    assert!(caught > 10, "{caught} of 40 seeds");
}
