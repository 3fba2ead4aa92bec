//! The first packet: who a client is, and whether it may stay.

use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vigiles_runtime::door::{Grant, Knock};

use super::Broker;
use super::codec::{self, PacketError};
use super::counters::one;
use super::end::End;
use super::hub::{self, Seat};
use super::intake;
use super::packet::{Connect, Incoming, Outgoing, Reason, Version, Welcome};

/// A client that was let in.
pub(super) struct Admitted {
    pub(super) connect: Connect,
    pub(super) grant: Grant,
    pub(super) seat: Seat,
    /// Bytes that came after the CONNECT.
    pub(super) input: BytesMut,
}

/// Reads the CONNECT and answers it.
pub(super) async fn admit(broker: &Broker, stream: &mut TcpStream) -> Result<Admitted, End> {
    let mut input = BytesMut::new();
    let patience = broker.config.patience;
    let read = tokio::time::timeout(patience, read_connect(stream, &mut input, broker.config.max_packet_bytes)).await;
    let connect = match read {
        Err(_) => return Err(End::gone("no CONNECT came in time")),
        Ok(Ok(connect)) => connect,
        Ok(Err(refusal)) => return Err(refuse(broker, stream, Version::V311, refusal).await),
    };
    let version = connect.version;
    match check(broker, &connect, stream.peer_addr().ok()) {
        Err(refusal) => Err(refuse(broker, stream, version, refusal).await),
        Ok(grant) => {
            let seat = broker.hub.join(&grant.principal, &connect.client);
            let welcome = Welcome {
                assigned: connect.client.is_empty().then(|| hub::assigned_name(seat.key)),
                receive_maximum: broker.config.receive_maximum,
                max_packet_bytes: broker.config.max_packet_bytes as u32,
            };
            let key = seat.key;
            if let Err(end) = send(broker, stream, version, Outgoing::Accept(welcome)).await {
                broker.hub.leave(key);
                return Err(end);
            }
            Ok(Admitted { connect, grant, seat, input })
        }
    }
}

type Refusal = (Reason, String);

async fn read_connect(stream: &mut TcpStream, input: &mut BytesMut, max_bytes: usize) -> Result<Connect, Refusal> {
    let refusal = |e: PacketError| match e {
        PacketError::Version(_) => (Reason::Version, e.to_string()),
        e => (Reason::Malformed, e.to_string()),
    };
    loop {
        if let Some(version) = codec::version(input, max_bytes).map_err(refusal)?
            && let Some(Incoming::Connect(connect)) = codec::read(version, input, max_bytes).map_err(refusal)?
        {
            return Ok(connect);
        }
        match stream.read_buf(input).await {
            Ok(0) | Err(_) => return Err((Reason::Protocol, "the client left before CONNECT".into())),
            Ok(_) => {}
        }
    }
}

fn check(broker: &Broker, connect: &Connect, peer: Option<SocketAddr>) -> Result<Grant, Refusal> {
    if broker.counters.connections.load(Relaxed) > broker.config.max_connections as u64 {
        return Err((
            Reason::ServerBusy,
            format!("{} clients are connected, the most there may be", broker.config.max_connections),
        ));
    }
    let Some(token) = &connect.password else {
        return Err((Reason::NotAuthorised, "send a token as the password; the user name does not matter".into()));
    };
    let from = Knock { door: "mqtt", from: peer.map(|peer| peer.ip().to_canonical()) };
    let grant = broker.door.authenticate(token.trim(), &from).map_err(|e| (Reason::NotAuthorised, e.to_string()))?;
    if connect.client.is_empty() && connect.version == Version::V311 && !connect.clean {
        return Err((Reason::BadClientId, "an empty client id needs a clean session".into()));
    }
    if connect.client.len() > vigiles_formats::mqtt::MAX_TOPIC_BYTES {
        return Err((Reason::BadClientId, "the client id is too long".into()));
    }
    match &connect.will {
        Some(will) if !vigiles_formats::mqtt::is_topic(&will.topic) => {
            Err((Reason::TopicInvalid, "the will's topic is not a topic".into()))
        }
        Some(will) if !intake::may_publish(&grant, &will.topic) => {
            Err((Reason::NotAuthorised, "the token may not publish to the will's topic".into()))
        }
        _ => Ok(grant),
    }
}

async fn refuse(broker: &Broker, stream: &mut TcpStream, version: Version, (reason, why): Refusal) -> End {
    one(&broker.counters.refused);
    if reason == Reason::Malformed || reason == Reason::Protocol {
        // Nothing is said to what does not speak MQTT.
        return End::gone(why);
    }
    let _ = send(broker, stream, version, Outgoing::Refuse(reason, why.clone())).await;
    let _ = stream.shutdown().await;
    End::gone(why)
}

async fn send(broker: &Broker, stream: &mut TcpStream, version: Version, packet: Outgoing) -> Result<(), End> {
    let mut output = BytesMut::new();
    codec::write(version, packet, &mut output);
    match tokio::time::timeout(broker.config.patience, stream.write_all(&output)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(End::gone("the client does not take its answer")),
    }
}
