//! A recording, row by row: CSV or NDJSON, packed or not.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use vigiles_formats::mapping::{Format, Mapping, Table};
use vigiles_formats::ndjson;
use vigiles_formats::observation::Draft;

use super::ReplayError;

/// Bytes read at a time.
const CHUNK_BYTES: usize = 64 * 1024;

pub(super) struct Recording<'m> {
    file: String,
    rows: Rows<'m>,
}

enum Rows<'m> {
    Csv {
        reader: Box<csv::Reader<Box<dyn Read>>>,
        table: Table<'m>,
        row: csv::StringRecord,
    },
    Own {
        bytes: Box<dyn Read>,
        reader: Option<ndjson::Reader>,
        chunk: Vec<u8>,
    },
    /// NDJSON that needs a mapping, a line at a time.
    Mapped {
        lines: BufReader<Box<dyn Read>>,
        mapping: &'m Mapping,
        line: Vec<u8>,
        number: u64,
    },
}

impl<'m> Recording<'m> {
    pub(super) fn open(path: &Path, mapping: Option<&'m Mapping>) -> Result<Self, ReplayError> {
        let file = path.display().to_string();
        let read = |source| ReplayError::Read { file: file.clone(), source };
        let invalid = |why: String| ReplayError::Invalid { what: file.clone(), why };
        let bytes = unpack(File::open(path).map_err(read)?).map_err(read)?;
        let name = file.strip_suffix(".gz").unwrap_or(&file).to_ascii_lowercase();
        let is_csv = mapping
            .map_or(Path::new(&name).extension().is_some_and(|e| e == "csv"), |m| m.config().format == Format::Csv);
        let rows = match mapping {
            Some(mapping) if is_csv => {
                let mut reader = csv::ReaderBuilder::new()
                    .delimiter(mapping.config().delimiter as u8)
                    .flexible(true)
                    .from_reader(bytes);
                let header = reader.headers().map_err(|e| invalid(e.to_string()))?.clone();
                Rows::Csv {
                    reader: Box::new(reader),
                    table: Table::new(mapping, &header),
                    row: csv::StringRecord::new(),
                }
            }
            None if is_csv => return Err(invalid("a CSV recording needs a mapping".into())),
            Some(mapping) => Rows::Mapped { lines: BufReader::new(bytes), mapping, line: Vec::new(), number: 0 },
            None => Rows::Own { bytes, reader: Some(ndjson::Reader::default()), chunk: vec![0; CHUNK_BYTES] },
        };
        Ok(Self { file, rows })
    }

    /// Appends the drafts of the next rows; false at the end.
    pub(super) fn next(&mut self, drafts: &mut Vec<Draft>) -> Result<bool, ReplayError> {
        let read = |source| ReplayError::Read { file: self.file.clone(), source };
        match &mut self.rows {
            Rows::Csv { reader, table, row } => {
                let line = reader.position().line();
                match reader.read_record(row) {
                    Ok(more) => {
                        if more {
                            table.row("", row, line, drafts);
                        }
                        Ok(more)
                    }
                    Err(e) if e.is_io_error() => Err(read(std::io::Error::other(e))),
                    Err(e) => {
                        drafts.push(Draft::flawed(vigiles_formats::observation::Rejection::new(
                            format!("line {line}"),
                            e,
                        )));
                        Ok(true)
                    }
                }
            }
            Rows::Own { bytes, reader, chunk } => {
                let count = bytes.read(chunk).map_err(read)?;
                if count > 0 {
                    if let Some(reader) = reader {
                        reader.push(&chunk[..count], drafts);
                    }
                } else if let Some(reader) = reader.take() {
                    reader.finish(drafts);
                    return Ok(true);
                }
                Ok(count > 0)
            }
            Rows::Mapped { lines, mapping, line, number } => {
                line.clear();
                let count =
                    lines.by_ref().take(ndjson::MAX_LINE_BYTES as u64 + 1).read_until(b'\n', line).map_err(read)?;
                *number += 1;
                let start = drafts.len();
                if !line.trim_ascii().is_empty() {
                    drafts.append(&mut mapping.drafts("", line));
                }
                for flaw in drafts[start..].iter_mut().filter_map(|d| d.flaw.as_mut()) {
                    flaw.path = format!("row {number}: {}", flaw.path);
                }
                Ok(count > 0)
            }
        }
    }
}

/// Told by its first two bytes, not by its name.
fn unpack(file: File) -> std::io::Result<Box<dyn Read>> {
    let mut bytes = BufReader::with_capacity(CHUNK_BYTES, file);
    Ok(if bytes.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        Box::new(MultiGzDecoder::new(bytes))
    } else {
        Box::new(bytes)
    })
}
