//! Which agency leads an incident, after it was handed over or merged into that of another.

use vigiles_engine::CommandBody as Body;
use vigiles_engine::{CommandDone, CommandError, TaskOutcome};
use vigiles_model::incident::{MAX_INVOLVED, TimelineEvent};
use vigiles_model::playbook::Action;
use vigiles_model::{AgencyId, Incident, IncidentId, IncidentState, Reality};

use crate::playbooks::{opening, step};
use crate::rig::{Rig, playbook};

const DUST: &str = "id = 'dust'\n[detector.threshold]\nabove = 60\n[incident]\nincident_type = 'air'\npriority = 'p3'";

fn agency(id: &str) -> AgencyId {
    id.parse().unwrap()
}

fn hand_over(rig: &mut Rig, incident: &IncidentId, to: &str, reason: &str) -> Result<Incident, CommandError> {
    match rig.command(Body::HandOver { incident: incident.clone(), to: agency(to), reason: reason.into() })? {
        CommandDone::Incident(incident) => Ok(*incident),
        other => panic!("{other:?}"),
    }
}

fn names(agencies: &[AgencyId]) -> Vec<&str> {
    agencies.iter().map(AgencyId::as_str).collect()
}

#[test]
fn the_lead_goes_from_agency_to_agency_with_a_reason() {
    let mut rig = Rig::with_rules(&[DUST]);
    rig.feed("0 a air.pm25 90");
    let id = rig.incidents()[0].id.clone();
    let handed = hand_over(&mut rig, &id, "fire", "it burns").unwrap();
    assert_eq!((handed.agency.as_str(), names(&handed.involved)), ("fire", vec!["environment"]));
    let last = handed.timeline.last().unwrap();
    let reason = "it burns".to_owned();
    let event = TimelineEvent::LeadHandedOver { from: agency("environment"), to: agency("fire"), reason };
    assert_eq!((last.by.as_ref().map(AsRef::as_ref), &last.event), (Some("ada"), &event));
    let again = hand_over(&mut rig, &id, "fire", "it burns");
    assert_eq!(again.unwrap_err().to_string(), "not allowed: agency fire leads it already");
    for wrong in [" ", "x".repeat(5000).as_str()] {
        let refused = hand_over(&mut rig, &id, "police", wrong);
        assert!(matches!(refused, Err(CommandError::Invalid { field, .. }) if field == "reason"));
    }
    let back = hand_over(&mut rig, &id, "environment", "only dust").unwrap();
    assert_eq!((back.agency.as_str(), names(&back.involved)), ("environment", vec!["fire"]));
    assert_eq!(back.version, handed.version + 1, "what was refused changed nothing");
}

#[test]
fn alarms_that_come_later_do_not_take_the_lead_back_also_after_a_restart() {
    let mut rig = Rig::with_rules(&[DUST]);
    rig.feed("0 a air.pm25 90");
    let id = rig.incidents()[0].id.clone();
    hand_over(&mut rig, &id, "fire", "it burns").unwrap();
    rig.engine = crate::kinds::restore(&rig.engine.snapshot()).unwrap();
    rig.feed("10 a air.pm25 1\n20 a air.pm25 95");
    let all = rig.incidents();
    assert_eq!((all.len(), all[0].alarms.len(), all[0].agency.as_str()), (1, 2, "fire"));
    assert_eq!(names(&all[0].involved), ["environment"]);
}

#[test]
fn a_merge_leaves_the_lead_with_the_survivor_and_keeps_the_others_involved() {
    let mut rig = Rig::with_rules(&[DUST]);
    let room = Action::OpenRoom { name: "Smoke".into(), agencies: vec![agency("harbour"), agency("fire")] };
    let steps = vec![step("room", &[], room), step("look", &[], Action::Manual)];
    rig.command(Body::PutPlaybook(Box::new(playbook("p", steps)))).unwrap();
    rig.feed("0 a air.pm25 90");
    rig.command(opening("p", Reality::Actual)).unwrap();
    let [into, from] = rig.incidents().try_into().unwrap();
    hand_over(&mut rig, &into.id, "fire", "it burns").unwrap();
    hand_over(&mut rig, &from.id, "medics", "they are hurt").unwrap();
    rig.command(Body::Merge { into: into.id.clone(), from: from.id.clone() }).unwrap();
    let [into, from] = rig.incidents().try_into().unwrap();
    assert_eq!((into.agency.as_str(), from.agency.as_str()), ("fire", "medics"));
    assert_eq!(names(&into.involved), ["environment", "medics", "police", "harbour"]);
    assert_eq!(from.state, IncidentState::Merged);
    // What was not done is left out, and nobody leads a record.
    assert!(from.tasks.iter().all(|task| task.state.is_over()), "{:?}", from.tasks);
    let refused = hand_over(&mut rig, &from.id, "police", "ours again");
    assert_eq!(refused.unwrap_err().to_string(), format!("not allowed: the incident was merged into {}", into.id));
    let task = from.tasks[1].id.clone();
    let done = Body::CompleteTask { incident: from.id, task, outcome: TaskOutcome::Done, text: None };
    assert!(matches!(rig.command(done), Err(CommandError::NotAllowed { .. })));
}

#[test]
fn the_number_of_agencies_involved_is_bounded_and_the_oldest_leave() {
    let mut rig = Rig::with_rules(&[DUST]);
    rig.feed("0 a air.pm25 90");
    let id = rig.incidents()[0].id.clone();
    for n in 0..=MAX_INVOLVED {
        hand_over(&mut rig, &id, &format!("agency-{n}"), "round it goes").unwrap();
    }
    let incident = rig.incidents().remove(0);
    assert_eq!((incident.involved.len(), incident.involved[0].as_str()), (MAX_INVOLVED, "agency-0"));
    assert_eq!(incident.agency.as_str(), format!("agency-{MAX_INVOLVED}"));
}
