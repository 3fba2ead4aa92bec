//! The event stream of one client.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use bytes::Bytes;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::Interval;
use vigiles_runtime::live::Console;
use vigiles_store::{AuditNote, Changes, Outcome};
use vigiles_trust::{Action, Context, Resource};

use super::feed::Renderer;
use super::wanted::Wanted;
use super::{Frame, Seat};
use crate::call::Call;
use crate::caller;
use crate::endpoint::Answer;
use crate::problem::{Code, Problem};
use crate::state::Api;

/// How often it is checked that the client is still signed in, and a comment keeps the line open.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Changes read at once for a client that resumes.
const BATCH: usize = 256;
/// Changes behind which a client that resumes had better load everything anew.
const MAX_CATCH_UP: u64 = 20_000;

struct Client {
    api: Arc<Api>,
    ctx: Context,
    headers: HeaderMap,
    seat: Seat,
    wanted: Wanted,
    /// Where notices are among what this client is sent.
    _console: Option<Console>,
    stopping: watch::Receiver<bool>,
    heartbeat: Interval,
    /// Rendered, not yet taken.
    pending: VecDeque<Bytes>,
    /// The last sequence this client has been given or need not be given.
    last: u64,
    /// Where catching up goes on, while it does.
    catching_up: Option<Renderer>,
    over: bool,
}

/// Opens a stream.
pub(crate) async fn open(call: Call) -> Answer {
    let ctx = call.context()?;
    let wanted = Wanted::of(&call.query()?)?;
    let resume = last_event_id(&call)?;
    let noted = ctx.clone();
    let before = call
        .blocking(move |api| {
            let store = api.platform.store();
            let note = AuditNote {
                action: "follow".to_owned(),
                resource: "events".to_owned(),
                outcome: Outcome::Allowed,
                detail: resume.map_or_else(String::new, |after| format!("after {after}")),
            };
            store.record(&noted, note)?;
            Ok(store.wait_change(&noted, 0, Duration::ZERO)?)
        })
        .await?;
    // A feed that this client starts gives all after `before`; one that runs already gives all after now.
    let (seat, started) = call.api.hub.seat(&call.api, before, wanted.has("observations"))?;
    let latest = if started {
        before
    } else {
        call.blocking(|api| Ok(api.platform.store().wait_change(&super::feed::FEED, 0, Duration::ZERO)?)).await?
    };
    let sees_notices = wanted.has("notice") && ctx.permits(Action::Read(Resource::Incidents), None);
    let console = sees_notices.then(|| call.api.platform.live().attend());
    let mut client = Client {
        stopping: call.api.settings.stopping.clone(),
        api: call.api,
        ctx,
        headers: call.headers,
        seat,
        wanted,
        _console: console,
        heartbeat: tokio::time::interval(HEARTBEAT),
        pending: VecDeque::new(),
        last: latest,
        catching_up: None,
        over: false,
    };
    client.pending.push_back(event("hello", &format!("{{\"sequence\":{latest}}}")));
    client.resume(resume, latest).await?;
    let body = Body::from_stream(futures_util::stream::unfold(client, |mut client| async move {
        let chunk = client.next().await?;
        Some((Ok::<_, std::convert::Infallible>(chunk), client))
    }));
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // Proxies in front must not collect events.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn last_event_id(call: &Call) -> Result<Option<u64>, Problem> {
    match call.headers.get("last-event-id").map(|v| v.to_str().unwrap_or("?").trim()) {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| {
            Problem::of(Code::Malformed, "Last-Event-ID", "send the id of the last event as it was given")
        }),
    }
}

fn event(name: &str, json: &str) -> Bytes {
    format!("event: {name}\ndata: {json}\n\n").into()
}

fn resync(reason: &str) -> Bytes {
    event("resync", &format!("{{\"reason\":\"{reason}\"}}"))
}

