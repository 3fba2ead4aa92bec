//! The files of a city directory, as they are written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer};
use vigiles_formats::geojson::Place;
use vigiles_model::asset::FieldOfView;
use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::{AgencyId, Asset, AssetId, Duration, KindId, ObservationKind, SourceId, Zone, ZoneId};
use vigiles_runtime::TimeZone;

/// `city.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CityFile {
    /// Name of the city.
    pub name: String,
    /// Where the map opens: longitude, latitude in degrees.
    pub centre: [f64; 2],
    /// The zoom it opens at.
    pub zoom: f64,
    /// What the city's clocks show, for `time.hour` in rules: a zone of the IANA database (`"Europe/Monaco"`, with its
    /// summer time) or an offset from UTC (`"+01:00"`); UTC where absent.
    #[serde(default, deserialize_with = "time_zone")]
    pub time_zone: TimeZone,
    /// OpenStreetMap extract that the base map is made from, beside this file.
    #[serde(default)]
    pub basemap: Option<PathBuf>,
    /// Whose data is shown; each is a line on the map.
    #[serde(default)]
    pub attribution: Vec<String>,
    /// Whether this is a demonstration: then a sign-in link is printed at the start.
    #[serde(default)]
    pub demo: bool,
    /// Playbooks that it takes as they stand elsewhere, beside those in `playbooks/`: paths from this file.
    #[serde(default)]
    pub playbooks: Vec<PathBuf>,
    /// The agencies; the first one is the default.
    #[serde(default)]
    pub agency: Vec<AgencyFile>,
    /// Recordings to play through the doors.
    #[serde(default)]
    pub replay: Vec<ReplayFile>,
}

fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// `[[agency]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgencyFile {
    /// Identity.
    pub id: AgencyId,
    /// Name for people.
    pub name: String,
}

/// `[[replay]]`: a recording and how it is played.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayFile {
    /// The recording, beside `city.toml`: CSV or NDJSON, `.gz` or not.
    pub file: PathBuf,
    /// The door it goes through.
    pub via: Via,
    /// The source that it speaks for.
    pub source: SourceId,
    /// How many recorded seconds pass in one.
    pub speed: f64,
    /// Whether it starts again at its end.
    #[serde(default, rename = "loop")]
    pub repeat: bool,
    /// Recorded seconds to skip at the start.
    #[serde(default)]
    pub start_offset: f64,
    /// The mapping of its rows, beside `city.toml`; none where they are in the platform's own form.
    #[serde(default)]
    pub mapping: Option<PathBuf>,
}

/// A door for a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Via {
    /// POST of NDJSON.
    Http,
    /// Publishing to the broker.
    Mqtt,
}

/// `kinds.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KindsFile {
    /// `[[kind]]`.
    pub kind: Vec<KindFile>,
}

/// `[[kind]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KindFile {
    id: KindId,
    name: String,
    quantity: String,
    #[serde(default)]
    unit: String,
    value_type: ValueType,
    #[serde(default)]
    min: Option<f64>,
    #[serde(default)]
    max: Option<f64>,
    retention_days: f64,
    #[serde(default)]
    personal: bool,
    #[serde(default)]
    overload: Overload,
}

impl From<KindFile> for ObservationKind {
    fn from(file: KindFile) -> Self {
        Self {
            id: file.id,
            name: file.name,
            quantity: file.quantity,
            unit: file.unit,
            value_type: file.value_type,
            min: file.min,
            max: file.max,
            retention: Duration::from_secs((file.retention_days * 86_400.0) as i64),
            personal: file.personal,
            overload: file.overload,
        }
    }
}

/// A GeoJSON feature collection.
#[derive(Debug, Deserialize)]
pub(crate) struct Features<P> {
    /// Its features.
    pub features: Vec<Feature<P>>,
}

/// A GeoJSON feature.
#[derive(Debug, Deserialize)]
pub(crate) struct Feature<P> {
    /// Identity.
    pub id: String,
    /// Where.
    pub geometry: Place,
    /// Everything else.
    pub properties: P,
}

/// Properties of an asset in `assets.geojson`.
#[derive(Debug, Deserialize)]
pub(crate) struct AssetProperties {
    name: String,
    class: String,
    #[serde(default)]
    agency: Option<AgencyId>,
    #[serde(default)]
    observes: Vec<KindId>,
    #[serde(default)]
    view: Option<FieldOfView>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

/// Properties of a zone in `zones.geojson`.
#[derive(Debug, Deserialize)]
pub(crate) struct ZoneProperties {
    name: String,
    class: String,
    #[serde(default)]
    agency: Option<AgencyId>,
}

impl Feature<AssetProperties> {
    /// The asset.
    pub(crate) fn asset(self, default: &AgencyId) -> Result<Asset, vigiles_model::id::IdError> {
        let properties = self.properties;
        Ok(Asset {
            id: AssetId::new(self.id)?,
            name: properties.name,
            class: properties.class,
            place: self.geometry.0,
            agency: properties.agency.unwrap_or_else(|| default.clone()),
            observes: properties.observes,
            view: properties.view,
            attributes: properties.attributes,
        })
    }
}

impl Feature<ZoneProperties> {
    /// The zone.
    pub(crate) fn zone(self, default: &AgencyId) -> Result<Zone, vigiles_model::id::IdError> {
        Ok(Zone {
            id: ZoneId::new(self.id)?,
            name: self.properties.name,
            class: self.properties.class,
            area: self.geometry.0,
            agency: self.properties.agency.unwrap_or_else(|| default.clone()),
        })
    }
}

/// `tour.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TourFile {
    /// `[[step]]`.
    #[serde(default)]
    pub step: Vec<TourStepFile>,
}

/// `[[step]]`: a step of the guided tour.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TourStepFile {
    /// Heading.
    pub title: String,
    /// What there is to see.
    pub text: String,
    /// Heading in German.
    #[serde(default)]
    pub title_de: Option<String>,
    /// Text in German.
    #[serde(default)]
    pub text_de: Option<String>,
    /// The page it is on.
    pub page: String,
    /// The part of the page it points at.
    #[serde(default)]
    pub target: Option<String>,
}
