//! Sources: feeds whose payloads need a mapping, and how they are doing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigiles_model as model;

use super::observation::Delivery;
use super::time::Time;

/// Where a source comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceDoor {
    /// The broker inside the platform.
    Mqtt,
    /// HTTP.
    Http,
    /// An external broker the platform connects to.
    MqttClient,
}

/// A source as it is set.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSetting {
    /// Identity; the source its observations carry.
    #[schema(value_type = String)]
    pub id: model::SourceId,
    /// Name for people.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Where it comes in.
    pub door: SourceDoor,
    /// MQTT topic filter.
    #[serde(default)]
    pub topic: Option<String>,
    /// Address of the external broker, such as `mqtt://broker.example:1883`.
    #[serde(default)]
    pub url: Option<String>,
    /// How its payloads become observations; absent where it speaks the platform's own form.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub mapping: Option<serde_json::Value>,
    /// Whether it is taken.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Counts up with every change; ignored on the way in.
    #[serde(default)]
    pub version: u64,
    /// Ignored on the way in, so that what was read may be sent back.
    #[serde(default, skip_serializing)]
    #[schema(value_type = Option<Object>)]
    pub health: Option<serde::de::IgnoredAny>,
}

fn yes() -> bool {
    true
}

/// A source and how it is doing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Source {
    /// Identity.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Where it comes in.
    pub door: SourceDoor,
    /// MQTT topic filter.
    pub topic: Option<String>,
    /// Address of the external broker.
    pub url: Option<String>,
    /// How its payloads become observations.
    #[schema(value_type = Option<Object>)]
    pub mapping: Option<serde_json::Value>,
    /// Whether it is taken.
    pub enabled: bool,
    /// Whether it was set here; false for one that only delivers.
    pub configured: bool,
    /// Counts up with every change; the ETag.
    pub version: u64,
    /// How it is doing.
    pub health: Health,
}

/// How a source is doing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Health {
    /// In a word.
    pub state: HealthState,
    /// When something last arrived.
    pub last_seen: Option<Time>,
    /// Observations per second, smoothed.
    pub rate_per_s: f64,
    /// Observations made durable since the start.
    pub accepted: u64,
    /// Observations refused since the start.
    pub rejected: u64,
    /// Observations dropped under overload since the start.
    pub shed: u64,
    /// The last refusal in words.
    pub last_error: Option<String>,
}

/// How a source is doing, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// Something arrived within five minutes.
    Live,
    /// Nothing for five minutes.
    Quiet,
    /// Its latest delivery was refused whole.
    Failing,
    /// Nothing since the start.
    Never,
}

/// A mapping and a sample to try it on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TryMapping {
    /// The mapping.
    #[schema(value_type = Object)]
    pub mapping: serde_json::Value,
    /// A payload as the source sends it.
    #[schema(max_length = 1_000_000)]
    pub sample: String,
    /// `application/json` or `text/csv`.
    pub content_type: String,
    /// The topic it would arrive on.
    #[serde(default)]
    pub topic: Option<String>,
}

/// What a mapping makes of a sample.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tried {
    /// The observations, at most 200.
    pub observations: Vec<Delivery>,
    /// What is wrong.
    pub errors: Vec<TryError>,
}

/// What is wrong with a mapping or a sample.
#[derive(Debug, Serialize, ToSchema)]
pub struct TryError {
    /// Where.
    pub path: String,
    /// What.
    pub message: String,
}
