//! The log as the platform sees it while it is shipped: the same log, which is trimmed no further than it was shipped; where
//! an acknowledgement means the repository, it is not given, and nothing is read, before an entry is there.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use serde::Deserialize;
use vigiles_bus::{Appended, Bus, BusError, Done, Entry, Kept, Offset, Queued, Topic};

use crate::error::BackupError;
use crate::line::Line;
use crate::repository::Repository;

/// Time from one piece to the next while the log is shipped behind the acknowledgement.
const PACE_BEHIND: Duration = Duration::from_millis(500);
/// The same where the acknowledgement waits: what comes together is shipped together.
const PACE_BEFORE: Duration = Duration::from_millis(10);
/// Time until a piece that could not be shipped is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(2);
/// Longest wait for an entry before the thread looks whether it should end.
const LOOK: Duration = Duration::from_millis(200);
/// Appends that may wait for the repository; beyond, the doors are told to wait.
const MOST_HELD: usize = 16_384;

/// What an acknowledgement promises.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acknowledge {
    /// The entry is on the disk of this machine; it is in the repository within about a second.
    #[default]
    Log,
    /// The entry is in the repository too. While that cannot be reached, nothing is taken.
    Repository,
}

/// How far the log has been shipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Every entry before this is in the repository.
    pub shipped: u64,
    /// Where the log ends.
    pub end: u64,
    /// Why nothing is shipped at the moment.
    pub failure: Option<String>,
}

struct Held {
    end: u64,
    appended: Appended,
    done: Done,
}

#[derive(Default)]
struct State {
    shipped: u64,
    held: VecDeque<Held>,
    /// Appends under way and held.
    unanswered: usize,
    closed: bool,
    ended: bool,
    failure: Option<String>,
}

/// What is shared by the log, the thread and whoever takes a backup.
pub struct Shipping {
    inner: Arc<dyn Bus>,
    topic: Topic,
    acknowledge: Acknowledge,
    pub(crate) repository: Arc<Repository>,
    pub(crate) line: Mutex<Line>,
    state: Mutex<State>,
    changed: Condvar,
}

/// The log, shipped.
pub struct Shipped {
    shipping: Arc<Shipping>,
    thread: Option<JoinHandle<()>>,
}

impl Shipped {
    /// Ships a topic of `inner` from now on. `data` is the directory that remembers the line. Where the acknowledgement means
    /// the repository, everything is shipped before this returns.
    pub fn start(
        inner: Arc<dyn Bus>,
        topic: Topic,
        repository: Arc<Repository>,
        data: &Path,
        acknowledge: Acknowledge,
    ) -> Result<Self, BackupError> {
        let mut line = Line::open(repository.clone(), &*inner, topic.clone(), data)?;
        if acknowledge == Acknowledge::Repository {
            while line.ship(&*inner)? > 0 {}
        }
        let state = State { shipped: line.shipped(), ..State::default() };
        let shipping = Arc::new(Shipping {
            inner,
            topic,
            acknowledge,
            repository,
            line: Mutex::new(line),
            state: Mutex::new(state),
            changed: Condvar::new(),
        });
        let run = shipping.clone();
        let thread = std::thread::Builder::new().name("backup-ship".to_owned()).spawn(move || run.run());
        let thread = thread.map_err(BackupError::io("starting a thread for", data))?;
        Ok(Self { shipping, thread: Some(thread) })
    }

    /// For whoever takes backups or shows how far it is.
    pub fn shipping(&self) -> Arc<Shipping> {
        self.shipping.clone()
    }
}

impl Drop for Shipped {
    fn drop(&mut self) {
        self.shipping.close();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that ships the log had panicked");
        }
    }
}

impl Shipping {
    /// How far it is.
    pub fn status(&self) -> Status {
        let end = self.inner.bounds(&self.topic).map_or(0, |bounds| bounds.end.0);
        let state = self.state.lock();
        Status { shipped: state.shipped, end, failure: state.failure.clone() }
    }

    /// The line that is written.
    pub fn line_id(&self) -> [u8; 16] {
        *self.line.lock().id()
    }

