//! Events that follow a network or move through the town, and single alarms.

use vigiles_model::Value;

use super::crowd::{ANY, GAS, call, calls, collision_of};
use super::town::{Spot, on_a_road};
use super::{Said, Story};

/// Single alarms of a scenario, at least and at most.
const NOISE: (u32, u32) = (50, 90);

/// A power cut: the signals of its feeder go dark, wherever they stand; sometimes there is a collision at one.
pub(super) fn power_cut(story: &mut Story<'_>) {
    let town = story.town;
    let event = story.event();
    let at_s = story.start(4_500.0);
    let substation = story.dice.one_of(&town.substations);
    // The substation reports within minutes, signals at once.
    let report = story.dice.within(0.0, 120.0);
    story.device("power.outage", substation, at_s + report, event);
    let mut dark = Vec::new();
    for signal in town.signals.iter().filter(|s| s.network == substation.network) {
        if story.dice.chance(0.75) {
            let delay = story.dice.within(5.0, 300.0);
            story.device("signal.dark", signal, at_s + delay, event);
            dark.push(signal.spot);
        }
    }
    if !dark.is_empty() && story.dice.chance(0.6) {
        let spot = *story.dice.one_of(&dark);
        let spot = spot.moved(story.dice.normal(15.0), story.dice.normal(15.0));
        let delay = story.dice.within(400.0, 2_400.0);
        collision_of(story, event, (spot, at_s + delay));
    }
}

/// A vehicle that cameras follow from one to the next; not each of them knows the track.
pub(super) fn vehicle(story: &mut Story<'_>) {
    let event = story.event();
    let track = format!("track-{event}");
    let mut at_s = story.start(1_500.0);
    let mut spot = on_a_road(&mut story.dice);
    let heading = story.dice.within(0.0, std::f64::consts::TAU);
    for _ in 0..story.dice.count(3, 7) {
        let known = story.dice.chance(0.85).then(|| track.clone());
        sight(story, event, (spot, at_s), known);
        let (step, turn) = (story.dice.within(250.0, 800.0), heading + story.dice.normal(0.4));
        spot = spot.moved(step * turn.cos(), step * turn.sin());
        at_s += step / story.dice.within(8.0, 16.0);
    }
}

fn sight(story: &mut Story<'_>, event: u32, (spot, at_s): (Spot, f64), track: Option<String>) {
    story.callers += 1;
    let said = Said {
        kind: "camera.event",
        source: format!("sighting-{}", story.callers),
        asset: None,
        at_s,
        spot,
        value: Value::Text("wrong_way".into()),
        attributes: track.into_iter().map(|track| ("track", track)).collect(),
    };
    story.say(said, Some(event));
}

/// A cloud that drifts over sensors and people.
pub(super) fn gas_cloud(story: &mut Story<'_>) {
    let town = story.town;
    let event = story.event();
    let at_s = story.start(3_000.0);
    let origin = on_a_road(&mut story.dice);
    let (wind, speed) = (story.dice.within(0.0, std::f64::consts::TAU), story.dice.within(0.6, 1.6));
    let reach = story.dice.within(900.0, 2_200.0);
    for sensor in &town.gas {
        let (east, north) = (sensor.spot.east - origin.east, sensor.spot.north - origin.north);
        let along = east * wind.cos() + north * wind.sin();
        let across = (north * wind.cos() - east * wind.sin()).abs();
        if (0.0..reach).contains(&along) && across < 60.0 + along * 0.12 {
            let delay = story.dice.within(0.0, 90.0);
            story.device("gas.leak", sensor, at_s + along / speed + delay, event);
        }
    }
    let mut along = 0.0;
    while along < reach {
        let spot = origin.moved(along * wind.cos(), along * wind.sin());
        let callers = story.dice.count(0, 3);
        calls(story, event, (spot, at_s + along / speed), &GAS, callers);
        along += 200.0;
    }
}

/// A gateway fails: what hangs on it goes silent.
pub(super) fn gateway(story: &mut Story<'_>) {
    let town = story.town;
    let event = story.event();
    let at_s = story.start(600.0);
    let gateway = story.dice.one_of(&town.boxes).network.clone();
    for device in town.boxes.iter().filter(|device| device.network == gateway) {
        if story.dice.chance(0.9) {
            let delay = story.dice.within(0.0, 240.0);
            story.device("device.offline", device, at_s + delay, event);
        }
    }
}

/// A loop detector that cannot make up its mind.
pub(super) fn flapping(story: &mut Story<'_>) {
    let town = story.town;
    let event = story.event();
    let mut at_s = story.start(3_600.0);
    let detector = story.dice.one_of(&town.queues);
    for _ in 0..story.dice.count(8, 20) {
        for (value, event) in [(true, Some(event)), (false, None)] {
            let said = Said {
                kind: "road.queue",
                source: "net".to_owned(),
                asset: Some(detector.id.clone()),
                at_s,
                spot: detector.spot,
                value: Value::Boolean(value),
                attributes: Vec::new(),
            };
            story.say(said, event);
            at_s += story.dice.within(20.0, 120.0);
        }
    }
}

/// Alarms that have nothing to do with anything.
pub(super) fn noise(story: &mut Story<'_>) {
    let town = story.town;
    for _ in 0..story.dice.count(NOISE.0, NOISE.1) {
        let event = story.event();
        let at_s = story.start(0.0);
        match story.dice.count(0, 9) {
            0..=4 => {
                let spot = on_a_road(&mut story.dice);
                let word = *story.dice.one_of(&ANY);
                call(story, Some(event), (spot, at_s), word, spot);
            }
            5 => {
                let spot = on_a_road(&mut story.dice);
                sight(story, event, (spot, at_s), Some(format!("track-{event}")));
            }
            sort => {
                let (kind, devices) = [
                    ("signal.dark", &town.signals),
                    ("road.queue", &town.queues),
                    ("water.drop", &town.valves),
                    ("device.offline", &town.boxes),
                ][(sort - 6) as usize];
                let device = story.dice.one_of(devices);
                story.device(kind, device, at_s, event);
            }
        }
    }
}
