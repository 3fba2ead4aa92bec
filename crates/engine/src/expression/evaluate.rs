//! Computing an expression: for one reading, or for whatever else answers for its names.

use vigiles_model::{Asset, Observation, Quality, Value, Zone};

use super::{Aggregate, Arithmetic, Comparison, Expression, Field, Holder, Node, TextTest};
use crate::window::Window;

/// Whoever knows what the names of an expression stand for. The compiler lets no name through that its scope lacks.
pub(crate) trait Facts {
    /// The value, where it is a number; read by the commonest comparisons without going through [`Facts::field`].
    fn number(&self) -> Option<f64>;
    /// What a name stands for.
    fn field(&self, field: Field) -> Result<Found<'_>, Fault>;
    /// A text by its name; none where there is none.
    fn attribute(&self, holder: Holder, name: &str) -> Option<&str>;
    /// Whether there is such a text.
    fn has(&self, holder: Holder, name: &str) -> bool {
        self.attribute(holder, name).is_some()
    }
    /// What a window answers.
    fn window(&self, index: usize, aggregate: Aggregate) -> Result<f64, Fault>;
    /// Whether the place lies in a zone.
    fn is_in_zone(&self, zone: &str) -> bool;
}

/// What the expression of a rule sees.
pub(crate) struct Env<'a> {
    pub(crate) observation: &'a Observation,
    /// The reading in the unit of the rule, where it is a number.
    pub(crate) number: Option<f64>,
    pub(crate) unit: &'a str,
    pub(crate) asset: Option<&'a Asset>,
    /// The zones that the place lies in.
    pub(crate) zones: &'a [u32],
    pub(crate) zone_table: &'a [Zone],
    pub(crate) windows: &'a [Window],
    /// Where the windows of the expression are among these; in order where there is none.
    pub(crate) places: Option<&'a [usize]>,
    /// Seconds east of Greenwich.
    pub(crate) utc_offset_s: i32,
}

/// An expression that cannot be computed for a reading: it asks for an attribute, asset or place that is not there,
/// compares a text with a number, or asks an empty window for a mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault;

/// A value while it is computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Found<'a> {
    Number(f64),
    Truth(bool),
    Text(&'a str),
}

impl Expression {
    /// Whether the expression holds.
    pub(crate) fn holds<F: Facts>(&self, env: &F) -> Result<bool, Fault> {
        truth(self.root(), env)
    }
}

/// The commonest forms are computed without going through [`Found`].
fn truth<F: Facts>(node: &Node, env: &F) -> Result<bool, Fault> {
    match node {
        Node::And(a, b) => absorb(a, b, env, false),
        Node::Or(a, b) => absorb(a, b, env, true),
        Node::Not(a) => truth(a, env).map(|b| !b),
        Node::Compare(comparison, a, b) => match (plain(a, env), plain(b, env)) {
            (Some(a), Some(b)) => Ok(decide(*comparison, a.partial_cmp(&b))),
            _ => compare(*comparison, find(a, env)?, find(b, env)?),
        },
        _ => match find(node, env)? {
            Found::Truth(b) => Ok(b),
            _ => Err(Fault),
        },
    }
}

/// A number that needs no work; none for everything else, faults included.
fn plain<F: Facts>(node: &Node, env: &F) -> Option<f64> {
    match node {
        Node::Number(n, _) => Some(*n),
        Node::Field(Field::Value) => env.number(),
        Node::Window(index, aggregate) => env.window(*index, *aggregate).ok(),
        _ => None,
    }
}

fn number<F: Facts>(node: &Node, env: &F) -> Result<f64, Fault> {
    match find(node, env)? {
        Found::Number(n) => Ok(n),
        _ => Err(Fault),
    }
}

fn text<'a, F: Facts>(node: &'a Node, env: &'a F) -> Result<&'a str, Fault> {
    match find(node, env)? {
        Found::Text(s) => Ok(s),
        _ => Err(Fault),
    }
}

fn find<'a, F: Facts>(node: &'a Node, env: &'a F) -> Result<Found<'a>, Fault> {
    Ok(match node {
        Node::Number(n, _) => Found::Number(*n),
        Node::Truth(b) => Found::Truth(*b),
        Node::Text(s) => Found::Text(s),
        Node::Field(field) => env.field(*field)?,
        Node::Attribute(holder, name) => Found::Text(env.attribute(*holder, name).ok_or(Fault)?),
        Node::Has(holder, name) => Found::Truth(env.has(*holder, name)),
        Node::Window(index, aggregate) => Found::Number(env.window(*index, *aggregate)?),
        Node::Not(_) | Node::And(..) | Node::Or(..) | Node::Compare(..) => Found::Truth(truth(node, env)?),
        Node::Negate(a) => Found::Number(-number(a, env)?),
        Node::If(a, b, c) => find(if truth(a, env)? { b } else { c }, env)?,
        Node::Compute(operation, a, b) => Found::Number(compute(*operation, number(a, env)?, number(b, env)?)),
        Node::InList(a, list) => Found::Truth(member(a, list, env)?),
        Node::InZones(a) => Found::Truth(env.is_in_zone(text(a, env)?)),
        Node::Double(a) => {
            Found::Number(text(a, env)?.trim().parse().ok().filter(|n: &f64| n.is_finite()).ok_or(Fault)?)
        }
        Node::Size(a) => Found::Number(text(a, env)?.chars().count() as f64),
        Node::Test(test, a, b) => {
            let (a, b) = (text(a, env)?, text(b, env)?);
            Found::Truth(match test {
                TextTest::Contains => a.contains(b),
                TextTest::StartsWith => a.starts_with(b),
                TextTest::EndsWith => a.ends_with(b),
            })
        }
    })
}

