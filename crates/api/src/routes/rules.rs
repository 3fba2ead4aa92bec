//! Rules, and the check of one that is being written.

use vigiles_engine::rule::Rule;
use vigiles_engine::{CommandBody, ConfigKind};
use vigiles_formats::observation::Registry;
use vigiles_model::{AgencyId, KindId};
use vigiles_trust::{Action, Resource};

use super::config::{Sort, same_id, sort};
use crate::call::{Call, ok};
use crate::endpoint::{Answer, Endpoint};
use crate::problem::{Code, Fault, Problem};
use crate::wire::rule;

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
    all
}

async fn check(call: Call) -> Answer {
    let rule: Rule = call.json()?;
    let diagnostics: Vec<_> = faults(&call, &rule).into_iter().map(rule::Diagnostic::from).collect();
    ok(&rule::Check { ok: diagnostics.is_empty(), diagnostics })
}

fn faults(call: &Call, rule: &Rule) -> Vec<vigiles_engine::rule::Diagnostic> {
    let catalogue = call.platform().intake().catalogue.get();
    rule.check(&|kind: &KindId| catalogue.kind(kind.as_str()).is_some())
}

fn read(call: &Call) -> Result<(CommandBody, Option<AgencyId>), Problem> {
    let mut rule: Rule = call.json()?;
    same_id(call, rule.id.as_str())?;
    let errors: Vec<_> = faults(call, &rule)
        .into_iter()
        .map(|d| Fault::new(d.field, d.message).at(d.line as usize, d.column as usize))
        .collect();
    if let Some(first) = errors.first() {
        let detail = format!("{}: {}", first.path, first.message);
        return Err(Problem { errors, ..Problem::new(Code::Invalid, detail) });
    }
    rule.author = Some(call.caller()?.id.clone());
    let agency = rule.agency.clone();
    Ok((CommandBody::PutRule(Box::new(rule)), Some(agency)))
}
