//! `vigiles import FILE...`.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use vigiles_connect::import::{self, Options, Progress, Summary};
use vigiles_disk::LocalDisk;

use super::replay::read_mapping;

/// Pause between two lines of progress where nobody watches.
const SPARSE: Duration = Duration::from_secs(30);
/// Pause on a terminal.
const DENSE: Duration = Duration::from_secs(1);

/// Put recorded observations into a running platform, with their own times, as fast as it takes them.
///
/// It may be stopped or killed at any moment; the same command goes on where it was. Rows that cannot be read, or that the
/// platform refuses, go to FILE.rejected.csv or .ndjson as they stood, and to FILE.rejected.txt with line and reason.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The recordings: CSV or NDJSON, gzip-compressed or not.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where to.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    to: String,
    /// A token that may deliver; `vigiles token create --role source` makes one.
    #[arg(long, env = "VIGILES_TOKEN", hide_env_values = true)]
    token: String,
    /// How rows become observations (TOML); needed for CSV.
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// An existing directory for FILE.import.json and what is rejected; that of the file where none is named.
    #[arg(long)]
    state: Option<PathBuf>,
}

/// Why an import that came to its end has not all of its rows in the platform.
#[derive(Debug, thiserror::Error)]
#[error("{0} rows were rejected; mend them where they lie, and import them")]
pub(crate) struct RowsRejected(u64);

/// Imports one file after the other.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if !["http://", "https://"].iter().any(|scheme| arguments.to.starts_with(scheme)) {
        bail!("--to takes http://HOST:PORT, not {:?}", arguments.to);
    }
    let options = Options {
        mapping: arguments.mapping.as_deref().map(read_mapping).transpose()?,
        url: arguments.to.clone(),
        token: arguments.token.clone(),
        state: arguments.state.clone(),
    };
    // Nothing stops it but a signal, which may come at any moment.
    let (_running, stop) = tokio::sync::watch::channel(false);
    let mut rejected = 0;
    for file in &arguments.files {
        let mut meter = Meter::start(file);
        let summary = import::import(file, &options, &LocalDisk, &stop, &mut |progress| meter.show(progress))?;
        meter.end();
        rejected += summary.totals.rejected_rows;
        super::say(told(file, &summary))?;
    }
    ensure!(rejected == 0, RowsRejected(rejected));
    Ok(())
}

fn told(file: &Path, summary: &Summary) -> String {
    let totals = &summary.totals;
    let mut text = format!(
        "{}: {} rows, {} observations accepted, {} delivered before, {} rows rejected",
        file.display(),
        totals.rows,
        totals.accepted,
        totals.duplicates,
        totals.rejected_rows
    );
    if totals.rejected_rows > 0 {
        let (rows, reasons) = (summary.paths.rejected.display(), summary.paths.reasons.display());
        // A String takes everything.
        let _written = write!(text, "\n  they are in {rows}; why, in {reasons}");
    }
    if summary.was_done {
        let state = summary.paths.state.display();
        let _written = write!(text, "\n  it was imported before; without {state} it is imported anew");
    }
    text
}

/// Progress on standard error.
struct Meter {
    name: String,
    is_terminal: bool,
    shown: Instant,
    /// What is measured from: the first delivery of this run, which may go on where another was.
    first: Option<(Progress, Instant)>,
}

impl Meter {
    fn start(file: &Path) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        Self { name: file.display().to_string(), is_terminal, shown: Instant::now(), first: None }
    }

    fn show(&mut self, progress: &Progress) {
        let (first, started) = *self.first.get_or_insert((*progress, Instant::now()));
        let pause = if self.is_terminal { DENSE } else { SPARSE };
        if self.shown.elapsed() < pause {
            return;
        }
        self.shown = Instant::now();
        let line = line(&self.name, &first, progress, started.elapsed());
        let (before, after) = if self.is_terminal { ("\r\x1b[K", "") } else { ("", "\n") };
        // Whoever closed it does not want to know.
        let _closed = write!(std::io::stderr(), "{before}{line}{after}");
    }

    fn end(&self) {
        if self.is_terminal {
            let _closed = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

fn line(name: &str, first: &Progress, now: &Progress, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64().max(1e-3);
    let rows_per_s = now.totals.rows.saturating_sub(first.totals.rows) as f64 / seconds;
    let bytes_per_s = now.bytes.saturating_sub(first.bytes) as f64 / seconds;
    let mb = |bytes: u64| bytes as f64 / 1e6;
    let left_s = now.total_bytes.saturating_sub(now.bytes) as f64 / bytes_per_s;
    let left = if left_s.is_finite() { format!(", {} left", clock(left_s)) } else { String::new() };
    format!(
        "{name}: {} rows, {} rejected, {:.1} of {:.1} MB, {rows_per_s:.0} rows/s{left}",
        now.totals.rows,
        now.totals.rejected_rows,
        mb(now.bytes),
        mb(now.total_bytes)
    )
}

fn clock(seconds: f64) -> String {
    let all = seconds.ceil() as u64;
    match (all / 3600, all / 60 % 60, all % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use vigiles_connect::import::Totals;

    use super::*;

    fn progress(rows: u64, rejected_rows: u64, bytes: u64) -> Progress {
        Progress { totals: Totals { rows, rejected_rows, ..Totals::default() }, bytes, total_bytes: 10_000_000_000 }
    }

    fn check(first: &Progress, now: &Progress, elapsed_s: u64, expected: &str) {
        assert_eq!(line("day.csv", first, now, Duration::from_secs(elapsed_s)), expected);
    }

    #[test]
    fn progress_says_how_long_it_will_take() {
        let first = progress(1_000_000, 0, 50_000_000);
        check(
            &first,
            &progress(3_000_000, 1, 150_000_000),
            10,
            "day.csv: 3000000 rows, 1 rejected, 150.0 of 10000.0 MB, 200000 rows/s, 16 min 25 s left",
        );
        check(&first, &first, 10, "day.csv: 1000000 rows, 0 rejected, 50.0 of 10000.0 MB, 0 rows/s");
        assert_eq!(clock(7322.0), "2 h 02 min");
        assert_eq!(clock(0.2), "1 s");
    }
}
