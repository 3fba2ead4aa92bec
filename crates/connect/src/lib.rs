//! One folder a protocol, both directions. A protocol sees the platform only through
//! [`Door`](vigiles_runtime::door::Door) and [`Carrier`](vigiles_runtime::carrier::Carrier).
//!
//! Invariant: nothing is acknowledged to a peer before the door has said that it is durable.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

mod delivery;
pub mod endpoint;
pub mod import;
pub mod mqtt;
pub mod mqtt_client;
mod outbound;
mod recording;
pub mod registry;
pub mod replay;
pub mod smtp;
pub mod task_kinds;
pub mod webhook;

pub use delivery::DoorError;
pub use recording::RecordingError;

/// Waits until a stop signal turns true, or whoever could give it is gone.
async fn stopped(stop: &mut tokio::sync::watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
