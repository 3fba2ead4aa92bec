//! Support bundles: what the engine was given and what came of it, so that a fault is reproduced on another machine.
//!
//! A file is `VIGBUND1` and a [`Bundle`] in postcard. It holds observations and commands as they were: whoever hands it on
//! hands on what they tell of people.

use std::collections::BTreeMap;

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
    /// Not a bundle.
    #[error("this is no support bundle: {0}")]
    Malformed(String),
}

impl Bundle {
    /// Gathers the whole log, or from the oldest whole snapshot on that it still follows: with the two that are kept that
    /// is some minutes before the end. The platform must not be running.
    pub fn gather(parts: &Parts) -> Result<Self, SupportError> {
        let ctx = Context::system("support");
        let bounds = parts.bus.bounds(&topic())?;
        let mut snapshots = parts.snapshots.all()?.into_iter();
        let first = snapshots.find(|found| found.snapshot.offset >= bounds.start && bounds.start > Offset(0));
        let start = match &first {
            Some(found) => found.snapshot.offset,
            None if bounds.start == Offset(0) => Offset(0),
            None => return Err(SupportError::Gap { log: bounds.start.0 }),
        };
        let end = parts.store.mark(&ctx, APPLIED)?.unwrap_or(0);
        let (state, merged) = first.map(|found| (found.snapshot.state, found.merged)).unzip();
        let entries = read(parts, start, Offset(end), merged.unwrap_or_default())?;
        let program = env!("CARGO_PKG_VERSION").to_owned();
        let mut bundle = Self { program, state, entries, stored: Shown::new() };
        for (kind, id) in bundle.play(&parts.task_kinds, false)?.0.into_keys() {
            let of = if kind == ALARM.name() { ALARM } else { INCIDENT };
            if let Some(document) = parts.store.get(&ctx, of, &id)? {
                bundle.stored.insert((kind, id), document.body);
            }
        }
        Ok(bundle)
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

    /// Plays it, and compares with what was stored. `restart` puts a snapshot and a restore between each two entries.
    pub fn reproduce(&self, kinds: &OutwardKinds, restart: bool) -> Result<Reproduction, SupportError> {
        let (shown, observations, digest) = self.play(kinds, restart)?;
        let same = |key: &(String, String), body: &String| self.stored.get(key) == Some(body);
        let different: Vec<_> = shown.iter().filter(|(k, b)| !same(k, b)).map(|(key, _)| key.clone()).collect();
        let alarms = shown.keys().filter(|(kind, _)| kind == ALARM.name()).count();
        Ok(Reproduction {
            entries: self.entries.len(),
            observations,
            alarms,
            incidents: shown.len() - alarms,
            identical: shown.len() - different.len(),
            different,
            digest,
        })
    }

    fn play(&self, kinds: &OutwardKinds, restart: bool) -> Result<(Shown, usize, String), SupportError> {
        let mut engine = match &self.state {
            Some(state) => Engine::restore(state)?,
            None => Engine::new(),
        }
        .knowing(kinds.clone());
        let (mut shown, mut observations, mut hash) = (Shown::new(), 0, blake3::Hasher::new());
        let mut effects = Vec::new();
        for entry in &self.entries {
            // What the platform could not read it passed over, and so does this.
            let Ok(record) = record::parse(&entry.bytes) else { continue };
            if let Input::Observations(all) = &record.input {
                observations += all.len();
            }
            engine.step(&record.input, Timestamp(entry.at), &mut effects);
            for effect in effects.drain(..) {
                hash.update(json(&effect).as_bytes());
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
            if restart {
                engine = Engine::restore(&engine.snapshot())?.knowing(kinds.clone());
            }
        }
        Ok((shown, observations, hash.finalize().to_hex().to_string()))
    }
}

/// The entries of the log, those of doors where they stand for the first time.
fn read(parts: &Parts, from: Offset, end: Offset, mut merged: Merged) -> Result<Vec<Entry>, SupportError> {
    let (mut position, mut entries) = (from, Vec::new());
    loop {
        let page = parts.bus.read(&topic(), position, ENTRIES, BYTES)?;
        let Some(last) = page.last() else { return Ok(entries) };
        position = last.offset.next();
        let mut is_first = |bytes: &[u8]| record::through(bytes).is_none_or(|through| merged.take(&through));
        let before_end = page.into_iter().filter(|entry| entry.offset < end && is_first(&entry.bytes));
        entries.extend(before_end.map(|entry| Entry { at: entry.at.0, bytes: entry.bytes.to_vec() }));
        if position >= end {
            return Ok(entries);
        }
    }
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
            bundle.reproduce(&OutwardKinds::default(), false).unwrap(),
            bundle.reproduce(&OutwardKinds::default(), true).unwrap()
        );
    }
}
