//! The audit log as a chain: each entry's hash covers the hash before it.

use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use vigiles_model::Timestamp;
use vigiles_trust::Context;

use super::writer::Heads;
use crate::contract::{AuditNote, Outcome};

/// The hash before the first entry.
pub(super) const START: [u8; 32] = [0; 32];

/// Longest text of one field; what is longer is cut, since the log takes no unbounded input.
const MAX_FIELD_BYTES: usize = 4096;

/// Who writes an entry, taken from the context once.
#[derive(Debug, Clone)]
pub(super) struct Author {
    pub(super) actor: String,
    pub(super) agency: Option<String>,
    pub(super) purpose: &'static str,
    pub(super) ctx: Context,
}

impl Author {
    pub(super) fn of(ctx: &Context) -> Self {
        Self {
            actor: ctx.actor().to_string(),
            agency: ctx.agency().map(ToString::to_string),
            purpose: if ctx.is_system() { "system" } else { ctx.purpose().as_str() },
            ctx: ctx.clone(),
        }
    }
}

/// One entry as it is hashed.
pub(super) struct Link<'a> {
    pub(super) sequence: u64,
    pub(super) at: Timestamp,
    pub(super) actor: &'a str,
    pub(super) agency: Option<&'a str>,
    pub(super) purpose: &'a str,
    pub(super) action: &'a str,
    pub(super) resource: &'a str,
    pub(super) outcome: &'a str,
    pub(super) detail: &'a str,
}

impl Link<'_> {
    /// SHA-256 over the hash before, sequence and time (little endian), and each text after its length in
    /// bytes (u32, little endian); an absent agency has the length 2^32-1. See docs/store.md.
    pub(super) fn hash(&self, before: &[u8; 32]) -> [u8; 32] {
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

/// Writes the entry that follows the heads, and moves them on.
pub(super) fn append(db: &Connection, heads: &mut Heads, author: &Author, note: &AuditNote) -> rusqlite::Result<()> {
    let link = Link {
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
    db.prepare_cached("INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?.execute(params![
        link.sequence,
        link.at.0,
        link.actor,
        link.agency,
        link.purpose,
        link.action,
        link.resource,
        link.outcome,
        link.detail,
        own
    ])?;
    heads.audit = link.sequence;
    heads.audit_hash = own;
    Ok(())
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_FIELD_BYTES)]
}

/// The stored word back.
pub(super) fn outcome(word: &str) -> Option<Outcome> {
    Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word)
}

/// 64 hexadecimal digits.
pub(super) fn hex(hash: &[u8; 32]) -> String {
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('?')));
        text
    })
}
