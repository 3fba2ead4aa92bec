//! Opening a topic: finding its segments, checking the newest, cutting a torn tail.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vigiles_disk::{Disk, DiskFile};
use vigiles_model::Timestamp;

use super::format::{self, HEADER_BYTES, Marks};
use super::segment::{self, Scan, Segment};
use super::topic::{MARKS, OpenTopic};
use super::{Options, small, writer};
use crate::{BusError, Finding};

/// A topic that has been opened, with its writing end.
pub(crate) struct Opened {
    pub(crate) topic: Arc<OpenTopic>,
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) segment: Arc<Segment>,
    pub(crate) next: u64,
    pub(crate) last_at: Timestamp,
}

/// Opens or makes the topic. What a torn write left is cut and reported in `findings`; anything else that is
/// wrong with acknowledged records is an error, so that no offset is ever given twice.
pub(crate) fn open(
    disk: &Arc<dyn Disk>,
    directory: PathBuf,
    name: &str,
    options: Options,
    findings: &mut Vec<Finding>,
) -> Result<Opened, BusError> {
    let tag = format::topic_tag(name);
    // A process that was killed may have left names here that the disk does not have yet.
    disk.sync_directory(&directory).map_err(|e| BusError::io("syncing", &directory, &e))?;
    let marks = read_marks(&**disk, &directory, tag)?;
    let mut bases = finish_trim(&**disk, &directory, marks)?;
    drop_unborn(&**disk, &directory, &mut bases, findings)?;
    let Some(last) = bases.last().copied() else {
        return create(disk, directory, name, options, marks);
    };
    let path = directory.join(segment::name(last));
    let file = disk.open_to_write(&path).map_err(|e| BusError::io("opening", &path, &e))?;
    let scan = segment::scan(&*file, &path, tag, last, u64::MAX)?;
    check_end(&path, &scan, marks)?;
    cut_tail(&*file, &path, &scan, findings)?;
    let segments = with_lengths(&**disk, &directory, &bases, scan.end)?;
    let segment = segments.last().map_or_else(|| Arc::new(Segment::new(last, path, scan.end)), Arc::clone);
    let topic = OpenTopic::new(name, directory, Arc::clone(disk), options, segments, scan.next, marks);
    Ok(Opened { topic: Arc::new(topic), file, segment, next: scan.next, last_at: scan.last_at })
}

fn create(
    disk: &Arc<dyn Disk>,
    directory: PathBuf,
    name: &str,
    options: Options,
    marks: Marks,
) -> Result<Opened, BusError> {
    if marks != Marks::default() {
        let what = format!("every segment is missing, {} records had been written", marks.closed_at);
        return Err(BusError::Damaged { path: directory, at: 0, what });
    }
    let topic = OpenTopic::new(name, directory, Arc::clone(disk), options, Vec::new(), 0, marks);
    let (file, segment) = writer::create_segment(&topic, 0, Timestamp(i64::MIN))?;
    topic.durable.lock().segments.push(Arc::clone(&segment));
    Ok(Opened { topic: Arc::new(topic), file, segment, next: 0, last_at: Timestamp(i64::MIN) })
}

pub(crate) fn read_marks(disk: &dyn Disk, directory: &Path, tag: u32) -> Result<Marks, BusError> {
    let path = directory.join(MARKS);
    match small::read(disk, &path)? {
        None => Ok(Marks::default()),
        Some(bytes) => format::parse_marks(tag, &bytes).map_err(|f| segment::damaged(&path, 0, &f)),
    }
}

/// The first offsets of the segments there are, in order.
pub(crate) fn bases(disk: &dyn Disk, directory: &Path) -> Result<Vec<u64>, BusError> {
    let names = disk.list(directory).map_err(|e| BusError::io("listing", directory, &e))?;
    Ok(names.iter().filter_map(|name| segment::base_of(name)).collect())
}

/// How many of the oldest segments hold only records that were trimmed: the power went before their removal was durable.
pub(crate) fn trimmed(bases: &[u64], marks: Marks) -> usize {
    bases.iter().skip(1).take_while(|following| **following <= marks.trimmed_to).count()
}

