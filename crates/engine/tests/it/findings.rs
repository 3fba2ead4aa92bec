//! How the tests of the check write down what they expect.

use vigiles_engine::Diagnostic;

/// Each expected as "field line:column part", or "field part" of a whole field; as many as there are.
pub(crate) fn check_found(text: &str, found: &[Diagnostic], expected: &[&str]) {
    assert_eq!(found.len(), expected.len(), "{text}: {found:#?}");
    for (d, expected) in found.iter().zip(expected) {
        let place = d.at.map_or(String::new(), |(line, column)| format!(" {line}:{column}"));
        let said = format!("{}{place} {}", d.field, d.message);
        assert!(said.starts_with(expected), "{text}: {said}");
    }
}