/// The next batch; waits for ever where none are wanted.
async fn received(batches: &mut Option<broadcast::Receiver<Arc<Frame>>>) -> Result<Arc<Frame>, RecvError> {
    match batches {
        Some(batches) => batches.recv().await,
        None => std::future::pending().await,
    }
}

impl Client {
    async fn resume(&mut self, after: Option<u64>, latest: u64) -> Result<(), Problem> {
        let Some(after) = after else { return Ok(()) };
        if after > latest || latest - after > MAX_CATCH_UP {
            self.pending.push_back(resync("the last event is too far away"));
            return Ok(());
        }
        self.last = after;
        let api = self.api.clone();
        let load = move || Renderer::load(&api);
        self.catching_up = Some(tokio::task::spawn_blocking(load).await.map_err(|e| Problem::internal(&e))??);
        Ok(())
    }

    /// The next piece of the stream; none at its end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(chunk) = self.pending.pop_front() {
                return Some(chunk);
            }
            if self.over || *self.stopping.borrow() {
                return None;
            }
            if let Some(renderer) = self.catching_up.take() {
                self.catch_up(renderer).await;
                continue;
            }
            tokio::select! {
                biased;
                // A sender that is gone never stops anybody.
                Ok(()) = self.stopping.changed() => {}
                change = self.seat.changes.recv() => match change {
                    Ok(frame) => self.take(&frame),
                    Err(RecvError::Lagged(missed)) => {
                        self.api.hub.slow.fetch_add(1, Ordering::Relaxed);
                        tracing::info!(missed, "an event stream fell behind");
                        self.pending.push_back(resync("this client reads too slowly"));
                    }
                    Err(RecvError::Closed) => self.over = true,
                },
                live = self.seat.live.recv() => self.take_live(live),
                batch = received(&mut self.seat.observations) => self.take_live(batch),
                _ = self.heartbeat.tick() => self.beat(),
            }
        }
    }

    fn take(&mut self, frame: &Frame) {
        if frame.sequence > self.last {
            self.last = frame.sequence;
            self.give(frame);
        }
    }

    fn take_live(&mut self, frame: Result<Arc<Frame>, RecvError>) {
        match frame {
            Ok(frame) => self.give(&frame),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => self.over = true,
        }
    }

    fn give(&mut self, frame: &Frame) {
        if self.wanted.takes(frame) && frame.is_for(&self.ctx) {
            self.pending.push_back(frame.text.clone());
        }
    }

    /// Ends the stream of a caller who was signed out, disabled or revoked, or whose feed broke off.
    fn beat(&mut self) {
        self.over = !caller::is_still(&self.api, &self.headers, &self.ctx) || !self.api.hub.is_running();
        self.pending.push_back(Bytes::from_static(b":\n\n"));
    }

    async fn catch_up(&mut self, mut renderer: Renderer) {
        let (api, after, ctx, wanted) = (self.api.clone(), self.last, self.ctx.clone(), self.wanted.clone());
        let read = move || {
            let changes = api.platform.store().changes(&Context::system("events"), after, BATCH)?;
            let Changes::Events { changes, next } = changes else { return Ok(None) };
            let mut texts = Vec::new();
            for change in &changes {
                if let Some(frame) = renderer.frame(&api, change)?
                    && wanted.takes(&frame)
                    && frame.is_for(&ctx)
                {
                    texts.push(frame.text);
                }
            }
            Ok::<_, vigiles_store::StoreError>(Some((texts, next, renderer)))
        };
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(Some((texts, next, renderer)))) => {
                let caught_up = next == self.last;
                self.last = next;
                self.pending.extend(texts);
                self.catching_up = (!caught_up).then_some(renderer);
            }
            Ok(Ok(None)) => self.pending.push_back(resync("the changes are no longer kept")),
            Ok(Err(error)) => {
                tracing::error!(%error, "an event stream could not catch up");
                self.over = true;
            }
            Err(_) => self.over = true,
        }
    }
}
