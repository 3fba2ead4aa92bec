//! The log in a directory of this machine: one folder a topic, append-only segment files, one writer thread a topic.

mod check;
pub mod format;
mod import;
mod open;
mod repair;
mod segment;
mod small;
mod topic;
pub mod upgrade;
mod writer;

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::RwLock;
use vigiles_disk::{Disk, LocalDisk};

pub use check::{check, check_on};
pub use import::Import;
pub use repair::repair;
use topic::OpenTopic;
use writer::Writer;

use crate::{Appended, Bus, BusError, Clock, Done, Entry, Finding, Kept, Offset, Queued, Topic};

/// Most topics of one log: each has a thread.
const MAX_TOPICS: usize = 64;

/// Bounds of the embedded log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// A new segment file is begun once one has this many bytes.
    pub segment_bytes: u64,
    /// Most bytes that wait to be written, per topic.
    pub queue_bytes: usize,
    /// Most records that wait to be written, per topic.
    pub queue_records: usize,
    /// Newest bytes kept in memory for readers, per topic.
    pub cache_bytes: usize,
    /// Largest record; at most [`format::MAX_RECORD_BYTES`].
    pub record_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            queue_bytes: 64 << 20,
            queue_records: 16_384,
            cache_bytes: 32 << 20,
            record_bytes: 8 << 20,
        }
    }
}

struct Running {
    topic: Arc<OpenTopic>,
    writer: JoinHandle<()>,
}

/// The embedded log. Dropping it writes what waits and stops.
pub struct Embedded {
    directory: PathBuf,
    disk: Arc<dyn Disk>,
    options: Options,
    clock: Arc<dyn Clock>,
    topics: RwLock<BTreeMap<String, Running>>,
    recovered: Vec<Finding>,
    _lock: Box<dyn Any + Send + Sync>,
}

impl Embedded {
    /// Opens or makes the log in `directory`. Platform time comes from `clock`.
    pub fn open(directory: &Path, options: Options, clock: Arc<dyn Clock>) -> Result<Self, BusError> {
        Self::open_on(Arc::new(LocalDisk), directory, options, clock)
    }

    /// [`Embedded::open`] on any file system.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        directory: &Path,
        options: Options,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BusError> {
        let io = |doing, e: std::io::Error| BusError::io(doing, directory, &e);
        vigiles_disk::make_directory(&*disk, directory).map_err(|e| io("creating", e))?;
        let lock = disk.lock(&directory.join("lock")).map_err(|e| io("locking", e))?;
        let lock = lock.ok_or_else(|| BusError::Locked { path: directory.to_owned() })?;
        upgrade::bring_up_to_date(&*disk, directory, upgrade::UPGRADES)?;
        // A process that was killed may have left topics here that the disk does not have yet.
        disk.sync_directory(directory).map_err(|e| io("syncing", e))?;
        let options = Options { record_bytes: options.record_bytes.min(format::MAX_RECORD_BYTES), ..options };
        let mut bus = Self {
            directory: directory.to_owned(),
            disk,
            options,
            clock,
            topics: RwLock::default(),
            recovered: Vec::new(),
            _lock: lock,
        };
        for name in bus.disk.list(directory).map_err(|e| io("listing", e))? {
            if crate::contract::check_name(&name).is_ok() && !matches!(name.as_str(), "format" | "lock") {
                let mut findings = Vec::new();
                let running = bus.start(&name, &mut findings)?;
                bus.topics.write().insert(name, running);
                bus.recovered.append(&mut findings);
            }
        }
        for finding in &bus.recovered {
            tracing::warn!(file = %finding.file.display(), place = finding.place, what = finding.what, "log recovered");
        }
        Ok(bus)
    }

    /// What had to be mended when the log was opened. Nothing of it had been acknowledged.
    pub fn recovered(&self) -> &[Finding] {
        &self.recovered
    }

