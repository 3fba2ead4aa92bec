//! Server-sent events: what changed in the store, the latest observations, notices, the platform's status.
//!
//! Each event is rendered once and handed to all clients through bounded rings. A client that reads
//! slowly misses live batches (the next one is newer anyway); when it misses a change it is told `resync`.

mod feed;
mod stream;
mod wanted;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use vigiles_model::{AgencyId, Reality};
use vigiles_trust::{Action, Context, Resource};

use crate::problem::{Code, Problem};
use crate::state::Api;

pub(crate) use stream::open;
pub(crate) use wanted::EventsQuery;

/// Changes a client may be behind before it is told to load everything anew.
const CHANGES: usize = 1024;
/// Live batches a client may be behind before it misses some.
const LIVE: usize = 16;
/// How often the status is sent.
const STATUS_EVERY: Duration = Duration::from_secs(2);

/// An event, rendered, with what a client needs to be allowed to see it.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Its place in the change feed; 0 for live events.
    sequence: u64,
    event: &'static str,
    resource: Resource,
    agency: Option<AgencyId>,
    /// Of an incident; all else is actual.
    reality: Reality,
    text: Bytes,
}

impl Frame {
    /// Renders an event.
    fn new<T: Serialize>(
        sequence: u64,
        event: &'static str,
        (resource, agency): (Resource, Option<AgencyId>),
        data: &T,
    ) -> Result<Self, serde_json::Error> {
        let mut text = Vec::with_capacity(512);
        if sequence > 0 {
            text.extend_from_slice(format!("id: {sequence}\n").as_bytes());
        }
        text.extend_from_slice(format!("event: {event}\ndata: ").as_bytes());
        // JSON has no line breaks of its own, so one data line holds it.
        serde_json::to_writer(&mut text, data)?;
        text.extend_from_slice(b"\n\n");
        Ok(Self { sequence, event, resource, agency, reality: Reality::Actual, text: text.into() })
    }

    fn is_for(&self, ctx: &Context) -> bool {
        ctx.permits(Action::Read(self.resource), self.agency.as_ref())
    }
}

/// Hands events to clients.
pub(crate) struct Hub {
    changes: broadcast::Sender<Arc<Frame>>,
    /// Notices and status.
    live: broadcast::Sender<Arc<Frame>>,
    observations: broadcast::Sender<Arc<Frame>>,
    run: Mutex<Run>,
    places: Arc<Semaphore>,
    most: usize,
    /// Times a client read too slowly.
    pub(crate) slow: AtomicU64,
}

/// Whether the feeds run, and which start of them it is: feeds of an earlier start end.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    on: bool,
    start: u64,
    /// Whether the feed of observations runs.
    observing: bool,
}

/// What a client holds.
struct Seat {
    changes: broadcast::Receiver<Arc<Frame>>,
    live: broadcast::Receiver<Arc<Frame>>,
    /// None for a client that does not want them.
    observations: Option<broadcast::Receiver<Arc<Frame>>>,
    _place: OwnedSemaphorePermit,
}

impl Hub {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            changes: broadcast::channel(CHANGES).0,
            live: broadcast::channel(LIVE).0,
            observations: broadcast::channel(LIVE).0,
            run: Mutex::default(),
            places: Arc::new(Semaphore::new(most)),
            most,
            slow: AtomicU64::new(0),
        }
    }

    /// Clients now.
    pub(crate) fn clients(&self) -> usize {
        self.most.saturating_sub(self.places.available_permits())
    }

    /// Takes a seat and makes sure that the feeds run: where they do not, they start after `from`. Tells
    /// whether they were started.
    fn seat(self: &Arc<Self>, api: &Arc<Api>, from: u64, observes: bool) -> Result<(Seat, bool), Problem> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| {
            Problem::later(Code::Unavailable, format!("{} event streams are open, more are not kept", self.most), 10)
        })?;
        let mut run = self.run.lock();
        let seat = Seat {
            changes: self.changes.subscribe(),
            live: self.live.subscribe(),
            observations: observes.then(|| self.observations.subscribe()),
            _place: place,
        };
        if observes && !run.observing {
            run.observing = true;
            tokio::spawn(feed::follow_observations(api.clone(), api.platform.live().observations()));
        }
        let started = !run.on;
        if started {
            *run = Run { on: true, start: run.start + 1, observing: run.observing };
            feed::start(api.clone(), from, run.start);
        }
        Ok((seat, started))
    }

    /// Whether the feeds of a start should end, because nobody listens; then they count as ended.
    fn should_end(&self, start: u64) -> bool {
        let mut run = self.run.lock();
        if run.start == start && self.changes.receiver_count() == 0 {
            run.on = false;
        }
        !(run.on && run.start == start)
    }

    /// Whether the feed of observations should end, because nobody wants them; then it counts as ended.
    fn stop_observing(&self) -> bool {
        let mut run = self.run.lock();
        run.observing = self.observations.receiver_count() > 0;
        !run.observing
    }

    /// The feeds of a start broke off.
    fn ended(&self, start: u64) {
        let mut run = self.run.lock();
        if run.start == start {
            run.on = false;
        }
    }

    fn is_running(&self) -> bool {
        self.run.lock().on
    }
}
