//! One open topic: what this process knows of its stream, and what readers see.

use std::ops::Range;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::chain::Link;
use super::frame::{self, Frame};
use super::index::Index;
use super::marks::Marks;
use super::stream::{self, Stored, Stream};
use crate::queue::{self, Queue, Waiting};
use crate::tail::Tail;
use crate::{BusError, Done, Entry, Offset, Topic};

/// Bytes of the headers of a message, at most.
const HEADERS_BYTES: usize = 512;

/// What is known of the stream.
pub(crate) struct Known {
    /// Oldest kept offset.
    pub(crate) start: u64,
    /// The sequence of the oldest kept message.
    pub(crate) first_sequence: u64,
    /// The newest message that is known to be durable, and joined to those before it.
    pub(crate) end: Link,
    pub(crate) index: Index,
    pub(crate) tail: Tail,
    /// Why nothing behind `end` can be read.
    fault: Option<BusError>,
    /// The task that reads what another process writes.
    pub(crate) follower: Option<tokio::task::JoinHandle<()>>,
    /// This process is the owner: it knows what is written.
    pub(crate) owned: bool,
}

impl Known {
    /// Goes on behind messages that were trimmed before they were read here.
    pub(crate) fn jump(&mut self, end: Link) {
        self.end = end;
        self.tail.clear();
    }
}

/// An open topic.
pub(crate) struct OpenTopic {
    pub(crate) name: Topic,
    pub(crate) stream: Stream,
    pub(crate) marks: Marks,
    pub(crate) queue: Queue,
    pub(crate) known: Mutex<Known>,
    /// Most bytes of a frame.
    pub(crate) frame_bytes: usize,
    record_bytes: usize,
    advanced: Condvar,
}

impl OpenTopic {
    /// Opens the topic of a stream that is there, and checks both its ends.
    pub(crate) async fn open(name: Topic, stream: Stream, marks: Marks) -> Result<Self, BusError> {
        let options = stream.connection().options;
        let (start, first_sequence, end) = read_ends(&name, &stream, &marks).await?;
        let max_payload = stream.connection().client.server_info().max_payload;
        let known = Known {
            start,
            first_sequence,
            end,
            index: Index::default(),
            tail: Tail::new(options.cache_bytes),
            fault: None,
            follower: None,
            owned: false,
        };
        Ok(Self {
            queue: Queue::new(name.as_str(), options.queue_records, options.queue_bytes),
            name,
            stream,
            marks,
            known: Mutex::new(known),
            frame_bytes: max_payload.saturating_sub(HEADERS_BYTES),
            record_bytes: options.record_bytes,
            advanced: Condvar::new(),
        })
    }

    /// Checks an append and queues it. The records of an append stand in one message, so that they stay together.
    pub(crate) fn queue(&self, records: Vec<Vec<u8>>, done: Done, block: bool) -> Result<(), BusError> {
        queue::check(self.name.as_str(), &records, self.record_bytes)?;
        let (bytes, most) = (frame::size(&records), self.frame_bytes);
        if bytes > most {
            return Err(BusError::TooLarge { topic: self.name.to_string(), what: "an append", bytes, most });
        }
        self.queue.push(Waiting::new(records, done), block)
    }

    /// Reads a message of this topic.
    pub(crate) fn parse(&self, stored: &Stored) -> Result<Frame, BusError> {
        parse(&self.stream, stored)
    }

    /// Takes the message behind the newest known one, and shows its records to readers. Messages that are known already
    /// change nothing.
    pub(crate) fn advance(&self, sequence: u64, frame: &Frame) -> Result<(), BusError> {
        let mut known = self.known.lock();
        if sequence <= known.end.sequence {
            return Ok(());
        }
        let after = known.end.join(sequence, frame).map_err(|what| self.stream.damaged(sequence, what))?;
        let before = std::mem::replace(&mut known.end, after);
        if before.sequence == 0 {
            known.first_sequence = sequence;
        }
        known.index.insert(before);
        for entry in entries(frame) {
            known.tail.push(entry);
        }
        drop(known);
        self.advanced.notify_all();
        Ok(())
    }

    /// Nothing behind the newest known message can be read: whoever waits for it is told why.
    pub(crate) fn fail(&self, fault: BusError) {
        self.known.lock().fault = Some(fault);
        self.advanced.notify_all();
    }

    pub(crate) fn bounds(&self) -> Range<Offset> {
        let known = self.known.lock();
        Offset(known.start)..Offset(known.end.next)
    }

