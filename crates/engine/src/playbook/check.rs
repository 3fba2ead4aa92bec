//! Whether a playbook may be saved.

use std::collections::BTreeSet;

use vigiles_model::Playbook;
use vigiles_model::playbook::{
    Action, Carrier, Escalation, MAX_BACKOFF_S, MAX_NAME_BYTES, MAX_TEXT_BYTES, OutwardKinds, Step,
};

use super::around::Around;
use super::{graph, task};
use crate::command::CommandError;
use crate::config::{invalid, text};
use crate::rule::{Known, Named};

const MAX_STEPS: usize = 50;
/// Longest name of a step, in bytes.
const MAX_STEP_ID_BYTES: usize = 64;
/// Longest conditions of a playbook together, in bytes: every change of an incident may ask all of its waits.
const MAX_CONDITIONS_BYTES: usize = 16_384;
const MAX_APPROVALS: u8 = 2;
const MAX_RETRIES: u8 = 10;
/// Longest deadline or wait in seconds: 31 days.
pub(super) const MAX_SPAN_S: u32 = 31 * 86_400;

/// What is wrong with a playbook in this city, with the path of the field; the first of several. `kinds` are those that act
/// outward.
pub fn check_to_save(playbook: &Playbook, kinds: &OutwardKinds, known: &dyn Known) -> Result<(), CommandError> {
    check_in(playbook, kinds, Some(known))
}

/// The same of a playbook in the log. One that was saved is taken again whenever the log is replayed: what
/// [`check_to_save`] has learned to refuse since the first logs were written is not asked here.
pub fn check(playbook: &Playbook, kinds: &OutwardKinds) -> Result<(), CommandError> {
    check_in(playbook, kinds, None)
}

fn check_in(playbook: &Playbook, kinds: &OutwardKinds, known: Option<&dyn Known>) -> Result<(), CommandError> {
    text("name", &playbook.name)?;
    no_longer("description", &playbook.description)?;
    no_longer("source", &playbook.source)?;
    let steps = &playbook.steps;
    if steps.is_empty() || steps.len() > MAX_STEPS {
        return Err(invalid("steps", &format!("expected 1 to {MAX_STEPS} steps, found {}", steps.len())));
    }
    check_names(steps)?;
    check_conditions(steps)?;
    let before = check_order(steps)?;
    let named = |i: usize| steps[i].id_at(i).to_string();
    for (i, step) in steps.iter().enumerate() {
        let earlier = before[i].iter().map(|b| named(*b)).collect();
        let later = (0..steps.len()).filter(|other| *other == i || before[*other].contains(&i)).map(named).collect();
        check_step(&format!("steps[{i}]"), step, Around { kinds, known, steps, earlier, later })?;
    }
    Ok(())
}

fn check_names(steps: &[Step]) -> Result<(), CommandError> {
    let mut seen = BTreeSet::new();
    for (i, step) in steps.iter().enumerate() {
        let (id, field) = (step.id_at(i), format!("steps[{i}].id"));
        let is_plain = id.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if !is_plain || id.as_str().len() > MAX_STEP_ID_BYTES {
            let why = format!("expected 1 to {MAX_STEP_ID_BYTES} of A-Z a-z 0-9 _ -, found '{id}'");
            return Err(invalid(&field, &why));
        }
        if !seen.insert(id.clone()) {
            return Err(invalid(&field, &format!("there are two steps '{id}'")));
        }
    }
    Ok(())
}

/// Bounds what a change of an incident may cost, before anything is compiled.
fn check_conditions(steps: &[Step]) -> Result<(), CommandError> {
    let until = |step: &Step| task::kind_of(&step.action).pause().and_then(|pause| pause.until).map_or(0, str::len);
    let bytes: usize = steps.iter().map(|step| step.when.as_ref().map_or(0, String::len) + until(step)).sum();
    if bytes > MAX_CONDITIONS_BYTES {
        let why = format!("expected conditions of at most {MAX_CONDITIONS_BYTES} bytes together, found {bytes}");
        return Err(invalid("steps", &why));
    }
    Ok(())
}

/// The steps that are over when a step starts.
fn check_order(steps: &[Step]) -> Result<Vec<BTreeSet<usize>>, CommandError> {
    let direct = graph::direct(steps).map_err(|u| {
        invalid(&format!("steps[{}].after[{}]", u.step, u.place), &format!("there is no step '{}'", u.id))
    })?;
    for (i, step) in steps.iter().enumerate() {
        if step.after.as_ref().is_some_and(|after| after.len() > MAX_STEPS) {
            return Err(invalid(&format!("steps[{i}].after"), &format!("expected at most {MAX_STEPS} steps")));
        }
    }
    graph::all(&direct).map_err(|circle| {
        let names: Vec<String> = circle.iter().map(|i| format!("'{}'", steps[*i].id_at(*i))).collect();
        let why = match names.as_slice() {
            [one] => format!("step {one} waits for itself"),
            _ => format!("steps {} wait for each other", names.join(", ")),
        };
        invalid(&format!("steps[{}].after", circle[0]), &why)
    })
}