    /// Waits until every entry before `end` is in the repository; an error where it cannot be shipped.
    pub fn wait_for(&self, end: u64) -> Result<(), BackupError> {
        let mut state = self.state.lock();
        while state.shipped < end {
            if let Some(why) = &state.failure {
                return Err(BackupError::Nothing(format!("the log cannot be shipped: {why}")));
            }
            if state.closed {
                return Err(BackupError::Stopping);
            }
            self.changed.wait(&mut state);
        }
        Ok(())
    }

    fn run(&self) {
        loop {
            let begun = Instant::now();
            let shipped = self.ship();
            let state = self.state.lock();
            let closed = state.closed;
            drop(state);
            match shipped {
                // What was there when the platform stopped is shipped; then it is over.
                Ok(0) | Err(_) if closed => break,
                Ok(0) => self.look(),
                Ok(_) => self.rest(begun, self.pace()),
                Err(_) => self.rest(begun, TRY_AGAIN),
            }
        }
        self.answer_late();
        self.state.lock().ended = true;
        self.changed.notify_all();
    }

    /// Ships what is there and stops: the last thing of an orderly stop.
    pub fn finish(&self) {
        self.close();
        let mut state = self.state.lock();
        while !state.ended {
            self.changed.wait(&mut state);
        }
    }

    fn pace(&self) -> Duration {
        match self.acknowledge {
            Acknowledge::Log => PACE_BEHIND,
            Acknowledge::Repository => PACE_BEFORE,
        }
    }

    fn look(&self) {
        let from = Offset(self.state.lock().shipped);
        if let Err(error) = self.inner.wait(&self.topic, from, LOOK) {
            tracing::warn!(%error, "the log cannot be waited for");
            self.rest(Instant::now(), TRY_AGAIN);
        }
    }

    /// Waits until so much time has passed since `begun`, or the end.
    fn rest(&self, begun: Instant, time: Duration) {
        let mut state = self.state.lock();
        while !state.closed && !self.changed.wait_until(&mut state, begun + time).timed_out() {}
    }

    fn ship(&self) -> Result<usize, BackupError> {
        let (result, shipped) = {
            let mut line = self.line.lock();
            let result = line.ship(&*self.inner);
            (result, line.shipped())
        };
        let mut state = self.state.lock();
        let failure = result.as_ref().err().map(ToString::to_string);
        match (&state.failure, &failure) {
            (None, Some(why)) => tracing::error!(why, "the log cannot be shipped to the repository of backups"),
            (Some(_), None) => tracing::info!("the log is shipped again"),
            _ => {}
        }
        state.failure = failure;
        state.shipped = shipped;
        self.changed.notify_all();
        drop(state);
        if result.is_ok() {
            self.answer(shipped);
        }
        result
    }

    /// Answers the appends that are in the repository now.
    fn answer(&self, shipped: u64) {
        loop {
            let held = {
                let mut state = self.state.lock();
                let Some(held) = state.held.pop_front_if(|held| held.end <= shipped) else { return };
                state.unanswered -= 1;
                held
            };
            (held.done)(Ok(held.appended));
        }
    }

    /// Tells those that still wait that it is over: nobody promised them anything.
    fn answer_late(&self) {
        let held = std::mem::take(&mut self.state.lock().held);
        for held in held {
            (held.done)(Err(BusError::Closed));
        }
    }

    /// An append is on the disk of this machine: holds its answer until it is in the repository.
    fn hold(&self, records: u64, result: Result<Appended, BusError>, done: Done) {
        let appended = match result {
            Ok(appended) => appended,
            Err(error) => {
                self.state.lock().unanswered -= 1;
                return done(Err(error));
            }
        };
        let end = appended.first_offset.0 + records;
        let mut state = self.state.lock();
        if state.shipped >= end || state.closed {
            state.unanswered -= 1;
            let answer = if state.shipped >= end { Ok(appended) } else { Err(BusError::Closed) };
            drop(state);
            return done(answer);
        }
        state.held.push_back(Held { end, appended, done });
    }

