//! Commands with a key are carried out once, over crashes too.

use std::path::Path;
use std::sync::Arc;

use vigiles_engine::{Command, CommandBody, CommandDone};
use vigiles_model::{Duration, IncidentId, Priority, Reality, Severity};
use vigiles_runtime::once::Once;
use vigiles_runtime::{CommandFailure, Platform};

use crate::world::{SYSTEM, agency, furnished, incidents, open, settle};

fn opening() -> Command {
    let body = CommandBody::OpenIncident {
        title: "Smoke".to_owned(),
        incident_type: "fire".to_owned(),
        priority: Priority::P1,
        severity: Severity::Severe,
        place: None,
        playbook: None,
        reality: Reality::Actual,
    };
    Command { by: None, agency: agency(), expected_version: None, body }
}

/// Opens an incident with a key, coming again as long as it is told to.
async fn open_once(platform: &Arc<Platform>, fingerprint: &str) -> Result<IncidentId, CommandFailure> {
    let expires = platform.now() + Duration::from_secs(3600);
    let once = Once { key: "deed:p/k1".to_owned(), fingerprint: fingerprint.to_owned(), expires };
    loop {
        match platform.command_once(&SYSTEM, opening(), once.clone()).await {
            Ok(CommandDone::Incident(incident)) => return Ok(incident.id),
            Ok(other) => panic!("{other:?}"),
            Err(CommandFailure::Overloaded | CommandFailure::Late) => tokio::task::yield_now().await,
            Err(error) => return Err(error),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deed_is_done_once_whatever_is_lost_after_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let platform = furnished(dir.path()).await;
    platform.stop();
    drop(platform);
    let (store, before) = (dir.path().join("store"), dir.path().join("store-before"));
    copy(&store, &before);

    let platform = open(dir.path());
    let first = open_once(&platform, "f").await.unwrap();
    assert_eq!(open_once(&platform, "f").await.unwrap(), first, "in the same process");
    let refused = open_once(&platform, "other").await.unwrap_err();
    assert!(matches!(refused, CommandFailure::Refused(_)), "{refused}");
    platform.stop();
    drop(platform);

    // The answer never reached the caller.
    let platform = open(dir.path());
    assert_eq!(open_once(&platform, "f").await.unwrap(), first, "after a restart");
    platform.stop();
    drop(platform);

    // The crash came between the log and the store: the replay does the deed, and remembers it.
    std::fs::remove_dir_all(&store).unwrap();
    std::fs::remove_dir_all(dir.path().join("engine")).unwrap();
    copy(&before, &store);
    let platform = open(dir.path());
    assert_eq!(open_once(&platform, "f").await.unwrap(), first, "after the replay");
    settle(&platform).await;
    assert_eq!(incidents(&platform).len(), 1);
    platform.stop();
}
