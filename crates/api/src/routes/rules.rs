//! Rules, and the check of one that is being written.

use serde::Deserialize;
use utoipa::IntoParams;
use vigiles_engine::rule::{MAX_BYTES_PER_KEY, MAX_COST, Needs, Rule};
use vigiles_engine::{CommandBody, ConfigKind};
use vigiles_formats::observation::Registry;
use vigiles_model::{AgencyId, KindId};
use vigiles_runtime::documents::{self, RULE, RULE_VERSION};
use vigiles_runtime::trial;
use vigiles_store::{Document, Query};
use vigiles_trust::{Action, Context, Resource};

use super::config::{Sort, same_id, sort};
use super::listing::{self, Window};
use crate::call::{Call, names, ok, stored};
use crate::endpoint::{Answer, Endpoint};
use crate::problem::{Code, Fault, Problem};
use crate::wire::NameOf;
use crate::wire::rule;

/// Which page of versions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct VersionsQuery {
    /// Items wanted, 1 to 1000; 100 where absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// What is said with a rule that is put.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct PutQuery {
    /// Why it goes live although its condition was never tried on the past and never ran in shadow; its version and the
    /// audit log say so.
    #[param(min_length = 1, max_length = 2000)]
    untried: Option<String>,
}

/// Longest text of why a rule goes live untried.
const MAX_WHY_BYTES: usize = 2_000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let rules = Sort {
        what: ConfigKind::Rule,
        resource: Resource::Rules,
        paths: ("/api/v1/rules", "/api/v1/rules/{id}"),
        ids: ["list_rules", "get_rule", "put_rule", "delete_rule"],
        summaries: ["Lists rules", "One rule", "Creates or replaces a rule, if it has no fault", "Deletes a rule"],
    };
    let check =
        Endpoint::post("/api/v1/rules/check", "check_rule", "Says what is wrong with a rule, without saving it", check)
            .may(Action::Write(Resource::Rules))
            .takes::<rule::Rule>()
            .answers::<rule::Check>(200, "What is wrong, and where.")
            .tag("setting");
    let mut all = sort::<rule::Rule>(&rules, read);
    all.push(check);
    all.push(
        Endpoint::get(
            "/api/v1/rules/{id}/versions",
            "list_rule_versions",
            "Every version of a rule, newest first",
            versions,
        )
        .may(Action::Read(Resource::Rules))
        .query::<VersionsQuery>()
        .answers_list::<rule::RuleVersion>("A page of versions.")
        .tag("setting"),
    );
    all.push(
        Endpoint::get(
            "/api/v1/rules/{id}/versions/{version}",
            "get_rule_version",
            "A rule as it was in one version",
            version,
        )
        .may(Action::Read(Resource::Rules))
        .answers::<rule::RuleVersion>(200, "The version.")
        .tag("setting"),
    );
    all
}

async fn check(call: Call) -> Answer {
    let rule: Rule = call.json()?;
    let (diagnostics, needs) = (to_save(&call, &rule, None).await?.all, needs(&call, &rule));
    let tried = call
        .blocking(move |api| {
            let tried = trial::of_rule(api.platform.store(), &rule)?;
            Ok(tried.map(|tried| rule::RuleTrial::new(tried, &names(&api.platform))))
        })
        .await?;
    ok(&rule::Check {
        ok: diagnostics.is_empty(),
        diagnostics,
        cost: needs.steps,
        max_cost: MAX_COST,
        bytes_per_key: needs.bytes_per_key,
        max_bytes_per_key: MAX_BYTES_PER_KEY,
        tried,
    })
}

async fn versions(call: Call) -> Answer {
    let asked: VersionsQuery = call.query()?;
    let window = Window { limit: asked.limit, cursor: asked.cursor, ..Window::default() };
    let of = vec![("rule", vec![call.parameter("id").to_owned()])];
    let query = Query { fields: of, ..window.query(RULE_VERSION)? };
    listing::page(&call, query, |api, documents| {
        let name_of = names(&api.platform);
        documents.iter().map(|document| version_of(document, &name_of)).collect()
    })
    .await
}

async fn version(call: Call) -> Answer {
    let (ctx, id) = (call.context()?, call.parameter("id").to_owned());
    let version = call.parameter("version").to_owned();
    let found = call
        .blocking(move |api| {
            let number = version.parse().map_err(|_| Problem::not_found("version", &version))?;
            let key = documents::rule_version_id(&id, number);
            let document = api.platform.store().get(&ctx, RULE_VERSION, &key)?;
            let document = document.ok_or_else(|| Problem::not_found("version of a rule", &key))?;
            version_of(&document, &names(&api.platform))
        })
        .await?;
    ok(&found)
}

