//! What the states of rules take in memory, and that no rule takes more of it than its share.
//!
//! Every state that is changed is weighed anew before the next reading. Where it grew, and its rule has what it may have,
//! it forgets its oldest readings until it is as it was: rules go on judging, with a shorter memory.

use std::mem::size_of;

use vigiles_model::Observation;
use vigiles_model::alarm::{MAX_CAUSES, Stage};

use crate::bytes;
use crate::compiled::{Compiled, Judge};
use crate::counter::SlidingCount;
use crate::shares::may_take;
use crate::slot::{Address, Evidence, Memory, Slot};
use crate::statistic::MAX_LOOKED_AT;
use crate::turn::Turn;
use crate::window::Window;

/// Most bytes of all states of rules, as they are counted here: a million states of 1 kB each, twice.
pub const MAX_STATE_BYTES: u64 = 2 << 30;

/// The most bytes of all states.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most(pub(crate) usize);

impl Default for Most {
    fn default() -> Self {
        Self(MAX_STATE_BYTES as usize)
    }
}

/// What a state takes that holds nothing: itself, and its places in the index and among the timers.
pub(crate) const EMPTY: usize = size_of::<Option<Slot>>()
    + bytes::of_entry::<(Address, u32)>()
    + bytes::of_entry::<(Address, i64)>()
    + 3 * size_of::<(i64, Address)>();

impl Slot {
    /// Bytes that the state takes.
    pub(crate) fn bytes(&self) -> usize {
        EMPTY + self.memory.bytes() + self.evidence.as_deref().map_or(0, Evidence::bytes)
    }

    /// Forgets a reading, one that is missed least; false where there is none to spare.
    fn shed(&mut self) -> bool {
        self.evidence.as_deref_mut().is_some_and(Evidence::shed) || self.memory.shed()
    }
}

impl Evidence {
    fn bytes(&self) -> usize {
        let beside: usize = self.causes.iter().map(bytes::beside).sum();
        size_of::<Self>() + bytes::grown::<Observation>(self.causes.len().min(MAX_CAUSES)) + beside
    }

    /// Lets go of one between the first and the last.
    fn shed(&mut self) -> bool {
        let spare = self.causes.len() > 2;
        if spare {
            self.causes.remove(self.causes.len() / 2);
            self.causes.shrink_to_fit();
        }
        spare
    }
}

impl Memory {
    fn bytes(&self) -> usize {
        match self {
            Self::Nothing | Self::Previous { .. } | Self::Level(_) => 0,
            Self::Last { observation, .. } => bytes::boxed(observation),
            Self::Inside { zones, open } => 2 * bytes::grown::<u32>(zones.len().max(open.len())),
            Self::Windows(windows) => windows.iter().map(|w| size_of_val(w) + w.bytes()).sum(),
            Self::Counter(counter) => size_of_val(&**counter) + counter.bytes(),
            Self::Clusters { pool, open, .. } => size_of_val(&**pool) + pool.bytes() + bytes::grown::<u32>(open.len()),
            Self::LargeCounter(counter) => size_of_val(&**counter) + counter.bytes(),
            Self::Pattern(pattern) => size_of_val(&**pattern) + pattern.bytes(),
            Self::Statistic(statistic) => size_of_val(&**statistic) + statistic.kernel.bytes(),
            Self::Neighbourhood(all) => size_of_val(&**all) + all.bytes(),
            Self::Unanswered(open) => size_of_val(&**open) + open.bytes(),
        }
    }

    /// How many earlier readings a new one is compared with, beside the latest.
    fn entries(&self) -> usize {
        match self {
            Self::Nothing | Self::Previous { .. } | Self::Last { .. } | Self::Level(_) => 0,
            Self::Inside { zones, open } => zones.len().max(open.len()),
            Self::Windows(windows) => windows.iter().map(Window::len).sum(),
            Self::Counter(counter) => counter.len(),
            Self::Clusters { pool, .. } => pool.len(),
            // It looks at the spans at both ends.
            Self::LargeCounter(_) => 2,
            Self::Pattern(pattern) => pattern.len(),
            Self::Statistic(_) => 8,
            Self::Neighbourhood(all) => all.len().min(MAX_LOOKED_AT),
            Self::Unanswered(open) => open.len(),
        }
    }

