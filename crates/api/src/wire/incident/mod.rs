//! Incidents, and the commands that change them.

mod call;
mod nearby;
mod relation;
mod timeline;

use serde::Serialize;
use utoipa::ToSchema;
use vigiles_model as model;

pub use self::call::{Call, Offer, Offers, TakenCall};
pub use self::nearby::{NearReading, Nearby};
pub use self::relation::{CauseLink, RelatedIncident};
pub use self::timeline::{TimelineEntry, TimelineEvent};
use super::NameOf;
use super::action::Assignee;
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
    /// How many different sources, assets or callers reported it, in it or in an incident of the same event; at most 1000
    /// are told apart.
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
    /// Calls that people added to it, oldest first.
    pub calls: Vec<Call>,
    /// The agencies that led it or what was merged into it, or were invited to a room of that, and do not lead it now.
    pub involved: Vec<String>,
    /// Counts up with every change; the ETag.
    pub version: u64,
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
            calls: incident.calls.iter().map(|call| Call::new(call, name_of)).collect(),
            involved: incident.involved.iter().map(ToString::to_string).collect(),
            version: incident.version,
        }
    }
}
