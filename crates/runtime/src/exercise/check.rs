//! Whether a scenario can be played in this city.

use std::collections::BTreeSet;
use std::sync::Arc;

use vigiles_engine::exercise::{Known, Scenario, check};
use vigiles_formats::observation::Registry as _;
use vigiles_model::{AssetId, KindId, ObservationKind, Playbook, PlaybookId};

use super::PLAYER;
use crate::catalogue::Catalogue;
use crate::commands::CommandFailure;
use crate::documents::{self, PLAYBOOK, Versioned};
use crate::platform::Platform;

/// What a scenario may name here.
struct City {
    catalogue: Arc<Catalogue>,
    playbooks: Vec<Playbook>,
}

impl Known for City {
    fn kind(&self, id: &KindId) -> Option<&ObservationKind> {
        self.catalogue.kind(id.as_str())
    }

    fn has_asset(&self, id: &AssetId) -> bool {
        self.catalogue.asset_place(id.as_str()).is_some()
    }

    fn steps(&self, id: &PlaybookId) -> Option<Vec<String>> {
        let playbook = self.playbooks.iter().find(|playbook| playbook.id == *id)?;
        Some(playbook.steps.iter().map(|step| step.title.clone()).collect())
    }
}

impl Platform {
    /// Refuses a scenario that could not be played here, with the path of the field.
    pub async fn check_scenario(self: &Arc<Self>, scenario: &Scenario) -> Result<(), CommandFailure> {
        let wanted: BTreeSet<PlaybookId> = scenario.playbooks().cloned().collect();
        let found = self
            .stored(move |platform| {
                let found = wanted.into_iter().map(|id| {
                    let document = platform.store().get(&PLAYER, PLAYBOOK, id.as_str())?;
                    document.map(|document| documents::read::<Versioned<Playbook>>(&document)).transpose()
                });
                found.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()
            })
            .await?;
        let playbooks = found.into_iter().map(|stored| stored.document).collect();
        Ok(check(scenario, &City { catalogue: self.intake.catalogue.get(), playbooks })?)
    }
}
