//! Rules are checked when they are saved.

use vigiles_engine::{CommandBody, CommandError, ConfigKind};
use vigiles_model::KindId;

use crate::rig::{Rig, rule};

/// Expected as "field line:column part of the message".
fn check_refused(text: &str, expected: &[(&str, u32, u32, &str)]) {
    let found = rule(text).check(&|kind: &KindId| (kind.as_str() != "unknown").then(|| "ug/m3".to_owned()));
    assert_eq!(found.len(), expected.len(), "{text}: {found:#?}");
    for (d, (field, line, column, part)) in found.iter().zip(expected) {
        assert_eq!((d.field.as_str(), d.line, d.column), (*field, *line, *column), "{text}: {d:?}");
        assert!(d.message.contains(part), "{text}: {}", d.message);
    }
}

#[test]
fn diagnostics_name_field_line_and_column() {
    check_refused("[detector.threshold]\nabove = 35", &[]);
    check_refused("[detector.threshold]", &[("detector.threshold", 1, 1, "`above`, `below`")]);
    check_refused("[detector.threshold]\nabove = 35\nclear = 40", &[("detector.threshold.clear", 1, 1, "at or under")]);
    check_refused("[detector.threshold]\nabove = nan", &[("detector.threshold.above", 1, 1, "finite")]);
    check_refused(
        "kinds = ['unknown']\n[detector.silent]\nafter_s = 0",
        &[("kinds[0]", 1, 1, "no observation kind `unknown`"), ("detector.silent.after_s", 1, 1, "found 0")],
    );
    check_refused(
        "when = 'value > 3 && colour == 1'\n[detector.silent]\nafter_s = 60",
        &[("when", 1, 14, "unknown name `colour`")],
    );
    check_refused(
        "[detector.condition]\nexpression = '''\nvalue > 1 &&\nwindow(10).mean > 1'''",
        &[("detector.condition.expression", 2, 1, "window")],
    );
    check_refused("when = 'window(\"10m\").mean > 1'\n[detector.silent]\nafter_s = 60", &[("when", 1, 1, "condition")]);
    check_refused(
        "[detector.silent]\nafter_s = 60\n[alarm]\ntitle = 'at {place}'\nseverity = 'minor'",
        &[("alarm.title", 1, 4, "{place}")],
    );
    check_refused("[detector.count]\nwindow_s = 60\nat_least = 3\nradius_m = 100", &[("key", 1, 1, "`all`")]);
}

#[test]
fn a_refused_rule_changes_nothing() {
    let mut rig = Rig::new();
    let refused =
        rig.command(CommandBody::PutRule(Box::new(rule("when = 'valeu > 1'\n[detector.silent]\nafter_s = 60"))));
    assert!(matches!(refused, Err(CommandError::Invalid { field, .. }) if field == "when"));
    assert_eq!(rig.engine.statistics().rules, 0);
    let unknown_zone = rule("kinds = ['vehicle']\n[detector.geofence]\nzones = ['moon']\non = 'enter'");
    let refused = rig.command(CommandBody::PutRule(Box::new(unknown_zone)));
    assert!(matches!(refused, Err(CommandError::Invalid { field, .. }) if field == "detector.geofence.zones[0]"));
}

#[test]
fn versions_are_checked() {
    let mut rig = Rig::new();
    let put = || CommandBody::PutRule(Box::new(rule("[detector.silent]\nafter_s = 60")));
    assert!(rig.command_at(put(), Some(0)).is_ok());
    assert_eq!(rig.command_at(put(), Some(0)), Err(CommandError::VersionConflict { expected: 0, found: 1 }));
    assert!(rig.command_at(put(), Some(1)).is_ok());
    let delete = |what, id: &str| CommandBody::Delete { what, id: id.into() };
    assert!(matches!(rig.command(delete(ConfigKind::Kind, "air.pm25")), Err(CommandError::NotAllowed { .. })));
    assert!(matches!(rig.command(delete(ConfigKind::Rule, "none")), Err(CommandError::NotFound { .. })));
    assert!(rig.command_at(delete(ConfigKind::Rule, "r"), Some(2)).is_ok());
    assert!(rig.command(delete(ConfigKind::Kind, "air.pm25")).is_ok());
}

#[test]
fn a_rule_reads_the_same_from_toml_and_json() {
    let from_toml = rule("[detector.count]\nwindow_s = 60\nat_least = 3");
    let json = serde_json::to_string(&from_toml).unwrap();
    assert_eq!(serde_json::from_str::<vigiles_engine::Rule>(&json).unwrap(), from_toml);
    assert!(toml::to_string(&from_toml).is_ok());
    assert!(serde_json::from_str::<vigiles_engine::Rule>(&json.replace("at_least", "atleast")).is_err());
}
