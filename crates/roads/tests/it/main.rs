//! The base map from a real extract, read back with a reader of its own; and from damaged ones.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod damage;
mod golden;
mod tile_reader;

/// The extract of the demo city: Monaco, © OpenStreetMap contributors, ODbL 1.0.
fn monaco() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/monaco/monaco.osm.pbf")).unwrap()
}
