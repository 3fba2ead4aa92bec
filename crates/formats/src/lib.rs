//! Standards as bytes and types: observations in JSON and NDJSON, CloudEvents, CSV,
//! GeoJSON, MQTT topic filters, and mappings of foreign payloads.
//!
//! Invariant: no IO, no clocks. Every parser takes bytes and never panics; what it
//! allocates is bounded by the bytes it was given.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

pub mod cloudevents;
pub mod geojson;
pub mod mapping;
pub mod mqtt;
pub mod ndjson;
pub mod observation;
pub mod place;
pub mod sensorthings;
