//! A reader of the stream of events, as a browser reads it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Result, bail};

use crate::http::{connect, read_chunk, read_head};

/// An open stream.
pub(crate) struct Events {
    stream: BufReader<TcpStream>,
    /// Bytes that came and were not read as events yet.
    waiting: Vec<u8>,
}

/// One event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

impl Events {
    /// Opens the stream and waits for its head. `query` may choose events; empty for all of them.
    pub(crate) fn open(address: SocketAddr, token: &str, query: &str) -> Result<Self> {
        let mut stream = BufReader::new(connect(address)?);
        write!(
            stream.get_mut(),
            "GET /api/v1/events{query} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n\r\n"
        )?;
        let (status, _) = read_head(&mut stream)?;
        if status != 200 {
            bail!("the stream of events answered with status {status}");
        }
        Ok(Self { stream, waiting: Vec::new() })
    }

    /// The next event; an error when the stream ends.
    pub(crate) fn next(&mut self) -> Result<Event> {
        loop {
            if let Some(event) = take(&mut self.waiting) {
                return Ok(event);
            }
            if !read_chunk(&mut self.stream, &mut self.waiting)? {
                bail!("the server ended the stream of events");
            }
        }
    }
}

/// Takes one event from the front, where all of it is there. Comments alone make no event.
fn take(waiting: &mut Vec<u8>) -> Option<Event> {
    loop {
        let end = waiting.windows(2).position(|pair| pair == b"\n\n")? + 2;
        let block: Vec<u8> = waiting.drain(..end).collect();
        let mut event = Event::default();
        for line in block.lines().map_while(Result::ok) {
            if let Some(name) = line.strip_prefix("event:") {
                name.trim().clone_into(&mut event.name);
            } else if let Some(data) = line.strip_prefix("data:") {
                event.data.push_str(data.strip_prefix(' ').unwrap_or(data));
            }
        }
        if event != Event::default() {
            return Some(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_whole_events() {
        let mut waiting = b": here\n\nid: 4\nevent: alarm\ndata: {\"a\":1}\n\nevent: x\nda".to_vec();
        let event = take(&mut waiting).unwrap();
        assert_eq!((event.name.as_str(), event.data.as_str()), ("alarm", "{\"a\":1}"));
        assert_eq!(take(&mut waiting), None);
        waiting.extend_from_slice(b"ta: 2\n\n");
        assert_eq!(take(&mut waiting).unwrap().data, "2");
    }
}