    /// What memory has of a read; `None` where the server must be asked.
    pub(crate) fn read_known(
        &self,
        from: u64,
        max_records: usize,
        max_bytes: usize,
    ) -> Result<Option<Vec<Entry>>, BusError> {
        let known = self.known.lock();
        self.check_kept(&known, from)?;
        if max_records == 0 {
            return Ok(Some(Vec::new()));
        }
        if from >= known.end.next {
            return known.fault.clone().map_or(Ok(Some(Vec::new())), Err);
        }
        Ok(known.tail.holds(from).then(|| known.tail.read(from, max_records, max_bytes)))
    }

    pub(crate) fn check_kept(&self, known: &Known, from: u64) -> Result<(), BusError> {
        if from < known.start {
            let (wanted, oldest) = (Offset(from), Offset(known.start));
            return Err(BusError::Trimmed { topic: self.name.to_string(), wanted, oldest });
        }
        Ok(())
    }

    pub(crate) fn wait(&self, from: u64, timeout: Duration) -> Result<Offset, BusError> {
        let deadline = Instant::now().checked_add(timeout);
        let mut known = self.known.lock();
        while known.end.next <= from {
            if let Some(fault) = &known.fault {
                return Err(fault.clone());
            }
            match deadline {
                Some(deadline) => {
                    if self.advanced.wait_until(&mut known, deadline).timed_out() {
                        break;
                    }
                }
                None => self.advanced.wait(&mut known),
            }
        }
        Ok(Offset(known.end.next))
    }
}

/// The records of a frame as readers see them.
pub(crate) fn entries(frame: &Frame) -> impl Iterator<Item = Entry> + '_ {
    let offsets = frame.head.first..;
    offsets.zip(&frame.records).map(|(offset, record)| Entry {
        offset: Offset(offset),
        at: frame.head.at,
        bytes: record.clone(),
    })
}

fn parse(stream: &Stream, stored: &Stored) -> Result<Frame, BusError> {
    frame::parse(&stream.name, &stored.payload).map_err(|fault| stream.damaged(stored.sequence, fault.to_string()))
}

/// Reads the first and the last message: the oldest offset, its sequence, and where the chain stands.
async fn read_ends(name: &Topic, stream: &Stream, marks: &Marks) -> Result<(u64, u64, Link), BusError> {
    let info = stream.info().await?.ok_or_else(|| stream.damaged(0, "it is gone"))?;
    stream::check_config(stream, &info.config)?;
    if info.state.last_sequence == 0 {
        let reached = marks.load_reached(name).await?;
        if reached > 0 {
            return Err(stream.damaged(0, format!("it is empty, though it had been written up to offset {reached}")));
        }
        return Ok((0, 1, Link::START));
    }
    let (first_sequence, start) = read_start(name, stream, marks).await?;
    Ok((start, first_sequence, read_end(name, stream, marks).await?))
}

/// The sequence of the oldest message, and its first offset. What is missing before it must have been trimmed.
pub(crate) async fn read_start(name: &Topic, stream: &Stream, marks: &Marks) -> Result<(u64, u64), BusError> {
    let mut asked = 0;
    loop {
        let state = stream.info().await?.ok_or_else(|| stream.damaged(0, "it is gone"))?.state;
        let sequence = state.first_sequence;
        let Some(stored) = stream.get(sequence).await? else {
            // Another process may just have trimmed it.
            if sequence > asked && state.messages > 0 {
                asked = sequence;
                continue;
            }
            let what = if state.messages == 0 { "all messages are missing" } else { "the oldest message is missing" };
            return Err(stream.damaged(sequence, what));
        };
        let start = parse(stream, &stored)?.head.first;
        // Read after the message: a mark is raised before messages are removed.
        let trimmed = marks.load_trimmed(name).await?;
        if start > trimmed {
            let last = start - 1;
            let what = format!("it is the oldest message, but offsets {trimmed} to {last} are missing before it");
            return Err(stream.damaged(sequence, what));
        }
        return Ok((sequence, start));
    }
}

/// Where the chain stands after the newest message, which must reach as far as the marks say.
async fn read_end(name: &Topic, stream: &Stream, marks: &Marks) -> Result<Link, BusError> {
    let reached = marks.load_reached(name).await?;
    // Read after the marks: a mark is set after the messages that it tells of.
    let state = stream.info().await?.ok_or_else(|| stream.damaged(0, "it is gone"))?.state;
    let Some(last) = stream.get(state.last_sequence).await? else {
        return Err(stream.damaged(state.last_sequence, "the newest message is missing"));
    };
    let end = Link::after(last.sequence, &parse(stream, &last)?);
    if end.next < reached {
        let what = format!("it is the newest message and ends at offset {}, but {reached} had been reached", end.next);
        return Err(stream.damaged(last.sequence, what));
    }
    Ok(end)
}
