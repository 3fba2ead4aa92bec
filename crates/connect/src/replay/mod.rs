//! Recorded observations, played again at a chosen speed through the platform's own doors, as any client would.
//!
//! Every observation is labelled `replayed` (a simulated one stays `simulated`), and re-dated so that the first row is now, unless the recorded times
//! are asked for. The calls block; run them on a thread of their own.

mod mqtt;

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use vigiles_formats::mapping::Mapping;
use vigiles_formats::observation::{Draft, Rejection};
use vigiles_model::{Origin, Timestamp};

use crate::delivery::http::Http;
use crate::delivery::{DoorError, Pause};
use crate::recording::{Recording, RecordingError};

/// Most observations of one delivery.
const MAX_BATCH: usize = 500;
/// Shortest pause between two deliveries, so that a dense recording is delivered in batches.
const TICK: Duration = Duration::from_millis(50);

/// How a recording is played.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many times faster than it happened. More than 0.
    pub speed: f64,
    /// Recorded seconds left out at the start; not when it starts again.
    pub start_offset_s: f64,
    /// Keep the recorded times instead of re-dating.
    pub keep_times: bool,
    /// Start again at the end, until stopped.
    pub repeat: bool,
    /// How rows become observations; needed for CSV. NDJSON without one is the platform's own form.
    pub mapping: Option<Mapping>,
    /// The door.
    pub target: Target,
}

/// The door a recording is played through.
#[derive(Debug, Clone)]
pub enum Target {
    /// `POST` of NDJSON.
    Http {
        /// Such as `http://127.0.0.1:8080/api/v1/observations`; the path is added where there is none.
        url: String,
        /// A token that may deliver.
        token: String,
    },
    /// MQTT 3.1.1, quality of service 1, NDJSON on `vigiles/v1/observations`.
    Mqtt {
        /// Host and port of the broker.
        address: (String, u16),
        /// A token that may deliver.
        token: String,
    },
}

/// What was played.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Observations delivered and durable. Over MQTT a broker does not say which it had before or refused.
    pub accepted: u64,
    /// Delivered before.
    pub duplicates: u64,
    /// Refused by the platform.
    pub rejected: u64,
    /// Rows that could not be read.
    pub unreadable: u64,
    /// The first thing that was refused or could not be read.
    pub first_problem: Option<String>,
}

/// Why a replay ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The recording cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The options make no sense.
    #[error("{option}: {why}")]
    Option {
        /// Which.
        option: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The door does not take the delivery.
    #[error(transparent)]
    Door(#[from] DoorError),
}

/// What became of one delivery.
pub(crate) trait Way {
    /// Delivers, and returns once the observations are durable. Waits where the platform is overloaded.
    fn deliver(&mut self, drafts: &[Draft], pause: &Pause<'_>, summary: &mut Summary) -> Result<(), DoorError>;
}

/// Plays a recording to its end, or until `stop` turns true. `.gz` files are unpacked; a name that ends in
/// `.csv` or `.csv.gz` is CSV, everything else NDJSON.
pub fn play(file: &Path, options: &Options, stop: &watch::Receiver<bool>) -> Result<Summary, ReplayError> {
    if !(options.speed.is_finite() && options.speed > 0.0) {
        return Err(ReplayError::Option { option: "speed", why: format!("{} is not a number above 0", options.speed) });
    }
    let mut way: Box<dyn Way> = match &options.target {
        Target::Http { url, token } => Box::new(Http::new(url, token)),
        Target::Mqtt { address, token } => Box::new(mqtt::Mqtt::connect(address, token)),
    };
    let pause = Pause { stop };
    let mut summary = Summary::default();
    let mut offset_s = options.start_offset_s;
    loop {
        let before = summary.clone();
        play_once(file, options, offset_s, way.as_mut(), &pause, &mut summary)?;
        offset_s = 0.0;
        let idle = before == summary;
        if !options.repeat || idle || pause.is_over() {
            return Ok(summary);
        }
    }
}

fn play_once(
    file: &Path,
    options: &Options,
    offset_s: f64,
    way: &mut dyn Way,
    pause: &Pause<'_>,
    summary: &mut Summary,
) -> Result<(), ReplayError> {
    let mut recording = Recording::open(file, options.mapping.as_ref())?;
    let mut clock = None;
    let mut batch = Vec::new();
    let mut rows = Vec::new();
    while !pause.is_over() && recording.next(&mut rows)?.is_some() {
        for mut draft in rows.drain(..) {
            if let Some(flaw) = &draft.flaw {
                summary.unreadable += 1;
                summary.note(flaw);
                continue;
            }
            if let Some(time) = draft.time {
                let clock = clock.get_or_insert_with(|| Clock::start(time, offset_s, options.speed));
                if offset_s > 0.0 && time < clock.recorded {
                    continue;
                }
                let wait = clock.due(time).saturating_duration_since(Instant::now());
                if !wait.is_zero() {
                    way.send(&mut batch, pause, summary)?;
                    pause.sleep(wait.max(TICK));
                }
                if !options.keep_times {
                    draft.time = Some(clock.redate(time));
                }
            }
            // What was made by a simulation stays so, however often it is played.
            if draft.origin == Origin::Live {
                draft.origin = Origin::Replayed;
            }
            batch.push(draft);
            if batch.len() >= MAX_BATCH {
                way.send(&mut batch, pause, summary)?;
            }
        }
    }
    Ok(way.send(&mut batch, pause, summary)?)
}

impl Way for Http {
    fn deliver(&mut self, drafts: &[Draft], pause: &Pause<'_>, summary: &mut Summary) -> Result<(), DoorError> {
        if let Some(delivered) = Self::deliver(self, drafts, pause)? {
            summary.accepted += delivered.accepted;
            summary.duplicates += delivered.duplicates;
            summary.rejected += delivered.refused.len() as u64;
            if let Some((_, first)) = delivered.refused.first() {
                summary.note(first);
            }
        }
        Ok(())
    }
}

impl dyn Way + '_ {
    fn send(&mut self, batch: &mut Vec<Draft>, pause: &Pause<'_>, summary: &mut Summary) -> Result<(), DoorError> {
        if !batch.is_empty() && !pause.is_over() {
            self.deliver(batch, pause, summary)?;
        }
        batch.clear();
        Ok(())
    }
}

impl Summary {
    pub(crate) fn note(&mut self, problem: &Rejection) {
        self.first_problem.get_or_insert_with(|| problem.to_string());
    }
}

/// From recorded time to the time of playing.
struct Clock {
    recorded: Timestamp,
    started: Instant,
    started_at: Timestamp,
    speed: f64,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "a replay is dated by the wall clock of its own machine, as a device would"
    )]
    fn start(first: Timestamp, offset_s: f64, speed: f64) -> Self {
        let recorded = first + vigiles_model::Duration((offset_s * 1e6) as i64);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { recorded, started: Instant::now(), started_at: Timestamp(since.as_micros() as i64), speed }
    }

    /// Seconds of playing from the first row to one of this recorded time; negative for an earlier one.
    fn played_s(&self, time: Timestamp) -> f64 {
        time.since(self.recorded).as_secs_f64() / self.speed
    }

    fn due(&self, time: Timestamp) -> Instant {
        let span = Duration::try_from_secs_f64(self.played_s(time)).unwrap_or_default();
        self.started.checked_add(span).unwrap_or(self.started)
    }

    fn redate(&self, time: Timestamp) -> Timestamp {
        Timestamp(self.started_at.0.saturating_add((self.played_s(time) * 1e6) as i64))
    }
}
