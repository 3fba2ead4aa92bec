//! CloudEvents 1.0 in its three HTTP forms: structured, binary, batch.
//!
//! The event's `data` is an observation or an array of them, in the platform's JSON form. What the data leaves
//! out is taken from the event: `type` is the kind, `subject` the asset, `time` the phenomenon time. The event's
//! `source` and `id` must be there, as the standard asks; the observation's source is the token's, its id its content's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use compact_str::CompactString;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;
use vigiles_model::Timestamp;

use crate::observation::{Draft, Rejection, from_value};

/// Most events of one batch.
pub const MAX_BATCH: usize = 100_000;

/// An event in its structured form. Extension attributes are allowed and not used.
#[derive(Debug, Deserialize)]
struct Event {
    specversion: Option<String>,
    id: Option<String>,
    source: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    subject: Option<String>,
    time: Option<String>,
    datacontenttype: Option<String>,
    data: Option<Value>,
    data_base64: Option<String>,
}

/// `application/cloudevents+json`: one event.
pub fn parse_structured(bytes: &[u8]) -> Result<Vec<Draft>, Rejection> {
    let event: Value = serde_json::from_slice(bytes).map_err(|e| Rejection::new("body", e))?;
    Ok(event_drafts(event, ""))
}

/// `application/cloudevents-batch+json`: an array of events. An event that cannot be read becomes a draft
/// with a flaw that names it.
pub fn parse_batch(bytes: &[u8]) -> Result<Vec<Draft>, Rejection> {
    let events: Vec<Value> = serde_json::from_slice(bytes).map_err(|e| Rejection::new("body", e))?;
    if events.len() > MAX_BATCH {
        return Err(Rejection::new(
            "body",
            format_args!("a batch has at most {MAX_BATCH} events, this one has {}", events.len()),
        ));
    }
    Ok(events.into_iter().enumerate().flat_map(|(i, event)| event_drafts(event, &format!("event {i}: "))).collect())
}

/// Binary form: the attributes are headers, the body is the data. `header` looks a header up by its
/// lower-case name. Whether a request is in this form is told by its header `ce-specversion`.
pub fn parse_binary<'h>(header: impl Fn(&str) -> Option<&'h str>, body: &[u8]) -> Result<Vec<Draft>, Rejection> {
    let attribute = |name: &str| {
        let text = header(name)?;
        Some(percent_decode_str(text.trim().trim_matches('"')).decode_utf8_lossy().into_owned())
    };
    let mut event = Event {
        specversion: attribute("ce-specversion"),
        id: attribute("ce-id"),
        source: attribute("ce-source"),
        kind: attribute("ce-type"),
        subject: attribute("ce-subject"),
        time: attribute("ce-time"),
        datacontenttype: attribute("content-type"),
        data: None,
        data_base64: None,
    };
    event.check_media("content-type")?;
    event.data = Some(serde_json::from_slice(body).map_err(|e| Rejection::new("body", e))?);
    event.drafts()
}

fn event_drafts(event: Value, at: &str) -> Vec<Draft> {
    let read = Event::deserialize(event).map_err(|e| Rejection::new("event", e));
    read.and_then(Event::drafts).unwrap_or_else(|rejection| {
        vec![Draft::flawed(Rejection::new(format!("{at}{}", rejection.path), rejection.message))]
    })
}

impl Event {
    fn drafts(mut self) -> Result<Vec<Draft>, Rejection> {
        self.check()?;
        let time =
            self.time.as_deref().map(str::parse::<Timestamp>).transpose().map_err(|e| Rejection::new("time", e))?;
        let drafts: Vec<Draft> = match self.take_data()? {
            Value::Array(items) => items.into_iter().map(from_value).collect(),
            item => vec![from_value(item)],
        };
        let kind = self.kind.unwrap_or_default();
        let fill = |mut draft: Draft| {
            if draft.flaw.is_none() {
                if draft.kind.is_empty() {
                    draft.kind = CompactString::from(kind.as_str());
                }
                draft.time = draft.time.or(time);
                draft.asset = draft.asset.or_else(|| self.subject.as_deref().map(CompactString::from));
            }
            draft
        };
        Ok(drafts.into_iter().map(fill).collect())
    }

    /// The attributes that the standard requires.
    fn check(&self) -> Result<(), Rejection> {
        match self.specversion.as_deref() {
            Some("1.0") => {}
            Some(other) => {
                return Err(Rejection::new("specversion", format_args!("CloudEvents 1.0 is taken, this is {other:?}")));
            }
            None => {
                return Err(Rejection::new("specversion", "missing; CloudEvents 1.0 requires it"));
            }
        }
        for (name, text) in [("id", &self.id), ("source", &self.source), ("type", &self.kind)] {
            if text.as_ref().is_none_or(String::is_empty) {
                return Err(Rejection::new(name, "missing; CloudEvents 1.0 requires it"));
            }
        }
        self.check_media("datacontenttype")
    }

