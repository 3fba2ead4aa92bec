//! Sources on other brokers: one client each, kept in step with what the console sets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use vigiles_connect::mqtt_client::{Config, MqttClient};
use vigiles_model::{AgencyId, PersonId};
use vigiles_runtime::Platform;
use vigiles_runtime::directory::{FIRST_AGENCY, SourceDoor, SourceSetting};
use vigiles_runtime::door::{Door, Grant, Source};
use vigiles_trust::Role;

/// How soon a changed source takes effect.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Largest message taken, in bytes.
const MAX_PACKET_BYTES: usize = 1 << 20;

/// A client that runs, and the setting it was started with.
struct Running {
    setting: SourceSetting,
    _stop: watch::Sender<bool>,
}

/// Starts and stops clients until the platform stops.
pub(crate) async fn keep(platform: Arc<Platform>, mut stop: watch::Receiver<bool>) {
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
            running.entry(id).or_insert_with(|| start(&platform, setting));
        }
    }
}

fn start(platform: &Arc<Platform>, setting: SourceSetting) -> Running {
    let (stopper, stopped) = watch::channel(false);
    if let Some(client) = client(platform, &setting) {
        tokio::spawn(client.run(stopped));
    }
    Running { setting, _stop: stopper }
}

fn client(platform: &Arc<Platform>, setting: &SourceSetting) -> Option<MqttClient> {
    let compiled = platform.directory().sources();
    let mapping = compiled.list.iter().find(|source| source.id == setting.id).and_then(|source| source.mapping.clone());
    let config = Config {
        url: setting.url.clone().unwrap_or_default(),
        client_id: format!("vigiles-{}", setting.id),
        credentials: None,
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
