//! What an asset or a feed saw, after OGC Observations & Measurements (ISO 19156).

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::{AssetId, Geometry, KindId, ObservationId, SourceId, Timestamp};

/// Most attributes one observation may carry.
pub const MAX_ATTRIBUTES: usize = 32;
/// Longest text value or attribute, in bytes.
pub const MAX_TEXT_BYTES: usize = 4096;

/// One reading.
///
/// Invariant: fields are only added at the end and with a new log frame version; the log writes them in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// From the content; see [`Observation::content_id`].
    pub id: ObservationId,
    /// What was measured.
    pub kind: KindId,
    /// The feed or device that delivered it.
    pub source: SourceId,
    /// The thing of the city it belongs to, if known.
    pub asset: Option<AssetId>,
    /// Phenomenon time: when it was so in the city.
    pub time: Timestamp,
    /// Arrival time: when the door took it. Not part of the id.
    pub arrived: Timestamp,
    /// Where; filled from the asset where the message has none.
    pub place: Option<Geometry>,
    /// The reading in the unit of its kind.
    pub value: Value,
    /// How far to trust it.
    pub quality: Quality,
    /// Live, replayed or simulated.
    pub origin: Origin,
    /// Further named texts (category, address, plate region), sorted by name.
    pub attributes: Vec<(CompactString, CompactString)>,
}

/// A reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Finite; never NaN.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// Text or category, at most [`MAX_TEXT_BYTES`].
    Text(CompactString),
}

/// How far to trust a reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Nothing speaks against it.
    #[default]
    Good,
    /// The source itself doubts it.
    Doubtful,
    /// Outside the plausible range of its kind. Stored, shown, judged by no rule.
    Implausible,
}

/// Where a reading comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// From the city, now.
    #[default]
    Live,
    /// Recorded earlier, played again; labelled so everywhere.
    Replayed,
    /// Made by a simulation.
    Simulated,
    /// Played by an exercise: judged beside the city, never kept in its history.
    Exercise,
}

impl Observation {
    /// The id of this content: BLAKE3 over source, kind, asset, phenomenon time, place, value and attributes,
    /// cut to 128 bits. Arrival time, quality and origin do not count, so a redelivery has the id of the first.
    pub fn content_id(&self) -> ObservationId {
        let mut bytes = Vec::with_capacity(128);
        let mut text = |s: &str| {
            bytes.extend_from_slice(&(s.len() as u32).to_le_bytes());
            bytes.extend_from_slice(s.as_bytes());
        };
        text(self.source.as_str());
        text(self.kind.as_str());
        text(self.asset.as_ref().map_or("", AssetId::as_str));
        for (name, value) in &self.attributes {
            text(name);
            text(value);
        }
        bytes.extend_from_slice(&self.time.0.to_le_bytes());
        match &self.value {
            Value::Number(n) => {
                bytes.push(0);
                bytes.extend_from_slice(&n.to_bits().to_le_bytes());
            }
            Value::Boolean(b) => bytes.extend_from_slice(&[1, u8::from(*b)]),
            Value::Text(t) => {
                bytes.push(2);
                bytes.extend_from_slice(t.as_bytes());
            }
        }
        for p in self.place.iter().flat_map(Geometry::vertices) {
            bytes.extend_from_slice(&p.lon.to_bits().to_le_bytes());
            bytes.extend_from_slice(&p.lat.to_bits().to_le_bytes());
        }
        let hash = blake3::hash(&bytes);
        let mut half = [0; 16];
        half.copy_from_slice(&hash.as_bytes()[..16]);
        ObservationId(u128::from_be_bytes(half))
    }

    /// The number of a numeric reading.
    pub fn number(&self) -> Option<f64> {
        match self.value {
            Value::Number(n) => Some(n),
            _ => None,
        }
    }

    /// The asset, or else the source: what a rule keys its state by.
    pub fn series(&self) -> &str {
        self.asset.as_ref().map_or(self.source.as_str(), AssetId::as_str)
    }

    /// An attribute by name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}
