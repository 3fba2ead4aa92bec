//! The text of a scenario file, and where in it a fault stands.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use vigiles_engine::exercise::Scenario;

use crate::problem::{Code, Fault, Problem};

/// Reads a scenario; what is wrong is told by field, line and column.
pub(super) fn read(text: &str) -> Result<Scenario, Problem> {
    let document = toml::Deserializer::parse(text).map_err(|e| refused(Code::Malformed, "file", &e, text))?;
    serde_path_to_error::deserialize(document).map_err(|e| {
        let path = e.path().to_string();
        let path = if path == "." { "file" } else { &path };
        refused(Code::Invalid, path, e.inner(), text)
    })
}

/// The same problem, with the place of each of its fields in the text.
pub(super) fn placed(mut problem: Problem, text: &str) -> Problem {
    let Ok(table) = DeTable::parse(text) else { return problem };
    for fault in &mut problem.errors {
        if let Some(span) = span_of(&table, &fault.path) {
            let (line, column) = place(text, span.start);
            *fault = fault.clone().at(line, column);
        }
    }
    problem
}

fn refused(code: Code, path: &str, error: &toml::de::Error, text: &str) -> Problem {
    let fault = Fault::new(path, error.message());
    let fault = match error.span() {
        Some(span) => {
            let (line, column) = place(text, span.start);
            fault.at(line, column)
        }
        None => fault,
    };
    Problem { errors: vec![fault.clone()], ..Problem::new(code, format!("{}: {}", fault.path, fault.message)) }
}

/// Where the field of a path such as `timeline[2].reading.kind` stands; where it is absent, what it is absent from.
fn span_of(table: &Spanned<DeTable<'_>>, path: &str) -> Option<Range<usize>> {
    let mut span = None;
    let mut here = Node::Table(table.get_ref());
    for name in path.split(['.', '[']) {
        let next = match (here, name.strip_suffix(']')) {
            (Node::Value(DeValue::Array(items)), Some(index)) => index.parse().ok().and_then(|i: usize| items.get(i)),
            (Node::Table(table) | Node::Value(DeValue::Table(table)), None) => table.get(name),
            _ => None,
        };
        let Some(next) = next else { break };
        span = Some(next.span());
        here = Node::Value(next.get_ref());
    }
    span
}

enum Node<'a> {
    Table(&'a DeTable<'a>),
    Value(&'a DeValue<'a>),
}

/// Line and column of a byte, both from 1; the column counts characters.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMOG: &str = "id = 'smog'\nname = 'Smog'\n\n[[timeline]]\nafter_s = 0.0\n[timeline.reading]\n\
                        kind = 'air.none'\nvalue = { Number = 90.0 }\n";

    #[test]
    fn what_cannot_be_read_is_named_by_field_line_and_column() {
        let check = |text: &str, code: Code, expected: (&str, usize, usize)| {
            let problem = read(text).unwrap_err();
            let fault = &problem.errors[0];
            let found = (fault.path.as_str(), fault.line.unwrap_or(0), fault.column.unwrap_or(0));
            assert_eq!((problem.code, found), (code, expected), "{}", fault.message);
        };
        check("id = 'smog", Code::Malformed, ("file", 1, 11));
        check(&SMOG.replace("0.0\n[", "'soon'\n["), Code::Invalid, ("timeline[0].after_s", 5, 11));
        check(&SMOG.replace("value", "värde"), Code::Malformed, ("file", 8, 2));
        check(&SMOG.replace("value", "reads"), Code::Invalid, ("timeline[0].reading.reads", 8, 1));
        check(&format!("{SMOG}other = 1"), Code::Invalid, ("timeline[0].reading.other", 9, 1));
        assert!(read(SMOG).is_ok());
    }

    #[test]
    fn a_fault_of_a_field_is_found_in_the_text() {
        let check = |path: &str, expected: Option<(usize, usize)>| {
            let problem = placed(Problem::of(Code::Invalid, path, "wrong"), SMOG);
            let fault = &problem.errors[0];
            assert_eq!(fault.line.zip(fault.column), expected, "{path}");
        };
        check("name", Some((2, 8)));
        check("timeline[0].reading.kind", Some((7, 8)));
        check("timeline[0].reading.fault", Some((6, 1)));
        check("timeline[0].reading.value", Some((8, 9)));
        check("timeline[4].after_s", Some((4, 1)));
        check("targets[0]", None);
    }
}
