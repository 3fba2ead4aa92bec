//! As a client of another MQTT broker, such as Mosquitto.
//!
//! Invariant: a message is acknowledged to the other broker only when its observations are durable here. The
//! session is kept, so that the other broker holds what comes while this one is away.

mod tls;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use rumqttc::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, Packet, Publish, QoS, Transport};
use tokio::sync::watch;
use vigiles_formats::mqtt;
use vigiles_formats::observation::Draft;
use vigiles_runtime::door::{Door, Grant, Source, Sources, SubmitError};

use crate::mqtt::intake;

/// Most messages handled as one batch.
const MAX_BATCH: usize = 512;
/// Shortest and longest wait before the other broker is called again.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// Where to connect, and what for.
#[derive(Clone)]
pub struct Config {
    /// `mqtt://host:port` or `host:port`, 1883 where no port is given; `mqtts://host:port` for TLS, then 8883.
    pub url: String,
    /// The authorities that vouch for the broker's certificate, PEM; those of the web where none are given.
    pub ca: Option<Vec<u8>>,
    /// The client's name; it must stay the same, for the session is found by it.
    pub client_id: String,
    /// User name and password.
    pub credentials: Option<(String, String)>,
    /// Topic filters to subscribe to, quality of service 1.
    pub filters: Vec<String>,
    /// The source its observations carry, and the mapping of its payloads. Its `topic` is not used.
    pub source: Source,
    /// On whose behalf the observations are delivered.
    pub grant: Grant,
    /// Largest message taken, in bytes.
    pub max_packet_bytes: usize,
}

impl fmt::Debug for Config {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("url", &self.url).field("filters", &self.filters).finish_non_exhaustive()
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The address.
    #[error("url: {0:?} is not mqtt://host:port or mqtts://host:port")]
    Url(String),
    /// The authorities.
    #[error("ca: {0}")]
    Authority(String),
    /// A topic filter.
    #[error("filters: {0:?} is not a topic filter")]
    Filter(String),
}

/// How the connection fares.
#[derive(Debug, Default)]
pub struct Health {
    /// Whether it stands now.
    pub connected: AtomicBool,
    /// Messages taken.
    pub messages: AtomicU64,
    /// Observations stored, and refused.
    pub accepted: AtomicU64,
    /// Observations refused.
    pub rejected: AtomicU64,
    /// Times the connection was lost or refused.
    pub failures: AtomicU64,
    /// What went wrong last.
    pub last_error: Mutex<Option<String>>,
}

/// A client that is ready to run.
pub struct MqttClient {
    config: Config,
    host: String,
    port: u16,
    transport: Transport,
    door: Arc<dyn Door>,
    health: Arc<Health>,
    sources: Sources,
}

impl MqttClient {
    /// Checks a configuration.
    pub fn new(config: Config, door: Arc<dyn Door>) -> Result<Self, ConfigError> {
        let (tls, host, port) = split(&config.url).ok_or_else(|| ConfigError::Url(config.url.clone()))?;
        let transport = if tls { tls::transport(config.ca.as_deref())? } else { Transport::tcp() };
        if let Some(bad) = config.filters.iter().find(|f| !mqtt::is_filter(f)) {
            return Err(ConfigError::Filter(bad.clone()));
        }
        // Every message of this connection belongs to the source, whatever its topic.
        let sources = Sources { list: vec![Source { topic: Some("#".into()), ..config.source.clone() }] };
        Ok(Self { config, host, port, transport, door, health: Arc::default(), sources })
    }

    /// How it fares, also while it runs.
    pub fn health(&self) -> Arc<Health> {
        self.health.clone()
    }

