//! Writing a topic anew from records that were kept elsewhere, at the offsets and times that they had.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vigiles_disk::{Disk, DiskFile, LocalDisk, make_directory};
use vigiles_model::Timestamp;

use super::format::{self, FRAME_BYTES, HEADER_BYTES, Marks, Order, SegmentHeader};
use super::topic::MARKS;
use super::{Options, segment, small, upgrade};
use crate::{BusError, Entry, Offset, Topic};

/// Bytes gathered before they are written.
const BUFFER_BYTES: usize = 4 << 20;

/// A topic that is being written anew. Nothing of it is promised before [`Import::finish`].
pub struct Import {
    directory: PathBuf,
    tag: u32,
    base: u64,
    order: Order,
    /// The newest segment, and where its next bytes go.
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    written: u64,
    buffer: Vec<u8>,
}

impl Import {
    /// Begins the topic of a log directory that has none of this name yet. `base` is the offset of its first record.
    pub fn begin(log: &Path, topic: &Topic, base: Offset) -> Result<Self, BusError> {
        let directory = log.join(topic.as_str());
        make_directory(&LocalDisk, &directory).map_err(|e| BusError::io("creating", &directory, &e))?;
        upgrade::bring_up_to_date(&LocalDisk, log, upgrade::UPGRADES)?;
        let header =
            SegmentHeader { topic: format::topic_tag(topic.as_str()), base: base.0, last_at: Timestamp(i64::MIN) };
        let (file, path) = new_segment(&directory, &header)?;
        Ok(Self {
            directory,
            tag: header.topic,
            base: base.0,
            order: Order::after(&header),
            file,
            path,
            written: HEADER_BYTES as u64,
            buffer: Vec::new(),
        })
    }

    /// Takes the next record. One that does not follow the one before is [`BusError::Damaged`].
    pub fn push(&mut self, entry: &Entry) -> Result<(), BusError> {
        let frame =
            format::Frame { offset: entry.offset.0, group: entry.offset.0, at: entry.at, length: entry.bytes.len() };
        let mut order = self.order;
        order.take(&frame).map_err(|fault| segment::damaged(&self.path, self.written, &fault))?;
        if self.written + self.buffer.len() as u64 >= Options::default().segment_bytes {
            self.roll()?;
        }
        self.order = order;
        format::write_frame(&mut self.buffer, frame.offset, frame.group, frame.at, &entry.bytes);
        if self.buffer.len() + FRAME_BYTES >= BUFFER_BYTES {
            self.write()?;
        }
        Ok(())
    }

    /// Makes all of it durable; gives the next offset to be written.
    pub fn finish(mut self) -> Result<Offset, BusError> {
        self.seal()?;
        let marks = Marks { trimmed_to: self.base, closed_at: self.order.next };
        small::replace(&LocalDisk, &self.directory, MARKS, &format::write_marks(self.tag, &marks))?;
        Ok(Offset(self.order.next))
    }

    fn roll(&mut self) -> Result<(), BusError> {
        self.seal()?;
        let header = SegmentHeader { topic: self.tag, base: self.order.next, last_at: self.order.last_at };
        (self.file, self.path) = new_segment(&self.directory, &header)?;
        self.written = HEADER_BYTES as u64;
        Ok(())
    }

    fn seal(&mut self) -> Result<(), BusError> {
        self.write()?;
        self.file.sync().map_err(|e| BusError::io("syncing", &self.path, &e))
    }

    fn write(&mut self) -> Result<(), BusError> {
        self.file.write_at(&self.buffer, self.written).map_err(|e| BusError::io("writing", &self.path, &e))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

fn new_segment(directory: &Path, header: &SegmentHeader) -> Result<(Arc<dyn DiskFile>, PathBuf), BusError> {
    let path = directory.join(segment::name(header.base));
    let create = || -> std::io::Result<Arc<dyn DiskFile>> {
        let file = LocalDisk.create(&path)?;
        file.write_at(&format::write_header(header), 0)?;
        LocalDisk.sync_directory(directory)?;
        Ok(file)
    };
    let file = create().map_err(|e| BusError::io("creating", &path, &e))?;
    Ok((file, path))
}
