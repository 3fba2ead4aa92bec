//! What holds for every playbook, whatever people and systems answer.

use proptest::prelude::*;
use vigiles_engine::CommandBody as Body;
use vigiles_engine::{Command, Effect, Input, TaskOutcome, check_playbook};
use vigiles_model::playbook::{Action, Escalation, Outward, Step, TaskOrigin};
use vigiles_model::{Incident, PersonId, Priority, Reality, StepId, Task, TaskState, Timestamp};

use crate::playbooks::{ask, opening, step};
use crate::rig::{Rig, cases, command, playbook};

/// Most acts until every playbook must have ended.
const MAX_ACTS: usize = 3000;

/// A step by numbers: what it comes after (a bit for each earlier step), what it does, under which condition, and what
/// surrounds it.
type Plan = (u8, u8, u8, u8, u8);

fn plan() -> impl Strategy<Value = Plan> {
    (any::<u8>(), 0..9u8, 0..6u8, 0..3u8, any::<u8>())
}

fn name(i: usize) -> String {
    format!("s{i}")
}

fn made((i, &(after, action, when, approvals, rest)): (usize, &Plan)) -> Step {
    let before: Vec<String> = (0..i).filter(|b| after >> (b % 8) & 1 == 1).map(name).collect();
    let names: Vec<&str> = before.iter().map(String::as_str).collect();
    let hook = || -> Action { Outward::new("webhook").with("endpoint", "office").into() };
    let wait = |seconds, until: Option<&str>| Action::Wait { seconds, until: until.map(ToOwned::to_owned) };
    let action = match action {
        0 => Action::Manual,
        1 => ask(&["yes", "no"]),
        2 => Action::NotifyConsole { message: "{title}".into() },
        3 | 4 => hook(),
        5 => wait(Some(20), None),
        6 => wait(Some(600), Some("priority == 1")),
        7 => Action::Annotate { text: "seen".into() },
        _ => Action::OpenRoom { name: "Room".into(), agencies: vec!["fire".parse().unwrap()] },
    };
    let last = before.last();
    let when = match (when, last) {
        (0, Some(step)) => Some(format!("answers.{step} == 'yes'")),
        (1, Some(step)) => Some(format!("outcomes.{step} != 'skipped' || priority > 1")),
        (2, _) => Some("severity in ['minor', 'moderate']".to_owned()),
        _ => None,
    };
    let has = |bit: u8| rest >> bit & 1 == 1;
    let escalation =
        Escalation { notify: has(3).then(hook), priority: Some(Priority::P1), hand_to: None, abort: has(4) && has(5) };
    Step {
        when,
        approvals,
        deadline_s: has(0).then_some(30),
        backoff_s: has(1).then_some(2),
        escalate: has(2).then_some(escalation),
        compensate: (has(6) || has(7)).then(hook),
        ..step(&name(i), &names, action)
    }
}

/// What somebody or something might do about a task.
fn act(task: &Task, incident: &Incident, chance: u8) -> (Body, Option<PersonId>) {
    let (id, incident) = (task.id.clone(), incident.id.clone());
    let person = Some(PersonId::new(if chance & 1 == 1 { "ada" } else { "grace" }).unwrap());
    let complete = |outcome| Body::CompleteTask { incident: incident.clone(), task: id.clone(), outcome, text: None };
    let body = match (task.state, &task.step.action) {
        _ if chance > 250 => Body::AbortPlaybook { incident, reason: "so".into() },
        _ if chance > 240 => complete(TaskOutcome::Skipped),
        (TaskState::AwaitingApproval, _) => Body::ApproveTask { incident, task: id },
        (TaskState::Running, Action::Ask { .. }) => {
            Body::AnswerTask { incident, task: id, answer: if chance & 2 == 2 { "yes" } else { "no" }.into() }
        }
        (TaskState::Failed, _) => complete(if chance & 2 == 2 { TaskOutcome::Retry } else { TaskOutcome::Done }),
        (_, Action::Outward(_)) if chance.is_multiple_of(3) => complete(TaskOutcome::Failed),
        (_, Action::Outward(_)) if chance.is_multiple_of(7) => complete(TaskOutcome::Refused),
        _ => complete(TaskOutcome::Done),
    };
    (body, person)
}

/// Whether somebody or something can act on it: it is not stuck.
fn is_alive(task: &Task) -> bool {
    use TaskState::{AwaitingApproval, Failed, Retrying, Running};
    matches!(task.state, Running | AwaitingApproval | Retrying | Failed)
}

