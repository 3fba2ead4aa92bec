//! Which names an expression may read: those of a reading, or those of an incident with a playbook under way.

use super::compile::Type;
use super::{Field, Holder};

/// Names of a playbook's conditions, for messages.
const PLAYBOOK_NAMES: &str = "severity, priority, incident_type, title, state, reality, agency, alarms, active_alarms, answers.<step>, \
     outcomes.<step>";
/// Names of a rule's expressions, for messages.
const READING_NAMES: &str = "value, unit, kind, source, quality, zones, asset.id, asset.class, asset.name, asset.agency, asset.attributes, \
     attributes, place.lon, place.lat, time.hour, time.minute, time.weekday, window(\"10m\").mean";

/// Where an expression about a reading stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Scope<'a> {
    /// Whether `window(...)` may be used.
    pub(crate) windows: bool,
    /// UCUM code of the unit that `value` comes in, where it is one.
    pub(crate) unit: Option<&'a str>,
    /// Whether `value` is sure to be a number: asked when a rule is saved, not when one is read back.
    pub(crate) number: bool,
}

impl<'a> Scope<'a> {
    /// Of a rule that is to be saved, whose readings come in this unit. Booleans and texts have none.
    pub(crate) fn to_save(windows: bool, unit: Option<&'a str>) -> Self {
        Self { windows, unit, number: unit.is_some_and(|unit| !unit.is_empty()) }
    }

    /// Of a rule that was saved before: a later version of the platform may know better, but does not refuse it.
    pub(crate) fn stored(windows: bool, unit: Option<&'a str>) -> Self {
        Self { windows, unit, number: false }
    }
}

/// What an expression is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    /// One reading, and where allowed the windows before it.
    Reading(Scope<'a>),
    /// An incident and the tasks of its playbook.
    Playbook,
}

impl Subject<'_> {
    /// The names that are known, for messages.
    pub(super) fn names(self) -> &'static str {
        match self {
            Self::Reading(_) => READING_NAMES,
            Self::Playbook => PLAYBOOK_NAMES,
        }
    }

    /// A name that stands alone.
    pub(super) fn field(self, name: &str) -> Option<(Field, Type)> {
        Some(match (self, name) {
            (Self::Reading(Scope { number: true, .. }), "value") => (Field::Value, Type::Number),
            (Self::Reading(_), "value") => (Field::Value, Type::Any),
            (Self::Reading(_), "unit") => (Field::Unit, Type::Text),
            (Self::Reading(_), "kind") => (Field::Kind, Type::Text),
            (Self::Reading(_), "source") => (Field::Source, Type::Text),
            (Self::Reading(_), "quality") => (Field::Quality, Type::Text),
            (Self::Playbook, "severity") => (Field::Severity, Type::Text),
            (Self::Playbook, "priority") => (Field::Priority, Type::Number),
            (Self::Playbook, "incident_type") => (Field::IncidentType, Type::Text),
            (Self::Playbook, "title") => (Field::Title, Type::Text),
            (Self::Playbook, "state") => (Field::State, Type::Text),
            (Self::Playbook, "reality") => (Field::Reality, Type::Text),
            (Self::Playbook, "agency") => (Field::Agency, Type::Text),
            (Self::Playbook, "alarms") => (Field::Alarms, Type::Number),
            (Self::Playbook, "active_alarms") => (Field::ActiveAlarms, Type::Number),
            _ => return None,
        })
    }

    /// A name that holds texts by further names.
    pub(super) fn holder(self, name: &str) -> Option<Holder> {
        match (self, name) {
            (Self::Reading(_), "attributes") => Some(Holder::Observation),
            (Self::Playbook, "answers") => Some(Holder::Answer),
            (Self::Playbook, "outcomes") => Some(Holder::Outcome),
            _ => None,
        }
    }
}
