//! All state as bytes and back.
//!
//! Invariant: equal states give equal bytes: what lives in hash maps is written in the order of its keys, and what can
//! be made from the rest (indexes, shortcuts, timers, compiled rules) is left out.

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::Deserialize;

use crate::alarms::Record;
use crate::config::Config;
use crate::effect::SnapshotError;
use crate::engine::Engine;
use crate::incidents::{Case, Partings};
use crate::live::{Counters, SeriesKey};
use crate::names::Names;
use crate::recent::Recent;
use crate::slot::{Address, Slot};

const MARKER: &str = "VIGENG";
/// Format of the snapshot. One of another format is refused, and what the log still holds is replayed instead; the log before a
/// snapshot may be trimmed, so a new format comes with a reader of this one, and its fixture.
const FORMAT: u8 = 1;

#[derive(Deserialize)]
struct Image {
    config: Config,
    utc_offset_s: i32,
    now: i64,
    next_sweep: i64,
    names: Vec<CompactString>,
    recent: (Vec<u64>, Vec<u64>),
    counters: Counters,
    series: Vec<(SeriesKey, i64, i64)>,
    slots: Vec<Slot>,
    alarms: BTreeMap<u64, Record>,
    next_alarm: u64,
    cases: BTreeMap<u64, Case>,
    last_case: u64,
    bound: BTreeMap<Address, u64>,
    partings: Partings,
}

impl Engine {
    /// All state as bytes: a marker, the format, and the state in postcard.
    pub fn snapshot(&self) -> Vec<u8> {
        let live = &self.live;
        let mut series: Vec<_> = live.series.iter().map(|s| (s.key, s.newest, s.seen)).collect();
        series.sort_unstable();
        let mut slots: Vec<&Slot> = live.slots().collect();
        slots.sort_unstable_by_key(|s| s.address);
        let clock = (&self.config, self.utc_offset_s, self.now, live.next_sweep);
        let readings = (live.names.texts(), live.recent.orders(), &live.counters, series, slots);
        let cases = &live.cases;
        let handling = (&live.alarms, live.next_alarm, cases.all(), cases.last, &cases.bound, &cases.partings);
        let mut bytes = MARKER.as_bytes().to_vec();
        bytes.push(FORMAT);
        // Tuples and structs have no frame in postcard, so these three read back as one Image.
        postcard::to_extend(&(clock, readings, handling), bytes)
            .expect("a vector takes every byte and no map lacks its length")
    }

    /// The state a snapshot was made of.
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let rest = bytes.strip_prefix(MARKER.as_bytes()).ok_or(SnapshotError::Header { expected: MARKER })?;
        let (found, body) = rest.split_first().ok_or(SnapshotError::Header { expected: MARKER })?;
        if *found != FORMAT {
            return Err(SnapshotError::Version { found: *found, known: FORMAT });
        }
        let (image, left) =
            postcard::take_from_bytes::<Image>(body).map_err(|e| SnapshotError::Damaged(e.to_string()))?;
        if !left.is_empty() {
            return Err(SnapshotError::Damaged(format!("{} bytes too many", left.len())));
        }
        Ok(image.into_engine())
    }
}

impl Image {
    fn into_engine(self) -> Engine {
        let mut engine = Engine::of(self.config, self.utc_offset_s, self.now);
        let live = &mut engine.live;
        live.next_sweep = self.next_sweep;
        live.names = Names::from_texts(self.names);
        live.recent = Recent::from_orders(self.recent.0, self.recent.1);
        live.counters = self.counters;
        for (key, newest, seen) in self.series {
            live.add_series(key, newest, seen);
        }
        for slot in self.slots {
            live.add_slot(slot);
        }
        live.alarm_numbers = self.alarms.iter().map(|(number, r)| (r.alarm.id.clone(), *number)).collect();
        live.alarms = self.alarms;
        live.next_alarm = self.next_alarm;
        live.cases.last = self.last_case;
        live.cases.bound = self.bound;
        live.cases.partings = self.partings;
        for case in self.cases.into_values() {
            live.cases.insert(case);
        }
        engine.prepare();
        engine
    }
}
