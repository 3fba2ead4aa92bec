//! Bytes to packets and back. The packets themselves are read and written by rumqttc's codec; this room
//! finds their borders, chooses the version, and closes the codec's gaps.

use bytes::BytesMut;
use rumqttc::mqttbytes::v4;
use rumqttc::v5::mqttbytes::v5;

use super::decode::{from_v4, from_v5};
use super::encode::{to_v4, to_v5};
use super::packet::{Incoming, Outgoing, Version};

/// Why bytes are not a packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PacketError {
    #[error("a packet of {found} bytes; at most {limit} are taken")]
    TooLarge { found: usize, limit: usize },
    #[error("MQTT protocol level {0} is not spoken here; 4 (3.1.1) and 5 are")]
    Version(u8),
    #[error("malformed packet of type {kind}: {why}")]
    Malformed { kind: u8, why: String },
    #[error("a packet of type {0} is not for a server")]
    Unexpected(u8),
}

/// Takes the next whole packet from the buffer; none where its end has not come yet.
pub(super) fn read(version: Version, buffer: &mut BytesMut, max_bytes: usize) -> Result<Option<Incoming>, PacketError> {
    let Some(length) = frame_length(buffer, max_bytes)? else { return Ok(None) };
    let mut frame = buffer.split_to(length);
    let kind = frame[0] >> 4;
    let malformed = |why: String| PacketError::Malformed { kind, why };
    check_flags(frame[0]).map_err(malformed)?;
    let packet = match version {
        Version::V311 => from_v4(v4::Packet::read(&mut frame, max_bytes).map_err(|e| malformed(e.to_string()))?),
        // The codec does not know the short forms of DISCONNECT. Of its content only the reason matters.
        Version::V5 if kind == 14 => Ok(Incoming::Disconnect {
            with_will: header_end(&frame).and_then(|(start, _)| frame.get(start)) == Some(&4),
        }),
        Version::V5 => from_v5(v5::Packet::read(&mut frame, None).map_err(|e| malformed(e.to_string()))?),
    };
    packet.map(Some).map_err(|why| if why.is_empty() { PacketError::Unexpected(kind) } else { malformed(why) })
}

/// The protocol version that a CONNECT asks for; none where it has not come yet.
pub(super) fn version(buffer: &BytesMut, max_bytes: usize) -> Result<Option<Version>, PacketError> {
    let Some(kind) = buffer.first().map(|first| first >> 4) else { return Ok(None) };
    if kind != 1 {
        return Err(PacketError::Malformed { kind, why: "the first packet must be CONNECT".into() });
    }
    let Some(length) = frame_length(buffer, max_bytes)? else { return Ok(None) };
    let body = header_end(buffer).map_or(&[][..], |(start, _)| &buffer[start..length]);
    match body {
        [0, 4, b'M', b'Q', b'T', b'T', 4, ..] => Ok(Some(Version::V311)),
        [0, 4, b'M', b'Q', b'T', b'T', 5, ..] => Ok(Some(Version::V5)),
        [0, 4, b'M', b'Q', b'T', b'T', level, ..] | [0, 6, b'M', b'Q', b'I', b's', b'd', b'p', level, ..] => {
            Err(PacketError::Version(*level))
        }
        _ => Err(PacketError::Malformed { kind, why: "the protocol name must be MQTT".into() }),
    }
}

/// Reads the bytes of a connection packet by packet, as the broker does, until they end or one is malformed; gives how
/// many there were. For fuzzing.
pub fn count_packets(bytes: &[u8], max_bytes: usize) -> usize {
    let mut buffer = BytesMut::from(bytes);
    let Ok(Some(version)) = version(&buffer, max_bytes) else { return 0 };
    let mut packets = 0;
    while let Ok(Some(_)) = read(version, &mut buffer, max_bytes) {
        packets += 1;
    }
    packets
}

/// Writes a packet.
pub(super) fn write(version: Version, packet: Outgoing, buffer: &mut BytesMut) {
    let length = buffer.len();
    let written = match version {
        Version::V311 => to_v4(packet).is_none_or(|packet| packet.write(buffer, usize::MAX).is_ok()),
        Version::V5 => to_v5(packet).write(buffer, None).is_ok(),
    };
    if !written {
        buffer.truncate(length);
    }
}

