//! The codec's packets to ours. The error is empty for a packet that a client may not send.

use bytes::Bytes;
use rumqttc::mqttbytes::{QoS as QosV4, v4};
use rumqttc::v5::mqttbytes::{QoS as QosV5, v5};

use super::packet::{Connect, Filter, Incoming, Publish, Qos, Version};

/// How many unacknowledged messages an MQTT 3.1.1 client is sent: it cannot say itself.
const RECEIVE_MAXIMUM_V311: u16 = 100;

pub(super) fn from_v4(packet: v4::Packet) -> Result<Incoming, String> {
    Ok(match packet {
        v4::Packet::Connect(c) => Incoming::Connect(Connect {
            version: Version::V311,
            client: c.client_id,
            clean: c.clean_session,
            keep_alive_s: c.keep_alive,
            will: c.last_will.map(|w| Publish {
                topic: w.topic,
                payload: w.message,
                qos: qos_v4(w.qos),
                retain: w.retain,
                id: 0,
                has_alias: false,
            }),
            password: c.login.map(|l| l.password),
            receive_maximum: RECEIVE_MAXIMUM_V311,
            max_packet_bytes: usize::MAX,
        }),
        v4::Packet::Publish(p) => Incoming::Publish(Publish {
            topic: p.topic,
            payload: p.payload,
            qos: qos_v4(p.qos),
            retain: p.retain,
            id: p.pkid,
            has_alias: false,
        }),
        v4::Packet::PubAck(p) => Incoming::PubAck(p.pkid),
        v4::Packet::PubRel(p) => Incoming::PubRel(p.pkid),
        v4::Packet::Subscribe(s) => Incoming::Subscribe {
            id: s.pkid,
            has_identifier: false,
            filters: s
                .filters
                .into_iter()
                .map(|f| Filter {
                    path: f.path,
                    qos: qos_v4(f.qos),
                    no_local: false,
                    keep_retain: false,
                    wants_retained: true,
                })
                .collect(),
        },
        v4::Packet::Unsubscribe(u) => Incoming::Unsubscribe { id: u.pkid, filters: u.topics },
        v4::Packet::PingReq => Incoming::Ping,
        v4::Packet::Disconnect => Incoming::Disconnect { with_will: false },
        _ => return Err(String::new()),
    })
}

pub(super) fn from_v5(packet: v5::Packet) -> Result<Incoming, String> {
    Ok(match packet {
        v5::Packet::Connect(c, will, login) => Incoming::Connect(connect_v5(c, will, login)?),
        v5::Packet::Publish(p) => Incoming::Publish(Publish {
            topic: topic(&p.topic)?,
            payload: p.payload,
            qos: qos_v5(p.qos),
            retain: p.retain,
            id: p.pkid,
            has_alias: p.properties.is_some_and(|p| p.topic_alias.is_some()),
        }),
        v5::Packet::PubAck(p) => Incoming::PubAck(p.pkid),
        v5::Packet::PubRel(p) => Incoming::PubRel(p.pkid),
        v5::Packet::Subscribe(s) => Incoming::Subscribe {
            id: s.pkid,
            has_identifier: s.properties.is_some_and(|p| p.id.is_some()),
            filters: s.filters.into_iter().map(filter_v5).collect(),
        },
        v5::Packet::Unsubscribe(u) => Incoming::Unsubscribe { id: u.pkid, filters: u.filters },
        v5::Packet::PingReq(_) => Incoming::Ping,
        _ => return Err(String::new()),
    })
}

fn connect_v5(connect: v5::Connect, will: Option<v5::LastWill>, login: Option<v5::Login>) -> Result<Connect, String> {
    let properties = connect.properties.as_ref();
    if properties.is_some_and(|p| p.authentication_method.is_some()) {
        return Err("enhanced authentication is not offered; send the token as the password".into());
    }
    let receive_maximum = properties.and_then(|p| p.receive_maximum).unwrap_or(u16::MAX);
    if receive_maximum == 0 {
        return Err("receive maximum must not be 0".into());
    }
    let will = will.map(|w| {
        Ok::<_, String>(Publish {
            topic: topic(&w.topic)?,
            payload: w.message,
            qos: qos_v5(w.qos),
            retain: w.retain,
            id: 0,
            has_alias: false,
        })
    });
    Ok(Connect {
        version: Version::V5,
        clean: connect.clean_start,
        keep_alive_s: connect.keep_alive,
        will: will.transpose()?,
        password: login.map(|l| l.password),
        receive_maximum,
        max_packet_bytes: properties.and_then(|p| p.max_packet_size).map_or(usize::MAX, |n| n as usize),
        client: connect.client_id,
    })
}

fn filter_v5(filter: v5::Filter) -> Filter {
    Filter {
        qos: qos_v5(filter.qos),
        no_local: filter.nolocal,
        keep_retain: filter.preserve_retain,
        wants_retained: filter.retain_forward_rule != v5::RetainForwardRule::Never,
        path: filter.path,
    }
}

fn topic(bytes: &Bytes) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "the topic is not UTF-8".into())
}

fn qos_v4(qos: QosV4) -> Qos {
    match qos {
        QosV4::AtMostOnce => Qos::AtMostOnce,
        QosV4::AtLeastOnce => Qos::AtLeastOnce,
        QosV4::ExactlyOnce => Qos::ExactlyOnce,
    }
}

fn qos_v5(qos: QosV5) -> Qos {
    match qos {
        QosV5::AtMostOnce => Qos::AtMostOnce,
        QosV5::AtLeastOnce => Qos::AtLeastOnce,
        QosV5::ExactlyOnce => Qos::ExactlyOnce,
    }
}
