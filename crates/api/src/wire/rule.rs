//! The schema of rules. The bytes are read and written by [`vigiles_engine::rule::Rule`] itself, whose
//! JSON this is; a test holds the two together.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::words::{Priority, Severity};

/// What to look at, when to raise an alarm, what incident to open.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Identity.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Whether it judges at all.
    #[serde(default)]
    pub enabled: bool,
    /// Counts up with every change; ignored on the way in.
    #[serde(default)]
    pub version: u64,
    /// The agency that handles its alarms.
    pub agency: String,
    /// Who wrote it; set by the platform.
    #[serde(default)]
    pub author: Option<String>,
    /// The observation kinds it looks at.
    pub kinds: Vec<String>,
    /// A CEL expression; readings for which it is false are not judged.
    #[serde(default)]
    pub when: Option<String>,
    /// What its state is kept by.
    #[serde(default)]
    pub key: Key,
    /// What it looks for.
    pub detector: Detector,
    /// What its alarm says.
    pub alarm: AlarmText,
    /// Seconds after an alarm has cleared during which the same key raises none.
    #[serde(default)]
    pub cooldown_s: f64,
    /// The incident its alarms open or join.
    #[serde(default)]
    pub incident: Option<IncidentSpec>,
}

/// What the state of a rule is kept by.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// The asset of the reading.
    #[default]
    Asset,
    /// Its source.
    Source,
    /// Each zone its place lies in.
    Zone,
    /// One state for the whole rule.
    All,
}

/// What a rule looks for: an object with one key.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Detector {
    /// The reading is beyond a limit.
    Threshold(Threshold),
    /// It changes faster than a limit.
    RateOfChange(RateOfChange),
    /// No reading has come for a while.
    Silent(Silent),
    /// The place of the reading enters, leaves or is inside zones.
    Geofence(Geofence),
    /// Many readings in a sliding window.
    Count(Count),
    /// A CEL expression holds.
    Condition(Condition),
}

/// Beyond a limit, with hysteresis and duration.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Raised above this.
    #[serde(default)]
    pub above: Option<f64>,
    /// Raised below this.
    #[serde(default)]
    pub below: Option<f64>,
    /// Cleared only at or beyond this, on the other side.
    #[serde(default)]
    pub clear: Option<f64>,
    /// Seconds it must hold.
    #[serde(default)]
    pub for_s: f64,
    /// Seconds it must be over.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// Changes faster than a limit.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RateOfChange {
    /// The rate is per this many seconds; 1 where absent.
    #[serde(default = "one")]
    pub per_s: f64,
    /// Raised above this.
    #[serde(default)]
    pub above: Option<f64>,
    /// Raised below this.
    #[serde(default)]
    pub below: Option<f64>,
    /// Seconds it must be over.
    #[serde(default)]
    pub clear_for_s: f64,
}

fn one() -> f64 {
    1.0
}

/// Fell silent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Silent {
    /// Seconds after the latest reading.
    pub after_s: f64,
}

/// Zones and what a moving thing does to them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Geofence {
    /// The zones.
    pub zones: Vec<String>,
    /// What raises the alarm.
    pub on: Crossing,
}

/// What a moving thing does to a zone.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Crossing {
    /// Was outside, is inside.
    Enter,
    /// Was inside, is outside.
    Leave,
    /// Is inside.
    Inside,
}

/// Many in a sliding window.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Length of the window in seconds.
    pub window_s: f64,
    /// How many raise the alarm.
    pub at_least: u32,
    /// Count different sources, assets or values of this attribute.
    #[serde(default)]
    pub distinct: Option<String>,
    /// Only readings within this many metres of each other count together.
    #[serde(default)]
    pub radius_m: Option<f64>,
}

/// A CEL expression holds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The expression; boolean.
    pub expression: String,
    /// Seconds it must hold.
    #[serde(default)]
    pub for_s: f64,
    /// Seconds it must be over.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// What an alarm says.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmText {
    /// One line with `{asset} {value} {unit} {zone} {kind} {source} {count}`.
    pub title: String,
    /// How bad.
    pub severity: Severity,
}

/// The incident that alarms open or join.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentSpec {
    /// Type; alarms join only incidents of the same type.
    pub incident_type: String,
    /// Priority of a new incident.
    pub priority: Priority,
    /// Playbook that a new incident starts with.
    #[serde(default)]
    pub playbook: Option<String>,
    /// Metres within which an alarm joins.
    #[serde(default)]
    pub radius_m: f64,
    /// Seconds within which an alarm joins.
    #[serde(default)]
    pub window_s: f64,
    /// Title of a new incident.
    #[serde(default)]
    pub title: Option<String>,
}

/// What is wrong with a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    /// Whether it may be saved.
    pub ok: bool,
    /// What is wrong, and where.
    pub diagnostics: Vec<Diagnostic>,
}

/// One fault of a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct Diagnostic {
    /// The field.
    pub path: String,
    /// Line in the field's text, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

impl From<vigiles_engine::rule::Diagnostic> for Diagnostic {
    fn from(d: vigiles_engine::rule::Diagnostic) -> Self {
        Self { path: d.field, line: d.line, column: d.column, message: d.message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(detector: &str) {
        let json = format!(
            r#"{{"id":"r","name":"R","agency":"a","kinds":["air.pm25"],"detector":{detector},
                "alarm":{{"title":"t","severity":"minor"}},
                "incident":{{"incident_type":"air","priority":"p2","playbook":"p"}}}}"#
        );
        let engine: vigiles_engine::rule::Rule = serde_json::from_str(&json).unwrap();
        let engine_json = serde_json::to_value(&engine).unwrap();
        let wire: Rule = serde_json::from_value(engine_json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&wire).unwrap(), engine_json);
    }

    #[test]
    fn the_schema_follows_the_engine() {
        check(r#"{"threshold":{"above":3.0}}"#);
        check(r#"{"rate_of_change":{"per_s":60.0,"above":1.0}}"#);
        check(r#"{"silent":{"after_s":60.0}}"#);
        check(r#"{"geofence":{"zones":["z"],"on":"leave"}}"#);
        check(r#"{"count":{"window_s":60.0,"at_least":3,"distinct":"source","radius_m":100.0}}"#);
        check(r#"{"condition":{"expression":"value > 3.0"}}"#);
    }
}
