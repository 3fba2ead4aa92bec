//! Foreign payloads to drafts, by configuration instead of code.

mod config;
mod message;
mod record;
mod template;
mod time;

pub use config::{Config, Format, Place, Reading, ReadingType, Required, Time};
pub use message::Table;

use crate::observation::Draft;
use template::Template;
use time::Clock;

/// Most readings one mapping may make of a record.
pub const MAX_READINGS: usize = 64;

/// Most fields that a mapping may require of a record.
pub const MAX_REQUIRED: usize = 16;
/// Most bytes of what is told where one is missing.
pub const MAX_OTHERWISE: usize = 500;

/// What is wrong with a mapping's configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct MappingError {
    /// The setting, such as `observations[1].value`.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

impl MappingError {
    fn new(path: impl Into<String>, message: impl std::fmt::Display) -> Self {
        Self { path: path.into(), message: message.to_string() }
    }
}

/// A checked mapping, ready to read messages. See [`Config`] for what it can do.
#[derive(Debug, Clone)]
pub struct Mapping {
    config: Config,
    time: Option<(Template, Clock)>,
    asset: Option<Template>,
    source: Option<Template>,
    attributes: Vec<(String, Template)>,
    readings: Vec<Compiled>,
}

/// A reading with its templates read.
#[derive(Debug, Clone)]
struct Compiled {
    kind: Template,
    asset: Option<Template>,
    config: Reading,
}

impl Mapping {
    /// Checks a configuration.
    pub fn new(config: Config) -> Result<Self, MappingError> {
        let format = config.format;
        let template =
            |path: &str, text: &Option<String>| text.as_ref().map(|t| Template::parse(t, format, path)).transpose();
        check_shape(&config)?;
        let time = match &config.time {
            None => None,
            Some(time) => Some((Template::parse(&time.from, format, "time.from")?, Clock::new(time)?)),
        };
        let attributes = config.attributes.iter().map(|(name, text)| {
            Template::parse(text, format, &format!("attributes.{name}")).map(|t| (name.clone(), t))
        });
        let readings = config.observations.iter().enumerate().map(|(i, r)| Compiled::new(r, i, format));
        Ok(Self {
            time,
            asset: template("asset", &config.asset)?,
            source: template("source", &config.source)?,
            attributes: attributes.collect::<Result<_, _>>()?,
            readings: readings.collect::<Result<_, _>>()?,
            config,
        })
    }

    /// Reads a configuration written as TOML.
    pub fn from_toml(text: &str) -> Result<Self, MappingError> {
        let config = toml::from_str(text).map_err(|e| MappingError::new("mapping", e))?;
        Self::new(config)
    }

    /// Reads a configuration written as JSON.
    pub fn from_json(bytes: &[u8]) -> Result<Self, MappingError> {
        let config = serde_json::from_slice(bytes).map_err(|e| MappingError::new("mapping", e))?;
        Self::new(config)
    }

    /// The configuration it was made from.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Reads one message. What cannot be read becomes a draft with a flaw whose path names the line or
    /// record and the field. `topic` is empty where the message did not come by MQTT.
    pub fn drafts(&self, topic: &str, payload: &[u8]) -> Vec<Draft> {
        message::drafts(self, topic, payload)
    }
}

fn check_shape(config: &Config) -> Result<(), MappingError> {
    if config.observations.is_empty() || config.observations.len() > MAX_READINGS {
        return Err(MappingError::new(
            "observations",
            format_args!("1 to {MAX_READINGS} readings, these are {}", config.observations.len()),
        ));
    }
    if !config.delimiter.is_ascii() {
        return Err(MappingError::new("delimiter", "one ASCII character"));
    }
    if let Some(pointer) = &config.records {
        if config.format == Format::Csv {
            return Err(MappingError::new("records", "a CSV's records are its rows"));
        }
        template::check_field(pointer, Format::Json, "records")?;
    }
    if config.required.len() > MAX_REQUIRED {
        return Err(MappingError::new("required", format_args!("at most {MAX_REQUIRED} fields")));
    }
    for (i, required) in config.required.iter().enumerate() {
        template::check_field(&required.field, config.format, &format!("required[{i}].field"))?;
        if required.otherwise.trim().is_empty() || required.otherwise.len() > MAX_OTHERWISE {
            let path = format!("required[{i}].otherwise");
            return Err(MappingError::new(path, format_args!("says how to mend it, in 1 to {MAX_OTHERWISE} bytes")));
        }
    }
    if let Some(place) = &config.place {
        template::check_field(&place.lon, config.format, "place.lon")?;
        template::check_field(&place.lat, config.format, "place.lat")?;
    }
    Ok(())
}

impl Compiled {
    fn new(config: &Reading, index: usize, format: Format) -> Result<Self, MappingError> {
        let at = |field: &str| format!("observations[{index}].{field}");
        template::check_field(&config.value, format, &at("value"))?;
        if !config.scale.is_finite() || !config.offset.is_finite() {
            return Err(MappingError::new(at("scale"), "scale and offset are finite numbers"));
        }
        if let Some(unit) = &config.unit {
            vigiles_model::unit::check(unit).map_err(|e| MappingError::new(at("unit"), e))?;
        }
        Ok(Self {
            kind: Template::parse(&config.kind, format, &at("kind"))?,
            asset: config.asset.as_ref().map(|t| Template::parse(t, format, &at("asset"))).transpose()?,
            config: config.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
