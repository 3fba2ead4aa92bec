//! What an expression comes to for an entity.

use std::cmp::Ordering;

use serde_json::Value;
use vigiles_model::{Duration, Timestamp};

use super::value::{Operand, compare};
use super::{Expression, Function, Operator, is_id};
use crate::sensorthings::entity::{Entity, Navigation};
use crate::sensorthings::place::{self, Relation};
use crate::sensorthings::time::Time;

/// Most pairs of values of ways to many that one part of an expression looks at.
const MAX_PAIRS: usize = 100_000;

/// What entities lead to.
pub trait Graph {
    /// The entities that a way leads to.
    fn related(&self, from: &Entity, way: &Navigation) -> Result<Vec<Entity>, EvaluationError>;
}

/// Why an expression came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// What an entity leads to cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// It leads to too many.
    #[error("{0}")]
    TooMany(String),
}

/// What an expression is about.
pub struct Scope<'a> {
    /// The entity.
    pub entity: &'a Entity,
    /// What it leads to.
    pub graph: &'a dyn Graph,
    /// The moment that `now()` means.
    pub now: Timestamp,
}

/// Whether a filter holds. Where a way leads to many, it is enough that it holds for one.
pub fn holds(filter: &Expression, scope: &Scope<'_>) -> Result<bool, EvaluationError> {
    Ok(values(filter, scope)?.iter().any(Operand::is_true))
}

/// The value of an expression; the first where a way leads to many.
pub fn evaluate(expression: &Expression, scope: &Scope<'_>) -> Result<Operand, EvaluationError> {
    Ok(values(expression, scope)?.into_iter().next().unwrap_or(Operand::Null))
}

fn values(expression: &Expression, scope: &Scope<'_>) -> Result<Vec<Operand>, EvaluationError> {
    match expression {
        Expression::Literal(literal) => Ok(vec![literal.into()]),
        Expression::Path(path) => along(path, scope.entity, scope.graph),
        Expression::Not(inner) => Ok(vec![Operand::Boolean(!holds(inner, scope)?)]),
        Expression::Negate(inner) => {
            let negate = |v: Operand| v.number().map_or(Operand::Null, |n| Operand::Number(-n));
            Ok(values(inner, scope)?.into_iter().map(negate).collect())
        }
        Expression::Binary(Operator::And, left, right) => {
            Ok(vec![Operand::Boolean(holds(left, scope)? && holds(right, scope)?)])
        }
        Expression::Binary(Operator::Or, left, right) => {
            Ok(vec![Operand::Boolean(holds(left, scope)? || holds(right, scope)?)])
        }
        Expression::Binary(operator, left, right) => {
            let sides = [values(left, scope)?, values(right, scope)?];
            combine(&sides, |pair| binary(*operator, pair[0], pair[1]))
        }
        Expression::Call(function, arguments) => {
            let sides = arguments.iter().map(|a| values(a, scope)).collect::<Result<Vec<_>, _>>()?;
            combine(&sides, |arguments| call(*function, arguments, scope.now))
        }
    }
}

/// Every combination of one value a side.
fn combine(sides: &[Vec<Operand>], make: impl Fn(&[&Operand]) -> Operand) -> Result<Vec<Operand>, EvaluationError> {
    let count = sides.iter().try_fold(1_usize, |n, side| n.checked_mul(side.len())).filter(|n| *n <= MAX_PAIRS);
    let Some(count) = count else {
        return Err(EvaluationError::TooMany(format!("the filter compares more than {MAX_PAIRS} pairs of an entity")));
    };
    let pick = |mut index: usize| {
        let mut picked = Vec::with_capacity(sides.len());
        for side in sides {
            picked.push(&side[index % side.len()]);
            index /= side.len();
        }
        picked
    };
    Ok((0..count).map(|index| make(&pick(index))).collect())
}

