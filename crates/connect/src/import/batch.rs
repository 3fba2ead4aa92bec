//! The rows of one delivery, with what became of each.

use std::ops::Range;

use vigiles_formats::observation::{Draft, Rejection};
use vigiles_model::{Geometry, Value};

use crate::recording::Place;

/// Most observations of one delivery.
const MAX_DRAFTS: usize = 4000;
/// Most bytes of the rows of one delivery, and about most of what is made of them; a row has 64 KiB at most.
const MAX_BYTES: usize = 1024 * 1024;

/// Rows, as they stand in the file, and their drafts.
#[derive(Default)]
pub(super) struct Batch {
    /// The readings that could be read.
    pub(super) drafts: Vec<Draft>,
    rows: Vec<Row>,
    /// The row of each draft.
    of: Vec<usize>,
    raw: Vec<u8>,
    /// About the bytes of the drafts.
    weight: usize,
    /// Where the row behind the last one begins.
    pub(super) next: Option<Place>,
}

struct Row {
    line: u64,
    raw: Range<usize>,
    faults: Vec<Rejection>,
}

/// A row that was not taken, or not whole.
pub(super) struct Rejected<'a> {
    pub(super) line: u64,
    pub(super) raw: &'a [u8],
    pub(super) faults: &'a [Rejection],
}

impl Batch {
    /// Adds a row and what was read of it.
    pub(super) fn add(&mut self, line: u64, raw: &[u8], drafts: &mut Vec<Draft>, next: Place) {
        let index = self.rows.len();
        let start = self.raw.len();
        self.raw.extend_from_slice(raw);
        let mut row = Row { line, raw: start..self.raw.len(), faults: Vec::new() };
        for draft in drafts.drain(..) {
            if let Some(fault) = fault(&draft, line) {
                row.faults.push(fault);
            } else {
                self.weight += weight(&draft);
                self.drafts.push(draft);
                self.of.push(index);
            }
        }
        self.rows.push(row);
        self.next = Some(next);
    }

    /// Notes what the platform refused, by the places of the drafts.
    pub(super) fn refuse(&mut self, refused: Vec<(usize, Rejection)>) {
        for (place, rejection) in refused {
            if let Some(row) = self.of.get(place).and_then(|row| self.rows.get_mut(*row)) {
                row.faults.push(rejection);
            }
        }
    }

    pub(super) fn rejected(&self) -> impl Iterator<Item = Rejected<'_>> {
        self.rows.iter().filter(|row| !row.faults.is_empty()).map(|row| Rejected {
            line: row.line,
            raw: &self.raw[row.raw.clone()],
            faults: &row.faults,
        })
    }

    /// The row read last, as it stands in the file.
    pub(super) fn last(&self) -> &[u8] {
        self.rows.last().map_or(&[], |row| &self.raw[row.raw.clone()])
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows.len() as u64
    }

    pub(super) fn is_full(&self) -> bool {
        self.drafts.len() >= MAX_DRAFTS || self.raw.len().max(self.weight) >= MAX_BYTES
    }

    pub(super) fn clear(&mut self) {
        self.drafts.clear();
        self.rows.clear();
        self.of.clear();
        self.raw.clear();
        self.weight = 0;
        self.next = None;
    }
}

/// Why a draft cannot be delivered.
fn fault(draft: &Draft, line: u64) -> Option<Rejection> {
    if let Some(flaw) = &draft.flaw {
        let own = format!("line {line}");
        let path = match flaw.path.strip_prefix(&own) {
            Some("") => "row",
            Some(rest) => rest.trim_start_matches(": "),
            None => &flaw.path,
        };
        return Some(Rejection::new(path, &flaw.message));
    }
    if let Value::Number(number) = draft.value
        && !number.is_finite()
    {
        return Some(Rejection::new(
            "value",
            format_args!("{number} is no finite number; leave a missing reading out"),
        ));
    }
    if draft.time.is_none() {
        // It would be dated by its arrival, and so be another observation whenever it is delivered again.
        return Some(Rejection::new("time", "missing: an import keeps recorded times, and needs that of each row"));
    }
    None
}

/// About the bytes of a draft on its way: a mapping may give the long texts of one row to many readings.
fn weight(draft: &Draft) -> usize {
    let text = if let Value::Text(text) = &draft.value { text.len() } else { 0 };
    let attributes: usize = draft.attributes.iter().map(|(name, text)| name.len() + text.len()).sum();
    200 + text + attributes + draft.place.iter().flat_map(Geometry::vertices).count() * 40
}
