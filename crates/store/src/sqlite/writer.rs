//! The one thread that writes: it takes what has queued up, does it in one transaction with a savepoint
//! for each job, and answers once the commit is fsynced (group commit). A group of derived writes alone is not fsynced:
//! a later commit, or the next checkpoint, does that for all before it.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::TransactionBehavior::Immediate;
use rusqlite::{Connection, Transaction, params};
use vigiles_model::Timestamp;

use super::append::append;
use super::checkpoint::Checkpointer;
use super::error::Place;
use super::sum::{self, META};
use super::{batch, prune, schema};
use crate::chain::Author;
use crate::contract::{AuditNote, Clock, StoreError, Write};
use crate::guard::Durability;
use crate::heads::{Heads, Latest};
use crate::request::ends_transaction;

/// Jobs that may wait; whoever comes after waits at the door.
const QUEUE: usize = 1024;
/// Most jobs in one transaction, so that the first does not wait long.
const GROUP: usize = 512;

/// What the writer is asked to do.
pub(super) enum Task {
    /// A batch of writes, audited.
    Apply(Vec<Write>, Durability),
    /// One audit entry.
    Record(AuditNote),
    /// The next epoch of a fence.
    Fence(String),
    /// A step of pruning.
    Prune(prune::Step),
}

/// SQLite's setting for a commit: FULL fsyncs the journal, NORMAL leaves that to the next that does.
fn synchronous(durability: Durability) -> &'static str {
    match durability {
        Durability::Now => "full",
        Durability::Later => "normal",
    }
}

impl Task {
    fn durability(&self) -> Durability {
        match self {
            Self::Apply(_, durability) => *durability,
            Self::Record(_) | Self::Fence(_) | Self::Prune(_) => Durability::Now,
        }
    }
}

/// What it answers.
pub(super) enum Done {
    /// The sequences of a batch.
    Applied(Vec<u64>),
    /// The entry is there.
    Recorded,
    /// The epoch that was taken.
    Fenced(u64),
    /// What the step of pruning removed, and where to go on.
    Pruned(prune::Progress),
}

/// Whom to answer, and what, once the commit is fsynced.
type Answer = (SyncSender<Result<Done, StoreError>>, Result<Done, StoreError>);

struct Job {
    author: Author,
    task: Task,
    answer: SyncSender<Result<Done, StoreError>>,
}

/// The ends of feed and chain as they are stored.
pub(super) fn heads(db: &Connection) -> rusqlite::Result<Heads> {
    let sql = format!("SELECT sequence, feed_from, kept_from, audit, audit_hash, at, sum IS row_sum({META}) FROM meta");
    db.prepare_cached(&sql)?.query_row([], |row| {
        sum::check(row, 6)?;
        Ok(Heads {
            sequence: row.get(0)?,
            feed_from: row.get(1)?,
            kept_from: Timestamp(row.get(2)?),
            audit: row.get(3)?,
            audit_hash: row.get(4)?,
            at: Timestamp(row.get(5)?),
        })
    })
}

fn write_heads(db: &Connection, heads: &Heads) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE meta SET sequence = ?1, feed_from = ?2, kept_from = ?3, audit = ?4, audit_hash = ?5, at = ?6",
    )?
    .execute(params![
        heads.sequence,
        heads.feed_from,
        heads.kept_from.0,
        heads.audit,
        heads.audit_hash,
        heads.at.0
    ])?;
    schema::sum_meta(db)
}

/// The handle of the thread; dropping it finishes what is queued and stops.
pub(super) struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(file: &Path, db: Connection, clock: Clock, latest: Arc<Latest>) -> Result<Self, StoreError> {
        let place = Place::new(file);
        latest.set(heads(&db).map_err(|e| place.failed("meta", &e))?.sequence);
        let (jobs, queue) = sync_channel(QUEUE);
        let failed = place.clone();
        let checkpointer = Checkpointer::start(file)?;
        let mut run = Run { db, place, clock, latest, durability: Durability::Now, checkpointer };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run.serve(&queue))
            .map_err(|e| StoreError::Backend { file: failed.file(), what: format!("writer thread: {e}") })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Hands a task over and waits until it is durable.
    pub(super) fn ask(&self, author: Author, task: Task) -> Result<Done, StoreError> {
        let (answer, done) = sync_channel(1);
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(Job { author, task, answer }).map_err(|_| StoreError::Closed)?;
        done.recv().map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the store's writer thread panicked");
        }
    }
}

