//! What was acknowledged is there after a restart, once. Kills of the whole process are tested on the binary.

use std::sync::Arc;

use vigiles_bus::{Bus as _, SystemClock};
use vigiles_engine::CommandBody;
use vigiles_history::Query;
use vigiles_model::Timestamp;
use vigiles_runtime::door::Door;
use vigiles_runtime::{Platform, TimeZone, record, topic};

use crate::world::{
    SYSTEM, alarms, count_rule, furnished, grant, incidents, open, open_on, put, reading, settle, store,
};

/// More entries than are read from the log at once.
const ENTRIES: usize = 5000;

fn stored(platform: &Platform) -> usize {
    platform.history().page(&SYSTEM, &Query { limit: 10_000, ..Query::default() }).unwrap().observations.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orderly_restart_repeats_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let platform = furnished(dir.path()).await;
    platform.submit(&grant(), vec![reading(90.0, platform.now())]).await.unwrap();
    settle(&platform).await;
    let before = (alarms(&platform), incidents(&platform));
    platform.stop();
    drop(platform);
    let platform = open(dir.path());
    settle(&platform).await;
    assert_eq!((alarms(&platform), incidents(&platform)), before);
    assert_eq!(stored(&platform), 1);
    platform.stop();
}

/// Without its snapshots the engine is rebuilt from the whole log, and what is in the store stays as it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_snapshot_is_rebuilt_from_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let mut platform = furnished(dir.path()).await;
    put(&platform, CommandBody::PutRule(Box::new(count_rule()))).await.unwrap();
    let start = platform.now();
    for round in 0..4_i64 {
        for i in 0..20_i64 {
            let value = if i == 10 { 90.0 } else { 20.0 };
            let time = Timestamp(start.0 + round * 1000 + i);
            assert_eq!(platform.submit(&grant(), vec![reading(value, time)]).await.unwrap().accepted, 1);
        }
        settle(&platform).await;
        let before = (alarms(&platform), incidents(&platform));
        assert_eq!(before.1.len(), 2, "one incident of each rule, round {round}");
        platform.stop();
        drop(platform);
        std::fs::remove_dir_all(dir.path().join("engine")).unwrap();
        platform = open(dir.path());
        settle(&platform).await;
        assert_eq!((alarms(&platform), incidents(&platform)), before);
        assert_eq!(stored(&platform), (round as usize + 1) * 20);
    }
    platform.stop();
}

/// A lead that was handed over, and the agencies involved after a merge, are those of before; from the snapshot, and from the
/// whole log.
#[tokio::test(flavor = "multi_thread")]
async fn who_leads_after_a_restart_is_who_led_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut platform = furnished(dir.path()).await;
    put(&platform, CommandBody::PutRule(Box::new(count_rule()))).await.unwrap();
    let start = platform.now();
    for i in 0..3 {
        platform.submit(&grant(), vec![reading(90.0, Timestamp(start.0 + i))]).await.unwrap();
    }
    settle(&platform).await;
    let ids: Vec<_> = incidents(&platform).into_iter().map(|incident| incident.id).collect();
    let [into, from] = ids.try_into().unwrap();
    let hand_over = |to: &str| CommandBody::HandOver {
        incident: into.clone(),
        to: to.parse().unwrap(),
        reason: "it burns".to_owned(),
    };
    put(&platform, hand_over("fire")).await.unwrap();
    put(&platform, CommandBody::Merge { into: into.clone(), from }).await.unwrap();
    let before = incidents(&platform);
    for lost in [false, true] {
        platform.stop();
        drop(platform);
        if lost {
            std::fs::remove_dir_all(dir.path().join("engine")).unwrap();
        }
        platform = open(dir.path());
        settle(&platform).await;
        assert_eq!(incidents(&platform), before);
    }
    // The engine knows it too, not only the store.
    let again = put(&platform, hand_over("fire")).await.unwrap_err();
    assert_eq!(again.to_string(), "not allowed: agency fire leads it already");
    put(&platform, hand_over("medics")).await.unwrap();
    let survivor = incidents(&platform).into_iter().find(|incident| incident.id == into).unwrap();
    assert_eq!((survivor.agency.as_str(), survivor.involved.len()), ("medics", 2), "{:?}", survivor.involved);
    platform.stop();
}

/// Stopped while it goes through the log for a history that is behind, a platform sets nothing back: neither what was applied nor
/// the engine's snapshot, which is of later.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_while_history_catches_up_sets_nothing_back() {
    let dir = tempfile::tempdir().unwrap();
    let platform = furnished(dir.path()).await;
    platform.submit(&grant(), vec![reading(90.0, platform.now())]).await.unwrap();
    settle(&platform).await;
    platform.stop();
    drop(platform);
    let log =
        vigiles_bus::Embedded::open(&dir.path().join("log"), vigiles_bus::Options::default(), Arc::new(SystemClock));
    log.unwrap().append(&topic(), vec![record::tick(); ENTRIES]).unwrap();
    let platform = open(dir.path());
    settle(&platform).await;
    let before = (alarms(&platform), incidents(&platform));
    platform.stop();
    drop(platform);
    let documents = store(dir.path(), Arc::new(SystemClock));
    let applied = || documents.mark(&SYSTEM, "engine-applied").unwrap().unwrap();
    let reached = applied();
    assert!(reached > ENTRIES as u64 && before.0.len() == 1);
    for number in 0..3 {
        let options = vigiles_history::Options::default();
        let empty = vigiles_history::Embedded::open(&dir.path().join(format!("empty-{number}")), options).unwrap();
        open_on(dir.path(), Arc::new(empty), Arc::new(SystemClock), TimeZone::default()).stop();
        assert!(applied() >= reached, "{} is before {reached}", applied());
    }
    let again = open(dir.path());
    settle(&again).await;
    assert_eq!((alarms(&again), incidents(&again)), before);
    again.stop();
}
