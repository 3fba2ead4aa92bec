//! What the grammar did not understand, in the words of who wrote it: what stands there, what may, and what was probably
//! meant. The parser's own words name its tokens.

use super::Flaw;
use super::shape::flaw_at;

const A_VALUE: &str = "a value: a name, a number, a text in quotes or `(`";
const MORE: &str = "a comparison, `&&`, `||` or the end";

/// What is wrong with a text that the grammar does not take: the first place where it does not go on.
pub(super) fn syntax_flaw(text: &str, errors: &cel::ParseErrors) -> Flaw {
    let Some(first) = errors.errors.first() else {
        return flaw_at(text, 0, "not an expression".to_owned());
    };
    let (line, column) = (first.pos.0.max(1) as u32, first.pos.1.max(1) as u32);
    let (before, rest) = split_at(text, line, column);
    let found = token(rest);
    let message = if first.msg.starts_with("reserved identifier") {
        format!("`{found}` is a word of the language and no name")
    } else if first.msg.starts_with("Incomplete") {
        "`?` needs both sides: time.hour < 6 ? 20 : 50".to_owned()
    } else if found.is_empty() {
        format!("expected {}, found the end", expected(&first.msg))
    } else {
        let hint = hint(before.trim_end(), found).map_or(String::new(), |hint| format!("; {hint}"));
        format!("expected {}, found `{found}`{hint}", expected(&first.msg))
    };
    Flaw { line, column, message }
}

/// The text before a place and from it on.
fn split_at(text: &str, line: u32, column: u32) -> (&str, &str) {
    let start: usize = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
    let within = text[start..].char_indices().nth(column as usize - 1).map_or(text.len() - start, |(offset, _)| offset);
    text.split_at(start + within)
}

/// What a text begins with: a word or number, or signs up to the next of them.
fn token(rest: &str) -> &str {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '\'');
    let same = rest.chars().next().is_some_and(is_word);
    let end = rest.find(|c: char| c.is_whitespace() || is_word(c) != same).unwrap_or(rest.len());
    &rest[..end.min(rest.char_indices().nth(24).map_or(rest.len(), |(offset, _)| offset))]
}

/// What the parser would have taken, by the tokens that it lists.
fn expected(message: &str) -> &'static str {
    let expecting = message.split_once("expecting ").map_or("", |(_, expecting)| expecting);
    if message.contains("missing ')'") {
        "`)`"
    } else if expecting.contains("']'") {
        "`,` or `]`"
    } else if expecting.contains("IDENTIFIER") {
        A_VALUE
    } else if message.contains("no viable alternative at input '.'") {
        "a name after `.`"
    } else {
        MORE
    }
}

/// What is probably meant, where other languages or people write it so.
fn hint(before: &str, found: &str) -> Option<&'static str> {
    let after_digit = before.ends_with(|c: char| c.is_ascii_digit());
    Some(match found.to_ascii_lowercase().as_str() {
        "and" | "&" => "write `&&`",
        "or" | "|" => "write `||`",
        "=" | "is" | "equals" | "===" => "write `==`",
        "=>" => "write `>=`",
        "=<" => "write `<=`",
        _ if before.ends_with('<') && found.starts_with('>') => "write `!=`",
        _ if before.ends_with("not") || before.ends_with("NOT") => "write `!` for `not`: !(value > 3)",
        "," if after_digit => "decimals have a point: 3.5",
        word if after_digit && word.starts_with(|c: char| c.is_alphabetic() || matches!(c, '%' | '°')) => {
            "a number with its unit is quantity(35, \"ug/m3\")"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Expression, Scope};

    fn check(text: &str, column: u32, expected: &str) {
        let flaw = Expression::compile(text, Scope::stored(false, None)).unwrap_err();
        assert_eq!((flaw.line, flaw.column, flaw.message.as_str()), (1, column, expected), "{text}");
    }

    fn check_more(text: &str, column: u32, expected: &str) {
        check(text, column, &format!("expected a comparison, `&&`, `||` or the end, found {expected}"));
    }

    fn check_value(text: &str, column: u32, expected: &str) {
        check(text, column, &format!("expected a value: a name, a number, a text in quotes or `(`, found {expected}"));
    }

    #[test]
    fn what_other_languages_write_is_told_what_it_is_here() {
        check_more("value > 3 and value < 5", 11, "`and`; write `&&`");
        check_more("value > 3 OR value < 5", 11, "`OR`; write `||`");
        check_more("value > 3 & value < 5", 11, "`&`; write `&&`");
        check_more("value = 3", 7, "`=`; write `==`");
        check_more("value is 3", 7, "`is`; write `==`");
        check_more("value => 3", 7, "`=>`; write `>=`");
        check_value("value <> 3", 8, "`>`; write `!=`");
        check_more("not value > 3", 5, "`value`; write `!` for `not`: !(value > 3)");
        check_more("value > 3,5", 10, "`,`; decimals have a point: 3.5");
        check_more("value > 35 µg", 12, "`µg`; a number with its unit is quantity(35, \"ug/m3\")");
        check_more("value > 30°C", 11, "`°`; a number with its unit is quantity(35, \"ug/m3\")");
    }

    #[test]
    fn the_place_and_what_may_stand_there_are_named() {
        check_value("value >", 8, "the end");
        check_value("", 1, "the end");
        check_value("value > 3 && || value", 14, "`||`");
        check_more("value > 3)", 10, "`)`");
        check_more("value > 3;", 10, "`;`");
        check_more("kind == air pm", 13, "`pm`");
        check("(value > 3", 11, "expected `)`, found the end");
        check("kind in ['a' 'b']", 14, "expected `,` or `]`, found `'b'`");
        check("window('1m').", 14, "expected a name after `.`, found the end");
        check("value > 3 ? 1", 1, "`?` needs both sides: time.hour < 6 ? 20 : 50");
        check("if value > 3", 1, "`if` is a word of the language and no name");
    }
}
