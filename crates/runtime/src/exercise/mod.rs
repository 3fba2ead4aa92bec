//! Exercises: a player appends what a scenario says to the log when it is due, by the platform's clock.
//!
//! Invariant: where it stands is in the store, so a restart goes on where it was. What was played twice because of a
//! crash does no harm: readings have their id from content, calls are commands carried out once.

mod check;
mod player;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vigiles_engine::exercise::Scenario;
use vigiles_engine::exercise::debrief::{Debrief, Read};
use vigiles_engine::exercise::targets::Outcome;
use vigiles_engine::{Command, CommandBody, CommandDone, CommandError};
use vigiles_model::{AgencyId, Duration, Exercise, ExerciseId, Incident, PersonId, Timestamp};
use vigiles_store::{AuditQuery, Document, Draft, Expect, Query, StoreError, Write};
use vigiles_trust::Context;

use crate::commands::CommandFailure;
use crate::documents::{self, EXERCISE, INCIDENT};
use crate::once::Once;
use crate::platform::Platform;

pub(crate) use player::run;

/// In whose name things are played.
const PLAYER: Context = Context::system("exercises");
/// How long the platform remembers that a call was played.
const REMEMBERED: Duration = Duration::from_secs(2 * 86_400);
/// Tries to end an exercise while it is played on.
const CLOSINGS: usize = 8;
/// The stored state of an exercise under way, and of one that is over.
const RUNNING: &str = "running";
const ENDED: &str = "ended";

/// An exercise as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Id, name and beginning.
    pub exercise: Exercise,
    /// What is played.
    pub scenario: Scenario,
    /// Who began it.
    pub by: PersonId,
    /// For which agency.
    pub agency: AgencyId,
    /// Up to where it was played, in microseconds after the beginning; -1 before the first entry.
    pub played_us: i64,
    /// Whether the engine was told of it.
    pub begun: bool,
    /// When it was ended.
    pub ended: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// How many targets were reached in time; none before its end, and for exercises from before this was kept.
    #[serde(default)]
    pub targets_met: Option<u64>,
    /// The version it was read in, 0 before it is kept: whoever plays it and whoever ends it may be two processes.
    #[serde(skip)]
    pub(crate) version: u64,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Director {
    /// The person.
    pub by: PersonId,
    /// Their agency.
    pub agency: AgencyId,
}

impl Run {
    fn write(&self) -> Write {
        let document = Draft {
            kind: EXERCISE,
            id: self.exercise.id.to_string(),
            agency: Some(self.agency.clone()),
            state: if self.ended.is_some() { ENDED } else { RUNNING }.to_owned(),
            place: None,
            time: self.exercise.started,
            body: serde_json::to_string(self).expect("scenarios have text keys, and the check wants finite numbers"),
        };
        let expect = if self.version == 0 { Expect::Absent } else { Expect::Version(self.version) };
        Write::Put { document, expect }
    }

    fn read(document: &Document) -> Result<Self, StoreError> {
        documents::read::<Self>(document).map(|run| Self { version: document.version, ..run })
    }
}

impl Platform {
    /// Begins an exercise with a scenario; refused while another is under way.
    pub async fn start_exercise(
        self: &Arc<Self>,
        ctx: &Context,
        director: &Director,
        scenario: Scenario,
    ) -> Result<Run, CommandFailure> {
        self.check_scenario(&scenario).await?;
        let _turn = self.exercises.lock().await;
        let now = self.now();
        let id = ExerciseId::new(format!("exr-{}", now.0)).map_err(|e| CommandFailure::Storage(e.to_string()))?;
        let exercise = Exercise { id, name: scenario.name.clone(), started: now };
        let (by, agency) = (director.by.clone(), director.agency.clone());
        let mut run = Run {
            exercise,
            scenario,
            by,
            agency,
            played_us: -1,
            begun: false,
            ended: None,
            reason: None,
            targets_met: None,
            version: 0,
        };
        // What is kept first is begun by the player if the platform is killed in between.
        if let Some(running) = self.under_way().await? {
            let why = format!("exercise {} is under way; end it first", running.exercise.id);
            return Err(CommandError::NotAllowed { why }.into());
        }
        self.keep(&mut run).await?;
        // Where it is not known whether the engine took it, the player tells it again.
        if let Err(CommandFailure::Refused(why)) = self.begin(ctx, &mut run).await {
            self.forget(&run).await?;
            return Err(why.into());
        }
        Ok(run)
    }

    /// Tells the engine of an exercise, once.
    async fn begin(self: &Arc<Self>, ctx: &Context, run: &mut Run) -> Result<(), CommandFailure> {
        let (id, name) = (run.exercise.id.clone(), run.exercise.name.clone());
        let once = Once {
            key: format!("exercise/{id}/start"),
            fingerprint: String::new(),
            expires: run.exercise.started + REMEMBERED,
        };
        let director = Director { by: run.by.clone(), agency: run.agency.clone() };
        let order = order(&director, CommandBody::StartExercise { id, name });
        if let CommandDone::Exercise(exercise) = self.command_once(ctx, order, once).await? {
            run.exercise = exercise;
        }
        run.begun = true;
        if !self.keep(run).await? {
            // The player of another process was first.
            *run = self.exercise(run.exercise.id.as_str()).await?.unwrap_or_else(|| run.clone());
        }
        Ok(())
    }