fn along(path: &[String], entity: &Entity, graph: &dyn Graph) -> Result<Vec<Operand>, EvaluationError> {
    let Some((first, rest)) = path.split_first() else { return Ok(vec![Operand::Null]) };
    if let Some(way) = entity.set.navigation(first) {
        let mut found = Vec::new();
        for related in graph.related(entity, way)? {
            found.extend(along(rest, &related, graph)?);
        }
        return Ok(found);
    }
    if is_id(first) {
        return Ok(vec![Operand::Text(entity.id.clone())]);
    }
    let mut value = entity.properties.get(first).unwrap_or(&Value::Null);
    for name in rest {
        value = value.get(name).unwrap_or(&Value::Null);
    }
    Ok(vec![Operand::of_property(path.last().map_or("", String::as_str), value)])
}

fn binary(operator: Operator, a: &Operand, b: &Operand) -> Operand {
    let either_null = *a == Operand::Null || *b == Operand::Null;
    let ordered = |wanted: fn(Ordering) -> bool| Operand::Boolean(!either_null && compare(a, b).is_some_and(wanted));
    match operator {
        Operator::Equal => Operand::Boolean(compare(a, b) == Some(Ordering::Equal)),
        Operator::NotEqual => Operand::Boolean(compare(a, b) != Some(Ordering::Equal)),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(Ordering::is_ge),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessOrEqual => ordered(Ordering::is_le),
        Operator::And => Operand::Boolean(a.is_true() && b.is_true()),
        Operator::Or => Operand::Boolean(a.is_true() || b.is_true()),
        Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Modulo => {
            arithmetic(operator, a, b).unwrap_or(Operand::Null)
        }
    }
}

fn arithmetic(operator: Operator, a: &Operand, b: &Operand) -> Option<Operand> {
    let is_difference = operator == Operator::Subtract;
    match (a, b) {
        (Operand::Number(a), Operand::Number(b)) => {
            let n = match operator {
                Operator::Add => a + b,
                Operator::Subtract => a - b,
                Operator::Multiply => a * b,
                Operator::Divide => a / b,
                _ => a % b,
            };
            n.is_finite().then_some(Operand::Number(n))
        }
        (Operand::Duration(a), Operand::Number(n)) | (Operand::Number(n), Operand::Duration(a)) => match operator {
            Operator::Multiply => Some(Operand::Duration(Duration((a.0 as f64 * n) as i64))),
            Operator::Divide if matches!(b, Operand::Number(_)) => {
                Some(Operand::Duration(Duration((a.0 as f64 / n) as i64)))
            }
            _ => None,
        },
        (Operand::Duration(a), Operand::Duration(b)) => match operator {
            Operator::Add => Some(Operand::Duration(Duration(a.0.saturating_add(b.0)))),
            Operator::Subtract => Some(Operand::Duration(Duration(a.0.saturating_sub(b.0)))),
            _ => None,
        },
        (_, Operand::Duration(span)) => {
            let Time::Instant(at) = a.time()? else { return None };
            match operator {
                Operator::Add => Some((at + *span).into()),
                Operator::Subtract => Some((at - *span).into()),
                _ => None,
            }
        }
        _ if is_difference => {
            let (Time::Instant(a), Time::Instant(b)) = (a.time()?, b.time()?) else { return None };
            Some(Operand::Duration(a.since(b)))
        }
        _ => None,
    }
}

fn call(function: Function, arguments: &[&Operand], now: Timestamp) -> Operand {
    let found = match function {
        Function::Now => Some(now.into()),
        Function::MinDateTime => Some(Timestamp::EARLIEST.into()),
        Function::MaxDateTime => Some(Timestamp(i64::MAX).into()),
        _ if is_of_texts(function) => of_texts(function, arguments),
        _ if is_of_places(function) => of_places(function, arguments),
        Function::Round | Function::Floor | Function::Ceiling => arguments[0].number().map(|n| {
            Operand::Number(match function {
                Function::Round => n.round(),
                Function::Floor => n.floor(),
                _ => n.ceil(),
            })
        }),
        _ => of_times(function, arguments),
    };
    found.unwrap_or(Operand::Null)
}