    fn check_media(&self, path: &str) -> Result<(), Rejection> {
        let Some(media) = &self.datacontenttype else {
            return Ok(());
        };
        let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if essence == "application/json" || essence.ends_with("+json") {
            Ok(())
        } else {
            Err(Rejection::new(path, format_args!("application/json is taken, this is {essence:?}")))
        }
    }

    fn take_data(&mut self) -> Result<Value, Rejection> {
        match (self.data.take(), self.data_base64.take()) {
            (Some(data), None) => Ok(data),
            (None, Some(text)) => {
                let bytes = STANDARD.decode(text).map_err(|e| Rejection::new("data_base64", e))?;
                serde_json::from_slice(&bytes).map_err(|e| Rejection::new("data_base64", e))
            }
            (None, None) => Err(Rejection::new("data", "missing; it holds the observation")),
            (Some(_), Some(_)) => Err(Rejection::new("data_base64", "an event has data or data_base64, not both")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(drafts: Result<Vec<Draft>, Rejection>) -> Vec<String> {
        let line = |d: &Draft| match &d.flaw {
            Some(flaw) => format!("! {flaw}"),
            None => {
                format!("{} {} {} {:?}", d.kind, d.asset.as_deref().unwrap_or("-"), d.time.unwrap_or_default(), d.value)
            }
        };
        drafts.map_or_else(|e| vec![format!("!! {e}")], |list| list.iter().map(line).collect())
    }

    const EVENT: &str = r#"{"specversion":"1.0","id":"1","source":"/lab","type":"air.pm25","subject":"s1","time":"2026-01-01T00:00:00Z","data":{"value":7.5}}"#;

    #[test]
    fn structured() {
        let one = ["air.pm25 s1 2026-01-01T00:00:00Z Number(7.5)"];
        assert_eq!(shown(parse_structured(EVENT.as_bytes())), one);
        let packed = EVENT.replace(r#""data":{"value":7.5}"#, r#""data_base64":"eyJ2YWx1ZSI6Ny41fQ==""#);
        assert_eq!(shown(parse_structured(packed.as_bytes())), one);
        let own = EVENT.replace(r#"{"value":7.5}"#, r#"[{"kind":"a.b","asset":"x","value":true},{"value":null}]"#);
        assert_eq!(shown(parse_structured(own.as_bytes()))[0], "a.b x 2026-01-01T00:00:00Z Boolean(true)");
        assert!(shown(parse_structured(own.as_bytes()))[1].starts_with("! value: invalid type: null"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |from: &str, to: &str, expected: &str| {
            let found = shown(parse_structured(EVENT.replace(from, to).as_bytes()));
            assert!(found[0].starts_with(expected), "{found:?}");
        };
        check(r#""1.0""#, r#""0.3""#, "! specversion: CloudEvents 1.0 is taken");
        check(r#""id":"1","#, "", "! id: missing");
        check("2026-01-01T00:00:00Z", "yesterday", "! time: not an RFC 3339 time");
        check(
            r#""subject""#,
            r#""datacontenttype":"text/xml","subject""#,
            "! datacontenttype: application/json is taken",
        );
        check(r#","data":{"value":7.5}"#, "", "! data: missing");
        check("{", "", "!! body: ");
    }

    #[test]
    fn batch_names_the_event() {
        let batch = format!("[{EVENT},{{}},7]");
        let found = shown(parse_batch(batch.as_bytes()));
        assert_eq!(found[1], "! event 1: specversion: missing; CloudEvents 1.0 requires it");
        assert!(found[2].starts_with("! event 2: event: "), "{found:?}");
    }

    #[test]
    fn binary() {
        let header = |name: &str| match name {
            "ce-specversion" => Some("1.0"),
            "ce-id" => Some("42"),
            "ce-source" => Some("/lab"),
            "ce-type" => Some("noise.level"),
            "ce-subject" => Some("mic%2D1"),
            "content-type" => Some("application/json; charset=utf-8"),
            _ => None,
        };
        assert_eq!(
            shown(parse_binary(header, br#"{"value":61}"#)),
            ["noise.level mic-1 1970-01-01T00:00:00Z Number(61.0)"]
        );
        assert!(shown(parse_binary(header, b"61\xff"))[0].starts_with("!! body"));
        assert_eq!(shown(parse_binary(|_| None, b"{}")), ["!! specversion: missing; CloudEvents 1.0 requires it"]);
    }
}
