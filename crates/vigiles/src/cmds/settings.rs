//! What the API is told of the city and of the other doors.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::watch;
use vigiles_api::wire::city::{City as CityWire, TourStop};
use vigiles_api::{DoorCounts, DoorGauge, Settings};
use vigiles_connect::mqtt::Broker;

use crate::backends::Layout;
use crate::city::City;

/// The settings of the API.
pub(crate) fn settings(
    data: &Path,
    base: &str,
    city: Option<&City>,
    broker: Option<&Arc<Broker>>,
    stopping: watch::Receiver<bool>,
) -> Settings {
    let basemap = Some(Layout::new(data).basemap).filter(|path| path.exists());
    Settings {
        city: city.map(|city| wire(city, basemap.is_some())).unwrap_or_default(),
        basemap,
        https: base.starts_with("https://"),
        stopping,
        doors: broker.map(gauge).into_iter().collect(),
        ..Settings::default()
    }
}

/// What the broker counts.
fn gauge(broker: &Arc<Broker>) -> DoorGauge {
    let broker = broker.clone();
    let read = move || {
        let counters = broker.counters();
        DoorCounts {
            connections: counters.connections.load(Relaxed),
            accepted: counters.accepted.load(Relaxed),
            duplicates: counters.duplicates.load(Relaxed),
            rejected: counters.rejected.load(Relaxed),
            shed: counters.shed.load(Relaxed),
            waits: counters.waits.load(Relaxed),
            faults: vec![
                ("refused_connections", counters.refused.load(Relaxed)),
                ("protocol_errors", counters.protocol_errors.load(Relaxed)),
                ("slow_subscribers", counters.slow_subscribers.load(Relaxed)),
                ("untold", counters.untold.load(Relaxed)),
                ("unmatched", counters.unmatched.load(Relaxed)),
            ],
        }
    };
    DoorGauge { name: "mqtt", read: Arc::new(read) }
}

fn wire(city: &City, has_map: bool) -> CityWire {
    let file = &city.file;
    let tour = city.tour.iter().map(|step| TourStop {
        title: step.title.clone(),
        text: step.text.clone(),
        title_de: step.title_de.clone(),
        text_de: step.text_de.clone(),
        page: step.page.clone(),
        target: step.target.clone(),
    });
    CityWire {
        name: file.name.clone(),
        demo: file.demo,
        attribution: file.attribution.clone(),
        centre: file.centre,
        zoom: file.zoom,
        basemap: has_map.then(|| "/map/base.pmtiles".to_owned()),
        tour: tour.collect(),
        ..CityWire::default()
    }
}
