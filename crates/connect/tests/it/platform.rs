//! The HTTP door of a platform, as far as an import sees it: it takes lines once, and names what it does not take.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use vigiles_formats::ndjson;

/// Most refused observations told one by one.
const MAX_TOLD: usize = 100;
/// Refused, as of a kind that nobody registered.
pub(crate) const UNKNOWN: &str = "no.such";

pub(crate) struct FakePlatform {
    pub(crate) address: SocketAddr,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
pub(crate) struct Taken {
    /// How often each line came; those refused are not among them.
    pub(crate) lines: HashMap<String, usize>,
    pub(crate) deliveries: usize,
    /// Deliveries of which a part will be dropped because of overload.
    pub(crate) sheds: usize,
}

impl FakePlatform {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::new(Mutex::new(Taken::default()));
        let shared = taken.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&stream.unwrap(), &shared);
            }
        });
        Self { address, taken }
    }

    pub(crate) fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap()
    }
}

fn answer(stream: &TcpStream, taken: &Mutex<Taken>) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let start = head.len();
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
        if let Some(value) = head[start..].to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_ok() {
        let (status, told) = taken.lock().unwrap().take(std::str::from_utf8(&body).unwrap());
        let told = told.to_string();
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", told.len());
        // Who asked may be gone.
        let _gone = (&mut &*stream).write_all((head + &told).as_bytes());
    }
}

impl Taken {
    fn take(&mut self, body: &str) -> (&'static str, Value) {
        self.deliveries += 1;
        let count = body.lines().count();
        let (mut accepted, mut duplicates, mut refused) = (0, 0, Vec::new());
        // Of a delivery that is shed in part, the first half is taken.
        let is_shed = self.sheds > 0;
        self.sheds -= usize::from(is_shed);
        let kept = if is_shed { count / 2 } else { count };
        for (index, line) in body.lines().enumerate().take(kept) {
            let draft = ndjson::parse_line(line.as_bytes(), 1).unwrap();
            assert_eq!(draft.flaw, None, "{line}");
            if draft.kind == UNKNOWN {
                refused.push((index, "kind", "unknown kind"));
                continue;
            }
            let times = self.lines.entry(line.to_owned()).or_default();
            *(if *times == 0 { &mut accepted } else { &mut duplicates }) += 1;
            *times += 1;
        }
        if refused.len() == count {
            let fault = |(i, path, why): &(usize, &str, &str)| json!({"path": format!("[{i}].{path}"), "message": why});
            let errors: Vec<Value> = refused.iter().take(MAX_TOLD).map(fault).collect();
            return ("422 Unprocessable Content", json!({"status": 422, "errors": errors}));
        }
        let named = |(i, path, why): &(usize, &str, &str)| json!({"index": i, "path": path, "message": why});
        let rejected: Vec<Value> = refused.iter().take(MAX_TOLD).map(named).collect();
        let receipt = json!({"accepted": accepted, "duplicates": duplicates, "shed": count - kept,
            "refused": refused.len(), "rejected": rejected});
        ("202 Accepted", receipt)
    }
}
