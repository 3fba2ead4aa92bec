//! What stands beside an operator that does not take it, in the signs that people write: the grammar has names of its own for
//! them, such as `_%_`.

use cel::common::ast::{IdedExpr, operators};

use super::compile::Compiler;
use super::types::Type;
use super::{Flaw, Node};

impl Compiler<'_> {
    /// A part beside an operator, which takes only this type.
    pub(super) fn operand(&mut self, operator: &str, e: &IdedExpr, wanted: Type) -> Result<Box<Node>, Flaw> {
        let (node, found) = self.node(e)?;
        if found.fits(wanted) {
            return Ok(Box::new(node));
        }
        let (sign, use_) = (sign(operator), use_of(operator));
        let number_of_text = if wanted == Type::NUMBER && found.fits(Type::TEXT) {
            "; the number that a text says is double(text)"
        } else {
            ""
        };
        let (wanted, found) = (wanted.word(), found.word());
        self.flaw(e, format!("expected {wanted}, found {found}: `{sign}` {use_}{number_of_text}"))
    }

    /// Both sides of an operator, which takes only this type.
    pub(super) fn operands(
        &mut self,
        operator: &str,
        (a, b): (&IdedExpr, &IdedExpr),
        wanted: Type,
    ) -> Result<(Box<Node>, Box<Node>), Flaw> {
        Ok((self.operand(operator, a, wanted)?, self.operand(operator, b, wanted)?))
    }

    /// Refuses an operator that is none of rules, with what it stands between.
    pub(super) fn unknown_operator<T>(&mut self, e: &IdedExpr, name: &str, sides: [&IdedExpr; 2]) -> Result<T, Flaw> {
        let types = sides.map(|side| self.node(side).map(|(_, found)| found.word()));
        let types = types.into_iter().collect::<Result<Vec<_>, _>>()?.join(" and ");
        let instead = match name {
            operators::MODULO => "list the values that are meant, as in time.minute in [0, 15, 30, 45]",
            _ => "there are && || ! == != < <= > >= + - * / ? : and `in`",
        };
        self.flaw_at_sign(e, format!("`{}` is no operator of rules, here for {types}: {instead}", sign(name)))
    }
}

/// Whether the grammar means an operator by a name: nothing that people can call is called so.
pub(super) fn is_operator(name: &str) -> bool {
    name.starts_with(['_', '@', '!', '-'])
}

/// How an operator is written.
fn sign(name: &str) -> String {
    name.replace(['_', '@'], "")
}

/// What an operator does, in words.
fn use_of(operator: &str) -> &'static str {
    match operator {
        operators::ADD => "adds numbers, and joins no texts",
        operators::SUBSTRACT => "subtracts numbers",
        operators::MULTIPLY => "multiplies numbers",
        operators::DIVIDE => "divides numbers",
        operators::NEGATE => "turns the sign of a number",
        operators::LOGICAL_NOT => "turns true into false, and false into true",
        operators::LOGICAL_AND | operators::LOGICAL_OR => "joins what is true or false",
        _ => "chooses by what is true or false",
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Expression, Scope};
    use super::*;

    fn check(text: &str, column: u32, expected: &str) {
        let flaw = Expression::compile(text, Scope::to_save(true, Some("ug/m3"), Type::NUMBER)).unwrap_err();
        assert_eq!((flaw.line, flaw.column, flaw.message.as_str()), (1, column, expected), "{text}");
    }

    #[test]
    fn an_operator_is_named_as_it_is_written() {
        let instead = "list the values that are meant, as in time.minute in [0, 15, 30, 45]";
        let remainder = |types: &str| format!("`%` is no operator of rules, here for {types}: {instead}");
        check("time.minute % 15 == 0", 13, &remainder("a number and a number"));
        check("value > 3 && kind % 2 == 0", 19, &remainder("a text and a number"));
        check("(value + 1) % 2 == 0", 13, &remainder("a number and a number"));
        // What is wrong inside is said first.
        check("valeu % 2 == 0 && (kind % 2 == 0)", 1, &unknown("valeu"));
    }

    fn unknown(name: &str) -> String {
        let known = Expression::compile("valeu", Scope::stored(true, None)).unwrap_err().message;
        known.replace("valeu", name)
    }

    #[test]
    fn what_an_operator_takes_is_said() {
        let of_text = "; the number that a text says is double(text)";
        check(
            "kind + 'x' == 'y'",
            1,
            &format!("expected a number, found a text: `+` adds numbers, and joins no texts{of_text}"),
        );
        check("value - unit > 3", 9, &format!("expected a number, found a text: `-` subtracts numbers{of_text}"));
        check("value * (value > 3) > 1", 10, "expected a number, found true or false: `*` multiplies numbers");
        check("value / true > 1", 9, "expected a number, found true or false: `/` divides numbers");
        check("-kind == 'x'", 2, &format!("expected a number, found a text: `-` turns the sign of a number{of_text}"));
        check("!value", 2, "expected true or false, found a number: `!` turns true into false, and false into true");
        check("value > 3 && kind", 14, "expected true or false, found a text: `&&` joins what is true or false");
        check("value || true", 1, "expected true or false, found a number: `||` joins what is true or false");
        check(
            "(value ? 1 : 2) > 1",
            2,
            "expected true or false, found a number: `?:` chooses by what is true or false",
        );
    }
}
