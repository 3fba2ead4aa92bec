//! The embedded backend: one SQLite file in the data directory, one writer thread, several readers.

mod audit;
mod batch;
mod chain;
mod check;
mod checkpoint;
mod documents;
mod error;
mod feed;
mod prune;
mod readers;
mod rows;
mod schema;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use vigiles_model::Timestamp;
use vigiles_trust::{Action, Context, Resource};

pub use check::check;
pub use schema::VERSION;

use crate::contract::{
    AuditNote, AuditPage, AuditQuery, Changes, Clock, Document, Kind, Outcome, Page, Query, Reply, Statistics, Store,
    StoreError, Write,
};
use chain::Author;
use error::Place;
use readers::Readers;
use writer::{Done, Durability, Heads, Latest, Task, Writer};

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// Every kind of document there is.
    pub kinds: &'static [Kind],
    /// Platform time.
    pub clock: Clock,
    /// The file grows no further than this; writes then answer [`StoreError::Full`]. None: as far as the disk goes.
    pub max_bytes: Option<u64>,
}

/// Documents, revisions and audit in one SQLite file.
pub struct SqliteStore {
    kinds: &'static [Kind],
    clock: Clock,
    place: Place,
    readers: Readers,
    latest: Arc<Latest>,
    writer: Writer,
}

impl SqliteStore {
    /// Opens or creates `store.sqlite` in a directory, and upgrades it where it is of an older schema.
    ///
    /// A second process may open the same directory for a short command; its changes are seen by reads,
    /// but wake nobody who waits for changes here.
    pub fn open(dir: &Path, options: Options) -> Result<Self, StoreError> {
        let Options { kinds, clock, max_bytes } = options;
        let file = dir.join(schema::FILE);
        let place = Place::new(&file);
        std::fs::create_dir_all(dir).map_err(|e| StoreError::Backend { file: place.file(), what: e.to_string() })?;
        let db = schema::open_writer(&file)?;
        if let Some(bytes) = max_bytes {
            schema::limit(&db, bytes).map_err(|e| place.failed("settings", &e))?;
        }
        let latest = Arc::new(Latest::default());
        let writer = Writer::start(&file, db, clock.clone(), Arc::clone(&latest))?;
        Ok(Self { kinds, clock, readers: Readers::open(&file)?, place, latest, writer })
    }

    /// Refuses, and leaves that in the audit log, where the context does not permit.
    fn permit(&self, ctx: &Context, action: Action, resource: &str) -> Result<(), StoreError> {
        if ctx.permits(action, None) {
            return Ok(());
        }
        let (actor, deed) = (ctx.actor().to_string(), action.to_string());
        self.note(ctx, &deed, resource.to_owned(), Outcome::Refused, String::new())?;
        Err(StoreError::NotPermitted { actor, action: deed, resource: resource.to_owned() })
    }

    fn write(&self, ctx: &Context, batch: Vec<Write>, durability: Durability) -> Result<Vec<u64>, StoreError> {
        batch.iter().try_for_each(|write| check_write(ctx, write))?;
        match self.writer.ask(Author::of(ctx), Task::Apply(batch, durability)) {
            Ok(Done::Applied(sequences)) => Ok(sequences),
            Ok(Done::Recorded | Done::Pruned(_)) => Err(StoreError::Closed),
            Err(StoreError::NotPermitted { actor, action, resource }) => {
                self.note(ctx, &action, resource.clone(), Outcome::Refused, String::new())?;
                Err(StoreError::NotPermitted { actor, action, resource })
            }
            Err(error) => Err(error),
        }
    }

    /// Leaves an entry about a consultation by a person before the answer is given.
    fn consulted(&self, ctx: &Context, action: &str, resource: String, detail: String) -> Result<(), StoreError> {
        if ctx.is_system() {
            return Ok(());
        }
        self.note(ctx, action, resource, Outcome::Allowed, detail)
    }

    fn note(
        &self,
        ctx: &Context,
        action: &str,
        resource: String,
        outcome: Outcome,
        detail: String,
    ) -> Result<(), StoreError> {
        self.record(ctx, AuditNote { action: action.to_owned(), resource, outcome, detail })
    }
}

impl Store for SqliteStore {
    fn get(&self, ctx: &Context, kind: Kind, id: &str) -> Result<Option<Document>, StoreError> {
        let resource = format!("{}/{id}", kind.name());
        let action = Action::Read(kind.resource());
        self.permit(ctx, action, &resource)?;
        let found = self.readers.with(|db| documents::get(db, &self.place, kind, id))??;
        let found = found.filter(|document| ctx.permits(action, document.agency.as_ref()));
        let detail = if found.is_some() { "" } else { "not found" };
        self.consulted(ctx, "read", resource, detail.to_owned())?;
        Ok(found)
    }

    fn list(&self, ctx: &Context, query: &Query) -> Result<Page, StoreError> {
        check_query(query)?;
        self.permit(ctx, Action::Read(query.kind.resource()), query.kind.name())?;
        let page = self.readers.with(|db| documents::list(db, &self.place, ctx, query))??;
        self.consulted(ctx, "list", query.kind.name().to_owned(), summary(query, &page))?;
        Ok(page)
    }

    fn apply(&self, ctx: &Context, batch: Vec<Write>) -> Result<Vec<u64>, StoreError> {
        self.write(ctx, batch, Durability::Now)
    }

    fn apply_derived(&self, ctx: &Context, batch: Vec<Write>) -> Result<Vec<u64>, StoreError> {
        self.write(ctx, batch, Durability::Later)
    }

    fn mark(&self, ctx: &Context, name: &str) -> Result<Option<u64>, StoreError> {
        check_mark(ctx, "read a mark", name)?;
        self.readers.with(|db| documents::mark(db, name))?.map_err(|e| self.place.failed("marks", &e))
    }

