//! Commands on one incident: open, state, priority, notes, playbook, tasks.

use vigiles_model::incident::{MAX_NOTE_BYTES, TimelineEvent, Verdict};
use vigiles_model::{
    AgencyId, Geometry, Incident, IncidentId, IncidentState, PersonId, PlaybookId, Priority, Reality, RoomId, Severity,
    TaskId, Timestamp,
};

use super::calls::CallTaken;
use super::sighting::{Seen, opener};
use super::{Case, incident_id};
use crate::command::{CommandDone, CommandError, TaskOutcome};
use crate::config::{geometry, invalid, text};
use crate::playbook::{MAX_TASKS, reality_text};
use crate::turn::Turn;

/// Who asks, when, and for which version of the incident.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) by: Option<&'a PersonId>,
    pub(crate) agency: &'a AgencyId,
    pub(crate) expected: Option<u64>,
    pub(crate) at: Timestamp,
}

/// What a person opens an incident with.
pub(crate) struct Opening<'a> {
    pub(crate) title: &'a str,
    pub(crate) incident_type: &'a str,
    pub(crate) priority: Priority,
    pub(crate) severity: Severity,
    pub(crate) place: Option<&'a Geometry>,
    pub(crate) playbook: Option<&'a PlaybookId>,
    pub(crate) reality: Reality,
}

impl Opening<'_> {
    pub(super) fn check(&self) -> Result<(), CommandError> {
        text("title", self.title)?;
        text("incident_type", self.incident_type)?;
        self.place.map_or(Ok(()), |place| geometry("place", place))
    }
}

pub(crate) type Answer = Result<CommandDone, CommandError>;

