//! Rows of CSV, cut out of the window one by one.

use csv_core::ReadRecordResult;
use vigiles_formats::mapping::{self, Mapping};
use vigiles_formats::ndjson::MAX_LINE_BYTES;
use vigiles_formats::observation::{Draft, Rejection};

use super::window::Window;

/// A table under its header.
pub(super) struct Table<'m> {
    columns: mapping::Table<'m>,
    parser: Parser,
}

/// Cuts and unquotes rows.
struct Parser {
    core: csv_core::Reader,
    fields: Vec<u8>,
    ends: Vec<usize>,
}

/// Where a row ends.
enum Cut {
    Row {
        bytes: usize,
        fields: csv::ByteRecord,
    },
    /// It has more bytes than a row may have.
    TooLong,
    End,
}

impl<'m> Table<'m> {
    /// Reads the header at the beginning of the window; its length too. `Err` in the result is what is wrong with it.
    pub(super) fn open(mapping: &'m Mapping, window: &mut Window) -> std::io::Result<Result<(Self, usize), String>> {
        let core = csv_core::ReaderBuilder::new().delimiter(mapping.config().delimiter as u8).build();
        let mut parser = Parser { core, fields: vec![0; 1024], ends: vec![0; 32] };
        let (bytes, fields) = match parser.next(window)? {
            Cut::Row { bytes, fields } => (bytes, fields),
            Cut::End => (0, csv::ByteRecord::new()),
            Cut::TooLong => return Ok(Err(format!("the header is longer than {MAX_LINE_BYTES} bytes"))),
        };
        let Ok(header) = csv::StringRecord::from_byte_record(fields) else {
            return Ok(Err("the header is not UTF-8".to_owned()));
        };
        Ok(Ok((Self { columns: mapping::Table::new(mapping, &header), parser }, bytes)))
    }

    /// Appends the drafts of the row at the beginning of the window; its length, 0 at the end of the file, and
    /// whether it is only the beginning of a line that is too long.
    pub(super) fn row(
        &mut self,
        window: &mut Window,
        line: u64,
        drafts: &mut Vec<Draft>,
    ) -> std::io::Result<(usize, bool)> {
        match self.parser.next(window)? {
            Cut::End => Ok((0, false)),
            Cut::Row { bytes, fields } => {
                match csv::StringRecord::from_byte_record(fields) {
                    Ok(fields) => self.columns.row("", &fields, line, drafts),
                    Err(e) => drafts.push(Draft::flawed(Rejection::new(format!("line {line}: row"), e.utf8_error()))),
                }
                Ok((bytes, false))
            }
            // A quote that is never closed would take the rest of the file along: the row is its first line.
            Cut::TooLong => {
                let end = window.line(MAX_LINE_BYTES)?;
                let why = if end.is_some() { ": a quote is not closed" } else { "" };
                let message = format!("longer than {MAX_LINE_BYTES} bytes{why}");
                drafts.push(Draft::flawed(Rejection::new(format!("line {line}: row"), message)));
                Ok((end.unwrap_or(MAX_LINE_BYTES), end.is_none()))
            }
        }
    }
}

impl Parser {
    fn next(&mut self, window: &mut Window) -> std::io::Result<Cut> {
        self.core.reset();
        let (mut bytes, mut filled, mut count) = (0, 0, 0);
        loop {
            if bytes == window.bytes().len() && bytes <= MAX_LINE_BYTES {
                window.fill()?;
            }
            let end = window.bytes().len().min(MAX_LINE_BYTES + 1).max(bytes);
            if bytes > MAX_LINE_BYTES {
                return Ok(Cut::TooLong);
            }
            let input = &window.bytes()[bytes..end];
            let (result, read, written, ended) =
                self.core.read_record(input, &mut self.fields[filled..], &mut self.ends[count..]);
            bytes += read;
            filled += written;
            count += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.fields.resize(self.fields.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::End => return Ok(Cut::End),
                ReadRecordResult::Record => {
                    return Ok(Cut::Row { bytes: with_line_feed(window, bytes)?, fields: self.record(count) });
                }
            }
        }
    }

    fn record(&self, count: usize) -> csv::ByteRecord {
        let mut record = csv::ByteRecord::with_capacity(self.ends[..count].last().copied().unwrap_or(0), count);
        let mut start = 0;
        for end in &self.ends[..count] {
            record.push_field(&self.fields[start..*end]);
            start = *end;
        }
        record
    }
}

/// The parser ends a row at the carriage return; the line feed behind it belongs to the row.
fn with_line_feed(window: &mut Window, bytes: usize) -> std::io::Result<usize> {
    if !window.bytes()[..bytes].ends_with(b"\r") {
        return Ok(bytes);
    }
    if window.bytes().len() == bytes {
        window.fill()?;
    }
    Ok(bytes + usize::from(window.bytes().get(bytes) == Some(&b'\n')))
}
