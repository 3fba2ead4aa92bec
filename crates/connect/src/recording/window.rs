//! The bytes of a file behind a moving window, unpacked where they are packed.

use std::fs::File;
use std::io::{BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

/// Bytes read at a time.
const CHUNK_BYTES: usize = 64 * 1024;

pub(super) struct Window {
    bytes: Bytes,
    /// What was read and not yet left behind, from `start` on.
    buffer: Vec<u8>,
    start: usize,
    /// Where the window begins in the unpacked bytes.
    offset: u64,
    /// Bytes taken from the file itself, which may be packed.
    taken: Arc<AtomicU64>,
}

enum Bytes {
    Plain(File),
    Packed(Box<MultiGzDecoder<BufReader<Counted>>>),
}

impl Window {
    /// Opens a file. Packed is what begins so, whatever its name.
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let mut file = File::open(path)?;
        let mut start = Vec::new();
        file.by_ref().take(2).read_to_end(&mut start)?;
        file.rewind()?;
        let taken = Arc::new(AtomicU64::new(0));
        let bytes = if start == [0x1f, 0x8b] {
            let file = BufReader::with_capacity(CHUNK_BYTES, Counted { file, taken: taken.clone() });
            Bytes::Packed(Box::new(MultiGzDecoder::new(file)))
        } else {
            Bytes::Plain(file)
        };
        Ok(Self { bytes, buffer: Vec::new(), start: 0, offset: 0, taken })
    }

    /// What is in the window.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Where the window begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the file is packed.
    pub(super) fn is_packed(&self) -> bool {
        matches!(self.bytes, Bytes::Packed(_))
    }

    /// Bytes read of the file as it lies on the disk.
    pub(super) fn taken(&self) -> u64 {
        match self.bytes {
            Bytes::Plain(_) => self.offset + self.bytes().len() as u64,
            Bytes::Packed(_) => self.taken.load(Ordering::Relaxed),
        }
    }

    /// Lengthens the window at its end; false where the file ends.
    pub(super) fn fill(&mut self) -> std::io::Result<bool> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let length = self.buffer.len();
        self.buffer.resize(length + CHUNK_BYTES, 0);
        let into = &mut self.buffer[length..];
        let read = match &mut self.bytes {
            Bytes::Plain(file) => file.read(into),
            Bytes::Packed(file) => file.read(into),
        };
        self.buffer.truncate(length + *read.as_ref().unwrap_or(&0));
        Ok(read? > 0)
    }

    /// Moves its beginning.
    pub(super) fn advance(&mut self, count: usize) {
        self.start += count;
        self.offset += count as u64;
    }

    /// Moves its beginning to an offset further on; false where the bytes end before. What is packed must be read on.
    pub(super) fn advance_to(&mut self, offset: u64) -> std::io::Result<bool> {
        if let Bytes::Plain(file) = &mut self.bytes {
            let length = file.seek(SeekFrom::End(0))?;
            (self.offset, self.start) = (offset.min(length), 0);
            self.buffer.clear();
            file.seek(SeekFrom::Start(self.offset))?;
        }
        while self.offset < offset {
            if self.bytes().is_empty() && !self.fill()? {
                return Ok(false);
            }
            let wanted = usize::try_from(offset - self.offset).unwrap_or(usize::MAX);
            self.advance(wanted.min(self.bytes().len()));
        }
        Ok(true)
    }

    /// The end of the line at its beginning, with its line feed; `None` where the line has more bytes than `most`. At the
    /// end of the file a line needs no line feed, and 0 says that there is none.
    pub(super) fn line(&mut self, most: usize) -> std::io::Result<Option<usize>> {
        let mut searched = 0;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.bytes()[searched..]) {
                return Ok(Some(searched + end + 1).filter(|end| *end <= most + 1));
            }
            searched = self.bytes().len();
            if searched > most {
                return Ok(None);
            }
            if !self.fill()? {
                return Ok(Some(searched));
            }
        }
    }
}

struct Counted {
    file: File,
    taken: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
