//! The event stream.

use crate::endpoint::Endpoint;
use crate::events::{self, EventsQuery};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(
            "/api/v1/events",
            "follow_events",
            "Follows what changes, as server-sent events; Last-Event-ID resumes",
            events::open,
        )
        .tag("events")
        .query::<EventsQuery>()
        .answers_type(200, "text/event-stream", "Events, without end.")
        .also(&[400, 503]),
    ]
}
