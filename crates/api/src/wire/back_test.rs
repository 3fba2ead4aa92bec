//! A rule on trial over history.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigiles_engine::backtest;
use vigiles_engine::rule::Needs;
use vigiles_model::Timestamp;
use vigiles_runtime::back_test::{Outcome, Stopped, WarmUp};

use super::NameOf;
use super::alarm::Alarm;
use super::place::Coordinates;
use super::rule::{Rule, RuleTrial};
use super::time::Time;

/// What is to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackTest {
    /// The rule; it need not be saved.
    #[schema(value_type = Rule)]
    pub rule: vigiles_engine::Rule,
    /// First moment.
    pub from: Time,
    /// Moment after the last.
    pub to: Time,
    /// `west,south,east,north` in degrees: only readings of places in this box.
    #[serde(default)]
    #[schema(example = "24.8,60.1,25.0,60.3")]
    pub bbox: Option<String>,
    /// Suggest a limit for so many alarms a day.
    #[serde(default)]
    pub wanted_per_day: Option<f64>,
    /// How long the judging may take in seconds, 1 to 600; 60 where it is left out. As many readings are judged at most as fit
    /// into that time at 50 million a minute.
    #[serde(default)]
    pub patience_s: Option<u64>,
}

/// What the rule would have done.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackTestReport {
    /// Readings of the span that were read.
    pub observations: u64,
    /// Of those, the readings that a detector which learns only learned from: no alarm could come of them, and `data_s` leaves
    /// out their time.
    pub learning: u64,
    /// What the rule was shown first, of the time before the span; null where history has nothing of that time.
    pub warm_up: Option<BackTestWarmUp>,
    /// Alarms that stood when the span began, raised by what came before it: they go on and are not counted.
    pub standing: usize,
    /// How often the condition could not be computed, as where an attribute is missing: nothing is raised for such a reading.
    pub errors: u64,
    /// How long judging took, reading of history included, in seconds.
    pub took_s: f64,
    /// What the rule costs: mean time for one reading in microseconds, those of the warm-up and reading of history included.
    pub cost_us: f64,
    /// Most steps it takes for one reading.
    pub steps: u32,
    /// Most memory it takes for one key, in bytes, while texts and attributes of a reading take no more than 256.
    pub bytes_per_key: u64,
    /// Where it ended before the end of the span, and why.
    pub stopped: Option<StoppedAt>,
    /// Alarms in all.
    pub alarms: u64,
    /// Seconds of the span that have readings which were judged.
    pub data_s: f64,
    /// Alarms a day of the time that has readings; absent where that is less than a day.
    pub per_day: Option<f64>,
    /// Most alarms within ten minutes; from ten on an operator is flooded (ISA-18.2).
    pub peak_10_min: u64,
    /// Length of a bucket in seconds.
    pub bucket_s: i64,
    /// Where the city's live rules raised more alarms than are counted: `present` of buckets and places counts from here on.
    pub present_since: Option<Time>,
    /// Every bucket of the span in order.
    pub buckets: Vec<BackTestBucket>,
    /// Alarms by the hour of the day on the city's clocks, from midnight on.
    pub hours: Vec<u64>,
    /// Where alarms were raised, most first.
    pub places: Vec<BackTestPlace>,
    /// What they were raised for, most first.
    pub keys: Vec<BackTestKey>,
    /// The alarms that stand for most others, at most ten.
    pub typical: Vec<Alarm>,
    /// Against incidents that people have marked; absent where none are marked in the span.
    pub marks: Option<BackTestMarks>,
    /// The limit that comes nearest to the wanted number of alarms.
    pub suggestion: Option<BackTestSuggestion>,
    /// Why no limit is suggested, where one was wanted.
    pub no_suggestion: Option<NoSuggestion>,
    /// What is kept of the trials of this condition, and stands in the version of a rule that is saved with it; null where
    /// none found readings.
    pub kept: Option<RuleTrial>,
}

/// What the rule was shown before the span: what it learns from, its windows, and alarms that stand. What it raised then does not count; an alarm that stood when the
/// span began goes on.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackTestWarmUp {
    /// Time of the first reading.
    pub from: Time,
    /// The beginning of the span; earlier where there was no room or time for more readings.
    pub to: Time,
    /// How many readings.
    pub observations: u64,
}

/// Why no limit is suggested.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoSuggestion {
    /// The detector answers yes or no and has no duration that could be moved.
    YesOrNo,
    /// The expression compares nothing but the time of day with a number by `<`, `<=`, `>` or `>=`.
    NoNumber,
    /// The span has readings of less than a day.
    TooLittleData,
    /// No variant of the rule could be tried.
    NoVariant,
    /// The variants could not be judged over the whole span: too many readings, or it took too long.
    EndedEarly,
}

/// Where a trial ended early.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoppedAt {
    /// The moment.
    pub at: Time,
    /// Why.
    pub why: StoppedWhy,
}

/// Why a trial ended early.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoppedWhy {
    /// More alarms than are kept.
    TooManyAlarms,
    /// More readings than are judged at once.
    TooManyObservations,
    /// It took too long.
    TooLong,
}

/// Alarms in a span of time.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackTestBucket {
    /// Its first moment.
    pub start: Time,
    /// Alarms of the rule on trial.
    pub alarms: u64,
    /// Alarms that the city's live rules raised from the same kinds.
    pub present: u64,
    /// Seconds of it that have readings.
    pub data_s: i64,
}

/// Alarms at a place.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackTestPlace {
    /// Where, to about ten metres.
    pub place: Coordinates,
    /// Alarms of the rule on trial.
    pub alarms: u64,
    /// Alarms that the city's rules raised.
    pub present: u64,
}