fn check_step(path: &str, step: &Step, mut around: Around<'_>) -> Result<(), CommandError> {
    let kinds = around.kinds;
    text(&format!("{path}.title"), &step.title)?;
    no_longer(&format!("{path}.instruction"), &step.instruction)?;
    if let Some(when) = &step.when {
        around.condition(&format!("{path}.when"), when)?;
    }
    if step.approvals > MAX_APPROVALS {
        let why = format!("expected 0 to {MAX_APPROVALS} persons, found {}", step.approvals);
        return Err(invalid(&format!("{path}.approvals"), &why));
    }
    span(&format!("{path}.deadline_s"), step.deadline_s, MAX_SPAN_S)?;
    span(&format!("{path}.backoff_s"), step.backoff_s, MAX_BACKOFF_S)?;
    check_retries(path, step, kinds)?;
    task::check(&format!("{path}.action"), &step.action, &around)?;
    // What escalates or undoes a step may start when any other is over.
    around.later.clear();
    if let Some(escalation) = &step.escalate {
        check_escalation(&format!("{path}.escalate"), escalation, &around)?;
    }
    if let Some(undo) = &step.compensate {
        let field = format!("{path}.compensate");
        if !task::kind_of(undo).undoes(kinds) {
            let why = match undo {
                Action::Outward(outward) => format!("`{}` undoes nothing", outward.kind),
                _ => "a question or a wait undoes nothing".to_owned(),
            };
            return Err(invalid(&field, &why));
        }
        task::check(&field, undo, &around)?;
    }
    Ok(())
}

/// Whether an action is tried again by itself. One that nobody registered is refused by its own check, in better words.
fn is_retried(action: &Action, kinds: &OutwardKinds) -> bool {
    match action {
        Action::Outward(outward) => kinds.get(&outward.kind).is_none_or(|kind| kind.is_retried),
        own => own.carrier() == Carrier::Runtime,
    }
}

fn check_retries(path: &str, step: &Step, kinds: &OutwardKinds) -> Result<(), CommandError> {
    let Some(retries) = step.retries else { return Ok(()) };
    let field = format!("{path}.retries");
    if retries > MAX_RETRIES {
        return Err(invalid(&field, &format!("expected 0 to {MAX_RETRIES}, found {retries}")));
    }
    if retries > 0 && !is_retried(&step.action, kinds) {
        let retried = kinds.iter().filter(|kind| kind.is_retried).map(|kind| kind.name);
        let names: Vec<&str> = std::iter::once("notify_console").chain(retried).collect();
        return Err(invalid(
            &field,
            &format!("of the task kinds only {} are tried again by themselves", names.join(", ")),
        ));
    }
    Ok(())
}

fn check_escalation(path: &str, escalation: &Escalation, around: &Around<'_>) -> Result<(), CommandError> {
    let Escalation { notify, priority, hand_to, abort } = escalation;
    if notify.is_none() && priority.is_none() && hand_to.is_none() && !abort {
        return Err(invalid(path, "expected at least one of notify, priority, hand_to, abort"));
    }
    if let Some(agency) = hand_to {
        around.named(&format!("{path}.hand_to"), Named::Agency, agency.as_str())?;
    }
    let Some(action) = notify else { return Ok(()) };
    let kinds = around.kinds;
    let field = format!("{path}.notify");
    if !task::kind_of(action).informs(kinds) {
        let telling = kinds.iter().filter(|kind| kind.informs).map(|kind| kind.name);
        let names: Vec<&str> = ["annotate", "notify_console"].into_iter().chain(telling).collect();
        return Err(invalid(&field, &format!("expected what tells somebody: {}", names.join(", "))));
    }
    task::check(&field, action, around)
}

/// Refuses an overlong text; it may be empty.
pub(super) fn no_longer(field: &str, text: &str) -> Result<(), CommandError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(invalid(field, &format!("expected at most {MAX_TEXT_BYTES} bytes, found {}", text.len())));
    }
    Ok(())
}

/// Refuses an empty or overlong name.
pub(super) fn name(field: &str, name: &str) -> Result<(), CommandError> {
    text(field, name)?;
    if name.len() > MAX_NAME_BYTES {
        return Err(invalid(field, &format!("expected at most {MAX_NAME_BYTES} bytes, found {}", name.len())));
    }
    Ok(())
}

/// Refuses seconds outside 1 to `most`.
pub(super) fn span(field: &str, seconds: Option<u32>, most: u32) -> Result<(), CommandError> {
    match seconds {
        Some(s) if !(1..=most).contains(&s) => Err(invalid(field, &format!("expected 1 to {most} seconds, found {s}"))),
        _ => Ok(()),
    }
}
