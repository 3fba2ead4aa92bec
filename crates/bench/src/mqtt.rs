//! The part of MQTT 3.1.1 that a device speaks: connect, publish with acknowledgement, subscribe, receive.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Result, bail};

use crate::http::connect;

const PUBLISH_QOS_1: u8 = 0x32;

/// A packet that a client receives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packet {
    /// A publication of ours was taken.
    Acknowledged(u16),
    /// A message of a subscription.
    Message { topic: String, payload: Vec<u8> },
    /// Anything else: answers to a subscription or a ping.
    Other(u8),
}

/// Connects and waits until the broker has let the client in; gives the two directions of the connection.
pub(crate) fn join(address: SocketAddr, client: &str, token: &str) -> Result<(TcpStream, BufReader<TcpStream>)> {
    let stream = connect(address)?;
    let mut out = Vec::new();
    write_connect(&mut out, client, token);
    (&stream).write_all(&out)?;
    let mut input = BufReader::with_capacity(64 * 1024, stream.try_clone()?);
    let (head, body) = read_raw(&mut input)?;
    if head >> 4 != 2 || body.get(1) != Some(&0) {
        bail!("the broker refused the client: {head:#x} {body:?}");
    }
    Ok((stream, input))
}

/// Appends a PUBLISH with QoS 1.
pub(crate) fn write_publish(out: &mut Vec<u8>, id: u16, topic: &str, payload: &[u8]) {
    out.push(PUBLISH_QOS_1);
    write_length(out, 2 + topic.len() + 2 + payload.len());
    write_text(out, topic.as_bytes());
    out.extend_from_slice(&id.to_be_bytes());
    out.extend_from_slice(payload);
}

/// Appends a SUBSCRIBE with QoS 0.
pub(crate) fn write_subscribe(out: &mut Vec<u8>, filter: &str) {
    out.push(0x82);
    write_length(out, 2 + 2 + filter.len() + 1);
    out.extend_from_slice(&[0, 1]);
    write_text(out, filter.as_bytes());
    out.push(0);
}

/// Reads the next packet.
pub(crate) fn read_packet(input: &mut impl Read) -> Result<Packet> {
    let (head, body) = read_raw(input)?;
    match head >> 4 {
        4 if body.len() >= 2 => Ok(Packet::Acknowledged(u16::from_be_bytes([body[0], body[1]]))),
        3 if body.len() >= 2 => {
            let length = usize::from(u16::from_be_bytes([body[0], body[1]]));
            let after = 2 + length + if head & 0x06 == 0 { 0 } else { 2 };
            if body.len() < after {
                bail!("a message that is cut off");
            }
            let topic = String::from_utf8_lossy(&body[2..2 + length]).into_owned();
            Ok(Packet::Message { topic, payload: body[after..].to_vec() })
        }
        kind => Ok(Packet::Other(kind)),
    }
}

fn write_connect(out: &mut Vec<u8>, client: &str, token: &str) {
    // A user name, a password and a clean session; no keep-alive, since a load never rests.
    let (flags, user) = if token.is_empty() { (0x02, "") } else { (0xc2, client) };
    let login = if token.is_empty() { 0 } else { 4 + user.len() + token.len() };
    out.push(0x10);
    write_length(out, 10 + 2 + client.len() + login);
    write_text(out, b"MQTT");
    out.extend_from_slice(&[4, flags, 0, 0]);
    write_text(out, client.as_bytes());
    if !token.is_empty() {
        write_text(out, user.as_bytes());
        write_text(out, token.as_bytes());
    }
}

fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    let length = u16::try_from(text.len()).expect("a text of less than 64 KiB");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text);
}

fn write_length(out: &mut Vec<u8>, mut length: usize) {
    loop {
        let low = (length % 128) as u8;
        length /= 128;
        if length == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

fn read_raw(input: &mut impl Read) -> Result<(u8, Vec<u8>)> {
    let mut byte = [0];
    input.read_exact(&mut byte)?;
    let head = byte[0];
    let mut length = 0;
    for shift in [0, 7, 14, 21] {
        input.read_exact(&mut byte)?;
        length |= usize::from(byte[0] & 0x7f) << shift;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    Ok((head, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let mut out = Vec::new();
        let payload = [7; 300];
        write_publish(&mut out, 9, "a/b", &payload);
        let expected = Packet::Message { topic: "a/b".to_owned(), payload: payload.to_vec() };
        assert_eq!(read_packet(&mut out.as_slice()).unwrap(), expected);
        assert_eq!(read_packet(&mut [0x40, 2, 1, 2].as_slice()).unwrap(), Packet::Acknowledged(258));
    }
}
