//! Our packets to the codec's.

use bytes::Bytes;
use rumqttc::mqttbytes::{QoS as QosV4, v4};
use rumqttc::v5::mqttbytes::{QoS as QosV5, v5};

use super::packet::{Ack, Outgoing, Qos, Reason, Welcome};

/// Longest reason sent to a client, in bytes.
const MAX_REASON_BYTES: usize = 500;

/// None for what MQTT 3.1.1 has no packet for.
pub(super) fn to_v4(packet: Outgoing) -> Option<v4::Packet> {
    Some(match packet {
        Outgoing::Accept(_) => v4::Packet::ConnAck(v4::ConnAck::new(v4::ConnectReturnCode::Success, false)),
        Outgoing::Refuse(reason, _) => v4::Packet::ConnAck(v4::ConnAck::new(refusal_v4(reason), false)),
        Outgoing::Publish { topic, payload, qos, retain, id } => {
            v4::Packet::Publish(v4::Publish { dup: false, qos: qos_v4(qos), retain, topic, pkid: id, payload })
        }
        Outgoing::PubAck(id, _) => v4::Packet::PubAck(v4::PubAck::new(id)),
        Outgoing::PubRec(id, _) => v4::Packet::PubRec(v4::PubRec::new(id)),
        Outgoing::PubComp(id) => v4::Packet::PubComp(v4::PubComp::new(id)),
        Outgoing::SubAck(id, codes) => {
            let code = |c: Result<Qos, Reason>| {
                c.map_or(v4::SubscribeReasonCode::Failure, |q| v4::SubscribeReasonCode::Success(qos_v4(q)))
            };
            v4::Packet::SubAck(v4::SubAck::new(id, codes.into_iter().map(code).collect()))
        }
        Outgoing::UnsubAck(id, _) => v4::Packet::UnsubAck(v4::UnsubAck::new(id)),
        Outgoing::Pong => v4::Packet::PingResp,
        Outgoing::Disconnect(..) => return None,
    })
}

pub(super) fn to_v5(packet: Outgoing) -> v5::Packet {
    match packet {
        Outgoing::Accept(welcome) => v5::Packet::ConnAck(accept_v5(welcome)),
        Outgoing::Refuse(reason, why) => v5::Packet::ConnAck(v5::ConnAck {
            session_present: false,
            code: refusal_v5(reason),
            properties: Some(v5::ConnAckProperties { reason_string: Some(short(why)), ..no_properties() }),
        }),
        Outgoing::Publish { topic, payload, qos, retain, id } => v5::Packet::Publish(v5::Publish {
            dup: false,
            qos: qos_v5(qos),
            retain,
            topic: Bytes::from(topic),
            pkid: id,
            payload,
            properties: None,
        }),
        Outgoing::PubAck(id, ack) => {
            let (reason, why) = ack_v5(
                ack,
                v5::PubAckReason::Success,
                v5::PubAckReason::PayloadFormatInvalid,
                v5::PubAckReason::NotAuthorized,
                v5::PubAckReason::TopicNameInvalid,
            );
            let properties =
                why.map(|why| v5::PubAckProperties { reason_string: Some(why), user_properties: Vec::new() });
            v5::Packet::PubAck(v5::PubAck { pkid: id, reason, properties })
        }
        Outgoing::PubRec(id, ack) => {
            let (reason, why) = ack_v5(
                ack,
                v5::PubRecReason::Success,
                v5::PubRecReason::PayloadFormatInvalid,
                v5::PubRecReason::NotAuthorized,
                v5::PubRecReason::TopicNameInvalid,
            );
            let properties =
                why.map(|why| v5::PubRecProperties { reason_string: Some(why), user_properties: Vec::new() });
            v5::Packet::PubRec(v5::PubRec { pkid: id, reason, properties })
        }
        Outgoing::PubComp(id) => v5::Packet::PubComp(v5::PubComp::new(id, None)),
        Outgoing::SubAck(id, codes) => v5::Packet::SubAck(v5::SubAck {
            pkid: id,
            return_codes: codes.into_iter().map(subscribed_v5).collect(),
            properties: None,
        }),
        Outgoing::UnsubAck(id, known) => {
            let reason = |k| if k { v5::UnsubAckReason::Success } else { v5::UnsubAckReason::NoSubscriptionExisted };
            v5::Packet::UnsubAck(v5::UnsubAck {
                pkid: id,
                reasons: known.into_iter().map(reason).collect(),
                properties: None,
            })
        }
        Outgoing::Pong => v5::Packet::PingResp(v5::PingResp),
        Outgoing::Disconnect(reason, why) => v5::Packet::Disconnect(v5::Disconnect {
            reason_code: disconnect_v5(reason),
            properties: Some(v5::DisconnectProperties {
                session_expiry_interval: None,
                reason_string: Some(short(why)),
                user_properties: Vec::new(),
                server_reference: None,
            }),
        }),
    }
}

fn accept_v5(welcome: Welcome) -> v5::ConnAck {
    let properties = v5::ConnAckProperties {
        session_expiry_interval: Some(0),
        receive_max: Some(welcome.receive_maximum),
        max_packet_size: Some(welcome.max_packet_bytes),
        assigned_client_identifier: welcome.assigned,
        topic_alias_max: Some(0),
        subscription_identifiers_available: Some(0),
        shared_subscription_available: Some(0),
        ..no_properties()
    };
    v5::ConnAck { session_present: false, code: v5::ConnectReturnCode::Success, properties: Some(properties) }
}

