//! What a door says to the engine's process beside its entries: read where they are merged, and never put into the log, since
//! nothing that is kept comes of it.
//!
//! An aside may be heard twice, where another engine takes over, or never: whoever waits for what comes of it waits for a
//! moment only.

use serde::{Deserialize, Serialize};
use vigiles_engine::Told;

use crate::record::ASIDE;

/// One aside.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aside {
    /// Which open incidents may a call belong to?
    Near {
        /// Of the asker, for the answer.
        ticket: u128,
        /// What is known of the call.
        told: Told,
    },
    /// A notice was shown.
    Shown {
        /// Of the notice.
        ticket: u128,
        /// On how many consoles.
        consoles: usize,
    },
}

/// The entry of a door's topic.
pub(crate) fn write(aside: &Aside) -> Vec<u8> {
    let mut bytes = vec![ASIDE];
    serde_json::to_writer(&mut bytes, aside).expect("asides have text keys, and memory takes what is written");
    bytes
}

/// Reads an entry of a door's topic; none where it is no aside.
pub fn parse(entry: &[u8]) -> Option<Result<Aside, serde_json::Error>> {
    match entry.split_first() {
        Some((&ASIDE, json)) => Some(serde_json::from_slice(json)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use vigiles_model::{Geometry, Position, Reality};

    use super::*;
    use crate::record;

    #[test]
    fn asides_are_read_as_they_were_written_and_are_no_entries_of_the_log() {
        let check = |aside: Aside| {
            let bytes = write(&aside);
            assert_eq!(parse(&bytes).unwrap().unwrap(), aside);
            assert!(record::parse(&bytes).is_err() && record::placed(&bytes, 1).is_err());
        };
        let place = Some(Geometry::Point(Position { lon: 13.25, lat: 52.5 }));
        let told = Told { incident_type: Some("fire".to_owned()), place, reality: Reality::Actual };
        check(Aside::Near { ticket: u128::MAX, told });
        check(Aside::Near { ticket: 0, told: Told { incident_type: None, place: None, reality: Reality::Exercise } });
        check(Aside::Shown { ticket: 1 << 64, consoles: 3 });
    }

    #[test]
    fn what_is_no_aside_is_told_apart() {
        assert!(parse(&[]).is_none());
        assert!(parse(&record::tick()).is_none());
        assert!(parse(&[ASIDE]).unwrap().is_err());
    }
}
