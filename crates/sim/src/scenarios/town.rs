//! The town of the scenarios: a grid of roads with sensors on it, fed, piped and connected by networks.

use std::collections::BTreeMap;

use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::{AgencyId, Asset, AssetId, Duration, Geometry, KindId, ObservationKind, Position};

use super::dice::Dice;

/// Half a side of the town, metres.
pub(super) const HALF_SIDE_M: f64 = 3_000.0;
/// Metres from one road to the next.
pub(super) const BLOCK_M: f64 = 200.0;
const METRES_PER_DEGREE: f64 = 111_320.0;
const CENTRE: Position = Position { lon: 7.42, lat: 43.74 };
const FEEDERS: u32 = 8;
const MAINS: u32 = 12;
const GATEWAYS: u32 = 6;

/// What is reported or measured: id, and whether it is a text.
const KINDS: [(&str, bool); 7] = [
    ("call.category", true),
    ("camera.event", true),
    ("power.outage", false),
    ("signal.dark", false),
    ("road.queue", false),
    ("water.drop", false),
    ("device.offline", false),
];
const GAS: &str = "gas.leak";

/// A place in metres east and north of the middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spot {
    pub(super) east: f64,
    pub(super) north: f64,
}

/// A thing on a spot with what it belongs to.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) id: AssetId,
    pub(super) spot: Spot,
    /// Value of the attribute of its class: feeder, main, gateway or road.
    pub(super) network: String,
}

/// The town.
#[derive(Debug)]
pub(super) struct Town {
    pub(super) substations: Vec<Device>,
    pub(super) signals: Vec<Device>,
    pub(super) queues: Vec<Device>,
    pub(super) valves: Vec<Device>,
    pub(super) gas: Vec<Device>,
    pub(super) cameras: Vec<Device>,
    pub(super) boxes: Vec<Device>,
}

impl Spot {
    pub(super) fn moved(self, east: f64, north: f64) -> Self {
        Self { east: self.east + east, north: self.north + north }
    }

    pub(super) fn distance_m(self, other: Self) -> f64 {
        (self.east - other.east).hypot(self.north - other.north)
    }

    pub(super) fn position(self) -> Position {
        Position {
            lon: CENTRE.lon + self.east / METRES_PER_DEGREE / CENTRE.lat.to_radians().cos(),
            lat: CENTRE.lat + self.north / METRES_PER_DEGREE,
        }
    }

    /// The road that is nearest; with `crossing` the nearest of those that cross it.
    pub(super) fn road(self, crossing: bool) -> String {
        let (column, row) = ((self.east / BLOCK_M).round(), (self.north / BLOCK_M).round());
        let (to_column, to_row) = ((self.east - column * BLOCK_M).abs(), (self.north - row * BLOCK_M).abs());
        if (to_row <= to_column) == crossing { format!("avenue {column}") } else { format!("street {row}") }
    }
}

/// A spot on some road.
pub(super) fn on_a_road(dice: &mut Dice) -> Spot {
    let reach = HALF_SIDE_M * 0.95;
    let along = dice.within(-reach, reach);
    let across = (dice.within(-reach, reach) / BLOCK_M).round() * BLOCK_M + dice.normal(6.0);
    if dice.chance(0.5) { Spot { east: along, north: across } } else { Spot { east: across, north: along } }
}

impl Town {
    /// Puts devices on the roads.
    pub(super) fn new(dice: &mut Dice) -> Self {
        let anywhere = |_: &mut Dice, spot: Spot| spot.road(false);
        let numbered = |name: &'static str, most: u32| {
            // Networks lie in stripes from west to east that overlap at their edges.
            move |dice: &mut Dice, spot: Spot| {
                let stripe = (spot.east + HALF_SIDE_M + dice.normal(250.0)) / (2.0 * HALF_SIDE_M) * f64::from(most);
                format!("{name}-{}", stripe.clamp(0.0, f64::from(most - 1)) as u32)
            }
        };
        let mut substations = place("substation", FEEDERS, dice, anywhere);
        for (i, substation) in substations.iter_mut().enumerate() {
            substation.network = format!("feeder-{i}");
        }
        Self {
            substations,
            signals: place("signal", 120, dice, numbered("feeder", FEEDERS)),
            queues: place("queue", 150, dice, anywhere),
            valves: place("valve", 60, dice, numbered("main", MAINS)),
            gas: place("gas", 160, dice, anywhere),
            cameras: place("camera", 80, dice, anywhere),
            boxes: place("box", 180, dice, numbered("gateway", GATEWAYS)),
        }
    }

    /// Everything as assets, with the networks as attributes.
    pub(super) fn assets(&self) -> Vec<Asset> {
        let classes: [(&str, &[Device], &str); 7] = [
            ("substation", &self.substations, "feeder"),
            ("signal", &self.signals, "feeder"),
            ("loop_detector", &self.queues, "road"),
            ("valve", &self.valves, "main"),
            ("gas_sensor", &self.gas, "road"),
            ("camera", &self.cameras, "road"),
            ("box", &self.boxes, "gateway"),
        ];
        let of_class = |(class, devices, attribute): (&'static str, &[Device], &'static str)| {
            devices.iter().map(|device| asset(class, attribute, device)).collect::<Vec<_>>()
        };
        classes.into_iter().flat_map(of_class).collect()
    }
}

/// What the observations of the scenarios are of.
pub(super) fn kinds() -> Vec<ObservationKind> {
    KINDS.into_iter().chain([(GAS, false)]).map(|(id, text)| kind(id, text)).collect()
}

fn kind(id: &str, text: bool) -> ObservationKind {
    ObservationKind {
        id: KindId::new(id).expect("the table holds ids"),
        name: id.to_owned(),
        quantity: id.to_owned(),
        unit: String::new(),
        value_type: if text { ValueType::Text } else { ValueType::Boolean },
        min: None,
        max: None,
        retention: Duration::from_secs(86_400),
        personal: false,
        overload: Overload::Wait,
    }
}

fn place(class: &str, count: u32, dice: &mut Dice, network: impl Fn(&mut Dice, Spot) -> String) -> Vec<Device> {
    let device = |i| {
        let spot = on_a_road(dice);
        let id = AssetId::new(format!("{class}-{i}")).expect("a class and a number make an id");
        Device { id, spot, network: network(dice, spot) }
    };
    (0..count).map(device).collect()
}

fn asset(class: &str, attribute: &str, device: &Device) -> Asset {
    Asset {
        id: device.id.clone(),
        name: device.id.to_string(),
        class: class.to_owned(),
        place: Geometry::Point(device.spot.position()),
        agency: AgencyId::new("city").expect("a word is an id"),
        observes: Vec::new(),
        view: None,
        attributes: BTreeMap::from([(attribute.to_owned(), device.network.clone())]),
    }
}
