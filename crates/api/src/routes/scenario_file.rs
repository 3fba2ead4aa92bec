//! The text of a scenario file, and where in it a fault stands.

use vigiles_engine::exercise::Scenario;
use vigiles_formats::place;

use crate::problem::{Code, Fault, Problem, Within};

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
    for fault in &mut problem.errors {
        if let Some(found) = place::in_toml(text, &fault.path) {
            *fault = fault.clone().at(Within::Text, found);
        }
    }
    problem
}

fn refused(code: Code, path: &str, error: &toml::de::Error, text: &str) -> Problem {
    let fault = Fault::new(path, error.message());
    let fault = match error.span() {
        Some(span) => fault.at(Within::Text, place::at(text, span.start)),
        None => fault,
    };
    Problem { errors: vec![fault.clone()], ..Problem::new(code, format!("{}: {}", fault.path, fault.message)) }
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
        let fault = placed(Problem::of(Code::Invalid, "timeline[0].reading.kind", "wrong"), SMOG).errors.remove(0);
        assert_eq!((fault.line, fault.column, fault.within), (Some(7), Some(8), Some(Within::Text)));
    }
}
