//! Recorded observations put into a platform, as fast as its door takes them, with their own times.
//!
//! After each delivery that was acknowledged, what was rejected of it and then how far the import has come are made durable
//! on the disk, so that it may be killed at any moment and goes on where it was. What was delivered and not yet put down
//! comes again, and is recognised by its ids.

mod batch;
mod error;
mod rejects;
mod state;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use vigiles_disk::Disk;
use vigiles_formats::mapping::Mapping;

use crate::delivery::Pause;
use crate::delivery::http::Http;
use crate::recording::{Recording, RecordingError, is_csv};
use batch::Batch;
pub use error::ImportError;
use rejects::Rejects;
use state::{Input, State, hash};

/// Where from, where to, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// How rows become observations; needed for CSV. NDJSON without one is the platform's own form.
    pub mapping: Option<Mapping>,
    /// Such as `http://127.0.0.1:8080`.
    pub url: String,
    /// A token that may deliver.
    pub token: String,
    /// The directory of the state and of what is rejected; that of the input where there is none.
    pub state: Option<PathBuf>,
}

/// What became of the rows of a file so far, in all runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Rows read.
    pub rows: u64,
    /// Rows of which something was not taken.
    pub rejected_rows: u64,
    /// Observations that are durable.
    pub accepted: u64,
    /// Observations that had been delivered before.
    pub duplicates: u64,
}

/// How far an import is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// So far, in all runs.
    pub totals: Totals,
    /// Bytes read of the file as it lies on the disk.
    pub bytes: u64,
    /// Bytes of the file.
    pub total_bytes: u64,
}

/// How an import ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// In all runs.
    pub totals: Totals,
    /// Whether the end of the file was reached; else it was told to stop.
    pub is_done: bool,
    /// Whether an earlier run had reached the end already.
    pub was_done: bool,
    /// The files beside it.
    pub paths: Paths,
}

/// The files of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// How far it has come.
    pub state: PathBuf,
    /// The rows that were not taken, as they stood; `vigiles import` reads it.
    pub rejected: PathBuf,
    /// Where they stood, and why they were not taken.
    pub reasons: PathBuf,
}

impl Paths {
    /// Those of an input.
    pub fn of(file: &Path, options: &Options) -> Self {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let directory = options.state.clone().unwrap_or_else(|| state::directory(file));
        let ending = if is_csv(file, options.mapping.as_ref()) { "csv" } else { "ndjson" };
        let beside = |what: &str| directory.join(format!("{name}.{what}"));
        Self {
            state: beside("import.json"),
            rejected: beside(&format!("rejected.{ending}")),
            reasons: beside("rejected.txt"),
        }
    }
}

/// Imports a file from where an earlier run came to its end, or until `stop` turns true. `.gz` files are unpacked. Says
/// after each delivery how far it is.
pub fn import(
    file: &Path,
    options: &Options,
    disk: &dyn Disk,
    stop: &watch::Receiver<bool>,
    say: &mut dyn FnMut(&Progress),
) -> Result<Summary, ImportError> {
    let read = |source| RecordingError::Read { file: file.display().to_string(), source };
    let paths = Paths::of(file, options);
    let lock = File::open(file).map_err(read)?;
    if let Err(TryLockError::WouldBlock) = lock.try_lock() {
        return Err(ImportError::Busy(file.to_owned()));
    }
    let door = Http::new(&options.url, &options.token);
    let mapping = options.mapping.as_ref().map(|mapping| serde_json::to_string(mapping.config()).unwrap_or_default());
    let input = Input::of(file, mapping, door.url()).map_err(read)?;
    let mut recording = Recording::open(file, options.mapping.as_ref())?;
    let mut state = match State::read(disk, &paths.state)? {
        Some(state) => go_on(file, &paths, state, &input, &mut recording)?,
        None => begin(disk, &paths, input, &recording)?,
    };
    let was_done = state.is_done;
    if !was_done {
        let rejects = Rejects::open(disk, &paths, recording.header(), &state)?;
        let pause = Pause { stop };
        Import { file, disk, paths: &paths, door, rejects, state: &mut state }.run(&mut recording, &pause, say)?;
    }
    Ok(Summary { totals: state.totals, is_done: state.is_done, was_done, paths })
}

