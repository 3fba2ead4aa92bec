//! How the platform is doing.

use std::time::Instant;

use vigiles_runtime::load;
use vigiles_runtime::status::Status;
use vigiles_trust::{Action, Resource};

use crate::call::{Call, ok};
use crate::doors::DoorCounts;
use crate::endpoint::{Answer, Endpoint};
use crate::state::Api;
use crate::wire::system::{DoorHealth, Engine, Log, Queue, Rates, RuleLoad, Storage, System, Volume};

/// Most rules whose load is told.
const MAX_LOADS: usize = 10;

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
    let uptime_s = api.platform.now().since(status.started).as_secs_f64();
    System {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: status.started.into(),
        uptime_s,
        rates: Rates { observations_per_s: status.observations_per_s, alarms_per_h: status.alarms_last_hour as f64 },
        engine: Engine {
            lag_ms: status.lag_ms as f64,
            offset: status.position,
            rules: status.engine.rules,
            series: status.engine.series,
            state_bytes: status.engine.state_bytes,
            max_state_bytes: vigiles_engine::MAX_STATE_BYTES,
            open_alarms: status.engine.open_alarms,
            open_incidents: status.engine.open_incidents,
            duplicates: status.engine.duplicates,
            out_of_order: status.engine.out_of_order,
            late: status.engine.late,
            implausible: status.engine.implausible,
            refused: status.engine.refused,
            rule_errors: status.engine.rule_errors.iter().map(|(rule, count)| (rule.to_string(), *count)).collect(),
            busy: status.load.busy,
            rule_load: status.load.rules.iter().take(MAX_LOADS).map(rule_load).collect(),
        },
        queues: status
            .queues
            .iter()
            .map(|q| Queue { name: q.name.to_owned(), depth: q.depth, capacity: q.capacity, shed: q.shed })
            .collect(),
        storage: storage(&status),
        doors: doors(api),
        log: Log {
            first: status.log.start,
            next: status.log.end,
            bytes: status.kept.bytes,
            segments: status.kept.segments as u64,
        },
        volume: Volume { free_bytes: status.measured.free_bytes, total_bytes: status.measured.volume_bytes },
    }
}

fn doors(api: &Api) -> Vec<DoorHealth> {
    let now = Instant::now();
    let health = |(name, counts): (&'static str, DoorCounts)| DoorHealth {
        name: name.to_owned(),
        connections: counts.connections,
        rate_per_s: api.rates.per_s(name, counts.accepted, now),
        accepted: counts.accepted,
        duplicates: counts.duplicates,
        rejected: counts.rejected,
        shed: counts.shed,
        waits: counts.waits,
        faults: counts.faults.into_iter().map(|(what, count)| (what.to_owned(), count)).collect(),
    };
    api.doors().into_iter().map(health).collect()
}

fn storage(status: &Status) -> Vec<Storage> {
    let (history, measured) = (&status.history, &status.measured);
    [
        ("history", history.bytes, history.sealed + history.pending),
        ("store", measured.store_bytes, measured.documents),
        ("snapshots", measured.snapshot_bytes, measured.snapshots),
    ]
    .map(|(name, bytes, rows)| Storage { name: name.to_owned(), bytes, rows })
    .to_vec()
}

fn rule_load(of: &load::RuleLoad) -> RuleLoad {
    RuleLoad { rule: of.rule.to_string(), share: of.share, steps_per_s: of.steps_per_s, is_dear: of.is_dear }
}
