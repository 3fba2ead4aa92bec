//! The OGC SensorThings API 1.1 (OGC 18-088) as text and types: resource paths, query options, filters and what they come
//! to, the forms of entities and of observations. Who serves it hands in the entities, by [`filter::Graph`].
//!
//! Ids are texts, which 1.1 allows: those of the platform. A Datastream is an asset and a kind, `'a1,air.pm25'` (the comma
//! is in no id); an Observation its phenomenon time in microseconds and its content's hash, so that it is found without a search.

pub mod batch;
pub mod data_array;
pub mod entity;
pub mod filter;
pub mod ids;
pub mod mqtt;
pub mod observation;
pub mod path;
pub mod place;
pub mod query;
pub mod time;
pub mod units;

use std::fmt;

pub use entity::{Entity, EntitySet};
pub use path::ResourcePath;
pub use query::Query;

/// What is wrong with a request, and in which part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part}: {message}")]
pub struct SyntaxError {
    /// The query option, path segment or field: `$filter`, `Things`, `Datastream.name`.
    pub part: String,
    /// What is wrong, with the column where that helps.
    pub message: String,
}

impl SyntaxError {
    /// An error in a part of a request.
    pub fn new(part: impl Into<String>, message: impl fmt::Display) -> Self {
        Self { part: part.into(), message: message.to_string() }
    }
}
