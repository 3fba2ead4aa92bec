//! Counts in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use vigiles_engine::Statistics;
use vigiles_runtime::Platform;
use vigiles_runtime::load::Load;
use vigiles_runtime::status::Queue;

use crate::state::Api;

/// Upper bounds of the buckets of request times, in seconds.
const BUCKETS_S: [f64; 8] = [0.001, 0.005, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0];

/// What went through the HTTP door.
#[derive(Default)]
pub(crate) struct Traffic {
    answers: Mutex<BTreeMap<(String, u16), u64>>,
    times: [AtomicU64; BUCKETS_S.len() + 1],
    time_us: AtomicU64,
    pub(crate) open_requests: AtomicU64,
}

impl Traffic {
    /// Counts an answer. `route` is a pattern, never a path, so that there are only so many.
    pub(crate) fn note(&self, route: String, status: u16, took: Duration) {
        *self.answers.lock().entry((route, status)).or_default() += 1;
        let bucket = BUCKETS_S.iter().position(|bound| took.as_secs_f64() <= *bound).unwrap_or(BUCKETS_S.len());
        self.times[bucket].fetch_add(1, Ordering::Relaxed);
        self.time_us.fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }

    fn write(&self, out: &mut Text) {
        out.head("vigiles_http_answers_total", "counter", "Answers by route and status.");
        for ((route, status), count) in &*self.answers.lock() {
            out.line("vigiles_http_answers_total", &format!("route=\"{route}\",status=\"{status}\""), *count as f64);
        }
        out.head("vigiles_http_seconds", "histogram", "Time from request to answer; streams count until they begin.");
        let mut sum = 0;
        for (count, bound) in self.times.iter().zip(BUCKETS_S) {
            sum += count.load(Ordering::Relaxed);
            out.line("vigiles_http_seconds_bucket", &format!("le=\"{bound}\""), sum as f64);
        }
        sum += self.times[BUCKETS_S.len()].load(Ordering::Relaxed);
        out.line("vigiles_http_seconds_bucket", "le=\"+Inf\"", sum as f64);
        out.line("vigiles_http_seconds_sum", "", self.time_us.load(Ordering::Relaxed) as f64 / 1e6);
        out.line("vigiles_http_seconds_count", "", sum as f64);
    }
}

struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: f64) {
        let _ = if labels.is_empty() {
            writeln!(self.0, "{name} {value}")
        } else {
            writeln!(self.0, "{name}{{{labels}}} {value}")
        };
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.head(name, kind, help);
        self.line(name, "", value);
    }
}

/// All of it.
pub(crate) fn text(api: &Api) -> String {
    let mut out = Text(String::with_capacity(8192));
    platform(&api.platform, &mut out);
    out.single("vigiles_event_streams", "gauge", "Open event streams.", api.hub.clients() as f64);
    let slow = api.hub.slow.load(Ordering::Relaxed);
    out.single(
        "vigiles_event_streams_slow_total",
        "counter",
        "Times an event stream read too slowly and was told to resync.",
        slow as f64,
    );
    doors(api, &mut out);
    api.traffic.write(&mut out);
    out.0
}

fn doors(api: &Api, out: &mut Text) {
    let doors = api.doors();
    out.head("vigiles_door_connections", "gauge", "Open connections by door.");
    for (name, counts) in &doors {
        out.line("vigiles_door_connections", &format!("door=\"{name}\""), counts.connections as f64);
    }
    out.head("vigiles_door_total", "counter", "What each door counts: observations, waits, faults.");
    for (name, counts) in &doors {
        let common = [
            ("accepted", counts.accepted),
            ("duplicates", counts.duplicates),
            ("rejected", counts.rejected),
            ("shed", counts.shed),
            ("waits", counts.waits),
        ];
        for (what, count) in common.iter().chain(&counts.faults) {
            out.line("vigiles_door_total", &format!("door=\"{name}\",what=\"{what}\""), *count as f64);
        }
    }
}

