//! What judges say and the lead hears, each in its turn.

use std::cmp::Ordering;
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use vigiles_model::{Alarm, AlarmId, Observation, ObservationId, Timestamp};

/// What a state of a judge came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Where in the entry.
    pub(crate) turn: TurnOf,
    /// Which state.
    pub(crate) state: StateName,
    /// Platform time.
    pub(crate) at: Timestamp,
    pub(crate) said: Said,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Said {
    Raised(Box<Alarm>),
    Supported(AlarmId, Box<Observation>),
    Cleared(AlarmId),
}

/// Where in an entry something has its turn. What is due by the time of the entry comes before the entry itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum TurnOf {
    /// A reading that was held back: platform time, phenomenon time, identity.
    Held(i64, i64, ObservationId),
    /// The timers due at a platform time.
    Timers(i64),
    /// A reading of the entry, by its number in it; of a command 0.
    Entry(u32),
}

impl Default for TurnOf {
    fn default() -> Self {
        Self::Entry(0)
    }
}

/// An address by names: the order of its fields is that in which states have their turn.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct StateName {
    pub(crate) rule: String,
    pub(crate) kind: String,
    pub(crate) scope: ScopeName,
    pub(crate) zone: String,
}

impl StateName {
    /// What comes before every state of a rule.
    pub(crate) fn first_of(rule: &str) -> Self {
        Self { rule: rule.to_owned(), kind: String::new(), scope: ScopeName::All, zone: String::new() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum ScopeName {
    All,
    Asset(String),
    Source(String),
    Zone(String),
    Cluster(u32),
    Flood,
}

/// Judgements on their way: said by a judge in the present step, or to be heard by the lead in it. Empty between steps.
#[derive(Debug, Default)]
pub(crate) struct Judgements {
    /// Where the engine is in the entry.
    pub(crate) turn: TurnOf,
    pub(crate) said: Vec<Judgement>,
    heard: Vec<VecDeque<Judgement>>,
}

impl Judgements {
    /// Takes what each judge said of this entry.
    pub(crate) fn hear(&mut self, of_judges: Vec<Vec<Judgement>>) {
        self.heard = of_judges.into_iter().map(VecDeque::from).filter(|queue| !queue.is_empty()).collect();
    }

    /// Whether all was heard.
    pub(crate) fn is_silent(&self) -> bool {
        self.heard.is_empty()
    }

    /// The turns that are next, one of each judge that has more to say.
    pub(crate) fn turns(&self) -> impl Iterator<Item = TurnOf> {
        self.heard.iter().filter_map(|queue| queue.front()).map(|judgement| judgement.turn)
    }

    /// The next of a turn, if its state comes before `state` where one is given.
    pub(crate) fn next_of(&mut self, turn: TurnOf, state: Option<&StateName>) -> Option<Judgement> {
        let order = |a: &StateName| state.map_or(Ordering::Less, |state| a.cmp(state));
        let fronts = self.heard.iter().enumerate().filter_map(|(i, queue)| queue.front().map(|front| (i, front)));
        let wanted = fronts.filter(|(_, front)| front.turn == turn && order(&front.state).is_lt());
        let (i, _) = wanted.min_by(|(_, a), (_, b)| a.state.cmp(&b.state))?;
        let queue = self.heard.get_mut(i)?;
        let next = queue.pop_front();
        if queue.is_empty() {
            self.heard.swap_remove(i);
        }
        next
    }
}
