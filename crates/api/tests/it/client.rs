//! A small HTTP/1.1 client: one request a connection, so that nothing is hidden.

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The answer, which must have this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}

/// A request to be sent.
pub(crate) struct Request {
    address: SocketAddr,
    from: Option<IpAddr>,
    head: String,
    body: Vec<u8>,
}

pub(crate) fn request(address: SocketAddr, method: &str, path: &str) -> Request {
    Request {
        address,
        from: None,
        head: format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n"),
        body: Vec::new(),
    }
}

impl Request {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.head.extend([name, ": ", value, "\r\n"]);
        self
    }

    /// Sent from an address of this machine.
    pub(crate) fn from(mut self, address: IpAddr) -> Self {
        self.from = Some(address);
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    #[allow(clippy::needless_pass_by_value, reason = "the json! macro gives a value")]
    pub(crate) fn json(self, body: Value) -> Self {
        self.body("application/json", body.to_string())
    }

    async fn open(self) -> BufReader<TcpStream> {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(from) = self.from {
            socket.bind((from, 0).into()).unwrap();
        }
        let mut stream = socket.connect(self.address).await.unwrap();
        let head = format!("{}content-length: {}\r\n\r\n", self.head, self.body.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        // A refused body may be cut off by the server; its answer counts.
        let _cut_off = stream.write_all(&self.body).await;
        BufReader::new(stream)
    }

    /// Sends it and reads the whole answer.
    pub(crate) async fn send(self) -> Answer {
        let mut stream = self.open().await;
        let mut answer = head(&mut stream).await;
        match answer.header("content-length").map(|v| v.parse::<usize>().unwrap()) {
            Some(length) => {
                answer.body.resize(length, 0);
                stream.read_exact(&mut answer.body).await.unwrap();
            }
            None if answer.status == 204 || answer.status == 304 => {}
            None if answer.header("transfer-encoding") == Some("chunked") => answer.body = chunks(&mut stream).await,
            None => panic!("an answer without a length: {answer:?}"),
        }
        answer
    }

    /// Sends it and reads the head only; the rest is a stream.
    pub(crate) async fn stream(self) -> (Answer, Events) {
        let mut stream = self.open().await;
        let answer = head(&mut stream).await;
        (answer, Events { stream })
    }
}

async fn head(stream: &mut BufReader<TcpStream>) -> Answer {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("no status line: {line:?}")).parse().unwrap();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        match line.trim().split_once(':') {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.trim().to_owned())),
            None => return Answer { status, headers, body: Vec::new() },
        }
    }
}

/// A body in chunks, which must come to its end.
async fn chunks(stream: &mut BufReader<TcpStream>) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        let length = usize::from_str_radix(line.trim(), 16).unwrap_or_else(|_| panic!("broke off: {line:?}"));
        let mut chunk = vec![0; length + 2];
        stream.read_exact(&mut chunk).await.unwrap();
        if length == 0 {
            return body;
        }
        body.extend_from_slice(&chunk[..length]);
    }
}

/// A stream of server-sent events.
pub(crate) struct Events {
    stream: BufReader<TcpStream>,
}

impl Events {
    /// The next event of a name, with its id and data.
    pub(crate) async fn next(&mut self, name: &str) -> (Option<u64>, Value) {
        loop {
            let (event, id, data) = self.any().await;
            if event == name {
                return (id, data);
            }
        }
    }

    /// The next event, whatever it is.
    pub(crate) async fn any(&mut self) -> (String, Option<u64>, Value) {
        let (mut event, mut id, mut data) = (String::new(), None, Value::Null);
        loop {
            let mut line = String::new();
            assert_ne!(self.stream.read_line(&mut line).await.unwrap(), 0, "the stream ended");
            // Lengths of chunks and empty lines between them carry no colon.
            match line.trim().split_once(": ") {
                Some(("event", name)) => name.clone_into(&mut event),
                Some(("id", number)) => id = Some(number.parse().unwrap()),
                Some(("data", json)) => data = serde_json::from_str(json).unwrap(),
                _ if !event.is_empty() && !data.is_null() => return (event, id, data),
                _ => {}
            }
        }
    }
}
