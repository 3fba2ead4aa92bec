//! Sealing: compressed, then XChaCha20-Poly1305 with a random nonce; the object's own name is authenticated with it, so that
//! one object cannot stand in for another.
//!
//! A sealed object is `VGLB`, the version (u8), the nonce (24 bytes), the ciphertext with its tag (16 bytes).

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use vigiles_trust::random;

use crate::error::BackupError;

const MAGIC: &[u8; 4] = b"VGLB";
const VERSION: u8 = 1;
const HEADER: usize = 5;
const NONCE: usize = 24;
/// The first byte inside: how the rest is packed.
const RAW: u8 = 0;
const LZ4: u8 = 1;
/// Largest object, unpacked: a damaged length must not take all memory.
pub(crate) const MAX_BYTES: usize = 64 << 20;

/// A secret of 32 bytes. `Debug` does not show it.
#[derive(Clone)]
pub struct Secret(pub(crate) [u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Seals `plain` as the object `name` of the repository `id`.
pub(crate) fn seal(key: &Secret, id: &[u8; 16], name: &str, plain: &[u8]) -> Result<Vec<u8>, BackupError> {
    let packed = lz4_flex::compress_prepend_size(plain);
    let (flag, body) = if packed.len() < plain.len() { (LZ4, &packed[..]) } else { (RAW, plain) };
    let mut inside = Vec::with_capacity(1 + body.len());
    inside.push(flag);
    inside.extend_from_slice(body);
    seal_raw(key, &context(id, name), &inside)
}

/// Opens what [`seal`] made; anything else is [`BackupError::Damaged`].
pub(crate) fn open(key: &Secret, id: &[u8; 16], name: &str, sealed: &[u8]) -> Result<Vec<u8>, BackupError> {
    let inside = open_raw(key, &context(id, name), sealed).map_err(|what| BackupError::damaged(name, what))?;
    let damaged = |what: String| BackupError::damaged(name, what);
    match inside.split_first() {
        Some((&RAW, plain)) => Ok(plain.to_vec()),
        Some((&LZ4, packed)) => {
            let (size, packed) = lz4_flex::block::uncompressed_size(packed).map_err(|e| damaged(e.to_string()))?;
            if size > MAX_BYTES {
                return Err(damaged(format!("unpacks to {size} bytes, more than {MAX_BYTES}")));
            }
            lz4_flex::decompress(packed, size).map_err(|e| damaged(e.to_string()))
        }
        _ => Err(damaged("packed in a way that this program does not know".to_owned())),
    }
}

/// Seals bytes as they are, with something that must be the same when they are opened.
pub(crate) fn seal_raw(key: &Secret, with: &[u8], inside: &[u8]) -> Result<Vec<u8>, BackupError> {
    let nonce: [u8; NONCE] = random::bytes().map_err(|e| BackupError::Random(e.to_string()))?;
    let cipher = XChaCha20Poly1305::new((&key.0).into());
    let payload = Payload { msg: inside, aad: with };
    // It fails for more bytes than a machine holds.
    let body = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|e| BackupError::Random(e.to_string()))?;
    let mut out = Vec::with_capacity(HEADER + NONCE + body.len());
    out.extend_from_slice(MAGIC);
    out.push(VERSION);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&body);
    Ok(out)
}

/// Opens what [`seal_raw`] made.
pub(crate) fn open_raw(key: &Secret, with: &[u8], sealed: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (header, rest) = sealed.split_at_checked(HEADER).ok_or("shorter than its header")?;
    if &header[..4] != MAGIC {
        return Err("no sealed object");
    }
    if header[4] != VERSION {
        return Err("sealed in a version that this program does not know");
    }
    let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or("shorter than its header")?;
    let cipher = XChaCha20Poly1305::new((&key.0).into());
    cipher
        .decrypt(&XNonce::from(*nonce), Payload { msg: body, aad: with })
        .map_err(|_| "sealed with another key, changed, or not the object of this name")
}

fn context(id: &[u8; 16], name: &str) -> Vec<u8> {
    [&id[..], name.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: [u8; 16] = [7; 16];

    proptest! {
        #[test]
        fn what_is_sealed_opens_as_itself_alone(plain: Vec<u8>, at: prop::sample::Index, bit in 0..8_u8) {
            let key = Secret([3; 32]);
            let sealed = seal(&key, &ID, "chunks/a", &plain).unwrap();
            prop_assert_eq!(open(&key, &ID, "chunks/a", &sealed).unwrap(), plain);
            prop_assert!(open(&key, &ID, "chunks/b", &sealed).is_err());
            prop_assert!(open(&key, &[8; 16], "chunks/a", &sealed).is_err());
            prop_assert!(open(&Secret([4; 32]), &ID, "chunks/a", &sealed).is_err());
            let mut changed = sealed.clone();
            let at = at.index(changed.len());
            changed[at] ^= 1 << bit;
            prop_assert!(open(&key, &ID, "chunks/a", &changed).is_err());
            prop_assert!(open(&key, &ID, "chunks/a", &sealed[..at]).is_err());
        }
    }

    #[test]
    fn equal_contents_are_not_seen_to_be_equal() {
        let key = Secret([3; 32]);
        assert_ne!(seal(&key, &ID, "a", b"x").unwrap(), seal(&key, &ID, "a", b"x").unwrap());
    }
}
