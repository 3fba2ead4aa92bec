//! What is wrong with a playbook that is to be saved: beside what the platform says, what is no JSON.

use serde::de::IgnoredAny;
use vigiles_model::playbook::Form;

use crate::call::Call;
use crate::problem::{Code, Problem};
use crate::wire::action::{Action, OutwardAction};
use crate::wire::playbook::{Playbook, Step};

/// Refuses a playbook with its first fault.
pub(super) fn check(call: &Call, playbook: Playbook) -> Result<vigiles_model::Playbook, Problem> {
    playbook.steps.iter().enumerate().try_for_each(|(i, step)| check_json(call, i, step))?;
    let playbook = playbook.into();
    call.platform().check_playbook(&playbook, call.context()?.agency())?;
    Ok(playbook)
}

/// What is no JSON before its placeholders are filled in would be none afterwards.
fn check_json(call: &Call, i: usize, step: &Step) -> Result<(), Problem> {
    let notify = step.escalate.as_ref().and_then(|escalation| escalation.notify.as_ref());
    let actions =
        [("action", Some(&step.action)), ("compensate", step.compensate.as_ref()), ("escalate.notify", notify)];
    for (field, action) in actions {
        let Some(Action::Outward(OutwardAction(outward))) = action else { continue };
        let kind = call.api.platform.task_kinds().get(&outward.kind);
        let settings = kind.iter().flat_map(|kind| kind.settings);
        for setting in settings.filter(|setting| setting.form == Form::Json) {
            let text = outward.text(setting.name);
            if !text.is_empty()
                && let Err(e) = serde_json::from_str::<IgnoredAny>(text)
            {
                let path = format!("steps[{i}].{field}.{}.{}", outward.kind, setting.name);
                return Err(Problem::of(Code::Invalid, path, format!("expected JSON: {e}")));
            }
        }
    }
    Ok(())
}