/// What holds at every moment.
fn check(incident: &Incident) -> Result<(), TestCaseError> {
    let tasks = &incident.tasks;
    let is_over = tasks.iter().all(|t| t.state.is_over());
    prop_assert!(is_over || tasks.iter().any(is_alive), "nothing can happen any more: {tasks:#?}");
    for task in tasks {
        let of = |id: &StepId| tasks.iter().find(|t| t.is_step(id)).unwrap();
        let is_begun = task.attempts > 0 || task.state == TaskState::AwaitingApproval;
        let before = task.step.after.iter().flatten().map(of);
        for early in before.filter(|_| is_begun) {
            prop_assert!(early.state.is_over(), "{} began before {} was over", task.id, early.id);
        }
        if task.attempts > 0 && task.origin == TaskOrigin::Step {
            let mut by: Vec<_> = task.approvals.iter().map(|a| &a.by).collect();
            by.dedup();
            prop_assert_eq!(by.len(), usize::from(task.step.approvals), "{} began without consent", &task.id);
        }
        prop_assert!(task.attempts <= u32::from(task.step.further_tries()) + 1);
        prop_assert_eq!(task.state.is_over(), task.ended.is_some(), "{:?}", task);
        let undo = |t: &&Task| t.origin == TaskOrigin::Compensation(task.id.clone());
        prop_assert!(tasks.iter().filter(undo).count() <= 1, "{} is undone twice", task.id);
    }
    Ok(())
}

/// Plays a playbook to its end; gives the inputs and when they came.
fn play(rig: &mut Rig, plans: &[Plan], chances: &[u8]) -> Result<Vec<(Timestamp, Input)>, TestCaseError> {
    let steps: Vec<Step> = plans.iter().enumerate().map(made).collect();
    let playbook = playbook("p", steps);
    prop_assert_eq!(check_playbook(&playbook, &crate::kinds::kinds()), Ok(()));
    let mut log = Vec::new();
    let mut enter = |rig: &mut Rig, input: Input| {
        rig.step(&input);
        log.push((Timestamp::from_secs(rig.now), input));
    };
    for body in [Body::PutPlaybook(Box::new(playbook)), opening("p", Reality::Actual)] {
        enter(rig, Input::Command(command(body, None)));
    }
    for turn in 0..MAX_ACTS {
        let incident = rig.incidents().remove(0);
        rig.effects.retain(|effect| !matches!(effect, Effect::IncidentChanged(_)));
        rig.effects.push(Effect::IncidentChanged(Box::new(incident.clone())));
        check(&incident)?;
        let alive: Vec<&Task> = incident.tasks.iter().filter(|t| is_alive(t)).collect();
        if alive.is_empty() {
            return Ok(log);
        }
        let chance = chances[turn % chances.len()].wrapping_add((turn / chances.len()) as u8);
        rig.now += i64::from(chance % 5) * 3;
        let task = alive[usize::from(chance) % alive.len()];
        let is_timed = task.resume_at.is_some() && !chance.is_multiple_of(4);
        let input = if is_timed {
            Input::Tick
        } else {
            let (body, by) = act(task, &incident, chance);
            Input::Command(Command { by, ..command(body, None) })
        };
        enter(rig, input);
    }
    Err(TestCaseError::fail("it does not end"))
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_playbook_never_stands_still_and_a_restart_changes_nothing(
        plans in prop::collection::vec(plan(), 1..12),
        chances in prop::collection::vec(any::<u8>(), 1..40),
        cut in 0.0..1.0f64,
    ) {
        let mut rig = Rig::new();
        let log = play(&mut rig, &plans, &chances)?;
        let cut = (log.len() as f64 * cut) as usize;
        let (mut whole, mut before) = (Rig::new(), Rig::new());
        for (now, input) in &log {
            whole.engine.step(input, *now, &mut whole.effects);
        }
        for (now, input) in &log[..cut] {
            before.engine.step(input, *now, &mut before.effects);
        }
        let mut after = crate::kinds::restore(&before.engine.snapshot()).unwrap();
        for (now, input) in &log[cut..] {
            after.step(input, *now, &mut before.effects);
        }
        prop_assert_eq!(&before.effects, &whole.effects);
        prop_assert!(after.snapshot() == whole.engine.snapshot(), "a restored engine ends in another snapshot");
        prop_assert!(after.snapshot() == rig.engine.snapshot(), "a replay ends in another snapshot");
    }
}