fn version_of(document: &Document, name_of: NameOf<'_>) -> Result<rule::RuleVersion, Problem> {
    Ok(rule::RuleVersion::new(stored(document)?, name_of))
}

/// What is wrong with a rule that is to be tried, and is written at this path of the body.
pub(super) fn to_try(call: &Call, rule: &Rule, path: &str) -> Result<Vec<Fault>, Problem> {
    let found = call.platform().check_rule(rule, call.context()?.agency()).into_iter().map(Fault::from);
    let placed = found.map(|fault| Fault { path: format!("{path}{}", fault.path), ..fault }.in_body(&call.body));
    Ok(placed.collect())
}

/// What keeps a rule from being saved.
pub(super) struct Faults {
    all: Vec<Fault>,
    /// Whether the first says that it is another agency's.
    is_foreign: bool,
}

impl Faults {
    /// Refuses a rule that has one.
    pub(super) fn refuse(self) -> Result<(), Problem> {
        match self.all.first() {
            Some(first) if self.is_foreign => {
                let refused = Problem::new(Code::Forbidden, first.message.clone());
                Err(Problem { errors: self.all, ..refused })
            }
            _ => refuse(self.all),
        }
    }
}

/// What is wrong with a rule that is to be saved, and is the body: the check says it, a put refuses it.
pub(super) async fn to_save(call: &Call, rule: &Rule, untried: Option<&str>) -> Result<Faults, Problem> {
    let (ctx, judged, untried) = (call.context()?, rule.clone(), untried.map(ToOwned::to_owned));
    let (stored, found) = call
        .blocking(move |api| {
            let stored = api.platform.store().get(&Context::system("api"), RULE, judged.id.as_str())?;
            Ok((stored, api.platform.check_to_save(&judged, ctx.agency(), untried.as_deref())?))
        })
        .await?;
    // The rule as it is, and as it is to be: to an agency that does not exist it cannot belong.
    let is_there = !found.iter().any(|fault| fault.field == "agency");
    let owners = [
        ("id", stored.as_ref().map(|stored| stored.agency.as_ref())),
        ("agency", is_there.then_some(Some(&rule.agency))),
    ];
    let foreign = owners.into_iter().filter_map(|(field, owner)| {
        let refused = call.check_owner(owner?).err()?;
        Some(Fault::new(field, refused.detail))
    });
    let foreign: Vec<Fault> = foreign.collect();
    let is_foreign = !foreign.is_empty();
    let all = foreign.into_iter().chain(found.into_iter().map(Fault::from));
    Ok(Faults { all: all.map(|fault| fault.in_body(&call.body)).collect(), is_foreign })
}

/// Why a rule that may not go live otherwise does: only where it was needed is it said of the version.
pub(super) async fn untried(call: &Call, rule: &Rule) -> Result<Option<String>, Problem> {
    let Some(why) = call.query::<PutQuery>()?.untried else { return Ok(None) };
    if why.trim().is_empty() || why.len() > MAX_WHY_BYTES {
        let found = format!("expected why the rule goes live untried, in 1 to {MAX_WHY_BYTES} bytes");
        return Err(Problem::of(Code::Invalid, "untried", found));
    }
    let rule = rule.clone();
    let needs_none = call.blocking(move |api| Ok(trial::may_go_live(api.platform.store(), &rule)?)).await?;
    Ok((!needs_none).then_some(why))
}

/// Refuses a rule that has a fault.
pub(super) fn refuse(errors: Vec<Fault>) -> Result<(), Problem> {
    let Some(first) = errors.first() else { return Ok(()) };
    let detail = format!("{}: {}", first.path, first.message);
    Err(Problem { errors, ..Problem::new(Code::Invalid, detail) })
}

/// What a rule needs for one reading and one key, at most.
pub(super) fn needs(call: &Call, rule: &Rule) -> Needs {
    let catalogue = call.platform().intake().catalogue.get();
    let units = |kind: &KindId| catalogue.kind(kind.as_str()).map(|known| known.unit.clone());
    rule.needs(&units, catalogue.zone_steps())
}

fn read(call: &Call) -> Result<(CommandBody, Option<AgencyId>), Problem> {
    let mut rule: Rule = call.json()?;
    same_id(call, rule.id.as_str())?;
    rule.author = Some(call.caller()?.id.clone());
    let agency = rule.agency.clone();
    Ok((CommandBody::PutRule(Box::new(rule)), Some(agency)))
}
