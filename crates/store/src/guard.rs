//! What every backend does for a caller around its own reads and writes: it asks whether the context permits them, and leaves
//! the audit entries.

use std::time::Duration;

use vigiles_model::Timestamp;
use vigiles_trust::{Action, Context, Resource};

use crate::chain::Author;
use crate::contract::{
    AuditNote, AuditPage, AuditQuery, Changes, Document, Kind, Outcome, Page, Query, Reply, Statistics, Store,
    StoreError, Write,
};
use crate::request::{check_audit_query, check_limit, check_own, check_query, check_text, check_write, summary};

/// When writes must be durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Before the answer.
    Now,
    /// With any later commit: who asked can make them again.
    Later,
}

/// Reads and writes of one backend, already permitted. Rows that the context may not see are left out here, since pages
/// are filled with those that it may.
pub(crate) trait Backend: Send + Sync {
    fn find(&self, kind: Kind, id: &str) -> Result<Option<Document>, StoreError>;
    fn find_page(&self, ctx: &Context, query: &Query) -> Result<Page, StoreError>;
    fn find_past(&self, ctx: &Context, query: &Query, at: Timestamp) -> Result<Page, StoreError>;
    fn find_mark(&self, name: &str) -> Result<Option<u64>, StoreError>;
    fn find_reply(&self, actor: &str, key: &str) -> Result<Option<Reply>, StoreError>;
    fn find_changes(&self, ctx: &Context, after: u64, limit: usize) -> Result<Changes, StoreError>;
    fn find_audit(&self, ctx: &Context, query: &AuditQuery) -> Result<AuditPage, StoreError>;
    fn count(&self) -> Result<Statistics, StoreError>;
    fn wait(&self, after: u64, timeout: Duration) -> u64;
    fn write(&self, author: Author, batch: Vec<Write>, durability: Durability) -> Result<Vec<u64>, StoreError>;
    fn note(&self, author: Author, note: AuditNote) -> Result<(), StoreError>;
    fn fence(&self, author: Author, name: &str) -> Result<u64, StoreError>;
    fn forget(&self, author: Author, before: Timestamp) -> Result<u64, StoreError>;
}

/// Refuses, and leaves that in the audit log, where the context does not permit.
fn permit(backend: &impl Backend, ctx: &Context, action: Action, resource: &str) -> Result<(), StoreError> {
    if ctx.permits(action, None) {
        return Ok(());
    }
    let (actor, deed) = (ctx.actor().to_string(), action.to_string());
    note(backend, ctx, &deed, resource.to_owned(), Outcome::Refused, String::new())?;
    Err(StoreError::NotPermitted { actor, action: deed, resource: resource.to_owned() })
}

/// Leaves an entry about a consultation by a person before the answer is given.
fn consulted(
    backend: &impl Backend,
    ctx: &Context,
    action: &str,
    resource: String,
    detail: String,
) -> Result<(), StoreError> {
    if ctx.is_system() {
        return Ok(());
    }
    note(backend, ctx, action, resource, Outcome::Allowed, detail)
}

fn note(
    backend: &impl Backend,
    ctx: &Context,
    action: &str,
    resource: String,
    outcome: Outcome,
    detail: String,
) -> Result<(), StoreError> {
    backend.note(Author::of(ctx), AuditNote { action: action.to_owned(), resource, outcome, detail })
}

fn write(
    backend: &impl Backend,
    ctx: &Context,
    batch: Vec<Write>,
    durability: Durability,
) -> Result<Vec<u64>, StoreError> {
    batch.iter().try_for_each(|write| check_write(ctx, write))?;
    match backend.write(Author::of(ctx), batch, durability) {
        Err(StoreError::NotPermitted { actor, action, resource }) => {
            note(backend, ctx, &action, resource.clone(), Outcome::Refused, String::new())?;
            Err(StoreError::NotPermitted { actor, action, resource })
        }
        answer => answer,
    }
}

