//! The manual's table of fields says what a rule takes.

use serde_json::{Map, Value, json};
use vigiles_engine::Rule;
use vigiles_model::KindId;

use crate::rig::{City, rule};

const MANUAL: &str = include_str!("../../../../docs/rules.md");

/// Each detector with its required fields and no others.
const LEAST: [(&str, &str); 16] = [
    ("threshold", ""),
    ("rate_of_change", ""),
    ("silent", "after_s = 60"),
    ("geofence", "zones = ['harbour']\non = 'inside'"),
    ("count", "window_s = 60\nat_least = 3"),
    ("condition", "expression = 'value > 1'"),
    ("flat_line", "for_s = 60"),
    ("out_of_range", ""),
    ("sequence", "parts = [{}, {}]\nwithin_s = 60"),
    ("absence", "first = {}\nthen = {}\nwithin_s = 60"),
    ("cooccurrence", "parts = [{}, {}]\nwithin_s = 60"),
    ("baseline", ""),
    ("forecast", ""),
    ("change_point", ""),
    ("drift", "within_m = 500"),
    ("anomaly", ""),
];

/// Those whose absent figures are the method's: `documented_defaults_are_those_of_the_methods` holds them.
const LEARNING: [&str; 5] = ["baseline", "forecast", "change_point", "drift", "anomaly"];

/// A row of the table.
struct Row {
    field: &'static str,
    default: &'static str,
    bounds: &'static str,
}

fn rows(of: &str) -> Vec<Row> {
    let start = format!("| `{of}.");
    let cells = |line: &'static str| -> Option<Row> {
        let cells: Vec<&str> = line.strip_prefix(&start)?.split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 6, "{line}");
        Some(Row { field: cells[0].strip_suffix('`').unwrap(), default: cells[1], bounds: cells[3] })
    };
    MANUAL.lines().filter_map(cells).collect()
}

/// A rule with its fields as an object that can be changed.
struct Trial {
    detector: &'static str,
    rule: Value,
}

impl Trial {
    fn new(detector: &'static str, settings: &str) -> Self {
        let rule = serde_json::to_value(rule(&format!("[detector.{detector}]\n{settings}"))).unwrap();
        Self { detector, rule }
    }

    fn fields(&self) -> &Map<String, Value> {
        self.rule["detector"][self.detector].as_object().unwrap()
    }

    /// Whether a rule may be saved as far as this field, set to this value, has a say.
    fn takes(&self, field: &str, value: Value) -> bool {
        let mut json = self.rule.clone();
        json["detector"][self.detector][field] = value;
        let Ok(rule) = serde_json::from_value::<Rule>(json) else { return false };
        let path = format!("detector.{}.{field}", self.detector);
        rule.check(&City(&|_: &KindId| Some("ug/m3".to_owned()))).iter().all(|d| d.field != path)
    }

    fn takes_without(&self, field: &str) -> bool {
        let mut json = self.rule.clone();
        json["detector"][self.detector].as_object_mut().unwrap().remove(field);
        serde_json::from_value::<Rule>(json).is_ok()
    }

    /// A text or a list so long, or a number so large.
    fn of_size(&self, field: &str, size: f64) -> Value {
        match &self.fields()[field] {
            Value::Array(items) => json!(vec![items[0].clone(); size as usize]),
            _ if (self.detector, field) == ("count", "distinct") => json!("a".repeat(size as usize)),
            _ => number(size),
        }
    }
}

/// A whole number without a point, as a count must be written.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 { json!(value as i64) } else { json!(value) }
}

fn figure(text: &str) -> f64 {
    let (digits, unit) = match text.strip_suffix(" days") {
        Some(digits) => (digits, 86_400.0),
        None => (text.trim_end_matches(" s"), 1.0),
    };
    unit * digits.replace(',', "").parse::<f64>().unwrap_or_else(|_| panic!("no number: {text}"))
}

/// The figures of "1 to 7 days" and "0 and more"; none of other bounds.
fn ends(bounds: &str) -> Option<(f64, Option<f64>)> {
    if let Some(least) = bounds.strip_suffix(" and more") {
        return Some((figure(least), None));
    }
    let (least, most) = bounds.split_once(" to ")?;
    Some((figure(least), Some(figure(most))))
}

/// A rule that leaves the field out has the documented default, or is refused where it is required.
fn check_default(trial: &Trial, row: &Row) {
    let (detector, field) = (trial.detector, row.field);
    assert_eq!(trial.takes_without(field), row.default != "required", "{detector}.{field}");
    let found = &trial.fields()[field];
    match row.default {
        "required" => {}
        "none" => assert_eq!(*found, Value::Null, "{detector}.{field}"),
        choice if choice.starts_with('`') => assert_eq!(*found, json!(choice.trim_matches('`')), "{detector}.{field}"),
        _ if found.is_null() => assert!(LEARNING.contains(&detector), "{detector}.{field} has no default"),
        text => assert_eq!(found.as_f64(), Some(figure(text)), "{detector}.{field}"),
    }
}

