//! Records, lists of files, pieces of logs and key files of a repository of backups: read or refused, and never a path that
//! leads out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_backup::piece::Piece;
use vigiles_backup::record::{Backup, Tree};

fuzz_target!(|data: &[u8]| {
    let _refused = Backup::parse(data);
    if let Ok(piece) = Piece::parse(data) {
        assert!(piece.end() > piece.first);
    }
    if let Ok(tree) = Tree::parse(data) {
        let leads_out = |path: &str| path.starts_with('/') || path.split('/').any(|part| part == "..");
        assert!(!tree.files.iter().any(|file| leads_out(&file.path)));
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _refused = vigiles_backup::key::parse(text);
    }
});
