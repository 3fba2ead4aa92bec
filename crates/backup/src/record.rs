//! What a backup consists of: a record, which names the files and where the log goes on from them.

use serde::{Deserialize, Serialize};
use vigiles_model::Timestamp;

use crate::names::{ChunkId, LineId};

const VERSION: u8 = 1;

/// A backup: files as they were at one moment, and the place in the log from which the rest is replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Its own id.
    pub id: [u8; 16],
    /// Whose log it belongs to: one platform's, from its first start or restore on.
    pub line: [u8; 16],
    /// When it was complete, in platform time: no later entry is in it.
    pub at: Timestamp,
    /// The version of the program that made it.
    pub program: String,
    /// The first log entry that a restore needs.
    pub log_from: u64,
    /// The files hold what came of all entries before this: a restored log must reach so far.
    pub acted_on: u64,
    /// The piece of the log that holds `log_from`.
    pub piece: u64,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The chunks that the list of files consists of.
    pub(crate) tree: Vec<ChunkId>,
}

impl Backup {
    /// Its id as people write it.
    pub fn name(&self) -> String {
        crate::names::hex(&self.id)
    }

    /// The line that it belongs to, as people write it.
    pub fn line_name(&self) -> String {
        crate::names::hex(&self.line)
    }

    /// Reads the bytes of a record.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        parse(bytes)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }

    pub(crate) fn line(&self) -> &LineId {
        &self.line
    }
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Where it goes, below the data directory.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Its contents in order.
    pub(crate) chunks: Vec<ChunkId>,
}

/// All files of a backup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// The files.
    pub files: Vec<File>,
}

impl Tree {
    /// Reads the bytes of a tree. Every path of it stays below the directory that it is restored to.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let tree: Self = parse(bytes)?;
        match tree.files.iter().find(|file| !is_below(&file.path)) {
            Some(file) => Err(format!("the path {:?} leads out of the directory", file.path)),
            None => Ok(tree),
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }
}

fn is_below(path: &str) -> bool {
    let mut components = std::path::Path::new(path).components();
    !path.is_empty() && components.all(|part| matches!(part, std::path::Component::Normal(_)))
}

/// Puts the version before the bytes of a value.
pub(crate) fn to_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_extend(value, vec![VERSION]).expect("a vector takes every byte")
}

/// Reads what [`to_bytes`] made.
pub(crate) fn parse<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, String> {
    let (version, body) = bytes.split_first().ok_or("it is empty")?;
    if *version != VERSION {
        return Err(format!("version {version} is not known to this program"));
    }
    match postcard::take_from_bytes(body) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err("bytes follow its end".to_owned()),
        Err(e) => Err(e.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: bool) {
        let tree = Tree { files: vec![File { path: path.to_owned(), bytes: 0, chunks: Vec::new() }] };
        assert_eq!(Tree::parse(&tree.to_bytes()).is_ok(), expected, "{path}");
    }

    #[test]
    fn no_path_leads_out() {
        check("store/store.sqlite", true);
        check("configuration/city/rules/a.toml", true);
        for path in ["/etc/passwd", "../key", "a/../../b", "", "./a"] {
            check(path, path == "./a" && is_below(path));
        }
    }

    #[test]
    fn a_record_reads_back_and_nothing_else_does() {
        let record = Backup {
            id: [1; 16],
            line: [2; 16],
            at: Timestamp(3),
            program: "4".to_owned(),
            log_from: 5,
            acted_on: 6,
            piece: 7,
            files: 8,
            bytes: 9,
            tree: vec![[10; 32]],
        };
        let bytes = record.to_bytes();
        assert_eq!(Backup::parse(&bytes).unwrap(), record);
        for wrong in [&bytes[1..], &bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &[]] {
            Backup::parse(wrong).unwrap_err();
        }
    }
}
