//! The log on NATS servers: one JetStream stream a topic, one message for all records that are made durable together.
//!
//! `docs/scale-out.md` says how it lies there, which servers are refused, and why.

pub mod address;
pub mod chain;
mod connection;
mod follow;
pub mod frame;
mod index;
mod marks;
mod read;
mod server;
mod stream;
#[cfg(feature = "test-server")]
pub mod test_server;
mod topic;
mod writer;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::runtime::Runtime;

use address::Address;
use connection::{Connection, Shared};
use marks::Marks;
use stream::Stream;
use topic::OpenTopic;
use writer::Writer;

use crate::{Appended, Bus, BusError, Clock, Done, Entry, Kept, Offset, Queued, Topic};

/// Most topics of one log: each has a thread.
const MAX_TOPICS: usize = 64;
/// Of how many servers of a cluster each keeps every message, unless the address says otherwise.
const CLUSTER_REPLICAS: usize = 3;

/// Bounds of a log on servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Most bytes that wait to be written, per topic.
    pub queue_bytes: usize,
    /// Most records that wait to be written, per topic.
    pub queue_records: usize,
    /// Newest bytes kept in memory for readers, per topic.
    pub cache_bytes: usize,
    /// Largest record. An append must also fit into one message of the server (`max_payload`).
    pub record_bytes: usize,
    /// For how long a request is tried while no server answers.
    pub patience: Duration,
    /// For how long one try of a request, or to connect, may last.
    pub answer_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            queue_bytes: 64 << 20,
            queue_records: 16_384,
            cache_bytes: 32 << 20,
            record_bytes: 8 << 20,
            patience: Duration::from_mins(1),
            answer_timeout: Duration::from_secs(5),
        }
    }
}

struct Running {
    topic: Arc<OpenTopic>,
    writer: JoinHandle<()>,
}

/// The log on NATS servers. Dropping it writes what waits and stops.
///
/// Whoever appends to a topic first becomes its owner, in place of the process that was: that one's appends then fail
/// with [`BusError::Fenced`]. Reading, trimming and cursors need no ownership.
pub struct JetStream {
    connection: Shared,
    marks: Marks,
    log: String,
    replicas: usize,
    clock: Arc<dyn Clock>,
    topics: RwLock<BTreeMap<String, Running>>,
    /// One topic is opened at a time; readers of others do not wait for it.
    opening: Mutex<()>,
    /// Taken when the log is dropped.
    runtime: Option<Runtime>,
}

impl JetStream {
    /// Opens or makes the log at `address` ([`Address`] says how one is written). Platform time comes from `clock`.
    pub fn open(address: &str, options: Options, clock: Arc<dyn Clock>) -> Result<Self, BusError> {
        let address = Address::parse(address)?;
        let log = address.log.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(2)
            .thread_name("log-nats")
            .enable_all()
            .build()
            .map_err(|error| BusError::io("starting the connection of", log.as_ref(), &error))?;
        let (handle, asked) = (runtime.handle().clone(), address.replicas);
        let (tell, told) = mpsc::sync_channel(1);
        runtime.spawn(async move {
            let opened = async {
                let (connection, cluster_size) = Connection::open(&address, options, handle).await?;
                let (connection, single) = (Arc::new(connection), cluster_size < CLUSTER_REPLICAS);
                let replicas = asked.unwrap_or(if single { 1 } else { CLUSTER_REPLICAS });
                let marks = Marks::open(&connection, &address.log, replicas).await?;
                Ok((connection, marks, replicas))
            };
            // The receiver waits below until it is told, so this cannot fail.
            let _told = tell.send(opened.await);
        });
        let opened = told.recv().unwrap_or(Err(BusError::Closed));
        let (connection, marks, replicas) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let (topics, opening, runtime) = (RwLock::default(), Mutex::new(()), Some(runtime));
        Ok(Self { connection, marks, log, replicas, clock, topics, opening, runtime })
    }

    fn opened(&self, topic: &Topic) -> Option<Arc<OpenTopic>> {
        self.topics.read().get(topic.as_str()).map(|running| Arc::clone(&running.topic))
    }

    /// The topic, where it was ever written.
    fn existing(&self, topic: &Topic) -> Result<Option<Arc<OpenTopic>>, BusError> {
        match self.opened(topic) {
            Some(open) => Ok(Some(open)),
            None => self.open_topic(topic, false),
        }
    }

    /// The topic; its stream is made where there is none.
    fn topic(&self, topic: &Topic) -> Result<Arc<OpenTopic>, BusError> {
        if let Some(open) = self.opened(topic) {
            return Ok(open);
        }
        self.open_topic(topic, true)?.ok_or(BusError::Closed)
    }

