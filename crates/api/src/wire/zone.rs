//! Zones.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigiles_model as model;

use super::place::Place;

/// A named area.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Identity.
    #[schema(value_type = String)]
    pub id: model::ZoneId,
    /// Name for people.
    pub name: String,
    /// `district`, `geofence`, `privacy`, `school`…
    pub class: String,
    /// The area; a polygon.
    pub area: Place,
    /// The agency that drew it.
    #[schema(value_type = String)]
    pub agency: model::AgencyId,
    /// Counts up with every change; ignored on the way in.
    #[serde(default)]
    #[schema(required)]
    pub version: u64,
}

impl Zone {
    /// The wire form at a version.
    pub fn new(zone: &model::Zone, version: u64) -> Self {
        Self {
            id: zone.id.clone(),
            name: zone.name.clone(),
            class: zone.class.clone(),
            area: Place::from(&zone.area),
            agency: zone.agency.clone(),
            version,
        }
    }
}

impl From<Zone> for model::Zone {
    fn from(zone: Zone) -> Self {
        Self { id: zone.id, name: zone.name, class: zone.class, area: (&zone.area).into(), agency: zone.agency }
    }
}