/// Both ends are taken, and what lies just beyond is refused; so are choices that are not named.
fn check_bounds(trial: &Trial, row: &Row) {
    let (detector, field) = (trial.detector, row.field);
    if let Some((least, most)) = ends(row.bounds) {
        let under = if least.fract() == 0.0 { least - 1.0 } else { least * 0.9 };
        let over = most.map(|most| most + 1.0);
        for taken in [Some(least), most].into_iter().flatten() {
            assert!(trial.takes(field, trial.of_size(field, taken)), "{detector}.{field} = {taken}");
        }
        for refused in [Some(under), over].into_iter().flatten() {
            assert!(!trial.takes(field, trial.of_size(field, refused)), "{detector}.{field} = {refused}");
        }
    } else if row.bounds.starts_with('`') {
        for choice in row.bounds.split(", ") {
            assert!(trial.takes(field, json!(choice.trim_matches('`'))), "{detector}.{field} = {choice}");
        }
        assert!(!trial.takes(field, json!("sideways")), "{detector}.{field}");
    }
}

/// The rows for a detector, or for a part of a pattern, are the fields that a rule takes.
fn check_names(of: &str, fields: &Map<String, Value>) {
    let mut documented: Vec<&str> = rows(of).iter().map(|row| row.field).collect();
    documented.sort_unstable();
    let mut taken: Vec<&str> = fields.keys().map(String::as_str).collect();
    taken.sort_unstable();
    assert_eq!(documented, taken, "{of}");
}

#[test]
fn fields_are_documented() {
    for (detector, settings) in LEAST {
        let trial = Trial::new(detector, settings);
        check_names(detector, trial.fields());
        for row in rows(detector) {
            check_default(&trial, &row);
            check_bounds(&trial, &row);
        }
    }
}

#[test]
fn fields_of_a_part_are_documented() {
    let trial = Trial::new("sequence", "parts = [{}, {}]\nwithin_s = 60");
    let part = trial.fields()["parts"][0].as_object().unwrap().clone();
    check_names("part", &part);
    assert_eq!(Value::Object(part), json!({ "kinds": [], "when": null }));
    let defaults: Vec<&str> = rows("part").iter().map(|row| row.default).collect();
    assert_eq!(defaults, ["empty", "none"]);
}

/// Every detector there is has its line in the list above, in the order of the type.
#[test]
fn no_detector_is_left_out() {
    let mut json = Trial::new("silent", "after_s = 60").rule;
    json["detector"] = json!({ "none_such": {} });
    let unknown = serde_json::from_value::<Rule>(json).unwrap_err();
    let known: Vec<String> = LEAST.iter().map(|(detector, _)| format!("`{detector}`")).collect();
    let said = unknown.to_string();
    let (_, named) = said.split_once("expected one of ").unwrap();
    assert_eq!(named.split(", ").collect::<Vec<_>>(), known);
}

/// Bounds that depend on another field.
fn check_together(detector: &'static str, settings: &str, field: &str, (taken, refused): (&[u32], &[u32])) {
    let trial = Trial::new(detector, settings);
    for value in taken {
        assert!(trial.takes(field, json!(value)), "{settings} {field} = {value}");
    }
    for value in refused {
        assert!(!trial.takes(field, json!(value)), "{settings} {field} = {value}");
    }
}

#[test]
fn bounds_that_another_field_sets() {
    check_together("count", "window_s = 60\nat_least = 3\nradius_m = 9", "at_least", (&[2, 500], &[1, 501]));
    check_together("count", "window_s = 60\nat_least = 3\ndistinct = 'source'", "at_least", (&[1, 500], &[0, 501]));
    check_together("cooccurrence", "parts = [{}, {}, {}]\nwithin_s = 60", "at_least", (&[2, 3], &[1, 4]));
    check_together("threshold", "above = 9", "below", (&[9], &[10]));
    check_together("threshold", "above = 9", "clear", (&[9], &[10]));
    check_together("threshold", "below = 9", "clear", (&[9], &[8]));
    check_together("threshold", "above = 9\nbelow = 1", "clear", (&[], &[5]));
    check_together("rate_of_change", "above = 9", "below", (&[9], &[10]));
    check_together("geofence", "zones = ['harbour']\non = 'enter'", "for_s", (&[0], &[1]));
}
