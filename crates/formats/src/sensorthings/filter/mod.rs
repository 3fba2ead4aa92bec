//! `$filter` and `$orderby`: expressions after OData 4.0 with the functions of OGC 18-088, table 23, and what they come to.

mod evaluate;
mod function;
mod lexer;
mod parser;
mod value;
mod write;

use vigiles_model::Duration;

use super::SyntaxError;
use super::entity::EntitySet;
use super::time::Time;

pub use evaluate::{EvaluationError, Graph, Scope, evaluate, holds};
pub use function::Function;
pub use value::{Operand, order};

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A value that stands there.
    Literal(Literal),
    /// A property, by way of others: `Datastream/Thing/name`.
    Path(Vec<String>),
    /// Two expressions and what stands between them.
    Binary(Operator, Box<Expression>, Box<Expression>),
    /// `not`.
    Not(Box<Expression>),
    /// The number with the other sign.
    Negate(Box<Expression>),
    /// A function and its arguments, as many as it takes.
    Call(Function, Vec<Expression>),
}

/// A value in an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Boolean(bool),
    /// A finite number.
    Number(f64),
    /// `'text'`.
    Text(String),
    /// A moment or interval.
    Time(Time),
    /// `duration'PT1H'`.
    Duration(Duration),
    /// `geography'POINT (24.9 60.2)'`.
    Geometry(Box<geo::Geometry>),
}

/// What stands between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `or`
    Or,
    /// `and`
    And,
    /// `eq`
    Equal,
    /// `ne`
    NotEqual,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
    /// `add`
    Add,
    /// `sub`
    Subtract,
    /// `mul`
    Multiply,
    /// `div`
    Divide,
    /// `mod`
    Modulo,
}

impl Operator {
    const ALL: [Self; 13] = [
        Self::Or,
        Self::And,
        Self::Equal,
        Self::NotEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::Modulo,
    ];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
            Self::Add => "add",
            Self::Subtract => "sub",
            Self::Multiply => "mul",
            Self::Divide => "div",
            Self::Modulo => "mod",
        }
    }

    fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.as_str() == word)
    }

    /// How strongly it binds: 0 for `or` to 4 for `mul`.
    const fn strength(self) -> u8 {
        match self {
            Self::Or => 0,
            Self::And => 1,
            Self::Equal | Self::NotEqual | Self::Greater | Self::GreaterOrEqual | Self::Less | Self::LessOrEqual => 2,
            Self::Add | Self::Subtract => 3,
            Self::Multiply | Self::Divide | Self::Modulo => 4,
        }
    }
}

impl Expression {
    /// Reads an expression; an error names `part`, the option that it stands in, and the column.
    pub fn parse(part: &str, text: &str) -> Result<Self, SyntaxError> {
        parser::parse(text).map_err(|(at, message)| {
            let column = text.get(..at).map_or(at, |before| before.chars().count()) + 1;
            SyntaxError::new(part, format_args!("column {column}: {message}"))
        })
    }

    /// Every path in it.
    pub fn paths(&self) -> Vec<&[String]> {
        let mut found = Vec::new();
        self.gather(&mut found);
        found
    }

    fn gather<'a>(&'a self, found: &mut Vec<&'a [String]>) {
        match self {
            Self::Literal(_) => {}
            Self::Path(path) => found.push(path),
            Self::Binary(_, left, right) => {
                left.gather(found);
                right.gather(found);
            }
            Self::Not(inner) | Self::Negate(inner) => inner.gather(found),
            Self::Call(_, arguments) => arguments.iter().for_each(|argument| argument.gather(found)),
        }
    }

    /// Checks that every path leads somewhere from a set; gives the sets on the way.
    pub fn check(&self, part: &str, set: EntitySet) -> Result<Vec<EntitySet>, SyntaxError> {
        let mut passed = Vec::new();
        for path in self.paths() {
            passed.extend(check_path(part, set, path)?);
        }
        Ok(passed)
    }

    /// The conditions that must all hold: the parts between the outermost `and`s.
    pub fn conditions(&self) -> Vec<&Self> {
        match self {
            Self::Binary(Operator::And, left, right) => {
                let mut all = left.conditions();
                all.extend(right.conditions());
                all
            }
            other => vec![other],
        }
    }
}

fn check_path(part: &str, mut set: EntitySet, path: &[String]) -> Result<Vec<EntitySet>, SyntaxError> {
    let mut passed = Vec::new();
    for (at, name) in path.iter().enumerate() {
        if let Some(way) = set.navigation(name) {
            set = way.to;
            passed.push(set);
            if at + 1 == path.len() {
                return Err(SyntaxError::new(part, format_args!("{name} is an entity; name one of its properties")));
            }
        } else if set.properties().contains(&name.as_str()) || is_id(name) {
            return Ok(passed);
        } else {
            return Err(SyntaxError::new(part, format_args!("a {} has no property or way {name:?}", set.singular())));
        }
    }
    Ok(passed)
}

/// Whether a name means the id.
pub(crate) fn is_id(name: &str) -> bool {
    matches!(name, "id" | "@iot.id" | "@iot.selfLink")
}

#[cfg(test)]
mod tests;
