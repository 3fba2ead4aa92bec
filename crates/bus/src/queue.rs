//! The bounded queue in front of a topic's writer, and its answers.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};

use crate::{Appended, BusError, Done, Offset, Queued};

/// Bytes that a record takes in the queue beside its payload.
const RECORD_OVERHEAD_BYTES: usize = 64;

/// One append that waits.
pub(crate) struct Waiting {
    pub(crate) records: Vec<Bytes>,
    pub(crate) done: Done,
    bytes: usize,
}

impl Waiting {
    pub(crate) fn new(records: Vec<Vec<u8>>, done: Done) -> Self {
        let bytes = records.iter().map(|r| r.len() + RECORD_OVERHEAD_BYTES).sum();
        Self { records: records.into_iter().map(Bytes::from).collect(), done, bytes }
    }
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// Of what waits and of what is being written.
    records: usize,
    bytes: usize,
    closed: bool,
}

/// The queue. What is being written still counts until [`Queue::written`], so that memory stays bounded.
pub(crate) struct Queue {
    topic: String,
    most_records: usize,
    most_bytes: usize,
    state: Mutex<State>,
    filled: Condvar,
    drained: Condvar,
}

impl Queue {
    pub(crate) fn new(topic: &str, most_records: usize, most_bytes: usize) -> Self {
        Self {
            topic: topic.to_owned(),
            most_records,
            most_bytes,
            state: Mutex::default(),
            filled: Condvar::new(),
            drained: Condvar::new(),
        }
    }

    /// Puts an append into the queue. Where it is full: waits (`block`) or gives [`BusError::Full`].
    pub(crate) fn push(&self, append: Waiting, block: bool) -> Result<(), BusError> {
        let mut state = self.state.lock();
        loop {
            if state.closed {
                return Err(BusError::Closed);
            }
            // An append larger than the whole queue is taken alone.
            let fits = state.records == 0
                || (state.records + append.records.len() <= self.most_records
                    && state.bytes + append.bytes <= self.most_bytes);
            if fits {
                break;
            }
            if !block {
                let topic = self.topic.clone();
                return Err(BusError::Full { topic, records: state.records, bytes: state.bytes });
            }
            self.drained.wait(&mut state);
        }
        state.records += append.records.len();
        state.bytes += append.bytes;
        state.waiting.push_back(append);
        self.filled.notify_one();
        Ok(())
    }

    /// Takes what waits, at most about `most_bytes`; waits for something. `None` once closed and empty.
    pub(crate) fn take(&self, most_bytes: usize) -> Option<Vec<Waiting>> {
        let mut state = self.state.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return None;
            }
            self.filled.wait(&mut state);
        }
        let (mut group, mut bytes) = (Vec::new(), 0);
        while let Some(next) = state.waiting.pop_front_if(|next| group.is_empty() || bytes + next.bytes <= most_bytes) {
            bytes += next.bytes;
            group.push(next);
        }
        Some(group)
    }

    /// Gives back the room that appends of this size took.
    pub(crate) fn written(&self, (records, bytes): (usize, usize)) {
        let mut state = self.state.lock();
        state.records -= records;
        state.bytes -= bytes;
        self.drained.notify_all();
    }

    /// The room that appends take.
    pub(crate) fn room(group: &[Waiting]) -> (usize, usize) {
        (group.iter().map(|w| w.records.len()).sum(), group.iter().map(|w| w.bytes).sum())
    }

    /// Takes nothing more; what waits is still written.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.filled.notify_all();
        self.drained.notify_all();
    }

    pub(crate) fn queued(&self) -> Queued {
        let state = self.state.lock();
        Queued {
            records: state.records,
            bytes: state.bytes,
            most_records: self.most_records,
            most_bytes: self.most_bytes,
        }
    }
}

/// Checks the records of an append: some, and none larger than `most` bytes.
pub(crate) fn check(topic: &str, records: &[Vec<u8>], most: usize) -> Result<(), BusError> {
    let topic = || topic.to_owned();
    if records.is_empty() {
        return Err(BusError::Empty { topic: topic() });
    }
    match records.iter().map(Vec::len).find(|bytes| *bytes > most) {
        Some(bytes) => Err(BusError::TooLarge { topic: topic(), what: "a record", bytes, most }),
        None => Ok(()),
    }
}

/// Tells every append of a group how it went.
pub(crate) fn answer(group: Vec<Waiting>, written: &Result<Appended, BusError>) {
    let mut passed = 0;
    for append in group {
        let result =
            written.clone().map(|whole| Appended { first_offset: Offset(whole.first_offset.0 + passed), ..whole });
        passed += append.records.len() as u64;
        let done = append.done;
        // A panic of one caller must not stop the log of all.
        if catch_unwind(AssertUnwindSafe(|| done(result))).is_err() {
            tracing::error!("a caller's answer to an append panicked");
        }
    }
}
