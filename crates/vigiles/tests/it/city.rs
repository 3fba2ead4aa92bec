//! What the tests give the platform: a kind, a rule, and readings that are known again.

use serde_json::json;
use vigiles_bus::{Clock as _, SystemClock};
use vigiles_model::Timestamp;

use crate::server::Client;

/// The one kind.
pub(crate) const KIND: &str = "test.level";
/// From here on the rule raises an alarm.
pub(crate) const HIGH: u64 = 1_000_000;

/// Puts the kind, and a rule that raises an alarm of each asset that is high; an incident of each where wanted.
pub(crate) fn furnish(client: &Client, title: &str, incidents: bool) {
    furnish_rules(client, title, incidents, &["high"]);
}

/// The same with a playbook in each incident.
pub(crate) fn furnish_with(client: &Client, playbook: &str) {
    furnish_all(client, "{asset} is high", true, &["high"], Some(playbook));
}

/// The same with several rules, each of which raises an alarm of its own.
pub(crate) fn furnish_rules(client: &Client, title: &str, incidents: bool, rules: &[&str]) {
    furnish_all(client, title, incidents, rules, None);
}

fn furnish_all(client: &Client, title: &str, incidents: bool, rules: &[&str], playbook: Option<&str>) {
    let kind = json!({"id": KIND, "name": "Level", "quantity": "level", "unit": "", "value_type": "number",
        "min": 0, "max": 1e9, "retention_s": 30 * 86_400, "personal": false, "overload": "wait"});
    client.put(&format!("/api/v1/kinds/{KIND}"), &kind).expect(&[200, 201]);
    let incident = json!({"incident_type": "test", "priority": "p3", "playbook": playbook, "radius_m": 0.0,
        "window_s": 0.0, "title": null});
    let mut rule = json!({"id": "", "name": "High", "description": "", "reason": "furnished", "enabled": true, "stage": "live", "agency": "city",
        "kinds": [KIND], "when": null, "key": "asset", "cooldown_s": 0.0,
        "detector": {"threshold": {"above": HIGH, "below": null, "clear": 0.0, "for_s": 0.0, "clear_for_s": 0.0}},
        "alarm": {"title": title, "severity": "minor"}, "incident": incidents.then_some(incident)});
    for id in rules {
        rule["id"] = json!(id);
        client.put(&format!("/api/v1/rules/{id}?untried=furnished"), &rule).expect(&[200, 201]);
    }
}

/// A second of a day within what the kind retains, the same whenever it is asked for.
pub(crate) fn time(second: u64) -> Timestamp {
    let day = SystemClock.now().0 / 86_400_000_000 - 3;
    Timestamp::from_secs(day * 86_400 + (second % 86_400) as i64)
}

/// A reading; its value tells which. They are a second apart.
pub(crate) fn line(asset: &str, value: u64) -> String {
    let time = time(value % HIGH);
    format!("{{\"kind\":\"{KIND}\",\"asset\":\"{asset}\",\"value\":{value},\"time\":\"{time}\"}}\n")
}
