//! Alarms.

use std::collections::HashMap;

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use vigiles_engine::rule::Rule;
use vigiles_model::{Alarm, RuleId};
use vigiles_runtime::documents::{self, ALARM, RULE, Versioned};
use vigiles_store::{Document, Query, Store};
use vigiles_trust::{Action, Context, Resource};

use crate::call::{Call, area, limit, moment, ok, stored, units, versioned, words};
use crate::endpoint::{Answer, Endpoint};
use crate::problem::{Code, Problem};
use crate::wire::alarm::Alarm as WireAlarm;
use crate::wire::list::List;

const READ: Action = Action::Read(Resource::Alarms);
/// Pages read from the store for one page of an answer, where a filter of the body leaves few.
const MAX_PAGES_READ: usize = 20;

/// Which alarms.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct AlarmsQuery {
    /// `active`, `cleared`, or both separated by a comma.
    state: Option<String>,
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
    let severities = words(asked.severity.as_deref());
    check_words("severity", &severities, &["minor", "moderate", "severe", "extreme"])?;
    let states = words(asked.state.as_deref());
    check_words("state", &states, &["active", "cleared"])?;
    let query = Query {
        states,
        area: area(asked.bbox.as_deref())?,
        from: moment("from", asked.from.as_deref())?,
        to: moment("to", asked.to.as_deref())?,
        limit: limit(asked.limit)?,
        cursor: asked.cursor,
        ..Query::new(ALARM)
    };
    let fits = move |alarm: &Alarm| {
        asked.rule.as_deref().is_none_or(|rule| alarm.rule.as_str() == rule)
            && asked.incident.as_deref().is_none_or(|id| alarm.incident.as_ref().is_some_and(|i| i.as_str() == id))
            && (severities.is_empty() || severities.contains(&documents::word(&alarm.severity)))
    };
    let ctx = call.context()?;
    let list = call
        .blocking(move |api| {
            let (found, next) = filtered(api.platform.store(), &ctx, query, fits)?;
            let documents: Vec<_> = found.iter().map(|(document, _)| document.clone()).collect();
            let names = Names::of(api.platform.store(), &documents)?;
            let unit = units(&api.platform);
            let items = found.iter().map(|(_, alarm)| WireAlarm::new(alarm, &unit, names.rule(&alarm.rule))).collect();
            Ok(List { items, next })
        })
        .await?;
    ok(&list)
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

/// Documents with their bodies, and the cursor of the next page.
pub(super) type Found<T> = (Vec<(Document, T)>, Option<String>);

/// A page of documents whose bodies fit, filled from as many pages of the store as it takes, up to a bound;
/// then the page is short and its cursor goes on.
pub(super) fn filtered<T: serde::de::DeserializeOwned>(
    store: &dyn Store,
    ctx: &Context,
    mut query: Query,
    fits: impl Fn(&T) -> bool,
) -> Result<Found<T>, Problem> {
    let wanted = query.limit;
    let mut found = Vec::new();
    for _ in 0..MAX_PAGES_READ {
        query.limit = wanted - found.len();
        let page = store.list(ctx, &query)?;
        for document in page.documents {
            let body: T = stored(&document)?;
            if fits(&body) {
                found.push((document, body));
            }
        }
        query.cursor = page.next;
        if query.cursor.is_none() || found.len() == wanted {
            break;
        }
    }
    Ok((found, query.cursor))
}

/// Checks words of the query against a closed list.
pub(super) fn check_words(name: &str, given: &[String], known: &[&str]) -> Result<(), Problem> {
    match given.iter().find(|word| !known.contains(&word.as_str())) {
        Some(word) => Err(Problem::of(Code::Malformed, name, format!("{word:?} is none of {}", known.join(", ")))),
        None => Ok(()),
    }
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
                Some(document) => stored::<Versioned<Rule>>(&document)?.document.name,
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
