//! The words of an expression.

use super::Literal;
use crate::sensorthings::place;
use crate::sensorthings::time::{self, Time};

/// Where in the text, and what is wrong there.
pub(super) type Fault = (usize, String);

/// A word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Literal(Literal),
    /// A name, with slashes between its parts.
    Name(String),
    Open,
    Close,
    Comma,
    Minus,
}

/// The words with where they begin.
pub(super) fn words(text: &str) -> Result<Vec<(usize, Token)>, Fault> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = match c {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '\'' => {
                let (text, length) = quoted(at, rest)?;
                (Token::Literal(Literal::Text(text)), length)
            }
            '-' => (Token::Minus, 1),
            '0'..='9' => digits(at, rest)?,
            c if c.is_alphabetic() || matches!(c, '_' | '@') => word(at, rest)?,
            c => return Err((at, format!("{c:?} has no meaning here"))),
        };
        found.push((at, token));
        at += length;
    }
    Ok(found)
}

/// A text in quotes at the start of `rest`; gives it and how many bytes it takes.
fn quoted(at: usize, rest: &str) -> Result<(String, usize), Fault> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((i, c)) = chars.next() {
        if c != '\'' {
            text.push(c);
        } else if chars.peek().is_some_and(|(_, next)| *next == '\'') {
            text.push('\'');
            chars.next();
        } else {
            return Ok((text, i + 1));
        }
    }
    Err((at, "this text has no closing quote".to_owned()))
}

/// A number, or a moment or interval.
fn digits(at: usize, rest: &str) -> Result<(Token, usize), Fault> {
    if is_date(rest) {
        let mut end = time_end(rest);
        if let Some(after) = rest[end..].strip_prefix('/')
            && is_date(after)
        {
            end += 1 + time_end(after);
        }
        let time = Time::parse(&rest[..end]).map_err(|why| (at, why))?;
        return Ok((Token::Literal(Literal::Time(time)), end));
    }
    let bytes = rest.as_bytes();
    let run = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = run(0);
    if bytes.get(end) == Some(&b'.') && run(end + 1) > 0 {
        end += 1 + run(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = bytes.get(end + 1 + sign..).map_or(0, |_| run(end + 1 + sign));
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    match rest[..end].parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Literal(Literal::Number(number)), end)),
        _ => Err((at, format!("{} is no number", &rest[..end]))),
    }
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() })
}

/// How many bytes a date, and the time that may follow it, take.
fn time_end(text: &str) -> usize {
    let is_part = |(i, b): &(usize, u8)| {
        *i < 10 || b.is_ascii_digit() || matches!(b, b'T' | b't' | b':' | b'.' | b'Z' | b'z' | b'+' | b'-')
    };
    text.bytes().enumerate().take_while(is_part).count()
}

/// A name, a word of the language, or a text with what it is before it.
fn word(at: usize, rest: &str) -> Result<(Token, usize), Fault> {
    let is_part = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '@' | '.' | '/' | ':' | '$');
    let name: String = rest.chars().take_while(is_part).collect();
    let end = name.len();
    if rest[end..].starts_with('\'') {
        let (text, length) = quoted(at + end, &rest[end..])?;
        let literal = match name.as_str() {
            "geography" | "geometry" => Literal::Geometry(Box::new(place::parse(&text).map_err(|why| (at, why))?)),
            "duration" => Literal::Duration(time::duration(&text).map_err(|why| (at, why))?),
            "datetime" | "datetimeoffset" | "time" => Literal::Time(Time::parse(&text).map_err(|why| (at, why))?),
            _ => return Err((at, format!("{name} before a text is none of geography, geometry, duration, datetime"))),
        };
        return Ok((Token::Literal(literal), end + length));
    }
    let token = match name.as_str() {
        "null" => Token::Literal(Literal::Null),
        "true" => Token::Literal(Literal::Boolean(true)),
        "false" => Token::Literal(Literal::Boolean(false)),
        _ => Token::Name(name),
    };
    Ok((token, end))
}
