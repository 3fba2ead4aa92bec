//! Carrying out automatic tasks: each is given to the carrier, and what came of it goes back into the log.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc};
use vigiles_engine::{Command, CommandBody, TaskOutcome};
use vigiles_model::playbook::{self, Action, Live};
use vigiles_model::{Incident, IncidentId, Task, TaskId, TaskState};
use vigiles_store::Query;
use vigiles_trust::Context;

use crate::applier::Errand;
use crate::carrier::{self, Failure};
use crate::commands::Beside;
use crate::live::Notice;
use crate::platform::Platform;
use crate::{documents, notices};

/// Tasks carried out at once.
const AT_ONCE: usize = 8;
/// Time between two sweeps for tasks that run but are in nobody's hands (after a restart, a full queue).
const SWEEP: Duration = Duration::from_secs(15);

/// Time between two looks whether the log has been replayed.
const LOOK: Duration = Duration::from_millis(100);

/// Tasks by incident too: an exercise numbers its incidents anew, and so its tasks.
type InHand = Arc<Mutex<HashSet<(IncidentId, TaskId)>>>;

/// Carries out tasks until the platform is gone.
///
/// Not before the log has been replayed: a task that it starts may be done further on in it, and after a restore from a
/// backup that is hours of tasks.
pub(crate) async fn run(platform: Arc<Platform>, mut errands: mpsc::Receiver<Errand>) {
    let mut look = tokio::time::interval(LOOK);
    while !platform.is_ready() {
        if platform.is_stopping() {
            return;
        }
        look.tick().await;
    }
    let in_hand = InHand::default();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut sweep = tokio::time::interval(SWEEP);
    loop {
        let found = tokio::select! {
            errand = errands.recv() => match errand {
                Some(errand) => vec![errand],
                None => return,
            },
            _ = sweep.tick() => find_forgotten(&platform).await,
        };
        for errand in found {
            if in_hand.lock().insert((errand.incident.clone(), errand.task.id.clone())) {
                tokio::spawn(carry_out(platform.clone(), errand, places.clone(), in_hand.clone()));
            }
        }
    }
}

/// Automatic tasks that the store says are running.
async fn find_forgotten(platform: &Arc<Platform>) -> Vec<Errand> {
    let platform = platform.clone();
    let search = move || {
        let ctx = Context::system("errands");
        let open = ["new", "acknowledged", "in_progress", "reopened"].map(str::to_owned).to_vec();
        let query = Query { states: open, ..Query::new(documents::INCIDENT) };
        let found = documents::matching(platform.store(), &ctx, query)?;
        let incidents = found.iter().map(documents::read::<Incident>).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, vigiles_store::StoreError>(incidents.iter().flat_map(running).collect())
    };
    match tokio::task::spawn_blocking(search).await {
        Ok(Ok(errands)) => errands,
        Ok(Err(error)) => {
            tracing::warn!(%error, "sweep for running tasks failed");
            Vec::new()
        }
        Err(_) => Vec::new(),
    }
}

fn is_carried_out(task: &Task) -> bool {
    task.state == TaskState::Running && task.step.action.carrier() == playbook::Carrier::Runtime
}

fn running(incident: &Incident) -> impl Iterator<Item = Errand> {
    incident
        .tasks
        .iter()
        .filter(|task| is_carried_out(task))
        .map(|task| Errand { incident: incident.id.clone(), task: Box::new(task.clone()) })
}

async fn carry_out(platform: Arc<Platform>, errand: Errand, places: Arc<Semaphore>, in_hand: InHand) {
    let Ok(_place) = places.acquire_owned().await else { return };
    if let Some((incident, command)) = outcome(&platform, &errand).await {
        let result = platform.order(command, Beside::default()).await;
        if let Err(error) = result {
            tracing::warn!(incident = %incident, task = %errand.task.id, %error, "outcome of a task not taken");
        }
    }
    in_hand.lock().remove(&(errand.incident, errand.task.id));
}

/// Does the task and words what came of it as a command; none where it is no longer to be done.
async fn outcome(platform: &Arc<Platform>, errand: &Errand) -> Option<(vigiles_model::IncidentId, Command)> {
    let incident = platform.incident(&errand.incident).await?;
    let is_same_try = |task: &&Task| task.id == errand.task.id && task.attempts == errand.task.attempts;
    let task = incident.tasks.iter().find(is_same_try).filter(|task| is_carried_out(task))?;
    let (outcome, text) = match carry_out_once(platform, &incident, task).await {
        Ok(text) => (TaskOutcome::Done, text),
        Err(Failure::Passing(text)) => (TaskOutcome::Failed, text),
        Err(Failure::Lasting(text)) => (TaskOutcome::Refused, text),
    };
    let body =
        CommandBody::CompleteTask { incident: incident.id.clone(), task: task.id.clone(), outcome, text: Some(text) };
    Some((incident.id, Command { by: None, agency: incident.agency, expected_version: None, body }))
}

async fn carry_out_once(platform: &Arc<Platform>, incident: &Incident, task: &Task) -> carrier::Outcome {
    if let Action::NotifyConsole { message } = &task.step.action {
        let notice = Notice { message: message.clone(), incident: incident.id.clone(), at: platform.now() };
        return notices::notify(platform, notice).await;
    }
    // The engine hands out nothing of an exercise that would leave the platform; here the types do not let it.
    let Some(live) = Live::of(incident, task) else {
        return Ok("not sent: this is an exercise or a test".to_owned());
    };
    let kind = task.step.action.name();
    match platform.carrier(kind) {
        Some(carrier) => carrier.carry_out(live).await,
        None => {
            Err(Failure::Lasting(format!("no {kind} is configured: this process carries out no task of that kind")))
        }
    }
}
