//! Recordings through real sockets.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::watch;
use vigiles_connect::mqtt::Config;
use vigiles_connect::replay::{Options, Summary, Target, play};
use vigiles_formats::mapping::Mapping;

use crate::door::start;
use crate::receiver::{Request, receive};

const MAPPING: &str = "format='csv'\nasset='{station}'\ntime={from='{at}'}\nmissing=['-200']\n[[observations]]\nkind='air.pm25'\nvalue='pm'\n";
const CSV: &str = "at,station,pm\n2014-05-01T00:00:00Z,a,10\n2014-05-01T01:00:00Z,b,-200\n2014-05-01T02:00:00Z,a,x\n2014-05-01T03:00:00Z,c,30\n";

fn options(target: Target) -> Options {
    // An hour in a third of a millisecond.
    Options { speed: 1e7, start_offset_s: 0.0, keep_times: true, repeat: false, mapping: None, target }
}

fn packed(dir: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = dir.path().join(name);
    let mut gz = GzEncoder::new(std::fs::File::create(&path).unwrap(), Compression::fast());
    gz.write_all(text.as_bytes()).unwrap();
    gz.finish().unwrap();
    path
}

fn bodies(requests: &std::sync::mpsc::Receiver<Request>) -> String {
    requests.try_iter().map(|r| r.body).collect()
}

#[test]
fn csv_by_http_waits_where_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = packed(&dir, "day.csv.gz", CSV);
    let done = r#"{"accepted":1,"duplicates":0,"shed":0,"refused":0,"rejected":[]}"#;
    let refused = r#"{"type":"urn:vigiles:problem:invalid","errors":[{"path":"[0].kind","message":"unknown kind"}]}"#;
    let (address, requests) = receive(&[
        ("503 Busy", "later"),
        ("429 Slow\r\nretry-after: 0", ""),
        ("202 Accepted", done),
        ("422 No", refused),
    ]);
    let target = Target::Http { url: format!("http://{address}"), token: "vgl_1_x".into() };
    let options = Options { mapping: Some(Mapping::from_toml(MAPPING).unwrap()), ..options(target) };
    let summary = play(&file, &options, &watch::channel(false).1).unwrap();
    let problem = "line 4: pm: \"x\" is not a number".to_owned();
    assert_eq!(
        summary,
        Summary { accepted: 1, duplicates: 0, rejected: 1, unreadable: 1, first_problem: Some(problem) }
    );
    let first = requests.recv().unwrap();
    assert!(first.head.starts_with("POST /api/v1/observations HTTP/1.1"), "{}", first.head);
    assert_eq!(first.header("authorization"), Some("Bearer vgl_1_x"));
    assert_eq!(first.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(
        first.body,
        "{\"kind\":\"air.pm25\",\"value\":10.0,\"asset\":\"a\",\"time\":\"2014-05-01T00:00:00Z\",\"quality\":\"good\",\"origin\":\"replayed\"}\n"
    );
    assert!(bodies(&requests).ends_with(
        "\"asset\":\"c\",\"time\":\"2014-05-01T03:00:00Z\",\"quality\":\"good\",\"origin\":\"replayed\"}\n"
    ));
}

#[test]
fn a_refused_token_ends_the_replay() {
    let dir = tempfile::tempdir().unwrap();
    let file = packed(&dir, "day.ndjson.gz", "{\"kind\":\"air.pm25\",\"value\":1}\n");
    let (address, _requests) = receive(&[("401 Unauthorized", "unknown token")]);
    let target = Target::Http { url: format!("http://{address}/api/v1/observations"), token: "bad".into() };
    let error = play(&file, &options(target), &watch::channel(false).1).unwrap_err().to_string();
    assert!(error.ends_with("401: unknown token"), "{error}");
}

#[test]
fn what_cannot_be_played_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let target = Target::Http { url: "http://127.0.0.1:9".into(), token: String::new() };
    let missing = play(&dir.path().join("none.csv"), &options(target.clone()), &watch::channel(false).1).unwrap_err();
    assert!(missing.to_string().contains("none.csv"), "{missing}");
    let csv = packed(&dir, "day.csv.gz", CSV);
    let no_mapping = play(&csv, &options(target.clone()), &watch::channel(false).1).unwrap_err();
    assert!(no_mapping.to_string().ends_with("a CSV recording needs a mapping"), "{no_mapping}");
    let slow = Options { speed: 0.0, ..options(target) };
    assert!(play(&csv, &slow, &watch::channel(false).1).unwrap_err().to_string().starts_with("speed: 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ndjson_by_mqtt_into_the_broker() {
    let run = start(Config::default()).await;
    let dir = tempfile::tempdir().unwrap();
    let row = |i| format!(r#"{{"kind":"air.pm25","asset":"s{i}","value":{i},"time":"2014-05-01T00:00:00Z"}}"#);
    let text = (0..1200).map(row).collect::<Vec<_>>().join("\n");
    let file = packed(&dir, "day.ndjson.gz", &text);
    let target = Target::Mqtt { address: ("127.0.0.1".into(), run.address.port()), token: "good".into() };
    let summary = tokio::task::spawn_blocking(move || play(&file, &options(target), &watch::channel(false).1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(summary.accepted, 1200);
    assert_eq!(run.door.stored().len(), 1200);
    assert!(run.door.taken.lock().unwrap().iter().all(|o| o.origin == vigiles_model::Origin::Replayed));
}
