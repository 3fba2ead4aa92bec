//! The list of protocols. A new one is a folder and a line here.

/// Which way a protocol carries things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the city into the platform.
    In,
    /// From the platform to others.
    Out,
    /// Both.
    Both,
}

/// A protocol that is spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protocol {
    /// Its folder and its name in the configuration.
    pub name: &'static str,
    /// Which way.
    pub direction: Direction,
    /// What it is, for the console.
    pub what: &'static str,
}

/// Every protocol of this crate. HTTP ingest is a route of the API.
pub const PROTOCOLS: &[Protocol] = &[
    Protocol { name: "endpoint", direction: Direction::Out, what: "HTTP requests of playbooks" },
    Protocol { name: "mqtt", direction: Direction::Both, what: "MQTT 3.1.1 and 5, as a broker" },
    Protocol { name: "mqtt_client", direction: Direction::In, what: "MQTT 3.1.1, as a client of another broker" },
    Protocol { name: "replay", direction: Direction::In, what: "Recorded CSV and NDJSON, played again" },
    Protocol { name: "smtp", direction: Direction::Out, what: "E-mail of playbooks" },
    Protocol { name: "webhook", direction: Direction::Out, what: "Signed HTTP calls of playbooks (Standard Webhooks)" },
];