impl Turn<'_> {
    pub(crate) fn open_incident(&mut self, asked: Asked<'_>, opening: &Opening<'_>) -> Answer {
        opening.check()?;
        let seen = self.view().see_told(opening.incident_type, opening.place, asked.at);
        self.open_told(asked, opening, &seen, None)
    }

    /// Opens an incident for what a person tells: with the call, where a system handed one over.
    pub(super) fn open_told(
        &mut self,
        asked: Asked<'_>,
        opening: &Opening<'_>,
        seen: &Seen,
        call: Option<&CallTaken<'_>>,
    ) -> Answer {
        let playbook = opening.playbook.map(|id| self.playbook(id)).transpose()?;
        if !self.make_room_for_case() {
            return Err(CommandError::NotAllowed {
                why: "there are too many open incidents; close some first".to_owned(),
            });
        }
        self.live.cases.last += 1;
        let number = self.live.cases.last;
        let id = self.opened_id(number, asked.at);
        let mut case = Case::new(Incident {
            incident_type: opening.incident_type.to_owned(),
            title: opening.title.to_owned(),
            priority: opening.priority,
            severity: opening.severity,
            place: opening.place.cloned(),
            ..Incident::opened(id, number, asked.agency.clone(), opening.reality, asked.at)
        });
        case.note(asked.at, asked.by, TimelineEvent::Opened);
        if let Some(call) = call {
            case.open_with(asked, call, seen.sighting.clone());
        } else {
            case.add_sighting(seen.sighting.clone());
            case.add_caller(opener(&case.incident.id));
        }
        if let Some(playbook) = playbook {
            case.load_playbook(&playbook);
        }
        self.live.cases.insert(case);
        if opening.reality == self.reality {
            self.relate_opened(number, seen, asked.at);
        }
        let started = self.advance(number, asked.at);
        self.show_case(number);
        self.hand_out(number, started);
        self.answer(number)
    }

    /// From its number and time; in an exercise, where numbers begin anew, from that too.
    fn opened_id(&self, number: u64, at: Timestamp) -> IncidentId {
        let (number, at) = (number.to_le_bytes(), at.0.to_le_bytes());
        match self.reality {
            Reality::Actual => incident_id(&[b"command", &number, &at]),
            reality => incident_id(&[b"command", &number, &at, reality_text(reality).as_bytes()]),
        }
    }

    pub(crate) fn change_state(
        &mut self,
        asked: Asked<'_>,
        id: &IncidentId,
        to: IncidentState,
        reason: Option<&str>,
    ) -> Answer {
        self.edit(asked, id, |case| {
            let from = case.incident.state;
            if !from.may_become(to) {
                return Err(CommandError::NotAllowed { why: not_a_step(from, to) });
            }
            if let Some(reason) = reason {
                text("reason", reason)?;
            }
            case.incident.state = to;
            case.note(asked.at, asked.by, TimelineEvent::State { from, to, reason: reason.map(ToOwned::to_owned) });
            Ok(())
        })
    }

    pub(crate) fn set_priority(&mut self, asked: Asked<'_>, id: &IncidentId, priority: Priority) -> Answer {
        self.edit(asked, id, |case| {
            let from = std::mem::replace(&mut case.incident.priority, priority);
            case.note(asked.at, asked.by, TimelineEvent::Priority { from, to: priority });
            Ok(())
        })
    }

    pub(crate) fn assess(
        &mut self,
        asked: Asked<'_>,
        id: &IncidentId,
        verdict: Verdict,
        reason: Option<&str>,
    ) -> Answer {
        self.edit(asked, id, |case| {
            if let Some(reason) = reason {
                text("reason", reason)?;
            }
            case.incident.verdict = Some(verdict);
            let reason = reason.map(ToOwned::to_owned);
            case.note(asked.at, asked.by, TimelineEvent::Assessed { verdict, reason });
            Ok(())
        })
    }

    pub(crate) fn add_note(&mut self, asked: Asked<'_>, id: &IncidentId, note: &str) -> Answer {
        if note.trim().is_empty() || note.len() > MAX_NOTE_BYTES {
            return Err(invalid("text", &format!("expected 1 to {MAX_NOTE_BYTES} bytes, found {}", note.len())));
        }
        self.edit(asked, id, |case| {
            case.note(asked.at, asked.by, TimelineEvent::Note { text: note.to_owned() });
            Ok(())
        })
    }

    pub(crate) fn start_playbook(&mut self, asked: Asked<'_>, id: &IncidentId, playbook: &PlaybookId) -> Answer {
        let playbook = self.playbook(playbook)?;
        self.edit(asked, id, |case| {
            if case.has_unfinished() {
                return Err(CommandError::NotAllowed {
                    why: "a playbook is under way; finish or skip its tasks first".to_owned(),
                });
            }
            if !case.incident.state.is_open() {
                return Err(CommandError::NotAllowed { why: "the incident is not open; reopen it first".to_owned() });
            }
            if case.incident.tasks.len() + playbook.steps.len() > MAX_TASKS {
                return Err(CommandError::NotAllowed { why: format!("an incident has at most {MAX_TASKS} tasks") });
            }
            case.load_playbook(&playbook);
            Ok(())
        })
    }

    pub(crate) fn complete_task(
        &mut self,
        asked: Asked<'_>,
        id: &IncidentId,
        task: &TaskId,
        outcome: TaskOutcome,
        said: Option<&str>,
    ) -> Answer {
        self.edit(asked, id, |case| case.complete(task, outcome, said, asked.by, asked.at))
    }

    pub(crate) fn answer_task(&mut self, asked: Asked<'_>, id: &IncidentId, task: &TaskId, answer: &str) -> Answer {
        self.edit(asked, id, |case| case.answer(task, answer, asked.by, asked.at))
    }

    pub(crate) fn approve_task(&mut self, asked: Asked<'_>, id: &IncidentId, task: &TaskId) -> Answer {
        self.edit(asked, id, |case| case.approve(task, asked.by, asked.at))
    }

    pub(crate) fn abort_playbook(&mut self, asked: Asked<'_>, id: &IncidentId, reason: &str) -> Answer {
        text("reason", reason)?;
        self.edit(asked, id, |case| case.abort_playbook(reason, asked.by, asked.at))
    }

    pub(crate) fn post_message(&mut self, asked: Asked<'_>, id: &IncidentId, room: &RoomId, message: &str) -> Answer {
        if message.trim().is_empty() || message.len() > MAX_NOTE_BYTES {
            return Err(invalid("text", &format!("expected 1 to {MAX_NOTE_BYTES} bytes, found {}", message.len())));
        }
        self.edit(asked, id, |case| {
            if !case.incident.rooms.iter().any(|open| open.id == *room) {
                return Err(CommandError::NotFound { what: "room".to_owned(), id: room.to_string() });
            }
            let event = TimelineEvent::Message { room: room.clone(), text: message.to_owned() };
            case.note(asked.at, asked.by, event);
            Ok(())
        })
    }

    /// The number of an incident that is in memory and at the expected version.
    pub(super) fn number_of(&self, id: &IncidentId, expected: Option<u64>) -> Result<u64, CommandError> {
        let not_found = || CommandError::NotFound { what: "incident".to_owned(), id: id.to_string() };
        let number = self.live.cases.number(id).ok_or_else(not_found)?;
        let found = self.live.cases.get(number).map_or(0, |c| c.incident.version);
        match expected {
            Some(expected) if expected != found => Err(CommandError::VersionConflict { expected, found }),
            _ => Ok(number),
        }
    }

    /// Changes an incident that was not merged; what fails changes nothing.
    pub(super) fn edit(
        &mut self,
        asked: Asked<'_>,
        id: &IncidentId,
        change: impl FnOnce(&mut Case) -> Result<(), CommandError>,
    ) -> Answer {
        let number = self.number_of(id, asked.expected)?;
        let changed = self.live.cases.change(number, |case| {
            if let Some(into) = &case.incident.merged_into {
                return Err(CommandError::NotAllowed { why: format!("the incident was merged into {into}") });
            }
            change(case)?;
            case.touch(asked.at);
            Ok(())
        });
        changed.unwrap_or(Ok(()))?;
        let started = self.advance(number, asked.at);
        self.show_case(number);
        self.hand_out(number, started);
        self.answer(number)
    }

    fn playbook(&self, id: &PlaybookId) -> Result<vigiles_model::Playbook, CommandError> {
        let not_found = || CommandError::NotFound { what: "playbook".to_owned(), id: id.to_string() };
        self.config.playbooks.get(id).cloned().ok_or_else(not_found)
    }

    pub(super) fn answer(&self, number: u64) -> Answer {
        let not_found = || CommandError::NotFound { what: "incident".to_owned(), id: number.to_string() };
        self.live.cases.get(number).map(|c| CommandDone::Incident(Box::new(c.incident.clone()))).ok_or_else(not_found)
    }
}

/// The states an incident may go to next.
pub fn next_states(from: IncidentState) -> Vec<IncidentState> {
    use IncidentState::{Acknowledged, Closed, InProgress, Merged, New, Reopened, Resolved};
    [New, Acknowledged, InProgress, Resolved, Closed, Reopened, Merged]
        .into_iter()
        .filter(|to| from.may_become(*to))
        .collect()
}

fn not_a_step(from: IncidentState, to: IncidentState) -> String {
    let allowed: Vec<_> = next_states(from).into_iter().map(state_text).collect();
    let allowed = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
    format!("from {} an incident may become {allowed}, not {}", state_text(from), state_text(to))
}

pub(crate) fn state_text(state: IncidentState) -> &'static str {
    match state {
        IncidentState::New => "new",
        IncidentState::Acknowledged => "acknowledged",
        IncidentState::InProgress => "in_progress",
        IncidentState::Resolved => "resolved",
        IncidentState::Closed => "closed",
        IncidentState::Reopened => "reopened",
        IncidentState::Merged => "merged",
    }
}
