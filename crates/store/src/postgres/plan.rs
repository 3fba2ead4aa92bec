//! What a group of jobs does to the store, worked out in memory under the writers' lock: a refused batch never reaches the
//! server, and the rest is written by sets.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use vigiles_model::Timestamp;

use crate::chain::{Author, Link};
use crate::contract::{AuditNote, Document, Draft, Expect, Kind, Reply, StoreError, Write};
use crate::heads::Heads;
use crate::request::{Deed, check_fence, check_version, fence_note, notes, permit};

/// Kind and id.
pub(super) type Key = (&'static str, String);

/// A document as it is, or that there is none.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) document: Option<Arc<Document>>,
    /// The last version the id had; none of its versions comes again.
    pub(super) last: u64,
}

/// A form that a document took.
pub(super) struct Revision {
    pub(super) at: Timestamp,
    pub(super) deleted: bool,
    pub(super) document: Arc<Document>,
}

/// An audit entry as it is stored.
pub(super) struct Entry {
    pub(super) sequence: u64,
    pub(super) at: Timestamp,
    pub(super) author: Author,
    pub(super) action: String,
    pub(super) resource: String,
    pub(super) outcome: &'static str,
    pub(super) detail: String,
    pub(super) hash: [u8; 32],
}

/// What changes: of one batch, then of all that were taken.
#[derive(Default)]
pub(super) struct Work {
    pub(super) documents: HashMap<Key, Held>,
    pub(super) revisions: Vec<Revision>,
    pub(super) entries: Vec<Entry>,
    pub(super) marks: BTreeMap<&'static str, u64>,
    pub(super) fences: BTreeMap<String, u64>,
    /// By actor and key.
    pub(super) replies: BTreeMap<(String, String), Reply>,
}

/// What the group asks about, as it is stored.
#[derive(Default)]
pub(super) struct Stored {
    pub(super) documents: HashMap<Key, Held>,
    pub(super) fences: BTreeMap<String, u64>,
}

/// The group so far.
pub(super) struct Plan {
    stored: Stored,
    pub(super) heads: Heads,
    pub(super) work: Work,
}

impl Plan {
    pub(super) fn new(stored: Stored, heads: Heads) -> Self {
        Self { stored, heads, work: Work::default() }
    }

    /// All of the batch, or nothing of it.
    pub(super) fn apply(&mut self, author: &Author, writes: &[Write]) -> Result<Vec<u64>, StoreError> {
        let mut batch = Batch { plan: self, heads: self.heads, author, work: Work::default() };
        let (mut sequences, mut deeds) = (Vec::with_capacity(writes.len()), Vec::new());
        for write in writes {
            match write {
                Write::Put { document, expect } => deeds.push(batch.put(document, *expect)?),
                Write::Delete { kind, id, expect } => deeds.extend(batch.delete(*kind, id, *expect)?),
                Write::SetMark { name, value } => drop(batch.work.marks.insert(name, *value)),
                Write::Fence { name, epoch } => check_fence(name, *epoch, self.newest(name))?,
                Write::Remember(reply) => {
                    batch.work.replies.insert((author.actor.clone(), reply.key.clone()), reply.clone());
                }
            }
            sequences.push(batch.heads.sequence);
        }
        let Batch { heads, work, .. } = batch;
        self.heads = heads;
        self.take(work);
        for note in notes(author, deeds) {
            self.note(author, &note);
        }
        Ok(sequences)
    }

    /// The next epoch of a fence.
    pub(super) fn take_fence(&mut self, author: &Author, name: &str) -> u64 {
        let epoch = self.newest(name).unwrap_or(0) + 1;
        self.work.fences.insert(name.to_owned(), epoch);
        self.note(author, &fence_note(name, epoch));
        epoch
    }

    /// The next audit entry.
    pub(super) fn note(&mut self, author: &Author, note: &AuditNote) {
        let (link, hash) = Link::follow(&mut self.heads, author, note);
        let entry = Entry {
            sequence: link.sequence,
            at: link.at,
            author: author.clone(),
            action: link.action.to_owned(),
            resource: link.resource.to_owned(),
            outcome: note.outcome.as_str(),
            detail: link.detail.to_owned(),
            hash,
        };
        self.work.entries.push(entry);
    }

    fn newest(&self, fence: &str) -> Option<u64> {
        self.work.fences.get(fence).or_else(|| self.stored.fences.get(fence)).copied()
    }

    fn held(&self, key: &Key) -> Option<&Held> {
        self.work.documents.get(key).or_else(|| self.stored.documents.get(key))
    }

    fn take(&mut self, work: Work) {
        self.work.documents.extend(work.documents);
        self.work.revisions.extend(work.revisions);
        self.work.marks.extend(work.marks);
        self.work.replies.extend(work.replies);
    }
}

/// One batch; dropped where it is refused.
struct Batch<'a> {
    plan: &'a Plan,
    heads: Heads,
    author: &'a Author,
    work: Work,
}

impl Batch<'_> {
    fn put(&mut self, draft: &Draft, expect: Expect) -> Result<Deed, StoreError> {
        let Draft { kind, id, agency, state, place, time, body } = draft.clone();
        permit(self.author, kind, &id, agency.as_ref())?;
        let before = self.before(kind, &id, expect)?;
        let version = before.document.as_ref().map_or(before.last, |document| document.version) + 1;
        let sequence = if kind.is_secret() { 0 } else { self.heads.sequence + 1 };
        let verb = if before.document.is_some() { "change" } else { "create" };
        let resource = format!("{}/{id}", kind.name());
        self.take_form(Document { kind, id, version, agency, state, place, time, body, sequence }, false);
        Ok(Deed { kind, verb, resource, version })
    }

    fn delete(&mut self, kind: Kind, id: &str, expect: Expect) -> Result<Option<Deed>, StoreError> {
        permit(self.author, kind, id, None)?;
        let Some(before) = self.before(kind, id, expect)?.document else { return Ok(None) };
        let version = before.version + 1;
        let sequence = self.heads.sequence + 1;
        self.take_form(Document { version, sequence, ..(*before).clone() }, true);
        Ok(Some(Deed { kind, verb: "delete", resource: format!("{}/{id}", kind.name()), version }))
    }

    /// The document as it is, if it is as expected and whose it is now allows the change: nobody takes a
    /// thing of another agency by writing their own agency on it.
    fn before(&self, kind: Kind, id: &str, expect: Expect) -> Result<Held, StoreError> {
        let key = (kind.name(), id.to_owned());
        let held = self.work.documents.get(&key).or_else(|| self.plan.held(&key)).cloned();
        let held = held.unwrap_or(Held { document: None, last: 0 });
        if let Some(document) = &held.document {
            permit(self.author, kind, id, document.agency.as_ref())?;
        }
        check_version(kind, id, expect, held.document.as_ref().map(|document| document.version))?;
        Ok(held)
    }

    /// The document takes its next form; secret ones leave no revision, and begin anew after a deletion.
    fn take_form(&mut self, document: Document, deleted: bool) {
        let document = Arc::new(document);
        let key = (document.kind.name(), document.id.clone());
        let secret = document.kind.is_secret();
        let last = if secret { 0 } else { document.version };
        if !secret {
            self.heads.sequence = document.sequence;
            self.work.revisions.push(Revision { at: self.heads.at, deleted, document: Arc::clone(&document) });
        }
        self.work.documents.insert(key, Held { document: (!deleted).then_some(document), last });
    }
}