/// The state of an import that begins. It is on the disk before anything is delivered or rejected.
fn begin(disk: &dyn Disk, paths: &Paths, input: Input, recording: &Recording<'_>) -> Result<State, ImportError> {
    for path in [&paths.rejected, &paths.reasons] {
        let at = |source| ImportError::Disk { file: path.clone(), source };
        if vigiles_disk::exists(disk, path).map_err(at)? {
            let why = "is of an earlier import: mend and import it, or move it away".to_owned();
            return Err(ImportError::Rejected { file: path.clone(), why });
        }
    }
    let state = State::new(input, recording.place());
    state.write(disk, &paths.state)?;
    Ok(state)
}

fn go_on(
    file: &Path,
    paths: &Paths,
    state: State,
    input: &Input,
    recording: &mut Recording<'_>,
) -> Result<State, ImportError> {
    let another = |why| ImportError::Another { file: file.to_owned(), state: paths.state.clone(), why };
    if let Some(why) = state.input.differs(input) {
        return Err(another(why));
    }
    if state.is_done {
        return Ok(state);
    }
    if recording.is_packed() && state.totals.rows > 0 {
        tracing::info!(file = %file.display(), rows = state.totals.rows, "packed: reading on to where the import was");
    }
    match recording.go_on_at(state.next, state.last_bytes)? {
        Some(last) if hash(&last) == state.last_hash => Ok(state),
        _ => Err(another(format!("before line {} stands another row than did", state.next.line))),
    }
}

struct Import<'a> {
    file: &'a Path,
    disk: &'a dyn Disk,
    paths: &'a Paths,
    door: Http,
    rejects: Rejects<'a>,
    state: &'a mut State,
}

impl Import<'_> {
    fn run(
        mut self,
        recording: &mut Recording<'_>,
        pause: &Pause<'_>,
        say: &mut dyn FnMut(&Progress),
    ) -> Result<(), ImportError> {
        let mut batch = Batch::default();
        let mut drafts = Vec::new();
        while !pause.is_over() {
            let row = recording.next(&mut drafts)?;
            if let Some(line) = row {
                batch.add(line, recording.raw(), &mut drafts, recording.place());
            }
            self.state.is_done = row.is_none();
            if row.is_some() && !batch.is_full() && !recording.is_cut() {
                continue;
            }
            if !self.deliver(&mut batch, recording, pause)? {
                self.state.is_done = false;
                return Ok(());
            }
            say(&Progress { totals: self.state.totals, bytes: recording.taken(), total_bytes: self.state.input.bytes });
            if row.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Delivers a batch and puts down what became of it; false where it was told to stop. Where its last row is cut, the
    /// rest is copied from the file.
    fn deliver(
        &mut self,
        batch: &mut Batch,
        recording: &mut Recording<'_>,
        pause: &Pause<'_>,
    ) -> Result<bool, ImportError> {
        let mut totals = self.state.totals;
        totals.rows += batch.rows();
        if !batch.drafts.is_empty() {
            let Some(delivered) = self.door.deliver(&batch.drafts, pause)? else { return Ok(false) };
            totals.accepted += delivered.accepted;
            totals.duplicates += delivered.duplicates;
            batch.refuse(delivered.refused);
        }
        for row in batch.rejected() {
            totals.rejected_rows += 1;
            self.rejects.row(row.raw)?;
            for fault in row.faults {
                self.rejects.reason(&format!("{}:{}: {fault}", self.file.display(), row.line))?;
            }
        }
        if let Some(next) = batch.next {
            (self.state.next, self.state.last_bytes) = (next, batch.last().len());
            self.state.last_hash = hash(batch.last());
        }
        while let Some(piece) = recording.next_piece()? {
            self.rejects.row(piece)?;
            (self.state.last_bytes, self.state.last_hash) = (piece.len(), hash(piece));
            self.state.next = recording.place();
        }
        self.rejects.end_row()?;
        (self.state.rejected_bytes, self.state.reasons_bytes) = self.rejects.sync()?;
        self.state.totals = totals;
        self.state.write(self.disk, &self.paths.state)?;
        batch.clear();
        Ok(true)
    }
}
