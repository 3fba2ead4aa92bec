//! What whoever starts the API may set.

use std::path::PathBuf;

use tokio::sync::watch;

use crate::doors::DoorGauge;
use crate::wire::city::City;

/// Settings of the API.
#[derive(Clone)]
pub struct Settings {
    /// Whether deliveries of observations are taken.
    pub ingest: bool,
    /// Whether the console and the rest of the API are served.
    pub api: bool,
    /// What the console must know of the city.
    pub city: City,
    /// The base map file; none where there is none.
    pub basemap: Option<PathBuf>,
    /// Whether the platform is reached by https: then cookies are `Secure`.
    pub https: bool,
    /// Most event streams at once.
    pub max_event_streams: usize,
    /// Largest delivery of observations in bytes, after decompression.
    pub max_delivery_bytes: usize,
    /// Deliveries being read or made durable at once.
    pub max_deliveries: usize,
    /// Becomes true when the program stops: event streams end.
    pub stopping: watch::Receiver<bool>,
    /// The other doors, for the system page and the metrics.
    pub doors: Vec<DoorGauge>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ingest: true,
            api: true,
            city: City::default(),
            basemap: None,
            https: false,
            max_event_streams: 256,
            max_delivery_bytes: 16 * 1024 * 1024,
            max_deliveries: 64,
            // The sender is gone, so this never becomes true.
            stopping: watch::channel(false).1,
            doors: Vec::new(),
        }
    }
}
