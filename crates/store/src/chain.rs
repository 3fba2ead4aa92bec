//! The audit log as a chain: each entry's hash covers the hash before it. The same for every backend.

use sha2::{Digest, Sha256};
use vigiles_model::Timestamp;
use vigiles_trust::Context;

use crate::contract::{AuditNote, Outcome};
use crate::heads::Heads;

/// The hash before the first entry.
pub(crate) const START: [u8; 32] = [0; 32];

/// Longest text of one field; what is longer is cut, since the log takes no unbounded input.
const MAX_FIELD_BYTES: usize = 4096;

/// Who writes an entry, taken from the context once.
#[derive(Debug, Clone)]
pub(crate) struct Author {
    pub(crate) actor: String,
    pub(crate) agency: Option<String>,
    pub(crate) purpose: &'static str,
    pub(crate) ctx: Context,
}

impl Author {
    pub(crate) fn of(ctx: &Context) -> Self {
        Self {
            actor: ctx.actor().to_string(),
            agency: ctx.agency().map(ToString::to_string),
            purpose: if ctx.is_system() { "system" } else { ctx.purpose().as_str() },
            ctx: ctx.clone(),
        }
    }
}

/// One entry as it is hashed.
pub(crate) struct Link<'a> {
    pub(crate) sequence: u64,
    pub(crate) at: Timestamp,
    pub(crate) actor: &'a str,
    pub(crate) agency: Option<&'a str>,
    pub(crate) purpose: &'a str,
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) outcome: &'a str,
    pub(crate) detail: &'a str,
}

impl<'a> Link<'a> {
    /// The entry that follows the heads, which move on to it, and its hash.
    pub(crate) fn follow(heads: &mut Heads, author: &'a Author, note: &'a AuditNote) -> (Self, [u8; 32]) {
        let link = Self {
            sequence: heads.audit + 1,
            at: heads.at,
            actor: cut(&author.actor),
            agency: author.agency.as_deref(),
            purpose: author.purpose,
            action: cut(&note.action),
            resource: cut(&note.resource),
            outcome: note.outcome.as_str(),
            detail: cut(&note.detail),
        };
        let own = link.hash(&heads.audit_hash);
        heads.audit = link.sequence;
        heads.audit_hash = own;
        (link, own)
    }

    /// SHA-256 over the hash before, sequence and time (little endian), and each text after its length in
    /// bytes (u32, little endian); an absent agency has the length 2^32-1. See docs/store.md.
    pub(crate) fn hash(&self, before: &[u8; 32]) -> [u8; 32] {
        let mut sha = Sha256::new();
        sha.update(before);
        sha.update(self.sequence.to_le_bytes());
        sha.update(self.at.0.to_le_bytes());
        let agency = self.agency;
        for text in [
            Some(self.actor),
            agency,
            Some(self.purpose),
            Some(self.action),
            Some(self.resource),
            Some(self.outcome),
            Some(self.detail),
        ] {
            match text {
                Some(text) => {
                    sha.update((text.len() as u32).to_le_bytes());
                    sha.update(text.as_bytes());
                }
                None => sha.update(u32::MAX.to_le_bytes()),
            }
        }
        sha.finalize().into()
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_FIELD_BYTES)]
}

/// The stored word back.
pub(crate) fn outcome(word: &str) -> Option<Outcome> {
    Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word)
}

/// 64 hexadecimal digits.
pub(crate) fn hex(hash: &[u8; 32]) -> String {
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('?')));
        text
    })
}
