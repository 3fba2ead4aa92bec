//! From drafts to durable log entries: admit, drop redeliveries, append, answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use vigiles_bus::{Appended, Bus, BusError, Clock, Topic};
use vigiles_formats::observation::{Draft, Registry, Rejection, Sender, admit};
use vigiles_model::kind::Overload;
use vigiles_model::{Observation, SourceId, Timestamp};

use crate::catalogue::{Catalogue, CatalogueCell};
use crate::counters::{Counters, SourceTable};
use crate::door::{Grant, Receipt, SubmitError};
use crate::frames::Frames;
use crate::recent::Recent;
use crate::seat::DoorName;
use crate::takeover::Takeover;
use crate::{platform, record};

/// Observations in one log entry at most.
const FRAME: usize = 2048;
/// Durable observations that the engine may be behind before sources are told to wait.
pub(crate) const MAX_LAG: u64 = 500_000;

/// Takes deliveries.
pub struct Intake {
    /// The log.
    pub bus: Arc<dyn Bus>,
    /// The topic that this process appends to: that of all inputs, or a door's.
    pub topic: Topic,
    /// Platform time.
    pub clock: Arc<dyn Clock>,
    /// Kinds and places.
    pub catalogue: CatalogueCell,
    /// Counts.
    pub counters: Counters,
    /// Health by source.
    pub sources: SourceTable,
    /// Frames on their way to the engine.
    pub frames: Frames,
    recent: Recent,
    /// Set where the topic is a door's.
    door: Option<DoorName>,
    pub(crate) takeover: Takeover,
}

impl Intake {
    /// An intake in front of a log, or of a door's topic.
    pub(crate) fn new(
        bus: Arc<dyn Bus>,
        door: Option<DoorName>,
        clock: Arc<dyn Clock>,
        catalogue: Catalogue,
        takeover: Takeover,
    ) -> Self {
        Self {
            bus,
            topic: door.as_ref().map_or_else(platform::topic, DoorName::topic),
            clock,
            catalogue: CatalogueCell::new(catalogue),
            counters: Counters::default(),
            sources: SourceTable::default(),
            frames: Frames::default(),
            recent: Recent::default(),
            door,
            takeover,
        }
    }

    /// The record of an entry in this process's topic.
    pub(crate) fn record(&self, entry: Vec<u8>, observations: usize) -> Vec<u8> {
        match &self.door {
            Some(door) => record::through_door(door, observations as u32, &entry),
            None => entry,
        }
    }

    /// Whether the engine is so far behind that sources are told to wait.
    pub(crate) fn is_behind(&self) -> bool {
        self.frames.lag() > MAX_LAG
    }

    /// Refuses while the engine is so far behind that a delivery could only wait: for doors to ask before
    /// they read a delivery, and cheap enough for each.
    pub fn check_room(&self) -> Result<(), SubmitError> {
        if self.is_behind() && !self.catalogue.get().may_shed() {
            self.counters.overloaded.add(1);
            return Err(SubmitError::Overloaded { retry_after: Duration::from_secs(1) });
        }
        Ok(())
    }

    /// Admits drafts and makes them durable.
    pub async fn submit(&self, grant: &Grant, drafts: Vec<Draft>) -> Result<Receipt, SubmitError> {
        self.check_room()?;
        let catalogue = self.catalogue.get();
        let (mut receipt, mut fresh) = self.admit_all(grant, drafts, &catalogue);
        if self.is_behind() {
            self.shed_or_wait(&mut fresh, &catalogue, &mut receipt)?;
        }
        let mut pending = Vec::with_capacity(fresh.len() / FRAME + 1);
        while !fresh.is_empty() {
            let rest = fresh.split_off(fresh.len().min(FRAME));
            pending.push(self.append(fresh)?);
            fresh = rest;
        }
        for (frame, done) in pending {
            done.await.map_err(|_| SubmitError::Closed)?.map_err(|e| self.refusal(e))?;
            receipt.accepted += frame.len();
            self.note_accepted(&frame);
        }
        Ok(receipt)
    }

    /// Makes the observations of an exercise durable in the log; they count for no source.
    pub(crate) async fn play(&self, mut observations: Vec<Observation>) -> Result<(), SubmitError> {
        self.check_room()?;
        let mut pending = Vec::new();
        while !observations.is_empty() {
            let rest = observations.split_off(observations.len().min(FRAME));
            pending.push(self.append(observations)?);
            observations = rest;
        }
        for (_, done) in pending {
            done.await.map_err(|_| SubmitError::Closed)?.map_err(|e| self.refusal(e))?;
        }
        Ok(())
    }