/// Removes what an interrupted trim left, of which any part may be there; gives the segments that count.
fn finish_trim(disk: &dyn Disk, directory: &Path, marks: Marks) -> Result<Vec<u64>, BusError> {
    let mut bases = bases(disk, directory)?;
    for base in bases.drain(..trimmed(&bases, marks)) {
        let path = directory.join(segment::name(base));
        disk.remove(&path).map_err(|e| BusError::io("removing", &path, &e))?;
    }
    Ok(bases)
}

/// Removes a newest segment whose making was cut short: no record can have been in it.
fn drop_unborn(
    disk: &dyn Disk,
    directory: &Path,
    bases: &mut Vec<u64>,
    findings: &mut Vec<Finding>,
) -> Result<(), BusError> {
    let Some(last) = bases.last() else {
        return Ok(());
    };
    let path = directory.join(segment::name(*last));
    let io = |doing, e: std::io::Error| BusError::io(doing, &path, &e);
    let file = disk.open(&path).map_err(|e| io("opening", e))?;
    let length = file.length().map_err(|e| io("reading", e))?;
    let mut header = vec![0; HEADER_BYTES.min(length as usize)];
    file.read_at(&mut header, 0).map_err(|e| io("reading", e))?;
    if length > HEADER_BYTES as u64 || format::parse_header(&header).is_ok() {
        return Ok(());
    }
    disk.remove(&path).map_err(|e| io("removing", e))?;
    disk.sync_directory(directory).map_err(|e| io("syncing", e))?;
    let what = "a segment whose making was cut short was removed; it held no record".to_owned();
    findings.push(Finding { file: path, place: "byte 0".to_owned(), what });
    bases.pop();
    Ok(())
}

fn check_end(path: &Path, scan: &Scan, marks: Marks) -> Result<(), BusError> {
    if scan.next < marks.closed_at {
        let what = format!("ends before offset {}, but {} was durable", scan.next, marks.closed_at - 1);
        return Err(BusError::Damaged { path: path.to_owned(), at: scan.end, what });
    }
    Ok(())
}

fn cut_tail(file: &dyn DiskFile, path: &Path, scan: &Scan, findings: &mut Vec<Finding>) -> Result<(), BusError> {
    let Some(fault) = &scan.fault else {
        return write_last_again(file, scan).map_err(|e| BusError::io("syncing", path, &e));
    };
    if segment::proof_of_damage(file, path, scan)?.is_some() {
        return Err(fault.clone());
    }
    let length = file.length().map_err(|e| BusError::io("reading", path, &e))?;
    file.set_length(scan.end).map_err(|e| BusError::io("cutting", path, &e))?;
    write_last_again(file, scan).map_err(|e| BusError::io("syncing", path, &e))?;
    let what = format!("{} bytes of a write that was never acknowledged were cut", length - scan.end);
    let place = format!("byte {}, offset {}", scan.end, scan.next);
    findings.push(Finding { file: path.to_owned(), place, what });
    Ok(())
}

/// Makes the last write durable, which a killed process may not have done. A sync alone would not do: had one failed
/// before, the machine would show the bytes and take them for written, though the disk never got them.
fn write_last_again(file: &dyn DiskFile, scan: &Scan) -> io::Result<()> {
    let mut bytes = vec![0; (scan.end - scan.last_write) as usize];
    file.read_at(&mut bytes, scan.last_write)?;
    file.write_at(&bytes, scan.last_write)?;
    file.sync()
}

/// The segments with their lengths; a missing one is an error.
fn with_lengths(
    disk: &dyn Disk,
    directory: &Path,
    bases: &[u64],
    last_end: u64,
) -> Result<Vec<Arc<Segment>>, BusError> {
    let mut segments = Vec::with_capacity(bases.len());
    for (i, base) in bases.iter().enumerate() {
        let path = directory.join(segment::name(*base));
        let length = if i + 1 == bases.len() {
            last_end
        } else {
            let length = disk.open(&path).and_then(|file| file.length());
            length.map_err(|e| BusError::io("opening", &path, &e))?
        };
        segments.push(Arc::new(Segment::new(*base, path, length)));
    }
    Ok(segments)
}
