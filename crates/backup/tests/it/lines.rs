//! Backups build on each other; a restored platform begins a line of its own; any moment can be restored.

use vigiles_backup::{Acknowledge, BackupError, Repository, check, plan, prune, restore};
use vigiles_model::Timestamp;
use vigiles_runtime::topic;

use crate::fixture::{Parts, in_directory, random_key, texts};

/// Bytes of a file that stays as it is.
const LARGE: usize = 1 << 20;

/// Restores to a moment; gives the first offset and the texts of the log.
fn restored(repository: &Repository, to: Option<i64>, name: &str, folder: &std::path::Path) -> (u64, Vec<String>) {
    let data = folder.join(name);
    let plan = plan(repository, None, to.map(Timestamp::from_secs)).unwrap();
    let told = restore(repository, &plan, &topic(), &data).unwrap();
    let found = texts(&data);
    assert_eq!(told.entries, found.1.len() as u64);
    found
}

#[test]
fn any_moment_after_the_first_backup_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let repository = in_directory(&folder.path().join("repository"));
    let parts = Parts::open(&folder.path().join("data"), &repository, Acknowledge::Repository);
    // The base map, which does not change, and does not become smaller by being packed.
    let noise: Vec<u8> = (0..LARGE as u64 / 32).flat_map(|i| *blake3::hash(&i.to_le_bytes()).as_bytes()).collect();
    std::fs::write(parts.data.join("basemap.pmtiles"), noise).unwrap();
    let end = parts.append(&["a", "b", "c"]); // at 1001, 1002, 1003
    parts.act(end - 1);
    let first = parts.take();
    assert_eq!((first.backup.log_from, first.backup.acted_on), (0, 2), "history has nothing: all of it is replayed");
    parts.append(&["d", "e"]); // at 1004, 1005
    parts.act(5);
    let second = parts.take();
    parts.append(&["f"]); // at 1006
    parts.log.shipping().finish();
    assert!(first.written > LARGE as u64 && second.written < LARGE as u64 / 10, "{second:?} {first:?}");

    let all = ["a", "b", "c", "d", "e", "f"];
    for (to, count, name) in [
        (Some(1003), 3, "at3"),
        (Some(1004), 4, "at4"),
        (Some(1005), 5, "at5"),
        (Some(9999), 6, "late"),
        (None, 6, "end"),
    ] {
        assert_eq!(
            restored(&repository, to, name, folder.path()),
            (0, all[..count].iter().map(|text| (*text).to_owned()).collect())
        );
        let engine = folder.path().join(name).join("engine");
        let snapshots = std::fs::read_dir(engine).unwrap().count();
        assert_eq!(snapshots, if to.is_some_and(|to| to < 1005) { 1 } else { 2 }, "{name}");
        assert_eq!(vigiles_store::check(&folder.path().join(name).join("store")), []);
        assert_eq!(vigiles_history::check(&folder.path().join(name).join("history")), []);
    }
    let early = plan(&repository, None, Some(Timestamp::from_secs(1002))).unwrap_err();
    assert!(early.to_string().contains("the oldest backup"), "{early}");
    let named = plan(&repository, Some(&first.backup.name()[..6]), None).unwrap();
    assert_eq!(named.backup, first.backup);
    plan(&repository, Some("no such"), None).unwrap_err();
    assert_eq!(check(&repository, &random_key()).unwrap().findings, []);
}

#[test]
fn a_restored_platform_begins_a_line_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let repository = in_directory(&folder.path().join("repository"));
    let data = folder.path().join("data");
    let parts = Parts::open(&data, &repository, Acknowledge::Repository);
    parts.act(parts.append(&["a", "b"]));
    let first = parts.take().backup;
    parts.append(&["lost"]);
    drop(parts);
    // Back to before the last entry, and on.
    let back = folder.path().join("back");
    let to = plan(&repository, None, Some(Timestamp::from_secs(1002))).unwrap();
    restore(&repository, &to, &topic(), &back).unwrap();
    let parts = Parts::open(&back, &repository, Acknowledge::Repository);
    parts.clock.set(Timestamp::from_secs(2000));
    parts.act(parts.append(&["c"]));
    let second = parts.take().backup;
    assert_ne!(first.line, second.line);
    drop(parts);
    assert_eq!(restored(&repository, None, "newest", folder.path()).1, ["a", "b", "c"]);
    assert_eq!(restored(&repository, Some(1500), "before", folder.path()).1, ["a", "b", "lost"]);
    assert_eq!(check(&repository, &random_key()).unwrap().findings, []);

    // A copy of the old directory that goes on as if nothing had happened, in the old line: what was shipped of it stands.
    let old = Parts::open(&data, &repository, Acknowledge::Repository);
    assert_eq!(old.log.shipping().line_id(), first.line);
}

#[test]
fn two_platforms_on_one_line_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let repository = in_directory(&folder.path().join("repository"));
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    drop(Parts::open(&one, &repository, Acknowledge::Repository));
    std::fs::create_dir(&two).unwrap();
    std::fs::copy(one.join("backup-line"), two.join("backup-line")).unwrap();
    let (one, two) =
        (Parts::open(&one, &repository, Acknowledge::Log), Parts::open(&two, &repository, Acknowledge::Log));
    one.append(&["from one"]);
    one.log.shipping().wait_for(1).unwrap();
    two.append(&["from two"]);
    let told = two.log.shipping().wait_for(1).unwrap_err();
    assert!(matches!(&told, BackupError::Nothing(why) if why.contains("another platform writes to it")), "{told}");
}

#[test]
fn pruning_leaves_what_the_last_days_need() {
    let folder = tempfile::tempdir().unwrap();
    let repository = in_directory(&folder.path().join("repository"));
    let parts = Parts::open(&folder.path().join("data"), &repository, Acknowledge::Repository);
    for round in ["a", "b", "c", "d"] {
        parts.act(parts.append(&[round])); // at 1001, 1002, 1003, 1004
        parts.take();
    }
    let pruned = prune(&repository, Timestamp::from_secs(1003)).unwrap();
    assert_eq!(pruned.backups, 2, "{pruned:?}");
    assert!(pruned.chunks > 0, "{pruned:?}");
    assert_eq!(repository.backups().unwrap().len(), 2);
    let checked = check(&repository, &random_key()).unwrap();
    assert_eq!((checked.backups, &checked.findings[..]), (2, &[][..]));
    assert_eq!(restored(&repository, Some(1003), "three", folder.path()).1, ["a", "b", "c"]);
    // The platform goes on with what is left.
    parts.act(parts.append(&["e"]));
    parts.take();
    // Everything is old: the newest stays all the same.
    prune(&repository, Timestamp::from_secs(99_999)).unwrap();
    assert_eq!(repository.backups().unwrap().len(), 1);
    assert_eq!(restored(&repository, None, "newest", folder.path()).1, ["a", "b", "c", "d", "e"]);
    assert_eq!(check(&repository, &random_key()).unwrap().findings, []);
}
