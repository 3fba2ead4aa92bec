//! Clocks: the city's own, and a platform clock that jumps.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use vigiles_bus::{Bus as _, Clock, Offset, Options, Topic};
use vigiles_engine::CommandBody;
use vigiles_engine::rule::{Key, Rule};
use vigiles_model::{Duration, Timestamp};
use vigiles_runtime::Platform;
use vigiles_runtime::door::Door;

use crate::world::{SYSTEM, alarms, furnish, grant, open_with, put, reading, settle, threshold_rule};

/// A clock that stands wherever a test puts it.
#[derive(Debug)]
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(time(text).0)))
    }

    pub(crate) fn set(&self, text: &str) {
        self.0.store(time(text).0, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn city(dir: &Path, clock: &Arc<HandClock>, zone: &str) -> Arc<Platform> {
    let platform = furnish(open_with(dir, clock.clone(), zone.parse().unwrap())).await;
    let mut rule = threshold_rule();
    rule.when = Some("time.hour == 9".to_owned());
    put(&platform, CommandBody::PutRule(Box::new(rule))).await.unwrap();
    platform
}

/// Whether a reading of this moment raises an alarm by the rule for the hour from nine to ten; the alarm is cleared.
async fn alarms_at(platform: &Arc<Platform>, moment: &str) -> bool {
    let before = alarms(platform).len();
    // Each reading is a new one: what is delivered twice is not judged twice.
    let time = time(moment) + Duration::from_millis(platform.intake().counters.accepted.get() as i64);
    for value in [90.0, 10.0] {
        platform.submit(&grant(), vec![reading(value, time)]).await.unwrap();
    }
    settle(platform).await;
    alarms(platform).len() > before
}

/// The same hour of the city's clocks is another hour of UTC in summer; neither a restart nor a replay of the whole log
/// changes what was judged.
#[tokio::test(flavor = "multi_thread")]
async fn hours_in_rules_are_those_of_the_citys_clocks() {
    let dir = tempfile::tempdir().unwrap();
    let clock = HandClock::at("2026-03-28T08:30:00Z");
    let platform = city(dir.path(), &clock, "Europe/Monaco").await;
    assert!(!alarms_at(&platform, "2026-03-28T07:29:00Z").await);
    assert!(alarms_at(&platform, "2026-03-28T08:29:00Z").await, "nine o'clock in winter is eight in UTC");

    // The clocks go forward in the night, while the platform runs.
    clock.set("2026-03-29T08:30:00Z");
    while !alarms_at(&platform, "2026-03-29T07:29:00Z").await {
        tokio::task::yield_now().await;
    }
    assert!(!alarms_at(&platform, "2026-03-29T08:28:00Z").await, "eight in UTC is ten o'clock in summer");
    let ids = |platform: &Platform| alarms(platform).into_iter().map(|alarm| alarm.id).collect::<Vec<_>>();
    let before = ids(&platform);
    platform.stop();
    drop(platform);

    std::fs::remove_dir_all(dir.path().join("engine")).unwrap();
    let platform = city(dir.path(), &clock, "-02:00").await;
    assert_eq!(ids(&platform), before, "the replay judged by the offsets of its time");
    clock.set("2026-03-29T11:30:00Z");
    assert!(!alarms_at(&platform, "2026-03-29T09:28:00Z").await);
    assert!(alarms_at(&platform, "2026-03-29T11:29:00Z").await, "nine o'clock at two hours behind");
    platform.stop();
}

/// The machine's clock is set forward by hours and back again: nothing is lost, the log's times never go back, and what
/// was an alarm before stays the one alarm.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_loses_nothing_and_raises_no_storm() {
    let dir = tempfile::tempdir().unwrap();
    let clock = HandClock::at("2026-06-01T12:00:00Z");
    let platform = furnish(open_with(dir.path(), clock.clone(), vigiles_runtime::TimeZone::default())).await;
    let rule = Rule { key: Key::Asset, ..threshold_rule() };
    put(&platform, CommandBody::PutRule(Box::new(rule))).await.unwrap();
    let jumps = ["12:00:00", "17:30:00", "12:00:10", "05:00:00", "12:00:20", "12:00:30"];
    for (round, jump) in jumps.iter().enumerate() {
        clock.set(&format!("2026-06-01T{jump}Z"));
        // Ten calm sensors and one that is high all along.
        for asset in 0..11_i64 {
            let value = if asset == 10 { 90.0 } else { 10.0 + round as f64 };
            let mut draft = reading(value, platform.now() + Duration::from_millis(-asset));
            draft.asset = Some(format!("s{asset}").into());
            let receipt = platform.submit(&grant(), vec![draft]).await.unwrap();
            assert_eq!((receipt.accepted, receipt.rejected), (1, vec![]), "at {jump}");
        }
        settle(&platform).await;
    }
    let raised = alarms(&platform);
    assert_eq!(raised.len(), 1, "{raised:?}");
    let query = vigiles_history::Query { limit: 1000, ..Default::default() };
    let stored = platform.history().page(&SYSTEM, &query).unwrap().observations;
    assert_eq!(stored.len(), jumps.len() * 11);
    platform.stop();
    drop(platform);

    let bus = vigiles_bus::Embedded::open(&dir.path().join("log"), Options::default(), clock).unwrap();
    let topic = Topic::new("input").unwrap();
    let entries = bus.read(&topic, Offset(0), 10_000, usize::MAX).unwrap();
    assert!(entries.len() > jumps.len() * 11);
    assert!(entries.is_sorted_by_key(|entry| entry.at));
}
