//! The ids of entities: texts, made of those of the platform.

use std::borrow::Cow;

use vigiles_model::{AssetId, KindId, ObservationId, Timestamp};

/// A Datastream's id: its asset and its kind.
pub fn datastream(asset: &str, kind: &str) -> String {
    format!("{asset},{kind}")
}

/// The asset and the kind of a Datastream.
pub fn of_datastream(id: &str) -> Option<(AssetId, KindId)> {
    let (asset, kind) = id.split_once(',')?;
    Some((AssetId::new(asset).ok()?, KindId::new(kind).ok()?))
}

/// An Observation's id: its phenomenon time in microseconds since 1970 and its content's hash.
pub fn observation(time: Timestamp, id: ObservationId) -> String {
    format!("{}_{id}", time.0)
}

/// The time and the hash of an Observation.
pub fn of_observation(id: &str) -> Option<(Timestamp, ObservationId)> {
    let (time, hash) = id.split_once('_')?;
    if hash.len() != 32 || !hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    Some((Timestamp(time.parse().ok()?), hash.parse().ok()?))
}

/// A HistoricalLocation's id: its asset and since when it stood there, in microseconds.
pub fn past_place(asset: &str, since: Timestamp) -> String {
    format!("{asset},{}", since.0)
}

/// The asset and the time of a HistoricalLocation.
pub fn of_past_place(id: &str) -> Option<(AssetId, Timestamp)> {
    let (asset, since) = id.split_once(',')?;
    Some((AssetId::new(asset).ok()?, Timestamp(since.parse().ok()?)))
}

/// The id as it stands between parentheses: in single quotes, those inside doubled; what a path cannot bear is escaped.
pub fn quoted(id: &str) -> String {
    let mut text = String::with_capacity(id.len() + 2);
    text.push('\'');
    for c in id.chars() {
        match c {
            '\'' => text.push_str("''"),
            '/' => text.push_str("%2F"),
            '%' => text.push_str("%25"),
            '?' => text.push_str("%3F"),
            '#' => text.push_str("%23"),
            ' ' => text.push_str("%20"),
            c => text.push(c),
        }
    }
    text.push('\'');
    text
}

/// A text for an id out of a name for people: lower case letters, digits and dashes, at most forty.
pub fn slug(name: &str) -> Cow<'static, str> {
    let mut text = String::new();
    for c in name.chars().take(80) {
        if c.is_ascii_alphanumeric() {
            text.push(c.to_ascii_lowercase());
        } else if !text.is_empty() && !text.ends_with('-') {
            text.push('-');
        }
        if text.len() >= 40 {
            break;
        }
    }
    let text = text.trim_end_matches('-');
    if text.is_empty() { Cow::Borrowed("entity") } else { Cow::Owned(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_and_parse() {
        let (asset, kind) = of_datastream(&datastream("a~1", "air.pm25")).unwrap();
        assert_eq!((asset.as_str(), kind.as_str()), ("a~1", "air.pm25"));
        assert_eq!(of_datastream("a1"), None);
        assert_eq!(of_datastream("a1,b c"), None);
        let (time, id) = (Timestamp(-7), ObservationId(0xfe));
        assert_eq!(of_observation(&observation(time, id)), Some((time, id)));
        assert_eq!(of_observation("1_ff"), None);
        assert_eq!(of_observation(&format!("1_+{}", "0".repeat(31))), None);
        assert_eq!(quoted("o'b/c"), "'o''b%2Fc'");
    }

    #[test]
    fn slugs() {
        for (name, expected) in [("Air Station 7", "air-station-7"), ("  Ä!", "entity"), ("", "entity"), ("--x--", "x")]
        {
            assert_eq!(slug(name), expected, "{name}");
        }
    }
}
