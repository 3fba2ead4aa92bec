//! Which events a client wants.

use serde::Deserialize;
use utoipa::IntoParams;
use vigiles_model::Reality;

use super::Frame;
use crate::call::words;
use crate::problem::{Code, Problem};
use crate::routes::listing::realities;

/// Every event that a client may choose; `hello` and `resync` come to all.
const EVENTS: [&str; 12] = [
    "incident",
    "alarm",
    "asset",
    "zone",
    "kind",
    "rule",
    "playbook",
    "correlation",
    "exercise",
    "observations",
    "notice",
    "status",
];

/// Which events.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsQuery {
    /// Names of events, separated by commas; all where absent. A client that does not ask for `observations` is sent
    /// only what changes.
    #[param(example = "alarm,incident")]
    events: Option<String>,
    /// Which incidents: `actual` where absent; `actual`, `exercise`, `test`, separated by commas. Alarms of exercises are
    /// no events.
    #[param(example = "actual,exercise")]
    reality: Option<String>,
}

/// The events of one client.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    events: Vec<&'static str>,
    realities: Vec<Reality>,
}

impl Wanted {
    pub(super) fn of(query: &EventsQuery) -> Result<Self, Problem> {
        let realities = realities(query.reality.as_deref())?;
        if query.events.is_none() {
            return Ok(Self { events: EVENTS.to_vec(), realities });
        }
        let known = |word: &String| EVENTS.into_iter().find(|event| event == word).ok_or_else(|| word.clone());
        let chosen: Result<Vec<_>, _> = words(query.events.as_deref()).iter().map(known).collect();
        match chosen {
            Ok(chosen) if chosen.is_empty() => Err(wrong("names no event")),
            Ok(events) => Ok(Self { events, realities }),
            Err(unknown) => Err(wrong(&format!("there is no event {unknown:?}"))),
        }
    }

    pub(super) fn has(&self, event: &str) -> bool {
        self.events.contains(&event)
    }

    /// Whether the client is meant to get it; what it may see is another question.
    pub(super) fn takes(&self, frame: &Frame) -> bool {
        self.has(frame.event) && self.realities.contains(&frame.reality)
    }
}

fn wrong(why: &str) -> Problem {
    Problem::of(Code::Malformed, "events", format!("{why}; there are {}", EVENTS.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asked: Option<&str>, expected: Result<usize, &str>) {
        let found = Wanted::of(&EventsQuery { events: asked.map(str::to_owned), reality: None });
        match (found, expected) {
            (Ok(wanted), Ok(count)) => assert_eq!(wanted.events.len(), count, "{asked:?}"),
            (Err(problem), Err(why)) => assert!(problem.detail.contains(why), "{problem:?}"),
            (found, _) => panic!("{asked:?}: {found:?}"),
        }
    }

    #[test]
    fn all_some_and_wrong_ones() {
        check(None, Ok(EVENTS.len()));
        check(Some("alarm, incident"), Ok(2));
        check(Some(""), Err("names no event"));
        check(Some("alarm,siren"), Err("there is no event \"siren\""));
    }
}
