//! Accounts, sessions, tokens, one-time links, agencies and sources: documents of the store, kept in
//! memory too, because every request and every MQTT connection asks for them.
//!
//! Invariant: only hashes of secrets are stored; the text of a secret leaves this module once, when it is made.
//! All calls that write block until the store has fsynced. Time is handed in.

mod accounts;
mod agencies;
mod error;
mod followed;
mod links;
mod sessions;
mod sources;
mod tokens;

use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;
use serde::Serialize;
use vigiles_model::{AgencyId, Timestamp};
use vigiles_store::{Draft, Expect, Kind, Store, StoreError, Write};
use vigiles_trust::{Context, Resource};

pub use accounts::{Account, Change, NewAccount};
pub use agencies::Agency;
pub use error::DirectoryError;
pub use links::{Link, LinkUse};
pub use sessions::{ABSOLUTE, IDLE, SignedIn};
pub use sources::{SourceDoor, SourceSetting};
pub use tokens::{MAX_TOKENS, NewToken, Token};

use crate::documents;
use crate::door::Sources;

/// Accounts.
pub const ACCOUNT: Kind = Kind::secret("account", Resource::Accounts);
/// Sessions of browsers.
pub const SESSION: Kind = Kind::secret("session", Resource::Accounts);
/// One-time links.
pub const LINK: Kind = Kind::secret("link", Resource::Accounts);
/// Bearer tokens.
pub const TOKEN: Kind = Kind::secret("token", Resource::Tokens);
/// Agencies.
pub const AGENCY: Kind = Kind::new("agency", Resource::Agencies);
/// Sources.
pub const SOURCE: Kind = Kind::new("source", Resource::Sources);

/// Tell of changed accounts, sessions and tokens, which are not in the change feed, by their id.
const NOTICES: [(Kind, Kind); 3] = [
    (ACCOUNT, Kind::notice("account_notice", Resource::Accounts)),
    (SESSION, Kind::notice("session_notice", Resource::Accounts)),
    (TOKEN, Kind::notice("token_notice", Resource::Tokens)),
];

/// The kinds of this module, for the opening of the store.
pub const KINDS: [Kind; 9] = [ACCOUNT, SESSION, LINK, TOKEN, AGENCY, SOURCE, NOTICES[0].1, NOTICES[1].1, NOTICES[2].1];

/// The agency of a platform that has only one.
pub const FIRST_AGENCY: &str = "city";

/// The name under which the directory's own work stands in the audit log.
const SELF: Context = Context::system("directory");

/// Who is who. Cheap to ask; one for the whole process.
pub struct Directory {
    store: Arc<dyn Store>,
    accounts: RwLock<FxHashMap<String, Account>>,
    sessions: Mutex<FxHashMap<String, sessions::Session>>,
    tokens: RwLock<FxHashMap<String, Token>>,
    agencies: RwLock<FxHashMap<String, Agency>>,
    settings: RwLock<FxHashMap<String, SourceSetting>>,
    sources: RwLock<Arc<Sources>>,
    /// Held over a check and the write it is for, such as "is the name free".
    writing: Mutex<()>,
}

impl Directory {
    /// Reads everything from the store.
    pub fn open(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let directory = Self {
            accounts: RwLock::new(load(&*store, ACCOUNT)?),
            sessions: Mutex::new(load(&*store, SESSION)?),
            tokens: RwLock::new(load(&*store, TOKEN)?),
            agencies: RwLock::new(load(&*store, AGENCY)?),
            settings: RwLock::new(load(&*store, SOURCE)?),
            sources: RwLock::default(),
            writing: Mutex::new(()),
            store,
        };
        directory.compile_sources();
        Ok(directory)
    }

    /// The name of an actor as audit writes it: of an account, or of a token by its `tok-` and id.
    pub fn name_of(&self, actor: &str) -> Option<String> {
        match actor.strip_prefix(tokens::PRINCIPAL) {
            Some(token) => self.tokens.read().get(token).map(|token| token.name.clone()),
            None => self.accounts.read().get(actor).map(|account| account.name.clone()),
        }
    }

    /// Stores a document and gives its new version.
    fn put<T: Serialize>(&self, ctx: &Context, row: &Row<'_, T>, expect: Expect) -> Result<(), StoreError> {
        let body =
            serde_json::to_string(row.body).map_err(|e| StoreError::Invalid { field: "body", why: e.to_string() })?;
        let document = Draft {
            kind: row.kind,
            id: row.id.to_owned(),
            agency: row.agency.cloned(),
            state: String::new(),
            place: None,
            time: row.created,
            body,
        };
        let notice = notice_of(row.kind).map(|kind| notice(kind, row.id, row.agency));
        let batch = std::iter::once(Write::Put { document, expect }).chain(notice);
        self.store.apply(ctx, batch.collect()).map(drop)
    }

    fn delete(&self, ctx: &Context, kind: Kind, id: &str) -> Result<(), StoreError> {
        let delete = |kind| Write::Delete { kind, id: id.to_owned(), expect: Expect::Any };
        let mut batch = vec![delete(kind)];
        if let Some(of) = notice_of(kind) {
            // Put first: what is older than notices has none, and its end must be told too.
            batch.extend([notice(of, id, None), delete(of)]);
        }
        self.store.apply(ctx, batch).map(drop)
    }
}

fn notice_of(kind: Kind) -> Option<Kind> {
    NOTICES.iter().find(|(secret, _)| *secret == kind).map(|(_, notice)| *notice)
}

fn notice(kind: Kind, id: &str, agency: Option<&AgencyId>) -> Write {
    let (id, agency, state, body) = (id.to_owned(), agency.cloned(), String::new(), "{}".to_owned());
    let document = Draft { kind, id, agency, state, place: None, time: Timestamp(0), body };
    Write::Put { document, expect: Expect::Any }
}

/// What [`Directory::put`] stores.
struct Row<'a, T> {
    kind: Kind,
    id: &'a str,
    agency: Option<&'a AgencyId>,
    created: Timestamp,
    body: &'a T,
}

/// All documents of a kind, by id.
fn load<T: serde::de::DeserializeOwned>(store: &dyn Store, kind: Kind) -> Result<FxHashMap<String, T>, StoreError> {
    documents::all(store, kind)?
        .into_iter()
        .map(|document| documents::read::<T>(&document).map(|value| (document.id, value)))
        .collect()
}
