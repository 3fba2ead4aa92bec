//! What the control room handles: correlated alarms with a lifecycle (after NENA EIDO).

use serde::{Deserialize, Serialize};

use crate::playbook::Assignee;
use crate::{
    AgencyId, AlarmId, AssetId, Call, CallId, CauseLink, Geometry, IncidentId, PersonId, PlaybookId, RelatedIncident,
    Relation, RoomId, Severity, Task, Timestamp,
};

/// Most entries of an incident's timeline kept in the incident.
pub const MAX_TIMELINE: usize = 500;
/// Longest note, in bytes.
pub const MAX_NOTE_BYTES: usize = 8192;
/// Most joint rooms of an incident.
pub const MAX_ROOMS: usize = 10;
/// Most agencies that are involved in an incident beside the one that leads.
pub const MAX_INVOLVED: usize = 50;

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// Nobody has looked at it.
    New,
    /// Somebody has seen it.
    Acknowledged,
    /// Somebody works on it.
    InProgress,
    /// The matter is mended; the paper is open.
    Resolved,
    /// Done.
    Closed,
    /// Resolved or closed once, and taken up again.
    Reopened,
    /// Merged into another incident; kept for the record.
    Merged,
}

impl IncidentState {
    /// Whether the lifecycle has an arrow from here to `next`.
    pub fn may_become(self, next: Self) -> bool {
        use IncidentState::{Acknowledged, Closed, InProgress, New, Reopened, Resolved};
        matches!(
            (self, next),
            (New | Reopened, Acknowledged | InProgress | Resolved)
                | (Acknowledged, InProgress | Resolved)
                | (InProgress, Resolved)
                | (Resolved, Closed | Reopened)
                | (Closed, Reopened)
        )
    }

    /// Whether the control room still has to act.
    pub fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Acknowledged | Self::InProgress | Self::Reopened)
    }
}

/// How urgent, 1 first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// At once.
    P1,
    /// Within minutes.
    P2,
    /// Within the hour.
    P3,
    /// When there is time.
    P4,
}

/// Whether the world is meant (CAP `status`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reality {
    /// It is so.
    #[default]
    Actual,
    /// A drill: everything works, nothing live is touched.
    Exercise,
    /// A test of the machinery.
    Test,
}

/// What it turned out to be, in the words of those who handled it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Something had happened that asked for action.
    Genuine,
    /// Nothing had happened, or nothing that asked for action.
    FalseAlarm,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Identity.
    pub id: IncidentId,
    /// Running number for people to say aloud.
    pub number: u64,
    /// Type in the city's words: `air_quality`, `traffic`, `report_cluster`.
    pub incident_type: String,
    /// One line for the queue.
    pub title: String,
    /// Where it stands.
    pub state: IncidentState,
    /// Actual, exercise or test.
    pub reality: Reality,
    /// How urgent.
    pub priority: Priority,
    /// The worst severity of its alarms.
    pub severity: Severity,
    /// Where.
    pub place: Option<Geometry>,
    /// The agency that leads.
    pub agency: AgencyId,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it last changed.
    pub changed: Timestamp,
    /// Its alarms, oldest first.
    pub alarms: Vec<AlarmId>,
    /// The assets of its alarms.
    pub assets: Vec<AssetId>,
    /// The playbook under way.
    pub playbook: Option<PlaybookId>,
    /// Its tasks in order.
    pub tasks: Vec<Task>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// The incident this one was merged into.
    pub merged_into: Option<IncidentId>,
    /// The incident this one was split from.
    pub split_from: Option<IncidentId>,
    /// Counts up with every change; the ETag of the API.
    pub version: u64,
    /// How many different sources, assets or callers reported it, in it or in an incident of the same event. Counting
    /// stops at a bound of the engine.
    #[serde(default)]
    pub witnesses: u32,
    /// Which of its alarms brought about which, oldest first.
    #[serde(default)]
    pub links: Vec<CauseLink>,
    /// Other incidents that it has to do with.
    #[serde(default)]
    pub related: Vec<RelatedIncident>,
    /// To whom it is given.
    #[serde(default)]
    pub assigned: Option<Assignee>,
    /// Its joint rooms, oldest first.
    #[serde(default)]
    pub rooms: Vec<Room>,
    /// What it turned out to be; none where nobody has said so. Rules are tried against it.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// Calls that people added to it, oldest first.
    #[serde(default)]
    pub calls: Vec<Call>,
    /// The agencies that led it or what was merged into it, or were invited to a room of that, and do not lead it now.
    #[serde(default)]
    pub involved: Vec<AgencyId>,
}

