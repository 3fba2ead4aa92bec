//! What another process wrote: read again when the change feed tells of it.

use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;
use vigiles_store::{Kind, StoreError};

use super::sessions::Session;
use super::{ACCOUNT, AGENCY, Directory, NOTICES, SELF, SESSION, SOURCE, TOKEN, load};
use crate::documents;

impl Directory {
    /// Reads a document again, if it is one of those kept here: `kind` is its own, or that of the notice about it.
    pub(crate) fn take_change(&self, kind: Kind, id: &str) -> Result<(), StoreError> {
        let kind = NOTICES.iter().find(|(_, notice)| *notice == kind).map_or(kind, |(secret, _)| *secret);
        // What this process writes meanwhile waits, so that nothing older is put in its place.
        let _writing = self.writing.lock();
        if kind == ACCOUNT {
            self.renew(kind, id, &self.accounts)
        } else if kind == TOKEN {
            self.renew(kind, id, &self.tokens)
        } else if kind == AGENCY {
            self.renew(kind, id, &self.agencies)
        } else if kind == SOURCE {
            self.renew(kind, id, &self.settings)?;
            self.compile_sources();
            Ok(())
        } else if kind == SESSION {
            self.renew_session(id)
        } else {
            Ok(())
        }
    }

    /// Reads everything again.
    pub(crate) fn take_all(&self) -> Result<(), StoreError> {
        let _writing = self.writing.lock();
        *self.accounts.write() = load(&*self.store, ACCOUNT)?;
        *self.tokens.write() = load(&*self.store, TOKEN)?;
        *self.agencies.write() = load(&*self.store, AGENCY)?;
        *self.settings.write() = load(&*self.store, SOURCE)?;
        *self.sessions.lock() = load(&*self.store, SESSION)?;
        self.compile_sources();
        Ok(())
    }

    fn read<T: DeserializeOwned>(&self, kind: Kind, id: &str) -> Result<Option<T>, StoreError> {
        self.store.get(&SELF, kind, id)?.map(|document| documents::read(&document)).transpose()
    }

    fn renew<T: DeserializeOwned>(
        &self,
        kind: Kind,
        id: &str,
        kept: &RwLock<FxHashMap<String, T>>,
    ) -> Result<(), StoreError> {
        match self.read(kind, id)? {
            Some(found) => drop(kept.write().insert(id.to_owned(), found)),
            None => drop(kept.write().remove(id)),
        }
        Ok(())
    }

    /// A session is used at several doors: the latest use counts.
    fn renew_session(&self, id: &str) -> Result<(), StoreError> {
        let found: Option<Session> = self.read(SESSION, id)?;
        let mut sessions = self.sessions.lock();
        match (found, sessions.get_mut(id)) {
            (Some(found), Some(kept)) => kept.was_used_elsewhere(&found),
            (Some(found), None) => drop(sessions.insert(id.to_owned(), found)),
            (None, _) => drop(sessions.remove(id)),
        }
        Ok(())
    }
}
