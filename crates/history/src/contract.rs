//! What every backend of history promises. The promises are checked by [`crate::contract_tests`].

use std::fmt;
use std::str::FromStr;

use vigiles_model::{AssetId, BoundingBox, Duration, KindId, Observation, ObservationId, SourceId, Timestamp};
use vigiles_trust::Context;

use crate::HistoryError;

/// Most observations one page may hold.
pub const MAX_PAGE: usize = 10_000;
/// Most buckets one series may be cut into.
pub const MAX_BUCKETS: usize = 10_000;

/// Which observations are asked for. Empty lists and `None` mean "all".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// Any of these kinds.
    pub kinds: Vec<KindId>,
    /// From any of these sources.
    pub sources: Vec<SourceId>,
    /// Of any of these assets.
    pub assets: Vec<AssetId>,
    /// Places in this box; lines and polygons whose own box meets it. Observations without a place are left out.
    pub area: Option<BoundingBox>,
    /// Phenomenon time at or after.
    pub from: Option<Timestamp>,
    /// Phenomenon time before.
    pub to: Option<Timestamp>,
    /// Most observations of the page; 1 to [`MAX_PAGE`] (others are brought into that range).
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
}

/// The last observation of a page. The next page starts after it, whatever is written meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Its phenomenon time.
    pub time: Timestamp,
    /// Its id.
    pub id: ObservationId,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.time.0, self.id)
    }
}

impl FromStr for Cursor {
    type Err = HistoryError;
    fn from_str(text: &str) -> Result<Self, HistoryError> {
        let parse = || {
            let (time, id) = text.split_once('_')?;
            (id.len() == 32).then_some(())?;
            Some(Self { time: Timestamp(time.parse().ok()?), id: id.parse().ok()? })
        };
        parse().ok_or_else(|| HistoryError::Cursor(text.chars().take(80).collect()))
    }
}

/// One page of observations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Newest phenomenon time first; of one time, the larger id first. Each id once.
    pub observations: Vec<Observation>,
    /// Where the next page starts; none on the last page.
    pub next: Option<Cursor>,
}

/// The newest observation of each series and kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Latest {
    /// One per series and kind, in no particular order.
    pub observations: Vec<Observation>,
    /// Whether there were more series than a backend gives at once.
    pub truncated: bool,
}

/// The numeric readings of one series of one kind, cut into equal spans for a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesQuery {
    /// The kind.
    pub kind: KindId,
    /// The asset, or else the source: [`Observation::series`].
    pub series: String,
    /// First moment.
    pub from: Timestamp,
    /// Moment after the last; must be later than `from`.
    pub to: Timestamp,
    /// How many spans; 1 to [`MAX_BUCKETS`] (others are brought into that range).
    pub buckets: usize,
}

/// One span of a chart with at least one reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Its first moment.
    pub start: Timestamp,
    /// Lowest reading, in the unit of the kind.
    pub min: f64,
    /// Mean of the readings.
    pub mean: f64,
    /// Highest reading.
    pub max: f64,
    /// How many readings.
    pub count: u64,
}

/// What an expiry took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// Observations.
    pub observations: u64,
    /// Bytes on the disk.
    pub bytes: u64,
    /// Whole files.
    pub files: u64,
}

/// Counts for the system page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Observations in sealed files; a duplicate not yet merged counts twice.
    pub sealed: u64,
    /// Observations in memory, not yet sealed.
    pub pending: u64,
    /// Bytes they take in memory.
    pub pending_bytes: u64,
    /// Sealed files.
    pub files: u64,
    /// Bytes of sealed files.
    pub bytes: u64,
    /// Blocks in sealed files.
    pub blocks: u64,
    /// Oldest and newest sealed phenomenon time.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Times a write waited because sealing lagged.
    pub waits: u64,
    /// Merges of small files done since the start.
    pub merges: u64,
    /// Seals and merges that failed since the start; they are tried again.
    pub failures: u64,
}

/// Takes an observation of a scan, with the number of its series (kind, source and asset): the same for each of that
/// series in this scan. Says whether it wants more.
pub type Visit<'a> = dyn FnMut(usize, &Observation) -> bool + 'a;

/// Observations asked by kind, area, time and source.
///
/// Invariant: history is fed from the log in order and holds nothing of its own: what is not yet durable here is
/// still in the log, and is written again from [`History::durable_offset`] on after a restart.
/// Invariant: a context without the right gets [`HistoryError::NotPermitted`]. The audit entry is its caller's, in the store.
pub trait History: Send + Sync {
    /// Takes the observations of the log entry at `offset`, whole. Offsets rise; a write at an offset not above
    /// the last one taken is a repetition and changes nothing. Blocks while sealing lags. For the platform itself only.
    fn write(&self, context: &Context, offset: u64, observations: &[Observation]) -> Result<(), HistoryError>;

    /// Every log entry before this offset is durable here: the log may be trimmed to it, replay starts at it.
    fn durable_offset(&self) -> u64;

    /// Reads answer what log entries before this offset hold, also where another process writes them.
    fn readable_offset(&self) -> Result<u64, HistoryError>;

    /// Makes durable all that was written; gives the new durable offset. For an orderly stop.
    fn flush(&self) -> Result<u64, HistoryError>;

    /// One page, newest first.
    fn page(&self, context: &Context, query: &Query) -> Result<Page, HistoryError>;

    /// Calls `visit` for every observation of the query, oldest phenomenon time first; of one time, the smaller id first.
    /// Each id once. Limit and cursor do not count.
    fn scan(&self, context: &Context, query: &Query, visit: &mut Visit<'_>) -> Result<(), HistoryError>;

    /// Per series and kind the newest observation at or before `before`, not older than the look-back of the
    /// backend (2 h unless configured).
    fn latest(&self, context: &Context, before: Timestamp, area: Option<BoundingBox>) -> Result<Latest, HistoryError>;

    /// The numeric readings of one series, downsampled. Spans without readings are left out.
    fn series(&self, context: &Context, query: &SeriesQuery) -> Result<Vec<Bucket>, HistoryError>;

    /// Forgets what is older than its kind allows, in whole blocks: an observation goes at the latest one day
    /// after its time is over. For the platform itself only.
    fn expire(
        &self,
        context: &Context,
        retention: &dyn Fn(&KindId) -> Duration,
        now: Timestamp,
    ) -> Result<Expired, HistoryError>;

    /// Counts for the system page.
    fn statistics(&self) -> Statistics;
}
