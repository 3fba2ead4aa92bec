//! A joint room of the incident is opened, and agencies are invited to it.

use std::collections::BTreeSet;

use vigiles_model::incident::{MAX_ROOMS, Room};
use vigiles_model::playbook::Action;
use vigiles_model::{AgencyId, RoomId, Timestamp};

use super::{Settings, TaskKind};
use crate::command::CommandError;
use crate::config::invalid;
use crate::incidents::Case;
use crate::playbook::check::name;
use crate::playbook::placeholders::Filler;
use crate::rule::Named;

const MAX_AGENCIES: usize = 20;

pub(super) struct OpenRoom<'a> {
    pub(super) name: &'a str,
    pub(super) agencies: &'a [AgencyId],
}

impl TaskKind for OpenRoom<'_> {
    fn name(&self) -> &'static str {
        "open_room"
    }

    fn check(&self, settings: &Settings<'_>) -> Result<(), CommandError> {
        name(&settings.part("name"), self.name)?;
        settings.around.placeholders(&settings.part("name"), self.name)?;
        let distinct: BTreeSet<&AgencyId> = self.agencies.iter().collect();
        if self.agencies.is_empty() || self.agencies.len() > MAX_AGENCIES || distinct.len() != self.agencies.len() {
            let why = format!("expected 1 to {MAX_AGENCIES} different agencies, found {}", self.agencies.len());
            return Err(invalid(&settings.part("agencies"), &why));
        }
        self.agencies.iter().enumerate().try_for_each(|(i, agency)| {
            settings.around.named(&settings.part(&format!("agencies[{i}]")), Named::Agency, agency.as_str())
        })
    }

    fn filled(&self, filler: &Filler<'_>) -> Option<Action> {
        Some(Action::OpenRoom { name: filler.text(self.name), agencies: self.agencies.to_vec() })
    }

    fn carry_out(&self, case: &mut Case, at: Timestamp) -> Option<Result<String, String>> {
        let rooms = &mut case.incident.rooms;
        if rooms.len() >= MAX_ROOMS {
            return Some(Err(format!("an incident has at most {MAX_ROOMS} rooms")));
        }
        let id = RoomId::new(format!("room-{}", rooms.len() + 1)).expect("letters and digits make an id");
        let invited: Vec<&str> = self.agencies.iter().map(AgencyId::as_str).collect();
        let said = format!("opened as {id}, invited: {}", invited.join(", "));
        rooms.push(Room { id, name: self.name.to_owned(), agencies: self.agencies.to_vec(), opened: at });
        Some(Ok(said))
    }
}
