//! Damaged data is named with its file and place.

use std::cell::Cell;
use std::path::Path;

use vigiles_disk::simulated::{Chance, seeds};

use crate::city::{KIND, furnish, line};
use crate::server::{Server, check, files, said, token};

/// A directory of a platform that was used and stopped in order; gives its reading token.
pub(crate) fn used(data: &Path) -> String {
    let (source, reader) = (token(data, "source"), token(data, "administrator"));
    let server = Server::start(data);
    furnish(&server.client(&reader), "{asset} is high", false);
    let source = server.client(&source);
    for number in 0..20 {
        source.deliver(&line("a", number)).unwrap().expect(&[202]);
    }
    server.stop();
    reader
}

pub(crate) fn flip(file: &Path, byte: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[byte] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn a_damaged_byte_is_named_with_its_file_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    used(&data);
    assert!(check(&data, &[]).status.success(), "{}", said(&check(&data, &[])));
    let log = files(&data.join("log"), ".log").remove(0);
    let sealed = files(&data.join("history"), ".obs").remove(0);
    let snapshot = files(&data.join("engine"), "").pop().unwrap();
    for (file, place) in [(log, "byte "), (sealed, "byte "), (snapshot, "whole file")] {
        let middle = std::fs::metadata(&file).unwrap().len() as usize / 2;
        flip(&file, middle);
        let checked = check(&data, &[]);
        let text = said(&checked);
        let named = text.lines().any(|line| line.contains(&*file.to_string_lossy()) && line.contains(place));
        assert!(!checked.status.success() && named, "{}: {text}", file.display());
        flip(&file, middle);
    }
    assert!(check(&data, &[]).status.success(), "{KIND}: mended again");
}

/// A directory from which a part was taken, or that is none, is not in order, and no platform takes readings in it.
#[test]
fn a_missing_part_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    used(&data);
    for part in ["log", "history", "store"] {
        let aside = folder.path().join(part);
        std::fs::rename(data.join(part), &aside).unwrap();
        let checked = check(&data, &[]);
        assert!(!checked.status.success() && said(&checked).contains("missing"), "{part}: {}", said(&checked));
        let refused = Server::refused(&data);
        assert!(refused.contains("missing"), "{part}: {refused}");
        // What the refused start made stands in the way of the part that comes back.
        let _nothing_made = std::fs::remove_dir_all(data.join(part));
        std::fs::rename(&aside, data.join(part)).unwrap();
    }
    assert!(check(&data, &[]).status.success(), "{}", said(&check(&data, &[])));
    assert!(said(&check(folder.path(), &[])).contains("is no data directory"));
}

/// What is damaged is set aside, what is lost is named, the platform starts on the rest and goes on.
#[test]
fn a_repair_keeps_what_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (source, reader) = (token(&data, "source"), token(&data, "administrator"));
    let mut server = Server::start(&data);
    furnish(&server.client(&reader), "{asset} is high", false);
    let client = server.client(&source);
    for number in 0..20 {
        client.deliver(&line("a", number)).unwrap().expect(&[202]);
    }
    // Not stopped in order, so the readings are in the log alone.
    server.kill();
    drop(server);
    let log = files(&data.join("log"), ".log").remove(0);
    let bytes = std::fs::read(&log).unwrap();
    let tenth = 10.0_f64.to_le_bytes();
    flip(&log, bytes.windows(8).rposition(|window| window == tenth).unwrap());

    let repaired = check(&data, &["--repair"]);
    let text = said(&repaired);
    assert!(repaired.status.success() && text.contains("1 records, offsets ") && text.contains("are lost"), "{text}");
    assert_eq!(files(&data.join("damaged"), ".log").len(), 1, "{text}");
    assert!(check(&data, &[]).status.success());

    let server = Server::start(&data);
    server.client(&source).deliver(&line("b", 1000)).unwrap().expect(&[202]);
    let reader = server.client(&reader);
    let list = format!("/api/v1/observations?kind={KIND}");
    while !reader.all(&list).iter().any(|item| item["asset"] == "b") {}
    let values = reader.all(&list).iter().map(|item| item["value"].as_f64().unwrap() as u64).collect::<Vec<_>>();
    assert_eq!(values.len(), 20, "19 of 20 readings, and the new one: {text}");
    assert!(!values.contains(&10));
    server.stop();
}

/// Any bit of any file of a directory, and any end cut off: `vigiles check` finds it, or the file is read back as it was.
/// What SQLite keeps free in its pages holds nothing; `crates/store/tests/it/flips.rs` shows that only there is it silent.
#[test]
fn no_damage_of_any_file_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    used(&data);
    let whole: Vec<_> =
        files(&data, "").into_iter().filter(|file| std::fs::metadata(file).unwrap().len() > 0).collect();
    assert!(whole.len() >= 8, "{whole:?}");
    let copied = folder.path().join("copied");
    let (found, in_free_pages) = (Cell::new(0), Cell::new(0));
    seeds(40, |seed| {
        let mut chance = Chance::new(seed);
        // A check that finds nothing opens the parts, which write.
        let _none_yet = std::fs::remove_dir_all(&copied);
        for file in &whole {
            let copy = copied.join(file.strip_prefix(&data).unwrap());
            std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
            std::fs::copy(file, copy).unwrap();
        }
        let file = &copied.join(whole[chance.below(whole.len())].strip_prefix(&data).unwrap());
        let sound = std::fs::read(file).unwrap();
        let mut bytes = sound.clone();
        if chance.once_in(5) {
            bytes.truncate(chance.below(sound.len()));
        } else {
            bytes[chance.below(sound.len())] ^= 1 << chance.below(8);
        }
        std::fs::write(file, &bytes).unwrap();
        let checked = check(&copied, &[]);
        let is_store = file.starts_with(copied.join("store"));
        assert!(!checked.status.success() || is_store, "{}: {}", file.display(), said(&checked));
        let count = if checked.status.success() { &in_free_pages } else { &found };
        count.set(count.get() + 1);
    });
    println!("{} found, {} in free places of the store's pages", found.get(), in_free_pages.get());
    assert!(check(&data, &[]).status.success(), "{}", said(&check(&data, &[])));
}
