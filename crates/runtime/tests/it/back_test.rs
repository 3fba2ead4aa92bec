//! A back-test that reaches a bound says how far it came.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration as Span;

use vigiles_engine::CommandBody;
use vigiles_engine::backtest::NoSuggestion;
use vigiles_model::incident::Verdict;
use vigiles_model::{Duration, Timestamp};
use vigiles_runtime::Platform;
use vigiles_runtime::back_test::{Asked, BackTestError, Bounds, Outcome, Stopped, back_test};
use vigiles_runtime::door::Door;
use vigiles_runtime::trial::of_rule;

use crate::world::{SYSTEM, alarms, furnished, grant, incidents, put, reading, settle, threshold_rule};

const MINUTE: i64 = 60;
/// So many readings, one a minute: by turns above the limit and below, so that each second one raises an alarm.
const READINGS: i64 = 24;

/// The first moment, and a platform whose rule judged as the readings came.
async fn judged(dir: &std::path::Path) -> (Timestamp, Arc<Platform>) {
    let platform = furnished(dir).await;
    let first = platform.now() - Duration::from_secs(READINGS * MINUTE);
    for i in 0..READINGS {
        let value = if i % 2 == 0 { 90.0 } else { 10.0 };
        platform.submit(&grant(), vec![reading(value, first + Duration::from_secs(i * MINUTE))]).await.unwrap();
    }
    settle(&platform).await;
    (first, platform)
}

fn usual() -> Bounds {
    Bounds::of(Span::from_mins(1))
}

fn tried(platform: &Platform, from: Timestamp, wanted_per_day: Option<f64>, bounds: Bounds) -> Outcome {
    let (rule, to) = (threshold_rule(), from + Duration::from_secs(86_400 * 2));
    let given_up = Arc::default();
    back_test(platform, &SYSTEM, &Asked { rule, from, to, area: None, wanted_per_day, bounds, given_up }).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_ends_and_is_not_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let (from, platform) = judged(dir.path()).await;
    let asked = |given_up: bool| Asked {
        rule: threshold_rule(),
        from,
        to: from + Duration::from_secs(86_400),
        area: None,
        wanted_per_day: None,
        bounds: usual(),
        given_up: Arc::new(AtomicBool::new(given_up)),
    };
    assert!(matches!(back_test(&platform, &SYSTEM, &asked(true)), Err(BackTestError::GivenUp)));
    let kept = || of_rule(platform.store(), &threshold_rule()).unwrap();
    assert_eq!(kept(), None);
    back_test(&platform, &SYSTEM, &asked(false)).unwrap();
    assert!(kept().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_counted_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let (first, platform) = judged(dir.path()).await;
    let from = first;
    let raised = alarms(&platform).len();
    assert_eq!(raised, 12);
    for incident in incidents(&platform) {
        let body = CommandBody::Assess { incident: incident.id, verdict: Verdict::Genuine, reason: None };
        put(&platform, body).await.unwrap();
    }
    let all = tried(&platform, from, None, usual());
    let present = |outcome: &Outcome| outcome.report.buckets.iter().map(|bucket| bucket.present).sum::<u64>();
    assert_eq!((all.stopped, all.present_since, all.marks_since, present(&all)), (None, None, None, 12));
    // Bounds that hold all of it cut nothing.
    let exact = tried(&platform, from, None, Bounds { beside: 12, ..usual() });
    assert_eq!((exact.present_since, present(&exact)), (None, 12));
    let few = tried(&platform, from, None, Bounds { beside: 5, ..usual() });
    let since = few.present_since.unwrap();
    let counted = alarms(&platform).iter().filter(|alarm| alarm.raised >= since).count();
    assert_eq!((present(&few), counted), (5, 5), "since {since}");
    assert_eq!(few.report.alarms, all.report.alarms, "the rule on trial is judged over all of it");
    let marked = incidents(&platform).len();
    let one = tried(&platform, from, None, Bounds { beside: 1, ..usual() });
    assert_eq!((one.marks_since.is_some(), one.marks.genuine), (marked > 1, 1));
    platform.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_ends_early_says_where_and_counts_until_there() {
    let dir = tempfile::tempdir().unwrap();
    let (from, platform) = judged(dir.path()).await;
    let few = tried(&platform, from, None, Bounds { observations: 6, ..usual() });
    let at = from + Duration::from_secs(6 * MINUTE);
    assert_eq!(few.stopped, Some((Stopped::Observations, at)));
    assert_eq!((few.observations, few.report.alarms), (7, 4));
    assert!(few.report.buckets.iter().all(|bucket| bucket.start < at), "{:?}", few.report.buckets);
    let at_once = tried(&platform, from, None, Bounds { patience: Span::ZERO, ..usual() });
    assert_eq!(at_once.stopped, Some((Stopped::Time, from)));
    platform.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_limit_is_suggested_from_a_part_of_the_span() {
    let dir = tempfile::tempdir().unwrap();
    let platform = furnished(dir.path()).await;
    let first = platform.now() - Duration::from_secs(25 * 3600);
    for i in 0..=25 {
        let value = if i % 2 == 0 { 90.0 } else { 10.0 };
        platform.submit(&grant(), vec![reading(value, first + Duration::from_secs(i * 3600))]).await.unwrap();
    }
    settle(&platform).await;
    let whole = tried(&platform, first, Some(1.0), usual());
    assert!(matches!(whole.suggestion, Some(Ok(_))), "{:?}", whole.suggestion);
    let part = tried(&platform, first, Some(1.0), Bounds { search_patience: Span::ZERO, ..usual() });
    assert_eq!(part.suggestion, Some(Err(NoSuggestion::EndedEarly)), "{:?}", part.stopped);
    platform.stop();
}
