//! Whether a scenario may be played.

use vigiles_model::observation::{MAX_ATTRIBUTES, MAX_TEXT_BYTES};
use vigiles_model::{AssetId, KindId, ObservationKind, PlaybookId, Position, Value};

use super::scenario::{Call, Entry, Fault, MAX_LENGTH_S, Reading, Scenario, Target};
use crate::command::CommandError;
use crate::config::{invalid, text};

/// Most entries of a timeline, and most targets.
const MAX_ENTRIES: usize = 1_000;
/// Most readings that a scenario plays.
const MAX_READINGS: u64 = 100_000;

type Checked = Result<(), CommandError>;

/// What a scenario may name.
pub trait Known {
    /// A registered kind.
    fn kind(&self, id: &KindId) -> Option<&ObservationKind>;
    /// Whether there is such an asset.
    fn has_asset(&self, id: &AssetId) -> bool;
    /// The titles of a playbook's steps.
    fn steps(&self, id: &PlaybookId) -> Option<Vec<String>>;
}

/// Refuses a scenario with the first of its faults, by the path of the field.
pub fn check(scenario: &Scenario, known: &dyn Known) -> Checked {
    text("name", &scenario.name)?;
    for (field, said) in [("description", &scenario.description), ("source", &scenario.source)] {
        no_longer(field, said)?;
    }
    for (field, found) in [("timeline", scenario.timeline.len()), ("targets", scenario.targets.len())] {
        if found > MAX_ENTRIES {
            return Err(invalid(field, &format!("expected at most {MAX_ENTRIES} entries, found {found}")));
        }
    }
    if scenario.timeline.is_empty() {
        return Err(invalid("timeline", "expected at least one entry"));
    }
    let mut readings = 0;
    for (i, entry) in scenario.timeline.iter().enumerate() {
        readings += check_entry(&format!("timeline[{i}]"), entry, known)?;
    }
    if readings > MAX_READINGS {
        return Err(invalid("timeline", &format!("expected at most {MAX_READINGS} readings, found {readings}")));
    }
    let mut targets = scenario.targets.iter().enumerate();
    targets.try_for_each(|(i, target)| check_target(&format!("targets[{i}]"), target, known))
}

/// Gives the number of readings.
fn check_entry(field: &str, entry: &Entry, known: &dyn Known) -> Result<u64, CommandError> {
    seconds(&format!("{field}.after_s"), entry.after_s, 0.0)?;
    match (&entry.reading, &entry.call) {
        (Some(reading), None) => {
            check_reading(&format!("{field}.reading"), reading, entry.after_s, known)?;
            Ok(reading.count(entry.after_s))
        }
        (None, Some(call)) => check_call(&format!("{field}.call"), call, known).map(|()| 0),
        _ => Err(invalid(field, "expected either `reading` or `call`")),
    }
}

fn check_reading(field: &str, reading: &Reading, after_s: f64, known: &dyn Known) -> Checked {
    let at = |name: &str| format!("{field}.{name}");
    let Some(kind) = known.kind(&reading.kind) else {
        return Err(invalid(&at("kind"), &format!("there is no kind `{}`; register it first", reading.kind)));
    };
    if !kind.accepts(&reading.value) {
        return Err(invalid(&at("value"), &format!("kind {} takes a {}", kind.id, kind.value_type.as_str())));
    }
    match &reading.value {
        Value::Number(n) if !n.is_finite() => return Err(invalid(&at("value"), "expected a finite number")),
        Value::Text(said) => no_longer(&at("value"), said)?,
        _ => {}
    }
    if reading.attributes.len() > MAX_ATTRIBUTES {
        return Err(invalid(&at("attributes"), &format!("expected at most {MAX_ATTRIBUTES}")));
    }
    for (name, said) in &reading.attributes {
        no_longer(&at(&format!("attributes.{name}")), said)?;
    }
    check_asset(&at("asset"), reading.asset.as_ref(), known)?;
    check_asset(&at("near"), reading.near.as_ref(), known)?;
    check_place(&at("place"), reading.place)?;
    check_series(&at, reading, after_s)
}

