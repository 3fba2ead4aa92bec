//! The thread that writes a topic: one message for everything that waits, then every answer.

use std::sync::Arc;

use super::chain::Link;
use super::follow;
use super::frame::{self, Hash, Head};
use super::stream::Published;
use super::topic::OpenTopic;
use crate::queue::{self, Queue, Waiting};
use crate::{Appended, BusError, Clock, Offset};

/// How often a place in the stream is sought before the servers are taken to be out of order.
const MOST_TRIES: usize = 16;

/// Messages between two marks of how far the topic is written.
const MESSAGES_PER_MARK: u64 = 256;

/// The writing end of a topic.
///
/// Invariant: one message is under way at a time, and it names the message that it follows; the server stores it there or
/// not at all. So it is stored once, however often it is sent, and what another process writes is noticed.
pub(crate) struct Writer {
    topic: Arc<OpenTopic>,
    clock: Arc<dyn Clock>,
    /// A random number for this writer of this topic.
    identity: [u8; 16],
    /// Set once another process has taken the topic over: for good, so that two owners do not take turns.
    fenced: Option<BusError>,
}

impl Writer {
    pub(crate) fn new(topic: Arc<OpenTopic>, clock: Arc<dyn Clock>) -> Result<Self, BusError> {
        let mut identity = [0; 16];
        getrandom::fill(&mut identity).map_err(|error| BusError::Io {
            doing: "drawing a random number for",
            path: topic.stream.name.clone().into(),
            why: error.to_string(),
        })?;
        Ok(Self { topic, clock, identity, fenced: None })
    }

    /// Writes until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let topic = Arc::clone(&self.topic);
        while let Some(group) = topic.queue.take(topic.frame_bytes) {
            let room = Queue::room(&group);
            let written = self.write(&group);
            if let Err(error) = &written {
                tracing::error!(topic = %topic.name, %error, "append failed");
            }
            topic.queue.written(room);
            queue::answer(group, &written);
            if written.is_ok() && topic.known.lock().end.sequence.is_multiple_of(MESSAGES_PER_MARK) {
                self.mark();
            }
        }
        if topic.known.lock().owned {
            self.mark();
        }
    }

    /// Notes how far the topic is written, so that a loss of its newest messages is noticed. No answer waits for it.
    fn mark(&self) {
        let topic = Arc::clone(&self.topic);
        let end = topic.known.lock().end.next;
        let connection = Arc::clone(topic.stream.connection());
        if let Err(error) = connection.run(async move { topic.marks.save_written(&topic.name, end).await }) {
            tracing::warn!(topic = %self.topic.name, %error, "could not note the end of the topic");
        }
    }

    /// Writes one group and makes it durable. Gives the offset of its first record and its time.
    fn write(&mut self, group: &[Waiting]) -> Result<Appended, BusError> {
        if let Some(fenced) = &self.fenced {
            return Err(fenced.clone());
        }
        self.own()?;
        let records: Vec<_> = group.iter().flat_map(|append| &append.records).cloned().collect();
        for _ in 0..MOST_TRIES {
            let end = self.owned_end()?;
            let head = self.head(&end, end.epoch);
            let (bytes, hash) = frame::write(&self.topic.stream.name, &head, &records);
            let frame = frame::Frame { head, records: records.clone(), hash };
            if self.place(&end, &bytes, hash, Some(&frame))? {
                return Ok(Appended { first_offset: Offset(head.first), at: head.at });
            }
        }
        Err(self.unsettled())
    }

    /// Makes this process the owner: by a message without records, of the next epoch, which the owner before it runs into.
    fn own(&mut self) -> Result<(), BusError> {
        for _ in 0..MOST_TRIES {
            if self.topic.known.lock().owned {
                return Ok(());
            }
            self.catch_up()?;
            let end = self.topic.known.lock().end;
            // An earlier try may have been stored without an answer.
            let taken = end.writer == self.identity || {
                let head = self.head(&end, end.epoch + 1);
                let (bytes, hash) = frame::write(&self.topic.stream.name, &head, &[]);
                self.place(&end, &bytes, hash, None)?
            };
            if taken {
                self.catch_up()?;
                let mut known = self.topic.known.lock();
                if known.end.writer != self.identity {
                    continue;
                }
                known.owned = true;
                if let Some(follower) = known.follower.take() {
                    follower.abort();
                }
                tracing::info!(topic = %self.topic.name, epoch = known.end.epoch, "this process owns the topic");
            }
        }
        Err(self.unsettled())
    }

    fn head(&self, end: &Link, epoch: u64) -> Head {
        let at = self.clock.now().max(end.at);
        Head { previous: end.hash, epoch, writer: self.identity, first: end.next, at }
    }

    /// Stores a message behind `end`. `false` where something else stands there by now: then `end` has moved.
    fn place(
        &mut self,
        end: &Link,
        bytes: &bytes::Bytes,
        hash: Hash,
        frame: Option<&frame::Frame>,
    ) -> Result<bool, BusError> {
        let (stream, last, payload) = (self.topic.stream.clone(), end.sequence, bytes.clone());
        let connection = Arc::clone(stream.connection());
        let published = connection.run(async move { stream.publish(last, &payload).await })?;
        match published {
            Published::At(sequence) if sequence == last + 1 => {
                if let Some(frame) = frame {
                    self.topic.advance(sequence, frame)?;
                }
                Ok(true)
            }
            Published::At(sequence) => {
                let what = format!("the server stored a message here that was to follow message {last}");
                Err(self.topic.stream.damaged(sequence, what))
            }
            // Its first try may have been stored, and only the answer lost.
            Published::WrongLastSequence => Ok(self.catch_up()?.iter().any(|link| link.hash == hash)),
        }
    }

    /// Reads what the stream has by now. An owner that meets another's message has lost the topic.
    fn catch_up(&mut self) -> Result<Vec<Link>, BusError> {
        let topic = Arc::clone(&self.topic);
        let connection = Arc::clone(topic.stream.connection());
        let passed = connection.run(async move { topic.catch_up().await })?;
        if self.topic.known.lock().owned {
            self.owned_end()?;
        }
        Ok(passed)
    }

    /// Where the chain stands, which is where this owner left it; else the topic is lost.
    fn owned_end(&mut self) -> Result<Link, BusError> {
        let mut known = self.topic.known.lock();
        let end = known.end;
        if end.writer == self.identity {
            return Ok(end);
        }
        known.owned = false;
        drop(known);
        follow::start(&self.topic);
        let fenced = BusError::Fenced { topic: self.topic.name.to_string(), epoch: end.epoch };
        self.fenced = Some(fenced.clone());
        Err(fenced)
    }

    fn unsettled(&self) -> BusError {
        BusError::Server {
            doing: "appending to",
            stream: self.topic.stream.name.clone(),
            why: format!("it ended elsewhere than it said {MOST_TRIES} times"),
        }
    }
}
