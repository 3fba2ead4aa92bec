//! What people ask the engine to do: audited, then durable in the log, then carried out and answered.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::oneshot;
use vigiles_bus::BusError;
use vigiles_engine::{Command, CommandBody, CommandDone, CommandError};
use vigiles_store::{AuditNote, Outcome};
use vigiles_trust::Context;

use crate::once::Once;
use crate::platform::Platform;
use crate::record::Asked;
use crate::trial::{self, Known, RuleTrial};
use crate::{documents, record};

/// How long a command may take until its caller is told to look again.
const COMMAND_PATIENCE: Duration = Duration::from_secs(10);

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandFailure {
    /// The engine refused it.
    #[error(transparent)]
    Refused(#[from] CommandError),
    /// The log or the store could not take it. Nothing was done.
    #[error("the command cannot be stored: {0}")]
    Storage(String),
    /// The log's queue is full.
    #[error("the platform is overloaded; try again in a second")]
    Overloaded,
    /// It is in the log and will be done, but not within the time a caller waits.
    #[error("the command is stored and will be carried out; look again in a moment")]
    Late,
    /// The platform is stopping.
    #[error("the platform is stopping")]
    Closed,
}

/// What is said beside a command.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Its key, where it is to be carried out once.
    pub(crate) once: Option<Once>,
    /// Why a rule goes live although its condition was never tried.
    pub(crate) untried: Option<String>,
}

impl CommandFailure {
    /// Whether it is certain that nothing was done and nothing will be.
    fn is_certain(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Overloaded)
    }
}

impl Platform {
    /// A command of a person: audited, then durable, then carried out; the answer comes when its effects are
    /// in the store.
    pub async fn command(self: &Arc<Self>, ctx: &Context, command: Command) -> Result<CommandDone, CommandFailure> {
        self.audited(ctx, command, Beside::default()).await
    }

    /// [`Platform::command`] that puts a rule live although its condition was never tried, with the reason.
    pub async fn put_untried(
        self: &Arc<Self>,
        ctx: &Context,
        command: Command,
        why: String,
    ) -> Result<CommandDone, CommandFailure> {
        self.audited(ctx, command, Beside { untried: Some(why), once: None }).await
    }

    pub(crate) async fn audited(
        self: &Arc<Self>,
        ctx: &Context,
        command: Command,
        beside: Beside,
    ) -> Result<CommandDone, CommandFailure> {
        let mut note = audit_note(&command);
        if let Some(why) = &beside.untried {
            note.detail = format!("live untried: {why}");
        }
        self.note(ctx, note.clone()).await?;
        let answer = self.order(command, beside).await;
        if let Err(failure) = &answer
            && failure.is_certain()
        {
            let detail = format!("{}{}{failure}", note.detail, if note.detail.is_empty() { "" } else { ": " });
            self.note(ctx, AuditNote { outcome: Outcome::Failed, detail, ..note }).await?;
        }
        answer
    }

    async fn note(self: &Arc<Self>, ctx: &Context, note: AuditNote) -> Result<(), CommandFailure> {
        let (platform, ctx) = (self.clone(), ctx.clone());
        tokio::task::spawn_blocking(move || platform.store().record(&ctx, note))
            .await
            .map_err(|_| CommandFailure::Closed)?
            .map_err(|e| CommandFailure::Storage(e.to_string()))
    }

    /// A command of the platform itself, or one that was audited.
    pub(crate) async fn order(
        self: &Arc<Self>,
        command: Command,
        Beside { once, untried }: Beside,
    ) -> Result<CommandDone, CommandFailure> {
        let ticket = self.ticket();
        let known = Known { tried: self.tried(&command.body).await?, untried };
        let asked = Asked { ticket, once, known };
        let bytes = record::command(&asked, &command).map_err(|e| CommandFailure::Storage(e.to_string()))?;
        let bytes = self.intake.record(bytes, 0);
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().insert(ticket, sender);
        let outcome = self.append_and_wait(bytes, receiver).await;
        self.waiting.lock().remove(&ticket);
        outcome
    }

    /// What the condition of a rule that is to be saved was tried on.
    async fn tried(self: &Arc<Self>, body: &CommandBody) -> Result<Option<RuleTrial>, CommandFailure> {
        let CommandBody::PutRule(rule) = body else { return Ok(None) };
        let (platform, rule) = (self.clone(), rule.clone());
        tokio::task::spawn_blocking(move || trial::of_rule(platform.store(), &rule))
            .await
            .map_err(|_| CommandFailure::Closed)?
            .map_err(|e| CommandFailure::Storage(e.to_string()))
    }

