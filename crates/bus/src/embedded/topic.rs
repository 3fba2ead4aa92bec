//! One open topic: what readers see, and where appends are queued.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use vigiles_disk::Disk;

use super::format::Marks;
use super::segment::Segment;
use super::{Options, format, small};
use crate::queue::{self, Queue, Waiting};
use crate::tail::Tail;
use crate::{BusError, Done, Entry, Kept, Offset, contract};

/// The file that holds a topic's [`Marks`].
pub(crate) const MARKS: &str = "marks";

/// The durable part of a topic.
pub(crate) struct Durable {
    /// Oldest kept offset.
    pub(crate) start: u64,
    /// Next offset to be written.
    pub(crate) next: u64,
    /// In order, without gaps; the last one is written to.
    pub(crate) segments: Vec<Arc<Segment>>,
    /// The newest entries, so that who keeps up never reads the disk.
    tail: Tail,
}

/// An open topic.
pub(crate) struct OpenTopic {
    pub(crate) name: String,
    pub(crate) tag: u32,
    pub(crate) directory: PathBuf,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) options: Options,
    pub(crate) queue: Queue,
    pub(crate) durable: Mutex<Durable>,
    advanced: Condvar,
    marks: Mutex<Marks>,
}

impl OpenTopic {
    pub(crate) fn new(
        name: &str,
        directory: PathBuf,
        disk: Arc<dyn Disk>,
        options: Options,
        segments: Vec<Arc<Segment>>,
        next: u64,
        marks: Marks,
    ) -> Self {
        let start = segments.first().map_or(next, |s| s.base);
        Self {
            name: name.to_owned(),
            tag: format::topic_tag(name),
            directory,
            disk,
            options,
            queue: Queue::new(name, options.queue_records, options.queue_bytes),
            durable: Mutex::new(Durable { start, next, segments, tail: Tail::new(options.cache_bytes) }),
            advanced: Condvar::new(),
            marks: Mutex::new(marks),
        }
    }

    /// Checks an append and queues it.
    pub(crate) fn queue(&self, records: Vec<Vec<u8>>, done: Done, block: bool) -> Result<(), BusError> {
        queue::check(&self.name, &records, self.options.record_bytes)?;
        let (bytes, most) = (records.iter().map(Vec::len).sum::<usize>(), self.options.queue_bytes);
        if bytes > most {
            return Err(BusError::TooLarge { topic: self.name.clone(), what: "an append", bytes, most });
        }
        self.queue.push(Waiting::new(records, done), block)
    }

    /// Makes durable entries visible.
    pub(crate) fn publish(&self, entries: Vec<Entry>) {
        let mut durable = self.durable.lock();
        for entry in entries {
            durable.next = entry.offset.0 + 1;
            durable.tail.push(entry);
        }
        drop(durable);
        self.advanced.notify_all();
    }

    pub(crate) fn bounds(&self) -> Range<Offset> {
        let durable = self.durable.lock();
        Offset(durable.start)..Offset(durable.next)
    }

    pub(crate) fn read(&self, from: u64, max_records: usize, max_bytes: usize) -> Result<Vec<Entry>, BusError> {
        let segment = {
            let durable = self.durable.lock();
            self.check_kept(&durable, from)?;
            if from >= durable.next || max_records == 0 {
                return Ok(Vec::new());
            }
            if durable.tail.holds(from) {
                return Ok(durable.tail.read(from, max_records, max_bytes));
            }
            let after = durable.segments.partition_point(|s| s.base <= from);
            Arc::clone(&durable.segments[after - 1])
        };
        let read = segment.read(&*self.disk, from, max_records, max_bytes);
        if read.is_err() {
            // The segment may have been trimmed while it was read: then that is the answer.
            self.check_kept(&self.durable.lock(), from)?;
        }
        let entries = read?;
        if entries.is_empty() {
            let what = format!("offset {from} is missing");
            return Err(BusError::Damaged { path: segment.path.clone(), at: segment.length(), what });
        }
        Ok(entries)
    }

    fn check_kept(&self, durable: &Durable, from: u64) -> Result<(), BusError> {
        if from < durable.start {
            let (wanted, oldest) = (Offset(from), Offset(durable.start));
            return Err(BusError::Trimmed { topic: self.name.clone(), wanted, oldest });
        }
        Ok(())
    }

    pub(crate) fn kept(&self) -> Kept {
        let durable = self.durable.lock();
        Kept { bytes: durable.segments.iter().map(|s| s.length()).sum(), segments: durable.segments.len() }
    }

    pub(crate) fn wait(&self, from: u64, timeout: Duration) -> Offset {
        let deadline = Instant::now() + timeout.min(Duration::from_hours(1));
        let mut durable = self.durable.lock();
        while durable.next <= from && !self.advanced.wait_until(&mut durable, deadline).timed_out() {}
        Offset(durable.next)
    }

    /// Removes the segments whose records all lie before `before`. The newest segment stays.
    pub(crate) fn trim(&self, before: u64) -> Result<(), BusError> {
        let mut marks = self.marks.lock();
        let (gone, start) = {
            let durable = self.durable.lock();
            let keep_from = durable.segments.iter().skip(1).take_while(|s| s.base <= before).count();
            (durable.segments[..keep_from].to_vec(), durable.segments[keep_from].base)
        };
        if gone.is_empty() {
            return Ok(());
        }
        // First the mark, then the files: a segment that is missing without a mark is damage.
        let fresh = Marks { trimmed_to: start, ..*marks };
        self.save_marks(&fresh)?;
        *marks = fresh;
        {
            let mut durable = self.durable.lock();
            durable.segments.drain(..gone.len());
            durable.start = start;
            durable.tail.trim(start);
        }
        for segment in gone {
            self.disk.remove(&segment.path).map_err(|e| BusError::io("removing", &segment.path, &e))?;
        }
        self.disk.sync_directory(&self.directory).map_err(|e| BusError::io("syncing", &self.directory, &e))
    }

    /// Notes where the topic ends, at an orderly stop.
    pub(crate) fn close_marks(&self) -> Result<(), BusError> {
        let mut marks = self.marks.lock();
        marks.closed_at = self.durable.lock().next;
        self.save_marks(&marks)
    }

    fn save_marks(&self, marks: &Marks) -> Result<(), BusError> {
        small::replace(&*self.disk, &self.directory, MARKS, &format::write_marks(self.tag, marks))
    }

    pub(crate) fn save_cursor(&self, consumer: &str, offset: Offset) -> Result<(), BusError> {
        contract::check_name(consumer)?;
        let end = self.bounds().end;
        if offset > end {
            return Err(BusError::Beyond { topic: self.name.clone(), wanted: offset, end });
        }
        let bytes = format::write_cursor(self.tag, offset.0);
        small::replace(&*self.disk, &self.directory, &cursor_file(consumer), &bytes)
    }

    pub(crate) fn load_cursor(&self, consumer: &str) -> Result<Option<Offset>, BusError> {
        contract::check_name(consumer)?;
        let path = self.directory.join(cursor_file(consumer));
        let Some(bytes) = small::read(&*self.disk, &path)? else {
            return Ok(None);
        };
        let offset = format::parse_cursor(self.tag, &bytes).map_err(|f| super::segment::damaged(&path, 0, &f))?;
        Ok(Some(Offset(offset)))
    }
}

/// The file of a consumer's cursor.
fn cursor_file(consumer: &str) -> String {
    format!("{consumer}.cursor")
}
