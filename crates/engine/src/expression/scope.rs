//! Which names an expression may read: those of a reading, or those of an incident with a playbook under way.

use super::types::Type;
use super::{Field, Holder};
use crate::rule::Range;

/// Names of a playbook's conditions, for messages.
const PLAYBOOK_NAMES: &str = "severity, priority, incident_type, title, state, reality, agency, alarms, active_alarms, answers.<step>, \
     outcomes.<step>";
/// Names of a rule's expressions, for messages.
const READING_NAMES: &str = "value, unit, kind, source, quality, zones, asset.id, asset.class, asset.name, asset.agency, asset.attributes, \
     attributes, place.lon, place.lat, time.hour, time.minute, time.weekday, window(\"10m\").mean";

/// Where an expression about a reading stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scope<'a> {
    /// Whether `window(...)` may be used.
    pub(crate) windows: bool,
    /// UCUM code of the unit that `value` comes in, where it is one.
    pub(crate) unit: Option<&'a str>,
    /// What `value` may be: asked when a rule is saved, not when one is read back.
    pub(crate) value: Type,
    /// Where plausible readings lie, in that unit; none where they lie anywhere.
    pub(crate) range: Option<Range>,
    /// Whether implausible readings come too.
    pub(crate) implausible: bool,
}

impl<'a> Scope<'a> {
    /// Of a rule that is to be saved, whose readings are of these types and come in this unit.
    pub(crate) fn to_save(windows: bool, unit: Option<&'a str>, value: Type) -> Self {
        Self { windows, unit, value, range: None, implausible: true }
    }

    /// Of a rule that was saved before: a later version of the platform may know better, but does not refuse it.
    pub(crate) fn stored(windows: bool, unit: Option<&'a str>) -> Self {
        Self::to_save(windows, unit, Type::ANY)
    }
}

/// What an expression is about.
#[derive(Debug, Clone, Copy, PartialEq)]
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
            (Self::Reading(scope), "value") => (Field::Value, scope.value),
            (Self::Reading(_), "unit") => (Field::Unit, Type::TEXT),
            (Self::Reading(_), "kind") => (Field::Kind, Type::TEXT),
            (Self::Reading(_), "source") => (Field::Source, Type::TEXT),
            (Self::Reading(_), "quality") => (Field::Quality, Type::TEXT),
            (Self::Playbook, "severity") => (Field::Severity, Type::TEXT),
            (Self::Playbook, "priority") => (Field::Priority, Type::NUMBER),
            (Self::Playbook, "incident_type") => (Field::IncidentType, Type::TEXT),
            (Self::Playbook, "title") => (Field::Title, Type::TEXT),
            (Self::Playbook, "state") => (Field::State, Type::TEXT),
            (Self::Playbook, "reality") => (Field::Reality, Type::TEXT),
            (Self::Playbook, "agency") => (Field::Agency, Type::TEXT),
            (Self::Playbook, "alarms") => (Field::Alarms, Type::NUMBER),
            (Self::Playbook, "active_alarms") => (Field::ActiveAlarms, Type::NUMBER),
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
