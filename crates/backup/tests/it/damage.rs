//! Whatever is changed in a repository is found, and named.

use std::fs;
use std::path::Path;

use vigiles_backup::{Acknowledge, BackupError, Repository, check, key, plan, restore};
use vigiles_runtime::topic;

use crate::fixture::{Parts, in_directory, random_key};

/// A repository of two backups and some pieces; gives its files.
fn filled(folder: &Path) -> Vec<std::path::PathBuf> {
    let repository = in_directory(&folder.join("repository"));
    let parts = Parts::open(&folder.join("data"), &repository, Acknowledge::Repository);
    for round in ["a", "b"] {
        parts.act(parts.append(&[round]));
        parts.take();
    }
    drop(parts);
    let mut files = Vec::new();
    let mut waiting = vec![folder.join("repository")];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn findings(folder: &Path) -> Result<Vec<String>, BackupError> {
    let repository = in_directory(&folder.join("repository"));
    let checked = check(&repository, &random_key())?;
    Ok(checked.findings.into_iter().map(|found| format!("{}: {}", found.name, found.what)).collect())
}

#[test]
fn every_flipped_bit_and_every_missing_object_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let files = filled(folder.path());
    assert_eq!(findings(folder.path()).unwrap(), Vec::<String>::new());
    let newest_piece = files.iter().filter(|file| file.to_string_lossy().contains("/log/")).count();
    assert!(newest_piece >= 2, "{files:?}");
    for (number, file) in files.iter().enumerate() {
        let name = file.strip_prefix(folder.path().join("repository")).unwrap().to_str().unwrap();
        let whole = fs::read(file).unwrap();
        let mut changed = whole.clone();
        // Another place in each object.
        let at = (number * 7919) % changed.len();
        changed[at] ^= 1 << (number % 8);
        fs::write(file, &changed).unwrap();
        let found = findings(folder.path()).unwrap();
        assert!(found.iter().any(|line| line.contains(name)), "byte {at} of {name}: {found:?}");
        fs::remove_file(file).unwrap();
        let found = findings(folder.path()).unwrap();
        // Of a record nobody else knows; that the newest ones are there is for people to compare.
        assert_eq!(found.is_empty(), name.starts_with("backups/"), "without {name}: {found:?}");
        fs::write(file, &whole).unwrap();
    }
    // Two whole objects that have changed places.
    let chunks: Vec<_> = files.iter().filter(|file| file.to_string_lossy().contains("/chunks/")).collect();
    fs::copy(chunks[0], chunks[1]).unwrap();
    assert_ne!(findings(folder.path()).unwrap(), Vec::<String>::new());
}

#[test]
fn a_restore_of_damaged_data_fails_and_leaves_no_directory() {
    let folder = tempfile::tempdir().unwrap();
    for file in filled(folder.path()) {
        if !file.to_string_lossy().contains("/chunks/") {
            continue;
        }
        let whole = fs::read(&file).unwrap();
        let mut changed = whole.clone();
        *changed.last_mut().unwrap() ^= 1;
        fs::write(&file, changed).unwrap();
        let repository = in_directory(&folder.path().join("repository"));
        for backup in repository.backups().unwrap() {
            let plan = plan(&repository, Some(&backup.name()), None).unwrap();
            let directory = folder.path().join("back");
            match restore(&repository, &plan, &topic(), &directory) {
                // It needs that chunk.
                Err(error) => assert!(matches!(error, BackupError::Damaged { .. }), "{error}"),
                Ok(_) => fs::remove_dir_all(&directory).unwrap(),
            }
            assert!(!directory.exists());
        }
        fs::write(&file, whole).unwrap();
    }
}

#[test]
fn another_key_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path()));
    let objects = vigiles_backup::objects::DirectoryObjects::new(&folder.path().join("repository"));
    let other = key::parse("vigiles-backup-key-1:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI").unwrap();
    let opened = Repository::open(std::sync::Arc::new(objects), &other);
    assert!(matches!(opened.err(), Some(BackupError::Key(why)) if why.contains("does not open it")));
}

#[test]
fn names_and_contents_tell_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "a very particular secret";
    let repository = in_directory(&folder.path().join("repository"));
    let parts = Parts::open(&folder.path().join("data"), &repository, Acknowledge::Repository);
    parts.act(parts.append(&[secret]));
    parts.take();
    drop(parts);
    let mut waiting = vec![folder.path().join("repository")];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let tells = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(!tells(secret) && !tells("SQLite") && !tells("snapshot"), "{}", path.display());
        let name = path.to_string_lossy();
        assert!(!name.contains("sqlite") && !name.contains("history"), "{name}");
    }
}
