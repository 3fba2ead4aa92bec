//! The embedded backend: one SQLite file in the data directory, one writer thread, several readers.

mod append;
mod audit;
mod batch;
mod check;
mod checkpoint;
mod copy;
mod documents;
mod error;
mod feed;
mod prune;
mod readers;
mod rows;
mod schema;
mod sum;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use vigiles_model::Timestamp;
use vigiles_trust::Context;

pub use check::check;
pub use copy::{Copied, copy};
pub use schema::{FILE, VERSION};

use crate::chain::Author;
use crate::contract::{
    AuditNote, AuditPage, AuditQuery, Changes, Clock, Document, Kind, Page, Query, Reply, Statistics, StoreError, Write,
};
use crate::guard::{Backend, Durability};
use crate::heads::Latest;
use error::Place;
use readers::Readers;
use writer::{Done, Task, Writer};

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// Every kind of document there is.
    pub kinds: &'static [Kind],
    /// Platform time.
    pub clock: Clock,
    /// The file grows no further than this; writes then answer [`StoreError::Full`]. None: as far as the disk goes.
    pub max_bytes: Option<u64>,
}

/// Documents, revisions and audit in one SQLite file.
pub struct SqliteStore {
    kinds: &'static [Kind],
    clock: Clock,
    place: Place,
    readers: Readers,
    latest: Arc<Latest>,
    writer: Writer,
}

impl SqliteStore {
    /// Opens or creates `store.sqlite` in a directory, and upgrades it where it is of an older schema.
    ///
    /// A second process may open the same directory for a short command; its changes are seen by reads,
    /// but wake nobody who waits for changes here.
    pub fn open(dir: &Path, options: Options) -> Result<Self, StoreError> {
        let Options { kinds, clock, max_bytes } = options;
        let file = dir.join(schema::FILE);
        let place = Place::new(&file);
        vigiles_disk::make_directory(&vigiles_disk::LocalDisk, dir)
            .map_err(|e| StoreError::Backend { file: place.file(), what: e.to_string() })?;
        let db = schema::open_writer(&file)?;
        if let Some(bytes) = max_bytes {
            schema::limit(&db, bytes).map_err(|e| place.failed("settings", &e))?;
        }
        let latest = Arc::new(Latest::default());
        let writer = Writer::start(&file, db, clock.clone(), Arc::clone(&latest))?;
        Ok(Self { kinds, clock, readers: Readers::open(&file)?, place, latest, writer })
    }
}

impl Backend for SqliteStore {
    fn find(&self, kind: Kind, id: &str) -> Result<Option<Document>, StoreError> {
        self.readers.with(|db| documents::get(db, &self.place, kind, id))?
    }

    fn find_page(&self, ctx: &Context, query: &Query) -> Result<Page, StoreError> {
        self.readers.with(|db| documents::list(db, &self.place, ctx, query))?
    }

    fn find_past(&self, ctx: &Context, query: &Query, at: Timestamp) -> Result<Page, StoreError> {
        self.readers.with(|db| documents::at_moment(db, &self.place, ctx, query, at))?
    }

    fn find_mark(&self, name: &str) -> Result<Option<u64>, StoreError> {
        self.readers.with(|db| documents::mark(db, name))?.map_err(|e| self.place.failed("marks", &e))
    }

    fn find_reply(&self, actor: &str, key: &str) -> Result<Option<Reply>, StoreError> {
        let now = (self.clock)();
        self.readers.with(|db| documents::recall(db, actor, key, now))?.map_err(|e| self.place.failed("replies", &e))
    }

    fn find_changes(&self, ctx: &Context, after: u64, limit: usize) -> Result<Changes, StoreError> {
        self.readers.with(|db| feed::changes(db, &self.place, self.kinds, ctx, after, limit))?
    }

    fn find_audit(&self, ctx: &Context, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        self.readers.with(|db| audit::page(db, &self.place, ctx, query))?
    }

    fn count(&self) -> Result<Statistics, StoreError> {
        let (heads, counts) = self
            .readers
            .with(|db| Ok((writer::heads(db)?, documents::counts(db)?)))?
            .map_err(|e| self.place.failed("statistics", &e))?;
        let named = |(name, count): (String, u64)| Some((self.kinds.iter().find(|k| k.name() == name)?.name(), count));
        Ok(Statistics {
            documents: counts.into_iter().filter_map(named).collect(),
            sequence: heads.sequence,
            audit_entries: heads.audit,
            bytes: self.place.bytes(),
        })
    }

    fn wait(&self, after: u64, timeout: Duration) -> u64 {
        self.latest.wait(after, timeout)
    }

    fn write(&self, author: Author, batch: Vec<Write>, durability: Durability) -> Result<Vec<u64>, StoreError> {
        match self.writer.ask(author, Task::Apply(batch, durability))? {
            Done::Applied(sequences) => Ok(sequences),
            _ => Err(StoreError::Closed),
        }
    }

    fn note(&self, author: Author, note: AuditNote) -> Result<(), StoreError> {
        self.writer.ask(author, Task::Record(note)).map(drop)
    }

    fn fence(&self, author: Author, name: &str) -> Result<u64, StoreError> {
        match self.writer.ask(author, Task::Fence(name.to_owned()))? {
            Done::Fenced(epoch) => Ok(epoch),
            _ => Err(StoreError::Closed),
        }
    }

    fn forget(&self, author: Author, before: Timestamp) -> Result<u64, StoreError> {
        let mut step = prune::Step::Begin { before };
        loop {
            match self.writer.ask(author.clone(), Task::Prune(step))? {
                Done::Pruned(prune::Progress::Next(next)) => step = next,
                Done::Pruned(prune::Progress::Done(removed)) => return Ok(removed),
                _ => return Err(StoreError::Closed),
            }
        }
    }
}
