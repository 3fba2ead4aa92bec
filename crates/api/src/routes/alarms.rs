//! Alarms.

use std::collections::HashMap;

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use vigiles_model::{Alarm, RuleId};
use vigiles_runtime::documents::{self, ALARM, DRILL, RULE, SHADOW};
use vigiles_store::{Document, Query, Store};
use vigiles_trust::{Action, Context, Resource};

use super::listing::{self, Window, words_of};
use crate::call::{Call, stored, units, versioned};
use crate::endpoint::{Answer, Endpoint};
use crate::problem::Problem;
use crate::wire::alarm::Alarm as WireAlarm;

const READ: Action = Action::Read(Resource::Alarms);

/// Which alarms.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct AlarmsQuery {
    /// `active`, `cleared`, or both separated by a comma.
    state: Option<String>,
    /// `live` where absent; `shadow` for those of rules on trial, whatever their state.
    stage: Option<String>,
    /// `actual` where absent; `exercise` for those of exercises, whatever their state.
    reality: Option<String>,
    /// Raised by this rule.
    rule: Option<String>,
    /// Severities, separated by commas.
    severity: Option<String>,
    /// Of this incident.
    incident: Option<String>,
    /// `west,south,east,north` in degrees.
    #[param(example = "24.8,60.1,25.0,60.3")]
    bbox: Option<String>,
    /// Raised at or after.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Raised before.
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
        Endpoint::get("/api/v1/alarms", "list_alarms", "Lists alarms, newest first", list)
            .may(READ)
            .query::<AlarmsQuery>()
            .answers_list::<WireAlarm>("A page of alarms."),
        Endpoint::get("/api/v1/alarms/{id}", "get_alarm", "One alarm with the observations that caused it", get)
            .may(READ)
            .answers::<WireAlarm>(200, "The alarm.")
            .etag(),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("alarms")).collect()
}

async fn list(call: Call) -> Answer {
    let asked: AlarmsQuery = call.query()?;
    let severities =
        words_of("severity", asked.severity.as_deref(), &["unknown", "minor", "moderate", "severe", "extreme"])?;
    let states = stored_states(&asked)?;
    let fields = vec![
        ("rule", asked.rule.into_iter().collect()),
        ("incident", asked.incident.into_iter().collect()),
        ("severity", severities),
    ];
    let AlarmsQuery { bbox, from, to, limit, cursor, .. } = asked;
    let window = Window { bbox, from, to, limit, cursor, ..Window::default() };
    let query = Query { states, fields, ..window.query(ALARM)? };
    listing::page(&call, query, |api, documents| {
        let names = Names::of(api.platform.store(), documents)?;
        let unit = units(&api.platform);
        let shown = |document| {
            let alarm: Alarm = stored(document)?;
            Ok(WireAlarm::new(&alarm, &unit, names.rule(&alarm.rule)))
        };
        documents.iter().map(shown).collect()
    })
    .await
}

/// An alarm of a rule on trial is stored in a state of its own, as is one of an exercise, so that nobody meets it
/// without asking.
fn stored_states(asked: &AlarmsQuery) -> Result<Vec<String>, Problem> {
    let states = words_of("state", asked.state.as_deref(), &["active", "cleared"])?;
    let stages = words_of("stage", asked.stage.as_deref(), &["shadow", "live"])?;
    let shadow = stages.iter().any(|stage| stage == "shadow");
    let realities = words_of("reality", asked.reality.as_deref(), &["actual", "exercise"])?;
    if realities.iter().any(|reality| reality == "exercise") {
        let also_actual = realities.iter().any(|reality| reality == "actual");
        let without = AlarmsQuery { state: asked.state.clone(), stage: asked.stage.clone(), ..AlarmsQuery::default() };
        let actual = if also_actual { stored_states(&without)? } else { Vec::new() };
        return Ok(actual.into_iter().chain([DRILL.to_owned()]).collect());
    }
    let live = !shadow || stages.iter().any(|stage| stage == "live");
    let live_states = match states.as_slice() {
        _ if !live => Vec::new(),
        [] => vec!["active".to_owned(), "cleared".to_owned()],
        _ => states,
    };
    Ok(live_states.into_iter().chain(shadow.then(|| SHADOW.to_owned())).collect())
}

async fn get(call: Call) -> Answer {
    let (ctx, id) = (call.context()?, call.parameter("id").to_owned());
    let alarm = call
        .blocking(move |api| {
            let store = api.platform.store();
            let document = store.get(&ctx, ALARM, &id)?.ok_or_else(|| Problem::not_found("alarm", &id))?;
            let names = Names::of(store, std::slice::from_ref(&document))?;
            let alarm: Alarm = stored(&document)?;
            Ok(WireAlarm::new(&alarm, &units(&api.platform), names.rule(&alarm.rule)))
        })
        .await?;
    versioned(StatusCode::OK, &alarm, alarm.version)
}

/// The names of the rules behind some alarms.
pub(super) struct Names(HashMap<RuleId, String>);

impl Names {
    /// Looks each rule up once.
    pub(super) fn of(store: &dyn Store, alarms: &[Document]) -> Result<Self, Problem> {
        let mut names = HashMap::new();
        for document in alarms {
            let rule = stored::<Alarm>(document)?.rule;
            if names.contains_key(&rule) {
                continue;
            }
            let name = match store.get(&Context::system("api"), RULE, rule.as_str())? {
                Some(document) => documents::rule(&document)?.document.name,
                None => rule.to_string(),
            };
            names.insert(rule, name);
        }
        Ok(Self(names))
    }

    /// The name of a rule; its id where it is gone.
    pub(super) fn rule(&self, id: &RuleId) -> String {
        self.0.get(id).cloned().unwrap_or_else(|| id.to_string())
    }
}
