//! Where in a text a field stands, for faults that are found once it has been read.
//!
//! A path is written as in error messages: `detector.sequence.parts[2].when`.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::value::RawValue;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Line and column, both from 1; the column counts characters.
pub type Place = (usize, usize);

/// Where the value of a field stands in JSON; none where it is not there.
pub fn in_json(text: &str, path: &str) -> Option<Place> {
    let mut here: &RawValue = serde_json::from_str(text).ok()?;
    for name in path.split(['.', '[']) {
        here = match name.strip_suffix(']') {
            Some(index) => {
                let items: Vec<&RawValue> = serde_json::from_str(here.get()).ok()?;
                items.get(index.parse::<usize>().ok()?).copied()?
            }
            None => serde_json::from_str::<BTreeMap<String, &RawValue>>(here.get()).ok()?.remove(name)?,
        };
    }
    Some(at(text, here.get().as_ptr().addr() - text.as_ptr().addr()))
}

/// Where the value of a field stands in TOML; where it is absent, what it is absent from.
pub fn in_toml(text: &str, path: &str) -> Option<Place> {
    let table = DeTable::parse(text).ok()?;
    span_of(&table, path).map(|span| at(text, span.start))
}

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

/// The place of a byte.
pub fn at(text: &str, byte: usize) -> Place {
    let before = text.get(..byte).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_json_is_found() {
        let text =
            " {\"id\": \"é\", \"n\": 3,\n  \"parts\": [ {\"when\":1}, {\"when\": [true]}],\"esc\\u0061pe\": null}";
        let check = |path: &str, expected: Option<Place>| assert_eq!(in_json(text, path), expected, "{path}");
        check("id", Some((1, 9)));
        check("n", Some((1, 19)));
        check("parts", Some((2, 12)));
        check("parts[1]", Some((2, 26)));
        check("parts[1].when", Some((2, 35)));
        check("parts[1].when[0]", Some((2, 36)));
        check("escape", Some((2, 59)));
        for absent in ["", "m", "parts[2]", "parts.when", "id.x", "n[0]", "parts[x]", "parts[1", "]"] {
            check(absent, None);
        }
        assert_eq!(in_json("{\"n\": 3", "n"), None);
    }

    #[test]
    fn a_field_of_toml_is_found_or_what_it_is_absent_from() {
        let text = "id = 'smog'\nname = 'Smog'\n\n[[timeline]]\nafter_s = 0.0\n[timeline.reading]\n\
                    kind = 'air.none'\nvalue = { Number = 90.0 }\n";
        let check = |path: &str, expected: Option<Place>| assert_eq!(in_toml(text, path), expected, "{path}");
        check("name", Some((2, 8)));
        check("timeline[0].reading.kind", Some((7, 8)));
        check("timeline[0].reading.fault", Some((6, 1)));
        check("timeline[0].reading.value", Some((8, 9)));
        check("timeline[4].after_s", Some((4, 1)));
        check("targets[0]", None);
    }
}