    /// Gives back the room that is no longer needed.
    fn fit(&mut self) {
        match self {
            Self::Windows(windows) => windows.iter_mut().for_each(Window::fit),
            Self::Counter(counter) => counter.fit(),
            Self::Clusters { pool, .. } => pool.fit(),
            Self::LargeCounter(counter) => counter.fit(),
            Self::Pattern(pattern) => pattern.fit(),
            Self::Unanswered(open) => open.fit(),
            _ => {}
        }
    }

    fn shed(&mut self) -> bool {
        match self {
            Self::Windows(windows) => windows.iter_mut().any(Window::shed),
            Self::Counter(counter) => counter.shed(),
            Self::Clusters { pool, .. } => pool.shed(),
            Self::LargeCounter(counter) => counter.shed(),
            Self::Pattern(pattern) => pattern.shed(),
            Self::Neighbourhood(all) => all.shed(),
            Self::Unanswered(open) => open.shed(),
            _ => false,
        }
    }
}

impl Turn<'_> {
    /// Weighs the states that were changed. Gives how many readings they were compared with.
    pub(crate) fn weigh(&mut self) -> usize {
        let mut compared = 0;
        while let Some(index) = self.live.next_changed() {
            compared += self.weigh_slot(index);
        }
        compared
    }

    /// The same after a rule has judged: what was compared were steps of its.
    pub(crate) fn weigh_for(&mut self, rule: &Compiled) {
        let compared = self.weigh();
        // A reading may be each part of a sequence, and is then held against every one under way.
        let parts = if matches!(rule.judge, Judge::Sequence { .. }) { rule.parts.len() } else { 1 };
        rule.spent.add(compared * parts);
    }

    fn weigh_slot(&mut self, index: u32) -> usize {
        let Some(slot) = self.live.changed_slot(index) else { return 0 };
        slot.memory.fit();
        let compared = slot.memory.entries();
        let (rule, before, mut after) = (slot.address.rule, slot.weight as usize, slot.bytes());
        if after > before && !self.may_grow(rule) {
            self.live.counters.refused += 1;
            after = self.shed(index, before);
        }
        self.live.put_weight(index, after);
        compared
    }

    fn may_grow(&self, rule: u32) -> bool {
        let stage = self.book.rule(rule).map_or(Stage::Silent, |rule| rule.rule.stage);
        let shares = &self.live.shares;
        may_take(shares.bytes(rule), shares.all_bytes(), self.live.most.0, stage)
    }

    /// Makes a state as light as it was, as far as it can be; says what it weighs then.
    fn shed(&mut self, index: u32, before: usize) -> usize {
        let Some(slot) = self.live.changed_slot(index) else { return 0 };
        let address = slot.address;
        let mut after = slot.bytes();
        while after > before && slot.shed() {
            slot.memory.fit();
            after = slot.bytes();
        }
        if let Some(rule) = self.book.rule(address.rule) {
            self.live.place_cluster(rule, address);
        }
        after
    }
}

#[cfg(test)]
mod tests {
    use vigiles_model::kind::{Overload, ValueType};
    use vigiles_model::{
        AgencyId, AssetId, Duration, KindId, ObservationId, ObservationKind, Origin, Quality, SourceId, Timestamp,
        Value,
    };

    use super::*;
    use crate::{Command, CommandBody, Effect, Engine, Input, Rule};

    const MOST: usize = 1 << 20;

    fn reading(asset: usize, second: i64) -> Observation {
        let mut o = Observation {
            id: ObservationId(0),
            kind: KindId::new("speed").unwrap(),
            source: SourceId::new("feed").unwrap(),
            asset: AssetId::new(format!("a{asset}")).ok(),
            time: Timestamp::from_secs(second),
            arrived: Timestamp::from_secs(second),
            place: None,
            value: Value::Number(1.0),
            quality: Quality::Good,
            origin: Origin::Live,
            attributes: Vec::new(),
        };
        o.id = o.content_id();
        o
    }

    fn rule(id: &str, detector: &str) -> Rule {
        let head = format!("id = '{id}'\nname = 'x'\nagency = 'city'\nkinds = ['speed']\nstage = 'live'");
        toml::from_str(&format!("{head}\n{detector}\n[alarm]\ntitle = 'x'\nseverity = 'minor'")).unwrap()
    }

