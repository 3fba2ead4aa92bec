//! Expressions as text that reads as the same expression: a chain of operators stays a chain, and is not as deep as it is long.

use std::fmt;

use super::{Expression, Literal};
use crate::sensorthings::{place, time};

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => literal.fmt(f),
            Self::Path(path) => f.write_str(&path.join("/")),
            Self::Binary(..) => {
                f.write_str("(")?;
                chain(self, f)?;
                f.write_str(")")
            }
            Self::Not(inner) => write!(f, "(not {inner})"),
            // A number behind a minus is one literal.
            Self::Negate(inner) if matches!(**inner, Self::Literal(_)) => write!(f, "(-({inner}))"),
            Self::Negate(inner) => write!(f, "(-{inner})"),
            Self::Call(function, arguments) => {
                write!(f, "{}(", function.as_str())?;
                for (i, argument) in arguments.iter().enumerate() {
                    if i > 0 {
                        f.write_str(",")?;
                    }
                    argument.fmt(f)?;
                }
                f.write_str(")")
            }
        }
    }
}

/// An operation without parentheses of its own, nor of those on its left that bind as strongly.
fn chain(expression: &Expression, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Expression::Binary(operator, left, right) = expression else { return write!(f, "{expression}") };
    match &**left {
        Expression::Binary(before, ..) if before.strength() >= operator.strength() => chain(left, f)?,
        _ => write!(f, "{left}")?,
    }
    write!(f, " {} {right}", operator.as_str())
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(b) => b.fmt(f),
            Self::Number(n) => write!(f, "{n:?}"),
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Time(time) => time.fmt(f),
            Self::Duration(span) => write!(f, "duration'{}'", time::write_duration(*span)),
            Self::Geometry(geometry) => write!(f, "geography'{}'", place::write(geometry)),
        }
    }
}
