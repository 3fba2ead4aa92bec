//! Reading what memory does not have: finding the message of an offset, and the chain from there.

use std::sync::Arc;

use super::chain::Link;
use super::frame::Frame;
use super::index::Place;
use super::stream::Stored;
use super::topic::{OpenTopic, entries, read_start};
use crate::{BusError, Entry, Offset, Topic};

/// Messages asked for at once.
const BATCH_MESSAGES: usize = 256;
/// Bytes asked for at once, at least.
const BATCH_BYTES: usize = 64 << 10;

impl OpenTopic {
    /// Durable records from `from` on.
    pub(crate) async fn read(
        self: Arc<Self>,
        from: u64,
        max_records: usize,
        max_bytes: usize,
    ) -> Result<Vec<Entry>, BusError> {
        if let Some(entries) = self.read_known(from, max_records, max_bytes)? {
            return Ok(entries);
        }
        let first_sequence = self.known.lock().first_sequence;
        let read = self.read_stored(from, max_records, max_bytes).await;
        if read.is_ok() {
            return read;
        }
        // Another process may have trimmed meanwhile: what was asked for, or only places on the way to it.
        self.refresh_start().await?;
        let now_first = {
            let known = self.known.lock();
            self.check_kept(&known, from)?;
            known.first_sequence
        };
        if now_first == first_sequence { read } else { self.read_stored(from, max_records, max_bytes).await }
    }

