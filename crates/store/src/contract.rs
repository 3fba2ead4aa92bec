//! What every document store offers, whichever backend runs.

use std::sync::Arc;
use std::time::Duration;

use vigiles_model::{AgencyId, BoundingBox, Timestamp};
use vigiles_trust::{Context, Resource};

/// The platform time, handed in. A store never goes back behind the latest time it has stored.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A kind of document. Kinds are constants of whoever owns the documents; a store is opened with all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind {
    name: &'static str,
    resource: Resource,
    secret: bool,
}

impl Kind {
    /// A kind whose documents appear in the change feed and keep their revisions. `name` is stored; never change it.
    pub const fn new(name: &'static str, resource: Resource) -> Self {
        Self { name, resource, secret: false }
    }

    /// A kind that bears secrets (password hashes, sessions, tokens): not in the change feed, no revisions,
    /// and audit tells only the id.
    pub const fn secret(name: &'static str, resource: Resource) -> Self {
        Self { name, resource, secret: true }
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
}

/// A stored document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What it is.
    pub kind: Kind,
    /// Identity within its kind.
    pub id: String,
    /// Counts up from 1 with every change, and on where an id is deleted and created again (as long as
    /// its revisions are kept; secret kinds begin anew).
    pub version: u64,
    /// Whose it is.
    pub agency: Option<AgencyId>,
    /// A word to filter by; empty where the kind has no states.
    pub state: String,
    /// The box around its place.
    pub place: Option<BoundingBox>,
    /// The time it is listed by.
    pub time: Timestamp,
    /// JSON.
    pub body: String,
    /// Its place in the change feed; 0 for secret kinds, which are not in it.
    pub sequence: u64,
}

/// A document to be stored; version and sequence are given by the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What it is.
    pub kind: Kind,
    /// Identity within its kind.
    pub id: String,
    /// Whose it is.
    pub agency: Option<AgencyId>,
    /// A word to filter by.
    pub state: String,
    /// The box around its place.
    pub place: Option<BoundingBox>,
    /// The time it is listed by; keep it constant over the life of a document, or pages shift.
    pub time: Timestamp,
    /// JSON.
    pub body: String,
}

/// What a writer believes about the stored document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Any,
    /// That there is none.
    Absent,
    /// That it has this version.
    Version(u64),
}

/// One part of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Create or replace.
    Put {
        /// What is to be stored.
        document: Draft,
        /// What the writer believes is there.
        expect: Expect,
    },
    /// Delete. Deleting what is not there is [`StoreError::Conflict`] for `Expect::Version`, nothing for `Any`.
    Delete {
        /// What it is.
        kind: Kind,
        /// Which one.
        id: String,
        /// What the writer believes is there.
        expect: Expect,
    },
    /// Remember a number, such as how far the log has been applied.
    SetMark {
        /// The name of the number.
        name: &'static str,
        /// Its new value.
        value: u64,
    },
    /// Remember the answer to a request with an idempotency key, for the acting person only.
    Remember(Reply),
}

/// The answer once given to a request with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The key.
    pub key: String,
    /// A hash of the request, so that the key cannot be used for another.
    pub fingerprint: String,
    /// HTTP status or whatever the caller counts in.
    pub status: u16,
    /// The answer.
    pub body: String,
    /// When it is forgotten.
    pub expires: Timestamp,
}

