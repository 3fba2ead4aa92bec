//! The eight entity sets, what they are made of, and which leads to which (OGC 18-088, figure 2).

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

/// One of the eight sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntitySet {
    /// Things.
    Things,
    /// Where they are.
    Locations,
    /// Where they were.
    HistoricalLocations,
    /// Observations of one property by one Thing.
    Datastreams,
    /// How it is observed.
    Sensors,
    /// What is observed.
    ObservedProperties,
    /// What was observed.
    Observations,
    /// What it was observed of.
    FeaturesOfInterest,
}

use EntitySet::{
    Datastreams, FeaturesOfInterest, HistoricalLocations, Locations, Observations, ObservedProperties, Sensors, Things,
};

/// A way from one set to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Navigation {
    /// Its name, such as `Datastreams` or `Thing`.
    pub name: &'static str,
    /// Where it leads.
    pub to: EntitySet,
    /// Whether to many.
    pub many: bool,
}

const fn many(to: EntitySet) -> Navigation {
    Navigation { name: to.as_str(), to, many: true }
}

const fn one(to: EntitySet) -> Navigation {
    Navigation { name: to.singular(), to, many: false }
}

impl EntitySet {
    /// All of them, in the order of the root document.
    pub const ALL: [Self; 8] = [
        Things,
        Locations,
        HistoricalLocations,
        Datastreams,
        Sensors,
        ObservedProperties,
        Observations,
        FeaturesOfInterest,
    ];

    /// Its name in paths.
    pub const fn as_str(self) -> &'static str {
        match self {
            Things => "Things",
            Locations => "Locations",
            HistoricalLocations => "HistoricalLocations",
            Datastreams => "Datastreams",
            Sensors => "Sensors",
            ObservedProperties => "ObservedProperties",
            Observations => "Observations",
            FeaturesOfInterest => "FeaturesOfInterest",
        }
    }

    /// The name of one of it.
    pub const fn singular(self) -> &'static str {
        match self {
            Things => "Thing",
            Locations => "Location",
            HistoricalLocations => "HistoricalLocation",
            Datastreams => "Datastream",
            Sensors => "Sensor",
            ObservedProperties => "ObservedProperty",
            Observations => "Observation",
            FeaturesOfInterest => "FeatureOfInterest",
        }
    }

    /// The properties of its entities.
    pub const fn properties(self) -> &'static [&'static str] {
        match self {
            Things => &["name", "description", "properties"],
            Locations => &["name", "description", "encodingType", "location", "properties"],
            HistoricalLocations => &["time"],
            Datastreams => &[
                "name",
                "description",
                "observationType",
                "unitOfMeasurement",
                "observedArea",
                "phenomenonTime",
                "resultTime",
                "properties",
            ],
            Sensors => &["name", "description", "encodingType", "metadata", "properties"],
            ObservedProperties => &["name", "definition", "description", "properties"],
            Observations => &["phenomenonTime", "result", "resultTime", "resultQuality", "validTime", "parameters"],
            FeaturesOfInterest => &["name", "description", "encodingType", "feature", "properties"],
        }
    }

    /// Where its entities lead.
    pub const fn navigations(self) -> &'static [Navigation] {
        match self {
            Things => &const { [many(Datastreams), many(Locations), many(HistoricalLocations)] },
            Locations => &const { [many(Things), many(HistoricalLocations)] },
            HistoricalLocations => &const { [one(Things), many(Locations)] },
            Datastreams => &const { [one(Things), one(Sensors), one(ObservedProperties), many(Observations)] },
            Sensors | ObservedProperties => &const { [many(Datastreams)] },
            Observations => &const { [one(Datastreams), one(FeaturesOfInterest)] },
            FeaturesOfInterest => &const { [many(Observations)] },
        }
    }

    /// A way by its name.
    pub fn navigation(self, name: &str) -> Option<&'static Navigation> {
        self.navigations().iter().find(|way| way.name == name)
    }
}

impl fmt::Display for EntitySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no entity set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such entity set")]
pub struct UnknownSet;

impl FromStr for EntitySet {
    type Err = UnknownSet;
    fn from_str(text: &str) -> Result<Self, UnknownSet> {
        Self::ALL.into_iter().find(|set| set.as_str() == text).ok_or(UnknownSet)
    }
}

/// One entity with its own properties; what it leads to is asked of a [`super::filter::Graph`].
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// Its set.
    pub set: EntitySet,
    /// Its id.
    pub id: String,
    /// Its properties by name.
    pub properties: Map<String, Value>,
    /// Its version as an entity tag without quotes; none where it has none.
    pub tag: Option<String>,
}

impl Entity {
    /// The address below a base: `base/Things('a1')`.
    pub fn link(&self, base: &str) -> String {
        format!("{base}/{}({})", self.set, super::ids::quoted(&self.id))
    }
}