    async fn append_and_wait(
        &self,
        bytes: Vec<u8>,
        outcome: oneshot::Receiver<Result<CommandDone, CommandError>>,
    ) -> Result<CommandDone, CommandFailure> {
        let refused = |error: BusError| {
            self.takeover.note_log(&error);
            append_failure(error)
        };
        let (sender, appended) = oneshot::channel();
        let done = Box::new(move |result| drop::<Result<(), _>>(sender.send(result)));
        self.parts.bus.append_async(&self.intake.topic, vec![bytes], done).map_err(refused)?;
        appended.await.map_err(|_| CommandFailure::Closed)?.map_err(refused)?;
        match tokio::time::timeout(COMMAND_PATIENCE, outcome).await {
            Ok(Ok(outcome)) => Ok(outcome?),
            Ok(Err(_)) => Err(CommandFailure::Closed),
            Err(_) => Err(CommandFailure::Late),
        }
    }

    /// Unique while any command of an earlier or another process can still be in the log.
    pub(crate) fn ticket(&self) -> u128 {
        let count = self.tickets.fetch_add(1, Ordering::Relaxed);
        (u128::from(self.run) << 64) | u128::from(count)
    }
}

fn append_failure(error: BusError) -> CommandFailure {
    match error {
        BusError::Full { .. } => CommandFailure::Overloaded,
        BusError::Closed => CommandFailure::Closed,
        other => CommandFailure::Storage(other.to_string()),
    }
}

/// Who asked for what; the texts of notes and reasons are in the incident, not in the audit log.
fn audit_note(command: &Command) -> AuditNote {
    use CommandBody as B;
    let (action, resource) = match &command.body {
        B::PutKind(d) => ("put", format!("kind/{}", d.id)),
        B::PutAsset(d) => ("put", format!("asset/{}", d.id)),
        B::PutZone(d) => ("put", format!("zone/{}", d.id)),
        B::PutRule(d) => ("put", format!("rule/{}", d.id)),
        B::PutPlaybook(d) => ("put", format!("playbook/{}", d.id)),
        B::PutCorrelation(d) => ("put", format!("correlation/{}", d.id)),
        B::Delete { what, id, .. } => ("delete", format!("{}/{id}", what.as_str())),
        B::OpenIncident { .. } => ("open", "incident".to_owned()),
        B::TakeCall { .. } => ("take_call", "incident".to_owned()),
        B::ChangeState { incident, .. } => ("change_state", format!("incident/{incident}")),
        B::Assess { incident, .. } => ("assess", format!("incident/{incident}")),
        B::SetPriority { incident, .. } => ("set_priority", format!("incident/{incident}")),
        B::AddNote { incident, .. } => ("add_note", format!("incident/{incident}")),
        B::Merge { into, .. } => ("merge", format!("incident/{into}")),
        B::Split { incident, .. } => ("split", format!("incident/{incident}")),
        B::StartPlaybook { incident, .. } => ("start_playbook", format!("incident/{incident}")),
        B::CompleteTask { incident, .. } => ("complete_task", format!("incident/{incident}")),
        B::Detach { incident, .. } => ("detach", format!("incident/{incident}")),
        B::Link { incident, .. } => ("link", format!("incident/{incident}")),
        B::Unlink { incident, .. } => ("unlink", format!("incident/{incident}")),
        B::AnswerTask { incident, .. } => ("answer_task", format!("incident/{incident}")),
        B::ApproveTask { incident, .. } => ("approve_task", format!("incident/{incident}")),
        B::AbortPlaybook { incident, .. } => ("abort_playbook", format!("incident/{incident}")),
        B::PostMessage { incident, .. } => ("post_message", format!("incident/{incident}")),
        B::AddCall { incident, .. } => ("add_call", format!("incident/{incident}")),
        B::DetachCall { incident, .. } => ("detach_call", format!("incident/{incident}")),
        B::HandOver { incident, .. } => ("hand_over", format!("incident/{incident}")),
        B::StartExercise { id, .. } => ("start", format!("exercise/{id}")),
        B::EndExercise { id, .. } => ("end", format!("exercise/{id}")),
    };
    let detail = match &command.body {
        B::ChangeState { to, .. } => format!("to {}", documents::word(to)),
        B::Assess { verdict, .. } => documents::word(verdict),
        B::SetPriority { priority, .. } => format!("to {}", documents::word(priority)),
        B::Merge { from, .. } | B::Unlink { from, .. } => format!("from incident/{from}"),
        B::Split { alarms, .. } => format!("{} alarms", alarms.len()),
        B::StartPlaybook { playbook, .. } => format!("playbook/{playbook}"),
        B::CompleteTask { task, outcome, .. } => format!("task {task} {}", documents::word(outcome)),
        B::Detach { alarm, .. } => format!("alarm/{alarm}"),
        B::Link { to, relation, .. } => format!("{} incident/{to}", relation.as_str()),
        B::AnswerTask { task, .. } | B::ApproveTask { task, .. } => format!("task {task}"),
        B::DetachCall { call, .. } => format!("call/{call}"),
        B::PostMessage { room, .. } => format!("room {room}"),
        B::HandOver { to, .. } => format!("to agency/{to}"),
        _ => String::new(),
    };
    AuditNote { action: action.to_owned(), resource, outcome: Outcome::Allowed, detail }
}
