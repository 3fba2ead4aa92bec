//! Rules are checked when they are saved.

use vigiles_engine::{Command, CommandBody, CommandDone, CommandError, ConfigKind, Effect};
use vigiles_model::KindId;

use crate::findings::check_found;
use crate::rig::{City, Rig, rule};

/// Line and column.
type Place = Option<(u32, u32)>;
/// That of a whole field.
const WHOLE: Place = None;

/// Expected as field, place in its text, part of the message.
fn check_refused(text: &str, expected: &[(&str, Place, &str)]) {
    let found =
        rule(text).check(&City(&|kind: &KindId| (!kind.as_str().starts_with("unknown")).then(|| "ug/m3".to_owned())));
    assert_eq!(found.len(), expected.len(), "{text}: {found:#?}");
    for (d, (field, at, part)) in found.iter().zip(expected) {
        assert_eq!((d.field.as_str(), d.at), (*field, *at), "{text}: {d:?}");
        assert!(d.message.contains(part), "{text}: {}", d.message);
    }
}

#[test]
fn diagnostics_name_field_line_and_column() {
    check_refused("[detector.threshold]\nabove = 35", &[]);
    check_refused("[detector.threshold]", &[("detector.threshold", WHOLE, "`above`, `below`")]);
    check_refused(
        "[detector.threshold]\nabove = 35\nclear = 40",
        &[("detector.threshold.clear", WHOLE, "at or under")],
    );
    check_refused("[detector.threshold]\nabove = nan", &[("detector.threshold.above", WHOLE, "finite")]);
    check_refused(
        "kinds = ['unknown']\n[detector.silent]\nafter_s = 0",
        &[("kinds[0]", WHOLE, "no observation kind `unknown`"), ("detector.silent.after_s", WHOLE, "found 0")],
    );
    check_refused(
        "when = 'value > 3 && colour == 1'\n[detector.silent]\nafter_s = 60",
        &[("when", Some((1, 14)), "unknown name `colour`")],
    );
    check_refused(
        "[detector.condition]\nexpression = '''\nvalue > 1 &&\nwindow(10).mean > 1'''",
        &[("detector.condition.expression", Some((2, 1)), "window")],
    );
    check_refused(
        "when = 'window(\"10m\").mean > 1'\n[detector.silent]\nafter_s = 60",
        &[("when", Some((1, 1)), "condition")],
    );
    check_refused(
        "[detector.silent]\nafter_s = 60\n[alarm]\ntitle = 'at {place}'\nseverity = 'minor'",
        &[("alarm.title", Some((1, 4)), "{place}")],
    );
    check_refused("[detector.count]\nwindow_s = 60\nat_least = 3\nradius_m = 100", &[("key", WHOLE, "`all`")]);
}

#[test]
fn names_that_the_city_does_not_have_are_named_where_they_stand() {
    let on = |e: &str| format!("kinds = ['air.pm25', 'vehicle']\n[detector.condition]\nexpression = '''{e}'''");
    let field = "detector.condition.expression";
    check_refused(&on("'harbour' in zones && kind == 'vehicle'"), &[]);
    check_refused(&on("'harbor' in zones"), &[(field, Some((1, 1)), "no zone `harbor`; did you mean `harbour`?")]);
    check_refused(&on("time.hour > 6 && !('moon' in zones)"), &[(field, Some((1, 20)), "no zone `moon`")]);
    check_refused(&on("kind != 'unknown'"), &[(field, Some((1, 9)), "no observation kind `unknown`")]);
    let two = on("kind in ['vehicle',\n 'unknown'] || 'unknown' == kind");
    check_refused(&two, &[(field, Some((2, 2)), "`unknown`"), (field, Some((2, 16)), "`unknown`")]);
    let other = on("kind == 'air.pm10'");
    check_refused(&other, &[(field, Some((1, 9)), "`air.pm10`: it is not among the kinds that are looked at")]);
    check_refused(
        "when = '\"old_town\" in zones'\n[detector.silent]\nafter_s = 60",
        &[("when", Some((1, 1)), "did you mean `old-town`?")],
    );
    // What is computed is not known before; an ordering names nothing.
    check_refused(&on("attributes.zone in zones && kind > 'a' && kind.startsWith('air')"), &[]);
    check_refused(
        "agency = 'unknown'\nkey = 'asset'\n[detector.geofence]\nzones = ['moon', 'harbour', 'arbour']\non = 'enter'",
        &[
            ("agency", WHOLE, "no agency `unknown`"),
            ("detector.geofence.zones[0]", WHOLE, "no zone `moon`"),
            ("detector.geofence.zones[2]", WHOLE, "did you mean `harbour`?"),
        ],
    );
    check_refused(
        "[detector.silent]\nafter_s = 60\n[incident]\nincident_type = 'x'\npriority = 'p1'\nplaybook = 'unknown'",
        &[("incident.playbook", WHOLE, "no playbook `unknown`")],
    );
}