    /// What a draft would become if it were submitted now; nothing is kept of it.
    pub fn preview(&self, grant: &Grant, draft: Draft) -> Result<Observation, Rejection> {
        let own = grant.source.clone().unwrap_or_else(|| own_source(grant));
        let sender = Sender { source: &own, bound: grant.is_device() };
        admit(draft, &*self.catalogue.get(), sender, self.clock.now())
    }

    fn admit_all(&self, grant: &Grant, drafts: Vec<Draft>, catalogue: &Catalogue) -> (Receipt, Vec<Observation>) {
        let now = self.clock.now();
        let own = grant.source.clone().unwrap_or_else(|| own_source(grant));
        let sender = Sender { source: &own, bound: grant.is_device() };
        let mut receipt = Receipt::default();
        let mut admitted = Vec::with_capacity(drafts.len());
        for (index, draft) in drafts.into_iter().enumerate() {
            match admit(draft, catalogue, sender, now) {
                Ok(observation) => admitted.push(observation),
                Err(rejection) => receipt.rejected.push((index, rejection)),
            }
        }
        if let Some((_, rejection)) = receipt.rejected.last() {
            self.counters.rejected.add(receipt.rejected.len());
            let text = format!("{}: {}", rejection.path, rejection.message);
            self.sources.note(&own, |health| {
                health.rejected += receipt.rejected.len() as u64;
                health.last_error = Some(text);
            });
        }
        let known = self.recent.known(admitted.iter().map(|o| o.id));
        let before = admitted.len();
        let mut known = known.into_iter();
        admitted.retain(|_| !known.next().unwrap_or(false));
        receipt.duplicates = before - admitted.len();
        self.counters.duplicates.add(receipt.duplicates);
        (receipt, admitted)
    }

    /// Counts a delivery of which nothing could be read, as one refusal of its source.
    pub fn note_unreadable(&self, grant: &Grant, why: String) {
        self.counters.rejected.add(1);
        self.sources.note(&grant.source.clone().unwrap_or_else(|| own_source(grant)), |health| {
            health.rejected += 1;
            health.last_error = Some(why);
        });
    }

    /// Under overload drops what may be dropped; if anything is left, the sender must wait.
    fn shed_or_wait(
        &self,
        fresh: &mut Vec<Observation>,
        catalogue: &Catalogue,
        receipt: &mut Receipt,
    ) -> Result<(), SubmitError> {
        let may_drop = |o: &Observation| catalogue.kind(o.kind.as_str()).is_some_and(|k| k.overload == Overload::Shed);
        if !fresh.iter().all(may_drop) {
            self.counters.overloaded.add(1);
            return Err(SubmitError::Overloaded { retry_after: Duration::from_secs(1) });
        }
        receipt.shed = fresh.len();
        self.counters.shed.add(fresh.len());
        for observation in fresh.drain(..) {
            self.sources.note(&observation.source, |health| health.shed += 1);
        }
        Ok(())
    }

    #[allow(clippy::type_complexity, reason = "a frame with the answer it waits for; used in one place")]
    fn append(
        &self,
        frame: Vec<Observation>,
    ) -> Result<(Arc<Vec<Observation>>, oneshot::Receiver<Result<Appended, BusError>>), SubmitError> {
        let bytes = record::frame(&frame).map_err(|e| SubmitError::Storage(e.to_string()))?;
        let bytes = self.record(bytes, frame.len());
        let frame = Arc::new(frame);
        let (sender, receiver) = oneshot::channel();
        let handed = self.frames.hand(frame.clone());
        let done = Box::new(move |result: Result<Appended, BusError>| {
            handed.settle(&result);
            let _caller_gone = sender.send(result);
        });
        self.bus.append_async(&self.topic, vec![bytes], done).map_err(|e| self.refusal(e))?;
        Ok((frame, receiver))
    }

    fn note_accepted(&self, frame: &[Observation]) {
        self.counters.accepted.add(frame.len());
        self.recent.remember(frame.iter().map(|o| o.id));
        let mut rest = frame;
        while let Some(first) = rest.first() {
            let run = rest.iter().take_while(|o| o.source == first.source).count();
            self.sources.note(&first.source, |health| {
                health.accepted += run as u64;
                health.last_seen = Some(first.arrived);
            });
            rest = &rest[run..];
        }
    }

    fn refusal(&self, error: BusError) -> SubmitError {
        self.takeover.note_log(&error);
        match error {
            BusError::Full { .. } => {
                self.counters.overloaded.add(1);
                SubmitError::Overloaded { retry_after: Duration::from_secs(1) }
            }
            BusError::Closed => SubmitError::Closed,
            other => SubmitError::Storage(other.to_string()),
        }
    }

    /// Platform time now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// The source of a token that is bound to none: the token itself.
fn own_source(grant: &Grant) -> SourceId {
    SourceId::new(grant.principal.as_str()).expect("ids of all sorts share one alphabet")
}
