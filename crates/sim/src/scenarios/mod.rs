//! Labelled scenarios for correlation: a town in which things happen, what its callers and sensors say of them, and
//! which event each of these readings is about.
//!
//! Everything is a function of the seed. What happens: crowds that report one fire, collision or burst main with
//! places and times that scatter and in different words; two events close together; the same place again hours later;
//! a vehicle and a cloud that move; power cuts that darken signals kilometres away, and collisions there; devices that
//! go silent together; a sensor that flaps; and single alarms that have nothing to do with anything.

mod crowd;
mod dice;
mod networks;
mod town;

use vigiles_model::{
    Asset, AssetId, Geometry, KindId, Observation, ObservationId, ObservationKind, Origin, Quality, SourceId,
    Timestamp, Value,
};

use self::dice::Dice;
use self::town::{Spot, Town};

/// Length of a scenario in seconds.
pub const LENGTH_S: f64 = 6.0 * 3600.0;

/// A labelled scenario.
#[derive(Debug)]
pub struct Scenario {
    /// The kinds to register.
    pub kinds: Vec<ObservationKind>,
    /// The assets to register.
    pub assets: Vec<Asset>,
    /// What is said, in the order of arrival.
    pub entries: Vec<Entry>,
}

/// One reading and the truth about it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The reading; it arrives at its time.
    pub observation: Observation,
    /// The event it is about; none where a reading only ends the condition of an earlier one.
    pub event: Option<u32>,
}

impl Scenario {
    /// The scenario of a seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let town = Town::new(&mut dice);
        let mut story = Story { town: &town, dice, entries: Vec::new(), events: 0, callers: 0 };
        for _ in 0..3 {
            crowd::fire(&mut story, None);
            crowd::collision(&mut story, None);
        }
        for _ in 0..2 {
            crowd::burst_main(&mut story, None);
            crowd::twins(&mut story);
            networks::vehicle(&mut story);
        }
        for _ in 0..story.dice.count(1, 2) {
            crowd::again_later(&mut story);
            networks::power_cut(&mut story);
            networks::flapping(&mut story);
        }
        networks::gas_cloud(&mut story);
        networks::gateway(&mut story);
        networks::noise(&mut story);
        let mut entries = story.entries;
        entries.sort_by_key(|entry| entry.observation.time);
        Self { kinds: town::kinds(), assets: town.assets(), entries }
    }
}

/// A scenario being written.
struct Story<'a> {
    town: &'a Town,
    dice: Dice,
    entries: Vec<Entry>,
    events: u32,
    callers: u32,
}

/// One reading before it has its label.
struct Said<'a> {
    kind: &'a str,
    source: String,
    asset: Option<AssetId>,
    at_s: f64,
    spot: Spot,
    value: Value,
    attributes: Vec<(&'a str, String)>,
}

impl Story<'_> {
    /// The number of a new event.
    fn event(&mut self) -> u32 {
        self.events += 1;
        self.events
    }

    /// When something begins, seconds, so that `length_s` of it lie in the scenario.
    fn start(&mut self, length_s: f64) -> f64 {
        self.dice.within(60.0, LENGTH_S - length_s)
    }

    /// A device says that its condition holds, and some minutes later that it is over.
    fn device(&mut self, kind: &str, device: &town::Device, at_s: f64, event: u32) {
        let said = |value: bool, at_s: f64| Said {
            kind,
            source: "net".to_owned(),
            asset: Some(device.id.clone()),
            at_s,
            spot: device.spot,
            value: Value::Boolean(value),
            attributes: Vec::new(),
        };
        let over_s = at_s + self.dice.within(100.0, 2_000.0);
        self.say(said(true, at_s), Some(event));
        self.say(said(false, over_s), None);
    }

    fn say(&mut self, said: Said<'_>, event: Option<u32>) {
        let mut attributes: Vec<_> = said.attributes.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
        attributes.sort();
        let time = Timestamp((said.at_s * 1e6) as i64);
        let mut observation = Observation {
            id: ObservationId(0),
            kind: KindId::new(said.kind).expect("the kinds of the town are ids"),
            source: SourceId::new(said.source).expect("sources are numbered words"),
            asset: said.asset,
            time,
            arrived: time,
            place: Some(Geometry::Point(said.spot.position())),
            value: said.value,
            quality: Quality::Good,
            origin: Origin::Simulated,
            attributes,
        };
        observation.id = observation.content_id();
        self.entries.push(Entry { observation, event });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn a_seed_gives_one_scenario() {
        let said = |seed| Scenario::new(seed).entries.iter().map(|e| (e.observation.id, e.event)).collect::<Vec<_>>();
        assert_eq!(said(7), said(7));
        assert_ne!(said(7), said(8));
    }

    #[test]
    fn events_are_of_many_sorts_and_sizes() {
        let scenario = Scenario::new(3);
        let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
        for event in scenario.entries.iter().filter_map(|entry| entry.event) {
            *sizes.entry(event).or_default() += 1;
        }
        let single = sizes.values().filter(|n| **n == 1).count();
        assert!(single >= 40 && sizes.len() - single >= 15, "{sizes:?}");
        let kinds: BTreeSet<_> = scenario.entries.iter().map(|e| e.observation.kind.as_str()).collect();
        assert_eq!(kinds.len(), scenario.kinds.len(), "{kinds:?}");
        let ids: BTreeSet<_> = scenario.entries.iter().map(|e| e.observation.id).collect();
        assert_eq!(ids.len(), scenario.entries.len(), "every reading is one of its own");
        assert!(scenario.entries.is_sorted_by_key(|e| e.observation.time));
    }
}
