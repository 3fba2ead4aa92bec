//! Which servers are taken: those that acknowledge what is on their disk, and only those.

use std::time::Duration;

use async_nats::ServerInfo;
use serde::Deserialize;

use crate::BusError;

/// The oldest server that is taken: earlier ones were shown to lose acknowledged messages.
const OLDEST: (u64, u64, u64) = (2, 12, 3);
/// How long a server may take to say how it is set.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest answer that is read, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// What is wrong, and whether it may pass.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Objection {
    /// As long as the servers are set so, never.
    Final(BusError),
    /// Nobody answered; another try may help.
    Passing(String),
    /// The monitoring addresses are of other servers than the one that answers: a mistake, unless that one has just been
    /// started anew.
    Unnamed(String),
}

fn refused(what: String) -> Objection {
    Objection::Final(BusError::Refused(what))
}

/// The part of a server's `/varz` that matters here.
#[derive(Debug, Deserialize)]
struct Varz {
    server_id: String,
    #[serde(default)]
    server_name: String,
    version: String,
    #[serde(default)]
    cluster: Cluster,
    #[serde(default)]
    jetstream: Jetstream,
}

/// Of a server that stands alone it has no name.
#[derive(Debug, Default, Deserialize)]
struct Cluster {
    #[serde(default)]
    name: String,
}

#[derive(Debug, Default, Deserialize)]
struct Jetstream {
    config: Option<JetstreamConfig>,
    meta: Option<Meta>,
}

#[derive(Debug, Deserialize)]
struct JetstreamConfig {
    #[serde(default)]
    sync_always: bool,
}

#[derive(Debug, Deserialize)]
struct Meta {
    #[serde(default)]
    leader: String,
    #[serde(default)]
    cluster_size: usize,
}

/// Asks every monitoring address how its server is set. `connected` must be among those that answer. Gives the size of
/// the cluster. Blocks.
pub(crate) fn check(monitors: &[String], connected: &ServerInfo) -> Result<usize, Objection> {
    check_version(&format!("server {}", connected.server_name), &connected.version)?;
    if monitors.is_empty() {
        return Err(refused(
            "it cannot be learnt whether the server syncs every write before it answers. Add ?monitor=http://HOST:8222 to \
             the address of the log (one for each server of a cluster, with commas), and http_port: 8222 to the servers' \
             configuration"
                .to_owned(),
        ));
    }
    let (mut seen, mut silent, mut cluster_size) = (Vec::new(), Vec::new(), 0);
    for monitor in monitors {
        let varz = match fetch(monitor) {
            Ok(varz) => varz,
            Err(why) => {
                silent.push(format!("{monitor}: {why}"));
                continue;
            }
        };
        match check_settings(monitor, &varz) {
            Ok(size) => cluster_size = cluster_size.max(size),
            Err(Objection::Passing(why)) => silent.push(why),
            Err(objection) => return Err(objection),
        }
        seen.push(varz.server_id);
    }
    if !seen.contains(&connected.server_id) {
        if silent.is_empty() {
            let name = &connected.server_name;
            let what = format!("server {name}, which answers, is none of those that monitor names: add it");
            return Err(Objection::Unnamed(what));
        }
        return Err(Objection::Passing(silent.join("; ")));
    }
    if cluster_size == 0 {
        return Err(Objection::Passing(silent.join("; ")));
    }
    check_size(cluster_size, monitors.len())?;
    for why in silent {
        tracing::warn!(why, "a server of the log does not tell how it is set");
    }
    Ok(cluster_size)
}

fn fetch(monitor: &str) -> Result<Varz, String> {
    let config = ureq::Agent::config_builder().timeout_global(Some(ANSWER_TIMEOUT)).max_redirects(0).build();
    let answer = ureq::Agent::new_with_config(config).get(format!("{monitor}/varz")).call();
    let mut answer = answer.map_err(|e| e.to_string())?;
    let text = answer.body_mut().with_config().limit(MOST_BYTES).read_to_vec().map_err(|e| e.to_string())?;
    serde_json::from_slice(&text).map_err(|e| format!("this is no answer of a NATS server: {e}"))
}

/// Checks what one server says of itself; gives the size of its cluster.
fn check_settings(monitor: &str, varz: &Varz) -> Result<usize, Objection> {
    let server = format!("server {} ({monitor})", varz.server_name);
    check_version(&server, &varz.version)?;
    let Some(config) = &varz.jetstream.config else {
        return Err(refused(format!(
            "{server} has no JetStream: add jetstream {{ store_dir: \"…\", sync_interval: always }} to its configuration"
        )));
    };
    if !config.sync_always {
        return Err(refused(format!(
            "{server} acknowledges before data is on its disk: set jetstream {{ sync_interval: always }} in its \
             configuration and restart it"
        )));
    }
    match &varz.jetstream.meta {
        _ if varz.cluster.name.is_empty() => Ok(1),
        // Until there is a leader, a server may not know yet how many they are.
        Some(meta) if !meta.leader.is_empty() => Ok(meta.cluster_size),
        _ => Err(Objection::Passing(format!("the cluster of {server} has no leader"))),
    }
}