/// A log may hold what is refused today; nothing of it is refused when it is replayed.
#[test]
fn the_log_is_taken_as_it_was() {
    for command in include_str!("../fixtures/accepted_rules.jsonl").lines() {
        let command: Command = serde_json::from_str(command).unwrap();
        let mut rig = Rig::new();
        let CommandBody::PutRule(rule) = command.body.clone() else { panic!("another command") };
        let known = |kind: &KindId| Some(if kind.as_str() == "air.pm25" { "ug/m3" } else { "" }.to_owned());
        assert!(!rule.check(&City(&known)).is_empty(), "`{}` is in order today and shows nothing", rule.id);
        assert!(matches!(rig.command(command.body), Ok(CommandDone::Config { .. })), "{}", rule.id);
        assert_eq!(rig.engine.statistics().rules, 1, "{}", rule.id);
    }
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
    let delete = |what, id: &str| CommandBody::Delete { what, id: id.into(), reason: None };
    assert!(matches!(rig.command(delete(ConfigKind::Kind, "air.pm25")), Err(CommandError::NotAllowed { .. })));
    assert!(matches!(rig.command(delete(ConfigKind::Rule, "none")), Err(CommandError::NotFound { .. })));
    assert!(rig.command_at(delete(ConfigKind::Rule, "r"), Some(2)).is_ok());
    // One of the same id is another rule: an alarm of the first names a version that stays the first's.
    assert!(rig.command_at(put(), Some(0)).is_ok());
    assert_eq!(rig.command_at(put(), Some(0)), Err(CommandError::VersionConflict { expected: 0, found: 3 }));
    assert!(rig.command_at(delete(ConfigKind::Rule, "r"), Some(3)).is_ok());
    assert!(rig.command(delete(ConfigKind::Kind, "air.pm25")).is_ok());
}

#[test]
fn a_deletion_that_says_why_is_the_last_version() {
    let mut rig = Rig::new();
    let put = || CommandBody::PutRule(Box::new(rule("[detector.silent]\nafter_s = 60")));
    let delete =
        |reason: &str| CommandBody::Delete { what: ConfigKind::Rule, id: "r".into(), reason: Some(reason.to_owned()) };
    assert!(rig.command_at(put(), Some(0)).is_ok());
    for wrong in [" ".to_owned(), "x".repeat(5000)] {
        let refused = rig.command_at(delete(&wrong), Some(1));
        assert!(matches!(refused, Err(CommandError::Invalid { field, .. }) if field == "reason"));
    }
    assert!(rig.command_at(delete("another does it better"), Some(1)).is_ok());
    let last = rig.effects.iter().find_map(|effect| match effect {
        Effect::ConfigDeleted { last, .. } => last.clone(),
        _ => None,
    });
    let last = last.unwrap();
    assert_eq!((last.version, last.reason.as_str()), (2, "another does it better"));
    // The next rule of that id goes on behind it.
    assert!(rig.command_at(put(), Some(0)).is_ok());
    assert_eq!(rig.command_at(put(), Some(0)), Err(CommandError::VersionConflict { expected: 0, found: 3 }));
}

