//! What was acknowledged is there after a restart, once. Kills of the whole process are tested on the binary.

use vigiles_engine::CommandBody;
use vigiles_history::Query;
use vigiles_model::Timestamp;
use vigiles_runtime::Platform;
use vigiles_runtime::door::Door;

use crate::world::{SYSTEM, alarms, count_rule, furnished, grant, incidents, open, put, reading, settle};

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
