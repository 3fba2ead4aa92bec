//! The geofence on a recorded ride of a bus: what it enters, leaves and stays in.

#[path = "../../examples/detector_pictures/ride.rs"]
mod ride;

use vigiles_engine::{CommandBody, Input};

use crate::rig::Rig;

/// The alarms of one rule as "key raised..cleared reason", in seconds since the ride began.
fn check(crossing: &str, expected: &[&str]) {
    let mut rig = Rig::new();
    rig.command(CommandBody::PutKind(Box::new(ride::kind()))).unwrap();
    for zone in ride::zones() {
        rig.command(CommandBody::PutZone(Box::new(zone))).unwrap();
    }
    let rule = ride::rules().into_iter().find(|rule| rule.id.as_str() == crossing).unwrap();
    rig.command(CommandBody::PutRule(Box::new(rule))).unwrap();
    rig.effects.clear();
    let readings = ride::readings();
    let start = readings[0].time.0 / 1_000_000;
    for o in readings {
        rig.now = o.time.0 / 1_000_000;
        rig.step(&Input::Observations(vec![o]));
    }
    let second = |time: vigiles_model::Timestamp| time.0 / 1_000_000 - start;
    let told = rig.alarms().into_iter().map(|alarm| {
        let cleared = alarm.cleared.map(|time| second(time).to_string()).unwrap_or_default();
        format!("{} {}..{cleared} {}", alarm.key, second(alarm.raised), alarm.reason)
    });
    assert_eq!(told.collect::<Vec<_>>(), expected, "{crossing}");
}

#[test]
fn what_the_bus_enters() {
    // The readings between the arms of the horseshoe are not inside it: the bus enters only where they meet.
    check(
        "enter",
        &[
            "bus-031/west 63..227 entered The west end",
            "bus-031/horseshoe 335..347 entered The horseshoe",
            "bus-031/stop 357..427 entered The stop",
            "bus-031/corner 437..611 entered The corner",
        ],
    );
}

#[test]
fn what_the_bus_leaves() {
    check(
        "leave",
        &[
            "bus-031/west 227.. left The west end",
            "bus-031/horseshoe 347.. left The horseshoe",
            "bus-031/stop 427.. left The stop",
            "bus-031/corner 611.. left The corner",
        ],
    );
}

#[test]
fn where_the_bus_stays() {
    // It passes the horseshoe in less than a quarter of a minute.
    check(
        "inside",
        &[
            "bus-031/west 108..227 is inside The west end for 45 s",
            "bus-031/stop 402..427 is inside The stop for 45 s",
            "bus-031/corner 482..611 is inside The corner for 45 s",
        ],
    );
}
