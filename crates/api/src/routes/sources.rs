//! Sources: how they are set, how they are doing, and a mapping tried on a sample.

use axum::http::{Method, StatusCode};
use vigiles_formats::mapping::{Config, Mapping};
use vigiles_formats::observation::Draft;
use vigiles_model::Duration;
use vigiles_runtime::counters::SourceHealth;
use vigiles_runtime::directory::{self, SourceSetting};
use vigiles_trust::{Action, Resource};

use super::accounts::page;
use super::config::same_id;
use crate::call::{Call, no_content, ok, versioned};
use crate::endpoint::{Answer, Endpoint, IfMatch};
use crate::problem::Problem;
use crate::state::Api;
use crate::wire::list::{List, PageQuery};
use crate::wire::observation::{Delivery, Value};
use crate::wire::place::Place;
use crate::wire::source::{
    Health, HealthState, Source, SourceDoor, SourceSetting as WireSetting, Tried, TryError, TryMapping,
};
use crate::wire::time::Time;

const READ: Action = Action::Read(Resource::Sources);
const WRITE: Action = Action::Write(Resource::Sources);
/// A source that delivered within this time is live.
const LIVE: Duration = Duration::from_secs(300);
/// Most observations shown of a sample.
const MAX_TRIED: usize = 200;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::get("/api/v1/sources", "list_sources", "Lists sources by id, with their health", list)
            .may(READ)
            .query::<PageQuery>()
            .answers_list::<Source>("A page of sources: those set here, and those that only deliver."),
        Endpoint::get("/api/v1/sources/{id}", "get_source", "One source", get)
            .may(READ)
            .answers::<Source>(200, "The source.")
            .etag(),
        Endpoint::new(Method::PUT, "/api/v1/sources/{id}", "put_source", "Creates or replaces a source", put)
            .may(WRITE)
            .takes::<WireSetting>()
            .if_match(IfMatch::Required)
            .answers::<Source>(200, "As it is now.")
            .answers::<Source>(201, "Created.")
            .etag()
            .also(&[409]),
        Endpoint::new(
            Method::DELETE,
            "/api/v1/sources/{id}",
            "delete_source",
            "Deletes a source; what it delivered stays",
            delete,
        )
        .may(WRITE)
        .if_match(IfMatch::Required)
        .answers_nothing("It is gone."),
        Endpoint::post(
            "/api/v1/sources/try",
            "try_mapping",
            "Tries a mapping on a sample, without storing anything",
            try_mapping,
        )
        .may(WRITE)
        .takes::<TryMapping>()
        .answers::<Tried>(200, "What the mapping makes of the sample."),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("sources")).collect()
}

async fn list(call: Call) -> Answer {
    let query: PageQuery = call.query()?;
    let page = page(all(&call.api), &query, |source| source.id.clone())?;
    ok(&List { items: page.items, next: page.next })
}

async fn get(call: Call) -> Answer {
    let id = call.parameter("id");
    let source = all(&call.api).into_iter().find(|s| s.id == id).ok_or_else(|| Problem::not_found("source", id))?;
    versioned(StatusCode::OK, &source, source.version)
}

async fn put(call: Call) -> Answer {
    let found = call.platform().directory().source_setting(call.parameter("id"));
    let expected = if found.is_some() { call.must_match()? } else { Some(call.if_match()?.unwrap_or(0)) };
    let wire: WireSetting = call.json()?;
    same_id(&call, wire.id.as_str())?;
    let setting = SourceSetting {
        id: wire.id,
        name: wire.name,
        door: wire.door.into(),
        topic: wire.topic,
        url: wire.url,
        mapping: wire.mapping,
        enabled: wire.enabled,
        version: 0,
    };
    let ctx = call.context()?;
    let put = call.blocking(move |api| Ok(api.platform.directory().put_source(&ctx, setting, expected)?)).await?;
    let status = if found.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    let version = put.version;
    versioned(status, &shown(&call.api, put), version)
}

async fn delete(call: Call) -> Answer {
    let id = call.parameter("id").to_owned();
    if call.platform().directory().source_setting(&id).is_none() {
        return Err(Problem::not_found("source", &id));
    }
    let (ctx, expected) = (call.context()?, call.must_match()?);
    call.blocking(move |api| Ok(api.platform.directory().delete_source(&ctx, &id, expected)?)).await?;
    Ok(no_content())
}