/// Which documents; everything but `kind` and `limit` narrows. Newest first by `time`, then by id.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What they are.
    pub kind: Kind,
    /// Whose they are.
    pub agency: Option<AgencyId>,
    /// Any of these states; empty means all.
    pub states: Vec<String>,
    /// Those whose box touches this one.
    pub area: Option<BoundingBox>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Those whose body contains this text, ASCII case ignored.
    pub text: Option<String>,
    /// Those whose body has in each of these top-level fields one of the texts given with it; a field without texts
    /// narrows nothing.
    pub fields: Vec<(&'static str, Vec<String>)>,
    /// At most so many, 1 to [`Query::MAX_LIMIT`].
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

impl Query {
    /// Largest page.
    pub const MAX_LIMIT: usize = 10_000;
    /// Most states asked for at once.
    pub const MAX_STATES: usize = 16;

    /// All documents of a kind, the first hundred.
    pub const fn new(kind: Kind) -> Self {
        Self {
            kind,
            agency: None,
            states: Vec::new(),
            area: None,
            from: None,
            to: None,
            text: None,
            fields: Vec::new(),
            limit: 100,
            cursor: None,
        }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The documents, newest first.
    pub documents: Vec<Document>,
    /// The cursor of the next page; none when this is the last.
    pub next: Option<String>,
}

/// What the change feed answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Changes {
    /// The changes after the sequence asked for, in order; sequences of secret kinds and of documents
    /// that the reader may not see are left out.
    Events {
        /// The changes.
        changes: Vec<Change>,
        /// Ask on from here, also when `changes` is empty.
        next: u64,
    },
    /// The changes asked for are no longer kept: read everything anew and go on from `latest`.
    Resync {
        /// The oldest sequence that can be asked after.
        oldest: u64,
        /// The newest sequence now.
        latest: u64,
    },
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Its place in the feed.
    pub sequence: u64,
    /// When, in platform time.
    pub at: Timestamp,
    /// Whether the document was deleted; then `document` is its last form.
    pub deleted: bool,
    /// The document as it was after the change.
    pub document: Document,
}

/// What became of a deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was allowed; it was done, unless an entry after it says that it failed.
    Allowed,
    /// It was refused: the policy does not allow it.
    Refused,
    /// It was allowed, and was not done: what it was asked of did not admit it.
    Failed,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Allowed, Self::Refused, Self::Failed];

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What the audit log is told; who, when and why come from the context and the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditNote {
    /// What was done: `sign_in`, `read`, `put`.
    pub action: String,
    /// To what: `incident/inc-1`.
    pub resource: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Further text; never a secret.
    pub detail: String,
}

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Counts up from 1 without gap.
    pub sequence: u64,
    /// When, in platform time.
    pub at: Timestamp,
    /// Who: an account id, or `system:` and a name.
    pub actor: String,
    /// The agency of who acted.
    pub agency: Option<String>,
    /// The purpose claimed.
    pub purpose: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub resource: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Further text.
    pub detail: String,
    /// SHA-256 over the hash before and this entry, in hexadecimal.
    pub hash: String,
}

/// Which audit entries; everything but `limit` narrows. Newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Of this actor.
    pub actor: Option<String>,
    /// Of this action.
    pub action: Option<String>,
    /// Of resources that begin with this.
    pub resource: Option<String>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// At most so many, 1 to [`Query::MAX_LIMIT`].
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// One page of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// The cursor of the next page; none when this is the last.
    pub next: Option<String>,
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

/// Why a store could not do what was asked. Nothing of a failed batch is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The document is not what the writer believed.
    #[error("{kind}/{id} is {}, expected {}", version_text(*.found), version_text(*.expected))]
    Conflict {
        /// What it is.
        kind: &'static str,
        /// Which one.
        id: String,
        /// The version the writer believed; none for absent.
        expected: Option<u64>,
        /// The version there is; none for absent.
        found: Option<u64>,
    },
    /// The context does not permit it.
    #[error("{actor} may not {action} ({resource})")]
    NotPermitted {
        /// Who asked.
        actor: String,
        /// What was asked.
        action: String,
        /// Of what.
        resource: String,
    },
    /// A value that cannot be stored or asked for.
    #[error("{field}: {why}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The disk is full. What was acknowledged before is safe; writes go on when there is room.
    #[error("the disk of {file} is full: make room, nothing acknowledged is lost")]
    Full {
        /// The file that could not grow.
        file: String,
    },
    /// Another process holds the data directory.
    #[error("{file} is in use by another process")]
    Locked {
        /// The file.
        file: String,
    },
    /// Stored data is damaged.
    #[error("{file}: {place}: {what}; run `vigiles check`")]
    Damaged {
        /// The file.
        file: String,
        /// Where in it.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// The data was written by a newer program.
    #[error("{file} has schema {found}, this program knows up to {known}: use the newer program")]
    TooNew {
        /// The file.
        file: String,
        /// Its schema.
        found: u32,
        /// The newest known here.
        known: u32,
    },
    /// The store is closed or its writer has stopped.
    #[error("the store is closed")]
    Closed,
    /// Any other failure of the backend.
    #[error("{file}: {what}")]
    Backend {
        /// The file or address.
        file: String,
        /// What the backend said.
        what: String,
    },
}

fn version_text(version: Option<u64>) -> String {
    version.map_or_else(|| "absent".to_owned(), |v| format!("at version {v}"))
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

    /// The value of a mark.
    fn mark(&self, name: &str) -> Result<Option<u64>, StoreError>;

    /// The answer remembered for the acting person under a key, unless it has expired.
    fn recall(&self, ctx: &Context, key: &str) -> Result<Option<Reply>, StoreError>;

    /// What changed after a sequence. Whoever serves many followers reads as the system once and asks
    /// [`Context::permits`] for each; it records the start of each follower by [`Store::record`].
    fn changes(&self, ctx: &Context, after: u64, limit: usize) -> Result<Changes, StoreError>;

    /// The latest sequence, at once when it is greater than `after`, else when it has grown or time is up.
    fn wait_change(&self, after: u64, timeout: Duration) -> Result<u64, StoreError>;

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
    fn statistics(&self) -> Result<Statistics, StoreError>;
}
