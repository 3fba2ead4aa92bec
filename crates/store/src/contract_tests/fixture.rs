//! What the cases share: kinds, people, a clock that is set by hand.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use vigiles_model::{AgencyId, BoundingBox, PersonId, Timestamp};
use vigiles_trust::{Action, Context, Resource, Role, authorise};

use crate::contract::{Clock, Document, Draft, Expect, Kind, Query, Store, StoreError, Write};

/// Shared by all agencies to read, changed by its own.
pub const INCIDENT: Kind = Kind::new("incident", Resource::Incidents);
/// Another shared kind.
pub const ASSET: Kind = Kind::new("asset", Resource::Assets);
/// For administrators, and secret.
pub const ACCOUNT: Kind = Kind::secret("account", Resource::Accounts);
/// For the integrators of an agency, each their own.
pub const TOKEN: Kind = Kind::secret("token", Resource::Tokens);
/// Tells of tokens.
pub const NOTICE: Kind = Kind::notice("token_notice", Resource::Tokens);
/// All kinds of the suite.
pub const KINDS: &[Kind] = &[INCIDENT, ASSET, ACCOUNT, TOKEN, NOTICE];

/// A fresh store, and whatever must live as long (a temporary directory, a server).
pub struct Opened {
    pub store: Arc<dyn Store>,
    pub held: Box<dyn Any>,
}

/// Opens a fresh store.
pub type Open = dyn Fn(Clock) -> Opened;

/// A store with its clock, at second 1000.
pub struct Fixture {
    pub store: Arc<dyn Store>,
    pub time: Arc<AtomicI64>,
    _held: Box<dyn Any>,
}

impl Fixture {
    pub fn new(open: &Open) -> Self {
        let time = Arc::new(AtomicI64::new(1000));
        let hand = Arc::clone(&time);
        let Opened { store, held } = open(Arc::new(move || Timestamp::from_secs(hand.load(Ordering::SeqCst))));
        Self { store, time, _held: held }
    }

    pub fn set_time(&self, second: i64) {
        self.time.store(second, Ordering::SeqCst);
    }

    pub fn put(&self, draft: Draft) -> u64 {
        self.try_put(&system(), draft, Expect::Any).unwrap()
    }

    pub fn try_put(&self, ctx: &Context, document: Draft, expect: Expect) -> Result<u64, StoreError> {
        self.store.apply(ctx, vec![Write::Put { document, expect }]).map(|sequences| sequences[0])
    }

    pub fn delete(&self, kind: Kind, id: &str) {
        self.store.apply(&system(), vec![Write::Delete { kind, id: id.to_owned(), expect: Expect::Any }]).unwrap();
    }

    pub fn get(&self, kind: Kind, id: &str) -> Option<Document> {
        self.store.get(&system(), kind, id).unwrap()
    }

    pub fn ids(&self, query: &Query) -> Vec<String> {
        ids(&self.store.list(&system(), query).unwrap().documents)
    }
}

pub fn ids(documents: &[Document]) -> Vec<String> {
    documents.iter().map(|document| document.id.clone()).collect()
}

pub fn system() -> Context {
    Context::system("test")
}

pub fn agency(name: &str) -> AgencyId {
    AgencyId::new(name).unwrap()
}

/// A person `ada` of an agency with one role, authorised for an action.
pub fn person(role: Role, of: &str, action: Action) -> Context {
    authorise(&PersonId::new("ada").unwrap(), &[role], &agency(of), None, action, None).unwrap()
}

/// An incident of the fire brigade, listed by a second, in the state `new`, with no place.
pub fn incident(id: &str, second: i64) -> Draft {
    Draft {
        kind: INCIDENT,
        id: id.to_owned(),
        agency: Some(agency("fire")),
        state: "new".to_owned(),
        place: None,
        time: Timestamp::from_secs(second),
        body: format!("{{\"title\":\"Smoke at {id}\"}}"),
    }
}

pub fn of_kind(kind: Kind, draft: Draft) -> Draft {
    Draft { kind, ..draft }
}

pub fn in_state(state: &str, draft: Draft) -> Draft {
    Draft { state: state.to_owned(), ..draft }
}

pub fn of_agency(name: &str, draft: Draft) -> Draft {
    Draft { agency: Some(agency(name)), ..draft }
}

/// At a point given by longitude and latitude.
pub fn at(lon: f64, lat: f64, draft: Draft) -> Draft {
    Draft { place: Some(BoundingBox { west: lon, south: lat, east: lon, north: lat }), ..draft }
}