fn no_properties() -> v5::ConnAckProperties {
    v5::ConnAckProperties {
        session_expiry_interval: None,
        receive_max: None,
        max_qos: None,
        retain_available: None,
        max_packet_size: None,
        assigned_client_identifier: None,
        topic_alias_max: None,
        reason_string: None,
        user_properties: Vec::new(),
        wildcard_subscription_available: None,
        subscription_identifiers_available: None,
        shared_subscription_available: None,
        server_keep_alive: None,
        response_information: None,
        server_reference: None,
        authentication_method: None,
        authentication_data: None,
    }
}

fn ack_v5<R>(ack: Ack, success: R, payload: R, authorised: R, topic: R) -> (R, Option<String>) {
    match ack {
        Ack::Taken => (success, None),
        Ack::Partly(why) => (success, Some(short(why))),
        Ack::Refused(Reason::NotAuthorised, why) => (authorised, Some(short(why))),
        Ack::Refused(Reason::TopicInvalid, why) => (topic, Some(short(why))),
        Ack::Refused(_, why) => (payload, Some(short(why))),
    }
}

fn refusal_v4(reason: Reason) -> v4::ConnectReturnCode {
    match reason {
        Reason::NotAuthorised => v4::ConnectReturnCode::NotAuthorized,
        Reason::BadClientId => v4::ConnectReturnCode::BadClientId,
        Reason::Version => v4::ConnectReturnCode::RefusedProtocolVersion,
        _ => v4::ConnectReturnCode::ServiceUnavailable,
    }
}

fn refusal_v5(reason: Reason) -> v5::ConnectReturnCode {
    match reason {
        Reason::NotAuthorised => v5::ConnectReturnCode::NotAuthorized,
        Reason::BadClientId => v5::ConnectReturnCode::ClientIdentifierNotValid,
        Reason::Version => v5::ConnectReturnCode::UnsupportedProtocolVersion,
        Reason::TopicInvalid => v5::ConnectReturnCode::TopicNameInvalid,
        _ => v5::ConnectReturnCode::ServerBusy,
    }
}

fn subscribed_v5(code: Result<Qos, Reason>) -> v5::SubscribeReasonCode {
    match code {
        Ok(qos) => v5::SubscribeReasonCode::Success(qos_v5(qos)),
        Err(Reason::NotAuthorised) => v5::SubscribeReasonCode::NotAuthorized,
        Err(Reason::Quota) => v5::SubscribeReasonCode::QuotaExceeded,
        Err(Reason::SharedSubscription) => v5::SubscribeReasonCode::SharedSubscriptionsNotSupported,
        Err(Reason::SubscriptionIdentifier) => v5::SubscribeReasonCode::SubscriptionIdNotSupported,
        Err(_) => v5::SubscribeReasonCode::TopicFilterInvalid,
    }
}

fn disconnect_v5(reason: Reason) -> v5::DisconnectReasonCode {
    use v5::DisconnectReasonCode as Code;
    match reason {
        Reason::NotAuthorised | Reason::BadClientId => Code::NotAuthorized,
        Reason::ServerBusy => Code::ServerBusy,
        Reason::ShuttingDown => Code::ServerShuttingDown,
        Reason::Malformed => Code::MalformedPacket,
        Reason::Protocol | Reason::Version => Code::ProtocolError,
        Reason::KeepAlive => Code::KeepAliveTimeout,
        Reason::TakenOver => Code::SessionTakenOver,
        Reason::TopicInvalid => Code::TopicNameInvalid,
        Reason::FilterInvalid => Code::TopicFilterInvalid,
        Reason::ReceiveMaximum => Code::ReceiveMaximumExceeded,
        Reason::TopicAlias => Code::TopicAliasInvalid,
        Reason::TooLarge => Code::PacketTooLarge,
        Reason::Quota => Code::QuotaExceeded,
        Reason::PayloadInvalid => Code::PayloadFormatInvalid,
        Reason::SharedSubscription => Code::SharedSubscriptionNotSupported,
        Reason::SubscriptionIdentifier => Code::SubscriptionIdentifiersNotSupported,
        Reason::Storage => Code::UnspecifiedError,
    }
}

fn short(mut text: String) -> String {
    if text.len() > MAX_REASON_BYTES {
        let end = (0..=MAX_REASON_BYTES).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        text.truncate(end);
    }
    text
}

fn qos_v4(qos: Qos) -> QosV4 {
    match qos {
        Qos::AtMostOnce => QosV4::AtMostOnce,
        Qos::AtLeastOnce => QosV4::AtLeastOnce,
        Qos::ExactlyOnce => QosV4::ExactlyOnce,
    }
}

fn qos_v5(qos: Qos) -> QosV5 {
    match qos {
        Qos::AtMostOnce => QosV5::AtMostOnce,
        Qos::AtLeastOnce => QosV5::AtLeastOnce,
        Qos::ExactlyOnce => QosV5::ExactlyOnce,
    }
}
