//! The whole picture at one moment.

use serde::Serialize;
use utoipa::ToSchema;

use super::alarm::Alarm;
use super::asset::Asset;
use super::incident::Incident;
use super::observation::Observation;
use super::time::Time;
use super::zone::Zone;

/// What was known at a moment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Picture {
    /// The moment.
    pub at: Time,
    /// The latest observation of each asset (or source) and kind.
    pub observations: Vec<Observation>,
    /// Alarms whose condition held, and the first alarms of the incidents below that were over.
    pub alarms: Vec<Alarm>,
    /// Incidents that were open, or resolved in the hour before.
    pub incidents: Vec<Incident>,
    /// Where the setting of the city was another one than now; null for the present.
    pub setting: Option<Setting>,
}

/// How assets and zones differed from those of now.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Setting {
    /// Assets as they were, where they have changed since or are gone.
    pub assets: Vec<Asset>,
    /// Zones as they were, where they have changed since or are gone.
    pub zones: Vec<Zone>,
    /// Ids of assets that were registered only later.
    pub later_assets: Vec<String>,
    /// Ids of zones that were drawn only later.
    pub later_zones: Vec<String>,
}
