//! What an expression comes to, and how values compare.

use std::cmp::Ordering;

use serde_json::Value;
use vigiles_model::{Duration, Timestamp};

use super::Literal;
use crate::sensorthings::place;
use crate::sensorthings::time::Time;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// Nothing; also what has no meaning, such as the year of a name.
    Null,
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A moment or interval.
    Time(Time),
    /// A span.
    Duration(Duration),
    /// A geometry.
    Geometry(Box<geo::Geometry>),
}

impl From<&Literal> for Operand {
    fn from(literal: &Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Boolean(b) => Self::Boolean(*b),
            Literal::Number(n) => Self::Number(*n),
            Literal::Text(text) => Self::Text(text.clone()),
            Literal::Time(time) => Self::Time(*time),
            Literal::Duration(span) => Self::Duration(*span),
            Literal::Geometry(geometry) => Self::Geometry(geometry.clone()),
        }
    }
}

impl From<bool> for Operand {
    fn from(b: bool) -> Self {
        Self::Boolean(b)
    }
}

impl From<f64> for Operand {
    fn from(n: f64) -> Self {
        Self::Number(n)
    }
}

impl From<Timestamp> for Operand {
    fn from(at: Timestamp) -> Self {
        Self::Time(Time::Instant(at))
    }
}

/// Properties whose texts are times, and those whose objects are places.
const TIMES: [&str; 4] = ["phenomenonTime", "resultTime", "validTime", "time"];
const PLACES: [&str; 3] = ["location", "feature", "observedArea"];

impl Operand {
    /// The value of a property.
    pub(super) fn of_property(name: &str, value: &Value) -> Self {
        match value {
            Value::Bool(b) => Self::Boolean(*b),
            Value::Number(n) => n.as_f64().map_or(Self::Null, Self::Number),
            Value::String(text) if TIMES.contains(&name) => Time::parse(text).map_or(Self::Null, Self::Time),
            Value::String(text) => Self::Text(text.clone()),
            Value::Object(_) if PLACES.contains(&name) => {
                place::from_json(value).map_or(Self::Null, |place| Self::Geometry(Box::new(place::from_place(&place))))
            }
            Value::Null | Value::Array(_) | Value::Object(_) => Self::Null,
        }
    }

    pub(super) const fn is_true(&self) -> bool {
        matches!(self, Self::Boolean(true))
    }

    /// As a moment or interval; a text that is one counts.
    pub(super) fn time(&self) -> Option<Time> {
        match self {
            Self::Time(time) => Some(*time),
            Self::Text(text) => Time::parse(text).ok(),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) const fn number(&self) -> Option<f64> {
        if let Self::Number(n) = self { Some(*n) } else { None }
    }

    pub(super) fn geometry(&self) -> Option<&geo::Geometry> {
        if let Self::Geometry(geometry) = self { Some(geometry) } else { None }
    }
}

/// How two values of one sort compare; none where they do not. A text beside a time is read as one.
pub(super) fn compare(a: &Operand, b: &Operand) -> Option<Ordering> {
    match (a, b) {
        (Operand::Null, Operand::Null) => Some(Ordering::Equal),
        (Operand::Boolean(a), Operand::Boolean(b)) => Some(a.cmp(b)),
        (Operand::Number(a), Operand::Number(b)) => a.partial_cmp(b),
        (Operand::Text(a), Operand::Text(b)) => Some(a.cmp(b)),
        (Operand::Duration(a), Operand::Duration(b)) => Some(a.cmp(b)),
        (Operand::Time(_), _) | (_, Operand::Time(_)) => compare_times(a.time()?, b.time()?),
        (Operand::Geometry(a), Operand::Geometry(b)) => (a == b).then_some(Ordering::Equal),
        _ => None,
    }
}

/// Before or after as a whole; intervals that meet in more than an end are neither.
fn compare_times(a: Time, b: Time) -> Option<Ordering> {
    if (a.start(), a.end()) == (b.start(), b.end()) {
        return Some(Ordering::Equal);
    }
    if a.end() <= b.start() {
        return Some(Ordering::Less);
    }
    (a.start() >= b.end()).then_some(Ordering::Greater)
}

/// A total order for lists: nothing first, then by sort of value, then by value.
pub fn order(a: &Operand, b: &Operand) -> Ordering {
    let rank = |operand: &Operand| match operand {
        Operand::Null => 0,
        Operand::Boolean(_) => 1,
        Operand::Number(_) => 2,
        Operand::Text(_) => 3,
        Operand::Time(_) => 4,
        Operand::Duration(_) => 5,
        Operand::Geometry(_) => 6,
    };
    match (a, b) {
        (Operand::Time(a), Operand::Time(b)) => (a.start(), a.end()).cmp(&(b.start(), b.end())),
        (Operand::Number(a), Operand::Number(b)) => a.total_cmp(b),
        _ if rank(a) == rank(b) => compare(a, b).unwrap_or(Ordering::Equal),
        _ => rank(a).cmp(&rank(b)),
    }
}