    fn recall(&self, ctx: &Context, key: &str) -> Result<Option<Reply>, StoreError> {
        let (actor, now) = (ctx.actor().to_string(), (self.clock)());
        self.readers.with(|db| documents::recall(db, &actor, key, now))?.map_err(|e| self.place.failed("replies", &e))
    }

    fn changes(&self, ctx: &Context, after: u64, limit: usize) -> Result<Changes, StoreError> {
        check_limit(limit)?;
        let changes = self.readers.with(|db| feed::changes(db, &self.place, self.kinds, ctx, after, limit))??;
        self.consulted(ctx, "follow", "changes".to_owned(), format!("after {after}"))?;
        Ok(changes)
    }

    fn wait_change(&self, ctx: &Context, after: u64, timeout: Duration) -> Result<u64, StoreError> {
        // Every role that may read anything may read the city.
        self.permit(ctx, Action::Read(Resource::City), "changes")?;
        Ok(self.latest.wait(after, timeout))
    }

    fn as_of(&self, ctx: &Context, query: &Query, at: Timestamp) -> Result<Page, StoreError> {
        check_query(query)?;
        self.permit(ctx, Action::Read(query.kind.resource()), query.kind.name())?;
        let page = self.readers.with(|db| documents::at_moment(db, &self.place, ctx, query, at))??;
        let detail = format!("at {at}, {}", summary(query, &page));
        self.consulted(ctx, "list", query.kind.name().to_owned(), detail)?;
        Ok(page)
    }

    fn record(&self, ctx: &Context, note: AuditNote) -> Result<(), StoreError> {
        self.writer.ask(Author::of(ctx), Task::Record(note)).map(drop)
    }

    fn audit(&self, ctx: &Context, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        check_limit(query.limit)?;
        self.permit(ctx, Action::Read(Resource::Audit), "audit")?;
        let page = self.readers.with(|db| audit::page(db, &self.place, ctx, query))??;
        self.consulted(ctx, "list", "audit".to_owned(), format!("{} entries", page.entries.len()))?;
        Ok(page)
    }

    fn prune(&self, ctx: &Context, before: Timestamp) -> Result<u64, StoreError> {
        self.permit(ctx, Action::Write(Resource::System), "revisions")?;
        let mut step = prune::Step::Begin { before };
        loop {
            match self.writer.ask(Author::of(ctx), Task::Prune(step))? {
                Done::Pruned(prune::Progress::Next(next)) => step = next,
                Done::Pruned(prune::Progress::Done(removed)) => return Ok(removed),
                Done::Applied(_) | Done::Recorded => return Err(StoreError::Closed),
            }
        }
    }

    fn statistics(&self, ctx: &Context) -> Result<Statistics, StoreError> {
        self.permit(ctx, Action::Read(Resource::System), "statistics")?;
        let (heads, counts) = self
            .readers
            .with(|db| Ok((Heads::read(db)?, documents::counts(db)?)))?
            .map_err(|e| self.place.failed("statistics", &e))?;
        let named = |(name, count): (String, u64)| Some((self.kinds.iter().find(|k| k.name() == name)?.name(), count));
        Ok(Statistics {
            documents: counts.into_iter().filter_map(named).collect(),
            sequence: heads.sequence,
            audit_entries: heads.audit,
            bytes: self.place.bytes(),
        })
    }
}

/// What can be told of a write before the writer looks at what is stored.
fn check_write(ctx: &Context, write: &Write) -> Result<(), StoreError> {
    match write {
        Write::Put { document, .. } => rows::check(document),
        Write::SetMark { value, .. } if *value > i64::MAX as u64 => {
            Err(StoreError::Invalid { field: "value", why: format!("a mark is at most 2^63-1, not {value}") })
        }
        Write::SetMark { name, .. } => check_mark(ctx, "set a mark", name),
        Write::Delete { .. } | Write::Remember(_) => Ok(()),
    }
}

/// Marks are the platform's own.
fn check_mark(ctx: &Context, action: &str, name: &str) -> Result<(), StoreError> {
    if ctx.is_system() {
        return Ok(());
    }
    Err(StoreError::NotPermitted {
        actor: ctx.actor().to_string(),
        action: action.to_owned(),
        resource: name.to_owned(),
    })
}

fn check_query(query: &Query) -> Result<(), StoreError> {
    check_limit(query.limit)?;
    if query.ids.len() > Query::MAX_LIMIT {
        let why = format!("at most {} ids can be asked for at once", Query::MAX_LIMIT);
        return Err(StoreError::Invalid { field: "ids", why });
    }
    if query.states.len() > Query::MAX_STATES {
        let why = format!("at most {} states can be asked for at once", Query::MAX_STATES);
        return Err(StoreError::Invalid { field: "states", why });
    }
    Ok(())
}

fn check_limit(limit: usize) -> Result<(), StoreError> {
    if (1..=Query::MAX_LIMIT).contains(&limit) {
        return Ok(());
    }
    Err(StoreError::Invalid { field: "limit", why: format!("1 to {}, not {limit}", Query::MAX_LIMIT) })
}

/// What was asked and how much was answered, for the audit log.
fn summary(query: &Query, page: &Page) -> String {
    let mut text = format!("{} found", page.documents.len());
    if !query.ids.is_empty() {
        text = format!("{text} of {} named", query.ids.len());
    }
    if !query.states.is_empty() {
        text = format!("{text}, states {}", query.states.join(" "));
    }
    if let Some(area) = query.area {
        text = format!("{text}, area {},{},{},{}", area.west, area.south, area.east, area.north);
    }
    if let Some(words) = &query.text {
        text = format!("{text}, text `{words}`");
    }
    text
}
