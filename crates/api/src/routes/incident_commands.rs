//! What people do with incidents.

use axum::http::StatusCode;
use vigiles_engine::{CommandBody, CommandDone};
use vigiles_model::{self as model, IncidentId};
use vigiles_trust::{Action, Resource};

use crate::call::{Call, names, place, versioned};
use crate::endpoint::{Answer, Endpoint, IfMatch};
use crate::problem::{Code, Problem};
use crate::wire::incident::Incident;
use crate::wire::orders::{
    AddNote, Assess, ChangeState, CompleteTask, DetachAlarm, LinkIncident, OpenIncident, SetPriority, Split,
    StartPlaybook, UnlinkIncident,
};
use crate::wire::words::{IncidentState, Reality};

pub(super) const WRITE: Action = Action::Write(Resource::Incidents);

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::post("/api/v1/incidents", "open_incident", "Opens an incident by hand", open)
            .may(WRITE)
            .takes::<OpenIncident>()
            .idempotent()
            .answers::<Incident>(201, "The incident.")
            .etag()
            .also(&[404, 409]),
        command(Endpoint::post(
            "/api/v1/incidents/{id}/state",
            "change_state",
            "Moves an incident along its lifecycle",
            state,
        ))
        .takes::<ChangeState>(),
        command(Endpoint::post("/api/v1/incidents/{id}/priority", "set_priority", "Changes its priority", priority))
            .takes::<SetPriority>(),
        command(Endpoint::post(
            "/api/v1/incidents/{id}/verdict",
            "assess_incident",
            "Says what it turned out to be: rules are tried against that",
            verdict,
        ))
        .takes::<Assess>(),
        command(Endpoint::post(
            "/api/v1/incidents/{id}/notes",
            "add_note",
            "Adds a note to its timeline, as the agency that leads or one that is involved",
            note,
        ))
        .takes::<AddNote>(),
        command(Endpoint::post(
            "/api/v1/incidents/{id}/split",
            "split_incident",
            "Splits alarms off into a new incident, which is answered",
            split,
        ))
        .takes::<Split>(),
        command(Endpoint::post(
            "/api/v1/incidents/{id}/detach",
            "detach_alarm",
            "Takes one alarm out for good; it stands alone",
            detach,
        ))
        .takes::<DetachAlarm>(),
        command(Endpoint::post("/api/v1/incidents/{id}/link", "link_incident", "Relates another incident to it", link))
            .takes::<LinkIncident>(),
        command(Endpoint::post(
            "/api/v1/incidents/{id}/unlink",
            "unlink_incident",
            "Takes a relation to another incident away for good",
            unlink,
        ))
        .takes::<UnlinkIncident>(),
        command(Endpoint::post("/api/v1/incidents/{id}/playbook", "start_playbook", "Starts a playbook", playbook))
            .takes::<StartPlaybook>(),
        command(Endpoint::post(
            "/api/v1/incidents/{id}/tasks/{task}",
            "complete_task",
            "Reports what became of a task",
            task,
        ))
        .takes::<CompleteTask>(),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("incidents")).collect()
}

/// What every command on one incident has in common.
pub(super) fn command(endpoint: Endpoint) -> Endpoint {
    endpoint
        .may(WRITE)
        .if_match(IfMatch::Optional)
        .idempotent()
        .answers::<Incident>(200, "The incident as it is now.")
        .etag()
        .also(&[409])
}

async fn open(call: Call) -> Answer {
    let body: OpenIncident = call.json()?;
    let geometry = body.place.as_ref().map(|p| place("place", p)).transpose()?;
    let command = CommandBody::OpenIncident {
        title: body.title,
        incident_type: body.incident_type,
        priority: body.priority.into(),
        severity: body.severity.into(),
        place: geometry,
        playbook: body.playbook,
        reality: body.reality.unwrap_or(Reality::Actual).into(),
    };
    let done = call.command(None, command).await?;
    incident(&call, StatusCode::CREATED, done)
}

async fn state(call: Call) -> Answer {
    let ChangeState { to, reason } = call.json()?;
    let id = own(&call).await?;
    let answer = run(&call, CommandBody::ChangeState { incident: id.clone(), to: to.into(), reason }).await;
    match answer {
        Err(problem) if problem.code == Code::Conflict => Err(with_allowed(&call, &id, problem).await),
        other => other,
    }
}

