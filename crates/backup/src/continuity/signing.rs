//! The signing key of continuity pages: Ed25519 (RFC 8032), in the forms that OpenSSL reads (PKCS #8, SPKI).

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use vigiles_trust::random;

use crate::error::BackupError;

/// A signing key. `Debug` shows its fingerprint.
pub struct Key(SigningKey);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.fingerprint())
    }
}

impl Key {
    /// Makes a key file that only its owner may read. There must be none yet.
    pub fn create(path: &Path) -> Result<Self, BackupError> {
        let secret: [u8; 32] = random::bytes().map_err(|e| BackupError::Random(e.to_string()))?;
        let key = SigningKey::from_bytes(&secret);
        let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|e| BackupError::Key(e.to_string()))?;
        let mut options = OpenOptions::new();
        let opened = options.write(true).create_new(true).mode(0o600).open(path);
        let mut file = opened.map_err(BackupError::io("making", path))?;
        let written = file.write_all(pem.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(BackupError::io("writing", path))?;
        Ok(Self(key))
    }

    /// Reads a key file.
    pub fn read(path: &Path) -> Result<Self, BackupError> {
        let text = std::fs::read_to_string(path).map_err(BackupError::io("reading", path))?;
        let key = SigningKey::from_pkcs8_pem(&text);
        key.map(Self).map_err(|e| BackupError::Key(format!("{}: no Ed25519 key as PKCS #8: {e}", path.display())))
    }

    /// What people compare.
    pub fn fingerprint(&self) -> String {
        of(&self.0.verifying_key())
    }

    pub(super) fn public_pem(&self) -> Result<String, BackupError> {
        let pem = self.0.verifying_key().to_public_key_pem(LineEnding::LF);
        pem.map_err(|e| BackupError::Key(e.to_string()))
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }
}

/// The fingerprint of a public key, as PEM: SHA-256 of its SPKI form, in groups of four digits.
pub fn fingerprint(public_pem: &str) -> Result<String, String> {
    VerifyingKey::from_public_key_pem(public_pem).map(|key| of(&key)).map_err(|e| format!("no Ed25519 key: {e}"))
}

/// Whether a key signed these bytes.
pub fn verify(public_pem: &str, bytes: &[u8], signature: &[u8]) -> Result<(), String> {
    let key = VerifyingKey::from_public_key_pem(public_pem).map_err(|e| format!("no Ed25519 key: {e}"))?;
    let signature = Signature::from_slice(signature).map_err(|_| "no signature of 64 bytes".to_owned())?;
    key.verify_strict(bytes, &signature).map_err(|_| "it was not signed by this key, or was changed since".to_owned())
}

fn of(key: &VerifyingKey) -> String {
    let spki = key.to_public_key_der().map(|der| der.as_bytes().to_vec()).unwrap_or_default();
    let hex = crate::names::hex(&Sha256::digest(spki));
    hex.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_bytes_and_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = Key::create(&path).unwrap();
        assert_eq!(Key::read(&path).unwrap().fingerprint(), key.fingerprint());
        Key::create(&path).unwrap_err();
        let (pem, signature) = (key.public_pem().unwrap(), key.sign(b"page"));
        assert_eq!(fingerprint(&pem).unwrap(), key.fingerprint());
        verify(&pem, b"page", &signature).unwrap();
        verify(&pem, b"pages", &signature).unwrap_err();
        verify(&pem, b"page", &signature[1..]).unwrap_err();
        let other = Key::create(&folder.path().join("other")).unwrap().public_pem().unwrap();
        verify(&other, b"page", &signature).unwrap_err();
    }
}