    fn close(&self) {
        self.state.lock().closed = true;
        self.changed.notify_all();
    }

    /// Whether entries may be seen that are not in the repository.
    fn is_ahead(&self, topic: &Topic) -> bool {
        self.acknowledge == Acknowledge::Log || *topic != self.topic
    }

    fn check_room(&self, topic: &Topic) -> Result<(), BusError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(BusError::Closed);
        }
        if state.unanswered >= MOST_HELD {
            return Err(BusError::Full { topic: topic.to_string(), records: state.unanswered, bytes: 0 });
        }
        state.unanswered += 1;
        Ok(())
    }
}

impl Bus for Shipped {
    fn append(&self, topic: &Topic, records: Vec<Vec<u8>>) -> Result<Appended, BusError> {
        let count = records.len() as u64;
        let appended = self.shipping.inner.append(topic, records)?;
        if !self.shipping.is_ahead(topic) {
            let mut state = self.shipping.state.lock();
            while state.shipped < appended.first_offset.0 + count {
                if state.closed {
                    return Err(BusError::Closed);
                }
                self.shipping.changed.wait(&mut state);
            }
        }
        Ok(appended)
    }

    fn append_async(&self, topic: &Topic, records: Vec<Vec<u8>>, done: Done) -> Result<(), BusError> {
        let shipping = &self.shipping;
        if shipping.is_ahead(topic) {
            return shipping.inner.append_async(topic, records, done);
        }
        shipping.check_room(topic)?;
        let (held, count) = (shipping.clone(), records.len() as u64);
        let queued =
            shipping.inner.append_async(topic, records, Box::new(move |result| held.hold(count, result, done)));
        queued.inspect_err(|_| shipping.state.lock().unanswered -= 1)
    }

    fn read(&self, topic: &Topic, from: Offset, max_records: usize, max_bytes: usize) -> Result<Vec<Entry>, BusError> {
        let mut entries = self.shipping.inner.read(topic, from, max_records, max_bytes)?;
        if !self.shipping.is_ahead(topic) {
            let shipped = Offset(self.shipping.state.lock().shipped);
            entries.truncate(entries.partition_point(|entry| entry.offset < shipped));
        }
        Ok(entries)
    }

    fn wait(&self, topic: &Topic, from: Offset, timeout: Duration) -> Result<Offset, BusError> {
        if self.shipping.is_ahead(topic) {
            return self.shipping.inner.wait(topic, from, timeout);
        }
        let until = Instant::now() + timeout;
        let mut state = self.shipping.state.lock();
        while state.shipped <= from.0 && !self.shipping.changed.wait_until(&mut state, until).timed_out() {}
        Ok(Offset(state.shipped))
    }

    fn bounds(&self, topic: &Topic) -> Result<Range<Offset>, BusError> {
        let bounds = self.shipping.inner.bounds(topic)?;
        if self.shipping.is_ahead(topic) {
            return Ok(bounds);
        }
        let shipped = Offset(self.shipping.state.lock().shipped);
        Ok(bounds.start..bounds.end.min(shipped))
    }

    fn trim(&self, topic: &Topic, before: Offset) -> Result<(), BusError> {
        let shipped = Offset(self.shipping.state.lock().shipped);
        let before = if *topic == self.shipping.topic { before.min(shipped) } else { before };
        self.shipping.inner.trim(topic, before)
    }

    fn save_cursor(&self, consumer: &str, topic: &Topic, offset: Offset) -> Result<(), BusError> {
        self.shipping.inner.save_cursor(consumer, topic, offset)
    }

    fn load_cursor(&self, consumer: &str, topic: &Topic) -> Result<Option<Offset>, BusError> {
        self.shipping.inner.load_cursor(consumer, topic)
    }

    fn queued(&self, topic: &Topic) -> Result<Queued, BusError> {
        self.shipping.inner.queued(topic)
    }

    fn kept(&self, topic: &Topic) -> Result<Kept, BusError> {
        self.shipping.inner.kept(topic)
    }
}
