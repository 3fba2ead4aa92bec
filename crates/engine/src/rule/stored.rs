//! Rules read back from what the platform wrote down itself: the log, snapshots, the store. All of them are JSON.
//!
//! Who writes a rule and says no stage means a silent one. What the platform writes has said the stage ever since there
//! are stages; a rule that was written down before has none, and was live.
//!
//! Invariant: no rule changes its stage because a newer version of the platform reads it.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use vigiles_model::RuleId;

use super::Rule;

/// A rule as it was written down.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Stored(pub Rule);

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut document = Value::deserialize(from)?;
        if let Value::Object(fields) = &mut document {
            fields.entry("stage").or_insert_with(|| "live".into());
        }
        Rule::deserialize(document).map(Self).map_err(D::Error::custom)
    }
}

/// For `deserialize_with` on a rule.
pub fn rule<'de, D: Deserializer<'de>>(from: D) -> Result<Rule, D::Error> {
    Stored::deserialize(from).map(|stored| stored.0)
}

/// For `deserialize_with` on a boxed rule.
pub(crate) fn boxed<'de, D: Deserializer<'de>>(from: D) -> Result<Box<Rule>, D::Error> {
    rule(from).map(Box::new)
}

/// For `deserialize_with` on the rules of a city.
pub(crate) fn by_id<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<RuleId, Rule>, D::Error> {
    let all = BTreeMap::<RuleId, Stored>::deserialize(from)?;
    Ok(all.into_iter().map(|(id, stored)| (id, stored.0)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vigiles_model::alarm::Stage;

    use super::*;
    use crate::command::{CommandBody, ConfigDocument};

    fn check(said: Option<&str>, written: Stage, read_back: Stage) {
        let mut document = json!({"id": "r", "name": "R", "agency": "city", "kinds": ["air.pm25"],
            "detector": {"threshold": {"above": 3.5}}, "alarm": {"title": "t", "severity": "minor"}});
        if let Some(stage) = said {
            document["stage"] = json!(stage);
        }
        assert_eq!(
            serde_json::from_value::<Rule>(document.clone()).unwrap().stage,
            written,
            "{said:?} written by people"
        );
        let Stored(found) = serde_json::from_value(document.clone()).unwrap();
        assert_eq!(found.stage, read_back, "{said:?} of the store");
        let command = json!({"put_rule": document});
        let CommandBody::PutRule(found) = serde_json::from_value(command).unwrap() else { panic!("another command") };
        assert_eq!(found.stage, read_back, "{said:?} of the log");
        let outcome = json!({"rule": document});
        let ConfigDocument::Rule(found) = serde_json::from_value(outcome).unwrap() else { panic!("another document") };
        assert_eq!(found.stage, read_back, "{said:?} of an outcome");
        let again = serde_json::to_value(&found).unwrap();
        assert_eq!(again["stage"], serde_json::to_value(read_back).unwrap(), "the stage is always written out");
    }

    #[test]
    fn a_rule_that_says_no_stage_is_silent_and_was_live_if_it_was_stored_before_there_were_stages() {
        check(None, Stage::Silent, Stage::Live);
        check(Some("silent"), Stage::Silent, Stage::Silent);
        check(Some("shadow"), Stage::Shadow, Stage::Shadow);
        check(Some("live"), Stage::Live, Stage::Live);
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for wrong in [json!(null), json!([]), json!({"id": "r"}), json!({"stage": "loud"})] {
            assert!(serde_json::from_value::<Stored>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
