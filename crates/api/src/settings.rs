//! What whoever starts the API may set.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::wire::city::City;

/// Settings of the API.
#[derive(Clone)]
pub struct Settings {
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
    /// How many connections and refusals the other doors have, for the system page.
    pub doors: Vec<DoorGauge>,
}

/// Asks a door how it is doing.
#[derive(Clone)]
pub struct DoorGauge {
    /// Its name.
    pub name: &'static str,
    /// Open connections and refused messages.
    pub read: Arc<dyn Fn() -> (u64, u64) + Send + Sync>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
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
