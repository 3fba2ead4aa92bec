//! Events that many people report: each in his words, from where he stands, when he gets round to it.

use vigiles_model::Value;

use super::town::{Spot, on_a_road};
use super::{LENGTH_S, Said, Story};

/// Words for one sort of event, and how often each is used. Some words are used of several sorts.
type Words = [(&'static str, f64); 4];

const FIRE: Words = [("fire", 0.5), ("smoke", 0.3), ("explosion", 0.1), ("injured_person", 0.1)];
const COLLISION: Words = [("collision", 0.5), ("injured_person", 0.25), ("traffic_jam", 0.2), ("smoke", 0.05)];
const BURST: Words = [("water_on_road", 0.45), ("no_water", 0.3), ("road_damage", 0.15), ("traffic_jam", 0.1)];
pub(super) const GAS: Words = [("gas_smell", 0.8), ("explosion", 0.05), ("smoke", 0.05), ("injured_person", 0.1)];
/// Words of calls about nothing more.
pub(super) const ANY: [&str; 9] = [
    "fire",
    "smoke",
    "collision",
    "injured_person",
    "traffic_jam",
    "water_on_road",
    "no_water",
    "road_damage",
    "gas_smell",
];

/// Latest call about an event, seconds after it began.
const LAST_CALL_S: f64 = 1_200.0;
/// Metres between two events that are close together.
const TWINS_M: (f64, f64) = (60.0, 350.0);

/// Where and when something is to happen; somewhere and some time where it is not said.
pub(super) type Setting = Option<(Spot, f64)>;

/// A fire, and perhaps a gas sensor that takes its smoke for a leak.
pub(super) fn fire(story: &mut Story<'_>, setting: Setting) -> (Spot, f64) {
    let (spot, at_s) = settle(story, setting);
    let event = story.event();
    let callers = story.dice.count(3, 20);
    calls(story, event, (spot, at_s), &FIRE, callers);
    let town = story.town;
    if let Some(near) = town.gas.iter().find(|d| d.spot.distance_m(spot) < 120.0) {
        let delay = story.dice.within(60.0, 500.0);
        story.device("gas.leak", near, at_s + delay, event);
    }
    (spot, at_s)
}

/// A collision, and the queues that it makes on its road.
pub(super) fn collision(story: &mut Story<'_>, setting: Setting) -> (Spot, f64) {
    let (spot, at_s) = settle(story, setting);
    let event = story.event();
    collision_of(story, event, (spot, at_s));
    (spot, at_s)
}

/// The calls and queues of a collision that belongs to an event already begun.
pub(super) fn collision_of(story: &mut Story<'_>, event: u32, (spot, at_s): (Spot, f64)) {
    let callers = story.dice.count(2, 14);
    calls(story, event, (spot, at_s), &COLLISION, callers);
    let road = spot.road(false);
    let town = story.town;
    for detector in town.queues.iter().filter(|d| d.network == road && d.spot.distance_m(spot) < 700.0) {
        if story.dice.chance(0.7) {
            let delay = story.dice.within(90.0, 900.0);
            story.device("road.queue", detector, at_s + delay, event);
        }
    }
}

/// A burst main: the pressure drops along it before the first caller sees water.
pub(super) fn burst_main(story: &mut Story<'_>, setting: Setting) -> (Spot, f64) {
    let (spot, at_s) = settle(story, setting);
    let event = story.event();
    let town = story.town;
    let nearest = town.valves.iter().min_by(|a, b| a.spot.distance_m(spot).total_cmp(&b.spot.distance_m(spot)));
    let main = nearest.map(|valve| valve.network.clone()).unwrap_or_default();
    for valve in town.valves.iter().filter(|v| v.network == main && v.spot.distance_m(spot) < 2_000.0) {
        if story.dice.chance(0.6) {
            let delay = story.dice.within(-60.0, 240.0);
            story.device("water.drop", valve, at_s + delay, event);
        }
    }
    let callers = story.dice.count(3, 15);
    calls(story, event, (spot, at_s + 60.0), &BURST, callers);
    (spot, at_s)
}

/// Two events close together at nearly the same time, mostly of different sorts.
pub(super) fn twins(story: &mut Story<'_>) {
    type Happening = fn(&mut Story<'_>, Setting) -> (Spot, f64);
    let (fire, collision, burst): (Happening, Happening, Happening) = (fire, collision, burst_main);
    let pairs = [(fire, collision), (collision, burst), (fire, burst), (collision, collision), (fire, fire)];
    let (first, second) = *story.dice.one_of(&pairs);
    let (spot, at_s) = first(story, None);
    let far = story.dice.within(TWINS_M.0, TWINS_M.1);
    let angle = story.dice.within(0.0, std::f64::consts::TAU);
    let delay = story.dice.within(-300.0, 600.0);
    second(story, Some((spot.moved(far * angle.cos(), far * angle.sin()), (at_s + delay).max(60.0))));
}

/// The same place again, hours later: another event.
pub(super) fn again_later(story: &mut Story<'_>) {
    let at_s = story.dice.within(60.0, LENGTH_S / 3.0);
    let spot = on_a_road(&mut story.dice);
    let pause = story.dice.within(5_400.0, 10_000.0);
    if story.dice.chance(0.5) {
        collision(story, Some((spot, at_s)));
        collision(story, Some((spot, at_s + pause)));
    } else {
        fire(story, Some((spot, at_s)));
        fire(story, Some((spot, at_s + pause)));
    }
}

fn settle(story: &mut Story<'_>, setting: Setting) -> (Spot, f64) {
    setting.unwrap_or_else(|| (on_a_road(&mut story.dice), story.start(LAST_CALL_S)))
}

/// Calls about one event.
pub(super) fn calls(story: &mut Story<'_>, event: u32, (spot, at_s): (Spot, f64), words: &Words, count: u32) {
    let scatter = story.dice.within(20.0, 70.0);
    for _ in 0..count {
        let delay = story.dice.delay(280.0, LAST_CALL_S);
        let mut seen = spot.moved(story.dice.normal(scatter), story.dice.normal(scatter));
        if story.dice.chance(0.04) {
            // Some give the place of another house of the road.
            seen = seen.moved(story.dice.normal(250.0), story.dice.normal(250.0));
        }
        let word = word(words, story.dice.within(0.0, 1.0));
        call(story, Some(event), (seen, at_s + delay), word, spot);
    }
}

/// One call; the caller mostly knows the road on which he sees `spot`.
pub(super) fn call(story: &mut Story<'_>, event: Option<u32>, (seen, at_s): (Spot, f64), word: &str, spot: Spot) {
    story.callers += 1;
    let road = match story.dice.within(0.0, 1.0) {
        p if p < 0.65 => Some(spot.road(false)),
        p if p < 0.75 => Some(spot.road(true)),
        _ => None,
    };
    let said = Said {
        kind: "call.category",
        source: format!("caller-{}", story.callers),
        asset: None,
        at_s,
        spot: seen,
        value: Value::Text(word.into()),
        attributes: road.into_iter().map(|road| ("road", road)).collect(),
    };
    story.say(said, event);
}

fn word(words: &Words, draw: f64) -> &'static str {
    let mut left = draw;
    for (word, share) in words {
        if left < *share {
            return word;
        }
        left -= share;
    }
    words[0].0
}
