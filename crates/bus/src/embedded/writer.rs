//! The thread that writes a topic: one write and one sync for everything that waits, then every answer.

use std::sync::Arc;

use vigiles_disk::DiskFile;
use vigiles_model::Timestamp;

use super::format::{self, HEADER_BYTES, SegmentHeader};
use super::segment::{self, Segment};
use super::topic::OpenTopic;
use crate::queue::{self, Queue, Waiting};
use crate::{Appended, BusError, Clock, Entry, Offset};

/// Bytes written and synced together at most.
const GROUP_BYTES: usize = 8 << 20;

/// The writing end of a topic.
///
/// Invariant: `next`, `last_at` and the segment's length move only after a sync succeeded, so a failed write
/// leaves neither a gap nor half a record.
pub(crate) struct Writer {
    topic: Arc<OpenTopic>,
    clock: Arc<dyn Clock>,
    file: Arc<dyn DiskFile>,
    segment: Arc<Segment>,
    next: u64,
    last_at: Timestamp,
    /// A write or sync failed: what lies behind the durable length is unknown.
    suspect: bool,
    buffer: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(
        topic: Arc<OpenTopic>,
        clock: Arc<dyn Clock>,
        file: Arc<dyn DiskFile>,
        segment: Arc<Segment>,
        next: u64,
        last_at: Timestamp,
    ) -> Self {
        Self { topic, clock, file, segment, next, last_at, suspect: false, buffer: Vec::new() }
    }

    /// Writes until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let topic = Arc::clone(&self.topic);
        while let Some(group) = topic.queue.take(GROUP_BYTES) {
            let room = Queue::room(&group);
            let written = self.write(&group);
            if let Err(error) = &written {
                tracing::error!(topic = topic.name, %error, "append failed");
            }
            topic.queue.written(room);
            queue::answer(group, &written);
        }
        if let Err(error) = topic.close_marks() {
            tracing::warn!(topic = topic.name, %error, "could not note the end of the topic");
        }
    }

    /// Writes one group and makes it durable. Gives the offset of its first record and its time.
    fn write(&mut self, group: &[Waiting]) -> Result<Appended, BusError> {
        if self.suspect {
            self.mend()?;
        }
        if self.segment.length() >= self.topic.options.segment_bytes {
            self.roll()?;
        }
        let at = self.clock.now().max(self.last_at);
        let first = self.next;
        self.buffer.clear();
        let mut entries = Vec::new();
        for (offset, record) in (first..).zip(group.iter().flat_map(|append| &append.records)) {
            format::write_frame(&mut self.buffer, offset, first, at, record);
            entries.push(Entry { offset: Offset(offset), at, bytes: record.clone() });
        }
        let (start, path) = (self.segment.length(), &self.segment.path);
        let stored = self.file.write_at(&self.buffer, start).map_err(|e| BusError::io("writing", path, &e));
        let stored = stored.and_then(|()| self.file.sync().map_err(|e| BusError::io("syncing", path, &e)));
        if let Err(error) = stored {
            self.suspect = true;
            // Cut at once where that works, so that the directory is whole also if the process ends now.
            if let Err(later) = self.mend() {
                tracing::warn!(topic = self.topic.name, error = %later, "tail not yet mended");
            }
            return Err(error);
        }
        self.segment.grow(start + self.buffer.len() as u64);
        self.next += entries.len() as u64;
        self.last_at = at;
        self.topic.publish(entries);
        self.buffer.shrink_to(GROUP_BYTES);
        Ok(Appended { first_offset: Offset(first), at })
    }

    /// Opens the segment again, checks all that was acknowledged, and cuts what was not.
    fn mend(&mut self) -> Result<(), BusError> {
        let (disk, path) = (&self.topic.disk, &self.segment.path);
        let file = disk.open_to_write(path).map_err(|e| BusError::io("opening", path, &e))?;
        let durable = self.segment.length();
        let scan = segment::scan(&*file, path, self.topic.tag, self.segment.base, durable)?;
        if let Some(fault) = scan.fault {
            return Err(fault);
        }
        if scan.next != self.next || scan.end != durable {
            let what = format!("ends at offset {} instead of {}", scan.next, self.next);
            return Err(BusError::Damaged { path: path.clone(), at: scan.end, what });
        }
        file.set_length(durable).map_err(|e| BusError::io("cutting", path, &e))?;
        file.sync().map_err(|e| BusError::io("syncing", path, &e))?;
        self.file = file;
        self.suspect = false;
        Ok(())
    }

    /// Starts a new segment.
    fn roll(&mut self) -> Result<(), BusError> {
        let (file, segment) = create_segment(&self.topic, self.next, self.last_at)?;
        self.topic.durable.lock().segments.push(Arc::clone(&segment));
        self.file = file;
        self.segment = segment;
        Ok(())
    }
}

/// Makes a new, empty, durable segment. Nothing of it stays where that fails.
pub(crate) fn create_segment(
    topic: &OpenTopic,
    base: u64,
    last_at: Timestamp,
) -> Result<(Arc<dyn DiskFile>, Arc<Segment>), BusError> {
    let path = topic.directory.join(segment::name(base));
    let header = format::write_header(&SegmentHeader { topic: topic.tag, base, last_at });
    let create = || -> std::io::Result<Arc<dyn DiskFile>> {
        let file = topic.disk.create(&path)?;
        file.write_at(&header, 0)?;
        file.sync()?;
        topic.disk.sync_directory(&topic.directory)?;
        Ok(file)
    };
    let file = create().map_err(|e| {
        // A leftover would stand in the way of the next try.
        if let Err(error) = topic.disk.remove(&path) {
            tracing::debug!(%error, "no half-made segment to remove");
        }
        BusError::io("creating", &path, &e)
    })?;
    Ok((file, Arc::new(Segment::new(base, path, HEADER_BYTES as u64))))
}
