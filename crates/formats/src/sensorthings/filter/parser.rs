//! From words to an expression, by descent; as deep as a bound allows.

use super::lexer::{Fault, Token, words};
use super::{Expression, Function, Literal, Operator};

/// Most levels of an expression.
const MAX_DEPTH: usize = 48;
/// Most words of an expression.
const MAX_WORDS: usize = 4096;

/// Links to further pages carry the expression as it is written out: one that could not be read again is refused here.
pub(super) fn parse(text: &str) -> Result<Expression, Fault> {
    let expression = read(text)?;
    match read(&expression.to_string()) {
        Ok(again) if again == expression => Ok(expression),
        Ok(_) => Err((0, "the expression does not mean the same when it is written out".to_owned())),
        Err((_, why)) => Err((0, format!("written out with its parentheses, {why}"))),
    }
}

fn read(text: &str) -> Result<Expression, Fault> {
    let words = words(text)?;
    if words.is_empty() {
        return Err((0, "an expression is missing".to_owned()));
    }
    if words.len() > MAX_WORDS {
        return Err((0, format!("an expression has at most {MAX_WORDS} words, this one has {}", words.len())));
    }
    let mut parser = Parser { words, next: 0, end: text.len() };
    let expression = parser.binary(0, 0)?;
    match parser.words.get(parser.next) {
        None => Ok(expression),
        Some((at, _)) => Err((*at, "the expression is over here; an operator such as `and` is missing".to_owned())),
    }
}

struct Parser {
    words: Vec<(usize, Token)>,
    next: usize,
    end: usize,
}

impl Parser {
    fn at(&self) -> usize {
        self.words.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn peek(&self) -> Option<&Token> {
        self.words.get(self.next).map(|(_, token)| token)
    }

    fn take(&mut self, token: &Token, what: &str) -> Result<(), Fault> {
        if self.peek() == Some(token) {
            self.next += 1;
            return Ok(());
        }
        Err((self.at(), format!("{what} is missing")))
    }

    /// The operator that stands here, if it binds at least so strongly.
    fn operator(&self, least: u8) -> Option<Operator> {
        let Some(Token::Name(name)) = self.peek() else { return None };
        Operator::find(name).filter(|operator| operator.strength() >= least)
    }

    fn binary(&mut self, least: u8, depth: usize) -> Result<Expression, Fault> {
        let mut left = self.unary(depth)?;
        let mut joined = depth;
        while let Some(operator) = self.operator(least) {
            self.next += 1;
            joined += 1;
            if joined > MAX_DEPTH * 8 {
                return Err((self.at(), "too many operators in a row".to_owned()));
            }
            let right = self.binary(operator.strength() + 1, depth + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self, depth: usize) -> Result<Expression, Fault> {
        if depth > MAX_DEPTH {
            return Err((self.at(), format!("an expression has at most {MAX_DEPTH} levels")));
        }
        match self.peek() {
            Some(Token::Name(name)) if name == "not" => {
                self.next += 1;
                // It binds less than a comparison: `not a eq b` is `not (a eq b)` in the examples of the standard.
                Ok(Expression::Not(Box::new(self.binary(Operator::Equal.strength(), depth + 1)?)))
            }
            Some(Token::Minus) => {
                self.next += 1;
                match self.unary(depth + 1)? {
                    Expression::Literal(Literal::Number(number)) => Ok(Expression::Literal(Literal::Number(-number))),
                    other => Ok(Expression::Negate(Box::new(other))),
                }
            }
            _ => self.primary(depth),
        }
    }

    fn primary(&mut self, depth: usize) -> Result<Expression, Fault> {
        let at = self.at();
        let token = self.peek().cloned();
        self.next += 1;
        match token {
            Some(Token::Literal(literal)) => Ok(Expression::Literal(literal)),
            Some(Token::Open) => {
                let inner = self.binary(0, depth + 1)?;
                self.take(&Token::Close, "a closing parenthesis")?;
                Ok(inner)
            }
            Some(Token::Name(name)) if self.peek() == Some(&Token::Open) => self.call(at, &name, depth),
            Some(Token::Name(name)) => path(at, &name),
            Some(_) => Err((at, "a value is missing before this".to_owned())),
            None => Err((at, "a value is missing at the end".to_owned())),
        }
    }

    fn call(&mut self, at: usize, name: &str, depth: usize) -> Result<Expression, Fault> {
        let function = Function::find(name).ok_or_else(|| (at, format!("there is no function {name}")))?;
        self.take(&Token::Open, "an opening parenthesis")?;
        let mut arguments = Vec::new();
        if self.peek() != Some(&Token::Close) {
            arguments.push(self.binary(0, depth + 1)?);
            while self.peek() == Some(&Token::Comma) {
                self.next += 1;
                arguments.push(self.binary(0, depth + 1)?);
            }
        }
        self.take(&Token::Close, "a closing parenthesis")?;
        let (fewest, most) = function.arguments();
        if (fewest..=most).contains(&arguments.len()) {
            return Ok(Expression::Call(function, arguments));
        }
        Err((at, format!("{name} takes {fewest} to {most} arguments, these are {}", arguments.len())))
    }
}

fn path(at: usize, name: &str) -> Result<Expression, Fault> {
    let parts: Vec<String> = name.split('/').map(str::to_owned).collect();
    if parts.iter().any(String::is_empty) {
        return Err((at, format!("{name} has an empty part")));
    }
    if Operator::find(name).is_some() || name == "not" {
        return Err((at, format!("{name} stands where a value is expected")));
    }
    Ok(Expression::Path(parts))
}
