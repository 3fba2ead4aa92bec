//! A small platform in a temporary directory.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use vigiles_bus::{Clock, SystemClock};
use vigiles_engine::rule::{AlarmText, Count, Detector, IncidentSpec, Key, Rule, Threshold};
use vigiles_engine::{Command, CommandBody, CommandDone};
use vigiles_formats::observation::Draft;
use vigiles_history::History;
use vigiles_model::alarm::Stage;
use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::{
    AgencyId, Alarm, Incident, KindId, ObservationKind, Priority, RuleId, Severity, SourceId, Timestamp, Value,
};
use vigiles_runtime::door::Grant;
use vigiles_runtime::{CommandFailure, Parts, Platform, Seat, Snapshots, TimeZone, documents};
use vigiles_store::{Query, SqliteStore, Store};
use vigiles_trust::{Context, Role};

pub(crate) const SYSTEM: Context = Context::system("test");

/// Opens the platform that lives in a directory.
pub(crate) fn open(dir: &Path) -> Arc<Platform> {
    open_with(dir, Arc::new(SystemClock), TimeZone::default())
}

/// Opens the platform that lives in a directory, with a clock and a time zone.
pub(crate) fn open_with(dir: &Path, clock: Arc<dyn Clock>, time_zone: TimeZone) -> Arc<Platform> {
    let history = vigiles_history::Embedded::open(&dir.join("history"), vigiles_history::Options::default()).unwrap();
    open_on(dir, Arc::new(history), clock, time_zone)
}

/// Opens the platform that lives in a directory, on a history of its own.
pub(crate) fn open_on(
    dir: &Path,
    history: Arc<dyn History>,
    clock: Arc<dyn Clock>,
    time_zone: TimeZone,
) -> Arc<Platform> {
    let store = store(dir, clock.clone());
    start(dir, history, store, clock, time_zone)
}

/// Opens the store of a directory, which may be open already.
pub(crate) fn store(dir: &Path, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
    let options = vigiles_store::sqlite::Options {
        kinds: &documents::KINDS,
        clock: Arc::new(move || clock.now()),
        max_bytes: None,
    };
    Arc::new(SqliteStore::open(&dir.join("store"), options).unwrap())
}

/// Opens the platform that lives in a directory, on a store of its own.
pub(crate) fn open_with_store(dir: &Path, store: Arc<dyn Store>) -> Arc<Platform> {
    let history = vigiles_history::Embedded::open(&dir.join("history"), vigiles_history::Options::default()).unwrap();
    start(dir, Arc::new(history), store, Arc::new(SystemClock), TimeZone::default())
}

fn start(
    dir: &Path,
    history: Arc<dyn History>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    time_zone: TimeZone,
) -> Arc<Platform> {
    let bus = vigiles_bus::Embedded::open(&dir.join("log"), vigiles_bus::Options::default(), clock.clone()).unwrap();
    let snapshots = Arc::new(Snapshots::Directory(dir.join("engine")));
    let bus = Arc::new(bus);
    Platform::start(Parts {
        bus,
        history,
        store,
        clock,
        snapshots,
        time_zone,
        seat: Seat::Alone,
        task_kinds: crate::kinds::kinds(),
    })
    .unwrap()
}

pub(crate) fn agency() -> AgencyId {
    AgencyId::new("city").unwrap()
}

pub(crate) fn grant() -> Grant {
    Grant {
        principal: vigiles_model::PersonId::new("tok-test").unwrap(),
        agency: agency(),
        roles: vec![Role::Source],
        source: Some(SourceId::new("sensor-1").unwrap()),
    }
}

pub(crate) async fn put(platform: &Arc<Platform>, body: CommandBody) -> Result<CommandDone, CommandFailure> {
    platform.command(&SYSTEM, Command { by: None, agency: agency(), expected_version: None, body }).await
}

pub(crate) fn kind() -> ObservationKind {
    ObservationKind {
        id: KindId::new("air.pm25").unwrap(),
        name: "PM2.5".to_owned(),
        quantity: "mass concentration of fine dust".to_owned(),
        unit: "ug/m3".to_owned(),
        value_type: ValueType::Number,
        min: Some(0.0),
        max: Some(2000.0),
        retention: vigiles_model::Duration::from_secs(86_400),
        personal: false,
        overload: Overload::Wait,
    }
}

pub(crate) fn threshold_rule() -> Rule {
    rule("pm25-high", Detector::Threshold(Threshold { above: Some(75.0), clear: Some(50.0), ..Threshold::default() }))
}

pub(crate) fn count_rule() -> Rule {
    let count = Count { window_s: 3600.0, at_least: 3, distinct: None, radius_m: None };
    rule("pm25-many", Detector::Count(count))
}

fn rule(id: &str, detector: Detector) -> Rule {
    let kinds = vec![KindId::new("air.pm25").unwrap()];
    let alarm = AlarmText::new("fine dust {value}", Severity::Severe);
    Rule {
        stage: Stage::Live,
        key: Key::Source,
        incident: Some(IncidentSpec {
            incident_type: id.to_owned(),
            priority: Priority::P2,
            playbook: None,
            radius_m: 500.0,
            window_s: 600.0,
            title: None,
        }),
        ..Rule::new(RuleId::new(id).unwrap(), agency(), kinds, detector, alarm)
    }
}

/// A platform with a kind and a rule.
pub(crate) async fn furnished(dir: &Path) -> Arc<Platform> {
    furnish(open(dir)).await
}

/// Gives a platform a kind and a rule.
pub(crate) async fn furnish(platform: Arc<Platform>) -> Arc<Platform> {
    put(&platform, CommandBody::PutKind(Box::new(kind()))).await.unwrap();
    put(&platform, CommandBody::PutRule(Box::new(threshold_rule()))).await.unwrap();
    platform
}

pub(crate) fn reading(value: f64, time: Timestamp) -> Draft {
    let mut draft = Draft::new("air.pm25", Value::Number(value));
    draft.time = Some(time);
    draft
}

pub(crate) fn incidents(platform: &Platform) -> Vec<Incident> {
    let page = platform.store().list(&SYSTEM, &Query::new(documents::INCIDENT)).unwrap();
    page.documents.iter().map(|d| documents::read(d).unwrap()).collect()
}

pub(crate) fn alarms(platform: &Platform) -> Vec<Alarm> {
    let page = platform.store().list(&SYSTEM, &Query::new(documents::ALARM)).unwrap();
    page.documents.iter().map(|d| documents::read(d).unwrap()).collect()
}

/// Waits until the store has changed so that `condition` holds.
pub(crate) fn wait_until(platform: &Platform, condition: impl Fn(&Platform) -> bool) {
    let mut sequence = 0;
    for _ in 0..1000 {
        if condition(platform) {
            return;
        }
        sequence =
            platform.store().wait_change(&Context::system("test"), sequence, Duration::from_millis(100)).unwrap();
    }
    panic!("the condition never held");
}

/// A command that comes back once everything before it in the log is applied, however much that is: one that is late says
/// only that there is more to wait for.
pub(crate) async fn settle(platform: &Arc<Platform>) {
    while let Err(failure) = put(platform, CommandBody::PutKind(Box::new(kind()))).await {
        assert!(matches!(failure, CommandFailure::Late), "{failure}");
    }
}
