//! All state as bytes and back.
//!
//! Invariant: equal states give equal bytes: what lives in hash maps is written in the order of its keys, and what can
//! be made from the rest (indexes, shortcuts, timers, compiled rules) is left out.

mod counts;
mod format_1;
mod live;
#[cfg(test)]
mod variants;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vigiles_model::{Exercise, Reality};

use self::live::{FrozenLive, LiveImage};
use crate::alarms::Record;
use crate::config::Config;
use crate::effect::SnapshotError;
use crate::engine::Engine;
use crate::exercise::Drill;
use crate::incidents::{Case, PartedPlaces};
use crate::series_table::Series;
use crate::slot::Slot;

const MARKER: &str = "VIGENG";
/// Format of the snapshot. One of a later format is refused; the log before a snapshot may be trimmed, so a new format
/// comes with a reader of those before it, and its fixture.
const FORMAT: u8 = 2;

/// All state, in postcard; that of an exercise under way follows it as another [`LiveImage`].
#[derive(Debug, Serialize, Deserialize)]
struct Image<R = Series, S = Slot> {
    /// What people wrote and handle, in JSON: its fields may grow without a new format.
    documents: Vec<u8>,
    utc_offset_s: i32,
    now: i64,
    live: LiveImage<R, S>,
}

/// What people wrote and handle.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Documents {
    config: Arc<Config>,
    alarms: BTreeMap<u64, Arc<Record>>,
    cases: BTreeMap<u64, Arc<Case>>,
    /// Where people took clusters apart.
    #[serde(default, skip_serializing_if = "PartedPlaces::is_empty")]
    parted_places: PartedPlaces,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    drill: Option<DrillDocuments>,
}

/// The exercise under way, and what people handle in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct DrillDocuments {
    exercise: Exercise,
    alarms: BTreeMap<u64, Arc<Record>>,
    cases: BTreeMap<u64, Arc<Case>>,
    #[serde(default, skip_serializing_if = "PartedPlaces::is_empty")]
    parted_places: PartedPlaces,
}

/// The state of an engine at a moment. Making it is quick, so that the stream goes on while another thread makes the
/// bytes of it.
#[derive(Debug)]
pub struct Frozen {
    documents: Documents,
    utc_offset_s: i32,
    now: i64,
    live: FrozenLive,
    drill: Option<FrozenLive>,
}

impl Frozen {
    /// A marker, the format, and the state.
    pub fn to_bytes(mut self) -> Vec<u8> {
        let mut bytes = MARKER.as_bytes().to_vec();
        bytes.push(FORMAT);
        let image = Image {
            documents: serde_json::to_vec(&self.documents).expect("documents have text keys and finite numbers"),
            utc_offset_s: self.utc_offset_s,
            now: self.now,
            live: self.live.image(),
        };
        let appended = "a vector takes every byte and no map lacks its length";
        let bytes = postcard::to_extend(&image, bytes).expect(appended);
        match &mut self.drill {
            None => bytes,
            Some(drill) => postcard::to_extend(&drill.image(), bytes).expect(appended),
        }
    }
}

impl Engine {
    /// All state as bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        self.freeze().to_bytes()
    }

    /// The state as it is now.
    pub fn freeze(&self) -> Frozen {
        let drill = self.drill.as_deref();
        let of_drill = |drill: &Drill| DrillDocuments {
            exercise: drill.exercise.clone(),
            alarms: drill.live.alarms.clone(),
            cases: drill.live.cases.all().clone(),
            parted_places: drill.live.cases.partings.places.clone(),
        };
        Frozen {
            documents: Documents {
                config: Arc::clone(&self.config),
                alarms: self.live.alarms.clone(),
                cases: self.live.cases.all().clone(),
                parted_places: self.live.cases.partings.places.clone(),
                drill: drill.map(of_drill),
            },
            utc_offset_s: self.utc_offset_s,
            now: self.now,
            live: FrozenLive::of(&self.live),
            drill: drill.map(|drill| FrozenLive::of(&drill.live)),
        }
    }

    /// The state a snapshot was made of, of this format or one before it.
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let rest = bytes.strip_prefix(MARKER.as_bytes()).ok_or(SnapshotError::Header { expected: MARKER })?;
        let (found, body) = rest.split_first().ok_or(SnapshotError::Header { expected: MARKER })?;
        match *found {
            1 => format_1::read(body),
            FORMAT => {
                let (image, rest) = postcard::take_from_bytes::<Image>(body).map_err(damaged)?;
                let drill = if rest.is_empty() { None } else { Some(whole::<LiveImage>(rest)?) };
                let documents: Documents = serde_json::from_slice(&image.documents).map_err(damaged)?;
                if drill.is_some() != documents.drill.is_some() {
                    return Err(damaged("of an exercise only one half is there"));
                }
                image.into_engine(documents, drill)
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
    fn into_engine(self, documents: Documents, drill: Option<LiveImage>) -> Result<Engine, SnapshotError> {
        counts::of_live(&self.live)?;
        counts::of_documents(&documents.alarms, &documents.cases)?;
        if let (Some(image), Some(documents)) = (&drill, &documents.drill) {
            counts::of_live(image)?;
            counts::of_documents(&documents.alarms, &documents.cases)?;
        }
        let mut engine = Engine::of(documents.config, self.utc_offset_s, self.now);
        engine.live = self.live.into_live(documents.alarms, documents.cases, Reality::Actual);
        engine.live.cases.partings.places = documents.parted_places;
        if let (Some(image), Some(DrillDocuments { exercise, alarms, cases, parted_places })) = (drill, documents.drill)
        {
            let mut live = image.into_live(alarms, cases, Reality::Exercise);
            live.cases.partings.places = parted_places;
            engine.drill = Some(Box::new(Drill { live, ..Drill::new(exercise) }));
        }
        engine.prepare();
        Ok(engine)
    }
}
