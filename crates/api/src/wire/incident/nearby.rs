//! What is near an incident.

use serde::Serialize;
use utoipa::ToSchema;

use super::Incident;
use crate::wire::alarm::Alarm;
use crate::wire::asset::Asset;
use crate::wire::observation::Observation;

/// What is near an incident in place and time; of each sort at most 200.
#[derive(Debug, Serialize, ToSchema)]
pub struct Nearby {
    /// Alarms raised in the window, the newest first.
    pub alarms: Vec<Alarm>,
    /// Other incidents opened in the window, the newest first.
    pub incidents: Vec<Incident>,
    /// Assets that stand there, the nearest first.
    pub assets: Vec<Asset>,
    /// What was measured in the window, of each asset (or source) and kind the newest reading, the nearest first.
    pub readings: Vec<NearReading>,
    /// What there is more of than is told: `alarms`, `incidents`, `assets`, `readings`.
    pub more: Vec<&'static str>,
}

/// Readings of one kind at one asset, or of one source.
#[derive(Debug, Serialize, ToSchema)]
pub struct NearReading {
    /// The newest in the window.
    pub newest: Observation,
    /// How many there were in the window; of those looked at, where `more` names `readings`.
    pub count: u64,
}
