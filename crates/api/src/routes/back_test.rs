//! A rule on trial over history, before it goes live.

use vigiles_engine::backtest::warm_up;
use vigiles_model::{Alarm, Duration};
use vigiles_runtime::back_test::{Asked, BackTestError, Bounds, back_test};
use vigiles_trust::{Action, Resource};

use super::rules;
use crate::call::{Call, area, names, ok, units};
use crate::endpoint::{Answer, Endpoint};
use crate::problem::{Code, Problem};
use crate::wire::alarm::Alarm as WireAlarm;
use crate::wire::back_test::{BackTest, BackTestReport};

/// Longest span.
const MAX_SPAN: Duration = Duration::from_secs(366 * 86_400);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/api/v1/rules/back-test",
            "back_test_rule",
            "Says what a rule would have done over a span of history, without saving it",
            try_rule,
        )
        .may(Action::Write(Resource::Rules))
        .takes::<BackTest>()
        .answers::<BackTestReport>(200, "What it would have done.")
        .tag("setting"),
    ]
}

async fn try_rule(call: Call) -> Answer {
    let body: BackTest = call.json()?;
    rules::refuse(rules::faults(&call, &body.rule, "rule.")?)?;
    let asked = asked(body)?;
    let Ok(_turn) = call.api.back_tests.try_acquire() else {
        return Err(Problem::new(Code::TooMany, "two back-tests are under way already; try again when one is done"));
    };
    call.audit_read("observations", summary(&asked)).await?;
    let (ctx, needs) = (call.context()?, rules::needs(&call, &asked.rule));
    let report = call
        .blocking(move |api| {
            let outcome = back_test(&api.platform, &ctx, &asked).map_err(problem)?;
            let unit = units(&api.platform);
            let shown = |alarm: &Alarm| WireAlarm::new(alarm, &unit, asked.rule.name.clone());
            Ok(BackTestReport::new(&outcome, needs, &shown, &names(&api.platform)))
        })
        .await?;
    ok(&report)
}

fn asked(body: BackTest) -> Result<Asked, Problem> {
    let (from, to) = (body.from.0, body.to.0);
    let asked = Asked {
        area: area(body.bbox.as_deref())?,
        rule: body.rule,
        from,
        to,
        wanted_per_day: body.wanted_per_day,
        bounds: Bounds::default(),
    };
    if asked.to <= asked.from || asked.to.since(asked.from) > MAX_SPAN {
        return Err(Problem::of(Code::Invalid, "to", "expected a moment after `from`, at most 366 days later"));
    }
    if asked.wanted_per_day.is_some_and(|n| !n.is_finite() || n < 0.0) {
        return Err(Problem::of(Code::Invalid, "wanted_per_day", "expected a number from 0"));
    }
    Ok(asked)
}

fn summary(asked: &Asked) -> String {
    let kinds: Vec<&str> = asked.rule.kinds.iter().map(AsRef::as_ref).collect();
    // A rule that learns is shown readings of before the span too.
    let before = if warm_up(&asked.rule, None).is_some() { ", warmed up with those before" } else { "" };
    let (from, to) = (asked.from, asked.to);
    let text = format!("back-test of rule {} from {from} to {to}{before}: {}", asked.rule.id, kinds.join(", "));
    text.chars().take(200).collect()
}

fn problem(error: BackTestError) -> Problem {
    match error {
        BackTestError::Rule(error) => Problem::from(error),
        BackTestError::History(error) => Problem::from(error),
        BackTestError::Store(error) => Problem::from(error),
    }
}
