//! Quantities with their unit (UCUM), turned into plain numbers when the rule is compiled.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};
use vigiles_model::unit::Conversion;

use super::compile::Compiler;
use super::scope::Subject;
use super::types::Type;
use super::{Flaw, Given, Node};

impl Compiler<'_> {
    /// `quantity(50, "ug/m3")`: the number in the unit that `value` comes in; `difference(5, "K")`: how far two of them
    /// lie apart, whatever the zero points of the units are.
    pub(super) fn quantity(
        &self,
        e: &IdedExpr,
        number: &IdedExpr,
        unit: &IdedExpr,
        given: Given,
    ) -> Result<(Node, Type), Flaw> {
        let Some(amount) = literal_number(number) else { return self.flaw(number, "expected a number") };
        let Expr::Literal(LiteralValue::String(code)) = &unit.expr else {
            return self.flaw(unit, "expected a UCUM code in quotes: quantity(50, \"ug/m3\")");
        };
        let wanted = match self.scope {
            Subject::Reading(scope) => scope.unit,
            Subject::Playbook => return self.flaw(e, "a playbook's condition has no quantities"),
        };
        match wanted {
            Some("") => self.flaw(e, "the readings of these kinds have no unit"),
            None => self.flaw(e, "the kinds of this rule have different units; set the rule's `unit`"),
            Some(wanted) if wanted == code.inner() => Ok((Node::Number(amount, given), Type::NUMBER)),
            Some(wanted) => match Conversion::between(code.inner(), wanted) {
                Ok(conversion) => {
                    let converted = match given {
                        Given::Difference => conversion.apply_to_difference(amount),
                        Given::Plain | Given::Reading => conversion.apply(amount),
                    };
                    Ok((Node::Number(converted, given), Type::NUMBER))
                }
                Err(error) => self.flaw(unit, error.to_string()),
            },
        }
    }
}

/// The number of a literal, also a negative one.
fn literal_number(e: &IdedExpr) -> Option<f64> {
    match &e.expr {
        Expr::Literal(LiteralValue::Double(n)) => Some(*n.inner()),
        Expr::Literal(LiteralValue::Int(n)) => Some(*n.inner() as f64),
        Expr::Literal(LiteralValue::UInt(n)) => Some(*n.inner() as f64),
        Expr::Call(CallExpr { func_name, args, .. }) if func_name == operators::NEGATE => {
            args.first().and_then(literal_number).map(|n| -n)
        }
        _ => None,
    }
}
