//! Playbooks under way: order, conditions, approvals, deadlines, tries, escalation, undoing.

use vigiles_engine::CommandBody as Body;
use vigiles_engine::{Command, CommandDone, CommandError, Effect, Input, TaskOutcome};
use vigiles_model::incident::TimelineEvent;
use vigiles_model::playbook::{Action, Assignee, Escalation, Outward, Step};
use vigiles_model::{Incident, PersonId, PlaybookId, Priority, Reality, Severity, StepId, TaskId};

use crate::rig::{Rig, command, playbook};

pub(crate) fn step(id: &str, after: &[&str], action: Action) -> Step {
    let name = |id: &&str| StepId::new(id).unwrap();
    Step { id: Some(name(&id)), after: Some(after.iter().map(name).collect()), ..Step::new(id, action) }
}

pub(crate) fn ask(options: &[&str]) -> Action {
    Action::Ask { question: "Well?".into(), options: options.iter().map(|o| (*o).to_owned()).collect() }
}

fn hook() -> Action {
    Outward::new("webhook").with("endpoint", "office").into()
}

fn tell(message: &str) -> Action {
    Action::NotifyConsole { message: message.into() }
}

pub(crate) fn opening(playbook: &str, reality: Reality) -> Body {
    Body::OpenIncident {
        title: "A call".into(),
        incident_type: "call".into(),
        priority: Priority::P3,
        severity: Severity::Moderate,
        place: None,
        playbook: Some(PlaybookId::new(playbook).unwrap()),
        reality,
    }
}

/// An incident in which a playbook of these steps has just started.
struct Run {
    rig: Rig,
}

impl Run {
    fn of(steps: Vec<Step>) -> Self {
        Self::in_reality(steps, Reality::Actual)
    }

    fn in_reality(steps: Vec<Step>, reality: Reality) -> Self {
        let mut rig = Rig::new();
        rig.command(Body::PutPlaybook(Box::new(playbook("p", steps)))).unwrap();
        if reality == Reality::Exercise {
            let id = vigiles_model::ExerciseId::new("e1").unwrap();
            rig.command(Body::StartExercise { id, name: "Training".into() }).unwrap();
        }
        rig.command(opening("p", reality)).unwrap();
        Self { rig }
    }

    fn incident(&self) -> Incident {
        self.rig.incidents().remove(0)
    }

    /// Names of the steps with their states, in order: "a done, b running".
    fn states(&self) -> String {
        let states = self.incident().tasks;
        let named = |t: &vigiles_model::Task| format!("{} {}", t.step.id.as_ref().unwrap(), t.state.as_str());
        states.iter().map(named).collect::<Vec<_>>().join(", ")
    }

    fn task(&self, step: &str) -> vigiles_model::Task {
        let is_named = |t: &vigiles_model::Task| t.step.id.as_ref().unwrap().as_str() == step;
        self.incident().tasks.into_iter().rev().find(is_named).unwrap_or_else(|| panic!("no step {step}"))
    }

    fn id(&self, step: &str) -> TaskId {
        self.task(step).id
    }

    fn by(&mut self, person: &str, body: Body) -> Result<Incident, CommandError> {
        let by = Some(PersonId::new(person).unwrap());
        self.rig.step(&Input::Command(Command { by, ..command(body, None) }));
        match self.rig.effects.last() {
            Some(Effect::CommandDone(Ok(CommandDone::Incident(incident)))) => Ok((**incident).clone()),
            Some(Effect::CommandDone(Err(error))) => Err(error.clone()),
            other => panic!("{other:?}"),
        }
    }

    fn complete(&mut self, step: &str, outcome: TaskOutcome) -> Result<Incident, CommandError> {
        let body =
            Body::CompleteTask { incident: self.incident().id, task: self.id(step), outcome, text: Some("so".into()) };
        self.by("ada", body)
    }

    fn done(&mut self, step: &str) -> String {
        self.complete(step, TaskOutcome::Done).unwrap();
        self.states()
    }

