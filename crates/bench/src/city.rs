//! The configuration that a benchmark gives the platform, by its API: kinds and rules.

use anyhow::Result;
use serde_json::{Value, json};

use crate::http::Client;

/// Kinds of the load; each series of an asset is one kind.
pub(crate) const KINDS: usize = 10;
/// A reading that no rule minds lies below this.
pub(crate) const CALM_BELOW: f64 = 60.0;
/// A reading that raises the threshold rules of its kind whose line is below it.
pub(crate) const ALARMING: f64 = 95.0;

/// The id of a kind.
pub(crate) fn kind_id(index: usize) -> String {
    format!("bench.k{index}")
}

/// Puts the kinds of the load.
pub(crate) fn put_kinds(client: &mut Client) -> Result<()> {
    for index in 0..KINDS {
        let id = kind_id(index);
        let kind = json!({
            "id": id, "name": id, "quantity": "concentration", "unit": "ug/m3", "value_type": "number",
            "min": -100_000_000.0, "max": 100_000_000.0, "retention_s": 30 * 86_400, "personal": false, "overload": "wait",
        });
        client.put(&format!("/api/v1/kinds/{id}"), &kind)?;
    }
    Ok(())
}

/// Puts a hundred rules, ten for each kind, so that each observation is judged by ten: six thresholds with hysteresis,
/// and one each of a threshold that must last, a rate of change, a count in a window, and a CEL condition.
pub(crate) fn put_hundred_rules(client: &mut Client) -> Result<()> {
    for index in 0..KINDS {
        for (number, detector) in ten_detectors().into_iter().enumerate() {
            put_rule(client, &format!("bench-{index}-{number}"), &kind_id(index), &detector, None)?;
        }
    }
    Ok(())
}

fn ten_detectors() -> Vec<Value> {
    let threshold = |above: f64, for_s: f64| json!({"threshold": {"above": above, "below": null, "clear": above - 10.0, "for_s": for_s, "clear_for_s": 0.0}});
    let mut detectors: Vec<Value> = (0..6).map(|step| threshold(90.0 + 2.0 * f64::from(step), 0.0)).collect();
    detectors.push(threshold(90.0, 30.0));
    detectors.push(json!({"rate_of_change": {"per_s": 1.0, "above": 1e9}}));
    detectors.push(json!({"count": {"window_s": 60.0, "at_least": 10_000, "distinct": null, "radius_m": null}}));
    detectors.push(json!({"condition": {"expression": "value > 98.0 && value < 1000.0", "for_s": 0.0}}));
    detectors
}

/// Puts one threshold rule on the first kind, that clears again just below its line.
pub(crate) fn put_one_threshold(client: &mut Client, incident: Option<&Value>) -> Result<()> {
    let detector =
        json!({"threshold": {"above": 90.0, "below": null, "clear": 80.0, "for_s": 0.0, "clear_for_s": 0.0}});
    put_rule(client, "bench-threshold", &kind_id(0), &detector, incident)
}

fn put_rule(client: &mut Client, id: &str, kind: &str, detector: &Value, incident: Option<&Value>) -> Result<()> {
    let rule = json!({
        "id": id, "name": id, "description": "", "reason": "furnished for a run", "enabled": true, "stage": "live", "agency": "city", "kinds": [kind], "when": null, "key": "asset",
        "detector": detector, "alarm": {"title": "{asset} at {value}", "severity": "minor"},
        "cooldown_s": 0.0, "incident": incident,
    });
    client.put(&format!("/api/v1/rules/{id}?untried=furnished%20for%20a%20run"), &rule)?;
    Ok(())
}
