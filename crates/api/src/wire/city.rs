//! What the console must know of the city: where it is, what it is called, whom to thank for the map.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The city.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct City {
    /// Its name.
    pub name: String,
    /// Whether this is a demonstration with recorded data.
    pub demo: bool,
    /// Whom to thank for data and map.
    pub attribution: Vec<String>,
    /// Longitude and latitude where the map opens.
    pub centre: [f64; 2],
    /// Zoom at which the map opens.
    pub zoom: f64,
    /// West, south, east, north; null for no bounds.
    pub bounds: Option<[f64; 4]>,
    /// Path of the base map; null where there is none.
    pub basemap: Option<String>,
    /// The guided tour.
    pub tour: Vec<TourStop>,
    /// Languages the console offers first.
    pub locales: Vec<String>,
}

/// One stop of the tour.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TourStop {
    /// Heading.
    pub title: String,
    /// What to see.
    pub text: String,
    /// Heading in German.
    #[serde(default)]
    pub title_de: Option<String>,
    /// What to see, in German.
    #[serde(default)]
    pub text_de: Option<String>,
    /// Page of the console.
    pub page: String,
    /// What to point at on it.
    #[serde(default)]
    pub target: Option<String>,
}

impl Default for City {
    fn default() -> Self {
        Self {
            name: "Vigiles".to_owned(),
            demo: false,
            attribution: Vec::new(),
            centre: [0.0, 0.0],
            zoom: 2.0,
            bounds: None,
            basemap: None,
            tour: Vec::new(),
            locales: vec!["en".to_owned()],
        }
    }
}