struct Run {
    db: Connection,
    place: Place,
    clock: Clock,
    latest: Arc<Latest>,
    /// As the connection is set.
    durability: Durability,
    checkpointer: Checkpointer,
}

impl Run {
    fn serve(&mut self, queue: &Receiver<Job>) {
        let mut group = VecDeque::with_capacity(GROUP);
        while let Ok(first) = queue.recv() {
            group.push_back(first);
            while group.len() < GROUP
                && let Ok(next) = queue.try_recv()
            {
                group.push_back(next);
            }
            self.group(&mut group);
        }
    }

    /// One transaction. Where it fails as a whole, every job of it is told so and nothing of it is stored.
    fn group(&mut self, group: &mut VecDeque<Job>) {
        let mut answers = Vec::with_capacity(group.len());
        match self.transaction(group, &mut answers) {
            Ok(heads) => {
                self.latest.set(heads.sequence);
                self.checkpointer.committed();
                for (answer, result) in answers {
                    // Whoever no longer waits needs no answer.
                    let _ = answer.send(result);
                }
            }
            Err(error) => {
                tracing::error!(%error, jobs = answers.len() + group.len(), "store transaction failed");
                let waiting =
                    answers.into_iter().map(|(answer, _)| answer).chain(group.drain(..).map(|job| job.answer));
                for answer in waiting {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    fn transaction(&mut self, group: &mut VecDeque<Job>, answers: &mut Vec<Answer>) -> Result<Heads, StoreError> {
        let place = &self.place;
        let is_derived = group.iter().all(|job| job.task.durability() == Durability::Later);
        let durability = if is_derived { Durability::Later } else { Durability::Now };
        if durability != self.durability {
            let set = self.db.pragma_update(None, "synchronous", synchronous(durability));
            set.map_err(|e| place.failed("settings", &e))?;
            self.durability = durability;
        }
        let mut tx = self.db.transaction_with_behavior(Immediate).map_err(|e| place.failed("begin", &e))?;
        let mut heads = heads(&tx).map_err(|e| place.failed("meta", &e))?;
        heads.at = heads.at.max((self.clock)());
        while let Some(job) = group.pop_front() {
            let (result, own) = attempt(&mut tx, place, heads, &job.author, job.task);
            heads = own;
            let fatal = result.as_ref().err().filter(|error| ends_transaction(error)).cloned();
            answers.push((job.answer, result));
            if let Some(error) = fatal {
                return Err(error);
            }
        }
        write_heads(&tx, &heads).and_then(|()| tx.commit()).map_err(|e| place.failed("commit", &e))?;
        Ok(heads)
    }
}

/// One job in its own savepoint; a refused one leaves neither rows nor moved heads.
fn attempt(
    tx: &mut Transaction<'_>,
    place: &Place,
    before: Heads,
    author: &Author,
    task: Task,
) -> (Result<Done, StoreError>, Heads) {
    let mut heads = before;
    let result = tx.savepoint().map_err(|e| place.failed("savepoint", &e)).and_then(|savepoint| {
        let done = perform(&savepoint, place, &mut heads, author, task)?;
        savepoint.commit().map_err(|e| place.failed("savepoint", &e))?;
        Ok(done)
    });
    let heads = if result.is_ok() { heads } else { before };
    (result, heads)
}

fn perform(db: &Connection, place: &Place, heads: &mut Heads, author: &Author, task: Task) -> Result<Done, StoreError> {
    match task {
        Task::Apply(writes, _) => batch::apply(db, place, heads, author, writes).map(Done::Applied),
        Task::Record(note) => {
            append(db, heads, author, &note).map_err(|e| place.failed("audit", &e))?;
            Ok(Done::Recorded)
        }
        Task::Fence(name) => {
            batch::take_fence(db, heads, author, &name).map(Done::Fenced).map_err(|e| place.failed("fences", &e))
        }
        Task::Prune(step) => {
            prune::step(db, heads, author, &step).map(Done::Pruned).map_err(|e| place.failed("revisions", &e))
        }
    }
}
