//! What a rule means: when it raises an alarm, whatever it is called, whom it calls and whether it runs.

use super::Rule;

impl Rule {
    /// A fingerprint of its condition: of two rules that share it a back-test says the same. Names, texts, stage, and what
    /// the alarms open do not count.
    pub fn meaning(&self) -> String {
        // Every field is named: whoever adds one says here whether it counts.
        let Self {
            id: _,
            name: _,
            description: _,
            enabled: _,
            stage: _,
            version: _,
            agency: _,
            author: _,
            reason: _,
            kinds,
            unit,
            lateness_s,
            when,
            key,
            detector,
            alarm: _,
            cooldown_s,
            incident: _,
        } = self;
        let condition = (kinds, unit, lateness_s, when, key, detector, cooldown_s);
        let text = serde_json::to_vec(&condition).expect("the fields of a rule have JSON forms");
        blake3::hash(&text).to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rule() -> Value {
        json!({"id": "r", "name": "R", "agency": "city", "kinds": ["air.pm25"], "cooldown_s": 5.0,
            "detector": {"threshold": {"above": 3.5}}, "alarm": {"title": "t", "severity": "minor"}})
    }

    fn check(pointer: &str, value: Value, counts: bool) {
        let mut changed = serde_json::to_value(serde_json::from_value::<Rule>(rule()).unwrap()).unwrap();
        *changed.pointer_mut(pointer).unwrap() = value;
        let meaning = |json: Value| serde_json::from_value::<Rule>(json).unwrap().meaning();
        assert_eq!(meaning(changed) != meaning(rule()), counts, "{pointer}");
    }

    #[test]
    fn only_what_a_back_test_could_tell_apart_counts() {
        for (pointer, value) in [
            ("/id", json!("other")),
            ("/name", json!("Other")),
            ("/description", json!("other")),
            ("/enabled", json!(false)),
            ("/stage", json!("live")),
            ("/version", json!(7)),
            ("/agency", json!("police")),
            ("/author", json!("ada")),
            ("/reason", json!("because")),
            ("/alarm/title", json!("u")),
            ("/alarm/severity", json!("severe")),
            ("/incident", json!({"incident_type": "air", "priority": "p2"})),
        ] {
            check(pointer, value, false);
        }
        for (pointer, value) in [
            ("/kinds", json!(["air.pm10"])),
            ("/unit", json!("mg/m3")),
            ("/lateness_s", json!(60.0)),
            ("/when", json!("value > 1.0")),
            ("/key", json!("source")),
            ("/detector/threshold/above", json!(3.6)),
            ("/detector/threshold/for_s", json!(1.0)),
            ("/detector", json!({"silent": {"after_s": 60.0}})),
            ("/cooldown_s", json!(6.0)),
        ] {
            check(pointer, value, true);
        }
    }
}
