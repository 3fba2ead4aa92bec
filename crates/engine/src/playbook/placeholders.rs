//! Filling in `{title}`, `{answers.smell}` and the like. What is no known placeholder stays as it stands.

use std::fmt::Write as _;

use vigiles_model::playbook::OutwardKinds;

use super::condition::{Situation, priority_number, reality_text};
use crate::incidents::{severity_text, state_text};

/// Longest text after filling in, in bytes; the rest is cut off.
const MAX_FILLED_BYTES: usize = 16_384;

/// Where a filled-in text ends up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Read by people.
    Text,
    /// Part of an address (RFC 3986): what has a meaning there is percent-encoded.
    Path,
    /// Inside a quoted text of JSON (RFC 8259, section 7).
    Json,
}

/// Fills in the texts of an action, as things stand in its incident.
pub(super) struct Filler<'a> {
    pub(super) situation: Situation<'a>,
    /// The kinds that act outward: which of their settings are texts.
    pub(super) kinds: &'a OutwardKinds,
}

impl Filler<'_> {
    /// A text that people read.
    pub(super) fn text(&self, template: &str) -> String {
        fill(template, &self.situation, Place::Text)
    }

    /// Part of an address.
    pub(super) fn path(&self, template: &str) -> String {
        fill(template, &self.situation, Place::Path)
    }

    /// JSON with placeholders inside its quoted texts.
    pub(super) fn json(&self, template: &str) -> String {
        fill(template, &self.situation, Place::Json)
    }
}

/// What is filled in, beside `{answers.<step>}` and `{outcomes.<step>}`.
pub(super) const WORDS: [&str; 13] = [
    "id",
    "number",
    "title",
    "incident_type",
    "severity",
    "priority",
    "state",
    "reality",
    "agency",
    "opened",
    "place",
    "alarms",
    "active_alarms",
];

/// What looks like a placeholder, with where it begins: a name between braces. What JSON has between them is none.
pub(super) fn named(template: &str) -> impl Iterator<Item = (usize, &str)> {
    template.match_indices('{').filter_map(|(start, _)| {
        let (word, _) = template[start + 1..].split_once('}')?;
        let is_name = word.starts_with(|c: char| c.is_alphabetic())
            && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
        is_name.then_some((start, word))
    })
}

fn fill(template: &str, situation: &Situation<'_>, place: Place) -> String {
    let (mut filled, mut rest) = (String::with_capacity(template.len()), template);
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        filled.push_str(before);
        let word = from.get(1..).and_then(|inner| inner.split_once('}')).map(|(word, _)| word);
        if let Some((word, value)) = word.and_then(|word| Some((word, value(word, situation)?))) {
            encode(&value, place, &mut filled);
            rest = &from[word.len() + 2..];
        } else {
            filled.push('{');
            rest = &from[1..];
        }
    }
    filled.push_str(rest);
    let end = filled.floor_char_boundary(MAX_FILLED_BYTES);
    filled.truncate(end);
    filled
}

fn value(word: &str, situation: &Situation<'_>) -> Option<String> {
    let incident = situation.incident;
    Some(match word {
        "id" => incident.id.to_string(),
        "number" => incident.number.to_string(),
        "title" => incident.title.clone(),
        "incident_type" => incident.incident_type.clone(),
        "severity" => severity_text(incident.severity).to_owned(),
        "priority" => format!("p{}", priority_number(incident.priority)),
        "state" => state_text(incident.state).to_owned(),
        "reality" => reality_text(incident.reality).to_owned(),
        "agency" => incident.agency.to_string(),
        "opened" => incident.opened.to_string(),
        "place" => {
            let centre = incident.place.as_ref().map(vigiles_model::Geometry::centre);
            centre.map(|c| format!("{:.5}, {:.5}", c.lat, c.lon)).unwrap_or_default()
        }
        "alarms" => incident.alarms.len().to_string(),
        "active_alarms" => situation.active_alarms.to_string(),
        _ => {
            let (holder, step) = word.split_once('.')?;
            let task = situation.step(step)?;
            match holder {
                "answers" => task.answer.clone().unwrap_or_default(),
                "outcomes" => task.state.as_str().to_owned(),
                _ => return None,
            }
        }
    })
}

fn encode(value: &str, place: Place, filled: &mut String) {
    match place {
        Place::Text => filled.push_str(value),
        Place::Path => {
            for byte in value.bytes() {
                if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                    filled.push(byte as char);
                } else {
                    let _ = write!(filled, "%{byte:02X}");
                }
            }
        }
        Place::Json => {
            for c in value.chars() {
                match c {
                    '"' | '\\' => filled.extend(['\\', c]),
                    c if c < ' ' => {
                        let _ = write!(filled, "\\u{:04x}", c as u32);
                    }
                    c => filled.push(c),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use vigiles_model::playbook::{Action, Step, Task};
    use vigiles_model::{Incident, Reality, StepId, Timestamp};

    use super::*;

    fn check(template: &str, place: Place, expected: &str) {
        let mut incident =
            Incident::opened("inc-1".parse().unwrap(), 17, "fire".parse().unwrap(), Reality::Actual, Timestamp(0));
        incident.title = "Gas \"Ä\"/é\n".to_owned();
        let ask = Action::Ask { question: "Smell?".into(), options: vec![] };
        let mut task =
            Task::new("tsk-1".parse().unwrap(), Step { id: StepId::new("smell").ok(), ..Step::new("Ask", ask) });
        task.answer = Some("yes {number}".to_owned());
        incident.tasks.push(task);
        let situation = Situation { incident: &incident, run: 0, active_alarms: 2 };
        assert_eq!(fill(template, &situation, place), expected, "{template}");
    }

    #[test]
    fn placeholders_are_filled_in_once() {
        check("No. {number}: {answers.smell}, {priority}", Place::Text, "No. 17: yes {number}, p4");
        check("{outcomes.smell} {active_alarms} {place}.", Place::Text, "waiting 2 .");
        check("{unknown} {answers.x} {} {{number}} {", Place::Text, "{unknown} {answers.x} {} {17} {");
    }

    #[test]
    fn every_word_that_is_told_is_filled_in() {
        for word in WORDS {
            let template = format!("{{{word}}}");
            assert_eq!(named(&template).collect::<Vec<_>>(), [(0, word)]);
            let incident =
                Incident::opened("inc-1".parse().unwrap(), 17, "fire".parse().unwrap(), Reality::Actual, Timestamp(0));
            let situation = Situation { incident: &incident, run: 0, active_alarms: 2 };
            assert_ne!(fill(&template, &situation, Place::Text), template);
        }
    }

    fn check_named(template: &str, expected: &[(usize, &str)]) {
        assert_eq!(named(template).collect::<Vec<_>>(), expected, "{template}");
    }

    #[test]
    fn a_placeholder_is_a_name_between_braces() {
        check_named(
            "No. {number}, {titel} and {answers.smell-in}",
            &[(4, "number"), (14, "titel"), (26, "answers.smell-in")],
        );
        check_named("{{number}} {} { number } {\"a\": {}} {1} {", &[(1, "number")]);
        check_named(r#"{"t": "{größe}", "n": {"m": 1}}"#, &[(7, "größe")]);
    }

    #[test]
    fn values_stay_inside_their_place() {
        check("/i/{number}?t={title}", Place::Path, "/i/17?t=Gas%20%22%C3%84%22%2F%C3%A9%0A");
        check(r#"{"t": "{title}"}"#, Place::Json, "{\"t\": \"Gas \\\"Ä\\\"/é\\u000a\"}");
    }
}
