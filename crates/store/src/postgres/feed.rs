//! The change feed: the revisions in order, and the thread that hears of those of other processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use postgres::Client;
use postgres::fallible_iterator::FallibleIterator as _;
use vigiles_model::Timestamp;
use vigiles_postgres::Server;
use vigiles_trust::{Action, Context};

use super::documents::{Answer, snapshot};
use super::rows;
use crate::contract::{Change, Changes, Kind, StoreError};
use crate::heads::Latest;

/// The channel on which a writer tells the latest sequence with its commit.
pub(super) const CHANNEL: &str = "vigiles_store";
/// How long the thread waits for word before it looks whether it is to stop.
const TURN: Duration = Duration::from_millis(200);

/// What came after a sequence, for one reader.
pub(super) fn changes(db: &mut Client, kinds: &[Kind], ctx: &Context, after: u64, limit: usize) -> Answer<Changes> {
    // One snapshot: the heads and the rows are of the same moment.
    let mut tx = snapshot(db)?;
    let heads = rows::heads(&mut tx)?;
    if after < heads.feed_from || after > heads.sequence {
        return Ok(Ok(Changes::Resync { oldest: heads.feed_from, latest: heads.sequence }));
    }
    let found = tx.query(
        "SELECT id, version, agency, state, west, south, east, north, time, sequence, body, kind, at, deleted
         FROM revisions WHERE sequence > $1 ORDER BY sequence LIMIT $2",
        &[&(after as i64), &(limit as i64)],
    )?;
    let (mut changes, mut next) = (Vec::new(), after);
    for row in &found {
        next = row.get::<_, i64>(9) as u64;
        let name: &str = row.get(11);
        // A kind that this program was not told of belongs to a newer or an older one.
        let Some(kind) = kinds.iter().copied().find(|kind| kind.name() == name) else { continue };
        let document = match rows::document(kind, row) {
            Ok(document) => document,
            Err(error) => return Ok(Err(error)),
        };
        if ctx.permits(Action::Read(kind.resource()), document.agency.as_ref()) {
            changes.push(Change { sequence: next, at: Timestamp(row.get(12)), deleted: row.get(13), document });
        }
    }
    Ok(Ok(Changes::Events { changes, next }))
}

/// The thread that listens; dropping it stops it.
pub(super) struct Listener {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    pub(super) fn start(server: Server, latest: Arc<Latest>) -> Result<Self, StoreError> {
        let over = Arc::new(AtomicBool::new(false));
        let (stop, name) = (Arc::clone(&over), server.name().to_owned());
        let thread = std::thread::Builder::new()
            .name("store-listener".to_owned())
            .spawn(move || run(&server, &latest, &stop))
            .map_err(|e| StoreError::Backend { file: name, what: format!("listener thread: {e}") })?;
        Ok(Self { over, thread: Some(thread) })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the store's listener thread panicked");
        }
    }
}

/// Listens, on a new connection where one is lost: what was told meanwhile is read from the heads.
fn run(server: &Server, latest: &Latest, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        match server.connect_until(Instant::now() + TURN) {
            Ok(mut client) => {
                if let Err(error) = listen(&mut client, latest, over) {
                    tracing::warn!(server = server.name(), %error, "changes of other processes are heard of late");
                }
            }
            Err(error) => {
                tracing::debug!(%error, "the server is away; trying again");
                std::thread::park_timeout(TURN);
            }
        }
    }
}

fn listen(client: &mut Client, latest: &Latest, over: &AtomicBool) -> Result<(), postgres::Error> {
    client.batch_execute(&format!("LISTEN {CHANNEL}"))?;
    latest.set(rows::heads(client)?.sequence);
    while !over.load(Ordering::Relaxed) && !client.is_closed() {
        let told = client.notifications().timeout_iter(TURN).next()?;
        if let Some(sequence) = told.and_then(|told| told.payload().parse().ok()) {
            latest.set(sequence);
        }
    }
    Ok(())
}