/// The reserved bits of the first byte: only PUBLISH has flags of its own.
fn check_flags(first: u8) -> Result<(), String> {
    let wanted = match first >> 4 {
        3 => return Ok(()),
        6 | 8 | 10 => 2,
        _ => 0,
    };
    if first & 0x0f == wanted { Ok(()) } else { Err(format!("flags {:#06b} are not {wanted:#06b}", first & 0x0f)) }
}

/// Where the fixed header ends and how many bytes follow it; none where it is not complete.
fn header_end(buffer: &[u8]) -> Option<(usize, usize)> {
    let mut length = 0;
    for (i, byte) in buffer.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((i + 2, length));
        }
    }
    None
}

/// The length of the packet at the start of the buffer, once all of it is there.
fn frame_length(buffer: &[u8], max_bytes: usize) -> Result<Option<usize>, PacketError> {
    let Some((start, rest)) = header_end(buffer) else {
        return if buffer.len() >= 5 {
            Err(PacketError::Malformed { kind: buffer[0] >> 4, why: "the length has more than four bytes".into() })
        } else {
            Ok(None)
        };
    };
    let length = start + rest;
    if length > max_bytes {
        return Err(PacketError::TooLarge { found: length, limit: max_bytes });
    }
    Ok((buffer.len() >= length).then_some(length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(version: Version, bytes: &[u8], expected: &str) {
        let found = read(version, &mut BytesMut::from(bytes), 1000);
        let text = match found {
            Ok(packet) => format!("{packet:?}"),
            Err(e) => e.to_string(),
        };
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn borders_and_errors() {
        check(Version::V5, &[0xc0], "None");
        check(Version::V5, &[0xc0, 0], "Some(Ping)");
        check(Version::V5, &[0xe0, 0], "Some(Disconnect");
        check(Version::V5, &[0xe0, 1, 4], "Some(Disconnect { with_will: true }");
        check(Version::V311, &[0xe0, 0], "Some(Disconnect");
        check(Version::V311, &[0x30, 0xff, 0xff, 0xff, 0xff], "malformed packet of type 3: the length has more");
        check(Version::V311, &[0x30, 0xff, 0x7f], "a packet of 16386 bytes; at most 1000");
        check(Version::V311, &[0x31, 3, 0, 9, b'a'], "malformed packet of type 3: Promised boundary crossed");
        check(Version::V311, &[0x32, 5, 0, 1, b'a', 0, 0], "malformed packet of type 3: Packet id Zero");
        check(Version::V311, &[0x36, 5, 0, 1, b'a', 0, 1], "malformed packet of type 3: Invalid QoS");
        check(Version::V311, &[0x30, 3, 0, 1, 0xff], "malformed packet of type 3: Topic is not UTF-8");
        check(Version::V5, &[0x30, 4, 0, 1, 0xff, 0], "malformed packet of type 3: the topic is not UTF-8");
        check(Version::V5, &[0x80, 5, 0, 1, 0, 0, 0], "malformed packet of type 8: flags");
        check(Version::V5, &[0x20, 2, 0, 0], "malformed packet of type 2");
    }

    #[test]
    fn versions() {
        let ask =
            |level: u8| version(&BytesMut::from(&[0x10, 10, 0, 4, b'M', b'Q', b'T', b'T', level, 2, 0, 0][..]), 100);
        assert_eq!(ask(4), Ok(Some(Version::V311)));
        assert_eq!(ask(5), Ok(Some(Version::V5)));
        assert_eq!(ask(6), Err(PacketError::Version(6)));
        assert!(version(&BytesMut::from(&b"GET / HTTP/1.1"[..]), 100).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn any_packet_is_survived(kind in 1u8..16, flags in 0u8..16, body in proptest::collection::vec(prop_oneof![0u8..6, any::<u8>()], 0..60)) {
            let flags = match kind { 3 => flags, 6 | 8 | 10 => 2, _ => 0 };
            for version in [Version::V311, Version::V5] {
                let mut bytes = BytesMut::from(&[kind << 4 | flags, body.len() as u8][..]);
                bytes.extend_from_slice(&body);
                let _ = read(version, &mut bytes, 1000);
            }
        }

        #[test]
        fn any_connect_is_survived(level in 4u8..6, body in proptest::collection::vec(prop_oneof![0u8..6, any::<u8>()], 0..60)) {
            let mut bytes = BytesMut::from(&[0x10, body.len() as u8 + 7, 0, 4, b'M', b'Q', b'T', b'T', level][..]);
            bytes.extend_from_slice(&body);
            let _ = read(if level == 4 { Version::V311 } else { Version::V5 }, &mut bytes, 1000);
        }
    }
}
