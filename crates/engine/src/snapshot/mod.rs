//! All state as bytes and back.
//!
//! Invariant: equal states give equal bytes: what lives in hash maps is written in the order of its keys, and what can
//! be made from the rest (indexes, shortcuts, timers, compiled rules) is left out.

mod format_1;

use std::collections::BTreeMap;

use compact_str::CompactString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vigiles_model::Observation;

use crate::alarms::Record;
use crate::config::Config;
use crate::effect::SnapshotError;
use crate::engine::Engine;
use crate::incidents::{Case, Partings};
use crate::lateness::{Due, Held};
use crate::live::{Counters, SeriesKey};
use crate::names::Names;
use crate::recent::Recent;
use crate::slot::{Address, Memory, Slot};
use crate::slots::Slots;
use crate::window::Window;

const MARKER: &str = "VIGENG";
/// Format of the snapshot. One of a later format is refused; the log before a snapshot may be trimmed, so a new format
/// comes with a reader of those before it, and its fixture.
const FORMAT: u8 = 2;

/// A series without what can be made again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SeriesImage {
    key: SeriesKey,
    newest: i64,
    seen: i64,
    windows: Vec<Window>,
}

/// What changes with every reading, in postcard.
#[derive(Debug, Serialize, Deserialize)]
struct Image {
    /// What people wrote and handle, in JSON: its fields may grow without a new format.
    documents: Vec<u8>,
    utc_offset_s: i32,
    now: i64,
    next_sweep: i64,
    names: Vec<CompactString>,
    recent: (Vec<u64>, Vec<u64>),
    counters: Counters,
    series: Vec<SeriesImage>,
    slots: Vec<Slot>,
    next_alarm: u64,
    last_case: u64,
    bound: BTreeMap<Address, u64>,
    held: Vec<(Due, Box<Observation>)>,
    partings: Partings,
}

/// What people wrote and handle.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Documents {
    config: Config,
    alarms: BTreeMap<u64, Record>,
    cases: BTreeMap<u64, Case>,
}

/// The state of an engine at a moment. Making it is quick, so that the stream goes on while another thread makes the
/// bytes of it.
#[derive(Debug)]
pub struct Frozen {
    documents: Documents,
    utc_offset_s: i32,
    now: i64,
    next_sweep: i64,
    names: Vec<CompactString>,
    recent: (Vec<u64>, Vec<u64>),
    counters: Counters,
    series: Vec<SeriesImage>,
    slots: Slots,
    next_alarm: u64,
    last_case: u64,
    bound: BTreeMap<Address, u64>,
    held: Held,
    partings: Partings,
}

impl Frozen {
    /// A marker, the format, and the state.
    pub fn to_bytes(mut self) -> Vec<u8> {
        self.series.sort_unstable_by_key(|s| s.key);
        let mut slots: Vec<&Slot> = self.slots.iter().collect();
        slots.sort_unstable_by_key(|s| s.address);
        let documents = serde_json::to_vec(&self.documents).expect("documents have text keys and finite numbers");
        let clock = (documents, self.utc_offset_s, self.now, self.next_sweep);
        let readings = (self.names, self.recent, self.counters, self.series, slots);
        let held: Vec<_> = self.held.iter().collect();
        let mut bytes = MARKER.as_bytes().to_vec();
        bytes.push(FORMAT);
        // Tuples and structs have no frame in postcard, so these read back as one Image.
        postcard::to_extend(&(clock, readings, self.next_alarm, self.last_case, self.bound, held, self.partings), bytes)
            .expect("a vector takes every byte and no map lacks its length")
    }
}

impl Engine {
    /// All state as bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        self.freeze().to_bytes()
    }

    /// The state as it is now.
    pub fn freeze(&self) -> Frozen {
        let live = &self.live;
        let series = live.series.iter();
        let (previous, current) = live.recent.orders();
        Frozen {
            documents: Documents {
                config: self.config.clone(),
                alarms: live.alarms.clone(),
                cases: live.cases.all().clone(),
            },
            utc_offset_s: self.utc_offset_s,
            now: self.now,
            next_sweep: live.next_sweep,
            names: live.names.texts().to_vec(),
            recent: (previous.to_vec(), current.to_vec()),
            counters: live.counters.clone(),
            series: series
                .map(|s| SeriesImage { key: s.key, newest: s.newest, seen: s.seen, windows: s.windows.clone() })
                .collect(),
            slots: live.slots().clone(),
            next_alarm: live.next_alarm,
            last_case: live.cases.last,
            bound: live.cases.bound.clone(),
            held: live.held.clone(),
            partings: live.cases.partings.clone(),
        }
    }

    /// The state a snapshot was made of, of this format or one before it.
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let rest = bytes.strip_prefix(MARKER.as_bytes()).ok_or(SnapshotError::Header { expected: MARKER })?;
        let (found, body) = rest.split_first().ok_or(SnapshotError::Header { expected: MARKER })?;
        match *found {
            1 => format_1::read(body),
            FORMAT => {
                let image: Image = whole(body)?;
                let documents = serde_json::from_slice(&image.documents).map_err(damaged)?;
                Ok(image.into_engine(documents))
            }
            found => Err(SnapshotError::Version { found, known: FORMAT }),
        }
    }
}

/// Reads a value that takes all the bytes.
fn whole<T: DeserializeOwned>(body: &[u8]) -> Result<T, SnapshotError> {
    match postcard::take_from_bytes::<T>(body).map_err(damaged)? {
        (value, []) => Ok(value),
        (_, left) => Err(SnapshotError::Damaged(format!("{} bytes too many", left.len()))),
    }
}

fn damaged(error: impl std::fmt::Display) -> SnapshotError {
    SnapshotError::Damaged(error.to_string())
}

impl Image {
    fn into_engine(self, documents: Documents) -> Engine {
        let mut engine = Engine::of(documents.config, self.utc_offset_s, self.now);
        let live = &mut engine.live;
        live.next_sweep = self.next_sweep;
        live.names = Names::from_texts(self.names);
        live.recent = Recent::from_orders(self.recent.0, self.recent.1);
        live.counters = self.counters;
        for mut s in self.series {
            s.windows.iter_mut().for_each(Window::sum_up);
            live.add_series(s.key, s.newest, s.seen, s.windows);
        }
        for mut slot in self.slots {
            if let Memory::Windows(windows) = &mut slot.memory {
                windows.iter_mut().for_each(Window::sum_up);
            }
            live.add_slot(slot);
        }
        live.alarm_numbers = documents.alarms.iter().map(|(number, r)| (r.alarm.id.clone(), *number)).collect();
        live.alarms = documents.alarms;
        live.next_alarm = self.next_alarm;
        live.held = self.held.into_iter().collect();
        live.cases.last = self.last_case;
        live.cases.bound = self.bound;
        live.cases.partings = self.partings;
        for case in documents.cases.into_values() {
            live.cases.insert(case);
        }
        engine.prepare();
        engine
    }
}