/// Names the states that may come next, so that the caller need not read the incident again to know.
async fn with_allowed(call: &Call, id: &IncidentId, mut problem: Problem) -> Problem {
    if let Ok(incident) = call.incident(id.as_str()).await {
        let allowed: Vec<_> = IncidentState::from(incident.state)
            .allowed()
            .into_iter()
            .map(|state| vigiles_runtime::documents::word(&state))
            .collect();
        let words = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
        problem.errors.push(crate::problem::Fault::new("to", format!("allowed next: {words}")));
    }
    problem
}

async fn priority(call: Call) -> Answer {
    let SetPriority { priority } = call.json()?;
    let incident = own(&call).await?;
    run(&call, CommandBody::SetPriority { incident, priority: priority.into() }).await
}

async fn verdict(call: Call) -> Answer {
    let Assess { verdict, reason } = call.json()?;
    let incident = own(&call).await?;
    run(&call, CommandBody::Assess { incident, verdict: verdict.into(), reason }).await
}

async fn note(call: Call) -> Answer {
    let AddNote { text } = call.json()?;
    let incident = call.incident(call.parameter("id")).await?;
    call.check_involved(&incident)?;
    run(&call, CommandBody::AddNote { incident: incident.id, text }).await
}

async fn detach(call: Call) -> Answer {
    let DetachAlarm { alarm } = call.json()?;
    let incident = own(&call).await?;
    run(&call, CommandBody::Detach { incident, alarm }).await
}

async fn link(call: Call) -> Answer {
    let LinkIncident { to, relation, reason } = call.json()?;
    let incident = own_side(&call, "to", &to).await?;
    run(&call, CommandBody::Link { incident, to, relation: relation.into(), reason }).await
}

async fn unlink(call: Call) -> Answer {
    let UnlinkIncident { from, reason } = call.json()?;
    let incident = own_side(&call, "from", &from).await?;
    run(&call, CommandBody::Unlink { incident, from, reason }).await
}

/// The incident of the path, where the caller may change it or the other one: a relation tells both of each other and
/// changes neither, so one's own side is enough, as for a relation that the engine finds.
async fn own_side(call: &Call, field: &'static str, id: &IncidentId) -> Result<IncidentId, Problem> {
    let (incident, other) = (call.incident(call.parameter("id")).await?, other(call, field, id).await?);
    if call.check_leads(&other).is_err() {
        call.check_leads(&incident)?;
    }
    Ok(incident.id)
}

/// Another incident, named in `field`.
pub(super) async fn other(call: &Call, field: &'static str, id: &IncidentId) -> Result<model::Incident, Problem> {
    call.incident(id.as_str()).await.map_err(|problem| match problem.code {
        Code::NotFound => Problem::of(Code::Invalid, field, format!("there is no incident {id}")),
        _ => problem,
    })
}

async fn split(call: Call) -> Answer {
    let Split { alarms, title } = call.json()?;
    let incident = own(&call).await?;
    run(&call, CommandBody::Split { incident, alarms, title }).await
}

async fn playbook(call: Call) -> Answer {
    let StartPlaybook { playbook } = call.json()?;
    let incident = own(&call).await?;
    run(&call, CommandBody::StartPlaybook { incident, playbook }).await
}

async fn task(call: Call) -> Answer {
    let CompleteTask { outcome, text } = call.json()?;
    let incident = own(&call).await?;
    let task = call.id("task")?;
    run(&call, CommandBody::CompleteTask { incident, task, outcome: outcome.into(), text }).await
}

/// The incident of the path, if the caller may change it.
pub(super) async fn own(call: &Call) -> Result<IncidentId, Problem> {
    let incident = call.incident(call.parameter("id")).await?;
    call.check_leads(&incident)?;
    Ok(incident.id)
}

pub(super) async fn run(call: &Call, command: CommandBody) -> Answer {
    let done = call.command(call.if_match()?, command).await?;
    incident(call, StatusCode::OK, done)
}

fn incident(call: &Call, status: StatusCode, done: CommandDone) -> Answer {
    match done {
        CommandDone::Incident(incident) => {
            versioned(status, &Incident::new(&incident, &names(call.platform())), incident.version)
        }
        other => Err(Problem::internal(&format!("a command on an incident answered {other:?}"))),
    }
}
