//! What the names of an expression can ever be: an hour lies between 0 and 23, a quality is one of three words, and a reading
//! that rules judge lies where its kind says that it is plausible.

use vigiles_model::playbook::TaskState;
use vigiles_model::{IncidentState, Quality, Reality, Severity};

use super::evaluate::{decide, quality_text};
use super::scope::Subject;
use super::{Aggregate, Comparison, Field, Given, Holder, Node};
use crate::incidents::{severity_text, state_text};
use crate::playbook::reality_text;
use crate::rule::Range;

/// Something of which all values are known before any comes.
#[derive(Debug)]
pub(super) struct Bounded {
    /// How it is written.
    pub(super) name: String,
    pub(super) extent: Extent,
    /// Why it is not more than that, where people would think so.
    pub(super) why: &'static str,
}

/// All values that something can have.
#[derive(Debug)]
pub(super) enum Extent {
    /// Both ends included.
    Numbers { least: f64, most: f64, whole: bool },
    /// Where plausible readings lie, in a unit.
    Plausible(Range, String),
    /// One of these.
    Words(Vec<&'static str>),
}

impl Bounded {
    /// What a part of an expression is bounded to; none where it may be anything.
    pub(super) fn of(node: &Node, subject: Subject<'_>) -> Option<Self> {
        let (name, extent) = match (node, subject) {
            (Node::Field(Field::Value), Subject::Reading(scope)) => {
                ("value".to_owned(), Extent::Plausible(scope.range?, scope.unit?.to_owned()))
            }
            (Node::Field(Field::Quality), Subject::Reading(scope)) if !scope.implausible => {
                let words = [Quality::Good, Quality::Doubtful].map(quality_text).to_vec();
                let why = "; an implausible reading comes to an `out_of_range` only";
                return Some(Self { name: "quality".to_owned(), extent: Extent::Words(words), why });
            }
            (Node::Field(field), _) => of_field(*field).map(|(name, extent)| (name.to_owned(), extent))?,
            (Node::Attribute(Holder::Outcome, step), _) => (format!("outcomes.{step}"), states()),
            (Node::Window(_, Aggregate::Count), _) => ("window(...).count".to_owned(), whole(0.0, f64::INFINITY)),
            (Node::Size(_), _) => ("size(...)".to_owned(), whole(0.0, f64::INFINITY)),
            _ => return None,
        };
        Some(Self { name, extent, why: "" })
    }
}

fn of_field(field: Field) -> Option<(&'static str, Extent)> {
    Some(match field {
        Field::Quality => (
            "quality",
            Extent::Words([Quality::Good, Quality::Doubtful, Quality::Implausible].map(quality_text).to_vec()),
        ),
        Field::Hour => ("time.hour", whole(0.0, 23.0)),
        Field::Minute => ("time.minute", whole(0.0, 59.0)),
        Field::Weekday => ("time.weekday", whole(1.0, 7.0)),
        Field::Lon => ("place.lon", Extent::Numbers { least: -180.0, most: 180.0, whole: false }),
        Field::Lat => ("place.lat", Extent::Numbers { least: -90.0, most: 90.0, whole: false }),
        Field::Severity => {
            use Severity as S;
            let all = [S::Minor, S::Moderate, S::Severe, S::Extreme, S::Unknown];
            ("severity", Extent::Words(all.map(severity_text).to_vec()))
        }
        Field::Priority => ("priority", whole(1.0, 4.0)),
        Field::State => {
            use IncidentState as S;
            let all = [S::New, S::Acknowledged, S::InProgress, S::Resolved, S::Closed, S::Reopened, S::Merged];
            ("state", Extent::Words(all.map(state_text).to_vec()))
        }
        Field::Reality => {
            ("reality", Extent::Words([Reality::Actual, Reality::Exercise, Reality::Test].map(reality_text).to_vec()))
        }
        Field::Alarms => ("alarms", whole(0.0, f64::INFINITY)),
        Field::ActiveAlarms => ("active_alarms", whole(0.0, f64::INFINITY)),
        Field::Value
        | Field::Unit
        | Field::Kind
        | Field::Source
        | Field::AssetId
        | Field::AssetClass
        | Field::AssetName
        | Field::AssetAgency
        | Field::IncidentType
        | Field::Title
        | Field::Agency => return None,
    })
}

fn whole(least: f64, most: f64) -> Extent {
    Extent::Numbers { least, most, whole: true }
}

/// Of a task: what a person leaves out does not wait for what comes before it, so that any state can be read.
fn states() -> Extent {
    use TaskState as S;
    let all = [
        S::Waiting,
        S::AwaitingApproval,
        S::Running,
        S::Retrying,
        S::Done,
        S::Failed,
        S::Skipped,
        S::Compensating,
        S::Compensated,
    ];
    Extent::Words(all.map(S::as_str).to_vec())
}

impl Extent {
    /// What every comparison with this literal says, where all values give the same.
    pub(super) fn decides(&self, comparison: Comparison, literal: &Node) -> Option<bool> {
        match (self, literal) {
            (Self::Words(words), Node::Text(text)) => {
                let mut answers = words.iter().map(|word| decide(comparison, Some((*word).cmp(text.as_str()))));
                let first = answers.next()?;
                answers.all(|answer| answer == first).then_some(first)
            }
            (Self::Numbers { least, most, .. } | Self::Plausible(Range { least, most }, _), _) => {
                let n = self.number(literal)?;
                let (below, above) = (n < *least, n > *most);
                match comparison {
                    Comparison::Equal => (!self.has(literal)).then_some(false),
                    Comparison::Unequal => (!self.has(literal)).then_some(true),
                    Comparison::Less => above.then_some(true).or((n <= *least).then_some(false)),
                    Comparison::LessEqual => (n >= *most).then_some(true).or(below.then_some(false)),
                    Comparison::Greater => below.then_some(true).or((n >= *most).then_some(false)),
                    Comparison::GreaterEqual => (n <= *least).then_some(true).or(above.then_some(false)),
                }
            }
            _ => None,
        }
    }

