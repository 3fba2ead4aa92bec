//! Secrets that stand for a person or a machine: bearer tokens, sessions, one-time links.
//!
//! The text is `vgl_<id>_<secret>`: a prefix that says what it is for (secret scanners find it), 64 bits
//! of id to look it up by, 256 bits of secret. Only the SHA-256 of the text is stored; the secret has
//! the full entropy of its length, so that a slow hash would add nothing.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::random::{self, RandomError};

const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;
const SECRET_CHARACTERS: usize = 43;

/// What a secret is for. One made for a use is worthless for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Use {
    /// `Authorization: Bearer`, MQTT passwords: devices, sources, scripts.
    Bearer,
    /// The cookie of a signed-in browser.
    Session,
    /// A link that signs in once.
    Link,
}

/// A fresh secret. The text is shown once; id and hash are stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Minted {
    /// What to look it up by; not a secret.
    pub id: String,
    /// The secret itself.
    pub text: String,
    /// What is stored.
    pub hash: SecretHash,
}

/// A secret that somebody presents, not yet known to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// What to look it up by.
    pub id: String,
    /// To be compared with the stored hash by [`SecretHash::matches`].
    pub hash: SecretHash,
}

/// The SHA-256 of a secret, in hexadecimal where it is stored.
#[derive(Debug, Clone, Copy, Eq)]
pub struct SecretHash([u8; 32]);

/// Why a text is no secret of this platform. It never repeats the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Another use, or no secret of ours at all.
    #[error("not a {expected} secret: it begins with `{}_`", expected.prefix())]
    Prefix {
        /// The use asked for.
        expected: Use,
    },
    /// It is cut or mistyped.
    #[error("the secret is cut or mistyped: after `{}_` come 16 hexadecimal digits, `_` and {SECRET_CHARACTERS} characters", .0.prefix())]
    Form(Use),
    /// A stored hash that is not 64 hexadecimal digits.
    #[error("a stored secret hash is not 64 hexadecimal digits")]
    Hash,
}

impl Use {
    /// What its texts begin with, before the first `_`.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Bearer => "vgl",
            Self::Session => "vgs",
            Self::Link => "vgo",
        }
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bearer => "bearer token",
            Self::Session => "session",
            Self::Link => "one-time link",
        })
    }
}

/// Makes a fresh secret.
pub fn mint(for_use: Use) -> Result<Minted, RandomError> {
    let id = hex(&random::bytes::<ID_BYTES>()?);
    let secret = URL_SAFE_NO_PAD.encode(random::bytes::<SECRET_BYTES>()?);
    let text = format!("{}_{id}_{secret}", for_use.prefix());
    let hash = SecretHash::of(&text);
    Ok(Minted { id, text, hash })
}

/// Reads a presented secret; whether it is right shows only against the stored hash.
pub fn present(for_use: Use, text: &str) -> Result<Presented, TokenError> {
    let rest = text
        .strip_prefix(for_use.prefix())
        .and_then(|rest| rest.strip_prefix('_'))
        .ok_or(TokenError::Prefix { expected: for_use })?;
    let (id, secret) = rest.split_once('_').ok_or(TokenError::Form(for_use))?;
    let id_fits = id.len() == ID_BYTES * 2 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let secret_fits = secret.len() == SECRET_CHARACTERS
        && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !(id_fits && secret_fits) {
        return Err(TokenError::Form(for_use));
    }
    Ok(Presented { id: id.to_owned(), hash: SecretHash::of(text) })
}

impl SecretHash {
    fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Whether both are of the same secret, in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// 64 hexadecimal digits, to be stored.
    pub fn to_hex(&self) -> String {
        hex(&self.0)
    }

    /// From what was stored.
    pub fn from_hex(text: &str) -> Result<Self, TokenError> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(TokenError::Hash);
        }
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| TokenError::Hash)?;
        }
        Ok(Self(bytes))
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other)
    }
}

impl fmt::Debug for Minted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minted").field("id", &self.id).finish_non_exhaustive()
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minted_secret_is_recognised() {
        for for_use in [Use::Bearer, Use::Session, Use::Link] {
            let minted = mint(for_use).unwrap();
            let presented = present(for_use, &minted.text).unwrap();
            assert_eq!(presented.id, minted.id);
            assert!(presented.hash.matches(&SecretHash::from_hex(&minted.hash.to_hex()).unwrap()));
            assert!(!format!("{minted:?}").contains(&minted.text), "debug output hides the secret");
        }
    }

    #[test]
    fn another_secret_with_the_same_id_does_not_match() {
        let (one, two) = (mint(Use::Bearer).unwrap(), mint(Use::Bearer).unwrap());
        let forged = format!("vgl_{}_{}", one.id, two.text.splitn(3, '_').nth(2).unwrap());
        assert!(!present(Use::Bearer, &forged).unwrap().hash.matches(&one.hash));
    }

    fn check(text: &str, expected: TokenError) {
        assert_eq!(present(Use::Bearer, text), Err(expected), "{text}");
    }

    #[test]
    fn other_texts_are_refused() {
        check("", TokenError::Prefix { expected: Use::Bearer });
        check("vgs_0123456789abcdef_x", TokenError::Prefix { expected: Use::Bearer });
        check("vgl_0123456789abcdef", TokenError::Form(Use::Bearer));
        check(&format!("vgl_0123456789ABCDEF_{}", "x".repeat(43)), TokenError::Form(Use::Bearer));
        check(&format!("vgl_0123456789abcdef_{}", "x".repeat(42)), TokenError::Form(Use::Bearer));
        check(&format!("vgl_0123456789abcdef_{}", "ä".repeat(21) + "x"), TokenError::Form(Use::Bearer));
        assert_eq!(SecretHash::from_hex("12"), Err(TokenError::Hash));
        assert_eq!(SecretHash::from_hex(&"zz".repeat(32)), Err(TokenError::Hash));
        assert_eq!(SecretHash::from_hex(&"+1".repeat(32)), Err(TokenError::Hash));
    }
}
