//! Support bundles: what the engine was given and what came of it, so that a fault is reproduced on another machine.
//!
//! A file is `VIGBUND1` and a [`Bundle`] in postcard. It holds observations and commands as they were: whoever hands it on
//! hands on what they tell of people.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};
use vigiles_bus::{BusError, Offset};
use vigiles_engine::{Effect, Engine, Input, SnapshotError};
use vigiles_model::Timestamp;
use vigiles_model::playbook::OutwardKinds;
use vigiles_store::StoreError;
use vigiles_trust::Context;

use crate::applier::APPLIED;
use crate::documents::{ALARM, INCIDENT};
use crate::merged::Merged;
use crate::platform::{Parts, topic};
use crate::record;
use crate::snapshots::SnapshotsError;

const MAGIC: &[u8; 8] = b"VIGBUND1";
/// Entries and bytes read from the log at once.
const ENTRIES: usize = 1_000;
const BYTES: usize = 16 << 20;
/// Times that what was applied meanwhile is gathered, too.
const TURNS: usize = 1_000;

/// Alarms and incidents as JSON, by the kind and the id of their documents.
type Shown = BTreeMap<(String, String), String>;

/// What the engine was given from a snapshot on, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// Version of the program that made it.
    pub program: String,
    /// The engine's state that it starts from; none for an engine that knows nothing.
    state: Option<Vec<u8>>,
    entries: Vec<Entry>,
    /// What stood in the store of every alarm and incident that the entries touch.
    stored: Shown,
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    at: i64,
    bytes: Vec<u8>,
}

/// What came of playing a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reproduction {
    /// Entries of the log played.
    pub entries: usize,
    /// Readings in them.
    pub observations: usize,
    /// Alarms that were raised or changed.
    pub alarms: usize,
    /// Incidents that were opened or changed.
    pub incidents: usize,
    /// Those of both that are byte for byte as they were stored.
    pub identical: usize,
    /// Those that are not, by kind and id.
    pub different: Vec<(String, String)>,
    /// BLAKE3 of all effects in order: equal wherever the same binary plays the bundle with the same mathematical library;
    /// distances and scores take sines and powers from the platform's.
    pub digest: String,
}

/// Why a bundle cannot be made or played.
#[derive(Debug, thiserror::Error)]
pub enum SupportError {
    /// The snapshots cannot be read.
    #[error(transparent)]
    Snapshots(#[from] SnapshotsError),
    /// The log cannot be read.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine's state cannot be used.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The log does not reach back to a snapshot.
    #[error("the log starts at entry {log}, and no whole snapshot stands at or after it")]
    Gap {
        /// Its first entry.
        log: u64,
    },
    /// The platform applies entries faster than they are gathered.
    #[error("the platform is too busy for a bundle: stop it, or try again when less comes in")]
    Busy,
    /// Not a bundle.
    #[error("this is no support bundle: {0}")]
    Malformed(String),
}

impl Bundle {
    /// Gathers the whole log, or from the oldest whole snapshot on that it still follows: with the two that are kept that
    /// is some minutes before the end. The platform may be running meanwhile.
    pub fn gather(parts: &Parts) -> Result<Self, SupportError> {
        let ctx = Context::system("support");
        let bounds = parts.bus.bounds(&topic())?;
        let mut snapshots = parts.snapshots.all()?.into_iter();
        let first = snapshots.find(|found| found.snapshot.offset >= bounds.start && bounds.start > Offset(0));
        let mut next = match &first {
            Some(found) => found.snapshot.offset,
            None if bounds.start == Offset(0) => Offset(0),
            None => return Err(SupportError::Gap { log: bounds.start.0 }),
        };
        let (state, merged) = first.map(|found| (found.snapshot.state, found.merged)).unzip();
        let (mut merged, program) = (merged.unwrap_or_default(), env!("CARGO_PKG_VERSION").to_owned());
        let mut play = Play::begin(state.as_deref(), &parts.task_kinds)?;
        let mut bundle = Self { program, state, entries: Vec::new(), stored: Shown::new() };
        let applied = || Ok::<_, SupportError>(Offset(parts.store.mark(&ctx, APPLIED)?.unwrap_or(0)));
        // What the store shows and what was played are of the same moment once nothing was applied while it was asked. Each
        // turn asks only for what the entries since the one before have touched.
        for _ in 0..TURNS {
            let end = applied()?;
            let entries = read(parts, next, end, &mut merged)?;
            next = end.max(next);
            let mut touched = Shown::new();
            for entry in &entries {
                touched.append(&mut play.step(entry));
            }
            bundle.entries.extend(entries);
            for (kind, id) in touched.into_keys() {
                let of = if kind == ALARM.name() { ALARM } else { INCIDENT };
                if let Some(document) = parts.store.get(&ctx, of, &id)? {
                    bundle.stored.insert((kind, id), document.body);
                }
            }
            if applied()? <= next {
                return Ok(bundle);
            }
        }
        Err(SupportError::Busy)
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_extend(self, MAGIC.to_vec()).expect("a vector takes every byte")
    }

