//! A rule on trial over history, before it goes live.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration as Span;

use vigiles_model::Alarm;
use vigiles_runtime::back_test::{Asked, BackTestError, Bounds, back_test};
use vigiles_trust::{Action, Resource};

use super::rules;
use crate::call::{Call, area, names, ok, units};
use crate::endpoint::{Answer, Endpoint};
use crate::problem::{Code, Problem};
use crate::wire::alarm::Alarm as WireAlarm;
use crate::wire::back_test::{BackTest, BackTestReport};

/// How long one may wait for an answer, in seconds.
const PATIENCE_S: RangeInclusive<u64> = 1..=600;
/// How long one waits who does not say.
const USUAL_PATIENCE_S: u64 = 60;

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
    rules::refuse(rules::to_try(&call, &body.rule, "rule.")?)?;
    let asked = asked(body)?;
    let Ok(turn) = Arc::clone(&call.api.back_tests).try_acquire_owned() else {
        return Err(Problem::new(Code::TooMany, "two back-tests are under way already; try again when one is done"));
    };
    call.audit_read("observations", summary(&asked)).await?;
    let (ctx, needs) = (call.context()?, rules::needs(&call, &asked.rule));
    // Who hangs up is not worked for any longer, and their turn goes to the next once that is so.
    let _waits = GivesUp(Arc::clone(&asked.given_up));
    let report = call
        .blocking(move |api| {
            let _turn = turn;
            let outcome = back_test(&api.platform, &ctx, &asked).map_err(problem)?;
            let unit = units(&api.platform);
            let shown = |alarm: &Alarm| WireAlarm::new(alarm, &unit, asked.rule.name.clone());
            Ok(BackTestReport::new(&outcome, needs, &shown, &names(&api.platform)))
        })
        .await?;
    ok(&report)
}

/// Says when the request ends, one way or the other.
struct GivesUp(Arc<AtomicBool>);

impl Drop for GivesUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn asked(body: BackTest) -> Result<Asked, Problem> {
    let (from, to) = (body.from.0, body.to.0);
    let patience_s = body.patience_s.unwrap_or(USUAL_PATIENCE_S);
    if !PATIENCE_S.contains(&patience_s) {
        return Err(Problem::of(Code::Invalid, "patience_s", "expected 1 to 600 seconds"));
    }
    let asked = Asked {
        area: area(body.bbox.as_deref())?,
        rule: body.rule,
        from,
        to,
        wanted_per_day: body.wanted_per_day,
        bounds: Bounds::of(Span::from_secs(patience_s)),
        given_up: Arc::default(),
    };
    if asked.to <= asked.from {
        return Err(Problem::of(Code::Invalid, "to", "expected a moment after `from`"));
    }
    if asked.wanted_per_day.is_some_and(|n| !n.is_finite() || n < 0.0) {
        return Err(Problem::of(Code::Invalid, "wanted_per_day", "expected a number from 0"));
    }
    Ok(asked)
}

fn summary(asked: &Asked) -> String {
    let kinds: Vec<&str> = asked.rule.kinds.iter().map(AsRef::as_ref).collect();
    let (from, to) = (asked.from, asked.to);
    let id = &asked.rule.id;
    let text = format!("back-test of rule {id} from {from} to {to}, warmed up with those before: {}", kinds.join(", "));
    text.chars().take(200).collect()
}

fn problem(error: BackTestError) -> Problem {
    match error {
        BackTestError::Rule(error) => Problem::from(error),
        BackTestError::History(error) => Problem::from(error),
        BackTestError::Store(error) => Problem::from(error),
        BackTestError::GivenUp => Problem::internal(&error),
    }
}
