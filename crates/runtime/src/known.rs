//! What rules and playbooks may name: the check of one that is to be saved, whoever saves it.

use std::sync::Arc;

use vigiles_engine::rule::{Known, Named};
use vigiles_engine::{CommandError, Diagnostic, Rule, check_playbook_to_save};
use vigiles_formats::observation::Registry;
use vigiles_model::kind::ValueType;
use vigiles_model::{AgencyId, KindId, Playbook};
use vigiles_store::StoreError;
use vigiles_trust::Role;

use crate::catalogue::Catalogue;
use crate::directory::Directory;
use crate::platform::Platform;
use crate::trial;

/// The city as it is now.
struct City<'a> {
    catalogue: Arc<Catalogue>,
    directory: &'a Directory,
    /// The agency of who saves; it is one, whether or not it was ever set up.
    own: Option<&'a AgencyId>,
}

impl Platform {
    /// What is wrong with a rule by itself, in this city, for a person of the agency `own` or the platform.
    pub fn check_rule(&self, rule: &Rule, own: Option<&AgencyId>) -> Vec<Diagnostic> {
        rule.check(&self.city(own))
    }

    /// What is wrong with a playbook that a person of the agency `own` or the platform is to save; the first of several.
    pub fn check_playbook(&self, playbook: &Playbook, own: Option<&AgencyId>) -> Result<(), CommandError> {
        check_playbook_to_save(playbook, self.task_kinds(), &self.city(own))
    }

    fn city<'a>(&'a self, own: Option<&'a AgencyId>) -> City<'a> {
        City { catalogue: self.intake.catalogue.get(), directory: &self.directory, own }
    }

    /// What is wrong with a rule that a person is to save; empty when it may be. `untried` says why it goes live all the
    /// same, where its condition was never tried.
    pub fn check_to_save(
        &self,
        rule: &Rule,
        own: Option<&AgencyId>,
        untried: Option<&str>,
    ) -> Result<Vec<Diagnostic>, StoreError> {
        let mut found = self.check_rule(rule, own);
        if found.is_empty() {
            found.extend(self.intake.catalogue.get().check_cost(rule));
        }
        found.extend(self.intake.catalogue.get().check_room(rule));
        if rule.reason.trim().is_empty() {
            found.push(fault("reason", "expected why this version is made, found nothing"));
        }
        if untried.is_none() && !trial::may_go_live(self.store(), rule)? {
            found.push(fault("stage", UNTRIED));
        }
        Ok(found)
    }
}

fn fault(field: &str, message: &str) -> Diagnostic {
    Diagnostic { field: field.to_owned(), at: None, message: message.to_owned() }
}

/// What a rule is told that goes live as nobody has seen it.
const UNTRIED: &str = "expected `silent` or `shadow`: this condition was never tried on the past, and never ran in shadow; \
    try it (POST /api/v1/rules/back-test), save it in shadow first, or say why it goes live untried (?untried=...)";

impl Known for City<'_> {
    fn unit(&self, kind: &KindId) -> Option<String> {
        self.catalogue.kind(kind.as_str()).map(|known| known.unit.clone())
    }

    fn value_type(&self, kind: &KindId) -> Option<ValueType> {
        self.catalogue.kind(kind.as_str()).map(|known| known.value_type)
    }

    fn range(&self, kind: &KindId) -> (Option<f64>, Option<f64>) {
        self.catalogue.kind(kind.as_str()).map_or((None, None), |known| (known.min, known.max))
    }

    fn zone_steps(&self) -> u32 {
        self.catalogue.zone_steps()
    }

    fn has(&self, what: Named, id: &str) -> bool {
        match what {
            Named::Kind => self.catalogue.kind(id).is_some(),
            Named::Zone => self.catalogue.has_zone(id),
            Named::Playbook => self.catalogue.playbooks().contains(id),
            Named::Agency => {
                let own = self.own.is_some_and(|own| own.as_str() == id);
                own || AgencyId::new(id).is_ok_and(|id| self.directory.agency(&id).is_some())
            }
            Named::Person => self.directory.account(id).is_some(),
            Named::Role => id.parse::<Role>().is_ok(),
        }
    }

    fn ids(&self, what: Named) -> Vec<String> {
        match what {
            Named::Kind => self.catalogue.kinds().map(|kind| kind.id.to_string()).collect(),
            Named::Zone => self.catalogue.zones().map(str::to_owned).collect(),
            Named::Playbook => self.catalogue.playbooks().iter().cloned().collect(),
            Named::Agency => self.directory.agencies().into_iter().map(|agency| agency.id.to_string()).collect(),
            // Not everyone who writes playbooks may read which accounts there are.
            Named::Person => Vec::new(),
            Named::Role => Role::ALL.map(|role| role.as_str().to_owned()).to_vec(),
        }
    }
}
