//! A client of the event stream that reads slowly harms nobody, and is told to load everything anew.

use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpStream;

use crate::city::{HIGH, furnish_rules, line};
use crate::server::{Server, token};

/// Alarms of one burst: far more than the ring of changes holds, and with their long titles more than the buffers of
/// the operating system take.
const ALARMS: u64 = 6000;
/// Each raises one for each asset; none may have more than a thousand.
const RULES: [&str; 6] = ["high-1", "high-2", "high-3", "high-4", "high-5", "high-6"];
/// Bytes of a title.
const TITLE: usize = 1800;
/// What the platform may hold in memory after the burst, in KiB; the events alone are 15 MB for each client.
const MOST_KIB: u64 = 700_000;

/// Follows the events; says hello.
pub(crate) fn follow(server: &Server, token: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(server.http.trim_start_matches("http://")).unwrap();
    let head = format!("GET /api/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    until(&mut reader, "event: hello");
    reader
}

/// Reads on to a line that begins so.
pub(crate) fn until(reader: &mut impl std::io::BufRead, wanted: &str) -> String {
    let mut line = Vec::new();
    loop {
        line.clear();
        assert_ne!(reader.read_until(b'\n', &mut line).unwrap(), 0, "the stream ended before {wanted:?}");
        if line.starts_with(wanted.as_bytes()) {
            return String::from_utf8(line).unwrap();
        }
    }
}

fn resident_kib(pid: u32) -> u64 {
    let mut status = String::new();
    std::fs::File::open(format!("/proc/{pid}/status")).unwrap().read_to_string(&mut status).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_slow_reader_is_told_to_resync_and_harms_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (source, reader) = (token(&data, "source"), token(&data, "administrator"));
    let server = Server::start(&data);
    let client = server.client(&reader);
    let title = "x".repeat(TITLE);
    furnish_rules(&client, &title, false, &RULES);
    let mut slow: Vec<_> = (0..5).map(|_| follow(&server, &reader)).collect();

    let burst: String = (0..ALARMS / RULES.len() as u64 - 1).map(|n| line(&format!("a{n}"), HIGH + 1 + n)).collect();
    server.client(&source).deliver(&burst).unwrap().expect(&[202]);
    while (client.all("/api/v1/alarms").len() as u64) < ALARMS - RULES.len() as u64 {}

    // Others go on as if nothing were.
    let mut prompt = follow(&server, &reader);
    server.client(&source).deliver(&line("late", HIGH + 1)).unwrap().expect(&[202]);
    until(&mut prompt, "event: alarm");
    assert!(until(&mut prompt, "data: ").contains("\"late\""));
    let held = resident_kib(server.pid());
    assert!(held < MOST_KIB, "{held} KiB");

    for reader in &mut slow {
        until(reader, "event: resync");
    }
    drop(slow);
    server.stop();
}