async fn try_mapping(call: Call) -> Answer {
    let tried: TryMapping = call.json()?;
    let answer = call.blocking(move |_| Ok(run_try(&tried))).await?;
    ok(&answer)
}

fn run_try(tried: &TryMapping) -> Tried {
    let failed = |path: &str, message: String| Tried {
        observations: Vec::new(),
        errors: vec![TryError { path: path.to_owned(), message }],
    };
    let config = match serde_path_to_error::deserialize::<_, Config>(&tried.mapping) {
        Ok(config) => config,
        Err(error) => return failed(&format!("mapping.{}", error.path()), error.inner().to_string()),
    };
    let mapping = match Mapping::new(config) {
        Ok(mapping) => mapping,
        Err(error) => return failed(&format!("mapping.{}", error.path), error.message),
    };
    let mut answer = Tried { observations: Vec::new(), errors: Vec::new() };
    for draft in mapping.drafts(tried.topic.as_deref().unwrap_or_default(), tried.sample.as_bytes()) {
        match draft.flaw {
            Some(flaw) if answer.errors.len() < MAX_TRIED => {
                answer.errors.push(TryError { path: flaw.path, message: flaw.message });
            }
            None if answer.observations.len() < MAX_TRIED => answer.observations.push(delivery(&draft)),
            // Enough was told.
            _ => {}
        }
    }
    answer
}

fn delivery(draft: &Draft) -> Delivery {
    let text = |t: &Option<compact_str::CompactString>| t.as_ref().map(ToString::to_string);
    Delivery {
        kind: draft.kind.to_string(),
        value: Value::from(&draft.value),
        unit: text(&draft.unit),
        source: text(&draft.source),
        asset: text(&draft.asset),
        time: draft.time.map(Time::from),
        place: draft.place.as_ref().map(Place::from),
        quality: Some(draft.quality.into()),
        origin: Some(draft.origin.into()),
        attributes: Some(draft.attributes.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect()),
    }
}

/// Those set here and those that only deliver, by id.
fn all(api: &Api) -> Vec<Source> {
    let mut sources: Vec<_> =
        api.platform.directory().source_settings().into_iter().map(|setting| shown(api, setting)).collect();
    let now = api.platform.now();
    for (id, health) in api.platform.intake().sources.all() {
        if sources.iter().all(|s| s.id != id.as_str()) {
            sources.push(Source {
                name: id.to_string(),
                id: id.to_string(),
                door: SourceDoor::Http,
                topic: None,
                url: None,
                mapping: None,
                enabled: true,
                configured: false,
                version: 0,
                health: shown_health(Some(health), now),
            });
        }
    }
    sources.sort_by(|a, b| a.id.cmp(&b.id));
    sources
}

fn shown(api: &Api, setting: SourceSetting) -> Source {
    let health = api.platform.intake().sources.get(&setting.id);
    Source {
        id: setting.id.to_string(),
        name: setting.name,
        door: setting.door.into(),
        topic: setting.topic,
        url: setting.url,
        mapping: setting.mapping,
        enabled: setting.enabled,
        configured: true,
        version: setting.version,
        health: shown_health(health, api.platform.now()),
    }
}

fn shown_health(health: Option<SourceHealth>, now: vigiles_model::Timestamp) -> Health {
    let health = health.unwrap_or_default();
    let state = match health.last_seen {
        Some(seen) if now.since(seen) <= LIVE => HealthState::Live,
        Some(_) => HealthState::Quiet,
        None if health.rejected > 0 => HealthState::Failing,
        None => HealthState::Never,
    };
    Health {
        state,
        last_seen: health.last_seen.map(Time::from),
        rate_per_s: health.rate_per_s,
        accepted: health.accepted,
        rejected: health.rejected,
        shed: health.shed,
        last_error: health.last_error,
    }
}

impl From<directory::SourceDoor> for SourceDoor {
    fn from(door: directory::SourceDoor) -> Self {
        match door {
            directory::SourceDoor::Mqtt => Self::Mqtt,
            directory::SourceDoor::Http => Self::Http,
            directory::SourceDoor::MqttClient => Self::MqttClient,
        }
    }
}

impl From<SourceDoor> for directory::SourceDoor {
    fn from(door: SourceDoor) -> Self {
        match door {
            SourceDoor::Mqtt => Self::Mqtt,
            SourceDoor::Http => Self::Http,
            SourceDoor::MqttClient => Self::MqttClient,
        }
    }
}
