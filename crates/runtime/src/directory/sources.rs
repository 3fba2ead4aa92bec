//! Sources as they are set: which door, which topic, which mapping.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vigiles_formats::mapping::Mapping;
use vigiles_model::{SourceId, Timestamp};
use vigiles_store::Expect;
use vigiles_trust::Context;

use super::agencies::check_name;
use super::{Directory, DirectoryError, Row, SOURCE};
use crate::door::{Source, Sources};

/// Most sources that can be set.
const MAX_SOURCES: usize = 10_000;

/// Where a source comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceSetting {
    /// The source its observations carry.
    pub id: SourceId,
    /// Name for people.
    pub name: String,
    /// Where it comes in.
    pub door: SourceDoor,
    /// MQTT topic filter.
    #[serde(default)]
    pub topic: Option<String>,
    /// Address of the external broker.
    #[serde(default)]
    pub url: Option<String>,
    /// How its payloads become observations: a mapping's configuration as JSON.
    #[serde(default)]
    pub mapping: Option<serde_json::Value>,
    /// Whether it is taken.
    pub enabled: bool,
    /// Counts up with every change.
    pub version: u64,
}

impl Directory {
    /// All sources as they are set, by id.
    pub fn source_settings(&self) -> Vec<SourceSetting> {
        let mut all: Vec<_> = self.settings.read().values().cloned().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// One source as it is set.
    pub fn source_setting(&self, id: &str) -> Option<SourceSetting> {
        self.settings.read().get(id).cloned()
    }

    /// How a source's deliveries by HTTP are read; none where they are in the platform's own forms.
    pub fn http_mapping(&self, id: &SourceId) -> Option<Arc<Mapping>> {
        self.settings.read().get(id.as_str()).filter(|setting| setting.door == SourceDoor::Http)?;
        self.sources().list.iter().find(|source| source.id == *id)?.mapping.clone()
    }

    /// Whether it is set and switched off.
    pub fn is_off(&self, id: &SourceId) -> bool {
        self.settings.read().get(id.as_str()).is_some_and(|setting| !setting.enabled)
    }

    /// The enabled sources with their mappings, ready for the doors.
    pub fn sources(&self) -> Arc<Sources> {
        self.sources.read().clone()
    }

    /// Sets a source; `expected` is its version (0: it must not exist yet), none to skip the check.
    pub fn put_source(
        &self,
        ctx: &Context,
        mut setting: SourceSetting,
        expected: Option<u64>,
    ) -> Result<SourceSetting, DirectoryError> {
        check(&setting)?;
        let _writing = self.writing.lock();
        let found = self.source_setting(setting.id.as_str()).map_or(0, |s| s.version);
        check_version(expected, found)?;
        if found == 0 && self.settings.read().len() >= MAX_SOURCES {
            return Err(DirectoryError::TooMany { what: "sources", most: MAX_SOURCES });
        }
        setting.version = found + 1;
        let row = Row { kind: SOURCE, id: setting.id.as_str(), agency: None, created: Timestamp(0), body: &setting };
        self.put(ctx, &row, Expect::Any)?;
        self.settings.write().insert(setting.id.to_string(), setting.clone());
        self.compile_sources();
        Ok(setting)
    }

    /// Takes a source away; what it delivered stays.
    pub fn delete_source(&self, ctx: &Context, id: &str, expected: Option<u64>) -> Result<(), DirectoryError> {
        let _writing = self.writing.lock();
        let setting =
            self.source_setting(id).ok_or_else(|| DirectoryError::NotFound { what: "source", id: id.to_owned() })?;
        check_version(expected, setting.version)?;
        self.delete(ctx, SOURCE, id)?;
        self.settings.write().remove(id);
        self.compile_sources();
        Ok(())
    }

    /// Makes the list that the doors read. A mapping that an earlier version took and this one does not
    /// leaves its source out, with a line in the log.
    pub(super) fn compile_sources(&self) {
        let mut list = Vec::new();
        for setting in self.source_settings().into_iter().filter(|s| s.enabled) {
            match compile(&setting) {
                Ok(mapping) => {
                    // A topic of another broker, or one left from before, claims nothing here.
                    let topic = setting.topic.filter(|_| setting.door == SourceDoor::Mqtt);
                    list.push(Source { id: setting.id, name: setting.name, topic, mapping });
                }
                Err(error) => tracing::error!(source = %setting.id, %error, "source left out"),
            }
        }
        *self.sources.write() = Arc::new(Sources { list });
    }
}

fn check_version(expected: Option<u64>, found: u64) -> Result<(), DirectoryError> {
    match expected {
        Some(expected) if expected != found => Err(DirectoryError::Version { expected, found }),
        _ => Ok(()),
    }
}

fn compile(setting: &SourceSetting) -> Result<Option<Arc<Mapping>>, DirectoryError> {
    let Some(mapping) = &setting.mapping else { return Ok(None) };
    let invalid = |why: String| DirectoryError::Invalid { field: "mapping", why };
    let config = serde_json::from_value(mapping.clone()).map_err(|e| invalid(e.to_string()))?;
    Mapping::new(config).map(|m| Some(Arc::new(m))).map_err(|e| invalid(e.to_string()))
}

fn check(setting: &SourceSetting) -> Result<(), DirectoryError> {
    check_name("name", &setting.name, 200)?;
    compile(setting)?;
    let invalid = |field: &'static str, why: &str| Err(DirectoryError::Invalid { field, why: why.to_owned() });
    if setting.door != SourceDoor::Http && setting.topic.as_deref().is_none_or(str::is_empty) {
        return invalid("topic", "a source that comes by MQTT needs a topic filter");
    }
    if setting.topic.as_ref().is_some_and(|topic| topic.len() > 1024 || topic.contains('\0')) {
        return invalid("topic", "has at most 1024 bytes and no zero characters");
    }
    match (&setting.url, setting.door) {
        (None, SourceDoor::MqttClient) => {
            invalid("url", "an external broker needs its address, such as mqtt://broker.example:1883")
        }
        (Some(url), _) if url.len() > 1024 => invalid("url", "has at most 1024 bytes"),
        // Whoever may read sources would read the password too.
        (Some(url), _) if url.contains('@') => {
            invalid("url", "must not contain a user or a password; they belong in the configuration file")
        }
        _ => Ok(()),
    }
}
