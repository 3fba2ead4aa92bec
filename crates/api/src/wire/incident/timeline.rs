//! What happened to an incident.

use serde::Serialize;
use utoipa::ToSchema;
use vigiles_model as model;
use vigiles_model::incident::TimelineEvent as Event;

use crate::wire::NameOf;
use crate::wire::correlation::RelationWord;
use crate::wire::time::Time;
use crate::wire::words::{IncidentState, Priority, Verdict};

/// One line of the timeline.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// When.
    pub at: Time,
    /// Who; null for the system.
    pub by: Option<String>,
    /// What they are called now; null where the account is gone.
    pub by_name: Option<String>,
    /// What.
    pub event: TimelineEvent,
}

/// What happened: an object with one key.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineEvent {
    /// Opened by an alarm or a person.
    Opened {},
    /// An alarm joined.
    AlarmJoined {
        /// The alarm.
        alarm: String,
        /// Why it belongs here.
        why: String,
    },
    /// An alarm's condition ended.
    AlarmCleared {
        /// The alarm.
        alarm: String,
    },
    /// An alarm was taken out.
    AlarmLeft {
        /// The alarm.
        alarm: String,
    },
    /// The state changed.
    State {
        /// Before.
        from: IncidentState,
        /// After.
        to: IncidentState,
        /// The reason given.
        reason: Option<String>,
    },
    /// The priority changed.
    Priority {
        /// Before.
        from: Priority,
        /// After.
        to: Priority,
    },
    /// Another agency leads from here on.
    LeadHandedOver {
        /// Which led.
        from: String,
        /// Which leads now.
        to: String,
        /// Why.
        reason: String,
    },
    /// Somebody wrote a note.
    Note {
        /// The text.
        text: String,
    },
    /// Something came of a task.
    Task {
        /// Its title.
        title: String,
        /// What became of it.
        outcome: String,
    },
    /// Another incident was merged into this one.
    Absorbed {
        /// The other.
        incident: String,
    },
    /// This incident was merged into another.
    MergedInto {
        /// The other.
        incident: String,
    },
    /// Alarms were split off into a new incident.
    SplitOff {
        /// The new one.
        incident: String,
    },
    /// It was found or said to have to do with another incident.
    Related {
        /// The other.
        incident: String,
        /// What the other is to this one.
        relation: RelationWord,
        /// The evidence, or the reason given.
        why: String,
    },
    /// A person took such a relation away.
    Unrelated {
        /// The other.
        incident: String,
        /// Why.
        reason: Option<String>,
    },
    /// Somebody said something in a joint room.
    Message {
        /// The room.
        room: String,
        /// The text.
        text: String,
    },
    /// A person added a call.
    CallJoined {
        /// The call.
        call: String,
        /// What was told.
        text: String,
        /// Why it belongs here.
        why: String,
    },
    /// A person took a call out: it has an incident of its own.
    CallLeft {
        /// The call.
        call: String,
        /// That incident.
        incident: String,
    },
    /// Somebody said what it turned out to be.
    Assessed {
        /// That.
        verdict: Verdict,
        /// Why.
        reason: Option<String>,
    },
}

impl From<&Event> for TimelineEvent {
    fn from(event: &Event) -> Self {
        match event {
            Event::Opened => Self::Opened {},
            Event::AlarmJoined { alarm, why } => Self::AlarmJoined { alarm: alarm.to_string(), why: why.clone() },
            Event::AlarmCleared { alarm } => Self::AlarmCleared { alarm: alarm.to_string() },
            Event::AlarmLeft { alarm } => Self::AlarmLeft { alarm: alarm.to_string() },
            Event::State { from, to, reason } => {
                Self::State { from: (*from).into(), to: (*to).into(), reason: reason.clone() }
            }
            Event::Assessed { verdict, reason } => {
                Self::Assessed { verdict: (*verdict).into(), reason: reason.clone() }
            }
            Event::CallJoined { call, text, why } => {
                Self::CallJoined { call: call.to_string(), text: text.clone(), why: why.clone() }
            }
            Event::CallLeft { call, incident } => {
                Self::CallLeft { call: call.to_string(), incident: incident.to_string() }
            }
            Event::Priority { from, to } => Self::Priority { from: (*from).into(), to: (*to).into() },
            Event::LeadHandedOver { from, to, reason } => {
                Self::LeadHandedOver { from: from.to_string(), to: to.to_string(), reason: reason.clone() }
            }
            Event::Note { text } => Self::Note { text: text.clone() },
            Event::Task { title, outcome } => Self::Task { title: title.clone(), outcome: outcome.clone() },
            Event::Absorbed { incident } => Self::Absorbed { incident: incident.to_string() },
            Event::MergedInto { incident } => Self::MergedInto { incident: incident.to_string() },
            Event::SplitOff { incident } => Self::SplitOff { incident: incident.to_string() },
            Event::Related { incident, relation, why } => {
                Self::Related { incident: incident.to_string(), relation: (*relation).into(), why: why.clone() }
            }
            Event::Unrelated { incident, reason } => {
                Self::Unrelated { incident: incident.to_string(), reason: reason.clone() }
            }
            Event::Message { room, text } => Self::Message { room: room.to_string(), text: text.clone() },
        }
    }
}

impl TimelineEntry {
    /// The line with the name of whoever did it.
    pub(super) fn new(entry: &model::incident::TimelineEntry, name_of: NameOf<'_>) -> Self {
        Self {
            at: entry.at.into(),
            by: entry.by.as_ref().map(ToString::to_string),
            by_name: entry.by.as_ref().and_then(|by| name_of(by.as_str())),
            event: (&entry.event).into(),
        }
    }
}
