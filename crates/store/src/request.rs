//! What can be told of a request before anything stored is looked at; the same for every backend.

use vigiles_model::{AgencyId, Timestamp};
use vigiles_trust::{Action, Context};

use crate::chain::Author;
use crate::contract::{AuditNote, AuditQuery, Draft, Expect, Kind, Outcome, Page, Query, StoreError, Write};

/// Largest body, in bytes.
const MAX_BODY_BYTES: usize = 8 << 20;
/// Longest id, in bytes.
const MAX_ID_BYTES: usize = 512;
/// Entries of a batch by the platform itself that audit lists one by one in the detail.
const LISTED: usize = 32;

/// Whether one write can be stored at all.
pub(crate) fn check_write(ctx: &Context, write: &Write) -> Result<(), StoreError> {
    match write {
        Write::Put { document, .. } => check_draft(document),
        Write::SetMark { value, .. } if *value > i64::MAX as u64 => {
            Err(StoreError::Invalid { field: "value", why: format!("a mark is at most 2^63-1, not {value}") })
        }
        Write::SetMark { name, .. } => check_own(ctx, "set a mark", name),
        Write::Fence { name, .. } => check_own(ctx, "name a fence", name),
        Write::Remember(reply) => [("key", &reply.key), ("fingerprint", &reply.fingerprint), ("body", &reply.body)]
            .into_iter()
            .try_for_each(|(field, text)| check_text(field, text)),
        Write::Delete { id, .. } => check_text("id", id),
    }
}

/// Marks and fences are the platform's own.
pub(crate) fn check_own(ctx: &Context, action: &str, name: &str) -> Result<(), StoreError> {
    if ctx.is_system() {
        return Ok(());
    }
    Err(StoreError::NotPermitted {
        actor: ctx.actor().to_string(),
        action: action.to_owned(),
        resource: name.to_owned(),
    })
}

fn check_draft(draft: &Draft) -> Result<(), StoreError> {
    let invalid = |field, why: String| Err(StoreError::Invalid { field, why });
    if draft.id.is_empty() || draft.id.len() > MAX_ID_BYTES {
        return invalid("id", format!("an id has 1 to {MAX_ID_BYTES} bytes, this one has {}", draft.id.len()));
    }
    check_text("id", &draft.id)?;
    check_text("state", &draft.state)?;
    if draft.body.len() > MAX_BODY_BYTES {
        return invalid(
            "body",
            format!("a body has at most {MAX_BODY_BYTES} bytes, this one has {}", draft.body.len()),
        );
    }
    if let Err(e) = serde_json::from_str::<serde::de::IgnoredAny>(&draft.body) {
        return invalid("body", format!("{}/{} is not JSON: {e}", draft.kind.name(), draft.id));
    }
    Ok(())
}

/// A NUL ends a text in some backends: none takes it.
pub(crate) fn check_text(field: &'static str, text: &str) -> Result<(), StoreError> {
    match text.find('\0') {
        None => Ok(()),
        Some(at) => Err(StoreError::Invalid { field, why: format!("has a NUL character at byte {at}") }),
    }
}

pub(crate) fn check_query(query: &Query) -> Result<(), StoreError> {
    check_limit(query.limit)?;
    if query.ids.len() > Query::MAX_LIMIT {
        let why = format!("at most {} ids can be asked for at once", Query::MAX_LIMIT);
        return Err(StoreError::Invalid { field: "ids", why });
    }
    if query.states.len() > Query::MAX_STATES {
        let why = format!("at most {} states can be asked for at once", Query::MAX_STATES);
        return Err(StoreError::Invalid { field: "states", why });
    }
    query.ids.iter().try_for_each(|id| check_text("ids", id))?;
    query.states.iter().try_for_each(|state| check_text("states", state))?;
    query.text.iter().try_for_each(|text| check_text("text", text))?;
    query.cursor.iter().try_for_each(|cursor| check_text("cursor", cursor))?;
    query.fields.iter().flat_map(|(_, texts)| texts).try_for_each(|text| check_text("fields", text))
}

pub(crate) fn check_audit_query(query: &AuditQuery) -> Result<(), StoreError> {
    check_limit(query.limit)?;
    [("actor", &query.actor), ("action", &query.action), ("resource", &query.resource)]
        .into_iter()
        .try_for_each(|(field, text)| text.as_ref().map_or(Ok(()), |text| check_text(field, text)))
}

