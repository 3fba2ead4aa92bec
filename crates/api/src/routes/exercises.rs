//! Exercises: begin one, end it, and what it showed. Scenarios to start from lie in `exercises/` of the repository.

use std::sync::LazyLock;

use axum::http::StatusCode;
use utoipa::IntoParams;
use vigiles_engine::exercise::Scenario;
use vigiles_runtime::documents::EXERCISE;
use vigiles_runtime::exercise::{Director, Run};
use vigiles_trust::{Action, Resource};

use super::listing::{self, Window};
use super::scenario_file;
use crate::call::{Call, json, names, ok, stored};
use crate::endpoint::{Answer, Endpoint};
use crate::problem::{Code, Problem};
use crate::wire::exercise::{
    CheckScenario, Debrief, EndExercise, Exercise, ExerciseScenarios, ScenarioChecked, StartExercise,
};

const READ: Action = Action::Read(Resource::Exercises);
const WRITE: Action = Action::Write(Resource::Exercises);

/// The scenarios that come with the platform.
const TEXTS: [&str; 2] =
    [include_str!("../../../../exercises/gas-leak.toml"), include_str!("../../../../exercises/power-cut.toml")];

static SCENARIOS: LazyLock<Vec<Scenario>> =
    LazyLock::new(|| TEXTS.iter().map(|text| toml::from_str(text).expect("a test reads every scenario")).collect());

/// Which exercises.
#[derive(Debug, Default, serde::Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ExercisesQuery {
    /// Begun at or after.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Begun before.
    #[param(format = DateTime)]
    to: Option<String>,
    /// Items wanted, 1 to 1000; 100 where absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::get("/api/v1/exercises", "list_exercises", "Lists exercises, newest first", list)
            .may(READ)
            .query::<ExercisesQuery>()
            .answers_list::<Exercise>("A page of exercises."),
        Endpoint::post("/api/v1/exercises", "start_exercise", "Begins an exercise; there is one at a time", start)
            .may(WRITE)
            .takes::<StartExercise>()
            .answers::<Exercise>(201, "The exercise.")
            .also(&[404, 409]),
        Endpoint::get("/api/v1/exercises/{id}", "get_exercise", "One exercise with its scenario", get)
            .may(READ)
            .answers::<Exercise>(200, "The exercise."),
        Endpoint::post(
            "/api/v1/exercises/{id}/end",
            "end_exercise",
            "Ends an exercise: closes its incidents and clears its alarms",
            end,
        )
        .may(WRITE)
        .takes::<EndExercise>()
        .answers::<Exercise>(200, "The exercise.")
        .also(&[404, 409]),
        Endpoint::get(
            "/api/v1/exercises/{id}/debrief",
            "get_debrief",
            "Who saw what when, steps late or missed, times against targets",
            debrief,
        )
        .may(READ)
        .answers::<Debrief>(200, "The debrief, until the end of the exercise or until now."),
        Endpoint::get("/api/v1/exercise-scenarios", "list_exercise_scenarios", "Scenarios to start from", scenarios)
            .may(READ)
            .answers::<ExerciseScenarios>(200, "All of them."),
        Endpoint::post(
            "/api/v1/exercise-scenarios/check",
            "check_exercise_scenario",
            "What is wrong with a scenario, by field, line and column; nothing is started",
            check,
        )
        .may(WRITE)
        .takes::<CheckScenario>()
        .answers::<ScenarioChecked>(200, "The scenario as it was read."),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("exercises")).collect()
}

async fn list(call: Call) -> Answer {
    let ExercisesQuery { from, to, limit, cursor } = call.query()?;
    let query = Window { from, to, limit, cursor, ..Window::default() }.query(EXERCISE)?;
    listing::page(&call, query, |api, documents| {
        let name_of = names(&api.platform);
        documents.iter().map(|document| Ok(Exercise::new(stored(document)?, &name_of))).collect()
    })
    .await
}

async fn start(call: Call) -> Answer {
    let StartExercise { scenario_id, scenario, file } = call.json()?;
    let scenario = match (scenario_id, scenario, &file) {
        (Some(id), None, None) => SCENARIOS
            .iter()
            .find(|scenario| scenario.id.as_str() == id)
            .cloned()
            .ok_or_else(|| Problem::not_found("exercise scenario", &id))?,
        (None, Some(scenario), None) => scenario,
        (None, None, Some(text)) => scenario_file::read(text)?,
        _ => return Err(one_of("scenario_id", "`scenario_id`, `scenario` or `file`")),
    };
    let started = call.platform().start_exercise(&call.context()?, &director(&call)?, scenario).await;
    let run = started.map_err(|failure| placed(failure.into(), file.as_deref()))?;
    json(StatusCode::CREATED, &Exercise::new(run, &names(call.platform())))
}

async fn check(call: Call) -> Answer {
    let CheckScenario { scenario, file } = call.json()?;
    let scenario = match (scenario, &file) {
        (Some(scenario), None) => scenario,
        (None, Some(text)) => scenario_file::read(text)?,
        _ => return Err(one_of("scenario", "`scenario` or `file`")),
    };
    call.platform().check_scenario(&scenario).await.map_err(|error| placed(error.into(), file.as_deref()))?;
    ok(&ScenarioChecked { length_s: scenario.length_s(), scenario })
}

fn one_of(path: &str, names: &str) -> Problem {
    Problem::of(Code::Malformed, path, format!("expected exactly one of {names}"))
}

/// The same problem with its places in the file that the scenario was read from.
fn placed(problem: Problem, file: Option<&str>) -> Problem {
    match file {
        Some(text) => scenario_file::placed(problem, text),
        None => problem,
    }
}

async fn get(call: Call) -> Answer {
    ok(&Exercise::new(find(&call).await?, &names(call.platform())))
}

async fn end(call: Call) -> Answer {
    let EndExercise { reason } = call.json()?;
    let run = find(&call).await?;
    call.check_owner(Some(&run.agency))?;
    let id = call.parameter("id");
    let run = call.platform().end_exercise(&call.context()?, &director(&call)?, id, reason).await?;
    ok(&Exercise::new(run, &names(call.platform())))
}

async fn debrief(call: Call) -> Answer {
    let run = find(&call).await?;
    call.audit_read(&format!("debrief/{}", run.exercise.id), String::new()).await?;
    let made = call.platform().debrief(run).await?;
    ok(&Debrief::new(made, &names(call.platform())))
}

async fn scenarios(_call: Call) -> Answer {
    ok(&ExerciseScenarios { items: SCENARIOS.clone() })
}

async fn find(call: &Call) -> Result<Run, Problem> {
    let id = call.parameter("id");
    call.platform().exercise(id).await?.ok_or_else(|| Problem::not_found("exercise", id))
}

fn director(call: &Call) -> Result<Director, Problem> {
    let caller = call.caller()?;
    Ok(Director { by: caller.id.clone(), agency: caller.agency.clone() })
}