#[test]
fn a_rule_reads_the_same_from_toml_and_json() {
    let from_toml = rule("[detector.count]\nwindow_s = 60\nat_least = 3");
    let json = serde_json::to_string(&from_toml).unwrap();
    assert_eq!(serde_json::from_str::<vigiles_engine::Rule>(&json).unwrap(), from_toml);
    assert!(toml::to_string(&from_toml).is_ok());
    assert!(serde_json::from_str::<vigiles_engine::Rule>(&json.replace("at_least", "atleast")).is_err());
}

/// Kinds in three units, and one of texts.
fn check_units(text: &str, expected: &[&str]) {
    let unit = |kind: &KindId| match kind.as_str() {
        "dust" => Some("ug/m3".to_owned()),
        "heat" => Some("Cel".to_owned()),
        "speed" => Some("km/h".to_owned()),
        "note" => Some(String::new()),
        _ => None,
    };
    check_found(text, &rule(text).check(&City(&unit)), expected);
}

#[test]
fn figures_need_a_unit_where_the_kinds_differ() {
    let on = |kinds: &str, e: &str| format!("kinds = [{kinds}]\n[detector.condition]\nexpression = '''{e}'''");
    let several = "'dust', 'heat', 'speed'";
    let refused = |column: u32| format!("detector.condition.expression 1:{column} a reading meets a number here");
    check_units(&on(several, "value > 30"), &[&refused(1)]);
    check_units(&on(several, "30 < value"), &[&refused(1)]);
    check_units(&on(several, "kind == 'dust' && window('10m').mean > 30"), &[&refused(19)]);
    check_units(&on(several, "value - 3 > window('10m').mean"), &[&refused(1)]);
    check_units(&on(several, "value in [30, 40]"), &[&refused(11)]);
    // Compared with themselves, or counted, they need none.
    check_units(&on(several, "value > 2 * window('10m').mean && window('10m').count > 5"), &[]);
    check_units(&on(several, "value / window('10m').mean > 1.5 && time.hour > 6"), &[]);
    check_units(&on("'dust', 'note'", "value > 30 || value == 'smoke'"), &[]);
    check_units(&on("'note'", "value == 'smoke'"), &[]);
    check_units(&on("'dust'", "value > 'x'"), &["detector.condition.expression 1:9 expected a number, found a text"]);
    check_units(
        &on("'dust'", "kind == 'dust' && value == true"),
        &["detector.condition.expression 1:28 expected a number, found true or false"],
    );
    check_units(&on("'dust'", "value > 30"), &[]);
    check_units(
        "kinds = ['dust', 'heat']\nwhen = 'value > 3'\n[detector.silent]\nafter_s = 60",
        &["when 1:1 a reading meets a number here, and the kinds have different units (Cel, ug/m3)"],
    );
    // A part of a pattern means the units of its own kinds.
    let parts = |first: &str| {
        let first = format!("{{ kinds = [{first}], when = 'value > 3' }}");
        let then = "{ kinds = ['speed'], when = 'value < 5' }";
        format!("kinds = [{several}]\nkey = 'all'\n[detector.sequence]\nwithin_s = 60\nparts = [{first}, {then}]")
    };
    check_units(&parts("'dust'"), &[]);
    check_units(&parts("'dust', 'heat'"), &["detector.sequence.parts[0].when 1:1 a reading meets a number"]);
}