impl Incident {
    /// A new incident about which nothing more is known.
    pub fn opened(id: IncidentId, number: u64, agency: AgencyId, reality: Reality, at: Timestamp) -> Self {
        Self {
            id,
            number,
            incident_type: String::new(),
            title: String::new(),
            state: IncidentState::New,
            reality,
            priority: Priority::P4,
            severity: Severity::Minor,
            place: None,
            agency,
            opened: at,
            changed: at,
            alarms: Vec::new(),
            assets: Vec::new(),
            playbook: None,
            tasks: Vec::new(),
            timeline: Vec::new(),
            merged_into: None,
            split_from: None,
            version: 1,
            witnesses: 0,
            links: Vec::new(),
            related: Vec::new(),
            assigned: None,
            rooms: Vec::new(),
            verdict: None,
            calls: Vec::new(),
            involved: Vec::new(),
        }
    }
}

/// A named conversation of an incident, to which agencies are invited. Its messages stand in the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Its name inside the incident: `room-1`.
    pub id: RoomId,
    /// Name for people.
    pub name: String,
    /// Who is invited beside the agency that leads.
    pub agencies: Vec<AgencyId>,
    /// When it was opened.
    pub opened: Timestamp,
}

/// One line of an incident's timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When, in platform time.
    pub at: Timestamp,
    /// Who; none for the system.
    pub by: Option<PersonId>,
    /// What.
    pub event: TimelineEvent,
}

/// What happened to an incident. A new sort stands last: snapshots of format 1 name them by their place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimelineEvent {
    /// Opened by an alarm or a person.
    Opened,
    /// An alarm joined, with the reason of the correlation in words.
    AlarmJoined {
        /// The alarm.
        alarm: AlarmId,
        /// Why it belongs here.
        why: String,
    },
    /// An alarm's condition ended.
    AlarmCleared {
        /// The alarm.
        alarm: AlarmId,
    },
    /// An alarm was taken out, by a split or by itself.
    AlarmLeft {
        /// The alarm.
        alarm: AlarmId,
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
    /// Somebody wrote a note.
    Note {
        /// The text.
        text: String,
    },
    /// A task started, finished, failed or was skipped.
    Task {
        /// Its title.
        title: String,
        /// What became of it.
        outcome: String,
    },
    /// Another incident was merged into this one.
    Absorbed {
        /// The other.
        incident: IncidentId,
    },
    /// This incident was merged into another.
    MergedInto {
        /// The other.
        incident: IncidentId,
    },
    /// Alarms were split off into a new incident.
    SplitOff {
        /// The new one.
        incident: IncidentId,
    },
    /// This incident was found or said to have to do with another.
    Related {
        /// The other.
        incident: IncidentId,
        /// What the other is to this one.
        relation: Relation,
        /// The evidence, or the reason given.
        why: String,
    },
    /// A person took such a relation away.
    Unrelated {
        /// The other.
        incident: IncidentId,
        /// Why; none where it was not said, and before it could be.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Somebody said something in a joint room.
    Message {
        /// The room.
        room: RoomId,
        /// The text.
        text: String,
    },
    /// A person added a call.
    CallJoined {
        /// The call.
        call: CallId,
        /// What was told.
        text: String,
        /// Why it belongs here.
        why: String,
    },
    /// A person took a call out: it has an incident of its own.
    CallLeft {
        /// The call.
        call: CallId,
        /// That incident.
        incident: IncidentId,
    },
    /// Somebody said what it turned out to be.
    Assessed {
        /// That.
        verdict: Verdict,
        /// Why.
        reason: Option<String>,
    },
    /// Another agency leads from here on.
    LeadHandedOver {
        /// Which led.
        from: AgencyId,
        /// Which leads now.
        to: AgencyId,
        /// Why.
        reason: String,
    },
}
