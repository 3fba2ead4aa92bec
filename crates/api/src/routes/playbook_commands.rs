//! What people do with a playbook under way: agree, answer, abort; and what they say in its joint rooms.

use vigiles_engine::CommandBody;
use vigiles_model::IncidentId;

use super::incident_commands::{command, own, run};
use crate::call::Call;
use crate::caller::By;
use crate::endpoint::{Answer, Endpoint};
use crate::problem::{Code, Problem};
use crate::wire::orders::{AbortPlaybook, AnswerTask, ApproveTask, PostMessage};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        command(Endpoint::post(
            "/api/v1/incidents/{id}/tasks/{task}/approvals",
            "approve_task",
            "Agrees to a task that waits for it; a second approval is another person's",
            approve,
        ))
        .takes::<ApproveTask>(),
        command(Endpoint::post(
            "/api/v1/incidents/{id}/tasks/{task}/answer",
            "answer_task",
            "Answers the question of a task",
            answer,
        ))
        .takes::<AnswerTask>(),
        command(Endpoint::post(
            "/api/v1/incidents/{id}/playbook/abort",
            "abort_playbook",
            "Aborts the playbook under way; what was done and can be undone is undone, the latest first",
            abort,
        ))
        .takes::<AbortPlaybook>(),
        command(Endpoint::post(
            "/api/v1/incidents/{id}/rooms/{room}/messages",
            "post_message",
            "Says something in a joint room, as the agency that leads or one that is involved or invited",
            message,
        ))
        .takes::<PostMessage>(),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("incidents")).collect()
}

async fn approve(call: Call) -> Answer {
    let ApproveTask {} = call.json()?;
    let incident = own(&call).await?;
    // One person may hold several tokens; an account is one person.
    if let By::Token(_) = call.caller()?.by {
        return Err(Problem::new(
            Code::Forbidden,
            "a person approves, signed in to an account; a token does not count",
        ));
    }
    let task = call.id("task")?;
    run(&call, CommandBody::ApproveTask { incident, task }).await
}

async fn answer(call: Call) -> Answer {
    let AnswerTask { answer } = call.json()?;
    let incident = own(&call).await?;
    let task = call.id("task")?;
    run(&call, CommandBody::AnswerTask { incident, task, answer }).await
}

async fn abort(call: Call) -> Answer {
    let AbortPlaybook { reason } = call.json()?;
    let incident = own(&call).await?;
    run(&call, CommandBody::AbortPlaybook { incident, reason }).await
}

async fn message(call: Call) -> Answer {
    let PostMessage { text } = call.json()?;
    let room = call.id("room")?;
    let incident = own_or_invited(&call).await?;
    run(&call, CommandBody::PostMessage { incident, room, text }).await
}

/// The incident of the path, if the caller's agency leads it, is involved in it or is invited to the room of the path.
async fn own_or_invited(call: &Call) -> Result<IncidentId, Problem> {
    let incident = call.incident(call.parameter("id")).await?;
    let ctx = call.context()?;
    let room = incident.rooms.iter().find(|room| room.id.as_str() == call.parameter("room"));
    let is_invited = room.is_some_and(|room| ctx.agency().is_some_and(|own| room.agencies.contains(own)));
    if !is_invited {
        call.check_involved(&incident)?;
    }
    Ok(incident.id)
}
