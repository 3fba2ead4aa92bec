//! The one thread of this process that writes: it takes what has queued up, does it in one transaction under the lock that all
//! processes share, and answers once the server has flushed the commit (group commit).
//!
//! Invariant: a transaction whose answer was lost is not done twice. Its number is stored with it, and whoever tries again looks
//! for the number first, under the lock that the lost one held.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use postgres::Client;
use vigiles_postgres::{PATIENCE, PostgresError, Server, fitness};

use super::plan::{Plan, Stored};
use super::prune;
use super::write::Statements;
use crate::chain::Author;
use crate::contract::{AuditNote, Clock, Outcome, StoreError, Write};
use crate::heads::Latest;

/// Jobs that may wait; whoever comes after waits at the door.
const QUEUE: usize = 1024;
/// Most jobs in one transaction, so that the first does not wait long.
const GROUP: usize = 512;
/// A group that has so many bytes of bodies takes no further job.
const GROUP_BYTES: usize = 16 << 20;

/// What the writer is asked to do.
pub(super) enum Task {
    /// A batch of writes, audited.
    Apply(Vec<Write>),
    /// One audit entry.
    Record(AuditNote),
    /// The next epoch of a fence.
    Fence(String),
    /// A step of pruning; always a group of its own, since it looks at what is stored.
    Prune(prune::Step),
}

impl Task {
    fn writes(&self) -> &[Write] {
        if let Self::Apply(writes) = self { writes } else { &[] }
    }

    fn bytes(&self) -> usize {
        let body = |write: &Write| if let Write::Put { document, .. } = write { document.body.len() } else { 0 };
        self.writes().iter().map(body).sum()
    }
}

/// What it answers.
#[derive(Debug, Clone)]
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

struct Job {
    author: Author,
    task: Task,
    answer: SyncSender<Result<Done, StoreError>>,
}

/// The answers of a transaction, in the order of its jobs, and the sequence it ends with.
struct Settled {
    answers: Vec<Result<Done, StoreError>>,
    sequence: u64,
}

/// The handle of the thread; dropping it finishes what is queued and stops.
pub(super) struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// `id` tells this process from all others that write into the same store.
    pub(super) fn start(server: Server, id: String, clock: Clock, latest: Arc<Latest>) -> Result<Self, StoreError> {
        let name = server.name().to_owned();
        let (jobs, queue) = sync_channel(QUEUE);
        let mut run = Run { server, id, clock, latest, session: None, number: 0 };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run.serve(&queue))
            .map_err(|e| StoreError::Backend { file: name, what: format!("writer thread: {e}") })?;
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

/// A connection with its prepared statements.
struct Session {
    client: Client,
    statements: Statements,
}

struct Run {
    server: Server,
    id: String,
    clock: Clock,
    latest: Arc<Latest>,
    session: Option<Session>,
    /// Of the present transaction.
    number: i64,
}

impl Run {
    fn serve(&mut self, queue: &Receiver<Job>) {
        let mut held_over = None;
        while let Some(first) = held_over.take().or_else(|| queue.recv().ok()) {
            let mut bytes = first.task.bytes();
            let mut group = vec![first];
            while group.len() < GROUP
                && bytes < GROUP_BYTES
                && !matches!(group[0].task, Task::Prune(_))
                && let Ok(next) = queue.try_recv()
            {
                if matches!(next.task, Task::Prune(_)) {
                    held_over = Some(next);
                    break;
                }
                bytes += next.task.bytes();
                group.push(next);
            }
            self.group(&group);
        }
    }

    /// One transaction, tried again on a new connection while the server is away. Where it fails as a whole, every job of it
    /// is told so.
    fn group(&mut self, group: &[Job]) {
        self.number += 1;
        let deadline = Instant::now() + PATIENCE;
        let mut sent = None;
        let result = loop {
            match self.attempt(group, deadline, &mut sent) {
                Err(StoreError::Unreachable { server, what }) if Instant::now() < deadline => {
                    tracing::warn!(server, what, "the connection of the store's writer was lost; trying again");
                    self.session = None;
                }
                result => break result,
            }
        };
        match result {
            Ok(Settled { answers, sequence }) => {
                self.latest.set(sequence);
                for (job, answer) in group.iter().zip(answers) {
                    // Whoever no longer waits needs no answer.
                    let _ = job.answer.send(answer);
                }
            }
            Err(error) => {
                self.session = None;
                tracing::error!(%error, jobs = group.len(), "store transaction failed");
                for job in group {
                    let _ = job.answer.send(Err(error.clone()));
                }
            }
        }
    }