    /// Reads the bytes of a file.
    pub fn parse(bytes: &[u8]) -> Result<Self, SupportError> {
        let malformed = |what: &str| SupportError::Malformed(what.to_owned());
        let body = bytes.strip_prefix(MAGIC).ok_or_else(|| malformed("it begins otherwise"))?;
        postcard::from_bytes(body).map_err(|e| SupportError::Malformed(e.to_string()))
    }

    /// Plays it, and compares with what was stored. With `restart_every` a snapshot and a restore come after each so many
    /// entries.
    pub fn reproduce(
        &self,
        kinds: &OutwardKinds,
        restart_every: Option<NonZeroUsize>,
    ) -> Result<Reproduction, SupportError> {
        let mut play = Play::begin(self.state.as_deref(), kinds)?;
        let mut shown = Shown::new();
        for (entry, number) in self.entries.iter().zip(1..) {
            shown.append(&mut play.step(entry));
            if restart_every.is_some_and(|every| number % every == 0) {
                play.restart(kinds)?;
            }
        }
        let same = |key: &(String, String), body: &String| self.stored.get(key) == Some(body);
        let different: Vec<_> = shown.iter().filter(|(k, b)| !same(k, b)).map(|(key, _)| key.clone()).collect();
        let alarms = shown.keys().filter(|(kind, _)| kind == ALARM.name()).count();
        Ok(Reproduction {
            entries: self.entries.len(),
            observations: play.observations,
            alarms,
            incidents: shown.len() - alarms,
            identical: shown.len() - different.len(),
            different,
            digest: play.hash.finalize().to_hex().to_string(),
        })
    }
}

/// An engine that is given the entries of a log, one after the other.
struct Play {
    engine: Engine,
    effects: Vec<Effect>,
    observations: usize,
    hash: blake3::Hasher,
}

impl Play {
    fn begin(state: Option<&[u8]>, kinds: &OutwardKinds) -> Result<Self, SupportError> {
        let engine = state.map_or_else(|| Ok(Engine::new()), Engine::restore)?.knowing(kinds.clone());
        Ok(Self { engine, effects: Vec::new(), observations: 0, hash: blake3::Hasher::new() })
    }

    /// The alarms and incidents that an entry changes, as they are then.
    fn step(&mut self, entry: &Entry) -> Shown {
        let mut shown = Shown::new();
        // What the platform could not read it passed over, and so does this.
        let Ok(record) = record::parse(&entry.bytes) else { return shown };
        if let Input::Observations(all) = &record.input {
            self.observations += all.len();
        }
        self.engine.step(&record.input, Timestamp(entry.at), &mut self.effects);
        for effect in self.effects.drain(..) {
            self.hash.update(json(&effect).as_bytes());
            match effect {
                Effect::AlarmChanged(alarm) => {
                    shown.insert((ALARM.name().to_owned(), alarm.id.to_string()), json(&alarm));
                }
                Effect::IncidentChanged(incident) => {
                    shown.insert((INCIDENT.name().to_owned(), incident.id.to_string()), json(&incident));
                }
                _ => {}
            }
        }
        shown
    }

    fn restart(&mut self, kinds: &OutwardKinds) -> Result<(), SupportError> {
        self.engine = Engine::restore(&self.engine.snapshot())?.knowing(kinds.clone());
        Ok(())
    }
}

/// The entries of the log, those of doors where they stand for the first time.
fn read(parts: &Parts, from: Offset, end: Offset, merged: &mut Merged) -> Result<Vec<Entry>, SupportError> {
    let (mut position, mut entries) = (from, Vec::new());
    while position < end {
        let page = parts.bus.read(&topic(), position, ENTRIES, BYTES)?;
        let Some(last) = page.last() else { break };
        position = last.offset.next();
        let mut is_first = |bytes: &[u8]| record::through(bytes).is_none_or(|through| merged.take(&through));
        let before_end = page.into_iter().filter(|entry| entry.offset < end && is_first(&entry.bytes));
        entries.extend(before_end.map(|entry| Entry { at: entry.at.0, bytes: entry.bytes.to_vec() }));
    }
    Ok(entries)
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("the words of the model have only text keys and finite numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_reads_back_and_nothing_else_does() {
        let entries = vec![Entry { at: 5, bytes: record::tick() }];
        let bundle = Bundle { program: "1".into(), state: None, entries, stored: Shown::new() };
        let bytes = bundle.to_bytes();
        assert_eq!(Bundle::parse(&bytes).unwrap(), bundle);
        for wrong in [&bytes[1..], &bytes[..bytes.len() - 1], b"VIGBUND1", b""] {
            assert!(matches!(Bundle::parse(wrong), Err(SupportError::Malformed(_))));
        }
        assert_eq!(
            bundle.reproduce(&OutwardKinds::default(), None).unwrap(),
            bundle.reproduce(&OutwardKinds::default(), NonZeroUsize::new(1)).unwrap()
        );
    }
}