const fn is_of_texts(function: Function) -> bool {
    use Function as F;
    matches!(
        function,
        F::SubstringOf
            | F::Contains
            | F::StartsWith
            | F::EndsWith
            | F::Length
            | F::IndexOf
            | F::Substring
            | F::ToLower
            | F::ToUpper
            | F::Trim
            | F::Concat
    )
}

const fn is_of_places(function: Function) -> bool {
    use Function as F;
    matches!(function, F::Distance | F::GeoLength | F::GeoIntersects | F::Relates(_) | F::Relate)
}

fn of_texts(function: Function, arguments: &[&Operand]) -> Option<Operand> {
    let first = arguments[0].text()?;
    let second = || arguments.get(1).and_then(|a| a.text());
    Some(match function {
        Function::SubstringOf => second()?.contains(first).into(),
        Function::Contains => first.contains(second()?).into(),
        Function::StartsWith => first.starts_with(second()?).into(),
        Function::EndsWith => first.ends_with(second()?).into(),
        Function::Length => (first.chars().count() as f64).into(),
        Function::IndexOf => match first.find(second()?) {
            Some(at) => (first[..at].chars().count() as f64).into(),
            None => (-1.0).into(),
        },
        Function::Substring => {
            let start = arguments[1].number()?.max(0.0) as usize;
            let length = match arguments.get(2) {
                Some(length) => length.number()?.max(0.0) as usize,
                None => usize::MAX,
            };
            Operand::Text(first.chars().skip(start).take(length).collect())
        }
        Function::ToLower => Operand::Text(first.to_lowercase()),
        Function::ToUpper => Operand::Text(first.to_uppercase()),
        Function::Trim => Operand::Text(first.trim().to_owned()),
        _ => Operand::Text(format!("{first}{}", second()?)),
    })
}

fn of_places(function: Function, arguments: &[&Operand]) -> Option<Operand> {
    let first = arguments[0].geometry()?;
    if function == Function::GeoLength {
        return Some(place::length(first).into());
    }
    let second = arguments[1].geometry()?;
    Some(match function {
        Function::Distance => place::distance(first, second).into(),
        Function::GeoIntersects => place::relates(Relation::Intersects, first, second).into(),
        Function::Relates(relation) => place::relates(relation, first, second).into(),
        _ => place::relates_as(first, second, arguments[2].text()?)?.into(),
    })
}

fn of_times(function: Function, arguments: &[&Operand]) -> Option<Operand> {
    use Function as F;
    let first = arguments[0].time()?;
    if let Some(second) = arguments.get(1) {
        let second = second.time()?;
        let holds = match function {
            F::Before => first.end() < second.start(),
            F::After => first.start() > second.end(),
            F::Meets => first.end() == second.start() || first.start() == second.end(),
            F::During => first.start() >= second.start() && first.end() < second.end(),
            F::OverlapsInTime => first.start() < second.end() && second.start() < first.end(),
            F::Starts => first.start() == second.start(),
            _ => first.end() == second.end(),
        };
        return Some(holds.into());
    }
    let at = jiff::Timestamp::from_microsecond(first.start().0).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
    Some(match function {
        F::Year => f64::from(at.year()).into(),
        F::Month => f64::from(at.month()).into(),
        F::Day => f64::from(at.day()).into(),
        F::Hour => f64::from(at.hour()).into(),
        F::Minute => f64::from(at.minute()).into(),
        F::Second => f64::from(at.second()).into(),
        F::FractionalSeconds => (f64::from(at.subsec_nanosecond()) / 1e9).into(),
        F::Date => Operand::Text(at.date().to_string()),
        F::Time => Operand::Text(at.time().to_string()),
        // Moments are kept in UTC.
        F::TotalOffsetMinutes => 0.0.into(),
        _ => return None,
    })
}
