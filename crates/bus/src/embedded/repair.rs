//! Mending a log in which acknowledged records are damaged: what can be read stays where it is, what cannot is copied
//! aside, and empty records stand at the offsets that were lost, so that offsets keep having no gap.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use vigiles_disk::{Disk as _, LocalDisk};
use vigiles_model::Timestamp;

use super::format::{self, FRAME_BYTES, HEADER_BYTES, Marks, Order, SegmentHeader};
use super::topic::MARKS;
use super::{check, open, segment, small};
use crate::{BusError, Finding};

/// Mends every topic of a log directory; copies of what was damaged go below `aside`. No topic ends before offset
/// `at_least`, up to which others have already acted on it. Says what was lost. Nothing is touched where nothing is
/// damaged. [`BusError::Locked`] while a process uses the log.
pub fn repair(directory: &Path, aside: &Path, at_least: u64) -> Result<Vec<Finding>, BusError> {
    let lock = LocalDisk.lock(&directory.join("lock")).map_err(|e| BusError::io("locking", directory, &e))?;
    let _lock = lock.ok_or_else(|| BusError::Locked { path: directory.to_owned() })?;
    let mut lost = Vec::new();
    for name in LocalDisk.list(directory).map_err(|e| BusError::io("listing", directory, &e))? {
        let topic = directory.join(&name);
        if topic.is_dir() && crate::contract::check_name(&name).is_ok() {
            Topic { tag: format::topic_tag(&name), aside: aside.join(&name), directory: topic, at_least }
                .repair(&mut lost)?;
        }
    }
    Ok(lost)
}

struct Topic {
    directory: PathBuf,
    tag: u32,
    aside: PathBuf,
    at_least: u64,
}

impl Topic {
    fn repair(&self, lost: &mut Vec<Finding>) -> Result<(), BusError> {
        let mut bases = open::bases(&LocalDisk, &self.directory)?;
        let marks = self.marks(bases.first().copied(), lost)?;
        bases.drain(..open::trimmed(&bases, marks));
        let mut order = Order { next: marks.trimmed_to, last_at: Timestamp(i64::MIN) };
        let least = marks.closed_at.max(self.at_least);
        for (i, base) in bases.iter().enumerate() {
            if *base > order.next {
                order = self.stand_in(order, *base, lost)?;
            }
            let path = self.directory.join(segment::name(*base));
            let end = bases.get(i + 1).copied();
            let whole = check::check_segment(&LocalDisk, &path, self.tag, *base)
                .is_ok_and(|after| end.unwrap_or(least) <= after.next);
            order = if whole {
                check::check_segment(&LocalDisk, &path, self.tag, *base)?
            } else if end.is_none()
                && let Some(torn) = check::before_tear(&LocalDisk, &path, self.tag, *base, marks)
                && least <= torn.next
            {
                torn
            } else {
                self.salvage(&path, *base, order.last_at, end.map_or(least..u64::MAX, |end| end..end), lost)?
            };
        }
        self.cursors(order.next, lost)
    }

    /// The marks; where they are damaged, fresh ones that say what the segments say.
    fn marks(&self, first: Option<u64>, lost: &mut Vec<Finding>) -> Result<Marks, BusError> {
        let error = match open::read_marks(&LocalDisk, &self.directory, self.tag) {
            Ok(marks) => return Ok(marks),
            Err(error @ BusError::Damaged { .. }) => error,
            Err(error) => return Err(error),
        };
        let path = self.directory.join(MARKS);
        self.set_aside(&path)?;
        let marks = Marks { trimmed_to: first.unwrap_or(0), closed_at: 0 };
        small::replace(&LocalDisk, &self.directory, MARKS, &format::write_marks(self.tag, &marks))?;
        lost.push(finding(&path, "whole file", format!("{error}; written anew, no record is lost by that")));
        Ok(marks)
    }

    /// A segment of empty records in the place of one that is missing.
    fn stand_in(&self, order: Order, end: u64, lost: &mut Vec<Finding>) -> Result<Order, BusError> {
        let path = self.directory.join(segment::name(order.next));
        let mut fresh = Fresh::new(self.tag, order.next, order.last_at);
        lost.push(finding(&path, "whole file", format!("{} are lost, the segment is missing", range(order.next..end))));
        fresh.fill(end);
        self.put(&path, &fresh.bytes)?;
        Ok(fresh.order)
    }

