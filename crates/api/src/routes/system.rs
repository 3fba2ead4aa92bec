//! How the platform is doing.

use std::sync::atomic::Ordering;

use vigiles_trust::{Action, Resource};

use crate::call::{Call, ok};
use crate::endpoint::{Answer, Endpoint};
use crate::state::Api;
use crate::wire::system::{DoorHealth, Engine, Log, Queue, Rates, Storage, System};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/system", "get_system", "How the platform is doing", get)
            .tag("system")
            .may(Action::Read(Resource::System))
            .answers::<System>(200, "Rates, lag, queues, storage, doors."),
    ]
}

async fn get(call: Call) -> Answer {
    let system = call.blocking(|api| Ok(system(api))).await?;
    ok(&system)
}

/// The platform at a glance.
pub(crate) fn system(api: &Api) -> System {
    let status = api.platform.status();
    let counters = &api.platform.intake().counters;
    let uptime_s = api.platform.now().since(status.started).as_secs_f64();
    let http = DoorHealth {
        name: "http".to_owned(),
        connections: api.traffic.open_requests.load(Ordering::Relaxed),
        rate_per_s: status.observations_per_s,
        rejected: counters.rejected.get(),
    };
    let doors = api.settings.doors.iter().map(|door| {
        let (connections, rejected) = (door.read)();
        DoorHealth { name: door.name.to_owned(), connections, rate_per_s: 0.0, rejected }
    });
    System {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: status.started.into(),
        uptime_s,
        rates: Rates {
            observations_per_s: status.observations_per_s,
            alarms_per_h: counters.alarms.get() as f64 / (uptime_s / 3600.0).max(1.0 / 60.0),
        },
        engine: Engine {
            lag_ms: status.lag_ms as f64,
            offset: status.position,
            rules: status.engine.rules,
            series: status.engine.series,
            open_alarms: status.engine.open_alarms,
            open_incidents: status.engine.open_incidents,
            rule_errors: status.engine.rule_errors.iter().map(|(rule, count)| (rule.to_string(), *count)).collect(),
        },
        queues: status
            .queues
            .iter()
            .map(|q| Queue { name: q.name.to_owned(), depth: q.depth, capacity: q.capacity, shed: q.shed })
            .collect(),
        storage: vec![Storage {
            name: "history".to_owned(),
            bytes: status.history.bytes,
            rows: status.history.sealed + status.history.pending,
        }],
        doors: std::iter::once(http).chain(doors).collect(),
        log: Log { first: status.log.start, next: status.log.end, bytes: 0 },
    }
}