#[test]
fn figures_that_measure_different_things_do_not_meet() {
    let check = |kind: &str, e: &str, expected: &[(u32, &str)]| {
        let text = format!("kinds = ['{kind}']\n[detector.condition]\nexpression = '''{e}'''");
        let said = |(column, message): &(u32, &str)| format!("detector.condition.expression 1:{column} {message}");
        let said: Vec<String> = expected.iter().map(said).collect();
        check_units(&text, &said.iter().map(String::as_str).collect::<Vec<_>>());
    };
    let dust = |e: &str, expected: &[(u32, &str)]| check("dust", e, expected);
    let figure = "expected a figure in ug/m3, found a plain number";
    dust("value > time.hour", &[(9, figure)]);
    dust("value > 30 + window('10m').count", &[(9, figure)]);
    dust("time.hour > quantity(3, 'ug/m3')", &[(13, "expected a plain number, found a figure in ug/m3")]);
    dust("value * value > quantity(3, 'mg/m3')", &[(17, "expected a figure in (ug/m3)2, found a figure in ug/m3")]);
    dust("value / window('1h').mean > quantity(3, 'mg/m3')", &[(29, "expected a plain number, found a figure")]);
    dust("value in [quantity(1, 'mg/m3'), size(kind)]", &[(33, figure)]);
    dust("(time.hour < 6 ? value : time.minute) > 3", &[(26, figure)]);
    // A number as it stands is in the unit of the rule, and what a text says may be.
    dust("value > 30 && 2 * window('1h').mean < value - 3 && value > double(asset.attributes.limit)", &[]);
    dust("value / window('1h').mean > 1.5 && time.hour * 60 + time.minute > 90 && 100 / value > 2", &[]);
    dust("value * value > 9 && window('1h').sum > quantity(3, 'mg/m3') && -value < quantity(1, 'ug/m3')", &[]);
    // Where zero is not none of it, how far two readings lie apart is no reading.
    let heat = |e: &str, expected: &[(u32, &str)]| check("heat", e, expected);
    let (apart, point) = ("expected how far readings in Cel lie apart", "expected a reading in Cel");
    heat("value > difference(5, 'K')", &[(9, point)]);
    heat("value - window('1h').mean > quantity(5, 'K')", &[(29, apart)]);
    heat("value > window('1h').mean + quantity(5, 'K')", &[(29, apart)]);
    heat("value - window('1h').mean > 2 * difference(5, 'K') && value > quantity(300, 'K')", &[]);
    heat("value > window('1h').mean + difference(5, 'K') && value < (value + window('1h').max) / 2", &[]);
    heat("value > 30 && value - 3 > window('1h').mean + 2", &[]);
    check("speed", "value - window('1h').mean > quantity(5, 'm/s')", &[]);
}

#[test]
fn unit_is_one_that_the_readings_come_in() {
    let on = |head: &str, code: &str| format!("{head}\n[detector.condition]\nexpression = \"unit == '{code}'\"");
    let never = "detector.condition.expression 1:1 no reading of this rule comes in";
    check_units(&on("kinds = ['dust']", "ug/m3"), &[]);
    check_units(&on("kinds = ['dust']", "mg/m3"), &[never]);
    check_units(&on("kinds = ['dust', 'heat']", "Cel"), &[]);
    check_units(&on("kinds = ['dust']\nunit = 'mg/m3'", "mg/m3"), &[]);
    check_units(&on("kinds = ['dust']\nunit = 'mg/m3'", "ug/m3"), &[never]);
    // And when it judges, it is the unit that `value` comes in.
    let text =
        "kinds = ['air.pm25']\nunit = 'mg/m3'\n[detector.condition]\nexpression = \"unit == 'mg/m3' && value > 3\"";
    crate::rig::check(text, "0 a air.pm25 3500", "a 0.. unit == 'mg/m3' && value > 3; now 3.5 mg/m3");
}

#[test]
fn a_quantity_costs_no_more_than_its_number() {
    let unit = |_: &KindId| Some("ug/m3".to_owned());
    let cost = |expression: &str| rule(&format!("[detector.condition]\nexpression = '{expression}'")).cost(&unit);
    assert_eq!(cost("value > quantity(0.03, \"mg/m3\")"), cost("value > 30"));
    let windows = cost("window(\"10m\").mean > quantity(0.03, \"mg/m3\")");
    assert!(windows == cost("window(\"10m\").mean > 30") && windows > 256, "{windows}");
}
