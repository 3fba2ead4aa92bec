//! The MQTT broker inside the platform: 3.1.1 and 5, all three qualities of service in, 0 and 1 out.
//!
//! Invariant: a PUBACK or PUBREC is sent only after the door has said that the message's observations are
//! durable. A client that never sees it sends again; observations are known by their content, so that does
//! no harm. For the same reason sessions end with their connection.
//!
//! When the platform is overloaded, a connection is not read until it has caught up, so that TCP and MQTT 5's
//! Receive Maximum slow the sender down; nothing is dropped but what the kind allows (the door counts it).

mod codec;
mod connection;
mod counters;
mod decode;
mod delivery;
mod encode;
mod end;
mod handshake;
mod hub;
pub(crate) mod intake;
mod packet;
mod sensorthings;
mod tree;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{debug, warn};
use vigiles_runtime::door::Door;

pub use codec::count_packets;
pub use counters::Counters;
pub use intake::OBSERVATIONS;

use hub::Hub;

/// The limits of the broker.
#[derive(Debug, Clone)]
pub struct Config {
    /// Most clients connected at once. Further ones are told that the server is busy.
    pub max_connections: usize,
    /// Largest packet taken, in bytes.
    pub max_packet_bytes: usize,
    /// Most messages waiting for one subscriber; one that lags further is cut off.
    pub subscriber_queue: usize,
    /// Most messages of quality of service 1 and 2 a client may have unacknowledged.
    pub receive_maximum: u16,
    /// How long a client may take to say who it is, and to take what it is sent.
    pub patience: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_packet_bytes: 256 * 1024,
            subscriber_queue: 1000,
            receive_maximum: 1024,
            patience: Duration::from_secs(10),
        }
    }
}

/// The broker.
pub struct Broker {
    door: Arc<dyn Door>,
    config: Config,
    hub: Hub,
    counters: Arc<Counters>,
}

impl Broker {
    /// A broker in front of a door.
    pub fn new(door: Arc<dyn Door>, config: Config) -> Arc<Self> {
        let counters = Arc::new(Counters::default());
        let hub = Hub::new(counters.clone(), config.subscriber_queue);
        Arc::new(Self { door, config, hub, counters })
    }

    /// What it has counted.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Takes connections until `stop` turns true or its sender is gone; then tells the clients and waits for their last batch.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let mut connections = JoinSet::new();
        let signal = stop.clone();
        let telling = tokio::spawn(sensorthings::tell(self.clone(), stop.clone()));
        loop {
            tokio::select! {
                () = crate::stopped(&mut stop) => break,
                Some(ended) = connections.join_next(), if !connections.is_empty() => {
                    if let Err(e) = ended {
                        warn!(error = %e, "an mqtt connection ended badly");
                    }
                }
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        let (broker, stop) = (self.clone(), signal.clone());
                        connections.spawn(async move {
                            broker.counters.connections.fetch_add(1, Relaxed);
                            let end = connection::run(&broker, stream, stop).await;
                            broker.counters.connections.fetch_sub(1, Relaxed);
                            debug!(%peer, %end, "mqtt connection ended");
                        });
                    }
                    Err(e) => {
                        // Out of file descriptors, mostly: leave the others time to end.
                        warn!(error = %e, "cannot accept an mqtt connection");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
        while connections.join_next().await.is_some() {}
        if let Err(e) = telling.await {
            warn!(error = %e, "telling subscribers of observations ended badly");
        }
    }
}
