//! What the engine carries out by itself: give the incident to somebody, write a note, open a joint room.

use vigiles_model::incident::{MAX_NOTE_BYTES, MAX_ROOMS, Room, TimelineEvent};
use vigiles_model::playbook::{Action, Assignee};
use vigiles_model::{AgencyId, RoomId, Timestamp};

use crate::incidents::Case;

impl Case {
    /// Does what the engine does at once, and says what came of it; none for what takes time or somebody else.
    pub(super) fn carry_out(&mut self, action: &Action, at: Timestamp) -> Option<Result<String, String>> {
        match action {
            Action::Assign { to } => Some(Ok(self.assign(to))),
            Action::Annotate { text } => {
                let text = text[..text.floor_char_boundary(MAX_NOTE_BYTES)].to_owned();
                self.note(at, None, TimelineEvent::Note { text });
                Some(Ok("noted".to_owned()))
            }
            Action::OpenRoom { name, agencies } => Some(self.open_room(name, agencies, at)),
            Action::Manual
            | Action::Ask { .. }
            | Action::Wait { .. }
            | Action::NotifyConsole { .. }
            | Action::Email { .. }
            | Action::Webhook { .. }
            | Action::Http { .. } => None,
        }
    }

    fn assign(&mut self, to: &Assignee) -> String {
        self.incident.assigned = Some(to.clone());
        format!("given to {to}")
    }

    fn open_room(&mut self, name: &str, agencies: &[AgencyId], at: Timestamp) -> Result<String, String> {
        let rooms = &mut self.incident.rooms;
        if rooms.len() >= MAX_ROOMS {
            return Err(format!("an incident has at most {MAX_ROOMS} rooms"));
        }
        let id = RoomId::new(format!("room-{}", rooms.len() + 1)).expect("letters and digits make an id");
        let invited: Vec<&str> = agencies.iter().map(AgencyId::as_str).collect();
        let said = format!("opened as {id}, invited: {}", invited.join(", "));
        rooms.push(Room { id, name: name.to_owned(), agencies: agencies.to_vec(), opened: at });
        Ok(said)
    }
}
