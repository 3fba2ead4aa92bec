//! The doors that are known: the engine finds them in the store, where each gives a sign of life now and then.

use serde::{Deserialize, Serialize};
use vigiles_model::{Duration, Timestamp};
use vigiles_store::{Draft, Expect, Store, StoreError, Write};
use vigiles_trust::Context;

use crate::documents::{self, DOOR};
use crate::platform::{Platform, StartError};
use crate::seat::{DoorName, Seat};

/// Most doors before one engine: each has a topic and a thread there.
pub(crate) const MAX_DOORS: usize = 48;
/// Time between two signs of life of a door.
pub(crate) const SIGN_EVERY: Duration = Duration::from_secs(900);
/// A door that gave none for so long, by the engine's clock alone, is forgotten once all that it took is in the log.
pub(crate) const SILENCE: Duration = Duration::from_secs(3600);
/// In whose name doors are made known and forgotten.
const DOORS: Context = Context::system("doors");

/// What a door says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Sign {
    /// Whether consoles may be open there.
    has_consoles: bool,
}

/// A door as it is known.
pub(crate) struct Known {
    pub(crate) name: DoorName,
    pub(crate) has_consoles: bool,
    /// Changes with each sign of life.
    pub(crate) version: u64,
}

/// All of them.
pub(crate) fn all(store: &dyn Store) -> Result<Vec<Known>, StoreError> {
    let mut known = Vec::new();
    for document in documents::all(store, DOOR)? {
        let Sign { has_consoles } = documents::read(&document)?;
        let name = document.id.parse().map_err(|error| {
            tracing::error!(id = document.id, %error, "a door in the store is passed over");
        });
        known.extend(name.map(|name| Known { name, has_consoles, version: document.version }));
    }
    Ok(known)
}

/// Tells whoever merges of a door, or that it lives.
pub(crate) fn make_known(store: &dyn Store, door: &DoorName, has_consoles: bool) -> Result<(), StartError> {
    let known = all(store)?;
    if known.len() >= MAX_DOORS && known.iter().all(|known| known.name != *door) {
        return Err(StartError::Doors { most: MAX_DOORS });
    }
    let body = serde_json::to_string(&Sign { has_consoles }).expect("a truth value has a JSON form");
    let (id, state) = (door.to_string(), String::new());
    let document = Draft { kind: DOOR, id, agency: None, state, place: None, time: Timestamp(0), body };
    store.apply(&DOORS, vec![Write::Put { document, expect: Expect::Any }])?;
    Ok(())
}

/// Forgets a door, unless it gave a sign of life since it was read.
pub(crate) fn forget(store: &dyn Store, door: &Known) -> Result<(), StoreError> {
    let (id, expect) = (door.name.to_string(), Expect::Version(door.version));
    match store.apply(&DOORS, vec![Write::Delete { kind: DOOR, id, expect }]) {
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

impl Platform {
    /// Gives a sign of life, where it is a door.
    pub(crate) fn give_sign(&self) {
        if let Seat::Door { name, has_consoles } = &self.parts.seat {
            self.sign(name, *has_consoles);
        }
    }

    /// Says that no console is open at this door any more, where it is one: notices need not wait for it.
    pub(crate) fn take_leave(&self) {
        if let Seat::Door { name, has_consoles: true } = &self.parts.seat {
            self.sign(name, false);
        }
    }

    fn sign(&self, name: &DoorName, has_consoles: bool) {
        if let Err(error) = make_known(self.store(), name, has_consoles) {
            tracing::warn!(%error, "the engine was not told of this door");
        }
    }
}
