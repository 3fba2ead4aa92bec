//! The doors against real peers: Mosquitto and its clients, rumqttc, an SMTP and an HTTP receiver.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod door;
mod import;
mod mqtt_client;
mod mqtt_hostile;
mod mqtt_peers;
mod outbound;
mod platform;
mod raw;
mod receiver;
mod replay;
