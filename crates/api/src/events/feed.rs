//! The feeds behind the events: one thread that follows the change feed of the store, one task for what is live.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use vigiles_model::{ExerciseId, Observation, RuleId};
use vigiles_runtime::documents;
use vigiles_runtime::exercise::Run;
use vigiles_runtime::live::Notice;
use vigiles_store::{Change, Changes, StoreError};
use vigiles_trust::{Context, Resource};

use super::{Frame, STATUS_EVERY};
use crate::call::{names, units};
use crate::routes::system::system;
use crate::state::Api;
use crate::wire::document::{Lookup, Wire, wire};
use crate::wire::exercise::Exercise;
use crate::wire::observation;
use crate::wire::time::Time;

/// Changes read at once.
const BATCH: usize = 256;
/// How long one wait for a change lasts.
const WAIT: Duration = Duration::from_millis(500);

/// The context in which the feed reads for all clients; each event is then filtered for each of them.
pub(super) const FEED: Context = Context::system("events");

/// A document that is gone.
#[derive(Serialize)]
struct Deleted<'a> {
    id: &'a str,
    deleted: bool,
}

/// A notice, as clients see it.
#[derive(Serialize)]
struct NoticeEvent<'a> {
    message: &'a str,
    incident: String,
    at: Time,
}

/// Starts both feeds; they end when nobody listens.
pub(super) fn start(api: Arc<Api>, from: u64, start: u64) {
    let for_changes = api.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = follow_changes(&for_changes, from, start) {
            tracing::error!(%error, "the event feed broke off; clients reconnect");
        }
        for_changes.hub.ended(start);
    });
    let notices = api.platform.live().notices();
    tokio::spawn(follow_live(api, start, notices));
}

/// Renders changes of the store as events. Remembers the names of rules as they pass, and the exercise that was told.
pub(super) struct Renderer {
    rules: HashMap<RuleId, String>,
    /// The id of the latest exercise, and whether it is over.
    exercise: Option<(ExerciseId, bool)>,
}

impl Renderer {
    pub(super) fn load(api: &Api) -> Result<Self, StoreError> {
        let mut rules = HashMap::new();
        for document in documents::all(api.platform.store(), documents::RULE)? {
            let rule = documents::rule(&document)?;
            rules.insert(rule.document.id, rule.document.name);
        }
        Ok(Self { rules, exercise: None })
    }

    /// The event of a change; none for documents that are not shown as events.
    pub(super) fn frame(&mut self, api: &Api, change: &Change) -> Result<Option<Frame>, StoreError> {
        let document = &change.document;
        if document.kind == documents::RULE {
            let rule = documents::rule(document)?;
            self.rules.insert(rule.document.id, rule.document.name);
        }
        // A rule on trial disturbs nobody, nor does an exercise: its page asks for its alarms.
        if document.kind == documents::ALARM && matches!(&*document.state, documents::SHADOW | documents::DRILL) {
            return Ok(None);
        }
        if document.kind == documents::EXERCISE {
            let run: Run = documents::read(document)?;
            let is_told = change.deleted || self.is_news(&run);
            return if is_told { framed(change, &Exercise::new(run, &names(&api.platform))) } else { Ok(None) };
        }
        let unit = units(&api.platform);
        let rule_name = |id: &RuleId| self.rules.get(id).cloned().unwrap_or_else(|| id.to_string());
        let lookup = Lookup { unit: &unit, rule_name: &rule_name, name_of: &names(&api.platform) };
        let Some(wire) = wire(document, &lookup)? else { return Ok(None) };
        let frame = framed(change, &wire)?;
        Ok(match wire {
            Wire::Incident(incident) => frame.map(|frame| Frame { reality: incident.reality.into(), ..frame }),
            _ => frame,
        })
    }

    /// Whether an exercise began or ended: how far it was played is stored twice a second, and is no event.
    fn is_news(&mut self, run: &Run) -> bool {
        let now = Some((run.exercise.id.clone(), run.ended.is_some()));
        let is_news = (run.begun || run.ended.is_some()) && self.exercise != now;
        if is_news {
            self.exercise = now;
        }
        is_news
    }
}