    fn answer(&mut self, step: &str, answer: &str) -> Result<Incident, CommandError> {
        let body = Body::AnswerTask { incident: self.incident().id, task: self.id(step), answer: answer.into() };
        self.by("ada", body)
    }

    fn approve(&mut self, person: &str, step: &str) -> Result<Incident, CommandError> {
        let body = Body::ApproveTask { incident: self.incident().id, task: self.id(step) };
        self.by(person, body)
    }

    fn abort(&mut self) -> Result<Incident, CommandError> {
        let body = Body::AbortPlaybook { incident: self.incident().id, reason: "a false alarm".into() };
        self.by("ada", body)
    }

    fn tick(&mut self, second: i64) -> String {
        self.rig.now = second;
        self.rig.step(&Input::Tick);
        self.states()
    }

    /// Titles of the tasks handed to the system so far.
    fn handed(&self) -> Vec<String> {
        let title = |e: &Effect| match e {
            Effect::TaskStarted { task, .. } => Some(task.step.title.clone()),
            _ => None,
        };
        self.rig.effects.iter().filter_map(title).collect()
    }

    /// What the timeline says of a task.
    fn said(&self, title: &str) -> Vec<String> {
        let outcome = |event: TimelineEvent| match event {
            TimelineEvent::Task { title: found, outcome } if found == title => Some(outcome),
            _ => None,
        };
        self.incident().timeline.into_iter().filter_map(|entry| outcome(entry.event)).collect()
    }
}

#[test]
fn steps_run_side_by_side_and_meet_again() {
    let mut run = Run::of(vec![
        step("a", &[], Action::Manual),
        step("b", &["a"], Action::Manual),
        step("c", &["a"], hook()),
        step("d", &["b", "c"], Action::Manual),
        step("e", &[], tell("{title}, {number}")),
    ]);
    assert_eq!(run.states(), "a running, b waiting, c waiting, d waiting, e running");
    assert_eq!(run.task("e").step.action, tell("A call, 1"));
    assert_eq!(run.done("a"), "a done, b running, c running, d waiting, e running");
    assert_eq!(run.handed(), ["e", "c"]);
    assert_eq!(run.done("b"), "a done, b done, c running, d waiting, e running");
    run.complete("c", TaskOutcome::Skipped).unwrap();
    assert_eq!(run.done("e"), "a done, b done, c skipped, d running, e done");
    run.done("d");
    let orders: Vec<u32> = run.incident().tasks.iter().map(|t| t.order).collect();
    assert_eq!(orders, [1, 2, 0, 4, 3]);
}

#[test]
fn without_an_order_of_their_own_steps_follow_each_other() {
    let mut run = Run::of(vec![Step::new("A", Action::Manual), Step::new("B", Action::Manual)]);
    assert_eq!(run.states(), "step-1 running, step-2 waiting");
    assert_eq!(run.done("step-1"), "step-1 done, step-2 running");
}

#[test]
fn conditions_read_incident_answers_and_outcomes() {
    let when =
        |id: &str, after: &[&str], when: &str| Step { when: Some(when.into()), ..step(id, after, Action::Manual) };
    let mut run = Run::of(vec![
        step("smell", &[], ask(&["gas", "smoke"])),
        when("gas", &["smell"], "answers.smell == 'gas' && severity == 'moderate'"),
        when("smoke", &["smell"], "answers.smell == 'smoke' || priority == 1"),
        when("after", &["gas", "smoke"], "outcomes.smoke == 'skipped' && has(answers.smell) && active_alarms == 0"),
        when("exercise", &["smell"], "reality != 'actual' || alarms > 0 || state != 'new'"),
    ]);
    let refused = run.answer("smell", "onions").unwrap_err();
    assert_eq!(refused.to_string(), "answer: expected one of: gas, smoke");
    assert!(run.complete("smell", TaskOutcome::Done).unwrap_err().to_string().contains("answer it"));
    run.answer("smell", "gas").unwrap();
    assert_eq!(run.states(), "smell done, gas running, smoke skipped, after waiting, exercise skipped");
    assert_eq!(run.task("smoke").outcome.as_deref(), Some("its condition does not hold"));
    assert_eq!(run.done("gas"), "smell done, gas done, smoke skipped, after running, exercise skipped");
    assert!(matches!(run.answer("smell", "smoke"), Err(CommandError::NotAllowed { .. })));
}

