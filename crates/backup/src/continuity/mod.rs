//! The continuity pack: one page that opens in any browser without a server, a network or this program, with what a control
//! room needs to go on by hand; signed, so that a forged one is told from a true one.
//!
//! Invariant: the page holds no script and asks no network for anything.

mod gather;
mod html;
mod page;
mod signing;
mod steps;

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

pub use gather::{Contact, Pack, gather};
pub use page::page;
pub use signing::{Key, fingerprint, verify};

use crate::error::BackupError;

/// The files beside a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Its signature: the 64 bytes of Ed25519.
    pub signature: PathBuf,
    /// The key that proves it, as PEM. It proves nothing unless its fingerprint is known from elsewhere.
    pub public_key: PathBuf,
}

impl Files {
    /// Of a page.
    pub fn of(page: &Path) -> Self {
        let beside = |ending: &str| {
            let mut name = page.file_name().unwrap_or_default().to_owned();
            name.push(ending);
            page.with_file_name(name)
        };
        Self { signature: beside(".sig"), public_key: beside(".pub") }
    }
}

/// Writes the page and what is beside it, readable by their owner alone. Each is replaced whole; whoever reads between the page
/// and its signature reads once more.
pub fn write(path: &Path, pack: &Pack, key: &Key) -> Result<(), BackupError> {
    let text = page(pack, &key.fingerprint());
    let files = Files::of(path);
    replace(&files.public_key, key.public_pem()?.as_bytes())?;
    replace(&files.signature, &key.sign(text.as_bytes()))?;
    replace(path, text.as_bytes())
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    match fs::remove_file(&fresh) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(BackupError::io("removing", &fresh)(e)),
        _ => {}
    }
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        File::open(path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(BackupError::io("writing", path))
}
