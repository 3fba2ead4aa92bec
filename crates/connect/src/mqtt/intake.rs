//! What a message means: the topics that carry observations, and who may use which topic.

use vigiles_formats::mapping::Mapping;
use vigiles_formats::observation::{self, Draft, Rejection};
use vigiles_formats::{mqtt, ndjson, sensorthings};
use vigiles_model::Value;
use vigiles_runtime::door::{Grant, Sources};
use vigiles_trust::{Action, Resource};

/// The topic of observations in the platform's own form; `/<kind>` and `/<kind>/<asset>` may follow.
pub const OBSERVATIONS: &str = "vigiles/v1/observations";

/// Appends the observations of a message. False where neither the platform nor a source claims the topic.
pub(crate) fn read(topic: &str, payload: &[u8], sources: &Sources, drafts: &mut Vec<Draft>) -> bool {
    if let Some(rest) = topic.strip_prefix(OBSERVATIONS)
        && (rest.is_empty() || rest.starts_with('/'))
    {
        own(rest, payload, drafts);
        return true;
    }
    if let Some(datastream) = sensorthings::mqtt::target(topic) {
        drafts.push(sensorthings::mqtt::draft(datastream.as_deref(), payload));
        return true;
    }
    let mut claimed = false;
    for source in &sources.list {
        if !source.topic.as_deref().is_some_and(|filter| mqtt::matches(filter, topic)) {
            continue;
        }
        claimed = true;
        let start = drafts.len();
        match &source.mapping {
            Some(mapping) => mapped(mapping, topic, payload, drafts),
            None => own("", payload, drafts),
        }
        for draft in &mut drafts[start..] {
            draft.source.get_or_insert_with(|| source.id.as_str().into());
        }
    }
    claimed
}

fn mapped(mapping: &Mapping, topic: &str, payload: &[u8], drafts: &mut Vec<Draft>) {
    drafts.append(&mut mapping.drafts(topic, payload));
}

/// The platform's own form: one object, an array, NDJSON, or with a kind in the topic a bare value.
fn own(rest: &str, payload: &[u8], drafts: &mut Vec<Draft>) {
    let mut levels = rest.trim_start_matches('/').splitn(2, '/');
    let kind = levels.next().unwrap_or_default();
    let asset = levels.next().unwrap_or_default();
    let start = drafts.len();
    match payload.trim_ascii_start().first() {
        Some(b'[') => match observation::parse(payload) {
            Ok(mut list) => drafts.append(&mut list),
            Err(rejection) => drafts.push(Draft::flawed(rejection)),
        },
        Some(b'{') => objects(payload, drafts),
        _ if kind.is_empty() => drafts.push(Draft::flawed(Rejection::new(
            "payload",
            "an observation, an array of them or NDJSON; a bare value needs the kind in the topic",
        ))),
        _ => drafts.push(bare(payload)),
    }
    for draft in &mut drafts[start..] {
        if draft.kind.is_empty() {
            draft.kind = kind.into();
        }
        if draft.asset.is_none() && !asset.is_empty() {
            draft.asset = Some(asset.into());
        }
    }
}

/// One object, or one a line.
fn objects(payload: &[u8], drafts: &mut Vec<Draft>) {
    let one = observation::parse_one(payload);
    let first_line = payload.trim_ascii_end().split(|b| *b == b'\n').next().unwrap_or_default();
    let is_lines = one.flaw.is_some()
        && first_line.len() < payload.trim_ascii_end().len()
        && first_line.trim_ascii_end().ends_with(b"}");
    if is_lines {
        drafts.append(&mut ndjson::parse(payload));
    } else {
        drafts.push(one);
    }
}

fn bare(payload: &[u8]) -> Draft {
    let value = match serde_json::from_slice(payload) {
        Ok(serde_json::Value::Bool(b)) => Value::Boolean(b),
        Ok(serde_json::Value::String(text)) => Value::Text(text.into()),
        Ok(serde_json::Value::Number(n)) => Value::Number(n.as_f64().unwrap_or(f64::NAN)),
        Ok(_) => return Draft::flawed(Rejection::new("payload", "null is no reading; leave it out")),
        Err(e) => {
            return Draft::flawed(Rejection::new(
                "payload",
                format_args!("neither an observation nor a number, true, false or a quoted text: {e}"),
            ));
        }
    };
    Draft::new("", value)
}

