//! Observations on their way in: a [`Draft`] as it was delivered, and [`admit`], the one gate that
//! turns it into an [`Observation`](vigiles_model::Observation) or says what is wrong with it.

mod admit;
mod json;
mod write;

use std::fmt;

use compact_str::CompactString;
use vigiles_model::{Duration, Geometry, ObservationKind, Origin, Quality, SourceId, Timestamp, Value};

pub use admit::admit;
pub(crate) use json::from_value;
pub use json::{parse, parse_one};
pub use write::Written;

/// How far ahead of the platform's clock an observation may be dated.
pub const MAX_AHEAD: Duration = Duration::from_secs(300);

/// An observation as delivered, not yet checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The kind's id, such as `air.pm25`.
    pub kind: CompactString,
    /// The reading in `unit`.
    pub value: Value,
    /// UCUM code of the value; the kind's own unit where none is given.
    pub unit: Option<CompactString>,
    /// The feed or device; the sender's own where none is given.
    pub source: Option<CompactString>,
    /// The asset it belongs to.
    pub asset: Option<CompactString>,
    /// Phenomenon time; the time of arrival where none is given.
    pub time: Option<Timestamp>,
    /// Where; the asset's place where none is given.
    pub place: Option<Geometry>,
    /// What the sender thinks of it.
    pub quality: Quality,
    /// Live, replayed or simulated.
    pub origin: Origin,
    /// Further named texts, in any order.
    pub attributes: Vec<(CompactString, CompactString)>,
    /// Why the bytes could not be read as an observation. A draft with a flaw holds its place in the
    /// batch, so that the sender is told the index; [`admit`] answers with the flaw.
    pub flaw: Option<Box<Rejection>>,
}

impl Draft {
    /// A draft of a kind and a reading; everything else is left to [`admit`].
    pub fn new(kind: impl AsRef<str>, value: Value) -> Self {
        Self {
            kind: CompactString::from(kind.as_ref()),
            value,
            unit: None,
            source: None,
            asset: None,
            time: None,
            place: None,
            quality: Quality::Good,
            origin: Origin::Live,
            attributes: Vec::new(),
            flaw: None,
        }
    }

    /// The place in a batch of something that could not be read.
    pub fn flawed(rejection: Rejection) -> Self {
        Self { flaw: Some(Box::new(rejection)), ..Self::new("", Value::Boolean(false)) }
    }
}

/// What the gate must know of the city. Implemented by the runtime on a snapshot of its configuration.
pub trait Registry {
    /// The registered kind of this id.
    fn kind(&self, id: &str) -> Option<&ObservationKind>;
    /// The place of the asset of this id.
    fn asset_place(&self, id: &str) -> Option<&Geometry>;
}

/// On whose behalf a draft arrives.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// The source of its drafts that name none.
    pub source: &'a SourceId,
    /// Whether it may speak for this source only; then a draft naming another is refused.
    pub bound: bool,
}

/// Why one observation was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The field: `kind`, `value`, `place.coordinates`, `line 7: time`.
    pub path: String,
    /// What is wrong and, where that helps, how to mend it.
    pub message: String,
}

impl Rejection {
    /// A rejection of a field.
    pub fn new(path: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { path: path.into(), message: message.to_string() }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for Rejection {}

#[cfg(test)]
mod tests;
