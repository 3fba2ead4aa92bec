//! The schema of correlation rules. The bytes are read and written by [`vigiles_engine::Correlation`] itself, whose
//! JSON this is; a test holds the two together.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigiles_model as model;

/// What two alarms must have in common, and what follows from it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Correlation {
    /// Identity.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Whether it is looked at; true where absent.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Counts up with every change; ignored on the way in.
    #[serde(default)]
    pub version: u64,
    /// What it says of two alarms.
    pub relation: Correlates,
    /// The alarms it is about; of a cause and its effect, the cause.
    #[serde(default)]
    pub first: CorrelationSide,
    /// The other side: of a cause and its effect, the effect. Null: the same as `first`.
    #[serde(default)]
    pub second: Option<CorrelationSide>,
    /// Most seconds between the two.
    #[schema(minimum = 1, maximum = 604_800)]
    pub within_s: f64,
    /// Most metres between the two; 0 where distance does not matter, and then something must be shared.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 20_000)]
    pub within_m: f64,
    /// Seconds by which an effect may be seen before its cause. Over 0, a cause seen late joins the incident of its
    /// effect; at 0 it opens its own, and both are related.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 604_800)]
    pub late_s: f64,
    /// What both may share, and what that says.
    #[serde(default)]
    #[schema(max_items = 8)]
    pub shares: Vec<Share>,
    /// Evidence, in bits, of two such alarms at one place and time that share nothing.
    #[schema(minimum = -20, maximum = 20)]
    pub weight: f64,
}

/// What a correlation rule says of two alarms.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Correlates {
    /// Both tell of one event.
    SameEvent,
    /// The first brings about the second.
    Cause,
}

/// Which alarms a side is about. An empty list means any.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrelationSide {
    /// Types of the incident that the rule of the alarm opens.
    #[serde(default)]
    pub incident_types: Vec<String>,
    /// Kinds of the observations behind the alarm.
    #[serde(default)]
    pub kinds: Vec<String>,
}

/// Something that two alarms may share.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// What.
    pub what: Shared,
    /// Evidence, in bits, where both have it and agree; 2 where absent.
    #[serde(default = "two")]
    #[schema(minimum = 0, maximum = 20)]
    pub agree: f64,
    /// Evidence, in bits and at most 0, where both have it and differ.
    #[serde(default)]
    #[schema(minimum = -20, maximum = 0)]
    pub differ: f64,
}

/// What two alarms may share: a word, or an object with the key `attribute`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shared {
    /// The asset.
    Asset,
    /// A zone that the place lies in.
    Zone,
    /// The type of incident that the alarm's rule opens.
    IncidentType,
    /// The track of a camera.
    Track,
    /// An attribute of the observations or of the asset.
    Attribute(String),
}

/// What another incident is to this one.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RelationWord {
    /// The other one brought this one about.
    Cause,
    /// The other one follows from this one.
    Effect,
    /// Both tell of one event.
    SameEvent,
    /// They have to do with each other.
    Linked,
}

impl From<model::Relation> for RelationWord {
    fn from(relation: model::Relation) -> Self {
        match relation {
            model::Relation::Cause => Self::Cause,
            model::Relation::Effect => Self::Effect,
            model::Relation::SameEvent => Self::SameEvent,
            model::Relation::Linked => Self::Linked,
        }
    }
}

impl From<RelationWord> for model::Relation {
    fn from(relation: RelationWord) -> Self {
        match relation {
            RelationWord::Cause => Self::Cause,
            RelationWord::Effect => Self::Effect,
            RelationWord::SameEvent => Self::SameEvent,
            RelationWord::Linked => Self::Linked,
        }
    }
}

fn yes() -> bool {
    true
}

fn two() -> f64 {
    2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rest: &str) {
        let json = format!(r#"{{"id":"c","name":"C","within_s":60.0,"weight":1.0,{rest}}}"#);
        let engine: vigiles_engine::Correlation = serde_json::from_str(&json).unwrap();
        let engine_json = serde_json::to_value(&engine).unwrap();
        let wire: Correlation = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_value(&wire).unwrap(), engine_json);
    }

    #[test]
    fn the_schema_follows_the_engine() {
        check(r#""relation":"same_event","within_m":200.0"#);
        check(r#""relation":"same_event","enabled":false,"shares":[{"what":"asset"},{"what":"zone","differ":-1.0}]"#);
        check(r#""relation":"same_event","shares":[{"what":"track"},{"what":"incident_type","agree":3.0}]"#);
        check(r#""relation":"cause","late_s":5.0,"first":{"kinds":["a"]},"second":{"incident_types":["b"]}"#);
        check(r#""relation":"cause","shares":[{"what":{"attribute":"feeder"},"agree":3.0}]"#);
    }
}
