//! The schema of rules. The bytes are read and written by [`vigiles_engine::rule::Rule`] itself, whose
//! JSON this is; a test holds the two together.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigiles_runtime::documents::RuleVersion as RuleVersionDocument;
use vigiles_runtime::trial::RuleTrial as RuleTrialDocument;

use super::NameOf;
use super::detector::Detector;
use super::time::Time;
use super::words::{Certainty, Priority, Severity, Stage, Urgency};
use crate::problem::Fault;

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
    /// How far its alarms reach; `silent` where absent.
    #[serde(default)]
    pub stage: Stage,
    /// Counts up with every change; ignored on the way in.
    #[serde(default)]
    pub version: u64,
    /// The agency that handles its alarms.
    pub agency: String,
    /// Who wrote it; set by the platform.
    #[serde(default)]
    pub author: Option<String>,
    /// Why this version was made, in its author's words.
    #[serde(default)]
    pub reason: String,
    /// The observation kinds it looks at.
    pub kinds: Vec<String>,
    /// UCUM code of the unit that its figures are written in; that of its kinds where absent.
    #[serde(default)]
    pub unit: Option<String>,
    /// Allowed lateness in seconds: readings are judged in the order of their phenomenon time, this long after it.
    #[serde(default)]
    pub lateness_s: f64,
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

/// What an alarm says.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmText {
    /// One line with `{asset} {value} {unit} {zone} {kind} {source} {count}`.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// How soon somebody has to act.
    #[serde(default)]
    pub urgency: Urgency,
    /// How sure it is.
    #[serde(default)]
    pub certainty: Certainty,
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

/// What the condition of a rule was tried on. Of several trials the one that rests on the longest time with readings is kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleTrial {
    /// When.
    pub at: Time,
    /// Who tried it.
    pub by: Option<String>,
    /// What they are called now; null where the account is gone.
    pub by_name: Option<String>,
    /// First moment.
    pub from: Time,
    /// Moment after the last that was judged.
    pub to: Time,
    /// Seconds of that which have readings.
    pub data_s: f64,
    /// Readings judged.
    pub observations: u64,
    /// Alarms raised.
    pub alarms: u64,
    /// `west,south,east,north` in degrees, where only readings of places in this box were judged.
    pub bbox: Option<String>,
}

impl RuleTrial {
    /// The wire form, with the name of who tried it.
    pub fn new(trial: RuleTrialDocument, name_of: NameOf<'_>) -> Self {
        let RuleTrialDocument { at, by, from, to, data, observations, alarms, area } = trial;
        Self {
            at: at.into(),
            by_name: by.as_ref().and_then(|by| name_of(by.as_str())),
            by: by.map(|by| by.to_string()),
            from: from.into(),
            to: to.into(),
            data_s: data.as_secs_f64(),
            observations,
            alarms,
            bbox: area.map(|area| area.to_string()),
        }
    }
}

/// What is wrong with a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    /// Whether it may be saved.
    pub ok: bool,
    /// What is wrong, and where.
    pub diagnostics: Vec<Fault>,
    /// Most steps it takes for one reading.
    pub cost: u32,
    /// Most steps that a rule may take.
    pub max_cost: u32,
    /// Most memory it takes for one key, in bytes, while texts and attributes of a reading take no more than 256.
    pub bytes_per_key: u64,
    /// Most bytes that a rule may take for one key.
    pub max_bytes_per_key: u64,
    /// What this condition was tried on; null where it never was.
    pub tried: Option<RuleTrial>,
}

/// One version of a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleVersion {
    /// The version.
    pub version: u64,
    /// Since when.
    pub since: Time,
    /// The rule as it was.
    #[schema(value_type = Rule)]
    pub rule: vigiles_engine::Rule,
    /// What its author is called now; null where it has none or the account is gone.
    pub author_name: Option<String>,
    /// What this condition had been tried on before it was saved; null where it had not.
    pub tried: Option<RuleTrial>,
    /// Why it went live although its condition was neither tried nor ran in shadow before; null otherwise.
    pub untried: Option<String>,
    /// Whether this is its end: the rule as it was last, with who deleted it as author, and why as reason.
    pub deleted: bool,
}

impl RuleVersion {
    /// The version with the name of its author.
    pub fn new(stored: RuleVersionDocument, name_of: NameOf<'_>) -> Self {
        let RuleVersionDocument { version, since, document, tried, untried, deleted, .. } = stored;
        let author_name = document.author.as_ref().and_then(|author| name_of(author.as_str()));
        let tried = tried.map(|tried| RuleTrial::new(tried, name_of));
        Self {
            version,
            since: since.into(),
            rule: vigiles_engine::Rule { version, ..document },
            author_name,
            tried,
            untried,
            deleted,
        }
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
        check(r#"{"flat_line":{"for_s":600.0,"tolerance":0.1}}"#);
        check(r#"{"out_of_range":{"for_s":60.0}}"#);
        check(
            r#"{"sequence":{"parts":[{"kinds":["air.pm25"]},{"when":"value > 1.0"}],"within_s":60.0,"within_m":200.0}}"#,
        );
        check(r#"{"absence":{"first":{"when":"value > 1.0"},"then":{},"within_s":60.0}}"#);
        check(r#"{"baseline":{"season":"day","side":"below","sigmas":6.0}}"#);
        check(r#"{"forecast":{"learning":500,"side":"above"}}"#);
        check(r#"{"change_point":{"limit_sigmas":20.0}}"#);
        check(r#"{"drift":{"within_m":500.0,"neighbours":4}}"#);
        check(r#"{"anomaly":{}}"#);
        check(r#"{"cooccurrence":{"parts":[{"when":"value > 1.0"},{}],"within_s":60.0,"at_least":2}}"#);
    }
}
