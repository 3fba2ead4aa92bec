//! What an exercise plays, and what those who train are measured by: a scenario file, in TOML or JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vigiles_model::{
    AssetId, CallerRole, Geometry, KindId, Observation, ObservationId, Origin, PlaybookId, Position, Priority, Quality,
    Reality, ScenarioId, Severity, SourceId, Timestamp, Value,
};

use crate::command::CommandBody;

/// Longest scenario, in seconds.
pub const MAX_LENGTH_S: f64 = 86_400.0;

/// A scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Identity.
    pub id: ScenarioId,
    /// Name for people.
    pub name: String,
    /// What happens, and what is trained.
    #[serde(default)]
    pub description: String,
    /// The guidance it follows.
    #[serde(default)]
    pub source: String,
    /// What is played; in any order.
    pub timeline: Vec<Entry>,
    /// What those who train are measured by.
    #[serde(default)]
    pub targets: Vec<Target>,
}

/// One thing that happens: a reading or a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Seconds after the beginning.
    pub after_s: f64,
    /// A device reads something, or a resident reports something.
    #[serde(default)]
    pub reading: Option<Reading>,
    /// Somebody calls.
    #[serde(default)]
    pub call: Option<Call>,
}

/// An observation, or a series of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// A registered kind.
    pub kind: KindId,
    /// The feed or device; `exercise` where absent.
    #[serde(default)]
    pub source: Option<SourceId>,
    /// The asset.
    #[serde(default)]
    pub asset: Option<AssetId>,
    /// Where; the asset's place where absent.
    #[serde(default, with = "super::point")]
    pub place: Option<Position>,
    /// At the place of this asset, without being of it: a resident's report beside a signal.
    #[serde(default)]
    pub near: Option<AssetId>,
    /// The reading in the unit of its kind: `{ Number = 5.0 }`, `{ Boolean = true }`, `{ Text = "noise" }`.
    pub value: Value,
    /// Further named texts.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Seconds between two readings of a series.
    #[serde(default)]
    pub every_s: Option<f64>,
    /// The end of the series, in seconds after the beginning of the exercise.
    #[serde(default)]
    pub until_s: Option<f64>,
    /// By how much a number rises in a second of the series.
    #[serde(default)]
    pub rise_per_s: Option<f64>,
    /// What goes wrong with the series.
    #[serde(default)]
    pub fault: Option<Fault>,
}

/// A fault of a device.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// It falls silent.
    Silent {
        /// Seconds after the beginning of the exercise.
        from_s: f64,
    },
    /// It goes on sending the reading it has.
    Stuck {
        /// Seconds after the beginning of the exercise.
        from_s: f64,
    },
}

/// A call, as another system hands it over: it joins the open incident that tells of the same event, or opens one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// One line; the title of the incident, where one is opened.
    pub title: String,
    /// What was told; the title where absent.
    #[serde(default)]
    pub text: Option<String>,
    /// What the caller is to it.
    #[serde(default)]
    pub role: CallerRole,
    /// Type in the city's words.
    pub incident_type: String,
    /// How urgent, where an incident is opened.
    pub priority: Priority,
    /// How bad; the severity of an incident that it joins rises to it.
    pub severity: Severity,
    /// Where.
    #[serde(default, with = "super::point")]
    pub place: Option<Position>,
    /// At the place of this asset, where `place` is absent.
    #[serde(default)]
    pub near: Option<AssetId>,
    /// Playbook to start, where an incident is opened.
    #[serde(default)]
    pub playbook: Option<PlaybookId>,
}

/// What is to be reached in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// An incident of the type is open, counted from the beginning of the exercise.
    Opened {
        /// Which type.
        incident_type: String,
        /// Seconds.
        within_s: f64,
    },
    /// The first incident of the type is acknowledged or taken in hand, counted from its opening.
    Acknowledged {
        /// Which type.
        incident_type: String,
        /// Seconds.
        within_s: f64,
    },
    /// A task is done, counted from the opening of its incident.
    Done {
        /// Of which playbook.
        playbook: PlaybookId,
        /// Title of the step.
        task: String,
        /// Seconds.
        within_s: f64,
    },
}

impl Target {
    /// Seconds allowed.
    pub fn within_s(&self) -> f64 {
        match self {
            Self::Opened { within_s, .. } | Self::Acknowledged { within_s, .. } | Self::Done { within_s, .. } => {
                *within_s
            }
        }
    }
}

impl Scenario {
    /// When the last thing happens, in seconds after the beginning.
    pub fn length_s(&self) -> f64 {
        let end = |e: &Entry| e.reading.as_ref().and_then(|reading| reading.until_s).unwrap_or(e.after_s);
        self.timeline.iter().map(end).fold(0.0, f64::max)
    }