fn check_series(at: &dyn Fn(&str) -> String, reading: &Reading, after_s: f64) -> Checked {
    match (reading.every_s, reading.until_s) {
        (Some(every), Some(until)) => {
            seconds(&at("every_s"), every, 0.001)?;
            seconds(&at("until_s"), until, after_s)?;
        }
        (None, None) => {}
        _ => return Err(invalid(&at("every_s"), "a series needs both `every_s` and `until_s`")),
    }
    let is_series = reading.every_s.is_some();
    if let Some(rise) = reading.rise_per_s
        && !(is_series && rise.is_finite() && matches!(reading.value, Value::Number(_)))
    {
        return Err(invalid(&at("rise_per_s"), "expected a finite number, for a series of numbers"));
    }
    match reading.fault {
        Some(_) if !is_series => Err(invalid(&at("fault"), "only a series has faults; give `every_s` and `until_s`")),
        Some(Fault::Silent { from_s }) => seconds(&at("fault.silent.from_s"), from_s, after_s),
        Some(Fault::Stuck { from_s }) => seconds(&at("fault.stuck.from_s"), from_s, after_s),
        None => Ok(()),
    }
}

fn check_call(field: &str, call: &Call, known: &dyn Known) -> Checked {
    text(&format!("{field}.title"), &call.title)?;
    call.text.as_deref().map_or(Ok(()), |told| text(&format!("{field}.text"), told))?;
    text(&format!("{field}.incident_type"), &call.incident_type)?;
    check_asset(&format!("{field}.near"), call.near.as_ref(), known)?;
    if let Some(playbook) = &call.playbook {
        steps_of(&format!("{field}.playbook"), playbook, known)?;
    }
    check_place(&format!("{field}.place"), call.place)
}

fn check_asset(field: &str, asset: Option<&AssetId>, known: &dyn Known) -> Checked {
    match asset {
        Some(id) if !known.has_asset(id) => {
            Err(invalid(field, &format!("there is no asset `{id}`; name one of the city")))
        }
        _ => Ok(()),
    }
}

fn steps_of(field: &str, id: &PlaybookId, known: &dyn Known) -> Result<Vec<String>, CommandError> {
    known.steps(id).ok_or_else(|| invalid(field, &format!("there is no playbook `{id}`; save it first")))
}

fn check_target(field: &str, target: &Target, known: &dyn Known) -> Checked {
    let (sort, name, said) = match target {
        Target::Opened { incident_type, .. } => ("opened", "incident_type", incident_type),
        Target::Acknowledged { incident_type, .. } => ("acknowledged", "incident_type", incident_type),
        Target::Done { task, .. } => ("done", "task", task),
    };
    let at = format!("{field}.{sort}.{name}");
    text(&at, said)?;
    if let Target::Done { playbook, task, .. } = target {
        let steps = steps_of(&format!("{field}.done.playbook"), playbook, known)?;
        if !steps.contains(task) {
            return Err(invalid(&at, &format!("playbook `{playbook}` has no such step; it has: {}", steps.join(", "))));
        }
    }
    seconds(&format!("{field}.{sort}.within_s"), target.within_s(), 0.0)
}

fn check_place(field: &str, place: Option<Position>) -> Checked {
    let is_on_earth = |p: Position| (-180.0..=180.0).contains(&p.lon) && (-90.0..=90.0).contains(&p.lat);
    if place.is_none_or(is_on_earth) {
        return Ok(());
    }
    Err(invalid(field, "expected a longitude of -180 to 180 and a latitude of -90 to 90 degrees"))
}

fn seconds(field: &str, found: f64, least: f64) -> Checked {
    if found >= least && found <= MAX_LENGTH_S {
        return Ok(());
    }
    Err(invalid(field, &format!("expected {least} to {MAX_LENGTH_S} seconds, found {found}")))
}

fn no_longer(field: &str, said: &str) -> Checked {
    if said.len() <= MAX_TEXT_BYTES {
        return Ok(());
    }
    Err(invalid(field, &format!("expected at most {MAX_TEXT_BYTES} bytes, found {}", said.len())))
}
