//! Documents, the writes that change them, and the queries that find them.

use vigiles_model::{AgencyId, BoundingBox, Timestamp};

use super::Kind;

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
    /// Refuse the whole batch with [`StoreError::Fenced`] unless `epoch` is the newest one taken of this fence. Whoever
    /// may be thought dead and be replaced puts it into each batch, so that its late writes cannot meet its successor's.
    Fence {
        /// The name of the fence.
        name: &'static str,
        /// What [`super::Store::take_fence`] answered.
        epoch: u64,
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
    /// Any of these, [`Query::MAX_LIMIT`] at most; empty means all.
    pub ids: Vec<String>,
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
            ids: Vec::new(),
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
