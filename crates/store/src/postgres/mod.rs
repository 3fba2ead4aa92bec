//! The backend for many processes: tables in a PostgreSQL database, one writer thread and several readers in each process.

mod audit;
mod check;
mod documents;
mod error;
mod feed;
mod plan;
mod prune;
mod rows;
mod write;
mod writer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use vigiles_model::Timestamp;
use vigiles_postgres::{PATIENCE, Pool, PostgresError, Server, fitness, upgrade};
use vigiles_trust::Context;

pub use check::check;

use crate::chain::{Author, hex};
use crate::contract::{
    AuditNote, AuditPage, AuditQuery, Changes, Clock, Document, Kind, Page, Query, Reply, Statistics, StoreError, Write,
};
use crate::guard::{Backend, Durability};
use crate::heads::Latest;
use feed::Listener;
use writer::{Done, Task, Writer};

/// Where the tables lie in the database.
const SCHEMA: &str = "vigiles_store";
/// Upgrade `n` leads from schema `n` to schema `n + 1`. One that was released is never changed.
const UPGRADES: &[&str] = &[include_str!("upgrade_1.sql")];
/// Reads at the same time in this process; more wait.
const READERS: usize = 4;

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// Every kind of document there is.
    pub kinds: &'static [Kind],
    /// Platform time.
    pub clock: Clock,
}

/// Documents, revisions and audit in one PostgreSQL database. Many processes may open it at once.
pub struct PostgresStore {
    kinds: &'static [Kind],
    clock: Clock,
    readers: Pool,
    latest: Arc<Latest>,
    writer: Writer,
    _listener: Listener,
}

impl PostgresStore {
    /// Opens the store at an address (`postgres://user:password@host/database`), makes or upgrades its tables. Refuses a
    /// server that could lose what it acknowledged, is too old or has no PostGIS, with what to set.
    pub fn open(url: &str, options: Options) -> Result<Self, StoreError> {
        let Options { kinds, clock } = options;
        let server = Server::at(url, SCHEMA)?;
        let mut client = server.connect_until(Instant::now() + PATIENCE)?;
        fitness::check(&mut client, &server)?;
        // PostGIS may be there only now, and its schema belongs to the path.
        let mut client = server.connect()?;
        upgrade(&mut client, &server, UPGRADES)?;
        let latest = Arc::new(Latest::default());
        let heads = rows::heads(&mut client)
            .and_then(|heads| {
                // Of processes that have been gone for long; one that lives leaves its row anew with each commit.
                client.execute("DELETE FROM writers WHERE at < now() - interval '1 day'", &[])?;
                Ok(heads)
            })
            .map_err(|e| PostgresError::of(server.name(), "opening", &e))?;
        latest.set(heads.sequence);
        let mut id = [0; 32];
        getrandom::fill(&mut id).map_err(|e| StoreError::Backend {
            file: server.name().to_owned(),
            what: format!("no random numbers: {e}"),
        })?;
        Ok(Self {
            kinds,
            readers: Pool::new(server.clone(), READERS),
            writer: Writer::start(server.clone(), hex(&id), Arc::clone(&clock), Arc::clone(&latest))?,
            _listener: Listener::start(server, Arc::clone(&latest))?,
            latest,
            clock,
        })
    }
}

impl Backend for PostgresStore {
    fn find(&self, kind: Kind, id: &str) -> Result<Option<Document>, StoreError> {
        self.readers.read("reading a document", |db| documents::get(db, kind, id))?
    }

    fn find_page(&self, ctx: &Context, query: &Query) -> Result<Page, StoreError> {
        self.readers.read("reading a list", |db| documents::list(db, ctx, query))?
    }

    fn find_past(&self, ctx: &Context, query: &Query, at: Timestamp) -> Result<Page, StoreError> {
        self.readers.read("reading the past", |db| documents::at_moment(db, ctx, query, at))?
    }

    fn find_mark(&self, name: &str) -> Result<Option<u64>, StoreError> {
        Ok(self.readers.read("reading a mark", |db| documents::mark(db, name))?)
    }

    fn find_reply(&self, actor: &str, key: &str) -> Result<Option<Reply>, StoreError> {
        let now = (self.clock)();
        Ok(self.readers.read("reading a reply", |db| documents::recall(db, actor, key, now))?)
    }

    fn find_changes(&self, ctx: &Context, after: u64, limit: usize) -> Result<Changes, StoreError> {
        self.readers.read("reading changes", |db| feed::changes(db, self.kinds, ctx, after, limit))?
    }

    fn find_audit(&self, ctx: &Context, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        self.readers.read("reading the audit log", |db| audit::page(db, ctx, query))?
    }

    fn count(&self) -> Result<Statistics, StoreError> {
        let (heads, (counts, bytes)) = self.readers.read("counting", |db| {
            let mut tx = documents::snapshot(db)?;
            Ok((rows::heads(&mut tx)?, documents::counts(&mut tx)?))
        })?;
        let named = |(name, count): (String, u64)| Some((self.kinds.iter().find(|k| k.name() == name)?.name(), count));
        Ok(Statistics {
            documents: counts.into_iter().filter_map(named).collect(),
            sequence: heads.sequence,
            audit_entries: heads.audit,
            bytes,
        })
    }

    fn wait(&self, after: u64, timeout: Duration) -> u64 {
        self.latest.wait(after, timeout)
    }

    /// Both durabilities are the same here: a crash of the server must not take back what other processes have read.
    fn write(&self, author: Author, batch: Vec<Write>, _: Durability) -> Result<Vec<u64>, StoreError> {
        match self.writer.ask(author, Task::Apply(batch))? {
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
