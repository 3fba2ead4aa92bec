//! The whole picture at one moment.

use serde::Serialize;
use utoipa::ToSchema;

use super::alarm::Alarm;
use super::incident::Incident;
use super::observation::Observation;
use super::time::Time;

/// What was known at a moment.
#[derive(Debug, Serialize, ToSchema)]
pub struct Picture {
    /// The moment.
    pub at: Time,
    /// The latest observation of each asset (or source) and kind.
    pub observations: Vec<Observation>,
    /// Alarms whose condition held.
    pub alarms: Vec<Alarm>,
    /// Incidents that were open, or resolved in the hour before.
    pub incidents: Vec<Incident>,
}
