//! Damaged data is named with its file and place.

use std::path::Path;

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
