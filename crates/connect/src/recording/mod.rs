//! A recording, row by row: CSV or NDJSON, packed or not. Of each row it is known where it stands, and how it is written.

mod table;
mod window;

use std::path::Path;

use vigiles_formats::mapping::{Format, Mapping};
use vigiles_formats::ndjson::{self, MAX_LINE_BYTES};
use vigiles_formats::observation::Draft;

use table::Table;
use window::Window;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file cannot be read.
    #[error("{file}: {source}")]
    Read {
        /// The file.
        file: String,
        /// What happened.
        source: std::io::Error,
    },
    /// It cannot be read as what it should be.
    #[error("{file}: {why}")]
    Invalid {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Where a row begins, in the unpacked bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    /// From 1.
    pub(crate) line: u64,
}

pub(crate) struct Recording<'m> {
    file: String,
    window: Window,
    rows: Rows<'m>,
    header: Vec<u8>,
    /// Where the row after the current one begins, and the bytes of the current one before it.
    next: Place,
    length: usize,
    is_cut: bool,
}

enum Rows<'m> {
    Csv(Box<Table<'m>>),
    /// NDJSON in the platform's own form.
    Own,
    /// NDJSON that needs a mapping.
    Mapped(&'m Mapping),
}

impl<'m> Recording<'m> {
    /// Opens a file. A name that ends in `.csv` or `.csv.gz` is CSV where the mapping does not say, everything else NDJSON.
    pub(crate) fn open(path: &Path, mapping: Option<&'m Mapping>) -> Result<Self, RecordingError> {
        let file = path.display().to_string();
        let read = |source| RecordingError::Read { file: file.clone(), source };
        let invalid = |why: String| RecordingError::Invalid { file: file.clone(), why };
        let mut window = Window::open(path).map_err(read)?;
        let mut header = Vec::new();
        let rows = match mapping {
            Some(mapping) if is_csv(path, Some(mapping)) => {
                let (table, length) = Table::open(mapping, &mut window).map_err(read)?.map_err(invalid)?;
                header = window.bytes()[..length].to_vec();
                window.advance(length);
                Rows::Csv(Box::new(table))
            }
            None if is_csv(path, None) => return Err(invalid("a CSV recording needs a mapping".into())),
            Some(mapping) => Rows::Mapped(mapping),
            None => Rows::Own,
        };
        let line = 1 + lines(&header);
        let next = Place { offset: window.offset(), line };
        Ok(Self { file, window, rows, header, next, length: 0, is_cut: false })
    }

    /// Reads the next row, and appends its drafts; its line, or `None` at the end of the file.
    pub(crate) fn next(&mut self, drafts: &mut Vec<Draft>) -> Result<Option<u64>, RecordingError> {
        while self.next_piece()?.is_some() {}
        self.window.advance(std::mem::take(&mut self.length));
        let row = self.read_row(drafts).map_err(|source| self.unread(source))?;
        let Some((line, length)) = row else { return Ok(None) };
        self.length = length;
        let raw = &self.window.bytes()[..length];
        self.next = Place { offset: self.window.offset() + length as u64, line: line + lines(raw) };
        Ok(Some(line))
    }

    /// Appends the drafts of the row that the window stands at; its line and its length.
    fn read_row(&mut self, drafts: &mut Vec<Draft>) -> std::io::Result<Option<(u64, usize)>> {
        self.skip_blank_lines()?;
        let line = self.next.line;
        if let Rows::Csv(table) = &mut self.rows {
            let (length, is_cut) = table.row(&mut self.window, line, drafts)?;
            self.is_cut = is_cut;
            return Ok((length > 0).then_some((line, length)));
        }
        let Some(length) = self.window.line(MAX_LINE_BYTES)? else {
            drafts.push(ndjson::too_long(line));
            self.is_cut = true;
            return Ok(Some((line, MAX_LINE_BYTES)));
        };
        let text = &self.window.bytes()[..length];
        match &self.rows {
            Rows::Mapped(mapping) => drafts.append(&mut mapped(mapping, text, line)),
            Rows::Own | Rows::Csv(_) => drafts.extend(ndjson::parse_line(text, line)),
        }
        Ok((length > 0).then_some((line, length)))
    }

    fn skip_blank_lines(&mut self) -> std::io::Result<()> {
        while let Some(length) = self.window.line(MAX_LINE_BYTES)?.filter(|length| *length > 0) {
            if !self.window.bytes()[..length].trim_ascii().is_empty() {
                break;
            }
            self.next.line += lines(&self.window.bytes()[..length]);
            self.window.advance(length);
            self.next.offset = self.window.offset();
        }
        Ok(())
    }

    /// The row as it stands in the file, with its line feed. Of a line that is too long to be kept, its beginning.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.window.bytes()[..self.length]
    }

    /// Whether [`Self::raw`] is only the beginning, or a piece, of a line that is too long to be kept.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The next piece of such a line; `None` at its end.
    pub(crate) fn next_piece(&mut self) -> Result<Option<&[u8]>, RecordingError> {
        if !self.is_cut {
            return Ok(None);
        }
        self.window.advance(std::mem::take(&mut self.length));
        let end = self.window.line(MAX_LINE_BYTES).map_err(|source| self.unread(source))?;
        self.is_cut = end.is_none();
        self.length = end.unwrap_or(MAX_LINE_BYTES);
        self.next.line += lines(self.raw());
        self.next.offset += self.length as u64;
        Ok(Some(self.raw()))
    }

    /// The header of a CSV with its line feed; empty elsewhere.
    pub(crate) fn header(&self) -> &[u8] {
        &self.header
    }

    /// Where the row after the current one begins.
    pub(crate) fn place(&self) -> Place {
        self.next
    }

    /// Goes on further down. `last` bytes before the place were those of the row that was read last: they are given back;
    /// `None` where the file ends before.
    pub(crate) fn go_on_at(&mut self, place: Place, last: usize) -> Result<Option<Vec<u8>>, RecordingError> {
        let mut found = || -> std::io::Result<Option<Vec<u8>>> {
            let fits = last <= MAX_LINE_BYTES + 2 && last as u64 <= place.offset;
            if !fits || !self.window.advance_to(place.offset - last as u64)? {
                return Ok(None);
            }
            while self.window.bytes().len() < last {
                if !self.window.fill()? {
                    return Ok(None);
                }
            }
            Ok(Some(self.window.bytes()[..last].to_vec()))
        };
        let found = found().map_err(|source| self.unread(source))?;
        self.window.advance(found.as_ref().map_or(0, Vec::len));
        (self.next, self.length) = (place, 0);
        Ok(found)
    }

    /// Bytes read of the file as it lies on the disk.
    pub(crate) fn taken(&self) -> u64 {
        self.window.taken()
    }

    /// Whether the file is packed: then it can only be read from its beginning.
    pub(crate) fn is_packed(&self) -> bool {
        self.window.is_packed()
    }

    fn unread(&self, source: std::io::Error) -> RecordingError {
        RecordingError::Read { file: self.file.clone(), source }
    }
}

/// Whether a file is read as CSV.
pub(crate) fn is_csv(path: &Path, mapping: Option<&Mapping>) -> bool {
    let name = path.display().to_string().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    mapping.map_or(Path::new(name).extension().is_some_and(|e| e == "csv"), |m| m.config().format == Format::Csv)
}

fn mapped(mapping: &Mapping, text: &[u8], line: u64) -> Vec<Draft> {
    let mut drafts = mapping.drafts("", text);
    for flaw in drafts.iter_mut().filter_map(|d| d.flaw.as_mut()) {
        // The mapping knows only this line.
        let path = flaw.path.strip_prefix("line 1: ").unwrap_or(&flaw.path);
        flaw.path = format!("line {line}: {path}");
    }
    drafts
}

fn lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

#[cfg(test)]
mod tests;
