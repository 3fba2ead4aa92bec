//! A judge says what its states came to; the lead does what follows from it.

use std::sync::Arc;

use vigiles_model::{Alarm, Observation, Timestamp};

use super::judgement::{Judgement, Said, StateName, TurnOf};
use crate::compiled::Compiled;
use crate::grounds::Grounds;
use crate::slot::{Address, Evidence};
use crate::turn::Turn;

impl Turn<'_> {
    /// An alarm, as a judge raises it: the lead decides whether there is room for it. The judge keeps what names it.
    pub(crate) fn say_raised(&mut self, rule: &Compiled, address: Address, grounds: Grounds, at: Timestamp) -> u64 {
        let alarm = self.describe(rule, address, grounds, at);
        let kept = Alarm { reason: String::new(), causes: Vec::new(), basis: None, ..alarm.clone() };
        self.say(address, at, Said::Raised(Box::new(alarm)));
        self.keep_alarm(address, kept)
    }

    /// A reading that supports an alarm; of a silent rule there is none.
    pub(crate) fn say_supported(&mut self, number: u64, o: &Observation, at: Timestamp) {
        let Some(record) = self.live.alarms.get(&number) else { return };
        let said = Said::Supported(record.alarm.id.clone(), Box::new(o.clone()));
        self.say(record.address, at, said);
    }

    /// An alarm is over: the judge forgets it.
    pub(crate) fn say_cleared(&mut self, number: u64, at: Timestamp) {
        let Some(record) = self.live.alarms.get(&number).map(Arc::clone) else { return };
        self.forget_alarm(number);
        self.say(record.address, at, Said::Cleared(record.alarm.id.clone()));
    }

    fn say(&mut self, address: Address, at: Timestamp, said: Said) {
        let state = self.live.names.state(address);
        let turn = self.live.judgements.turn;
        self.live.judgements.said.push(Judgement { turn, state, at, said });
    }

    /// Hears what has its turn before a state of this engine.
    pub(crate) fn hear_before_state(&mut self, turn: TurnOf, address: Address) {
        if !self.live.judgements.is_silent() {
            let state = self.live.names.state(address);
            self.hear(turn, Some(&state));
        }
    }

    /// Hears what has its turn before the states of a rule of this engine.
    pub(crate) fn hear_before(&mut self, turn: TurnOf, rule: u32) {
        if !self.live.judgements.is_silent() {
            let first = StateName::first_of(self.live.names.text(rule));
            self.hear(turn, Some(&first));
        }
    }

    /// Hears all that judges said of a turn, or what comes before a state.
    pub(crate) fn hear(&mut self, turn: TurnOf, before: Option<&StateName>) {
        while let Some(Judgement { state, at, said, .. }) = self.live.judgements.next_of(turn, before) {
            match said {
                Said::Raised(alarm) => self.hear_raised(*alarm, &state, at),
                Said::Supported(alarm, o) => {
                    if let Some(number) = self.live.alarm_numbers.get(&alarm) {
                        self.support(*number, &o, at);
                    }
                }
                Said::Cleared(alarm) => {
                    if let Some(number) = self.live.alarm_numbers.get(&alarm) {
                        self.clear(*number, at);
                    }
                }
            }
        }
    }

    fn hear_raised(&mut self, alarm: Alarm, state: &StateName, at: Timestamp) {
        let Some(rule) = self.book.rule_of(&alarm.rule).map(Arc::clone) else { return };
        let Some(address) = self.live.names.address(state) else {
            self.live.counters.refused += 1;
            return;
        };
        if self.has_room_for_alarm(&rule) {
            self.enter(&rule, address, alarm, at);
        } else {
            let evidence = Evidence { causes: alarm.causes, support: alarm.support, figure: 0.0 };
            self.flood(&rule, Grounds::from(evidence), at);
        }
    }
}
