//! Sources on other brokers: one client each, kept in step with what the console sets.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::sync::watch;
use vigiles_connect::mqtt_client::{Config, MqttClient};
use vigiles_model::{AgencyId, PersonId};
use vigiles_runtime::Platform;
use vigiles_runtime::directory::{FIRST_AGENCY, SourceDoor, SourceSetting};
use vigiles_runtime::door::{Door, Grant, Source};
use vigiles_trust::Role;

use crate::config;

/// How soon a changed source takes effect.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Largest message taken, in bytes.
const MAX_PACKET_BYTES: usize = 1 << 20;

/// What a broker asks for.
#[derive(Clone, Default)]
struct Access {
    credentials: Option<(String, String)>,
    ca: Option<Vec<u8>>,
}

/// What each configured broker asks for, by its address.
#[derive(Clone, Default)]
pub(crate) struct Brokers(BTreeMap<String, Access>);

impl Brokers {
    /// Reads the files that the configuration names.
    pub(crate) fn read(config: &config::Config) -> Result<Self> {
        let mut brokers = BTreeMap::new();
        for broker in &config.broker {
            let named = || format!("[[broker]] {}", broker.url);
            let credentials = match (&broker.user, &broker.password_file) {
                (Some(user), Some(file)) => {
                    let password = std::fs::read_to_string(file)
                        .with_context(|| format!("{}: reading {}", named(), file.display()))?;
                    Some((user.clone(), password.trim_end().to_owned()))
                }
                (None, None) => None,
                _ => anyhow::bail!("{}: user and password_file go together", named()),
            };
            let read = |file: &PathBuf| {
                std::fs::read(file).with_context(|| format!("{}: reading {}", named(), file.display()))
            };
            let ca = broker.ca_file.as_ref().map(read).transpose()?;
            brokers.insert(broker.url.clone(), Access { credentials, ca });
        }
        Ok(Self(brokers))
    }
}

/// A client that runs, and the setting it was started with.
struct Running {
    setting: SourceSetting,
    _stop: watch::Sender<bool>,
}

/// Starts and stops clients until the platform stops.
pub(crate) async fn keep(platform: Arc<Platform>, brokers: Brokers, mut stop: watch::Receiver<bool>) {
    let mut running: BTreeMap<String, Running> = BTreeMap::new();
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            _ = look.tick() => {}
        }
        let wanted: BTreeMap<_, _> = platform
            .directory()
            .source_settings()
            .into_iter()
            .filter(|setting| setting.enabled && setting.door == SourceDoor::MqttClient)
            .map(|setting| (setting.id.to_string(), setting))
            .collect();
        // Dropping a client's stop signal ends it.
        running.retain(|id, client| wanted.get(id) == Some(&client.setting));
        for (id, setting) in wanted {
            running.entry(id).or_insert_with(|| start(&platform, &brokers, setting));
        }
    }
}

fn start(platform: &Arc<Platform>, brokers: &Brokers, setting: SourceSetting) -> Running {
    let (stopper, stopped) = watch::channel(false);
    if let Some(client) = client(platform, brokers, &setting) {
        tokio::spawn(client.run(stopped));
    }
    Running { setting, _stop: stopper }
}

fn client(platform: &Arc<Platform>, brokers: &Brokers, setting: &SourceSetting) -> Option<MqttClient> {
    let compiled = platform.directory().sources();
    let mapping = compiled.list.iter().find(|source| source.id == setting.id).and_then(|source| source.mapping.clone());
    let url = setting.url.clone().unwrap_or_default();
    let Access { credentials, ca } = brokers.0.get(&url).cloned().unwrap_or_default();
    let config = Config {
        url,
        ca,
        client_id: format!("vigiles-{}", setting.id),
        credentials,
        filters: vec![setting.topic.clone().unwrap_or_else(|| "#".to_owned())],
        source: Source { id: setting.id.clone(), name: setting.name.clone(), topic: None, mapping },
        grant: Grant {
            principal: PersonId::new(setting.id.as_str()).expect("ids of all sorts share one alphabet"),
            agency: AgencyId::new(FIRST_AGENCY).expect("the constant is an id"),
            roles: vec![Role::Source],
            source: Some(setting.id.clone()),
        },
        max_packet_bytes: MAX_PACKET_BYTES,
    };
    let door: Arc<dyn Door> = Arc::new(platform.clone());
    match MqttClient::new(config, door) {
        Ok(client) => Some(client),
        Err(error) => {
            tracing::warn!(source = %setting.id, %error, "the source cannot be connected");
            None
        }
    }
}
