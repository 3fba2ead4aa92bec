//! The small commands, beside a platform that runs.

use std::path::Path;
use std::process::Output;

use serde_json::json;

use crate::city::{KIND, furnish, time};
use crate::server::{Server, command, said, token};

/// Enough characters for an account.
const PASSWORD: &str = "correct horse battery";

#[track_caller]
fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn openapi_prints_the_document_under_version_control() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/openapi.json");
    let found = printed(&command(&["openapi"]));
    assert!(found == std::fs::read_to_string(golden).unwrap(), "they differ; `make bless` writes the file anew");
}

/// Uses the link that a command printed; gives who is signed in.
fn follow(server: &Server, address: &str, name: Option<&str>) -> serde_json::Value {
    let link = address.trim().strip_prefix(&format!("{}/sign-in#link=", server.http)).unwrap_or_else(|| {
        panic!("{address:?} is no link to {}", server.http);
    });
    let path = format!("/api/v1/session/link/{link}");
    let client = server.client("");
    client.get(&path).unwrap().expect(&[200]);
    let body = json!({"token": link, "name": name, "password": name.map(|_| PASSWORD)}).to_string();
    let use_it = || client.post("/api/v1/session/link", "application/json", "", &body).unwrap();
    let signed_in = use_it().expect(&[200]).json();
    use_it().expect(&[401]);
    signed_in
}

#[test]
fn a_printed_link_signs_in_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let place = data.to_str().unwrap();
    let admin = token(&data, "administrator");
    let server = Server::start(&data);
    let first = printed(&command(&["link", "--data", place]));
    assert_eq!(follow(&server, &first, Some("root"))["person"]["name"], "root");

    let refused = command(&["link", "--data", place]);
    assert!(!refused.status.success() && said(&refused).contains("--account"), "{}", said(&refused));
    let refused = command(&["link", "--data", place, "--account", "nobody"]);
    assert!(!refused.status.success() && said(&refused).contains("no account \"nobody\""), "{}", said(&refused));

    let ada = json!({"name": "ada", "roles": ["operator"], "agency": "city", "password": PASSWORD}).to_string();
    server.client(&admin).post("/api/v1/accounts", "application/json", "", &ada).unwrap().expect(&[201]);
    let again = printed(&command(&["link", "--data", place, "--account", "ada"]));
    let person = &follow(&server, &again, None)["person"];
    assert_eq!((&person["name"], &person["roles"]), (&json!("ada"), &json!(["operator"])));
    server.stop();
}

/// The name of a file, and its text with a row of each time.
type Recording = (&'static str, fn(&[String]) -> String);

fn ndjson(times: &[String]) -> String {
    let row = |(i, time): (usize, &String)| {
        format!("{{\"kind\":\"{KIND}\",\"asset\":\"s{i}\",\"value\":{i},\"time\":\"{time}\"}}\n")
    };
    times.iter().enumerate().map(row).collect()
}

fn csv(times: &[String]) -> String {
    let row = |(i, time): (usize, &String)| format!("{time},s{i},{i}\n");
    std::iter::once("at,station,level\n".to_owned()).chain(times.iter().enumerate().map(row)).collect()
}

/// Plays a recording to a door of a platform; expects its readings there, with their own times or those of now.
fn check_replay((name, rows): Recording, door: fn(&Server) -> String, further: &[&str], keeps_times: bool) {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join(name));
    let (source, reader) = (token(&data, "source"), token(&data, "administrator"));
    let server = Server::start(&data);
    let reader = server.client(&reader);
    furnish(&reader, "{asset} is high", false);
    let times = [0, 1, 2, 3].map(|hour| time(hour * 3600).to_string());
    std::fs::write(&file, rows(&times)).unwrap();
    let (path, to) = (file.to_str().unwrap(), door(&server));
    let mut arguments = vec!["replay", path, "--to", &to, "--token", &source];
    // Three hours in less than a millisecond.
    arguments.extend(["--speed", "2e7"].iter().chain(further));
    let told = printed(&command(&arguments));
    assert!(told.starts_with("4 accepted, 0 delivered before, 0 refused, 0 rows not readable"), "{told}");

    let list = format!("/api/v1/observations?kind={KIND}");
    // They are durable; history takes them from the log.
    while reader.all(&list).len() < times.len() {}
    let mut items = reader.all(&list);
    items.sort_by_key(|item| item["asset"].to_string());
    for (i, (item, time)) in items.iter().zip(&times).enumerate() {
        assert_eq!(
            (&item["asset"], &item["value"], &item["origin"], item["time"] == json!(time)),
            (&json!(format!("s{i}")), &json!(i as f64), &json!("replayed"), keeps_times),
            "{item}"
        );
    }
    assert_eq!(items.len(), times.len());
    server.stop();
}

#[test]
fn a_recording_is_played_into_a_running_platform() {
    let http = |server: &Server| server.http.clone();
    check_replay(("day.ndjson", ndjson), http, &[], false);
    check_replay(("day.ndjson", ndjson), |server| format!("mqtt://{}", server.mqtt), &["--keep-times"], true);

    let folder = tempfile::tempdir().unwrap();
    let mapping = folder.path().join("mapping.toml");
    let text = format!(
        "format = 'csv'\nasset = '{{station}}'\ntime = {{ from = '{{at}}' }}\n[[observations]]\nkind = '{KIND}'\nvalue = 'level'\n"
    );
    std::fs::write(&mapping, text).unwrap();
    check_replay(("day.csv", csv), http, &["--keep-times", "--mapping", mapping.to_str().unwrap()], true);
}

#[test]
fn a_replay_that_nobody_takes_fails_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("day.ndjson"));
    let (source, reader) = (token(&data, "source"), token(&data, "administrator"));
    let server = Server::start(&data);
    furnish(&server.client(&reader), "{asset} is high", false);
    std::fs::write(&file, "{\"kind\":\"unheard.of\",\"value\":1}\n").unwrap();
    for (token, file, to, why) in [
        (&*source, file.to_str().unwrap(), &*server.http, "unheard.of"),
        ("nonsense", file.to_str().unwrap(), &server.http, "401"),
        (&*source, "/nonexistent/day.ndjson", &server.http, "/nonexistent/day.ndjson"),
        (&*source, file.to_str().unwrap(), "ftp://127.0.0.1", "--to takes"),
    ] {
        let output = command(&["replay", file, "--to", to, "--token", token]);
        assert!(!output.status.success() && said(&output).contains(why), "{why}: {}", said(&output));
    }
    server.stop();
}