#[test]
fn two_different_persons_approve() {
    let mut run = Run::of(vec![
        Step { approvals: 2, deadline_s: Some(60), ..step("evacuate", &[], hook()) },
        Step { approvals: 1, ..step("close", &["evacuate"], Action::Manual) },
    ]);
    assert_eq!(run.states(), "evacuate awaiting_approval, close waiting");
    assert!(matches!(run.complete("evacuate", TaskOutcome::Done), Err(CommandError::NotAllowed { .. })));
    run.approve("ada", "evacuate").unwrap();
    let again = run.approve("ada", "evacuate").unwrap_err();
    assert!(again.to_string().contains("another person must"), "{again}");
    assert_eq!(run.states(), "evacuate awaiting_approval, close waiting");
    assert!(run.handed().is_empty());
    run.approve("grace", "evacuate").unwrap();
    assert_eq!(run.states(), "evacuate running, close waiting");
    assert_eq!(run.handed(), ["evacuate"]);
    assert!(matches!(run.approve("edsger", "evacuate"), Err(CommandError::NotAllowed { .. })));
    let by: Vec<String> = run.task("evacuate").approvals.iter().map(|a| a.by.to_string()).collect();
    assert_eq!(by, ["ada", "grace"]);
    assert_eq!(run.said("evacuate"), ["waits for 2 to approve", "approved, 1 of 2", "approved, 2 of 2", "started"]);
    run.done("evacuate");
    run.complete("close", TaskOutcome::Skipped).unwrap();
    assert_eq!(run.states(), "evacuate done, close skipped");
}

#[test]
fn nobody_approves_for_the_system() {
    let mut run = Run::of(vec![Step { approvals: 1, ..step("a", &[], Action::Manual) }]);
    let body = Body::ApproveTask { incident: run.incident().id, task: run.id("a") };
    run.rig.step(&Input::Command(Command { by: None, ..command(body, None) }));
    let Some(Effect::CommandDone(Err(error))) = run.rig.effects.last() else { panic!("it was taken") };
    assert_eq!(error.to_string(), "not allowed: only a person can approve");
}

#[test]
fn a_deadline_escalates_once() {
    let escalation = Escalation {
        notify: Some(tell("{title}: nobody drives")),
        priority: Some(Priority::P1),
        hand_to: Some("fire".parse().unwrap()),
        abort: false,
    };
    let mut run = Run::of(vec![
        Step { deadline_s: Some(60), escalate: Some(escalation), ..step("drive", &[], Action::Manual) },
        step("report", &["drive"], Action::Manual),
    ]);
    run.tick(59);
    assert!(!run.task("drive").overdue);
    assert_eq!(run.tick(75), "drive running, report waiting, escalation:drive running");
    let incident = run.incident();
    assert_eq!((incident.priority, incident.agency.as_str()), (Priority::P1, "fire"));
    assert_eq!(incident.changed.0, 60_000_000, "it happens at its own time");
    assert_eq!(run.task("escalation:drive").step.action, tell("A call: nobody drives"));
    assert_eq!(run.handed(), ["Escalation: drive"]);
    run.tick(1000);
    assert_eq!(run.incident().tasks.len(), 3);
    assert_eq!(run.said("drive"), ["started", "overdue", "escalated, as it is overdue"]);
    let (from, to) = ("police".parse().unwrap(), "fire".parse().unwrap());
    let handed = TimelineEvent::LeadHandedOver { from, to, reason: "\"drive\" is overdue".into() };
    assert!(incident.timeline.iter().any(|e| e.by.is_none() && e.event == handed), "{:?}", incident.timeline);
    assert_eq!(incident.involved, ["police".parse().unwrap()]);
    run.complete("drive", TaskOutcome::Done).unwrap();
    assert_eq!(run.states(), "drive done, report running, escalation:drive running");
}

