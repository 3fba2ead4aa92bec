//! OpenStreetMap extracts in the PBF format (<https://wiki.openstreetmap.org/wiki/PBF_Format>).
//!
//! A file is a sequence of blobs, each a header and a compressed block of some 8,000 elements. The
//! reader holds one block at a time. It is written here because an extract may come from anywhere:
//! sizes are bounded before anything is allocated, and sums of differences wrap instead of failing.

mod block;

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::read::ZlibDecoder;
use vigiles_model::BoundingBox;

use block::Block;
pub use block::{Element, Tags, Wanted};

use crate::RoadsError;
use crate::wire::{Fields, WireError, zigzag};

/// Largest blob header accepted, from the format.
const MAX_HEADER_BYTES: u32 = 64 * 1024;
/// Largest blob accepted, packed or unpacked, from the format.
const MAX_BLOB_BYTES: u64 = 32 * 1024 * 1024;

/// What the header of an extract says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Header {
    /// The area the extract was cut to.
    pub bounds: Option<BoundingBox>,
    /// The state of the data: seconds since 1970-01-01T00:00:00Z.
    pub replicated_s: Option<i64>,
}

/// A reader of extracts that can start again from the beginning.
pub struct Reader<R> {
    input: R,
    path: PathBuf,
    offset: u64,
    packed: Vec<u8>,
    unpacked: Vec<u8>,
}

/// What is done with the elements of an extract.
pub trait Visitor {
    /// Takes one element.
    fn element(&mut self, element: Element<'_>);
    /// Called after each block with the bytes read so far; an error ends the walk.
    fn block_done(&mut self, position: u64) -> Result<(), RoadsError>;
}

enum Blob {
    Header,
    Data,
    Other,
}

impl<R: Read + Seek> Reader<R> {
    /// Reads from `input`; `path` is only named in errors.
    pub fn new(input: R, path: &Path) -> Self {
        Self { input, path: path.to_owned(), offset: 0, packed: Vec::new(), unpacked: Vec::new() }
    }

    /// Goes back to the beginning and reads the header.
    pub fn restart(&mut self) -> Result<Header, RoadsError> {
        self.input.seek(SeekFrom::Start(0)).map_err(|e| self.io(e))?;
        self.offset = 0;
        match self.next_blob()? {
            Some(Blob::Header) => self.header(),
            Some(_) => Err(self.damaged("the first block is not an OSM header")),
            None => Err(self.damaged("the file is empty")),
        }
    }

    /// Walks the blocks from here to the end of the file.
    pub fn walk(&mut self, wanted: Wanted, visitor: &mut dyn Visitor) -> Result<(), RoadsError> {
        while let Some(blob) = self.next_blob()? {
            if !matches!(blob, Blob::Data) {
                continue;
            }
            let walked = Block::read(&self.unpacked).and_then(|block| block.walk(wanted, &mut |e| visitor.element(e)));
            walked.map_err(|e| self.damaged(&format!("{} (byte {} of a part of the block)", e.what, e.at)))?;
            visitor.block_done(self.position())?;
        }
        Ok(())
    }

    /// How far the file has been read, in bytes.
    fn position(&mut self) -> u64 {
        self.input.stream_position().unwrap_or(self.offset)
    }

    fn next_blob(&mut self) -> Result<Option<Blob>, RoadsError> {
        self.offset = self.position();
        let mut size = [0; 4];
        match self.input.read(&mut size).map_err(|e| self.io(e))? {
            0 => return Ok(None),
            n => self.input.read_exact(&mut size[n..]).map_err(|e| self.cut_off(e))?,
        }
        let size = u32::from_be_bytes(size);
        if size > MAX_HEADER_BYTES {
            return Err(self.damaged("not an OSM PBF file: a block header of more than 64 KiB"));
        }
        self.fill(u64::from(size))?;
        let (kind, size) = blob_header(&self.packed).map_err(|e| self.damaged(e.what))?;
        if size > MAX_BLOB_BYTES {
            return Err(self.damaged("a block of more than 32 MiB"));
        }
        self.fill(size)?;
        self.unpack()?;
        Ok(Some(kind))
    }

