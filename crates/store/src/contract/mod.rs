//! What every document store offers, whichever backend runs.

mod audit;
mod document;
mod error;

use std::sync::Arc;
use std::time::Duration;

use vigiles_model::Timestamp;
use vigiles_trust::{Context, Resource};

pub use audit::{AuditEntry, AuditNote, AuditPage, AuditQuery, Outcome};
pub use document::{Change, Changes, Document, Draft, Expect, Page, Query, Reply, Write};
pub use error::StoreError;

/// The platform time, handed in. A store never goes back behind the latest time it has stored.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A kind of document. Kinds are constants of whoever owns the documents; a store is opened with all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind {
    name: &'static str,
    resource: Resource,
    secret: bool,
    notice: bool,
}

impl Kind {
    /// A kind whose documents appear in the change feed and keep their revisions. `name` is stored; never change it.
    pub const fn new(name: &'static str, resource: Resource) -> Self {
        Self { name, resource, secret: false, notice: false }
    }

    /// A kind that bears secrets (password hashes, sessions, tokens): not in the change feed, no revisions,
    /// and audit tells only the id.
    pub const fn secret(name: &'static str, resource: Resource) -> Self {
        Self { name, resource, secret: true, notice: false }
    }

    /// A kind whose documents tell in the change feed that a secret one changed, and bear nothing themselves. They are
    /// written in the batch of what they tell of, so that audit has no entry of their own for them.
    pub const fn notice(name: &'static str, resource: Resource) -> Self {
        Self { name, resource, secret: false, notice: true }
    }

    /// The stored name.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What a context must permit for documents of this kind.
    pub const fn resource(self) -> Resource {
        self.resource
    }

    /// Whether its documents bear secrets.
    pub const fn is_secret(self) -> bool {
        self.secret
    }

    /// Whether its documents only tell of others.
    pub const fn is_notice(self) -> bool {
        self.notice
    }
}

/// How much a store holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// How many documents there are of each kind that has any, by name.
    pub documents: Vec<(&'static str, u64)>,
    /// The latest sequence of the change feed.
    pub sequence: u64,
    /// Entries of the audit log.
    pub audit_entries: u64,
    /// Bytes on disk.
    pub bytes: u64,
}

/// Something wrong in a data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// Where in it: a table and a row.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

/// A document store. All calls block and may come from many threads at once.
///
/// Reads by a person (not by [`Context::system`]) leave an audit entry that is durable before the answer
/// is given; writes by anyone leave one in the same transaction.
pub trait Store: Send + Sync {
    /// One document; none where there is none or where the context may not see it.
    fn get(&self, ctx: &Context, kind: Kind, id: &str) -> Result<Option<Document>, StoreError>;

    /// A page of documents that the context may see, newest first.
    fn list(&self, ctx: &Context, query: &Query) -> Result<Page, StoreError>;

    /// Does all of the batch or nothing; returns once fsynced. One sequence for each write, in
    /// order: its own where it made a change in the feed, else the latest.
    fn apply(&self, ctx: &Context, batch: Vec<Write>) -> Result<Vec<u64>, StoreError>;

    /// As [`Store::apply`], for writes that the caller can make again from what it holds durably: returns once
    /// everybody sees them, which may be before they are fsynced. Ending the process takes none of them back; a power
    /// cut may take back the latest, in order, with the marks among them.
    fn apply_derived(&self, ctx: &Context, batch: Vec<Write>) -> Result<Vec<u64>, StoreError>;

    /// Takes the next epoch of a fence, 1 the first time: batches with an older one ([`Write::Fence`]) are refused from now
    /// on, also those on their way. Returns once fsynced. For the platform itself only.
    fn take_fence(&self, ctx: &Context, name: &str) -> Result<u64, StoreError>;

    /// The value of a mark; for the platform itself only, as setting one is.
    fn mark(&self, ctx: &Context, name: &str) -> Result<Option<u64>, StoreError>;

    /// The answer remembered for the acting person under a key, unless it has expired.
    fn recall(&self, ctx: &Context, key: &str) -> Result<Option<Reply>, StoreError>;

    /// What changed after a sequence. Whoever serves many followers reads as the system once and asks
    /// [`Context::permits`] for each; it records the start of each follower by [`Store::record`].
    fn changes(&self, ctx: &Context, after: u64, limit: usize) -> Result<Changes, StoreError>;

    /// The latest sequence, at once when it is greater than `after`, else when it has grown or time is up. For whoever may
    /// read something; it tells that something changed, not what.
    fn wait_change(&self, ctx: &Context, after: u64, timeout: Duration) -> Result<u64, StoreError>;

    /// A page of documents as they were at a moment of platform time. The query is answered as by
    /// [`Store::list`]; a moment from before what [`Store::prune`] kept is [`StoreError::Invalid`].
    fn as_of(&self, ctx: &Context, query: &Query, at: Timestamp) -> Result<Page, StoreError>;

    /// Adds to the audit log; returns once fsynced.
    fn record(&self, ctx: &Context, note: AuditNote) -> Result<(), StoreError>;

    /// A page of the audit log, newest first. Reading it is itself audited.
    fn audit(&self, ctx: &Context, query: &AuditQuery) -> Result<AuditPage, StoreError>;

    /// Forgets revisions and changes from before a moment (the last form of each living document stays)
    /// and expired replies. Returns how many rows went.
    fn prune(&self, ctx: &Context, before: Timestamp) -> Result<u64, StoreError>;

    /// How much is stored. Counts every document: some milliseconds for each hundred thousand.
    fn statistics(&self, ctx: &Context) -> Result<Statistics, StoreError>;
}