impl<B: Backend> Store for B {
    fn get(&self, ctx: &Context, kind: Kind, id: &str) -> Result<Option<Document>, StoreError> {
        check_text("id", id)?;
        let resource = format!("{}/{id}", kind.name());
        let action = Action::Read(kind.resource());
        permit(self, ctx, action, &resource)?;
        let found = self.find(kind, id)?.filter(|document| ctx.permits(action, document.agency.as_ref()));
        let detail = if found.is_some() { "" } else { "not found" };
        consulted(self, ctx, "read", resource, detail.to_owned())?;
        Ok(found)
    }

    fn list(&self, ctx: &Context, query: &Query) -> Result<Page, StoreError> {
        check_query(query)?;
        permit(self, ctx, Action::Read(query.kind.resource()), query.kind.name())?;
        let page = self.find_page(ctx, query)?;
        consulted(self, ctx, "list", query.kind.name().to_owned(), summary(query, &page))?;
        Ok(page)
    }

    fn apply(&self, ctx: &Context, batch: Vec<Write>) -> Result<Vec<u64>, StoreError> {
        write(self, ctx, batch, Durability::Now)
    }

    fn apply_derived(&self, ctx: &Context, batch: Vec<Write>) -> Result<Vec<u64>, StoreError> {
        write(self, ctx, batch, Durability::Later)
    }

    fn take_fence(&self, ctx: &Context, name: &str) -> Result<u64, StoreError> {
        check_own(ctx, "take a fence", name)?;
        self.fence(Author::of(ctx), name)
    }

    fn mark(&self, ctx: &Context, name: &str) -> Result<Option<u64>, StoreError> {
        check_own(ctx, "read a mark", name)?;
        self.find_mark(name)
    }

    fn recall(&self, ctx: &Context, key: &str) -> Result<Option<Reply>, StoreError> {
        check_text("key", key)?;
        self.find_reply(&ctx.actor().to_string(), key)
    }

    fn changes(&self, ctx: &Context, after: u64, limit: usize) -> Result<Changes, StoreError> {
        check_limit(limit)?;
        let changes = self.find_changes(ctx, after, limit)?;
        consulted(self, ctx, "follow", "changes".to_owned(), format!("after {after}"))?;
        Ok(changes)
    }

    fn wait_change(&self, ctx: &Context, after: u64, timeout: Duration) -> Result<u64, StoreError> {
        // Every role that may read anything may read the city.
        permit(self, ctx, Action::Read(Resource::City), "changes")?;
        Ok(self.wait(after, timeout))
    }

    fn as_of(&self, ctx: &Context, query: &Query, at: Timestamp) -> Result<Page, StoreError> {
        check_query(query)?;
        permit(self, ctx, Action::Read(query.kind.resource()), query.kind.name())?;
        let page = self.find_past(ctx, query, at)?;
        let detail = format!("at {at}, {}", summary(query, &page));
        consulted(self, ctx, "list", query.kind.name().to_owned(), detail)?;
        Ok(page)
    }

    fn record(&self, ctx: &Context, note: AuditNote) -> Result<(), StoreError> {
        // A note may quote what a stranger sent, and must not fail by it: a NUL, which not every backend takes, is shown.
        let [action, resource, detail] =
            [note.action, note.resource, note.detail].map(|text| text.replace('\0', "\u{fffd}"));
        self.note(Author::of(ctx), AuditNote { action, resource, detail, ..note })
    }

    fn audit(&self, ctx: &Context, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        check_audit_query(query)?;
        permit(self, ctx, Action::Read(Resource::Audit), "audit")?;
        let page = self.find_audit(ctx, query)?;
        consulted(self, ctx, "list", "audit".to_owned(), format!("{} entries", page.entries.len()))?;
        Ok(page)
    }

    fn prune(&self, ctx: &Context, before: Timestamp) -> Result<u64, StoreError> {
        permit(self, ctx, Action::Write(Resource::System), "revisions")?;
        self.forget(Author::of(ctx), before)
    }

    fn statistics(&self, ctx: &Context) -> Result<Statistics, StoreError> {
        permit(self, ctx, Action::Read(Resource::System), "statistics")?;
        self.count()
    }
}