    fn start(&self, name: &str, findings: &mut Vec<Finding>) -> Result<Running, BusError> {
        let directory = self.directory.join(name);
        let opened = open::open(&self.disk, directory.clone(), name, self.options, findings)?;
        let topic = Arc::clone(&opened.topic);
        let clock = Arc::clone(&self.clock);
        let writer = Writer::new(opened.topic, clock, opened.file, opened.segment, opened.next, opened.last_at);
        let thread = thread::Builder::new().name(format!("log-{name}")).spawn(move || writer.run());
        let writer = thread.map_err(|e| BusError::io("starting the writer of", &directory, &e))?;
        Ok(Running { topic, writer })
    }

    fn existing(&self, topic: &Topic) -> Option<Arc<OpenTopic>> {
        self.topics.read().get(topic.as_str()).map(|running| Arc::clone(&running.topic))
    }

    fn topic(&self, topic: &Topic) -> Result<Arc<OpenTopic>, BusError> {
        if let Some(found) = self.existing(topic) {
            return Ok(found);
        }
        let mut topics = self.topics.write();
        if let Some(running) = topics.get(topic.as_str()) {
            return Ok(Arc::clone(&running.topic));
        }
        if topics.len() >= MAX_TOPICS || matches!(topic.as_str(), "format" | "lock") {
            return Err(BusError::Name(topic.to_string()));
        }
        let directory = self.directory.join(topic.as_str());
        let io = |doing, e: std::io::Error| BusError::io(doing, &directory, &e);
        vigiles_disk::make_directory(&*self.disk, &directory).map_err(|e| io("creating", e))?;
        let running = self.start(topic.as_str(), &mut Vec::new())?;
        let opened = Arc::clone(&running.topic);
        topics.insert(topic.to_string(), running);
        Ok(opened)
    }
}

impl Bus for Embedded {
    fn append(&self, topic: &Topic, records: Vec<Vec<u8>>) -> Result<Appended, BusError> {
        let (answer, answered) = mpsc::sync_channel(1);
        let done: Done = Box::new(move |result| {
            // The receiver waits below until it is told, so this cannot fail.
            let _told = answer.send(result);
        });
        self.topic(topic)?.queue(records, done, true)?;
        answered.recv().unwrap_or(Err(BusError::Closed))
    }

    fn append_async(&self, topic: &Topic, records: Vec<Vec<u8>>, done: Done) -> Result<(), BusError> {
        self.topic(topic)?.queue(records, done, false)
    }

    fn read(&self, topic: &Topic, from: Offset, max_records: usize, max_bytes: usize) -> Result<Vec<Entry>, BusError> {
        self.existing(topic).map_or(Ok(Vec::new()), |open| open.read(from.0, max_records, max_bytes))
    }

    fn wait(&self, topic: &Topic, from: Offset, timeout: Duration) -> Result<Offset, BusError> {
        Ok(self.topic(topic)?.wait(from.0, timeout))
    }

    fn bounds(&self, topic: &Topic) -> Result<Range<Offset>, BusError> {
        Ok(self.existing(topic).map_or(Offset(0)..Offset(0), |open| open.bounds()))
    }

    fn trim(&self, topic: &Topic, before: Offset) -> Result<(), BusError> {
        self.existing(topic).map_or(Ok(()), |open| open.trim(before.0))
    }

    fn save_cursor(&self, consumer: &str, topic: &Topic, offset: Offset) -> Result<(), BusError> {
        self.topic(topic)?.save_cursor(consumer, offset)
    }

    fn load_cursor(&self, consumer: &str, topic: &Topic) -> Result<Option<Offset>, BusError> {
        self.existing(topic).map_or(Ok(None), |open| open.load_cursor(consumer))
    }

    fn queued(&self, topic: &Topic) -> Result<Queued, BusError> {
        Ok(self.existing(topic).map_or_else(Queued::default, |open| open.queue.queued()))
    }

    fn kept(&self, topic: &Topic) -> Result<Kept, BusError> {
        Ok(self.existing(topic).map_or_else(Kept::default, |open| open.kept()))
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        let topics = std::mem::take(&mut *self.topics.write());
        for running in topics.values() {
            running.topic.queue.close();
        }
        for (name, running) in topics {
            if running.writer.join().is_err() {
                tracing::error!(topic = name, "the writer of the topic had panicked");
            }
        }
    }
}
