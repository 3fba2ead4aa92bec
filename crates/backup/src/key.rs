//! The key of a repository: a random master key, wrapped by what a key file holds. A key file made by [`create`] holds 32
//! random bytes; any other text in it is a passphrase, stretched by Argon2id.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use vigiles_trust::random;

use crate::error::BackupError;
pub use crate::seal::Secret;
use crate::seal::{open_raw, seal_raw};

const PREFIX: &str = "vigiles-backup-key-1:";
/// Shortest passphrase, in characters.
const MIN_PASSPHRASE: usize = 16;
/// OWASP's second choice for Argon2id is 19 MiB; a repository is opened rarely, so more.
const MEMORY_KIB: u32 = 64 << 10;
const PASSES: u32 = 3;
/// Longest key file.
const MAX_BYTES: usize = 4096;

/// What a key file holds.
#[derive(Debug, Clone)]
pub enum KeyFile {
    /// Random bytes.
    Random(Secret),
    /// A passphrase.
    Passphrase(Passphrase),
}

/// A passphrase. `Debug` does not show it.
#[derive(Clone)]
pub struct Passphrase(String);

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// Makes a key file that only its owner may read. There must be none yet.
pub fn create(path: &Path) -> Result<(), BackupError> {
    let secret: [u8; 32] = random::bytes().map_err(|e| BackupError::Random(e.to_string()))?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(BackupError::io("making", path))?;
    let text = format!("{PREFIX}{}\n", BASE64.encode(secret));
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(BackupError::io("writing", path))
}

/// Reads a key file.
pub fn read(path: &Path) -> Result<KeyFile, BackupError> {
    let text = std::fs::read_to_string(path).map_err(BackupError::io("reading", path))?;
    parse(&text).map_err(|why| BackupError::Key(format!("{}: {why}", path.display())))
}

/// Reads the text of a key file. The error does not repeat it.
pub fn parse(text: &str) -> Result<KeyFile, String> {
    let line = text.trim_end_matches(['\r', '\n']);
    if line.len() > MAX_BYTES || line.contains('\n') {
        return Err("a key file has one line".to_owned());
    }
    match line.strip_prefix(PREFIX) {
        Some(encoded) => {
            let bytes = BASE64.decode(encoded.trim()).ok().and_then(|bytes| bytes.try_into().ok());
            bytes
                .map(|bytes| KeyFile::Random(Secret(bytes)))
                .ok_or_else(|| "the key is cut short or mistyped".to_owned())
        }
        None if line.chars().count() < MIN_PASSPHRASE => {
            Err(format!("a passphrase has at least {MIN_PASSPHRASE} characters"))
        }
        None => Ok(KeyFile::Passphrase(Passphrase(line.to_owned()))),
    }
}

/// The object that holds the wrapped master key; plain JSON, so that it can be told what a repository is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Envelope {
    /// The format of the repository.
    pub(crate) vigiles_repository: u32,
    /// The repository's own id, in hex.
    pub(crate) id: String,
    /// How the wrapping key comes from a passphrase; none where the key file holds random bytes.
    stretched: Option<Stretched>,
    /// The master key, sealed.
    wrapped: String,
}

impl Envelope {
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec_pretty(self).map_err(|e| e.to_string())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stretched {
    salt: String,
    memory_kib: u32,
    passes: u32,
}

/// The keys that work is done with.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    /// Seals objects.
    pub(crate) objects: Secret,
    /// Names them.
    pub(crate) names: Secret,
}

impl Keys {
    fn derive(master: &Secret) -> Self {
        let derive = |purpose: &str| Secret(blake3::derive_key(purpose, &master.0));
        Self { objects: derive("vigiles 2026 backup objects"), names: derive("vigiles 2026 backup names") }
    }
}

/// Makes the envelope of a new repository, and its keys.
pub(crate) fn wrap(file: &KeyFile) -> Result<(Envelope, [u8; 16], Keys), BackupError> {
    let random = |e: random::RandomError| BackupError::Random(e.to_string());
    let id: [u8; 16] = random::bytes().map_err(random)?;
    let master = Secret(random::bytes().map_err(random)?);
    let stretched = match file {
        KeyFile::Random(_) => None,
        KeyFile::Passphrase(_) => {
            let salt: [u8; 16] = random::bytes().map_err(random)?;
            Some(Stretched { salt: BASE64.encode(salt), memory_kib: MEMORY_KIB, passes: PASSES })
        }
    };
    let wrapping = wrapping_key(file, stretched.as_ref()).map_err(BackupError::Key)?;
    let wrapped = BASE64.encode(seal_raw(&wrapping, &id, &master.0)?);
    let id_text = crate::names::hex(&id);
    Ok((Envelope { vigiles_repository: 1, id: id_text, stretched, wrapped }, id, Keys::derive(&master)))
}