    /// The readings due after `from` and up to `to`, both microseconds after the beginning at `started`, in the order
    /// of time. `place_of` gives the place of an asset.
    pub fn readings(
        &self,
        started: Timestamp,
        (from, to): (i64, i64),
        place_of: &dyn Fn(&AssetId) -> Option<Geometry>,
    ) -> Vec<Observation> {
        let mut found = Vec::new();
        for entry in &self.timeline {
            let Some(reading) = &entry.reading else { continue };
            let times = reading.times(entry.after_s, from, to);
            found.extend(times.map(|at| reading.at(entry.after_s, at, started, place_of)));
        }
        found.sort_by_key(|o| o.time);
        found
    }

    /// The playbooks that it names.
    pub fn playbooks(&self) -> impl Iterator<Item = &PlaybookId> {
        let of_calls = self.timeline.iter().filter_map(|entry| entry.call.as_ref()?.playbook.as_ref());
        let of_targets = self.targets.iter().filter_map(|target| match target {
            Target::Done { playbook, .. } => Some(playbook),
            Target::Opened { .. } | Target::Acknowledged { .. } => None,
        });
        of_calls.chain(of_targets)
    }

    /// The calls due after `from` and up to `to`, each with its place in the timeline.
    pub fn calls(&self, (from, to): (i64, i64)) -> Vec<(usize, &Call)> {
        let due = |entry: &Entry| (from + 1..=to).contains(&micros(entry.after_s));
        let numbered = self.timeline.iter().enumerate().filter(|(_, entry)| due(entry));
        numbered.filter_map(|(i, entry)| Some((i, entry.call.as_ref()?))).collect()
    }
}

impl Reading {
    /// How many readings the series has.
    pub(super) fn count(&self, after_s: f64) -> u64 {
        let (Some(every), Some(until)) = (self.every_s, self.until_s) else { return 1 };
        let end = match self.fault {
            Some(Fault::Silent { from_s }) => micros(until).min(micros(from_s) - 1),
            _ => micros(until),
        };
        let span = end - micros(after_s);
        if span < 0 { 0 } else { (span / micros(every).max(1)) as u64 + 1 }
    }

    /// Times in (from, to], in microseconds after the beginning.
    fn times(&self, after_s: f64, from: i64, to: i64) -> impl Iterator<Item = i64> {
        let (start, every) = (micros(after_s), self.every_s.map_or(1, micros).max(1));
        let count = self.count(after_s) as i64;
        let first = if from < start { 0 } else { (from - start) / every + 1 };
        (first..count).map(move |i| start + i * every).take_while(move |at| *at <= to)
    }

    fn at(
        &self,
        after_s: f64,
        at: i64,
        started: Timestamp,
        place_of: &dyn Fn(&AssetId) -> Option<Geometry>,
    ) -> Observation {
        let moving = match self.fault {
            Some(Fault::Stuck { from_s }) => at.min(micros(from_s)),
            _ => at,
        };
        let value = match (&self.value, self.rise_per_s) {
            (Value::Number(n), Some(rise)) => Value::Number(n + rise * (moving - micros(after_s)) as f64 / 1e6),
            (value, _) => value.clone(),
        };
        let time = Timestamp(started.0 + at);
        let own_source = || SourceId::new("exercise").expect("the word is in the alphabet of ids");
        let mut observation = Observation {
            id: ObservationId(0),
            kind: self.kind.clone(),
            source: self.source.clone().unwrap_or_else(own_source),
            asset: self.asset.clone(),
            time,
            arrived: time,
            place: placed(self.place, self.near.as_ref().or(self.asset.as_ref()), place_of),
            value,
            quality: Quality::Good,
            origin: Origin::Exercise,
            attributes: self.attributes.iter().map(|(n, v)| (n.as_str().into(), v.as_str().into())).collect(),
        };
        observation.id = observation.content_id();
        observation
    }
}

impl Call {
    /// The command by which it goes the way of a live call, in the exercise under way. `place_of` gives the place of an
    /// asset.
    pub fn command(&self, place_of: &dyn Fn(&AssetId) -> Option<Geometry>) -> CommandBody {
        CommandBody::TakeCall {
            text: self.text.as_ref().unwrap_or(&self.title).clone(),
            role: self.role,
            title: Some(self.title.clone()),
            incident_type: self.incident_type.clone(),
            priority: self.priority,
            severity: self.severity,
            place: placed(self.place, self.near.as_ref(), place_of),
            playbook: self.playbook.clone(),
            reality: Reality::Exercise,
        }
    }
}

fn placed(
    place: Option<Position>,
    asset: Option<&AssetId>,
    place_of: &dyn Fn(&AssetId) -> Option<Geometry>,
) -> Option<Geometry> {
    place.map(Geometry::Point).or_else(|| asset.and_then(place_of))
}

/// The check has seen to it that it is finite, and a day at most.
fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}
