//! A full disk: the door says so, nothing acknowledged is lost, and it goes on when there is room.

use crate::city::{KIND, furnish, line};
use crate::server::{Server, token};

/// No file grows beyond this many KiB.
const LIMIT_KIB: u64 = 1536;
/// Readings in a delivery.
const BATCH: u64 = 2000;

fn delivery(number: u64) -> String {
    (number * BATCH..(number + 1) * BATCH).map(|value| line("a", value)).collect()
}

#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (source, reader_token) = (token(&data, "source"), token(&data, "administrator"));
    let server = Server::start_limited(&data, LIMIT_KIB);
    furnish(&server.client(&reader_token), "{asset} is high", true);
    let client = server.client(&source);
    let mut next = 0;
    let refused = loop {
        let answer = client.deliver(&delivery(next)).unwrap();
        match answer.status {
            202 => next += 1,
            429 => {}
            _ => break answer,
        }
        assert!(next < 200, "the limit was never reached");
    };
    assert!(matches!(refused.status, 503 | 507), "{refused:?}");
    assert_eq!(refused.content_type, "application/problem+json", "{refused:?}");
    assert!(next > 0);
    server.client("").get("/healthz").unwrap().expect(&[200]);

    server.lift_limit();
    for number in next..next + 2 {
        while client.deliver(&delivery(number)).unwrap().expect(&[202, 429, 503]).status != 202 {}
    }
    drop(server);
    let server = Server::start(&data);
    let stored = server.client(&reader_token).all(&format!("/api/v1/observations?kind={KIND}"));
    let mut values: Vec<u64> = stored.iter().map(|item| item["value"].as_f64().unwrap() as u64).collect();
    values.sort_unstable();
    assert_eq!(values, (0..(next + 2) * BATCH).collect::<Vec<_>>());
    server.stop();
}
