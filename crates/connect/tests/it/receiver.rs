//! A small real HTTP receiver on the loopback: answers what it is told, keeps what it got.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, sync_channel};

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let wanted = |line: &&str| line.split_once(':').is_some_and(|(n, _)| n.eq_ignore_ascii_case(name));
        self.head.lines().find(wanted).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
    }
}

/// Answers each request with the next of `answers` (status line and further headers, body), then ends.
pub(crate) fn receive(answers: &[(&str, &str)]) -> (SocketAddr, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, requests) = sync_channel(8);
    let mut answers: VecDeque<(String, String)> =
        answers.iter().map(|(h, b)| ((*h).to_owned(), (*b).to_owned())).collect();
    std::thread::spawn(move || {
        while let Some((head, body)) = answers.pop_front() {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(&stream);
            let mut request = Request { head: String::new(), body: String::new() };
            while !request.head.ends_with("\r\n\r\n") {
                assert!(reader.read_line(&mut request.head).unwrap() > 0);
            }
            assert!(request.header("transfer-encoding").is_none(), "a body of known length was expected");
            let length = request.header("content-length").map_or(0, |v| v.parse().unwrap());
            let mut bytes = vec![0; length];
            reader.read_exact(&mut bytes).unwrap();
            request.body = String::from_utf8(bytes).unwrap();
            write!(&stream, "HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
                .unwrap();
            sender.send(request).unwrap();
        }
    });
    (address, requests)
}
