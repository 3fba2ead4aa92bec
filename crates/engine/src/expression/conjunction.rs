//! The commonest conditions, laid out flat: plain comparisons joined by `&&`, and what else is joined to them.
//!
//! Of a hundred conditions that a reading meets nearly none holds. A tree costs a walk from node to node to find that out;
//! a row of comparisons costs a few loads.

use super::evaluate::decide;
use super::{Aggregate, Comparison, Expression, Field, Node};
use crate::window::Window;

/// Comparisons that must all hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conjunction {
    terms: Box<[Term]>,
    /// Whether nothing but these terms is joined.
    whole: bool,
}

/// One comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Term {
    comparison: Comparison,
    left: Operand,
    right: Operand,
}

/// What needs no work.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Operand {
    Number(f64),
    /// The reading, where it is a number.
    Value,
    /// Which window of those that are given.
    Window(u32, Aggregate),
}

impl Expression {
    /// The plain comparisons that `&&` joins, where there are any. `places` says where the windows are among those that
    /// will be given; in order where there is none.
    pub(crate) fn conjunction(&self, places: Option<&[usize]>) -> Option<Conjunction> {
        let mut terms = Vec::new();
        let whole = flatten(self.root(), places, &mut terms);
        (!terms.is_empty()).then(|| Conjunction { terms: terms.into(), whole })
    }
}

/// Takes the plain comparisons; whether there is nothing else.
fn flatten(node: &Node, places: Option<&[usize]>, terms: &mut Vec<Term>) -> bool {
    match node {
        Node::And(a, b) => {
            let whole = flatten(a, places, terms);
            flatten(b, places, terms) && whole
        }
        Node::Compare(comparison, a, b) => {
            let (Some(left), Some(right)) = (operand(a, places), operand(b, places)) else { return false };
            terms.push(Term { comparison: *comparison, left, right });
            true
        }
        _ => false,
    }
}

fn operand(node: &Node, places: Option<&[usize]>) -> Option<Operand> {
    Some(match node {
        Node::Number(n, _) => Operand::Number(*n),
        Node::Field(Field::Value) => Operand::Value,
        Node::Window(index, aggregate) => {
            let place = places.map_or(Some(*index), |places| places.get(*index).copied())?;
            Operand::Window(u32::try_from(place).ok()?, *aggregate)
        }
        _ => return None,
    })
}

impl Conjunction {
    /// Whether the expression holds; none where only the tree can tell: an operand has no number, or every comparison
    /// holds and more is joined to them. One that does not hold decides, whatever fault the others have.
    pub(crate) fn holds(&self, value: Option<f64>, windows: &[Window]) -> Option<bool> {
        let number = |operand| match operand {
            Operand::Number(n) => Some(n),
            Operand::Value => value,
            Operand::Window(place, aggregate) => windows.get(place as usize)?.aggregate(aggregate),
        };
        for term in &self.terms {
            if !decide(term.comparison, number(term.left)?.partial_cmp(&number(term.right)?)) {
                return Some(false);
            }
        }
        self.whole.then_some(true)
    }
}
