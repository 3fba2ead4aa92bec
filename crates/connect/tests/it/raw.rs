//! A client that writes its packets byte by byte, so that it can break every rule.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    v5: bool,
}

impl Raw {
    pub(crate) async fn open(address: SocketAddr, v5: bool) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), v5 }
    }

    /// Connects and reads the CONNACK; gives its body.
    pub(crate) async fn connect(address: SocketAddr, v5: bool, name: &str, token: &str) -> (Self, Vec<u8>) {
        let mut raw = Self::open(address, v5).await;
        let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', if v5 { 5 } else { 4 }, 0b1100_0010, 0, 0];
        if v5 {
            body.push(0);
        }
        for text in [name, "user", token] {
            push_text(&mut body, text.as_bytes());
        }
        raw.send(0x10, &body).await;
        let (first, answer) = raw.receive().await.unwrap();
        assert_eq!(first, 0x20);
        (raw, answer)
    }

    pub(crate) async fn send(&mut self, first: u8, body: &[u8]) {
        let mut packet = vec![first];
        let mut rest = body.len();
        loop {
            let byte = (rest % 128) as u8;
            rest /= 128;
            packet.push(if rest > 0 { byte | 128 } else { byte });
            if rest == 0 {
                break;
            }
        }
        packet.extend_from_slice(body);
        self.stream.write_all(&packet).await.unwrap();
    }

    pub(crate) async fn publish(&mut self, qos: u8, id: u16, topic: &str, payload: &[u8]) {
        let mut body = Vec::new();
        push_text(&mut body, topic.as_bytes());
        if qos > 0 {
            body.extend_from_slice(&id.to_be_bytes());
        }
        if self.v5 {
            body.push(0);
        }
        body.extend_from_slice(payload);
        self.send(0x30 | qos << 1, &body).await;
    }

    pub(crate) async fn subscribe(&mut self, id: u16, filter: &str, qos: u8) -> Vec<u8> {
        let mut body = id.to_be_bytes().to_vec();
        if self.v5 {
            body.push(0);
        }
        push_text(&mut body, filter.as_bytes());
        body.push(qos);
        self.send(0x82, &body).await;
        let (first, answer) = self.receive().await.unwrap();
        assert_eq!(first, 0x90);
        answer
    }

    /// The next packet: first byte and body; none where the connection has ended.
    pub(crate) async fn receive(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.stream.read_u8().await.ok()?;
        let mut length = 0;
        for i in 0..4 {
            let byte = self.stream.read_u8().await.ok()?;
            length |= usize::from(byte & 0x7f) << (7 * i);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.ok()?;
        Some((first, body))
    }
}

fn push_text(body: &mut Vec<u8>, text: &[u8]) {
    body.extend_from_slice(&(text.len() as u16).to_be_bytes());
    body.extend_from_slice(text);
}
