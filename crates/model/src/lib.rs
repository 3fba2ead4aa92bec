//! The words of the platform as types: typed ids, geometry, time, units,
//! observations, assets, zones, alarms, incidents, playbooks.
//!
//! Invariant: no IO, no async, no clocks. Every type here can be written to the
//! log or to a document and read back the same.

pub mod alarm;
pub mod asset;
pub mod call;
pub mod exercise;
pub mod geometry;
pub mod id;
pub mod incident;
pub mod kind;
pub mod observation;
pub mod playbook;
pub mod relation;
pub mod time;
pub mod unit;
pub mod zone;

pub use alarm::{Alarm, AlarmState, Severity};
pub use asset::Asset;
pub use call::{Call, CallerRole};
pub use exercise::Exercise;
pub use geometry::{BoundingBox, Geometry, Position};
pub use id::{
    AgencyId, AlarmId, AssetId, CallId, CorrelationId, ExerciseId, IncidentId, KindId, ObservationId, PersonId,
    PlaybookId, RoomId, RuleId, ScenarioId, SourceId, StepId, TaskId, ZoneId,
};
pub use incident::{Incident, IncidentState, Priority, Reality};
pub use kind::ObservationKind;
pub use observation::{Observation, Origin, Quality, Value};
pub use playbook::{Playbook, Task, TaskState};
pub use relation::{CauseLink, RelatedIncident, Relation};
pub use time::{Duration, Timestamp};
pub use zone::Zone;
