//! Playbooks to start from: one for each incident type that most cities have, in `playbooks/` of the repository.

use std::sync::LazyLock;

use vigiles_model::Playbook;
use vigiles_trust::{Action, Resource};

use crate::call::{Call, ok};
use crate::endpoint::{Answer, Endpoint};
use crate::wire::playbook::{PlaybookTemplate, PlaybookTemplates};

macro_rules! templates {
    ($($incident_type:literal = $file:literal),* $(,)?) => {
        [$(($incident_type, include_str!(concat!("../../../../playbooks/", $file, ".toml")))),*]
    };
}

/// Incident types and the text of their playbook.
const TEXTS: [(&str, &str); 11] = templates! {
    "air_quality" = "air-quality",
    "collision" = "collision",
    "crowd" = "crowd",
    "cyber" = "cyber-alarm",
    "fire" = "fire",
    "flood" = "flood-gauge",
    "gas_leak" = "gas-leak",
    "missing_person" = "missing-person",
    "noise" = "noise",
    "odour" = "odour",
    "power_loss" = "power-loss",
};

static TEMPLATES: LazyLock<Vec<(&str, Playbook)>> = LazyLock::new(|| {
    let read = |(incident_type, text)| (incident_type, toml::from_str(text).expect("a test reads every template"));
    TEXTS.into_iter().map(read).collect()
});

pub(super) fn endpoints() -> Vec<Endpoint> {
    let list = Endpoint::get(
        "/api/v1/playbook-templates",
        "list_playbook_templates",
        "Playbooks to start from, each with the public guidance it follows",
        list,
    );
    vec![list.may(Action::Read(Resource::Playbooks)).answers::<PlaybookTemplates>(200, "All of them.").tag("setting")]
}

/// As they would stand there once they were saved.
async fn list(call: Call) -> Answer {
    let template = |(incident_type, playbook): &(&str, Playbook)| {
        let mut playbook = playbook.clone();
        playbook.put_in_order(call.api.platform.task_kinds());
        PlaybookTemplate {
            incident_type: (*incident_type).to_owned(),
            playbook: crate::wire::playbook::Playbook::new(&playbook, 0),
        }
    };
    ok(&PlaybookTemplates { items: TEMPLATES.iter().map(template).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_may_be_saved() {
        let kinds = vigiles_connect::task_kinds::kinds(vigiles_connect::task_kinds::REGISTERED);
        for (incident_type, text) in TEXTS {
            let playbook: Playbook = toml::from_str(text).unwrap_or_else(|e| panic!("{incident_type}: {e}"));
            vigiles_engine::check_playbook(&playbook, &kinds).unwrap_or_else(|e| panic!("{incident_type}: {e}"));
            let name = |name: &str| name.replace('_', "-");
            assert!(playbook.id.as_str().starts_with(&name(incident_type)), "{incident_type}: {}", playbook.id);
            assert!(!playbook.source.is_empty() && !playbook.description.is_empty(), "{incident_type}");
        }
        assert_eq!(TEMPLATES.len(), TEXTS.len());
    }

    #[test]
    fn every_template_runs_steps_side_by_side_asks_and_has_deadlines() {
        for (incident_type, text) in TEXTS {
            let steps = toml::from_str::<Playbook>(text).unwrap().steps;
            let asks = steps.iter().any(|s| matches!(s.action, vigiles_model::playbook::Action::Ask { .. }));
            let decides = steps.iter().any(|s| s.when.as_deref().is_some_and(|when| when.contains("answers.")));
            let first = |i: usize| steps[i].id_at(i);
            let branches = (0..steps.len()).any(|i| {
                let after =
                    |s: &&vigiles_model::playbook::Step| s.after.as_ref().is_some_and(|a| a.contains(&first(i)));
                steps.iter().filter(after).count() > 1
            });
            let is_timed = steps.iter().any(|s| s.deadline_s.is_some() && s.escalate.is_some());
            assert!(asks && decides && branches && is_timed, "{incident_type}: {asks} {decides} {branches} {is_timed}");
        }
    }
}
