//! Imports into a running platform, killed and gone on with.

use std::path::Path;

use serde_json::Value;

use crate::city::{KIND, furnish, time};
use crate::server::{Client, Server, command, said, spawn, token};

/// The exit status of an import of which rows were rejected.
const ROWS_REJECTED: i32 = 4;

/// A platform with the kind, a client that reads, and a token that delivers.
fn start(folder: &Path) -> (Server, Client, String) {
    let data = folder.join("data");
    let (source, admin) = (token(&data, "source"), token(&data, "administrator"));
    let server = Server::start(&data);
    let admin = server.client(&admin);
    furnish(&admin, "{asset} is high", false);
    (server, admin, source)
}

/// The readings, once history has taken as many from the log.
fn readings(reader: &Client, count: usize) -> Vec<Value> {
    let list = format!("/api/v1/observations?kind={KIND}");
    loop {
        let items = reader.all(&list);
        if items.len() >= count {
            return items;
        }
    }
}

#[test]
fn a_killed_import_goes_on_and_loses_nothing() {
    const ROWS: usize = 40_000;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (server, reader, source) = start(folder.path());
    let mapping = format!(
        "format = 'csv'\nasset = '{{station}}'\ntime = {{ from = '{{at}}' }}\n[[observations]]\nkind = '{KIND}'\nvalue = 'level'\n"
    );
    std::fs::write(path("mapping.toml"), mapping).unwrap();
    let row = |i: usize| format!("{},s{},{i}\n", time(i as u64), i % 7);
    let bad = "yesterday,s1,1\n";
    let text: String = (0..ROWS / 2).map(row).chain([bad.to_owned()]).chain((ROWS / 2..ROWS).map(row)).collect();
    std::fs::write(path("day.csv"), format!("at,station,level\n{text}")).unwrap();

    let (file, mapping) = (path("day.csv"), path("mapping.toml"));
    let arguments = ["import", &file, "--to", &server.http, "--token", &source, "--mapping", &mapping];
    for deliveries in 1..4 {
        let mut child = spawn(&arguments);
        let came = || {
            let state = std::fs::read(path("day.csv.import.json")).unwrap_or_default();
            let state: Value = serde_json::from_slice(&state).unwrap_or_default();
            state["totals"]["rows"].as_u64().unwrap_or_default()
        };
        while came() < deliveries * 4000 && child.try_wait().unwrap().is_none() {}
        // It may have come to its end by itself.
        let _ended = child.kill();
        child.wait().unwrap();
    }
    let ended = command(&arguments);
    assert_eq!(ended.status.code(), Some(ROWS_REJECTED), "{}", said(&ended));
    let told = said(&ended);
    assert!(told.contains("40001 rows, ") && told.contains(" 1 rows rejected"), "{told}");
    assert_eq!(std::fs::read_to_string(path("day.csv.rejected.csv")).unwrap(), format!("at,station,level\n{bad}"));
    let reasons = std::fs::read_to_string(path("day.csv.rejected.txt")).unwrap();
    assert!(reasons.starts_with(&format!("{file}:20002: time: ")) && reasons.lines().count() == 1, "{reasons}");

    let found = readings(&reader, ROWS);
    let mut values: Vec<f64> = found.iter().map(|o| o["value"].as_f64().unwrap()).collect();
    values.sort_by(f64::total_cmp);
    assert!(values.into_iter().eq((0..ROWS).map(|i| i as f64)), "{} readings", found.len());
    assert!(
        found
            .iter()
            .all(|o| o["origin"] == "live" && o["time"] == time(o["value"].as_f64().unwrap() as u64).to_string())
    );
    server.stop();
}

#[test]
fn what_is_exported_and_imported_is_the_same() {
    const ROWS: u64 = 5000;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (first, reader, source) = start(folders[0].path());
    let (second, other, sender) = start(folders[1].path());
    let text = |i: u64| {
        let (time, place) = (time(i), format!("[{},{}]", 0.1 + i as f64 / 1e4, -1.0 / (i + 3) as f64));
        format!(
            "{{\"kind\":\"{KIND}\",\"asset\":\"s{}\",\"source\":\"feed-{}\",\"value\":{i}.25,\"time\":\"{time}\",\"origin\":\"simulated\",\
             \"quality\":\"doubtful\",\"place\":{{\"type\":\"Point\",\"coordinates\":{place}}},\"attributes\":{{\"=a\":\"\u{e9}\\\"{i}\"}}}}\n",
            i % 9,
            i % 3
        )
    };
    first.client(&source).deliver(&(0..ROWS).map(text).collect::<String>()).unwrap().expect(&[202]);
    let mut expected = readings(&reader, ROWS as usize);

    let export = |format: &str| {
        let path = format!("/api/v1/observations/export?format={format}&kind={KIND}");
        reader.get(&path).unwrap().expect(&[200])
    };
    let file = folders[0].path().join("all.ndjson");
    std::fs::write(&file, export("ndjson").text).unwrap();
    let moved = command(&["import", file.to_str().unwrap(), "--to", &second.http, "--token", &sender]);
    assert!(moved.status.success() && said(&moved).contains("5000 observations accepted"), "{}", said(&moved));
    let mut found = readings(&other, ROWS as usize);
    for item in expected.iter_mut().chain(&mut found) {
        item.as_object_mut().unwrap().remove("arrived");
    }
    assert!(found == expected, "{} readings, {} expected", found.len(), expected.len());

    let features = export("geojson").json();
    assert_eq!(features["features"].as_array().unwrap().len(), ROWS as usize);
    assert_eq!(export("csv").text.lines().count(), ROWS as usize + 1);
    let audit: Vec<String> =
        reader.all("/api/v1/audit?action=export").iter().map(|e| e["detail"].to_string()).collect();
    assert!(audit.contains(&"\"5000 rows given as ndjson\"".to_owned()), "{audit:?}");
    assert_eq!(audit.len(), 6);
    first.stop();
    second.stop();
}

#[test]
fn an_import_that_cannot_go_on_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _reader, _source) = start(folder.path());
    let file = folder.path().join("day.ndjson").to_str().unwrap().to_owned();
    let refused = |to: &str| {
        let output = command(&["import", &file, "--to", to, "--token", "vgl_1_wrong"]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        said(&output)
    };
    assert!(refused(&server.http).contains("day.ndjson: No such file"));
    std::fs::write(&file, crate::city::line("s1", 1)).unwrap();
    assert!(refused(&server.http).contains(": 401: "));
    assert!(refused("mqtt://127.0.0.1:1").contains("--to takes http://HOST:PORT"));
    server.stop();
}