/// Whether a cluster has as many servers as the address names. While it forms it may have a leader before all have joined:
/// who took it for as small as it says would keep each message fewer times than is meant, for good.
fn check_size(size: usize, named: usize) -> Result<(), Objection> {
    if named < size {
        return Err(refused(format!("the cluster has {size} servers, but monitor names {named}: name each")));
    }
    if size > 1 && named > size {
        return Err(Objection::Passing(format!(
            "the cluster knows {size} servers, but monitor names {named}: the others have not joined it yet, or are not of it"
        )));
    }
    Ok(())
}

fn check_version(server: &str, version: &str) -> Result<(), Objection> {
    if number(version).is_some_and(|number| number >= OLDEST) {
        return Ok(());
    }
    let (major, minor, patch) = OLDEST;
    Err(refused(format!(
        "{server} is of version {version}, and versions before {major}.{minor}.{patch} lose acknowledged messages: install \
         {major}.{minor}.{patch} or newer"
    )))
}

/// A version as a number; `None` for what is no version. One before a release (`2.12.3-RC.1`) counts as the one before it.
fn number(version: &str) -> Option<(u64, u64, u64)> {
    let (release, early) = version.split_once('-').map_or((version, false), |(release, _)| (release, true));
    let mut parts = release.trim_start_matches('v').split('.').map(str::parse);
    let number = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    match number {
        _ if !early => Some(number),
        (major, minor, 0) => Some((major, minor.checked_sub(1)?, u64::MAX)),
        (major, minor, patch) => Some((major, minor, patch - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_before_2_12_3_are_refused() {
        for (version, taken) in [
            ("2.12.3", true),
            ("v2.15.1", true),
            ("3.0.0", true),
            ("2.13.0-RC.2", true),
            ("2.12.2", false),
            ("2.12.3-RC.1", false),
            ("2.9.10", false),
            ("1.99.99", false),
            ("unknown", false),
            ("", false),
        ] {
            assert_eq!(check_version("server a", version).is_ok(), taken, "{version:?}");
        }
    }

    #[test]
    fn a_cluster_is_taken_when_all_its_servers_have_joined() {
        let check = |size, named| match check_size(size, named) {
            Ok(()) => "taken",
            Err(Objection::Passing(_)) => "not yet",
            Err(_) => "refused",
        };
        for (size, named, expected) in
            [(1, 1, "taken"), (3, 3, "taken"), (2, 3, "not yet"), (3, 5, "not yet"), (3, 2, "refused"), (1, 2, "taken")]
        {
            assert_eq!(check(size, named), expected, "{size} servers, {named} named");
        }
    }

    #[test]
    fn settings_are_read_from_varz() {
        let varz = |jetstream: &str| -> Varz {
            let text = format!(r#"{{"server_id":"A","server_name":"a","version":"2.15.1"{jetstream}}}"#);
            serde_json::from_str(&text).unwrap()
        };
        let wrong = |jetstream: &str| match check_settings("http://a", &varz(jetstream)) {
            Err(Objection::Final(BusError::Refused(what))) => what,
            other => panic!("{other:?}"),
        };
        let always = r#","jetstream":{"config":{"sync_always":true}"#;
        let cluster = r#","cluster":{"name":"city"}"#;
        for (rest, expected) in [
            ("}", Ok(1)),
            (&format!(r#","meta":{{"leader":"b","cluster_size":3}}}}{cluster}"#), Ok(3)),
            (&format!(r#","meta":{{"cluster_size":2}}}}{cluster}"#), Err(())),
            (&format!("}}{cluster}"), Err(())),
        ] {
            let found = check_settings("http://a", &varz(&format!("{always}{rest}")));
            assert!(!matches!(found, Err(Objection::Final(_))), "{rest}: {found:?}");
            assert_eq!(found.map_err(|_| ()), expected, "{rest}");
        }
        assert!(wrong("").contains("has no JetStream"));
        assert!(wrong(r#","jetstream":{}"#).contains("has no JetStream"));
        assert!(wrong(r#","jetstream":{"config":{"sync_interval":120000000000}}"#).contains("sync_interval: always"));
    }
}
