//! One log, judged by several engines: each judges the readings of its partition, and one leads.
//!
//! A *judge* steps every entry, but takes the readings of its partition alone, and only the rules whose state belongs to one
//! asset or source. What its states come to it says in *judgements*, each with the place in the entry where the whole engine
//! would have come to it. The *lead* steps every entry too, judges the rules that look across assets, and hears the judgements
//! of an entry in their places: alarms, incidents and playbooks are its alone.
//!
//! Invariant: while no bound is reached, lead and judges together have the effects of one engine on the same log, in the same
//! order.

mod hearing;
mod judgement;
mod share;

use serde::{Deserialize, Serialize};
use vigiles_model::{Observation, Timestamp};

pub use self::judgement::Judgement;
pub(crate) use self::judgement::{Judgements, ScopeName, StateName, TurnOf};

use crate::compiled::{Compiled, Judge};
use crate::effect::{Effect, Input};
use crate::engine::Engine;
use crate::rule::{Detector, Key};

/// What an engine judges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Seat {
    /// Everything.
    #[default]
    Whole,
    /// The readings of one partition, by the rules whose state belongs to an asset or source.
    Judge(Partition),
    /// What the judges leave, and all that follows from alarms.
    Lead,
}

/// One of so many parts of the readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// Counted from 0, below `of`.
    pub number: u32,
    /// How many there are, at least one.
    pub of: u32,
}

impl Partition {
    /// Which of `of` partitions the readings of an asset, or of a source without assets, are in: FNV-1a of 32 bits
    /// (Fowler, Noll, Vo; RFC 9923), as the subject mapping of NATS reckons it.
    pub fn number_of(series: &str, of: u32) -> u32 {
        let hash =
            series.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        hash % of.max(1)
    }

    /// Whether a reading is in it.
    pub fn holds(self, o: &Observation) -> bool {
        self.holds_series(o.series())
    }

    /// Whether the readings of an asset, or of a source without assets, are in it.
    pub(crate) fn holds_series(self, series: &str) -> bool {
        Self::number_of(series, self.of) == self.number
    }
}

impl Seat {
    /// Whether a rule is judged here.
    pub(crate) fn judges(self, rule: &Compiled) -> bool {
        match self {
            Self::Whole => true,
            Self::Judge(_) => is_of_one_series(rule),
            Self::Lead => !is_of_one_series(rule),
        }
    }
}

/// Whether each state of the rule belongs to one asset or source, and looks at no other.
fn is_of_one_series(rule: &Compiled) -> bool {
    let looks_around = matches!(rule.rule.detector, Detector::Drift(_))
        || matches!(rule.judge, Judge::Count { radius_m: Some(_), .. });
    rule.rule.key == Key::Asset && !looks_around
}

impl Engine {
    /// The same in a seat: one of several that share a log. It was restored from a snapshot of this seat, or from one of
    /// the whole engine, of which it keeps what belongs here.
    #[must_use]
    pub fn seated(mut self, seat: Seat) -> Self {
        self.seat = seat;
        self.keep_share();
        self.prepare();
        self
    }

    /// Takes one entry of the log as a judge, and says what its states came to.
    pub fn judge(&mut self, input: &Input, now: Timestamp) -> Vec<Judgement> {
        debug_assert!(matches!(self.seat, Seat::Judge(_)), "who judges has a partition");
        self.step(input, now, &mut Vec::new());
        std::mem::take(&mut self.live.judgements.said)
    }

    /// Takes one entry of the log as the lead, with what each judge said of it.
    pub fn step_hearing(
        &mut self,
        input: &Input,
        now: Timestamp,
        of_judges: Vec<Vec<Judgement>>,
        effects: &mut Vec<Effect>,
    ) {
        debug_assert!(self.seat == Seat::Lead, "who hears leads");
        self.live.judgements.hear(of_judges);
        self.step(input, now, effects);
        debug_assert!(self.live.judgements.is_silent(), "every judgement has its turn");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_those_of_the_published_hash() {
        // Test vectors of the hash's authors: "", "a", "foobar".
        let hash = |text| Partition::number_of(text, u32::MAX);
        assert_eq!((hash(""), hash("a"), hash("foobar")), (0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968));
    }
}