    async fn read_stored(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<Entry>, BusError> {
        let mut link = self.locate(from).await?.before;
        let last = self.known.lock().end.sequence;
        let (mut found, mut bytes) = (Vec::new(), 0);
        while link.sequence < last && found.len() < max_records && (found.is_empty() || bytes < max_bytes) {
            let wanted = (max_bytes.saturating_sub(bytes)).clamp(BATCH_BYTES, self.frame_bytes);
            for stored in self.messages(link.sequence + 1, last, wanted).await? {
                let frame = self.parse(&stored)?;
                link = self.join(&link, &stored, &frame)?;
                self.known.lock().index.insert(link);
                for entry in entries(&frame).filter(|entry| entry.offset.0 >= from) {
                    if found.len() < max_records && (found.is_empty() || bytes < max_bytes) {
                        bytes += entry.bytes.len();
                        found.push(entry);
                    }
                }
            }
        }
        if found.is_empty() {
            return Err(self.stream.damaged(link.sequence, format!("offset {from} is in no message")));
        }
        Ok(found)
    }

    fn join(&self, link: &Link, stored: &Stored, frame: &Frame) -> Result<Link, BusError> {
        link.join(stored.sequence, frame).map_err(|what| self.stream.damaged(stored.sequence, what))
    }

    /// Some messages from `sequence` on; the first one, which is no later than `last` and so durable, is among them.
    async fn messages(&self, sequence: u64, last: u64, bytes: usize) -> Result<Vec<Stored>, BusError> {
        let most = BATCH_MESSAGES.min((last - sequence + 1) as usize);
        let mut found = self.stream.batch(sequence, most, bytes).await?;
        if found.first().is_none_or(|first| first.sequence != sequence) {
            // A replica that is behind may not have it yet. The leader has.
            found = self.stream.get(sequence).await?.into_iter().collect();
        }
        if found.is_empty() {
            return Err(self.stream.damaged(sequence, "this message is missing"));
        }
        found.retain(|stored| stored.sequence <= last);
        Ok(found)
    }

    /// The message that holds a durable offset, or the first one behind the oldest place where none is nearer: by halving
    /// what lies between two known places.
    pub(crate) async fn locate(&self, offset: u64) -> Result<Place, BusError> {
        let (low, mut high) = {
            let known = self.known.lock();
            let high = known.index.after(offset).unwrap_or(known.end.sequence + 1);
            let low = known.index.at_or_before(offset);
            (low.filter(|place| place.sequence() >= known.first_sequence), high)
        };
        let mut low = if let Some(low) = low {
            low
        } else {
            let first_sequence = self.known.lock().first_sequence;
            self.probe(first_sequence).await?
        };
        while high - low.sequence() > 1 {
            let probe = self.probe(low.sequence().midpoint(high)).await?;
            if probe.before.next <= offset {
                low = probe;
            } else {
                high = probe.sequence();
            }
        }
        Ok(low)
    }

    async fn probe(&self, sequence: u64) -> Result<Place, BusError> {
        let stored = self.stream.get(sequence).await?;
        let stored = stored.ok_or_else(|| self.stream.damaged(sequence, "this message is missing"))?;
        let before = Link::before(sequence, &self.parse(&stored)?);
        self.known.lock().index.insert(before);
        Ok(Place { before })
    }

    /// Learns from the server what is still kept.
    pub(crate) async fn refresh_start(&self) -> Result<(), BusError> {
        let (first, start) = read_start(&self.name, &self.stream, &self.marks).await?;
        let end = self.known.lock().end.sequence;
        if first > end + 1 {
            // What was trimmed had never been read here: the chain goes on behind it.
            let before = self.probe(first).await?.before;
            self.known.lock().jump(before);
        }
        let mut known = self.known.lock();
        if first > known.first_sequence {
            known.first_sequence = first;
            known.start = start;
        }
        Ok(())
    }

    /// Where a consumer stands. A cursor behind the end of the stream shows that the stream has lost its newest messages.
    pub(crate) async fn load_cursor(&self, topic: &Topic, consumer: &str) -> Result<Option<Offset>, BusError> {
        let cursor = self.marks.load_cursor(topic, consumer).await?;
        if cursor.is_some_and(|cursor| cursor > self.bounds().end) {
            self.catch_up().await?;
        }
        let end = self.known.lock().end;
        match cursor {
            Some(cursor) if cursor.0 > end.next => {
                let (last, next) = (end.sequence, end.next);
                let what = format!(
                    "it is the newest message and ends at offset {next}, but {consumer} had read up to {cursor}"
                );
                Err(self.stream.damaged(last, what))
            }
            cursor => Ok(cursor),
        }
    }

    /// Forgets whole messages before `before`; the newest one always stays, since it says where the topic ends.
    pub(crate) async fn trim(self: Arc<Self>, before: Offset) -> Result<(), BusError> {
        let offset = {
            let known = self.known.lock();
            if before.0 <= known.start || known.end.next == known.start {
                return Ok(());
            }
            before.0.min(known.end.next - 1)
        };
        let place = self.locate(offset).await?;
        if place.sequence() <= self.known.lock().first_sequence {
            return Ok(());
        }
        self.marks.save_trimmed(&self.name, place.before.next).await?;
        self.stream.purge(place.sequence()).await?;
        let mut known = self.known.lock();
        known.start = known.start.max(place.before.next);
        let start = known.start;
        known.tail.trim(start);
        known.first_sequence = known.first_sequence.max(place.sequence());
        Ok(())
    }

    /// Reads up to the end of the stream as its leader has it. Gives where the chain stood after each message that was new.
    pub(crate) async fn catch_up(&self) -> Result<Vec<Link>, BusError> {
        let Some(info) = self.stream.info().await? else {
            return Err(self.stream.damaged(0, "it is gone"));
        };
        let (last, mut link) = (info.state.last_sequence, self.known.lock().end);
        if last < link.sequence {
            let what = format!("it is the newest message, but {} had been acknowledged", link.sequence);
            return Err(self.stream.damaged(last, what));
        }
        let mut passed = Vec::new();
        while link.sequence < last {
            for stored in self.messages(link.sequence + 1, last, self.frame_bytes).await? {
                let frame = self.parse(&stored)?;
                link = self.join(&link, &stored, &frame)?;
                self.advance(stored.sequence, &frame)?;
                passed.push(link);
            }
        }
        Ok(passed)
    }
}
