//! Named areas.

use serde::{Deserialize, Serialize};

use crate::{AgencyId, Geometry, ZoneId};

/// A named area: district, beat, geofence, privacy zone, evacuation zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    /// Identity.
    pub id: ZoneId,
    /// Name for people.
    pub name: String,
    /// `district`, `geofence`, `privacy`, `school`…
    pub class: String,
    /// The area; always a polygon.
    pub area: Geometry,
    /// The agency that drew it.
    pub agency: AgencyId,
}