/// Whether the holder of a token may publish to a topic: only who may deliver observations may publish at all, a device not
/// into another's branch of `devices/`, and nobody into the platform's own branches.
pub(super) fn may_publish(grant: &Grant, topic: &str) -> bool {
    let delivers = grant.roles.iter().any(|role| role.may(Action::Write(Resource::Observations)));
    if !delivers || topic.starts_with('$') {
        return false;
    }
    if let Some(rest) = topic.strip_prefix("vigiles/") {
        return rest == "v1/observations" || rest.starts_with("v1/observations/");
    }
    if sensorthings::mqtt::is_topic(topic) {
        return sensorthings::mqtt::target(topic).is_some();
    }
    !topic.starts_with("devices/") || !grant.is_device() || is_own_branch(grant, topic)
}

/// Whether the filter covers nothing but what is meant for the holder of the token: `devices/<source>` and what is under it.
/// All else is what others have said, and the platform decides.
pub(super) fn is_own_branch(grant: &Grant, path: &str) -> bool {
    let mut levels = path.split('/');
    levels.next() == Some("devices") && grant.source.as_ref().is_some_and(|s| levels.next() == Some(s.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(topic: &str, payload: &str, expected: &[&str]) {
        let mut drafts = Vec::new();
        assert!(read(topic, payload.as_bytes(), &Sources::default(), &mut drafts));
        let line = |d: &Draft| match &d.flaw {
            Some(flaw) => format!("! {flaw}"),
            None => format!("{} {} {:?}", d.kind, d.asset.as_deref().unwrap_or("-"), d.value),
        };
        let found: Vec<String> = drafts.iter().map(line).collect();
        assert!(
            found.len() == expected.len() && found.iter().zip(expected).all(|(f, e)| f.starts_with(e)),
            "{found:#?}"
        );
    }

    #[test]
    fn payloads() {
        check(OBSERVATIONS, r#"{"kind":"a","value":1}"#, &["a - Number(1.0)"]);
        check(OBSERVATIONS, "{\"kind\":\"a\",\n \"value\":1}\n", &["a - Number(1.0)"]);
        check(
            OBSERVATIONS,
            "{\"kind\":\"a\",\"value\":1}\n{\"kind\":\"b\",\"value\":true}\n",
            &["a - Number(1.0)", "b - Boolean(true)"],
        );
        check(
            OBSERVATIONS,
            "{\"kind\":7,\"value\":1}\n{\"kind\":\"b\",\"value\":true}",
            &["! line 1: kind", "b - Boolean(true)"],
        );
        check(
            OBSERVATIONS,
            r#"[{"kind":"a","value":1},{"kind":"b","value":"x"}]"#,
            &["a - Number(1.0)", "b - Text(\"x\")"],
        );
        check("vigiles/v1/observations/air.pm25/s7", "12.5", &["air.pm25 s7 Number(12.5)"]);
        check("vigiles/v1/observations/air.pm25/s7", r#"{"value":3}"#, &["air.pm25 s7 Number(3.0)"]);
        check("v1.1/Datastreams('s7,air.pm25')/Observations", r#"{"result":12.5}"#, &["air.pm25 s7 Number(12.5)"]);
        check("v1.1/Observations", r#"{"result":true}"#, &["! Datastream: an Observation names"]);
        check("vigiles/v1/observations/door.open", "true", &["door.open - Boolean(true)"]);
        check("vigiles/v1/observations/air.pm25/s7", "warm", &["! payload: neither an observation nor"]);
        check("vigiles/v1/observations/air.pm25/s7", "\u{fffd}", &["! payload: neither"]);
        check(OBSERVATIONS, "12", &["! payload: an observation, an array"]);
        check(OBSERVATIONS, "", &["! payload: an observation"]);
        check(OBSERVATIONS, "[1", &["! body"]);
    }

    #[test]
    fn other_topics_are_not_claimed() {
        assert!(!read("vigiles/v1/observationsx", b"1", &Sources::default(), &mut Vec::new()));
        assert!(!read("home/1", b"1", &Sources::default(), &mut Vec::new()));
    }
}
