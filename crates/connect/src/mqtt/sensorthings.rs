//! The subscriptions of SensorThings: every Observation that the platform has taken, by whichever door, on the topics of its
//! Datastream. Quality of service is the subscriber's own, up to 1; one that is too slow is cut off as any other.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use vigiles_formats::sensorthings::mqtt;

use super::Broker;
use super::counters::add;
use super::packet::{Publish, Qos};

/// No client has this key: what the platform says comes from none.
const PLATFORM: u64 = 0;

/// Tells subscribers until the broker stops.
pub(super) async fn tell(broker: Arc<Broker>, mut stop: watch::Receiver<bool>) {
    let mut passing = broker.door.passing();
    loop {
        let next = tokio::select! {
            () = crate::stopped(&mut stop) => return,
            next = passing.recv() => next,
        };
        match next {
            Ok(observations) if broker.hub.is_followed() => {
                for observation in observations.iter() {
                    for topic in mqtt::topics(observation) {
                        if broker.hub.is_wanted(&topic) {
                            broker.hub.forward(PLATFORM, &publish(topic, mqtt::payload(observation)));
                        }
                    }
                }
            }
            Ok(_) => {}
            Err(RecvError::Lagged(entries)) => {
                add(&broker.counters.untold, usize::try_from(entries).unwrap_or(usize::MAX));
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn publish(topic: String, payload: String) -> Publish {
    Publish { topic, payload: Bytes::from(payload), qos: Qos::AtLeastOnce, id: 0, retain: false, has_alias: false }
}
