//! Assets, zones, kinds, playbooks and correlation rules: the setting of the city. Rules are in `rules`, written the same way.

use axum::http::{Method, StatusCode};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use vigiles_engine::{CommandBody, CommandDone, ConfigDocument, ConfigKind, Correlation};
use vigiles_model::AgencyId;
use vigiles_model::unit::{self, UnitError};
use vigiles_runtime::documents;
use vigiles_store::Document;
use vigiles_trust::{Action, Context, Resource};

use super::listing::{self, Window};
use super::{playbook_checks, rules, zone_use};
use crate::call::{Call, no_content, place, versioned};
use crate::endpoint::{Answer, Endpoint, IfMatch};
use crate::problem::{Code, Fault, Problem, Within};
use crate::wire::asset::Asset;
use crate::wire::document::{Lookup, Wire, wire};
use crate::wire::playbook::Playbook;
use crate::wire::zone::Zone;
use crate::wire::{correlation, kind};

/// Which of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ConfigQuery {
    /// Containing this text.
    q: Option<String>,
    /// `west,south,east,north` in degrees, for what has a place.
    #[param(example = "24.8,60.1,25.0,60.3")]
    bbox: Option<String>,
    /// Items wanted, 1 to 1000; 100 where absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What is said with the deletion of a rule.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct DeleteQuery {
    /// Why; its last version says so. Needed.
    #[param(required = true)]
    reason: Option<String>,
}

