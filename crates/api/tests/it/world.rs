//! A platform with its API on a free port.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use vigiles_api::{PATIENCE, Settings};
use vigiles_bus::{Clock, SystemClock};
use vigiles_connect::task_kinds::{REGISTERED, Registration};
use vigiles_model::{AgencyId, SourceId};
use vigiles_runtime::directory::{self, Agency, NewAccount, NewToken};
use vigiles_runtime::{Parts, Platform, Seat, Snapshots, documents};
use vigiles_store::SqliteStore;
use vigiles_trust::{Context, Role};

use crate::client::{Request, request};

pub(crate) const SYSTEM: Context = Context::system("test");

/// A running platform; it stops when dropped.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) platform: Arc<Platform>,
    _dir: TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.platform.stop();
    }
}

pub(crate) async fn world() -> World {
    world_with(Settings::default()).await
}

pub(crate) async fn world_with(settings: Settings) -> World {
    world_patient(settings, PATIENCE).await
}

/// A world whose clients may be so slow.
pub(crate) async fn world_patient(settings: Settings, patience: Duration) -> World {
    world_of(settings, patience, REGISTERED).await
}

/// A world with the task kinds that are registered, and no others.
pub(crate) async fn world_of_kinds(registered: &[Registration]) -> World {
    world_of(Settings::default(), PATIENCE, registered).await
}

async fn world_of(settings: Settings, patience: Duration, registered: &[Registration]) -> World {
    let dir = tempfile::tempdir().unwrap();
    let platform = open(dir.path(), registered);
    for id in ["city", "fire"] {
        add_agency(&platform, id);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stopping = settings.stopping.clone();
    let router = vigiles_api::router(platform.clone(), settings);
    tokio::spawn(vigiles_api::serve(listener, router, patience, stopping));
    World { address, platform, _dir: dir }
}

fn open(dir: &std::path::Path, registered: &[Registration]) -> Arc<Platform> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let bus = vigiles_bus::Embedded::open(&dir.join("log"), vigiles_bus::Options::default(), clock.clone()).unwrap();
    let history = vigiles_history::Embedded::open(&dir.join("history"), vigiles_history::Options::default()).unwrap();
    let store_clock = clock.clone();
    let options = vigiles_store::sqlite::Options {
        kinds: &documents::KINDS,
        clock: Arc::new(move || store_clock.now()),
        max_bytes: None,
    };
    let store = SqliteStore::open(&dir.join("store"), options).unwrap();
    let snapshots = Arc::new(Snapshots::Directory(dir.join("engine")));
    Platform::start(Parts {
        bus: Arc::new(bus),
        history: Arc::new(history),
        store: Arc::new(store),
        clock,
        snapshots,
        time_zone: vigiles_runtime::TimeZone::default(),
        seat: Seat::Alone,
        task_kinds: vigiles_connect::task_kinds::kinds(registered),
    })
    .unwrap()
}

impl World {
    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        request(self.address, method, path)
    }

    /// Adds the agencies that the shipped playbooks invite.
    pub(crate) fn with_agencies(self) -> Self {
        for id in ["police", "traffic", "environment"] {
            add_agency(&self.platform, id);
        }
        self
    }

    /// A token of a role, of the agency `city`.
    pub(crate) fn token(&self, role: Role) -> String {
        self.token_of(role, "city")
    }

    pub(crate) fn token_of(&self, role: Role, agency: &str) -> String {
        let source = (role == Role::Device).then(|| SourceId::new("device-1").unwrap());
        let new = NewToken {
            name: format!("{role} of {agency}"),
            role,
            agency: Some(AgencyId::new(agency).unwrap()),
            source,
            expires: None,
        };
        self.platform.directory().add_token(&SYSTEM, new, self.platform.now()).unwrap().1
    }

    pub(crate) fn account(&self, name: &str, roles: &[Role], password: Option<&str>) -> directory::Account {
        let new = NewAccount {
            name: name.to_owned(),
            roles: roles.to_vec(),
            agency: AgencyId::new("city").unwrap(),
            password: password.map(str::to_owned),
        };
        self.platform.directory().add_account(&SYSTEM, new, self.platform.now()).unwrap()
    }

    /// Registers the kind `air.pm25` and a rule over 75 that opens incidents.
    pub(crate) async fn with_rule(&self) -> String {
        let token = self.token(Role::Supervisor);
        self.request("PUT", "/api/v1/kinds/air.pm25").bearer(&token).json(kind()).send().await.expect(201);
        self.request("PUT", LIVE_UNTRIED).bearer(&token).json(rule()).send().await.expect(201);
        token
    }
}

/// The path of the rule `high`, for one that goes live at once.
pub(crate) const LIVE_UNTRIED: &str = "/api/v1/rules/high?untried=for%20a%20test";

fn add_agency(platform: &Platform, id: &str) {
    let agency = Agency { id: AgencyId::new(id).unwrap(), name: id.to_uppercase() };
    platform.directory().ensure_agency(&SYSTEM, agency).unwrap();
}

pub(crate) fn kind() -> Value {
    json!({"id": "air.pm25", "name": "PM2.5", "quantity": "fine dust", "unit": "ug/m3", "value_type": "number",
           "min": 0, "max": 2000, "retention_s": 86400})
}

pub(crate) fn rule() -> Value {
    json!({"id": "high", "name": "Fine dust", "reason": "as measured", "stage": "live", "agency": "city", "kinds": ["air.pm25"],
           "detector": {"threshold": {"above": 75.0}},
           "alarm": {"title": "Fine dust at {asset}", "severity": "severe"},
           "incident": {"incident_type": "air_quality", "priority": "p2"}})
}
