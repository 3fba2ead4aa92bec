//! Correlation rules as operators write them: which alarms tell of one event, and which bring about which.
//!
//! Invariant: these types stand in rule files (TOML), in the API and the log (JSON) and in the snapshot (postcard),
//! so they carry no serde attribute that a format without field names cannot follow.

mod check;
mod fact;
mod score;

use serde::{Deserialize, Serialize};
use vigiles_model::{Alarm, CorrelationId, KindId};

pub(crate) use fact::{Fact, tag, value_of};
pub use score::{FADE, JOIN_AT};
pub(crate) use score::{Pair, Ready};
pub(crate) use score::{SAME_ASSET, builtin_bits, score};

/// Most correlation rules.
pub(crate) const MAX_CORRELATIONS: usize = 200;

/// A correlation rule: what two alarms must have in common, and what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correlation {
    /// Identity.
    pub id: CorrelationId,
    /// Name for people.
    pub name: String,
    /// What it is for, in a sentence or two.
    #[serde(default)]
    pub description: String,
    /// Whether it is looked at.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Counts up with every change; set by the engine.
    #[serde(default)]
    pub version: u64,
    /// What it says of two alarms.
    pub relation: Correlates,
    /// The alarms it is about; of a cause and its effect, the cause.
    #[serde(default)]
    pub first: Side,
    /// The other side: of a cause and its effect, the effect. None: the same as `first`.
    #[serde(default)]
    pub second: Option<Side>,
    /// Most seconds between the two, by the clock of the city.
    pub within_s: f64,
    /// Most metres between the two; 0 where distance does not matter, and then something must be shared.
    #[serde(default)]
    pub within_m: f64,
    /// Seconds by which an effect may be seen before its cause. Where it is over 0, a cause that is seen late joins the
    /// incident of its effect; where it is 0, it opens its own, and both are related.
    #[serde(default)]
    pub late_s: f64,
    /// What both may share, and what that says.
    #[serde(default)]
    pub shares: Vec<Share>,
    /// Evidence, in bits, of two such alarms at one place and time that share nothing.
    pub weight: f64,
}

/// What a correlation rule says of two alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correlates {
    /// Both tell of one event.
    SameEvent,
    /// The first brings about the second.
    Cause,
}

/// Which alarms a side of a correlation rule is about. An empty list means any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// Types of the incident that the rule of the alarm opens.
    #[serde(default)]
    pub incident_types: Vec<String>,
    /// Kinds of the observations behind the alarm.
    #[serde(default)]
    pub kinds: Vec<KindId>,
}

/// Something that two alarms may share, and what agreement and disagreement say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// What.
    pub what: Shared,
    /// Evidence, in bits, where both have it and agree.
    #[serde(default = "two")]
    pub agree: f64,
    /// Evidence, in bits and at most 0, where both have it and differ.
    #[serde(default)]
    pub differ: f64,
}

/// What two alarms may share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shared {
    /// The asset.
    Asset,
    /// A zone that the place lies in.
    Zone,
    /// The type of incident that the alarm's rule opens.
    IncidentType,
    /// The track of a camera: the attribute `track`.
    Track,
    /// An attribute of the observations or of the asset, such as `feeder` or `road`.
    Attribute(String),
}

impl Correlation {
    /// The side opposite to `first`.
    pub fn other_side(&self) -> &Side {
        self.second.as_ref().unwrap_or(&self.first)
    }
}

impl Side {
    /// Whether an alarm of this kind, whose rule opens incidents of this type, is on this side.
    pub(crate) fn takes(&self, incident_type: &str, kind: Option<&KindId>) -> bool {
        (self.incident_types.is_empty() || self.incident_types.iter().any(|t| t == incident_type))
            && (self.kinds.is_empty() || kind.is_some_and(|kind| self.kinds.contains(kind)))
    }
}

/// When the condition of an alarm began in the city, in microseconds: the time of its first cause.
pub(crate) fn began(alarm: &Alarm) -> i64 {
    alarm.causes.first().map_or(alarm.raised, |o| o.time).0
}

fn yes() -> bool {
    true
}

fn two() -> f64 {
    2.0
}