/// Opens the envelope of a repository.
pub(crate) fn unwrap(envelope: &Envelope, file: &KeyFile) -> Result<([u8; 16], Keys), String> {
    if envelope.vigiles_repository != 1 {
        return Err(format!("format {} is not known to this program", envelope.vigiles_repository));
    }
    let id = crate::names::unhex(&envelope.id).filter(|id| crate::names::hex(id) == envelope.id);
    let id = id.ok_or("its id is damaged")?;
    let wrapping = wrapping_key(file, envelope.stretched.as_ref())?;
    let wrapped = BASE64.decode(&envelope.wrapped).map_err(|_| "the wrapped key is damaged")?;
    let master = open_raw(&wrapping, &id, &wrapped).map_err(|_| "the key file does not open it, or it was changed")?;
    let master = master.try_into().map_err(|_| "the wrapped key is damaged")?;
    Ok((id, Keys::derive(&Secret(master))))
}

fn wrapping_key(file: &KeyFile, stretched: Option<&Stretched>) -> Result<Secret, String> {
    match (file, stretched) {
        (KeyFile::Random(secret), None) => Ok(Secret(blake3::derive_key("vigiles 2026 backup key file", &secret.0))),
        (KeyFile::Passphrase(passphrase), Some(stretched)) => {
            // A changed envelope must not take all memory or all time.
            if stretched.memory_kib > 4 * MEMORY_KIB || stretched.passes > 4 * PASSES {
                return Err("its key derivation asks for too much".to_owned());
            }
            let salt = BASE64.decode(&stretched.salt).map_err(|_| "its salt is damaged")?;
            let params = Params::new(stretched.memory_kib, stretched.passes, 1, Some(32)).map_err(|e| e.to_string())?;
            let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let mut key = [0; 32];
            argon.hash_password_into(passphrase.0.as_bytes(), &salt, &mut key).map_err(|e| e.to_string())?;
            Ok(Secret(key))
        }
        (KeyFile::Random(_), Some(_)) => Err("it opens with a passphrase, and the key file holds a key".to_owned()),
        (KeyFile::Passphrase(_), None) => Err("it opens with a key, and the key file holds a passphrase".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<bool, &str>) {
        match (parse(text), expected) {
            (Ok(KeyFile::Random(_)), Ok(true)) | (Ok(KeyFile::Passphrase(_)), Ok(false)) => {}
            (Err(said), Err(part)) if said.contains(part) => {}
            (found, _) => panic!("{text}: {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn a_key_file_holds_a_key_or_a_passphrase() {
        check(&format!("{PREFIX}{}\n", BASE64.encode([1; 32])), Ok(true));
        check("correct horse battery staple\n", Ok(false));
        check("too short", Err("at least 16"));
        check("two lines of text\nare one too many", Err("one line"));
        check(&format!("{PREFIX}{}", BASE64.encode([1; 31])), Err("mistyped"));
    }

    #[test]
    fn an_envelope_opens_with_its_own_file_alone() {
        let random = parse(&format!("{PREFIX}{}", BASE64.encode([1; 32]))).unwrap();
        let other = parse(&format!("{PREFIX}{}", BASE64.encode([2; 32]))).unwrap();
        let phrase = parse("correct horse battery staple").unwrap();
        let wrong = parse("correct horse battery stapler").unwrap();
        for (right, wrongs) in [(&random, [&other, &phrase]), (&phrase, [&wrong, &random])] {
            let (envelope, id, keys) = wrap(right).unwrap();
            let (found, again) = unwrap(&envelope, right).unwrap();
            assert_eq!((found, again.objects.0, again.names.0), (id, keys.objects.0, keys.names.0));
            for wrong in wrongs {
                unwrap(&envelope, wrong).unwrap_err();
            }
        }
    }

    #[test]
    fn a_made_key_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(read(&path), Ok(KeyFile::Random(_))));
        create(&path).unwrap_err();
    }
}
