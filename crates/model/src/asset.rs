//! Things of the city with an identity and a place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AgencyId, AssetId, Geometry, KindId};

/// An asset, after the SensorThings `Thing`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asset {
    /// Identity.
    pub id: AssetId,
    /// Name for people.
    pub name: String,
    /// Class in the words of the city: `air_station`, `camera`, `loop_detector`, `signal`.
    pub class: String,
    /// Where it stands.
    pub place: Geometry,
    /// The agency that answers for it.
    pub agency: AgencyId,
    /// Kinds it observes.
    #[serde(default)]
    pub observes: Vec<KindId>,
    /// Camera cone, where the asset looks somewhere.
    #[serde(default)]
    pub view: Option<FieldOfView>,
    /// Further named facts, shown on its page and readable by rules.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// What a camera sees, seen from above.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FieldOfView {
    /// Direction of the middle of the cone, degrees clockwise from north.
    pub bearing_deg: f64,
    /// Opening angle in degrees.
    pub angle_deg: f64,
    /// Reach in metres.
    pub range_m: f64,
}