    /// Ends an exercise under way.
    pub async fn end_exercise(
        self: &Arc<Self>,
        ctx: &Context,
        director: &Director,
        id: &str,
        reason: String,
    ) -> Result<Run, CommandFailure> {
        let _turn = self.exercises.lock().await;
        let not_found = || CommandError::NotFound { what: "exercise".to_owned(), id: id.to_owned() };
        let run = self.exercise(id).await?.ok_or_else(not_found)?;
        if run.ended.is_some() {
            return Err(CommandError::NotAllowed { why: "the exercise is over".to_owned() }.into());
        }
        let (exercise, why) = (run.exercise.id.clone(), reason.clone());
        let order = order(director, CommandBody::EndExercise { id: exercise, reason: why });
        match self.command(ctx, order).await {
            // The engine no longer knows of it: what is stored is put right.
            Ok(_) | Err(CommandFailure::Refused(CommandError::NotFound { .. })) => {}
            Err(failure) => return Err(failure),
        }
        self.close(run, reason).await
    }

    async fn close(self: &Arc<Self>, mut run: Run, reason: String) -> Result<Run, CommandFailure> {
        let ended = self.now();
        for _ in 0..CLOSINGS {
            (run.ended, run.reason) = (Some(ended), Some(reason.clone()));
            // Kept, so that a list of exercises need not look at every incident again.
            let debrief = self.debrief(run.clone()).await?;
            run.targets_met =
                Some(debrief.targets.iter().filter(|target| target.outcome == Outcome::Met).count() as u64);
            if self.keep(&mut run).await? {
                return Ok(run);
            }
            // The player of another process noted meanwhile how far it came.
            run = self.exercise(run.exercise.id.as_str()).await?.unwrap_or(run);
        }
        Err(CommandFailure::Late)
    }

    /// An exercise, under way or over.
    pub async fn exercise(self: &Arc<Self>, id: &str) -> Result<Option<Run>, CommandFailure> {
        let id = id.to_owned();
        self.stored(move |platform| {
            platform.store().get(&PLAYER, EXERCISE, &id)?.map(|document| Run::read(&document)).transpose()
        })
        .await
    }

    /// What an exercise showed until its end, or until now.
    pub async fn debrief(self: &Arc<Self>, run: Run) -> Result<Debrief, CommandFailure> {
        self.stored(move |platform| {
            let until = run.ended.unwrap_or_else(|| platform.now());
            let incidents = incidents_of(platform, &run, until)?;
            let mut reads = Vec::new();
            for incident in &incidents {
                reads.extend(reads_of(platform, incident, until)?);
            }
            Ok(Debrief::of(&run.exercise, until, &run.scenario, &incidents, &reads))
        })
        .await
    }

    /// Stores it, unless another process stored it since it was read.
    async fn keep(self: &Arc<Self>, run: &mut Run) -> Result<bool, CommandFailure> {
        let write = run.write();
        let is_kept = self.stored(move |platform| match platform.store().apply(&PLAYER, vec![write]) {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        });
        let is_kept = is_kept.await?;
        run.version += u64::from(is_kept);
        Ok(is_kept)
    }

    async fn under_way(self: &Arc<Self>) -> Result<Option<Run>, CommandFailure> {
        self.stored(|platform| {
            let query = Query { states: vec![RUNNING.to_owned()], limit: 1, ..Query::new(EXERCISE) };
            platform.store().list(&PLAYER, &query)?.documents.first().map(Run::read).transpose()
        })
        .await
    }

    async fn forget(self: &Arc<Self>, run: &Run) -> Result<(), CommandFailure> {
        let write = Write::Delete { kind: EXERCISE, id: run.exercise.id.to_string(), expect: Expect::Any };
        self.stored(move |platform| platform.store().apply(&PLAYER, vec![write]).map(drop)).await
    }

    async fn stored<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, CommandFailure> {
        let platform = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&platform)).await;
        done.map_err(|_| CommandFailure::Closed)?.map_err(|e| CommandFailure::Storage(e.to_string()))
    }
}

fn order(director: &Director, body: CommandBody) -> Command {
    Command { by: Some(director.by.clone()), agency: director.agency.clone(), expected_version: None, body }
}

fn incidents_of(platform: &Platform, run: &Run, until: Timestamp) -> Result<Vec<Incident>, StoreError> {
    let query = Query {
        from: Some(run.exercise.started),
        to: Some(until + Duration::from_secs(1)),
        fields: vec![("reality", vec!["exercise".to_owned()])],
        ..Query::new(INCIDENT)
    };
    let found = documents::matching(platform.store(), &PLAYER, query)?;
    found.iter().map(documents::read).collect()
}

/// Who read an incident and when each did so first, by the audit log. It tells the newest first, so all of it is read;
/// what is kept is one time for each reader.
fn reads_of(platform: &Platform, incident: &Incident, until: Timestamp) -> Result<Vec<Read>, StoreError> {
    let mut query = AuditQuery {
        from: Some(incident.opened),
        to: Some(until + Duration::from_secs(1)),
        action: Some("read".to_owned()),
        resource: Some(format!("incident/{}", incident.id)),
        limit: Query::MAX_LIMIT,
        ..AuditQuery::default()
    };
    let mut first = BTreeMap::new();
    loop {
        let page = platform.store().audit(&PLAYER, &query)?;
        first.extend(page.entries.into_iter().map(|entry| (entry.actor, entry.at)));
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => break,
        }
    }
    let read = |(by, at)| Read { incident: incident.id.clone(), by, at };
    Ok(first.into_iter().map(read).collect())
}