#[test]
fn what_ends_in_time_is_never_overdue() {
    let wait = Action::Wait { seconds: Some(60), until: None };
    let mut run = Run::of(vec![
        Step { deadline_s: Some(60), ..step("a", &[], Action::Manual) },
        Step { deadline_s: Some(60), ..step("wait", &[], wait) },
    ]);
    run.done("a");
    assert_eq!(run.tick(60), "a done, wait done");
    assert!(run.incident().tasks.iter().all(|t| !t.overdue));
}

#[test]
fn tries_back_off_and_then_wait_for_a_person() {
    let escalate = Some(Escalation { priority: Some(Priority::P1), ..Escalation::default() });
    let mut run = Run::of(vec![Step { retries: Some(2), backoff_s: Some(10), escalate, ..step("tell", &[], hook()) }]);
    run.complete("tell", TaskOutcome::Failed).unwrap();
    assert_eq!(run.states(), "tell retrying");
    let first = run.task("tell").started;
    run.tick(9);
    assert_eq!(run.handed().len(), 1);
    assert_eq!(run.tick(10), "tell running");
    run.complete("tell", TaskOutcome::Failed).unwrap();
    assert_eq!(run.tick(29), "tell retrying");
    assert_eq!(run.tick(30), "tell running");
    assert_eq!((run.handed().len(), run.task("tell").attempts, run.task("tell").started), (3, 3, first));
    run.complete("tell", TaskOutcome::Failed).unwrap();
    assert_eq!(run.tick(4000), "tell failed");
    assert_eq!(run.incident().priority, Priority::P1);
    run.complete("tell", TaskOutcome::Retry).unwrap();
    assert_eq!((run.states().as_str(), run.task("tell").attempts), ("tell running", 1));
    assert_ne!(run.task("tell").started, first, "a person's retry is a new message");
    run.complete("tell", TaskOutcome::Refused).unwrap();
    assert_eq!(run.states(), "tell failed", "what was refused is not tried again");
}

#[test]
fn waits_end_by_time_or_by_condition() {
    let wait = |seconds, until: Option<&str>| Action::Wait { seconds, until: until.map(ToOwned::to_owned) };
    let mut run = Run::of(vec![
        step("time", &[], wait(Some(30), None)),
        step("urgent", &[], wait(Some(500), Some("priority == 1"))),
        step("never", &[], wait(None, Some("alarms > 3"))),
        step("then", &["time", "urgent"], Action::Manual),
    ]);
    assert_eq!(run.tick(29), "time running, urgent running, never running, then waiting");
    assert_eq!(run.tick(30), "time done, urgent running, never running, then waiting");
    let incident = run.incident().id;
    run.by("ada", Body::SetPriority { incident, priority: Priority::P1 }).unwrap();
    assert_eq!(run.states(), "time done, urgent done, never running, then running");
    run.complete("never", TaskOutcome::Skipped).unwrap();
}

#[test]
fn a_wait_for_the_alarm_ends_when_it_clears() {
    let rule = "id = 'r'\n[detector.threshold]\nabove = 35
[incident]\nincident_type = 'air'\npriority = 'p3'\nradius_m = 1000\nwindow_s = 600\nplaybook = 'p'";
    let mut rig = Rig::new();
    let until = Action::Wait { seconds: None, until: Some("active_alarms == 0".into()) };
    rig.command(Body::PutPlaybook(Box::new(playbook(
        "p",
        vec![step("wait", &[], until), step("tell", &["wait"], hook())],
    ))))
    .unwrap();
    rig.command(Body::PutRule(Box::new(crate::rig::rule(rule)))).unwrap();
    rig.feed("0 a air.pm25 40 0.2 0.2");
    let mut run = Run { rig };
    assert_eq!(run.states(), "wait running, tell waiting");
    run.rig.feed("9 a air.pm25 10 0.2 0.2");
    assert_eq!(run.states(), "wait done, tell running");
    assert_eq!(run.handed(), ["tell"]);
}