    fn engine(rules: &[Rule]) -> Engine {
        let kind = ObservationKind {
            id: KindId::new("speed").unwrap(),
            name: "speed".into(),
            quantity: "speed".into(),
            unit: "km/h".into(),
            value_type: ValueType::Number,
            min: None,
            max: None,
            retention: Duration::from_secs(3600),
            personal: false,
            overload: Overload::Wait,
        };
        let rules = rules.iter().map(|rule| CommandBody::PutRule(Box::new(rule.clone())));
        let mut engine = Engine::new();
        for body in std::iter::once(CommandBody::PutKind(Box::new(kind))).chain(rules) {
            let command = Command { by: None, agency: AgencyId::new("city").unwrap(), expected_version: None, body };
            let mut effects = Vec::new();
            engine.step(&Input::Command(command), Timestamp(0), &mut effects);
            assert!(matches!(effects.last(), Some(Effect::CommandDone(Ok(_)))), "{effects:?}");
        }
        engine.live.most = Most(MOST);
        engine
    }

    fn feed(engine: &mut Engine, assets: usize, seconds: std::ops::Range<i64>) {
        for second in seconds {
            let all = (0..assets).map(|asset| reading(asset, second)).collect();
            engine.step(&Input::Observations(all), Timestamp::from_secs(second), &mut Vec::new());
        }
    }

    fn bytes(engine: &Engine, rule: &str) -> usize {
        engine.live.shares.bytes(engine.live.names.number(rule).unwrap())
    }

    /// Every detector whose states grow, in a city that would need some ten times what there is.
    fn check(detector: &str) {
        let mut engine = engine(&[rule("greedy", detector)]);
        feed(&mut engine, 200, 0..120);
        let (taken, refused) = (bytes(&engine, "greedy"), engine.statistics().refused);
        // Half, and one reading more of each key.
        assert!((MOST / 3..MOST / 2 + 200 * 1_000).contains(&taken) && refused > 0, "{detector}: {taken}, {refused}");
        // Counted from what is there, also by one that was restored and goes on.
        let mut restored = Engine::restore(&engine.snapshot()).unwrap();
        restored.live.most = Most(MOST);
        for _ in 0..2 {
            assert_eq!(bytes(&restored, "greedy"), bytes(&engine, "greedy"), "{detector}");
            assert_eq!(restored.snapshot(), engine.snapshot(), "{detector}");
            feed(&mut engine, 250, 120..150);
            feed(&mut restored, 250, 120..150);
        }
    }

    #[test]
    fn a_rule_takes_no_more_than_its_share_and_goes_on() {
        check("[detector.sequence]\nwithin_s = 600\nparts = [{}, {when = 'value > 5'}]");
        check("[detector.cooccurrence]\nwithin_s = 600\nparts = [{}, {when = 'value > 5'}]");
        check("[detector.absence]\nwithin_s = 600\nfirst = {}\nthen = {when = 'value > 5'}");
        check("[detector.threshold]\nabove = 0\nfor_s = 600");
        check("[detector.count]\nwindow_s = 600\nat_least = 90");
        check("[detector.count]\nwindow_s = 600\nat_least = 900");
        check("when = 'value > 0'\n[detector.condition]\nexpression = 'window(\"1h\").max > 5'");
    }

    #[test]
    fn another_rule_finds_room() {
        let greedy = rule("greedy", "[detector.sequence]\nwithin_s = 600\nparts = [{}, {when = 'value > 5'}]");
        let modest = rule("modest", "[detector.silent]\nafter_s = 600");
        let mut engine = engine(&[greedy]);
        feed(&mut engine, 200, 0..120);
        let command = Command {
            by: None,
            agency: AgencyId::new("city").unwrap(),
            expected_version: None,
            body: CommandBody::PutRule(Box::new(modest)),
        };
        engine.step(&Input::Command(command), Timestamp::from_secs(120), &mut Vec::new());
        let before = engine.statistics().states;
        feed(&mut engine, 200, 121..122);
        assert_eq!(engine.statistics().states - before, 200);
    }
}