    /// Whether the literal is one of the values.
    pub(super) fn has(&self, literal: &Node) -> bool {
        match (self, literal) {
            (Self::Words(words), Node::Text(text)) => words.contains(&text.as_str()),
            (Self::Numbers { least, most, whole }, _) => {
                self.number(literal).is_none_or(|n| (*least..=*most).contains(&n) && !(*whole && n.fract() != 0.0))
            }
            (Self::Plausible(range, _), _) => {
                self.number(literal).is_none_or(|n| (range.least..=range.most).contains(&n))
            }
            _ => true,
        }
    }

    /// How many values there are; none where nobody can list them.
    pub(super) fn count(&self) -> Option<usize> {
        match self {
            Self::Words(words) => Some(words.len()),
            Self::Numbers { least, most, whole: true } if most.is_finite() => Some((most - least) as usize + 1),
            Self::Numbers { .. } | Self::Plausible(..) => None,
        }
    }

    /// What is expected, in words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Words(words) => format!("one of {}", words.join(", ")),
            Self::Numbers { least, most, whole } => {
                let sort = if *whole { "a whole number" } else { "a number" };
                let end = if most.is_finite() { format!("to {most}") } else { "on".to_owned() };
                format!("{sort} from {least} {end}")
            }
            Self::Plausible(range, unit) => format!("a plausible reading, {}", range.words(unit)),
        }
    }

    /// The number of a literal. A quantity is one of a reading: nothing else is compared with it.
    fn number(&self, literal: &Node) -> Option<f64> {
        number(literal, matches!(self, Self::Plausible(..)))
    }
}

/// A literal as it is written; none for what is computed.
pub(super) fn literal_text(node: &Node) -> Option<String> {
    match node {
        Node::Text(text) => Some(format!("{text:?}")),
        _ => number(node, true).map(|n| n.to_string()),
    }
}

/// The number of a literal, also a negative one; with `quantities` also that of a quantity.
pub(super) fn number(literal: &Node, quantities: bool) -> Option<f64> {
    match literal {
        Node::Number(n, Given::Plain) => Some(*n),
        Node::Number(n, Given::Reading) if quantities => Some(*n),
        Node::Negate(inner) => number(inner, quantities).map(|n| -n),
        _ => None,
    }
}