#[test]
fn the_engine_assigns_annotates_and_opens_rooms_by_itself() {
    let assign = Action::Assign { to: Assignee::Role("supervisor".into()) };
    let room = Action::OpenRoom { name: "Call {number}".into(), agencies: vec!["fire".parse().unwrap()] };
    let mut run = Run::of(vec![
        step("who", &[], ask(&[])),
        step("assign", &["who"], assign),
        step("note", &["who"], Action::Annotate { text: "Says {answers.who}; {unknown}.".into() }),
        step("room", &["note"], room),
    ]);
    run.answer("who", "the \"neighbour\"").unwrap();
    assert_eq!(run.states(), "who done, assign done, note done, room done");
    let incident = run.incident();
    assert_eq!(incident.assigned, Some(Assignee::Role("supervisor".into())));
    let note = TimelineEvent::Note { text: "Says the \"neighbour\"; {unknown}.".into() };
    assert!(incident.timeline.iter().any(|entry| entry.event == note));
    assert_eq!((incident.rooms[0].id.as_str(), incident.rooms[0].name.as_str()), ("room-1", "Call 1"));
    let post = |room: &str| Body::PostMessage {
        incident: incident.id.clone(),
        room: room.parse().unwrap(),
        text: "on our way".into(),
    };
    assert!(matches!(run.by("ada", post("room-2")), Err(CommandError::NotFound { .. })));
    let said = run.by("ada", post("room-1")).unwrap().timeline.pop().unwrap();
    let message = TimelineEvent::Message { room: "room-1".parse().unwrap(), text: "on our way".into() };
    assert_eq!((said.by.unwrap().as_str(), said.event), ("ada", message));
}

#[test]
fn nothing_leaves_the_platform_in_an_exercise() {
    let http = Action::Outward(Outward::new("http").with("endpoint", "signs"));
    let email = Action::Outward(Outward::new("email").with("to", vec!["a@b.example".to_owned()]).with("subject", "S"));
    let steps = || {
        let outward =
            vec![step("http", &[], http.clone()), step("mail", &[], email.clone()), step("hook", &[], hook())];
        [outward, vec![step("tell", &["hook"], tell("a drill"))]].concat()
    };
    for (reality, word) in [(Reality::Exercise, "exercise"), (Reality::Test, "test")] {
        let run = Run::in_reality(steps(), reality);
        assert_eq!(run.states(), "http done, mail done, hook done, tell running");
        assert_eq!(run.handed(), ["tell"]);
        let said = |step| run.task(step).outcome.unwrap();
        assert_eq!(said("http"), format!("{word}: not sent, would have gone to http signs"));
        assert_eq!(said("mail"), format!("{word}: not sent, would have gone to email "));
        assert_eq!(said("hook"), format!("{word}: not sent, would have gone to webhook office"));
    }
    assert_eq!(Run::of(steps()).handed(), ["http", "mail", "hook"]);
}

#[test]
fn what_was_done_is_undone_the_latest_first() {
    let undone =
        |id: &str, after: &[&str], undo: &str| Step { compensate: Some(tell(undo)), ..step(id, after, Action::Manual) };
    let mut run = Run::of(vec![
        undone("late", &["early"], "undo late {number}"),
        undone("early", &[], "undo early"),
        step("plain", &[], Action::Manual),
        Step { compensate: Some(tell("undo hook")), ..step("hook", &["late"], hook()) },
        undone("never", &["hook"], "undo never"),
    ]);
    run.done("early");
    run.done("plain");
    run.done("late");
    assert_eq!(run.states(), "late done, early done, plain done, hook running, never waiting");
    run.abort().unwrap();
    let expected = "late compensating, early compensating, plain done, hook compensating, never skipped";
    let [hooked, late, early] = ["hook", "late", "early"].map(|step| format!("undo:{}", run.id(step)));
    assert_eq!(run.states(), format!("{expected}, {hooked} running, {late} waiting, {early} waiting"));
    assert!(matches!(run.abort(), Err(CommandError::NotAllowed { .. })));
    run.done(&hooked);
    assert_eq!(run.task(&late).step.action, tell("undo late 1"));
    run.complete(&late, TaskOutcome::Skipped).unwrap();
    run.done(&early);
    let expected = "late done, early compensated, plain done, hook compensated, never skipped";
    assert_eq!(run.states(), format!("{expected}, {hooked} done, {late} skipped, {early} done"));
    assert_eq!(run.said("p"), ["playbook aborted: a false alarm"]);
    assert!(matches!(run.abort(), Err(CommandError::NotAllowed { .. })));
}

