//! What several fuzz targets need: a small city, and the gate that every parsed draft must pass.

use vigiles_formats::observation::{Draft, Registry, Sender, Written, admit, parse_one};
use vigiles_model::kind::{ObservationKind, Overload, ValueType};
use vigiles_model::{Duration, Geometry, KindId, Observation, SourceId, Timestamp};

/// The platform's time in every target, in microseconds: 2026-11-22T00:00:00Z.
pub const NOW: Timestamp = Timestamp(1_795_305_600_000_000);

/// A registry with one kind of each value type.
#[derive(Debug)]
pub struct City {
    kinds: [ObservationKind; 3],
}

impl City {
    /// The same city every time.
    ///
    /// # Panics
    /// Never: its ids are well formed.
    #[must_use]
    pub fn new() -> Self {
        Self {
            kinds: [
                kind("air.pm25", "ug/m3", ValueType::Number),
                kind("door.open", "", ValueType::Boolean),
                kind("note", "", ValueType::Text),
            ],
        }
    }
}

impl City {
    /// Its kinds.
    #[must_use]
    pub fn kinds(&self) -> &[ObservationKind] {
        &self.kinds
    }
}

impl Default for City {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry for City {
    fn kind(&self, id: &str) -> Option<&ObservationKind> {
        self.kinds.iter().find(|kind| kind.id.as_str() == id)
    }

    fn asset_place(&self, _id: &str) -> Option<&Geometry> {
        None
    }
}

fn kind(id: &str, unit: &str, value_type: ValueType) -> ObservationKind {
    ObservationKind {
        id: KindId::new(id).expect("a well formed id"),
        name: id.to_owned(),
        quantity: String::new(),
        unit: unit.to_owned(),
        value_type,
        min: Some(0.0),
        max: Some(1000.0),
        retention: Duration::from_secs(86_400),
        personal: false,
        overload: Overload::Wait,
    }
}

/// Admits drafts. Whatever the gate takes must survive being written and read again, with the same content id.
///
/// # Panics
/// Where an admitted observation does not: that is what the fuzzer looks for.
pub fn pass_the_gate(drafts: Vec<Draft>) {
    let city = City::new();
    let source = SourceId::new("fuzz").expect("a well formed id");
    for draft in drafts {
        let sender = Sender { source: &source, bound: false };
        let Ok(observation) = admit(draft, &city, sender, NOW) else { continue };
        check_round_trip(&observation, &city);
    }
}

fn check_round_trip(observation: &Observation, city: &City) {
    let kind = city.kind(observation.kind.as_str()).expect("the gate admits registered kinds only");
    let written =
        serde_json::to_vec(&Written { observation, unit: &kind.unit }).expect("an observation is written as JSON");
    let sender = Sender { source: &observation.source, bound: false };
    let again = admit(parse_one(&written), city, sender, NOW).expect("what was written is admitted again");
    assert_eq!(again.id, observation.id, "the content id changed: {}", String::from_utf8_lossy(&written));
}
