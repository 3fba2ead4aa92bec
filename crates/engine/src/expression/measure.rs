//! What the numbers of an expression measure, as powers of the unit of the readings: an hour of the day is never
//! compared with a density, nor a temperature with how far two temperatures lie apart.
//!
//! Every quantity is converted to the one unit of the rule, so the power of that unit is all that tells two apart. A
//! number as it stands, and one that a text says, may mean anything.

use cel::common::ast::IdedExpr;
use vigiles_model::unit;

use super::compile::Compiler;
use super::scope::{Scope, Subject};
use super::types::Type;
use super::{Aggregate, Arithmetic, Field, Given, Node};

/// What a number measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    /// Whatever it meets.
    Any,
    /// A power of the unit: 0 for what has none, such as a count or an hour.
    Power(i16),
    /// A place on a scale with a zero point of its own: 20 Cel.
    Point,
    /// How far two such places lie apart: 5 K.
    Apart,
}

use Measure::{Any, Apart, Point, Power};

impl Measure {
    fn power(self) -> Option<i16> {
        match self {
            Any => None,
            Power(power) => Some(power),
            Point | Apart => Some(1),
        }
    }

    /// What fits both.
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (Any, measure) | (measure, Any) => measure,
            (a, b) if a == b => a,
            _ => self.power().map_or(Any, Power),
        }
    }

    fn times(self, other: Self) -> Self {
        match (self, other) {
            (Any, Any) => Any,
            // So many times a difference is one; so many times 20 Cel means nothing that has a zero point.
            (Apart, Any | Power(0)) | (Any | Power(0), Apart) => Apart,
            _ => Power(self.power().unwrap_or(0).saturating_add(other.power().unwrap_or(0))),
        }
    }

    fn inverse(self) -> Self {
        self.power().map_or(Any, |power| Power(power.saturating_neg()))
    }

    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Point, Apart) | (Apart, Point) => Point,
            (Point, Point) => Power(1),
            _ => self.join(other),
        }
    }

    fn minus(self, other: Self) -> Self {
        match (self, other) {
            (Point, Point) => Apart,
            (Point, Apart) => Point,
            (Apart, Point) => Power(1),
            _ => self.join(other),
        }
    }

    fn words(self, unit: &str) -> String {
        match self {
            Any => "a number".to_owned(),
            Power(0) => "a plain number".to_owned(),
            Power(1) => format!("a figure in {unit}"),
            Power(power) => format!("a figure in ({unit}){power}"),
            Point => format!("a reading in {unit}: quantity(20, \"{unit}\")"),
            Apart => format!("how far readings in {unit} lie apart: difference(5, \"{unit}\")"),
        }
    }
}

impl Compiler<'_> {
    /// Two numbers stand side by side, of which the right one begins at a place: compared, or added or subtracted.
    pub(super) fn note_measures(&mut self, at: &IdedExpr, operation: Option<Arithmetic>, left: &Node, right: &Node) {
        let Some((unit, has_zero)) = self.scale() else { return };
        let (a, b) = (measure(left, has_zero), measure(right, has_zero));
        let expected = match (operation, a, b) {
            _ if a.power().zip(b.power()).is_some_and(|(a, b)| a != b) => a,
            (None, Point, Apart) | (None, Apart, Point) => a,
            // The middle of two readings is one; 20 Cel and 5 Cel are not 25 Cel.
            (Some(Arithmetic::Add), Point, Point) if is_quantity(left) || is_quantity(right) => Apart,
            _ => return,
        };
        let found = if a == b { "two readings".to_owned() } else { b.words(unit) };
        let message = format!("expected {}, found {found}", expected.words(unit));
        let place = self.place(at);
        self.units.clashes.push((place, message));
    }

    /// The unit of the readings of a rule that is to be saved, and whether it has a zero point of its own. None where they
    /// have none, or one that is a plain number, which fits all.
    fn scale(&self) -> Option<(&str, bool)> {
        match self.scope {
            Subject::Reading(Scope { value: Type::NUMBER, unit: Some(code), .. })
                if !code.is_empty() && !unit::is_plain(code) =>
            {
                Some((code, unit::has_zero_point(code)))
            }
            _ => None,
        }
    }
}

/// What a number measures, where the readings have a unit with a zero point of its own or without.
fn measure(node: &Node, has_zero: bool) -> Measure {
    let of = |node| measure(node, has_zero);
    match node {
        Node::Window(_, Aggregate::Count)
        | Node::Size(_)
        | Node::Field(Field::Hour | Field::Minute | Field::Weekday | Field::Lon | Field::Lat) => Power(0),
        Node::Number(_, Given::Difference) if has_zero => Apart,
        Node::Field(Field::Value)
        | Node::Number(_, Given::Reading)
        | Node::Window(_, Aggregate::Mean | Aggregate::Min | Aggregate::Max)
            if has_zero =>
        {
            Point
        }
        Node::Field(Field::Value) | Node::Number(_, Given::Reading | Given::Difference) | Node::Window(..) => Power(1),
        Node::Negate(a) => match of(a) {
            Point => Power(1),
            other => other,
        },
        Node::If(_, a, b) => of(a).join(of(b)),
        Node::Compute(Arithmetic::Add, a, b) => of(a).plus(of(b)),
        Node::Compute(Arithmetic::Subtract, a, b) => of(a).minus(of(b)),
        Node::Compute(Arithmetic::Multiply, a, b) => of(a).times(of(b)),
        Node::Compute(Arithmetic::Divide, a, b) => of(a).times(of(b).inverse()),
        _ => Any,
    }
}

fn is_quantity(node: &Node) -> bool {
    matches!(node, Node::Number(_, Given::Reading))
}