    fn open_topic(&self, topic: &Topic, make: bool) -> Result<Option<Arc<OpenTopic>>, BusError> {
        let _one = self.opening.lock();
        if let Some(open) = self.opened(topic) {
            return Ok(Some(open));
        }
        if self.topics.read().len() >= MAX_TOPICS {
            return Err(BusError::Name(topic.to_string()));
        }
        // No log has an underscore in its name, so no two topics have the same stream.
        let (name, subject) = (format!("{}_{topic}", self.log), format!("{}.{topic}", self.log));
        let (stream, marks) = (Stream::new(&self.connection, name, subject), self.marks.clone());
        let (topic_name, replicas) = (topic.clone(), self.replicas);
        let open = self.connection.run(async move {
            if stream.info().await?.is_none() {
                if !make {
                    return Ok(None);
                }
                stream.create(&stream::frames_config(&stream, replicas)).await?;
            }
            OpenTopic::open(topic_name, stream, marks).await.map(Some)
        })?;
        let Some(open) = open.map(Arc::new) else {
            return Ok(None);
        };
        let writer = Writer::new(Arc::clone(&open), Arc::clone(&self.clock))?;
        let thread = thread::Builder::new().name(format!("log-{topic}")).spawn(move || writer.run());
        let started = thread.map_err(|e| BusError::io("starting the writer of", open.stream.name.as_ref(), &e));
        self.topics.write().insert(topic.to_string(), Running { topic: Arc::clone(&open), writer: started? });
        Ok(Some(open))
    }
}

impl Bus for JetStream {
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
        let Some(open) = self.existing(topic)? else {
            return Ok(Vec::new());
        };
        follow::start(&open);
        match open.read_known(from.0, max_records, max_bytes)? {
            Some(entries) => Ok(entries),
            None => self.connection.run(open.read(from.0, max_records, max_bytes)),
        }
    }

    fn wait(&self, topic: &Topic, from: Offset, timeout: Duration) -> Result<Offset, BusError> {
        let open = self.topic(topic)?;
        follow::start(&open);
        open.wait(from.0, timeout)
    }

    fn bounds(&self, topic: &Topic) -> Result<Range<Offset>, BusError> {
        let Some(open) = self.existing(topic)? else {
            return Ok(Offset(0)..Offset(0));
        };
        follow::start(&open);
        Ok(open.bounds())
    }

    fn trim(&self, topic: &Topic, before: Offset) -> Result<(), BusError> {
        self.existing(topic)?.map_or(Ok(()), |open| self.connection.run(open.trim(before)))
    }

    fn save_cursor(&self, consumer: &str, topic: &Topic, offset: Offset) -> Result<(), BusError> {
        let open = self.topic(topic)?;
        let end = open.bounds().end;
        crate::contract::check_name(consumer)?;
        if offset > end {
            return Err(BusError::Beyond { topic: topic.to_string(), wanted: offset, end });
        }
        let (consumer, topic) = (consumer.to_owned(), topic.clone());
        self.connection.run(async move { open.marks.save_cursor(&topic, &consumer, offset).await })
    }

    fn load_cursor(&self, consumer: &str, topic: &Topic) -> Result<Option<Offset>, BusError> {
        crate::contract::check_name(consumer)?;
        let Some(open) = self.existing(topic)? else {
            return Ok(None);
        };
        let (consumer, topic) = (consumer.to_owned(), topic.clone());
        self.connection.run(async move { open.load_cursor(&topic, &consumer).await })
    }

    fn queued(&self, topic: &Topic) -> Result<Queued, BusError> {
        Ok(self.opened(topic).map_or_else(Queued::default, |open| open.queue.queued()))
    }

    fn kept(&self, topic: &Topic) -> Result<Kept, BusError> {
        let Some(open) = self.existing(topic)? else {
            return Ok(Kept::default());
        };
        let info = self.connection.run(async move { open.stream.info().await })?;
        Ok(info.map_or_else(Kept::default, |info| Kept {
            bytes: info.state.bytes,
            segments: info.state.messages as usize,
        }))
    }
}

impl Drop for JetStream {
    fn drop(&mut self) {
        self.connection.close();
        let topics = std::mem::take(&mut *self.topics.write());
        for running in topics.values() {
            running.topic.queue.close();
        }
        for (name, running) in topics {
            if running.writer.join().is_err() {
                tracing::error!(topic = name, "the writer of the topic had panicked");
            }
            if let Some(follower) = running.topic.known.lock().follower.take() {
                follower.abort();
            }
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