/// The names one sort of document has in the API.
pub(super) struct Sort {
    pub(super) what: ConfigKind,
    pub(super) resource: Resource,
    /// `/api/v1/assets`, and the same with `/{id}`.
    pub(super) paths: (&'static str, &'static str),
    /// Ids of the operations: list, get, put, delete.
    pub(super) ids: [&'static str; 4],
    /// Their summaries.
    pub(super) summaries: [&'static str; 4],
}

/// Makes the body of a command from the bytes of a request, checked against the id in the path.
pub(super) type Read = fn(&Call) -> Result<(CommandBody, Option<AgencyId>), Problem>;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let assets = Sort {
        what: ConfigKind::Asset,
        resource: Resource::Assets,
        paths: ("/api/v1/assets", "/api/v1/assets/{id}"),
        ids: ["list_assets", "get_asset", "put_asset", "delete_asset"],
        summaries: ["Lists assets", "One asset", "Creates or replaces an asset", "Deletes an asset"],
    };
    let zones = Sort {
        what: ConfigKind::Zone,
        resource: Resource::Zones,
        paths: ("/api/v1/zones", "/api/v1/zones/{id}"),
        ids: ["list_zones", "get_zone", "put_zone", "delete_zone"],
        summaries: ["Lists zones", "One zone", "Creates or replaces a zone", "Deletes a zone"],
    };
    let kinds = Sort {
        what: ConfigKind::Kind,
        resource: Resource::Kinds,
        paths: ("/api/v1/kinds", "/api/v1/kinds/{id}"),
        ids: ["list_kinds", "get_kind", "put_kind", "delete_kind"],
        summaries: [
            "Lists observation kinds",
            "One observation kind",
            "Registers or replaces an observation kind",
            "Deletes an observation kind",
        ],
    };
    let playbooks = Sort {
        what: ConfigKind::Playbook,
        resource: Resource::Playbooks,
        paths: ("/api/v1/playbooks", "/api/v1/playbooks/{id}"),
        ids: ["list_playbooks", "get_playbook", "put_playbook", "delete_playbook"],
        summaries: ["Lists playbooks", "One playbook", "Creates or replaces a playbook", "Deletes a playbook"],
    };
    let correlations = Sort {
        what: ConfigKind::Correlation,
        resource: Resource::Rules,
        paths: ("/api/v1/correlations", "/api/v1/correlations/{id}"),
        ids: ["list_correlations", "get_correlation", "put_correlation", "delete_correlation"],
        summaries: [
            "Lists correlation rules",
            "One correlation rule",
            "Creates or replaces a correlation rule",
            "Deletes a correlation rule",
        ],
    };
    [
        sort::<Asset>(&assets, read_asset),
        sort::<Zone>(&zones, read_zone),
        sort::<kind::Kind>(&kinds, read_kind),
        sort::<Playbook>(&playbooks, read_playbook),
        sort::<correlation::Correlation>(&correlations, read_correlation),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The four endpoints of a sort.
pub(super) fn sort<T: ToSchema>(sort: &Sort, read: Read) -> Vec<Endpoint> {
    let &Sort { what, resource, paths, ids, summaries } = sort;
    let (reading, writing) = (Action::Read(resource), Action::Write(resource));
    let delete = Endpoint::new(Method::DELETE, paths.1, ids[3], summaries[3], move |call| delete(call, what))
        .may(writing)
        .if_match(IfMatch::Required)
        .answers_nothing("It is gone.")
        .also(&[409, 422]);
    let put = Endpoint::new(Method::PUT, paths.1, ids[2], summaries[2], move |call| put(call, what, read))
        .may(writing)
        .takes::<T>()
        .if_match(IfMatch::Required)
        .answers::<T>(200, "As it is now.")
        .answers::<T>(201, "Created.")
        .etag()
        .also(&[409]);
    let is_rule = what == ConfigKind::Rule;
    let all = vec![
        Endpoint::get(paths.0, ids[0], summaries[0], move |call| list(call, what))
            .may(reading)
            .query::<ConfigQuery>()
            .answers_list::<T>("A page of them, by id."),
        Endpoint::get(paths.1, ids[1], summaries[1], move |call| get(call, what))
            .may(reading)
            .answers::<T>(200, "It.")
            .etag(),
        if is_rule { put.query::<rules::PutQuery>() } else { put },
        if is_rule { delete.query::<DeleteQuery>() } else { delete },
    ];
    all.into_iter().map(|endpoint| endpoint.tag("setting")).collect()
}

async fn list(call: Call, what: ConfigKind) -> Answer {
    let ConfigQuery { q, bbox, limit, cursor } = call.query()?;
    let window = Window { bbox, q, limit, cursor, ..Window::default() };
    let query = window.query(documents::config_kind(what))?;
    listing::page(&call, query, |_, documents| documents.iter().map(shown).collect()).await
}

async fn get(call: Call, what: ConfigKind) -> Answer {
    let ctx = call.context()?;
    let document =
        find(&call, ctx, what).await?.ok_or_else(|| Problem::not_found(what.as_str(), call.parameter("id")))?;
    let shown = shown(&document)?;
    versioned(StatusCode::OK, &shown, version_of(&shown))
}

async fn put(call: Call, what: ConfigKind, read: Read) -> Answer {
    let found = find(&call, Context::system("api"), what).await?;
    let expected = match &found {
        Some(document) => {
            call.check_owner(document.agency.as_ref())?;
            call.must_match()?
        }
        // 0 tells the engine that it must not exist: of two who create it, one is told.
        None => Some(call.if_match()?.unwrap_or(0)),
    };
    let (body, agency) = read(&call)?;
    let untried = match &body {
        CommandBody::PutRule(rule) => {
            let untried = rules::untried(&call, rule).await?;
            rules::to_save(&call, rule, untried.as_deref()).await?.refuse()?;
            untried
        }
        _ => None,
    };
    call.check_owner(agency.as_ref())?;
    check_agency(&call, agency.as_ref())?;
    let done = call.put(expected, body, untried).await?;
    let status = if found.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    match done {
        CommandDone::Config { document, version } => versioned(status, &shown_config(&document, version), version),
        other => Err(Problem::internal(&format!("a put answered {other:?}"))),
    }
}

/// Nobody could handle what belongs to an agency that does not exist. The caller's own does.
fn check_agency(call: &Call, agency: Option<&AgencyId>) -> Result<(), Problem> {
    let Some(id) = agency else { return Ok(()) };
    if call.context()?.agency() == Some(id) || call.api.platform.directory().agency(id).is_some() {
        return Ok(());
    }
    let what = format!("there is no agency {id}; make it under /api/v1/agencies first");
    Err(Problem::of(Code::Invalid, "agency", what))
}

async fn delete(call: Call, what: ConfigKind) -> Answer {
    let id = call.parameter("id").to_owned();
    let found =
        find(&call, Context::system("api"), what).await?.ok_or_else(|| Problem::not_found(what.as_str(), &id))?;
    call.check_owner(found.agency.as_ref())?;
    let expected = call.must_match()?;
    let reason = if what == ConfigKind::Rule {
        let reason = call.query::<DeleteQuery>()?.reason.unwrap_or_default();
        if reason.trim().is_empty() {
            return Err(Problem::of(Code::Invalid, "reason", "expected why the rule is deleted, found nothing"));
        }
        Some(reason)
    } else {
        None
    };
    if what == ConfigKind::Zone {
        zone_use::refuse_named(&call, &id).await?;
    }
    call.command(expected, CommandBody::Delete { what, id, reason }).await?;
    Ok(no_content())
}

async fn find(call: &Call, ctx: Context, what: ConfigKind) -> Result<Option<Document>, Problem> {
    let id = call.parameter("id").to_owned();
    call.blocking(move |api| Ok(api.platform.store().get(&ctx, documents::config_kind(what), &id)?)).await
}

fn shown(document: &Document) -> Result<Wire, Problem> {
    // Configuration has no units and no names to look up.
    let lookup = Lookup { unit: &|_| String::new(), rule_name: &|_| String::new(), name_of: &|_| None };
    wire(document, &lookup)?.ok_or_else(|| Problem::internal(&format!("{} has no wire form", document.kind.name())))
}

fn shown_config(document: &ConfigDocument, version: u64) -> Wire {
    match document {
        ConfigDocument::Asset(d) => Wire::Asset(Box::new(Asset::new(d, version))),
        ConfigDocument::Zone(d) => Wire::Zone(Box::new(Zone::new(d, version))),
        ConfigDocument::Kind(d) => Wire::Kind(Box::new(kind::Kind::new(d, version))),
        ConfigDocument::Playbook(d) => Wire::Playbook(Box::new(Playbook::new(d, version))),
        ConfigDocument::Correlation(d) => Wire::Correlation(Box::new(Correlation { version, ..(**d).clone() })),
        ConfigDocument::Rule(d) => Wire::Rule(Box::new(vigiles_engine::rule::Rule { version, ..(**d).clone() })),
    }
}

fn version_of(wire: &Wire) -> u64 {
    match wire {
        Wire::Asset(d) => d.version,
        Wire::Zone(d) => d.version,
        Wire::Kind(d) => d.version,
        Wire::Playbook(d) => d.version,
        Wire::Correlation(d) => d.version,
        Wire::Rule(d) => d.version,
        Wire::Alarm(d) => d.version,
        Wire::Incident(d) => d.version,
    }
}

/// The id in the body must be the one in the path.
pub(super) fn same_id(call: &Call, id: &str) -> Result<(), Problem> {
    let path = call.parameter("id");
    if id == path {
        Ok(())
    } else {
        Err(Problem::of(Code::Invalid, "id", format!("{id:?} is not the id of the path, {path:?}")))
    }
}

fn read_asset(call: &Call) -> Result<(CommandBody, Option<AgencyId>), Problem> {
    let asset: Asset = call.json()?;
    same_id(call, asset.id.as_str())?;
    place("place", &asset.place)?;
    let agency = asset.agency.clone();
    Ok((CommandBody::PutAsset(Box::new(asset.into())), Some(agency)))
}

fn read_zone(call: &Call) -> Result<(CommandBody, Option<AgencyId>), Problem> {
    let zone: Zone = call.json()?;
    same_id(call, zone.id.as_str())?;
    place("area", &zone.area)?;
    let agency = zone.agency.clone();
    Ok((CommandBody::PutZone(Box::new(zone.into())), Some(agency)))
}

fn read_kind(call: &Call) -> Result<(CommandBody, Option<AgencyId>), Problem> {
    let kind: kind::Kind = call.json()?;
    same_id(call, kind.id.as_str())?;
    if !kind.unit.is_empty() {
        unit::check(&kind.unit).map_err(|error| unit_fault(&error))?;
    }
    Ok((CommandBody::PutKind(Box::new(kind.into())), None))
}

/// What is wrong with a unit code, and at which column of it.
fn unit_fault(error: &UnitError) -> Problem {
    let fault = Fault::new("unit", error.to_string());
    let fault = match error.column() {
        Some(column) => fault.at(Within::Text, (1, column)),
        None => fault,
    };
    Problem { errors: vec![fault.clone()], ..Problem::new(Code::Invalid, format!("{}: {}", fault.path, fault.message)) }
}

fn read_playbook(call: &Call) -> Result<(CommandBody, Option<AgencyId>), Problem> {
    let playbook: Playbook = call.json()?;
    same_id(call, playbook.id.as_str())?;
    let playbook = playbook_checks::check(call, playbook)?;
    Ok((CommandBody::PutPlaybook(Box::new(playbook)), None))
}

fn read_correlation(call: &Call) -> Result<(CommandBody, Option<AgencyId>), Problem> {
    let correlation: Correlation = call.json()?;
    same_id(call, correlation.id.as_str())?;
    Ok((CommandBody::PutCorrelation(Box::new(correlation)), None))
}
