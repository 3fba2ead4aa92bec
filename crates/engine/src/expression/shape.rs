//! What is looked at before the parser: the shape of a text, and where in it something is wrong.

use super::{Flaw, MAX_WINDOW_S, Place};

/// Deepest nesting of parentheses, brackets and braces. The parser calls itself a dozen times for each, with large
/// frames, and must not meet the end of the stack.
const MAX_NESTING: usize = 8;
/// Most of `? :`, `!` and `-`, for the same reason.
const MAX_RECURSING: usize = 16;
/// Most signs in all (`>=` is two), and most `in`: the parser walks long chains by calling itself.
const MAX_SIGNS: usize = 128;

/// "90s", "10m", "24h" or "7d" in microseconds.
pub(super) fn parse_span(text: &str) -> Option<i64> {
    let (digits, factor) = match text.as_bytes().last()? {
        b's' => (&text[..text.len() - 1], 1.0),
        b'm' => (&text[..text.len() - 1], 60.0),
        b'h' => (&text[..text.len() - 1], 3600.0),
        b'd' => (&text[..text.len() - 1], 86_400.0),
        _ => return None,
    };
    let seconds = digits.parse::<u32>().ok().map(|n| f64::from(n) * factor)?;
    (1.0..=MAX_WINDOW_S).contains(&seconds).then_some((seconds * 1e6) as i64)
}

/// Refuses what the parser should not see: brackets too deep, too many signs that make it call itself. What would make
/// it unclear where a text begins and ends (backslashes, tripled quotes, comments) is refused too, or brackets could hide.
pub(super) fn check_shape(text: &str) -> Result<(), Flaw> {
    for (part, name) in
        [("\\", "a backslash"), ("\"\"\"", "a tripled quote"), ("'''", "a tripled quote"), ("//", "a comment")]
    {
        if let Some(offset) = text.find(part) {
            return Err(flaw_at(text, offset, format!("{name} is not part of rules")));
        }
    }
    let (mut depth, mut recursing, mut signs, mut quote) = (0usize, 0usize, 0usize, None);
    for (offset, c) in text.char_indices() {
        match (quote, c) {
            (Some((_, start)), '\n' | '\r') => return Err(unclosed(text, start)),
            (Some((open, _)), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some((c, offset)),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, '?' | '!' | '-') => recursing += 1,
            _ => {}
        }
        signs += usize::from(quote.is_none() && is_in(text, offset));
        signs += usize::from(quote.is_none() && c.is_ascii_punctuation() && !matches!(c, '_' | ',' | ')' | ']'));
        if signs > MAX_SIGNS {
            return Err(flaw_at(text, offset, format!("an expression has at most {MAX_SIGNS} signs")));
        }
        if depth > MAX_NESTING {
            return Err(flaw_at(text, offset, format!("brackets are nested at most {MAX_NESTING} deep")));
        }
        if recursing > MAX_RECURSING {
            let message = format!("`?`, `!` and `-` stand at most {MAX_RECURSING} times in one expression");
            return Err(flaw_at(text, offset, message));
        }
    }
    quote.map_or(Ok(()), |(_, start)| Err(unclosed(text, start)))
}

/// Whether the word `in` begins at a place outside quotes. A digit may stand right before it.
fn is_in(text: &str, offset: usize) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (before, after) = text.split_at(offset);
    let begins = !before.ends_with(|c: char| is_name(c) && !c.is_ascii_digit());
    begins && after.strip_prefix("in").is_some_and(|rest| !rest.starts_with(is_name))
}

fn unclosed(text: &str, start: usize) -> Flaw {
    flaw_at(text, start, "the text that begins here has no closing quote on its line".to_owned())
}

pub(super) fn flaw_at(text: &str, offset: usize, message: String) -> Flaw {
    let (line, column) = place_at(text, offset);
    Flaw { line, column, message }
}

pub(crate) fn place_at(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() as u32 + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() as u32 + 1;
    (line, column)
}
