//! The packets of both protocol versions in one form, as the broker sees them.

use bytes::Bytes;

/// MQTT 3.1.1 or 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V311,
    V5,
}

/// Quality of service, in the words of the standard.
#[expect(clippy::enum_variant_names, reason = "the standard names them so")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Qos {
    AtMostOnce,
    AtLeastOnce,
    ExactlyOnce,
}

/// What a client sends.
#[derive(Debug)]
pub(super) enum Incoming {
    Connect(Connect),
    Publish(Publish),
    /// An outgoing message has arrived.
    PubAck(u16),
    PubRel(u16),
    Subscribe {
        id: u16,
        filters: Vec<Filter>,
        has_identifier: bool,
    },
    Unsubscribe {
        id: u16,
        filters: Vec<String>,
    },
    Ping,
    Disconnect {
        with_will: bool,
    },
}

#[derive(Debug)]
pub(super) struct Connect {
    pub(super) version: Version,
    pub(super) client: String,
    pub(super) clean: bool,
    pub(super) keep_alive_s: u16,
    pub(super) will: Option<Publish>,
    pub(super) password: Option<String>,
    /// How many unacknowledged messages the client takes.
    pub(super) receive_maximum: u16,
    /// Largest packet the client takes, in bytes.
    pub(super) max_packet_bytes: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Publish {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    pub(super) qos: Qos,
    pub(super) retain: bool,
    /// 0 where the quality of service is 0.
    pub(super) id: u16,
    pub(super) has_alias: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) path: String,
    pub(super) qos: Qos,
    pub(super) no_local: bool,
    pub(super) keep_retain: bool,
    /// Whether retained messages are sent for this subscription.
    pub(super) wants_retained: bool,
}

/// What the broker sends.
#[derive(Debug)]
pub(super) enum Outgoing {
    Accept(Welcome),
    Refuse(Reason, String),
    Publish {
        topic: String,
        payload: Bytes,
        qos: Qos,
        retain: bool,
        id: u16,
    },
    PubAck(u16, Ack),
    PubRec(u16, Ack),
    PubComp(u16),
    SubAck(u16, Vec<Result<Qos, Reason>>),
    UnsubAck(u16, Vec<bool>),
    Pong,
    /// Only MQTT 5 has it; for 3.1.1 the connection is just closed.
    Disconnect(Reason, String),
}

/// What the broker tells a client that it takes.
#[derive(Debug)]
pub(super) struct Welcome {
    pub(super) assigned: Option<String>,
    pub(super) receive_maximum: u16,
    pub(super) max_packet_bytes: u32,
}

/// The answer to a message.
#[derive(Debug, PartialEq)]
pub(super) enum Ack {
    Taken,
    /// Some of it was refused; the words go to the client.
    Partly(String),
    /// All of it was refused, and would be again.
    Refused(Reason, String),
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    NotAuthorised,
    BadClientId,
    ServerBusy,
    ShuttingDown,
    Malformed,
    Protocol,
    Version,
    KeepAlive,
    TakenOver,
    TopicInvalid,
    FilterInvalid,
    ReceiveMaximum,
    TopicAlias,
    TooLarge,
    Quota,
    PayloadInvalid,
    SharedSubscription,
    SubscriptionIdentifier,
    Storage,
}
