//! Incidents, and the commands that change them.

use serde::Serialize;
use utoipa::ToSchema;
use vigiles_model as model;
use vigiles_model::incident::TimelineEvent as Event;

use super::NameOf;
use super::action::Assignee;
use super::correlation::RelationWord;
use super::place::Place;
use super::task::Task;
use super::time::Time;
use super::words::{IncidentState, Priority, Reality, Severity, Verdict};

/// What the control room handles.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Incident {
    /// Identity.
    pub id: String,
    /// Running number for people to say aloud.
    pub number: u64,
    /// Type in the city's words.
    pub incident_type: String,
    /// One line.
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
    pub place: Option<Place>,
    /// The agency that leads.
    pub agency: String,
    /// When it was opened.
    pub opened: Time,
    /// When it last changed.
    pub changed: Time,
    /// Ids of its alarms, oldest first.
    pub alarms: Vec<String>,
    /// Ids of the assets of its alarms.
    pub assets: Vec<String>,
    /// The playbook under way.
    pub playbook: Option<String>,
    /// Its tasks in order.
    pub tasks: Vec<Task>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// The incident this one was merged into.
    pub merged_into: Option<String>,
    /// The incident this one was split from.
    pub split_from: Option<String>,
    /// How many different sources, assets or callers reported it; at most 1000 are told apart.
    pub witnesses: u32,
    /// Which of its alarms brought about which, oldest first.
    pub links: Vec<CauseLink>,
    /// Other incidents that it has to do with.
    pub related: Vec<RelatedIncident>,
    /// The states that may come next.
    pub allowed: Vec<IncidentState>,
    /// To whom it is given.
    pub assigned: Option<Assignee>,
    /// What that person is called; null for a role, for an agency, and where the account is gone.
    pub assigned_name: Option<String>,
    /// Its joint rooms, oldest first.
    pub rooms: Vec<Room>,
    /// What it turned out to be; null where nobody has said so.
    pub verdict: Option<Verdict>,
    /// Counts up with every change; the ETag.
    pub version: u64,
}

/// One step of a chain: an alarm that brought about another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CauseLink {
    /// The alarm that came first.
    pub cause: String,
    /// The alarm that followed from it.
    pub effect: String,
    /// The correlation rule that says so.
    pub rule: String,
    /// How sure, from 0 to 1.
    pub score: f64,
    /// The evidence in words with its figures.
    pub why: String,
}

/// Another incident that this one has to do with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RelatedIncident {
    /// The other one.
    pub incident: String,
    /// What it is to this one.
    pub relation: RelationWord,
    /// The evidence, or the reason a person gave.
    pub why: String,
    /// Who linked them; null for a correlation rule.
    pub by: Option<String>,
    /// What they are called now; null where the account is gone.
    pub by_name: Option<String>,
}

/// A named conversation of an incident, to which agencies are invited. Its messages stand in the timeline.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Room {
    /// Its name inside the incident.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Who is invited beside the agency that leads.
    pub agencies: Vec<String>,
    /// When it was opened.
    pub opened: Time,
}

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
            Event::Priority { from, to } => Self::Priority { from: (*from).into(), to: (*to).into() },
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

impl From<&model::incident::Room> for Room {
    fn from(room: &model::incident::Room) -> Self {
        Self {
            id: room.id.to_string(),
            name: room.name.clone(),
            agencies: room.agencies.iter().map(ToString::to_string).collect(),
            opened: room.opened.into(),
        }
    }
}

impl From<&model::CauseLink> for CauseLink {
    fn from(link: &model::CauseLink) -> Self {
        Self {
            cause: link.cause.to_string(),
            effect: link.effect.to_string(),
            rule: link.rule.to_string(),
            score: link.score,
            why: link.why.clone(),
        }
    }
}

impl RelatedIncident {
    fn new(related: &model::RelatedIncident, name_of: NameOf<'_>) -> Self {
        Self {
            incident: related.incident.to_string(),
            relation: related.relation.into(),
            why: related.why.clone(),
            by: related.by.as_ref().map(ToString::to_string),
            by_name: related.by.as_ref().and_then(|by| name_of(by.as_str())),
        }
    }
}

impl TimelineEntry {
    fn new(entry: &model::incident::TimelineEntry, name_of: NameOf<'_>) -> Self {
        Self {
            at: entry.at.into(),
            by: entry.by.as_ref().map(ToString::to_string),
            by_name: entry.by.as_ref().and_then(|by| name_of(by.as_str())),
            event: (&entry.event).into(),
        }
    }
}

impl Incident {
    /// The incident with the names of those who had to do with it.
    pub fn new(incident: &model::Incident, name_of: NameOf<'_>) -> Self {
        let assigned = incident.assigned.clone().map(Assignee::from);
        let state = IncidentState::from(incident.state);
        Self {
            id: incident.id.to_string(),
            number: incident.number,
            incident_type: incident.incident_type.clone(),
            title: incident.title.clone(),
            state,
            reality: incident.reality.into(),
            priority: incident.priority.into(),
            severity: incident.severity.into(),
            place: incident.place.as_ref().map(Place::from),
            agency: incident.agency.to_string(),
            opened: incident.opened.into(),
            changed: incident.changed.into(),
            alarms: incident.alarms.iter().map(ToString::to_string).collect(),
            assets: incident.assets.iter().map(ToString::to_string).collect(),
            playbook: incident.playbook.as_ref().map(ToString::to_string),
            tasks: incident.tasks.iter().map(|task| Task::new(task, name_of)).collect(),
            timeline: incident.timeline.iter().map(|entry| TimelineEntry::new(entry, name_of)).collect(),
            merged_into: incident.merged_into.as_ref().map(ToString::to_string),
            split_from: incident.split_from.as_ref().map(ToString::to_string),
            witnesses: incident.witnesses,
            links: incident.links.iter().map(CauseLink::from).collect(),
            related: incident.related.iter().map(|related| RelatedIncident::new(related, name_of)).collect(),
            allowed: state.allowed(),
            assigned_name: match &assigned {
                Some(Assignee::Person(person)) => name_of(person.as_str()),
                _ => None,
            },
            assigned,
            rooms: incident.rooms.iter().map(Room::from).collect(),
            verdict: incident.verdict.map(Verdict::from),
            version: incident.version,
        }
    }
}

/// What is near an incident in place and time.
#[derive(Debug, Serialize, ToSchema)]
pub struct Nearby {
    /// Alarms raised in the window.
    pub alarms: Vec<super::alarm::Alarm>,
    /// Other incidents opened or changed in the window.
    pub incidents: Vec<Incident>,
    /// Assets that stand there.
    pub assets: Vec<super::asset::Asset>,
    /// Observations of the window, newest first, at most 200.
    pub observations: Vec<super::observation::Observation>,
}