    /// Reads the next `size` bytes, at most [`MAX_BLOB_BYTES`], into the packed buffer.
    fn fill(&mut self, size: u64) -> Result<(), RoadsError> {
        self.packed.clear();
        let read = (&mut self.input)
            .take(size)
            .read_to_end(&mut self.packed)
            .map_err(|source| RoadsError::Io { path: self.path.clone(), source })?;
        if (read as u64) < size {
            return Err(self.damaged("the file ends inside a block"));
        }
        Ok(())
    }

    fn unpack(&mut self) -> Result<(), RoadsError> {
        self.unpacked.clear();
        let mut fields = Fields::new(&self.packed);
        loop {
            match fields.next().map_err(|e| self.damaged(e.what))? {
                None => return Err(self.damaged("a block without data")),
                Some((1, raw)) => {
                    self.unpacked.extend_from_slice(raw.bytes());
                    return Ok(());
                }
                Some((3, zlib)) => {
                    let mut inflate = ZlibDecoder::new(zlib.bytes()).take(MAX_BLOB_BYTES + 1);
                    let done = inflate.read_to_end(&mut self.unpacked);
                    done.map_err(|e| self.damaged(&format!("a block that does not decompress: {e}")))?;
                    if self.unpacked.len() as u64 > MAX_BLOB_BYTES {
                        return Err(self.damaged("a block that unpacks to more than 32 MiB"));
                    }
                    return Ok(());
                }
                Some((field @ 4..=7, _)) => {
                    let name = ["lzma", "bzip2", "lz4", "zstd"][field as usize - 4];
                    return Err(self.unsupported(format!("blocks compressed with {name}; write the extract with zlib")));
                }
                Some(_) => {}
            }
        }
    }

    fn header(&self) -> Result<Header, RoadsError> {
        let mut header = Header::default();
        let mut fields = Fields::new(&self.unpacked);
        while let Some((field, value)) = fields.next().map_err(|e| self.damaged(e.what))? {
            match field {
                1 => header.bounds = header_bounds(value.bytes()).map_err(|e| self.damaged(e.what))?,
                4 if !matches!(value.bytes(), b"OsmSchema-V0.6" | b"DenseNodes") => {
                    let name = String::from_utf8_lossy(value.bytes()).into_owned();
                    return Err(self.unsupported(format!("an extract that needs the feature {name:?}")));
                }
                32 => header.replicated_s = Some(value.number() as i64),
                _ => {}
            }
        }
        Ok(header)
    }

    fn io(&self, source: io::Error) -> RoadsError {
        RoadsError::Io { path: self.path.clone(), source }
    }

    fn cut_off(&self, error: io::Error) -> RoadsError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged("the file ends inside a block"),
            _ => self.io(error),
        }
    }

    fn damaged(&self, what: &str) -> RoadsError {
        RoadsError::Damaged { path: self.path.clone(), offset: self.offset, what: what.to_owned() }
    }

    fn unsupported(&self, what: String) -> RoadsError {
        RoadsError::Unsupported { path: self.path.clone(), what }
    }
}

fn blob_header(bytes: &[u8]) -> Result<(Blob, u64), WireError> {
    let (mut kind, mut size) = (Blob::Other, None);
    let mut fields = Fields::new(bytes);
    while let Some((field, value)) = fields.next()? {
        match (field, value.bytes()) {
            (1, b"OSMHeader") => kind = Blob::Header,
            (1, b"OSMData") => kind = Blob::Data,
            (3, _) => size = Some(value.number()),
            _ => {}
        }
    }
    let size = size.ok_or(WireError { at: 0, what: "not an OSM PBF file: a block header without a size" })?;
    Ok((kind, size))
}

/// The box of the header: left, right, top, bottom in nanodegrees. A box that is none is ignored.
fn header_bounds(bytes: &[u8]) -> Result<Option<BoundingBox>, WireError> {
    let mut edges = [0.0; 4];
    let mut fields = Fields::new(bytes);
    while let Some((field, value)) = fields.next()? {
        if let 1..=4 = field {
            edges[field as usize - 1] = zigzag(value.number()) as f64 * 1e-9;
        }
    }
    let [west, east, north, south] = edges;
    Ok(BoundingBox::new(west, south, east, north).ok().filter(|b| b.west < b.east && b.south < b.north))
}
