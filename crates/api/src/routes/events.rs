//! The event stream.

use crate::endpoint::Endpoint;
use crate::events::{self, EventsQuery};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/events", "follow_events", "Follows what changes, as server-sent events", events::open)
            .tag("events")
            .query::<EventsQuery>()
            .header(
                "Last-Event-ID",
                "The id of the last event that was taken: the stream goes on after it, or says `resync`.",
            )
            .answers_type(200, "text/event-stream", "Events, without end.")
            .also(&[400, 503]),
    ]
}
