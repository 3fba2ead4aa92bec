//! Task kinds that act outward, as the engine goes by what was registered of them.

use vigiles_engine::{CommandBody, Engine, TaskOutcome};
use vigiles_model::playbook::{Action, Outward, SettingValue, Step};
use vigiles_model::{Incident, Reality, Task, TaskState};

use crate::playbooks::opening;
use crate::rig::{Rig, playbook};

/// The incident after a playbook of one step was started in it.
fn run(action: Outward) -> (Rig, Incident) {
    let mut rig = Rig::new();
    rig.command(CommandBody::PutPlaybook(Box::new(playbook("p", vec![Step::new("Do", action.into())])))).unwrap();
    rig.command(opening("p", Reality::Actual)).unwrap();
    let incident = rig.incidents().remove(0);
    (rig, incident)
}

fn failed(rig: &mut Rig, incident: &Incident) -> Task {
    let (incident, task) = (incident.id.clone(), incident.tasks[0].id.clone());
    rig.command(CommandBody::CompleteTask { incident, task, outcome: TaskOutcome::Failed, text: None }).unwrap();
    rig.incidents().remove(0).tasks.remove(0)
}

fn settings(task: &Task) -> &[(String, SettingValue)] {
    &task.step.action.outward().unwrap().settings
}

#[test]
fn settings_are_put_in_order_and_written_out() {
    let given = Outward::new("http").with("path", "/{number}/{title}").with("endpoint", "signs");
    let (_, incident) = run(given);
    let expected = [("endpoint", "signs"), ("method", "post"), ("path", "/1/A%20call"), ("body", "")];
    assert_eq!(settings(&incident.tasks[0]), expected.map(|(name, value)| (name.to_owned(), value.into())));
}

#[test]
fn what_must_not_happen_twice_is_not_tried_again() {
    let (mut rig, incident) = run(Outward::new("signal").with("endpoint", "{number}"));
    let task = &incident.tasks[0];
    // Half a minute is its default, and the name of something in the configuration has no placeholders.
    assert_eq!(settings(task), [("endpoint".to_owned(), "{number}".into()), ("hold".to_owned(), 30.0.into())]);
    assert_eq!((task.step.further_tries(), task.deadline), (0, Some(task.started.unwrap() + DEADLINE)));
    assert_eq!(failed(&mut rig, &incident).state, TaskState::Failed);
    let (mut rig, incident) = run(Outward::new("webhook").with("endpoint", "office"));
    assert_eq!((incident.tasks[0].step.further_tries(), incident.tasks[0].deadline), (3, None));
    assert_eq!(failed(&mut rig, &incident).state, TaskState::Retrying);
}

const DEADLINE: vigiles_model::Duration = vigiles_model::Duration::from_secs(20);

/// A platform that was set back to a release without a kind still starts; what was planned with it waits for people.
#[test]
fn a_kind_that_is_gone_fails_and_is_handed_to_nobody() {
    let mut rig = Rig::new();
    let hook = Action::Outward(Outward::new("webhook").with("endpoint", "office"));
    rig.command(CommandBody::PutPlaybook(Box::new(playbook("p", vec![Step::new("Do", hook)])))).unwrap();
    rig.engine = Engine::restore(&rig.engine.snapshot()).unwrap();
    rig.effects.clear();
    rig.command(opening("p", Reality::Actual)).unwrap();
    let task = rig.incidents().remove(0).tasks.remove(0);
    let outcome = Some("this platform has no task kind `webhook`".to_owned());
    assert_eq!((task.state, task.outcome), (TaskState::Failed, outcome));
    assert!(!rig.effects.iter().any(|e| matches!(e, vigiles_engine::Effect::TaskStarted { .. })));
}
