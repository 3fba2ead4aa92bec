//! The thread that makes effects durable: documents and the log offset they came from, in one transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::{mpsc, oneshot};
use vigiles_bus::{Bus, Offset};
use vigiles_engine::{CommandDone, CommandError, ConfigDocument, ConfigKind, Effect};
use vigiles_formats::observation::Registry;
use vigiles_history::History;
use vigiles_model::{Geometry, IncidentId, Reality, Task, Timestamp};
use vigiles_store::{Store, StoreError, Write};
use vigiles_trust::Context;

use crate::catalogue::Catalogue;
use crate::documents;
use crate::intake::Intake;
use crate::merged::Merged;
use crate::once::UnderWay;
use crate::pump::{Asker, Batch, Progress};
use crate::record::Asked;
use crate::snapshots::{Snapshots, SnapshotsError};
use crate::takeover::Takeover;
use crate::told::{Teller, Told};

/// The mark in the store: effects of log entries before it are in the documents.
pub(crate) const APPLIED: &str = "engine-applied";
/// The fence in the store: of the platforms on one log the one that took it last applies effects.
pub(crate) const FENCE: &str = "engine";
/// Batches applied in one transaction when they wait.
const TOGETHER: usize = 64;

/// Callers that wait for the outcome of their command, by ticket.
pub(crate) type Waiting = Mutex<FxHashMap<u128, oneshot::Sender<Result<CommandDone, CommandError>>>>;

/// A task for the system to carry out.
#[derive(Debug)]
pub(crate) struct Errand {
    /// The incident it belongs to.
    pub incident: IncidentId,
    /// The task.
    pub task: Box<Task>,
}

/// The applier.
pub(crate) struct Applier {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) history: Arc<dyn History>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) waiting: Arc<Waiting>,
    pub(crate) under_way: Arc<UnderWay>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) errands: mpsc::Sender<Errand>,
    pub(crate) snapshots: Arc<Snapshots>,
    /// To the doors, where there may be any.
    pub(crate) teller: Option<Teller>,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) takeover: Takeover,
    /// The mark as it was at the start: it is not set back while the engine goes through what is behind it.
    pub(crate) applied: Offset,
    /// What taking the fence gave.
    pub(crate) epoch: u64,
}

/// What a batch comes to.
#[derive(Default)]
struct Work {
    writes: Vec<Write>,
    places: FxHashMap<(&'static str, String), usize>,
    puts: Vec<ConfigDocument>,
    deletes: Vec<(ConfigKind, String)>,
    outcomes: Vec<(Arc<Asked>, Result<CommandDone, CommandError>)>,
    errands: Vec<Errand>,
    raised: Vec<Timestamp>,
}

impl Applier {
    /// Runs until the pump is gone, effects cannot be stored before the platform stops, or another process has taken over.
    pub(crate) fn run(self, batches: &Receiver<Batch>) {
        while let Ok(first) = batches.recv() {
            let mut together = vec![first];
            while together.len() < TOGETHER {
                match batches.try_recv() {
                    Ok(batch) => together.push(batch),
                    Err(_) => break,
                }
            }
            // What comes after effects that are not stored would set the mark behind them: they would never be applied.
            if !self.apply(together) || self.takeover.has_happened() {
                return;
            }
        }
    }

    /// Whether the effects are stored.
    fn apply(&self, batches: Vec<Batch>) -> bool {
        let known = self.intake.catalogue.get();
        let mut work = Work { writes: vec![self.fence()], ..Work::default() };
        let mut next = Offset(0);
        let mut newest_snapshot = None;
        let count = batches.len() as u64;
        for batch in batches {
            next = batch.next;
            for (asked, effect) in batch.effects {
                work.add(asked, effect, &known);
            }
            newest_snapshot = batch.snapshot.map(|state| (batch.next, state)).or(newest_snapshot);
        }
        work.remember();
        let applied = next.max(self.applied);
        work.writes.push(Write::SetMark { name: APPLIED, value: applied.0 });
        // Effects come again from the log if a power cut takes them back; a snapshot ends that, so before one they
        // must be durable.
        let Some(sequence) = self.write(&work.writes, applied, newest_snapshot.is_some()) else { return false };
        self.intake.catalogue.change(&work.puts, &work.deletes);
        self.intake.counters.alarms.add(work.raised.len());
        for at in &work.raised {
            self.intake.counters.last_hour.note(*at);
        }
        self.intake.counters.commands.add(work.outcomes.len());
        self.progress.applied.fetch_add(count, Ordering::Release);
        self.answer(work.outcomes, sequence);
        for errand in work.errands {
            // A full queue loses nothing: the sweep finds tasks that still run.
            let _found_by_the_sweep = self.errands.try_send(errand);
        }
        if let Some((offset, (state, merged))) = newest_snapshot {
            self.save_snapshot(offset, &state.to_bytes(), &merged);
        }
        true
    }

    fn answer(&self, outcomes: Vec<(Arc<Asked>, Result<CommandDone, CommandError>)>, sequence: u64) {
        for (asked, outcome) in outcomes {
            if let Some(once) = &asked.once {
                self.under_way.done(once);
            }
            let caller = self.waiting.lock().remove(&asked.ticket);
            match (caller, &self.teller) {
                (Some(caller), _) => drop(caller.send(outcome)),
                (None, Some(teller)) => teller.tell(&Told::Outcome { ticket: asked.ticket, outcome, sequence }),
                // It was asked by a process that is gone.
                (None, None) => {}
            }
        }
    }

    fn fence(&self) -> Write {
        Write::Fence { name: FENCE, epoch: self.epoch }
    }