    /// Stays connected until `stop` turns true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut options = MqttOptions::new(self.config.client_id.clone(), self.host.clone(), self.port);
        options.set_transport(self.transport.clone());
        options.set_clean_session(false).set_manual_acks(true).set_keep_alive(Duration::from_secs(30));
        options.set_max_packet_size(self.config.max_packet_bytes, self.config.max_packet_bytes);
        if let Some((user, password)) = &self.config.credentials {
            options.set_credentials(user, password);
        }
        let (client, mut events) = AsyncClient::new(options, 4 * MAX_BATCH);
        let mut wait = BACK_OFF.0;
        loop {
            let event = tokio::select! {
                () = crate::stopped(&mut stop) => return,
                event = events.poll() => event,
            };
            let pause = match self.take(&client, &mut events, event, &mut stop).await {
                Ok(()) => {
                    wait = BACK_OFF.0;
                    continue;
                }
                Err(why) => self.lost(&why, &mut wait),
            };
            tokio::select! {
                () = crate::stopped(&mut stop) => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn lost(&self, why: &str, wait: &mut Duration) -> Duration {
        self.health.connected.store(false, Relaxed);
        self.health.failures.fetch_add(1, Relaxed);
        tracing::warn!(url = self.config.url, why, wait_ms = wait.as_millis() as u64, "mqtt source is away");
        *self.health.last_error.lock() = Some(why.to_owned());
        let pause = *wait;
        *wait = (*wait * 2).min(BACK_OFF.1);
        pause
    }

    /// Handles an event, and with a message the further ones that are there already.
    async fn take(
        &self,
        client: &AsyncClient,
        events: &mut EventLoop,
        event: Result<Event, ConnectionError>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), String> {
        let mut batch = Vec::new();
        let mut event = Some(event);
        let mut lost = None;
        while let Some(next) = event.take() {
            match next {
                Ok(Event::Incoming(Packet::Publish(publish))) => batch.push(publish),
                Ok(Event::Incoming(Packet::ConnAck(_))) => self.connected(client),
                Ok(_) => {}
                Err(e) => lost = Some(e.to_string()),
            }
            if lost.is_none() && !batch.is_empty() && batch.len() < MAX_BATCH {
                event = events.poll().now_or_never();
            }
        }
        if !batch.is_empty() && self.deliver(&batch, stop).await {
            for publish in &batch {
                // A full queue or a lost connection: the other broker sends the message again.
                let _ = client.try_ack(publish);
            }
        }
        lost.map_or(Ok(()), Err)
    }

    fn connected(&self, client: &AsyncClient) {
        self.health.connected.store(true, Relaxed);
        for filter in &self.config.filters {
            if let Err(e) = client.try_subscribe(filter, QoS::AtLeastOnce) {
                *self.health.last_error.lock() = Some(e.to_string());
            }
        }
    }

    /// True when everything is durable. Waits while the platform is overloaded; nothing is read meanwhile.
    async fn deliver(&self, batch: &[Publish], stop: &mut watch::Receiver<bool>) -> bool {
        self.health.messages.fetch_add(batch.len() as u64, Relaxed);
        loop {
            let mut drafts: Vec<Draft> = Vec::new();
            for publish in batch {
                intake::read(&publish.topic, &publish.payload, &self.sources, &mut drafts);
            }
            let pause = match self.door.submit(&self.config.grant, drafts).await {
                Ok(receipt) => {
                    self.health.accepted.fetch_add(receipt.accepted as u64, Relaxed);
                    self.health.rejected.fetch_add(receipt.rejected.len() as u64, Relaxed);
                    if let Some((_, rejection)) = receipt.rejected.first() {
                        *self.health.last_error.lock() = Some(rejection.to_string());
                    }
                    return true;
                }
                Err(SubmitError::Overloaded { retry_after }) => retry_after,
                Err(SubmitError::Closed) => return false,
                Err(e @ SubmitError::Storage(_)) => {
                    *self.health.last_error.lock() = Some(e.to_string());
                    BACK_OFF.1
                }
            };
            tokio::select! {
                () = crate::stopped(stop) => return false,
                () = tokio::time::sleep(pause.min(BACK_OFF.1)) => {}
            }
        }
    }
}

/// Whether TLS is asked for, host and port of `mqtt://host:port` or `mqtts://host:port`.
fn split(url: &str) -> Option<(bool, String, u16)> {
    let (tls, rest) = match url.strip_prefix("mqtts://") {
        Some(rest) => (true, rest),
        None => (false, url.strip_prefix("mqtt://").unwrap_or(url)),
    };
    let rest = rest.trim_end_matches('/');
    if rest.contains("//") {
        return None;
    }
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (rest, if tls { 8883 } else { 1883 }),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| (tls, host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |url: &str, expected: Option<(bool, &str, u16)>| {
            assert_eq!(split(url), expected.map(|(tls, h, p)| (tls, h.to_owned(), p)), "{url}");
        };
        check("mqtt://broker.example:1884", Some((false, "broker.example", 1884)));
        check("10.0.0.1", Some((false, "10.0.0.1", 1883)));
        check("mqtt://[::1]:1883", Some((false, "::1", 1883)));
        check("mqtts://a", Some((true, "a", 8883)));
        check("mqtts://a:1", Some((true, "a", 1)));
        check("https://a", None);
        check("mqtt://", None);
        check("a:b", None);
    }
}
