//! Assets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigiles_model as model;

use super::place::Place;

/// A thing of the city with an identity and a place.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// Identity.
    #[schema(value_type = String)]
    pub id: model::AssetId,
    /// Name for people.
    pub name: String,
    /// `air_station`, `camera`, `loop_detector`…
    pub class: String,
    /// Where it stands.
    pub place: Place,
    /// The agency that answers for it.
    #[schema(value_type = String)]
    pub agency: model::AgencyId,
    /// Kinds it observes.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub observes: Vec<model::KindId>,
    /// The cone a camera sees.
    #[serde(default)]
    pub view: Option<View>,
    /// Further named facts.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Counts up with every change; ignored on the way in.
    #[serde(default)]
    pub version: u64,
}

/// What a camera sees, seen from above.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Direction of the middle, degrees clockwise from north.
    pub bearing_deg: f64,
    /// Opening angle in degrees.
    pub angle_deg: f64,
    /// Reach in metres.
    pub range_m: f64,
}

impl Asset {
    /// The wire form at a version.
    pub fn new(asset: &model::Asset, version: u64) -> Self {
        Self {
            id: asset.id.clone(),
            name: asset.name.clone(),
            class: asset.class.clone(),
            place: Place::from(&asset.place),
            agency: asset.agency.clone(),
            observes: asset.observes.clone(),
            view: asset.view.map(|v| View { bearing_deg: v.bearing_deg, angle_deg: v.angle_deg, range_m: v.range_m }),
            attributes: asset.attributes.clone(),
            version,
        }
    }
}

impl From<Asset> for model::Asset {
    fn from(asset: Asset) -> Self {
        Self {
            id: asset.id,
            name: asset.name,
            class: asset.class,
            place: (&asset.place).into(),
            agency: asset.agency,
            observes: asset.observes,
            view: asset.view.map(|v| model::asset::FieldOfView {
                bearing_deg: v.bearing_deg,
                angle_deg: v.angle_deg,
                range_m: v.range_m,
            }),
            attributes: asset.attributes,
        }
    }
}
