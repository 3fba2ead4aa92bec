//! Where an expression depends on the units of the readings: a rule whose kinds differ in them has to say which it means.

use cel::common::ast::IdedExpr;

use super::compile::Compiler;
use super::types::Type;
use super::{Aggregate, Arithmetic, Field, Node};

impl Compiler<'_> {
    /// Two sides are compared, added or subtracted.
    pub(super) fn note_units(&mut self, at: &IdedExpr, (a, of_a): (&Node, Type), (b, of_b): (&Node, Type)) {
        if let (Node::Field(Field::Unit), Node::Text(code)) | (Node::Text(code), Node::Field(Field::Unit)) = (a, b) {
            let place = self.place(at);
            self.units.codes.push((place, code.clone()));
        }
        let are_numbers = [of_a, of_b].iter().all(|found| found.fits(Type::NUMBER));
        if are_numbers && has_unit(a) != has_unit(b) && self.units.figure.is_none() {
            self.units.figure = Some(self.place(at));
        }
    }
}

/// Whether a number is in the unit of the readings. What is divided by its like has none.
fn has_unit(node: &Node) -> bool {
    match node {
        Node::Field(Field::Value) => true,
        Node::Window(_, aggregate) => *aggregate != Aggregate::Count,
        Node::Negate(a) => has_unit(a),
        Node::Compute(Arithmetic::Divide, a, b) => has_unit(a) != has_unit(b),
        Node::If(_, a, b) | Node::Compute(_, a, b) => has_unit(a) || has_unit(b),
        _ => false,
    }
}