    /// Applies writes; a failing store is tried again until it works or the platform stops, since the log
    /// holds everything and the queue before this thread is bounded. Whoever was shut out does not try again.
    /// Gives the latest sequence of the store's change feed then.
    fn write(&self, writes: &[Write], next: Offset, is_durable: bool) -> Option<u64> {
        let mut may_be_stored = false;
        loop {
            let error = match self.attempt(writes, next, is_durable, may_be_stored) {
                Ok(sequence) => return Some(sequence),
                Err(error) => error,
            };
            if error == StoreError::Closed || self.takeover.note_store(&error) {
                return None;
            }
            if self.stop.load(Ordering::Relaxed) {
                tracing::error!(%error, "effects not applied; they are applied from the log at the next start");
                return None;
            }
            may_be_stored |= matches!(error, StoreError::Unreachable { .. });
            tracing::error!(%error, "effects cannot be applied; trying again");
            std::thread::park_timeout(Duration::from_secs(1));
        }
    }

    /// One try. Where an earlier one may have been stored without an answer, the mark that it sets tells; else versions and
    /// audit entries would double.
    fn attempt(
        &self,
        writes: &[Write],
        next: Offset,
        is_durable: bool,
        may_be_stored: bool,
    ) -> Result<u64, StoreError> {
        let ctx = Context::system("engine");
        if may_be_stored {
            // The earlier try may still be on its way to the server: this waits behind it.
            let heads = self.store.apply(&ctx, vec![self.fence()])?;
            if self.store.mark(&ctx, APPLIED)?.is_some_and(|applied| applied >= next.0) {
                return Ok(heads.last().copied().unwrap_or(0));
            }
        }
        let batch = writes.to_vec();
        let done = if is_durable { self.store.apply(&ctx, batch) } else { self.store.apply_derived(&ctx, batch) };
        done.map(|sequences| sequences.last().copied().unwrap_or(0))
    }

    fn save_snapshot(&self, offset: Offset, state: &[u8], merged: &Merged) {
        match self.snapshots.save(offset, state, merged) {
            Ok(oldest) => {
                // What is derived is stored without waiting for the disk: before its entries go from the log, it does.
                if let Err(error) = self.store.apply(&Context::system("engine"), vec![self.fence()]) {
                    tracing::warn!(%error, "effects may not be durable yet; the log is kept");
                    return;
                }
                let needed = oldest.min(Offset(self.history.durable_offset()));
                if let Err(error) = self.bus.trim(&self.intake.topic, needed) {
                    tracing::warn!(%error, "the log could not be trimmed");
                }
            }
            Err(error) => {
                if let SnapshotsError::Log(error) = &error {
                    self.takeover.note_log(error);
                }
                tracing::error!(%error, "snapshot not saved; the log is kept instead");
            }
        }
    }
}

impl Work {
    fn add(&mut self, asked: Asker, effect: Effect, known: &Catalogue) {
        match effect {
            Effect::AlarmChanged(alarm) => {
                let is_new = alarm.version <= 1 && alarm.reality == Reality::Actual;
                self.raised.extend(is_new.then_some(alarm.raised));
                self.put("alarm", alarm.id.to_string(), documents::alarm(&alarm));
            }
            Effect::IncidentChanged(incident) => {
                self.put("incident", incident.id.to_string(), documents::incident(&incident));
            }
            Effect::ConfigChanged { document, version, at } => {
                if let ConfigDocument::Rule(rule) = &document {
                    let known = asked.as_ref().map(|asked| asked.known.clone()).unwrap_or_default();
                    self.writes.push(documents::rule_version(rule, version, at, &known));
                }
                if let ConfigDocument::Asset(asset) = &document
                    && self.place(asset.id.as_str(), known) != Some(&asset.place)
                {
                    self.writes.push(documents::asset_place(asset, at));
                }
                let write = documents::config(&document, version);
                self.put(document.what().as_str(), document.id().to_owned(), write);
                self.puts.push(document);
            }
            Effect::ConfigDeleted { what, id, last, at } => {
                self.writes.extend(last.map(|rule| documents::rule_deletion(&rule, at)));
                self.put(what.as_str(), id.clone(), documents::delete(what, &id));
                self.puts.retain(|d| d.what() != what || d.id() != id);
                self.deletes.push((what, id));
            }
            Effect::TaskStarted { incident, task } => self.errands.push(Errand { incident, task }),
            Effect::CommandDone(outcome) => self.outcomes.extend(asked.map(|asked| (asked, outcome))),
        }
    }

    /// Where an asset stands, after what has been added.
    fn place<'a>(&'a self, id: &str, known: &'a Catalogue) -> Option<&'a Geometry> {
        let put = self.puts.iter().rev().find_map(|document| match document {
            ConfigDocument::Asset(asset) if asset.id.as_str() == id => Some(&asset.place),
            _ => None,
        });
        put.or_else(|| known.asset_place(id))
    }

    /// Outcomes of commands with a key are stored with their effects.
    fn remember(&mut self) {
        for (asked, outcome) in &self.outcomes {
            // What was refused did nothing, and may be tried again.
            let (Some(once), Ok(done)) = (&asked.once, outcome) else { continue };
            match once.remember(done) {
                Ok(write) => self.writes.push(write),
                Err(error) => tracing::error!(%error, "the outcome of a command has no JSON form"),
            }
        }
    }

    /// The last write of a document in a batch is the only one that counts.
    fn put(&mut self, kind: &'static str, id: String, write: Write) {
        if let Some(&place) = self.places.get(&(kind, id.clone())) {
            self.writes[place] = write;
        } else {
            self.places.insert((kind, id), self.writes.len());
            self.writes.push(write);
        }
    }
}