pub(crate) fn check_limit(limit: usize) -> Result<(), StoreError> {
    if (1..=Query::MAX_LIMIT).contains(&limit) {
        return Ok(());
    }
    Err(StoreError::Invalid { field: "limit", why: format!("1 to {}, not {limit}", Query::MAX_LIMIT) })
}

/// The cursor of the page that begins after the document of this time and id, whether or not it is still there.
pub fn cursor_after(time: Timestamp, id: &str) -> String {
    format!("{}.{id}", time.0)
}

/// Time and id of the last document of the page before.
pub(crate) fn position(cursor: &str) -> Result<(i64, String), StoreError> {
    let parts = cursor.split_once('.').and_then(|(time, id)| Some((time.parse().ok()?, id.to_owned())));
    parts.ok_or_else(|| StoreError::Invalid {
        field: "cursor",
        why: "not a cursor of this list; use `next` of the page before".to_owned(),
    })
}

/// The sequence of the last audit entry of the page before.
pub(crate) fn audit_position(cursor: &str) -> Result<i64, StoreError> {
    cursor.parse().map_err(|_| StoreError::Invalid {
        field: "cursor",
        why: "not a cursor of the audit log; use `next` of the page before".to_owned(),
    })
}

/// Whether the author may write a document of a kind that is, or is to be, an agency's.
pub(crate) fn permit(author: &Author, kind: Kind, id: &str, owner: Option<&AgencyId>) -> Result<(), StoreError> {
    let action = Action::Write(kind.resource());
    if author.ctx.permits(action, owner) {
        return Ok(());
    }
    Err(StoreError::NotPermitted {
        actor: author.actor.clone(),
        action: action.to_string(),
        resource: format!("{}/{id}", kind.name()),
    })
}

/// Whether the stored version is what the writer believes.
pub(crate) fn check_version(kind: Kind, id: &str, expect: Expect, found: Option<u64>) -> Result<(), StoreError> {
    let expected = match expect {
        Expect::Any => return Ok(()),
        Expect::Absent => None,
        Expect::Version(version) => Some(version),
    };
    if expected == found {
        return Ok(());
    }
    Err(StoreError::Conflict { kind: kind.name(), id: id.to_owned(), expected, found })
}

/// Whether the epoch of a fence is the newest one taken; none was taken where there is none.
pub(crate) fn check_fence(name: &'static str, epoch: u64, newest: Option<u64>) -> Result<(), StoreError> {
    if newest == Some(epoch) {
        return Ok(());
    }
    Err(StoreError::Fenced { name: name.to_owned(), epoch, newest: newest.unwrap_or(0) })
}

/// Whether the error speaks of the backend, not of what one job asked for.
pub(crate) fn ends_transaction(error: &StoreError) -> bool {
    !matches!(
        error,
        StoreError::Conflict { .. }
            | StoreError::NotPermitted { .. }
            | StoreError::Invalid { .. }
            | StoreError::Fenced { .. }
    )
}

/// What was done to one document, for audit.
pub(crate) struct Deed {
    pub(crate) kind: Kind,
    pub(crate) verb: &'static str,
    pub(crate) resource: String,
    pub(crate) version: u64,
}

/// One entry for each document that a person touched; one for the whole batch of the platform itself,
/// whose every form is kept in the revisions.
pub(crate) fn notes(author: &Author, mut deeds: Vec<Deed>) -> Vec<AuditNote> {
    deeds.retain(|deed| !deed.kind.is_notice());
    let note = |action: &str, resource: String, detail: String| AuditNote {
        action: action.to_owned(),
        resource,
        outcome: Outcome::Allowed,
        detail,
    };
    match &deeds[..] {
        [first, _, ..] if author.ctx.is_system() => {
            let listed = deeds.iter().take(LISTED).map(|d| format!("{} {} v{}", d.verb, d.resource, d.version));
            let mut detail = listed.collect::<Vec<_>>().join(", ");
            if deeds.len() > LISTED {
                detail = format!("{detail} and {} more", deeds.len() - LISTED);
            }
            vec![note("apply", first.resource.clone(), detail)]
        }
        _ => deeds.into_iter().map(|deed| note(deed.verb, deed.resource, format!("v{}", deed.version))).collect(),
    }
}

/// The entry about a fence that was taken.
pub(crate) fn fence_note(name: &str, epoch: u64) -> AuditNote {
    AuditNote {
        action: "take_fence".to_owned(),
        resource: format!("fence/{name}"),
        outcome: Outcome::Allowed,
        detail: format!("epoch {epoch}"),
    }
}

/// What was asked and how much was answered, for the audit log.
pub(crate) fn summary(query: &Query, page: &Page) -> String {
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