    /// `sent` holds the answers of the last try whose commit was sent.
    fn attempt(&mut self, group: &[Job], deadline: Instant, sent: &mut Option<Settled>) -> Result<Settled, StoreError> {
        let server = self.server.clone();
        let failed = |doing| move |e: postgres::Error| StoreError::from(PostgresError::of(server.name(), doing, &e));
        let Session { client, statements } = open(&mut self.session, &self.server, deadline)?;
        let mut tx = client.transaction().map_err(failed.clone()("beginning"))?;
        let mut heads = statements.lock(&mut tx).map_err(failed.clone()("taking the writers' lock"))?;
        if sent.is_some() {
            let looked = statements.is_committed(&mut tx, &self.id, self.number);
            // Until it is known, the answers are kept: this look may fail as well.
            if looked.map_err(failed.clone()("looking for the commit"))?
                && let Some(settled) = sent.take()
            {
                return Ok(settled);
            }
        }
        heads.at = heads.at.max((self.clock)());
        let (plan, answers) = if let [Job { author, task: Task::Prune(step), .. }] = group {
            let progress = prune::step(&mut tx, &mut heads, *step).map_err(failed.clone()("pruning"))?;
            let mut plan = Plan::new(Stored::default(), heads);
            if let prune::Progress::Done(removed) = progress {
                plan.note(author, &prune_note(removed, heads.kept_from));
            }
            (plan, vec![Ok(Done::Pruned(progress))])
        } else {
            let writes = group.iter().flat_map(|job| job.task.writes());
            let taken = group
                .iter()
                .filter_map(|job| if let Task::Fence(name) = &job.task { Some(name.as_str()) } else { None });
            let stored =
                statements.find(&mut tx, writes, taken).map_err(failed.clone()("reading before writing"))??;
            let mut plan = Plan::new(stored, heads);
            let answers = group.iter().map(|job| perform(&mut plan, job)).collect();
            (plan, answers)
        };
        statements.write(&mut tx, &plan.work).map_err(failed.clone()("writing"))?;
        statements.finish(&mut tx, &plan.heads, (&self.id, self.number)).map_err(failed.clone()("writing"))?;
        let settled = Settled { answers, sequence: plan.heads.sequence };
        *sent = Some(Settled { answers: settled.answers.clone(), sequence: settled.sequence });
        tx.commit().map_err(failed("committing"))?;
        Ok(settled)
    }
}

/// A server that was replaced may be set otherwise: each connection looks anew.
fn open<'a>(
    session: &'a mut Option<Session>,
    server: &Server,
    deadline: Instant,
) -> Result<&'a mut Session, StoreError> {
    if session.as_ref().is_some_and(|session| session.client.is_closed()) {
        *session = None;
    }
    let opened = if let Some(session) = session.take() {
        session
    } else {
        let mut client = server.connect_until(deadline)?;
        fitness::check(&mut client, server)?;
        let statements = Statements::prepare(&mut client)
            .map_err(|e| PostgresError::of(server.name(), "preparing statements", &e))?;
        Session { client, statements }
    };
    Ok(session.insert(opened))
}

fn perform(plan: &mut Plan, job: &Job) -> Result<Done, StoreError> {
    match &job.task {
        Task::Apply(writes) => plan.apply(&job.author, writes).map(Done::Applied),
        Task::Record(note) => {
            plan.note(&job.author, note);
            Ok(Done::Recorded)
        }
        Task::Fence(name) => Ok(Done::Fenced(plan.take_fence(&job.author, name))),
        // Never in a group with others.
        Task::Prune(_) => Err(StoreError::Closed),
    }
}

fn prune_note(removed: u64, kept_from: vigiles_model::Timestamp) -> AuditNote {
    AuditNote {
        action: "prune".to_owned(),
        resource: "revisions".to_owned(),
        outcome: Outcome::Allowed,
        detail: format!("{removed} rows from before {kept_from}"),
    }
}