/// The event of a change that shows its document so.
fn framed<T: Serialize>(change: &Change, shown: &T) -> Result<Option<Frame>, StoreError> {
    let document = &change.document;
    let (event, seen_by) = (document.kind.name(), (document.kind.resource(), document.agency.clone()));
    let frame = if change.deleted {
        Frame::new(change.sequence, event, seen_by, &Deleted { id: &document.id, deleted: true })
    } else {
        Frame::new(change.sequence, event, seen_by, shown)
    };
    frame.map(Some).map_err(|e| StoreError::Invalid { field: "event", why: e.to_string() })
}

fn follow_changes(api: &Api, from: u64, start: u64) -> Result<(), StoreError> {
    let store = api.platform.store();
    let mut renderer = Renderer::load(api)?;
    let mut position = from;
    while !api.hub.should_end(start) && !*api.settings.stopping.borrow() {
        store.wait_change(&FEED, position, WAIT)?;
        match store.changes(&FEED, position, BATCH)? {
            Changes::Events { changes, next } => {
                for change in &changes {
                    if let Some(frame) = renderer.frame(api, change)? {
                        let _nobody_listens = api.hub.changes.send(Arc::new(frame));
                    }
                }
                position = next;
            }
            // Some changes are no longer kept. The streams end; their clients come again, and are told what they missed.
            Changes::Resync { .. } => return Ok(()),
        }
    }
    Ok(())
}

async fn follow_live(api: Arc<Api>, start: u64, mut notices: broadcast::Receiver<Arc<Notice>>) {
    let mut tick = tokio::time::interval(STATUS_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let frame = tokio::select! {
            seen = notices.recv() => match seen {
                Ok(seen) => notice(&seen),
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return,
            },
            _ = tick.tick() => {
                if api.hub.should_end(start) {
                    return;
                }
                rendered(&api, status).await
            }
        };
        if let Some(frame) = frame {
            let _nobody_listens = api.hub.live.send(Arc::new(frame));
        }
    }
}

/// Renders the latest observations while any client wants them: a client that does not costs nothing for each of them.
/// They are listened to before the client is told anything, so that none falls between.
pub(super) async fn follow_observations(api: Arc<Api>, mut batches: broadcast::Receiver<Arc<Vec<Observation>>>) {
    let mut tick = tokio::time::interval(STATUS_EVERY);
    loop {
        tokio::select! {
            batch = batches.recv() => match batch {
                Ok(batch) => {
                    if let Some(frame) = rendered(&api, move |api| observations(api, &batch)).await {
                        let _nobody_listens = api.hub.observations.send(Arc::new(frame));
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            _ = tick.tick() => {}
        }
        if api.hub.stop_observing() {
            return;
        }
    }
}

/// Renders off the threads that serve: a batch may hold thousands of observations.
async fn rendered(api: &Arc<Api>, render: impl FnOnce(&Api) -> Option<Frame> + Send + 'static) -> Option<Frame> {
    let api = api.clone();
    tokio::task::spawn_blocking(move || render(&api)).await.ok()?
}

fn observations(api: &Api, batch: &[Observation]) -> Option<Frame> {
    let unit = units(&api.platform);
    let wire: Vec<_> = batch.iter().map(|o| observation::Observation::new(o, &unit(&o.kind))).collect();
    Frame::new(0, "observations", (Resource::Observations, None), &wire).ok()
}

fn notice(notice: &Notice) -> Option<Frame> {
    let data = NoticeEvent { message: &notice.message, incident: notice.incident.to_string(), at: notice.at.into() };
    Frame::new(0, "notice", (Resource::Incidents, None), &data).ok()
}

fn status(api: &Api) -> Option<Frame> {
    Frame::new(0, "status", (Resource::System, None), &system(api)).ok()
}
