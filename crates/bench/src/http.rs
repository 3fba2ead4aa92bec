//! A small HTTP/1.1 client on one kept connection: it costs the machine next to nothing, which the server then has.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// One connection that carries a token.
pub(crate) struct Client {
    address: SocketAddr,
    token: String,
    stream: Option<BufReader<TcpStream>>,
    out: Vec<u8>,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Seconds to wait, where the server said so.
    pub(crate) retry_after_s: Option<u64>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; an error that shows it where the status is not a success.
    pub(crate) fn json(&self) -> Result<Value> {
        if !(200..300).contains(&self.status) {
            bail!("status {}: {}", self.status, String::from_utf8_lossy(&self.body));
        }
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).context("the body is not JSON")
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr, token: &str) -> Self {
        Self { address, token: token.to_owned(), stream: None, out: Vec::new() }
    }

    pub(crate) fn get(&mut self, path: &str) -> Result<Value> {
        self.send("GET", path, "application/json", &[])?.json().with_context(|| format!("GET {path}"))
    }

    pub(crate) fn put(&mut self, path: &str, body: &Value) -> Result<Value> {
        let body = serde_json::to_vec(body)?;
        self.send("PUT", path, "application/json", &body)?.json().with_context(|| format!("PUT {path}"))
    }

    /// Sends one request and reads its answer. A connection that breaks is dropped: the next call opens a new one.
    pub(crate) fn send(&mut self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Result<Answer> {
        let answer = self.exchange(method, path, content_type, body);
        if answer.is_err() {
            self.stream = None;
        }
        answer
    }

    fn exchange(&mut self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Result<Answer> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => none.insert(BufReader::new(connect(self.address)?)),
        };
        self.out.clear();
        write!(
            self.out,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            self.token,
            body.len()
        )?;
        self.out.extend_from_slice(body);
        stream.get_mut().write_all(&self.out)?;
        read_answer(stream)
    }
}

/// Connects with a limit on every wait, so that a server that hangs ends the run.
pub(crate) fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The status line and headers, with names in small letters.
pub(crate) fn read_head(stream: &mut impl BufRead) -> Result<(u16, Vec<(String, String)>)> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        bail!("the server closed the connection");
    }
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|word| word.trim().parse().ok())
        .with_context(|| format!("not HTTP: {line:?}"))?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok((status, headers))
}

fn read_answer(stream: &mut impl BufRead) -> Result<Answer> {
    let (status, headers) = read_head(stream)?;
    let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let retry_after_s = header("retry-after").and_then(|value| value.parse().ok());
    let mut body = Vec::new();
    if header("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        while read_chunk(stream, &mut body)? {}
    } else {
        let length = header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        body.resize(length, 0);
        stream.read_exact(&mut body)?;
    }
    Ok(Answer { status, retry_after_s, body })
}

/// Appends one chunk; false after the last.
pub(crate) fn read_chunk(stream: &mut impl BufRead, body: &mut Vec<u8>) -> Result<bool> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let length = usize::from_str_radix(line.trim(), 16).with_context(|| format!("not a chunk's length: {line:?}"))?;
    let start = body.len();
    body.resize(start + length, 0);
    stream.read_exact(&mut body[start..])?;
    line.clear();
    stream.read_line(&mut line)?;
    Ok(length > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, status: u16, body: &str) {
        let answer = read_answer(&mut text.as_bytes()).unwrap();
        assert_eq!((answer.status, String::from_utf8(answer.body).unwrap().as_str()), (status, body));
    }

    #[test]
    fn reads_answers_of_both_forms() {
        check("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}", 202, "{}");
        check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", 200, "abcd");
        check("HTTP/1.1 204 No Content\r\n\r\n", 204, "");
    }
}