#[test]
fn a_failure_may_abort_by_itself() {
    let abort = Escalation { abort: true, ..Escalation::default() };
    let mut run = Run::of(vec![
        Step { compensate: Some(Action::Manual), ..step("close", &[], Action::Manual) },
        Step { escalate: Some(abort), ..step("tell", &["close"], hook()) },
        step("other", &[], Action::Manual),
    ]);
    run.done("close");
    run.complete("tell", TaskOutcome::Refused).unwrap();
    let undo = format!("undo:{}", run.id("close"));
    assert_eq!(run.states(), format!("close compensating, tell skipped, other skipped, {undo} running"));
}

#[test]
fn a_playbook_rests_while_its_incident_is_not_open() {
    use vigiles_model::IncidentState::{Reopened, Resolved};
    let escalate = Some(Escalation { priority: Some(Priority::P1), ..Escalation::default() });
    let mut run = Run::of(vec![Step { deadline_s: Some(60), escalate, ..step("a", &[], Action::Manual) }]);
    let incident = run.incident().id;
    let to = |to| Body::ChangeState { incident: incident.clone(), to, reason: None };
    run.by("ada", to(Resolved)).unwrap();
    run.tick(500);
    assert!(!run.task("a").overdue);
    run.by("ada", to(Reopened)).unwrap();
    run.tick(501);
    assert!(run.task("a").overdue);
    assert_eq!(run.incident().changed.0, 500_000_000);
}

#[test]
fn a_new_version_changes_nothing_under_way() {
    let mut run = Run::of(vec![step("a", &[], Action::Manual), step("b", &["a"], Action::Manual)]);
    let changed = playbook("p", vec![step("x", &[], hook())]);
    run.rig.command(Body::PutPlaybook(Box::new(changed))).unwrap();
    assert_eq!(run.done("a"), "a done, b running");
    let delete = Body::Delete { what: vigiles_engine::ConfigKind::Playbook, id: "p".into(), reason: None };
    run.rig.command(delete).unwrap();
    assert_eq!(run.done("b"), "a done, b done");
}

#[test]
fn a_restart_in_the_middle_changes_nothing() {
    let steps = vec![
        Step { retries: Some(3), backoff_s: Some(10), ..step("tell", &[], hook()) },
        Step { approvals: 2, deadline_s: Some(20), ..step("both", &[], Action::Manual) },
        step("wait", &[], Action::Wait { seconds: Some(25), until: None }),
        step("end", &["wait"], tell("{outcomes.wait}")),
    ];
    let mut run = Run::of(steps);
    run.complete("tell", TaskOutcome::Failed).unwrap();
    run.approve("ada", "both").unwrap();
    let mut again = Run { rig: Rig { engine: crate::kinds::engine(), effects: run.rig.effects.clone(), now: 0 } };
    again.rig.engine = crate::kinds::restore(&run.rig.engine.snapshot()).unwrap();
    for run in [&mut run, &mut again] {
        run.tick(12);
        run.complete("tell", TaskOutcome::Done).unwrap();
        run.tick(30);
        assert!(matches!(run.approve("ada", "both"), Err(CommandError::NotAllowed { .. })));
        run.approve("grace", "both").unwrap();
    }
    assert_eq!(run.states(), "tell done, both running, wait done, end running");
    assert!(run.task("both").overdue);
    assert_eq!(again.rig.effects, run.rig.effects);
    assert!(again.rig.engine.snapshot() == run.rig.engine.snapshot());
}