fn platform(platform: &Platform, out: &mut Text) {
    let counters = &platform.intake().counters;
    let counts = [
        ("vigiles_observations_accepted_total", "Observations made durable.", counters.accepted.get()),
        ("vigiles_observations_duplicate_total", "Observations delivered twice.", counters.duplicates.get()),
        ("vigiles_observations_rejected_total", "Observations refused.", counters.rejected.get()),
        ("vigiles_observations_shed_total", "Observations dropped under overload.", counters.shed.get()),
        ("vigiles_deliveries_overloaded_total", "Deliveries told to wait.", counters.overloaded.get()),
        ("vigiles_alarms_raised_total", "Alarms raised.", counters.alarms.get()),
        ("vigiles_clock_jumps_total", "Times the clock jumped.", counters.clock_jumps.get()),
        ("vigiles_commands_total", "Commands handled.", counters.commands.get()),
        ("vigiles_log_undecodable_total", "Log entries that could not be decoded.", counters.undecodable.get()),
    ];
    for (name, help, value) in counts {
        out.single(name, "counter", help, value as f64);
    }
    let status = platform.status();
    engine(&status.engine, out);
    load(&status.load, out);
    let gauges = [
        ("vigiles_observations_per_second", "Observations made durable per second.", status.observations_per_s),
        ("vigiles_engine_lag_seconds", "How far the engine is behind the log.", status.lag_ms as f64 / 1e3),
        (
            "vigiles_engine_lag_observations",
            "Observations the engine has still to take.",
            status.lag_observations as f64,
        ),
        ("vigiles_engine_series", "Series that rules look at.", status.engine.series as f64),
        ("vigiles_engine_rules", "Rules.", status.engine.rules as f64),
        (
            "vigiles_engine_busy_ratio",
            "Share of its time that the engine was at work, of ten seconds.",
            status.load.busy,
        ),
        ("vigiles_engine_state_bytes", "Bytes of what rules remember.", status.engine.state_bytes as f64),
        ("vigiles_alarms_open", "Alarms whose condition holds.", status.engine.open_alarms as f64),
        ("vigiles_incidents_open", "Open incidents.", status.engine.open_incidents as f64),
        ("vigiles_log_first_offset", "Oldest kept log offset.", status.log.start as f64),
        ("vigiles_log_next_offset", "Next log offset.", status.log.end as f64),
        ("vigiles_history_observations", "Observations in history.", status.history.sealed as f64),
        ("vigiles_history_bytes", "Bytes of history.", status.history.bytes as f64),
        ("vigiles_ready", "Whether the platform has caught up.", f64::from(u8::from(platform.is_ready()))),
        ("vigiles_uptime_seconds", "Time since the start.", platform.now().since(status.started).as_secs_f64()),
    ];
    for (name, help, value) in gauges {
        out.single(name, "gauge", help, value);
    }
    queues(&status.queues, out);
}

fn engine(engine: &Statistics, out: &mut Text) {
    let counts = [
        ("vigiles_engine_duplicates_total", "Readings delivered again and ignored.", engine.duplicates),
        ("vigiles_engine_out_of_order_total", "Readings older than the newest of their series.", engine.out_of_order),
        ("vigiles_engine_late_total", "Readings out of order by more than ten minutes.", engine.late),
        ("vigiles_engine_implausible_total", "Implausible readings, judged by no rule.", engine.implausible),
        (
            "vigiles_engine_refused_total",
            "States, alarms or incidents not made and readings not held back because a bound was reached.",
            engine.refused,
        ),
    ];
    for (name, help, value) in counts {
        out.single(name, "counter", help, value as f64);
    }
    out.head("vigiles_rule_errors_total", "counter", "Readings for which a rule's expression failed.");
    for (rule, count) in &engine.rule_errors {
        out.line("vigiles_rule_errors_total", &format!("rule=\"{rule}\""), *count as f64);
    }
    out.head("vigiles_rule_state_bytes", "gauge", "Bytes of what a rule remembers.");
    for (rule, bytes) in &engine.rule_bytes {
        out.line("vigiles_rule_state_bytes", &format!("rule=\"{rule}\""), *bytes as f64);
    }
}

fn load(load: &Load, out: &mut Text) {
    out.head("vigiles_rule_steps_total", "counter", "Steps that a rule took since its present version or the start.");
    for (rule, steps) in &load.steps {
        out.line("vigiles_rule_steps_total", &format!("rule=\"{rule}\""), *steps as f64);
    }
    out.head("vigiles_rule_dear", "gauge", "Rules that keep the engine from other work.");
    for rule in load.rules.iter().filter(|rule| rule.is_dear) {
        out.line("vigiles_rule_dear", &format!("rule=\"{}\"", rule.rule), 1.0);
    }
}

fn queues(queues: &[Queue], out: &mut Text) {
    let each = [
        ("vigiles_queue_depth", "gauge", "Entries in bounded queues.", (|queue| queue.depth) as fn(&Queue) -> u64),
        ("vigiles_queue_capacity", "gauge", "Most entries of bounded queues.", |queue| queue.capacity),
        ("vigiles_queue_shed_total", "counter", "What was dropped from bounded queues.", |queue| queue.shed),
    ];
    for (name, kind, help, read) in each {
        out.head(name, kind, help);
        for queue in queues {
            out.line(name, &format!("queue=\"{}\"", queue.name), read(queue) as f64);
        }
    }
}
