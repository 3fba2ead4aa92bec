//! OpenStreetMap import and base map tiles.
//!
//! [`pbf`] reads an extract, [`basemap`] makes one archive of vector tiles from it. Both take a file
//! from anywhere: whatever its bytes are, they answer with a result or an error that names the
//! place, never a panic, and within stated bounds of memory.
//!
//! Architecture Invariant: this room knows files and bytes, no HTTP and no clock.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

pub mod basemap;
mod error;
pub mod pbf;
mod wire;

pub use error::RoadsError;