/// `&&` (deciding value false) and `||` (true): the deciding value on either side wins over an error on the other.
fn absorb<F: Facts>(a: &Node, b: &Node, env: &F, decides: bool) -> Result<bool, Fault> {
    match truth(a, env) {
        Ok(found) if found == decides => Ok(decides),
        Ok(_) => truth(b, env),
        Err(fault) => match truth(b, env) {
            Ok(found) if found == decides => Ok(decides),
            _ => Err(fault),
        },
    }
}

impl Facts for Env<'_> {
    fn number(&self) -> Option<f64> {
        self.number
    }

    fn field(&self, field: Field) -> Result<Found<'_>, Fault> {
        let o = self.observation;
        Ok(match field {
            Field::Value => match &o.value {
                Value::Number(n) => Found::Number(self.number.unwrap_or(*n)),
                Value::Boolean(b) => Found::Truth(*b),
                Value::Text(s) => Found::Text(s),
            },
            Field::Unit => Found::Text(self.unit),
            Field::Kind => Found::Text(o.kind.as_str()),
            Field::Source => Found::Text(o.source.as_str()),
            Field::Quality => Found::Text(quality_text(o.quality)),
            Field::Hour => Found::Number(self.local_seconds().rem_euclid(86_400).div_euclid(3600) as f64),
            Field::Minute => Found::Number(self.local_seconds().rem_euclid(3600).div_euclid(60) as f64),
            // 1970-01-01 was a Thursday, day 4 of the ISO week.
            Field::Weekday => Found::Number(((self.local_seconds().div_euclid(86_400) + 3).rem_euclid(7) + 1) as f64),
            Field::AssetId => Found::Text(o.asset.as_ref().ok_or(Fault)?.as_str()),
            Field::AssetClass => Found::Text(&self.asset.ok_or(Fault)?.class),
            Field::AssetName => Found::Text(&self.asset.ok_or(Fault)?.name),
            Field::AssetAgency => Found::Text(self.asset.ok_or(Fault)?.agency.as_str()),
            Field::Lon => Found::Number(o.place.as_ref().ok_or(Fault)?.centre().lon),
            Field::Lat => Found::Number(o.place.as_ref().ok_or(Fault)?.centre().lat),
            Field::Severity
            | Field::Priority
            | Field::IncidentType
            | Field::Title
            | Field::State
            | Field::Reality
            | Field::Agency
            | Field::Alarms
            | Field::ActiveAlarms => return Err(Fault),
        })
    }

    fn attribute(&self, holder: Holder, name: &str) -> Option<&str> {
        match holder {
            Holder::Asset => self.asset?.attributes.get(name).map(String::as_str),
            Holder::Observation => self.observation.attribute(name),
            Holder::Answer | Holder::Outcome => None,
        }
    }

    fn window(&self, index: usize, aggregate: Aggregate) -> Result<f64, Fault> {
        let place = self.places.map_or(Some(index), |places| places.get(index).copied()).ok_or(Fault)?;
        self.windows.get(place).and_then(|w| w.aggregate(aggregate)).ok_or(Fault)
    }

    fn is_in_zone(&self, zone: &str) -> bool {
        self.zones.iter().any(|z| self.zone_table.get(*z as usize).is_some_and(|z| z.id.as_str() == zone))
    }
}

impl Env<'_> {
    fn local_seconds(&self) -> i64 {
        self.observation.time.0.div_euclid(1_000_000) + i64::from(self.utc_offset_s)
    }
}

/// The word for it.
pub(super) fn quality_text(quality: Quality) -> &'static str {
    match quality {
        Quality::Good => "good",
        Quality::Doubtful => "doubtful",
        Quality::Implausible => "implausible",
    }
}

fn member<F: Facts>(a: &Node, list: &[Node], env: &F) -> Result<bool, Fault> {
    let wanted = find(a, env)?;
    for element in list {
        if find(element, env)? == wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

fn compare(comparison: Comparison, a: Found<'_>, b: Found<'_>) -> Result<bool, Fault> {
    let order = match (a, b) {
        (Found::Number(a), Found::Number(b)) => a.partial_cmp(&b),
        (Found::Text(a), Found::Text(b)) => Some(a.cmp(b)),
        (Found::Truth(a), Found::Truth(b)) => match comparison {
            Comparison::Equal => return Ok(a == b),
            Comparison::Unequal => return Ok(a != b),
            _ => return Err(Fault),
        },
        _ => return Err(Fault),
    };
    Ok(decide(comparison, order))
}

/// NaN has no order: it is unequal to everything.
pub(super) fn decide(comparison: Comparison, order: Option<std::cmp::Ordering>) -> bool {
    match comparison {
        Comparison::Equal => order.is_some_and(std::cmp::Ordering::is_eq),
        Comparison::Unequal => order.is_none_or(std::cmp::Ordering::is_ne),
        Comparison::Less => order.is_some_and(std::cmp::Ordering::is_lt),
        Comparison::LessEqual => order.is_some_and(std::cmp::Ordering::is_le),
        Comparison::Greater => order.is_some_and(std::cmp::Ordering::is_gt),
        Comparison::GreaterEqual => order.is_some_and(std::cmp::Ordering::is_ge),
    }
}

fn compute(operation: Arithmetic, a: f64, b: f64) -> f64 {
    match operation {
        Arithmetic::Add => a + b,
        Arithmetic::Subtract => a - b,
        Arithmetic::Multiply => a * b,
        Arithmetic::Divide => a / b,
    }
}