    /// Writes a segment anew from what can be read of it. It must end within `end`.
    fn salvage(
        &self,
        path: &Path,
        base: u64,
        last_at: Timestamp,
        end: Range<u64>,
        lost: &mut Vec<Finding>,
    ) -> Result<Order, BusError> {
        let bytes = fs::read(path).map_err(|e| BusError::io("reading", path, &e))?;
        self.set_aside(path)?;
        let mut fresh = Fresh::new(self.tag, base, last_at);
        let most = if end.start == end.end { end.end } else { base.saturating_add(bytes.len() as u64).max(end.start) };
        let mut at = HEADER_BYTES.min(bytes.len());
        while let Some((place, frame, payload)) = next_whole(&bytes, at, &fresh.order, most) {
            if frame.offset > fresh.order.next {
                let gap = range(fresh.order.next..frame.offset);
                let (from, to) = (shown(fresh.order.last_at), frame.at);
                lost.push(finding(path, &format!("byte {at}"), format!("{gap} are lost, of {from} to {to}")));
                fresh.fill(frame.offset);
            }
            fresh.add(frame.group.min(frame.offset), frame.at, payload);
            at = place + FRAME_BYTES + frame.length;
        }
        if fresh.order.next < end.start {
            let gap = range(fresh.order.next..end.start);
            let from = shown(fresh.order.last_at);
            lost.push(finding(path, &format!("byte {at}"), format!("{gap} are lost, of {from} and later")));
            fresh.fill(end.start);
        } else if at < bytes.len() && end.start < end.end {
            let what = format!(
                "{} bytes at the end of the log are no record; how many they held is not known",
                bytes.len() - at
            );
            lost.push(finding(path, &format!("byte {at}"), what));
        }
        self.put(path, &fresh.bytes)?;
        Ok(fresh.order)
    }

    fn cursors(&self, end: u64, lost: &mut Vec<Finding>) -> Result<(), BusError> {
        for name in LocalDisk.list(&self.directory).map_err(|e| BusError::io("listing", &self.directory, &e))? {
            let path = self.directory.join(&name);
            if path.extension().is_none_or(|e| e != "cursor") {
                continue;
            }
            let bytes = small::read(&LocalDisk, &path)?.unwrap_or_default();
            if format::parse_cursor(self.tag, &bytes).is_ok_and(|offset| offset <= end) {
                continue;
            }
            self.set_aside(&path)?;
            LocalDisk.remove(&path).map_err(|e| BusError::io("removing", &path, &e))?;
            lost.push(finding(&path, "whole file", "where this consumer stood is lost; it begins anew".to_owned()));
        }
        Ok(())
    }

    /// Copies a file below the directory of damaged ones, durably.
    fn set_aside(&self, path: &Path) -> Result<(), BusError> {
        let copy = self.aside.join(path.file_name().unwrap_or_default());
        let write = || -> io::Result<()> {
            fs::create_dir_all(&self.aside)?;
            fs::copy(path, &copy)?;
            File::open(&copy)?.sync_all()?;
            File::open(&self.aside)?.sync_all()
        };
        write().map_err(|e| BusError::io("copying aside", path, &e))
    }

    /// Puts a segment in its place, whole or not at all.
    fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), BusError> {
        let fresh = path.with_extension("new");
        let write = || -> io::Result<()> {
            let mut file = File::create(&fresh)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&fresh, path)?;
            File::open(&self.directory)?.sync_all()
        };
        write().map_err(|e| BusError::io("writing", path, &e))
    }
}

/// The next whole record from byte `at` on that may follow; with its place.
fn next_whole<'a>(bytes: &'a [u8], at: usize, order: &Order, most: u64) -> Option<(usize, format::Frame, &'a [u8])> {
    for place in at..bytes.len().saturating_sub(FRAME_BYTES - 1) {
        let rest = &bytes[place..];
        let offset = u64::from_le_bytes(rest[8..16].try_into().unwrap_or_default());
        // Before the checksum, which may be over megabytes: most places are no record.
        if offset < order.next || offset >= most {
            continue;
        }
        if let Ok((frame, payload)) = format::parse_frame(rest)
            && frame.at >= order.last_at
        {
            return Some((place, frame, payload));
        }
    }
    None
}

/// A segment that is being written.
struct Fresh {
    bytes: Vec<u8>,
    order: Order,
}

impl Fresh {
    fn new(topic: u32, base: u64, last_at: Timestamp) -> Self {
        let bytes = format::write_header(&SegmentHeader { topic, base, last_at });
        Self { bytes, order: Order { next: base, last_at } }
    }

    fn add(&mut self, group: u64, at: Timestamp, payload: &[u8]) {
        format::write_frame(&mut self.bytes, self.order.next, group, at, payload);
        self.order = Order { next: self.order.next + 1, last_at: at };
    }

    /// Empty records up to an offset.
    fn fill(&mut self, end: u64) {
        while self.order.next < end {
            self.add(self.order.next, self.order.last_at, &[]);
        }
    }
}

fn range(offsets: Range<u64>) -> String {
    format!("{} records, offsets {} to {},", offsets.end - offsets.start, offsets.start, offsets.end - 1)
}

fn shown(at: Timestamp) -> String {
    if at.0 == i64::MIN { "the beginning".to_owned() } else { at.to_string() }
}

fn finding(file: &Path, place: &str, what: String) -> Finding {
    Finding { file: file.to_owned(), place: place.to_owned(), what }
}