/// Alarms for a key.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackTestKey {
    /// An asset, a source, a zone.
    pub key: String,
    /// How many.
    pub alarms: u64,
}

/// The rule against incidents that people have marked.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackTestMarks {
    /// Where more incidents are marked than are compared: only those from here on are.
    pub since: Option<Time>,
    /// Genuine incidents in the span.
    pub genuine: u64,
    /// Those that an alarm of the rule belongs to.
    pub found: u64,
    /// Incidents marked as false alarms.
    pub false_alarms: u64,
    /// Those that an alarm of the rule belongs to.
    pub repeated: u64,
    /// Alarms that belong to no marked incident.
    pub unmarked: u64,
    /// Of the marked incidents that the rule tells, the share that was genuine.
    pub precision: Option<f64>,
    /// Of the genuine incidents, the share that the rule tells.
    pub recall: Option<f64>,
}

/// A limit and what it gives.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackTestSuggestion {
    /// Path of the field in the rule.
    pub field: String,
    /// Its value; of an expression its number.
    pub value: f64,
    /// The whole expression with that number, where the field is one.
    pub expression: Option<String>,
    /// Alarms in the span.
    pub alarms: u64,
    /// Alarms a day.
    pub per_day: f64,
}

impl BackTestReport {
    /// The wire form; `alarm` makes that of an alarm.
    pub fn new(
        outcome: &Outcome,
        needs: Needs,
        alarm: &dyn Fn(&vigiles_model::Alarm) -> Alarm,
        name_of: NameOf<'_>,
    ) -> Self {
        let report = &outcome.report;
        let took_s = outcome.took.as_secs_f64();
        let judged = outcome.observations + outcome.warm_up.map_or(0, |warm_up| warm_up.observations);
        Self {
            observations: outcome.observations,
            learning: outcome.learning,
            warm_up: outcome.warm_up.map(BackTestWarmUp::from),
            standing: outcome.standing,
            errors: outcome.errors,
            took_s,
            cost_us: took_s * 1e6 / (judged.max(1) as f64),
            steps: needs.steps,
            bytes_per_key: needs.bytes_per_key,
            stopped: outcome.stopped.map(|(why, at)| StoppedAt { at: at.into(), why: why.into() }),
            alarms: report.alarms,
            data_s: report.data_s,
            per_day: report.per_day,
            peak_10_min: report.peak_10_min,
            bucket_s: report.bucket_s,
            present_since: outcome.present_since.map(Time::from),
            buckets: report.buckets.iter().map(BackTestBucket::from).collect(),
            hours: report.hours.to_vec(),
            places: report.places.iter().map(BackTestPlace::from).collect(),
            keys: report.keys.iter().map(|k| BackTestKey { key: k.key.clone(), alarms: k.alarms }).collect(),
            typical: report.typical.iter().map(alarm).collect(),
            marks: marks(&outcome.marks, outcome.marks_since),
            suggestion: outcome.suggestion.as_ref().and_then(|s| s.as_ref().ok()).map(BackTestSuggestion::from),
            no_suggestion: outcome.suggestion.as_ref().and_then(|s| s.as_ref().err()).map(|why| (*why).into()),
            kept: outcome.kept.clone().map(|kept| RuleTrial::new(kept, name_of)),
        }
    }
}

fn marks(marks: &backtest::Marks, since: Option<Timestamp>) -> Option<BackTestMarks> {
    (marks.genuine + marks.false_alarms > 0).then(|| BackTestMarks {
        since: since.map(Time::from),
        genuine: marks.genuine,
        found: marks.found,
        false_alarms: marks.false_alarms,
        repeated: marks.repeated,
        unmarked: marks.unmarked,
        precision: marks.precision(),
        recall: marks.recall(),
    })
}

impl From<WarmUp> for BackTestWarmUp {
    fn from(shown: WarmUp) -> Self {
        Self { from: shown.from.into(), to: shown.to.into(), observations: shown.observations }
    }
}

impl From<Stopped> for StoppedWhy {
    fn from(why: Stopped) -> Self {
        match why {
            Stopped::Alarms => Self::TooManyAlarms,
            Stopped::Observations => Self::TooManyObservations,
            Stopped::Time => Self::TooLong,
        }
    }
}

impl From<backtest::NoSuggestion> for NoSuggestion {
    fn from(why: backtest::NoSuggestion) -> Self {
        match why {
            backtest::NoSuggestion::YesOrNo => Self::YesOrNo,
            backtest::NoSuggestion::NoNumber => Self::NoNumber,
            backtest::NoSuggestion::TooLittleData => Self::TooLittleData,
            backtest::NoSuggestion::NoVariant => Self::NoVariant,
            backtest::NoSuggestion::EndedEarly => Self::EndedEarly,
        }
    }
}

impl From<&backtest::Bucket> for BackTestBucket {
    fn from(bucket: &backtest::Bucket) -> Self {
        Self { start: bucket.start.into(), alarms: bucket.alarms, present: bucket.present, data_s: bucket.data_s }
    }
}

impl From<&backtest::PlaceCount> for BackTestPlace {
    fn from(place: &backtest::PlaceCount) -> Self {
        let point = Coordinates([place.place.lon, place.place.lat]);
        Self { place: point, alarms: place.alarms, present: place.present }
    }
}

impl From<&backtest::Suggestion> for BackTestSuggestion {
    fn from(s: &backtest::Suggestion) -> Self {
        let expression = s.expression.clone();
        Self { field: s.field.clone(), value: s.value, expression, alarms: s.alarms, per_day: s.per_day }
    }
}
