use std::collections::HashMap;

use proptest::prelude::*;
use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::{KindId, Observation, ObservationKind, Position};

use super::*;

struct City {
    kinds: HashMap<String, ObservationKind>,
    station: Geometry,
}

impl Registry for City {
    fn kind(&self, id: &str) -> Option<&ObservationKind> {
        self.kinds.get(id)
    }
    fn asset_place(&self, id: &str) -> Option<&Geometry> {
        (id == "station").then_some(&self.station)
    }
}

fn kind(id: &str, unit: &str, value_type: ValueType) -> (String, ObservationKind) {
    let kind = ObservationKind {
        id: KindId::new(id).unwrap(),
        name: id.into(),
        quantity: id.into(),
        unit: unit.into(),
        value_type,
        min: Some(0.0),
        max: Some(1000.0),
        retention: Duration::from_secs(86400),
        personal: false,
        overload: Overload::Wait,
    };
    (id.to_owned(), kind)
}

fn city() -> City {
    let kinds = [
        kind("air.pm25", "ug/m3", ValueType::Number),
        kind("door.open", "", ValueType::Boolean),
        kind("report", "", ValueType::Text),
    ];
    City { kinds: kinds.into(), station: Geometry::Point(Position { lon: 24.9, lat: 60.1 }) }
}

fn now() -> Timestamp {
    "2026-11-22T03:00:00Z".parse().unwrap()
}

fn take(draft: Draft) -> Result<Observation, String> {
    let source = SourceId::new("feed").unwrap();
    admit(draft, &city(), Sender { source: &source, bound: true }, now()).map_err(|e| e.to_string())
}

fn refuse(json: &str, expected: &str) {
    let found = take(parse_one(json.as_bytes())).unwrap_err();
    assert!(found.starts_with(expected), "{json}\n{found}\n{expected}");
}

fn accept(json: &str) -> Observation {
    take(parse_one(json.as_bytes())).unwrap()
}

#[test]
fn least_and_most() {
    let least = accept(r#"{"kind":"air.pm25","value":12}"#);
    assert_eq!((least.source.as_str(), least.time, least.place), ("feed", now(), None));
    let most = accept(
        r#"{"kind":"air.pm25","asset":"station","source":"feed","time":"2026-11-22T02:59:00+00:00","value":0.5,"unit":"mg/m3",
        "quality":"doubtful","origin":"replayed","attributes":{"z":1.5,"a":"x","m":true},"id":"00","arrived":"x"}"#,
    );
    assert!(most.number().is_some_and(|n| (n - 500.0).abs() < 1e-9));
    assert_eq!(most.place, Some(city().station));
    assert_eq!(most.attributes, [("a".into(), "x".into()), ("m".into(), "true".into()), ("z".into(), "1.5".into())]);
    assert_eq!((most.quality, most.origin), (Quality::Doubtful, Origin::Replayed));
    assert_eq!(most.id, most.content_id());
    assert_eq!(accept(r#"{"kind":"air.pm25","value":1001}"#).quality, Quality::Implausible);
    // A number of many digits is read exactly: its content id must not depend on how it was written.
    let long = "555555655555555555555555555555555555555511.5";
    let read = accept(&format!(r#"{{"kind":"air.pm25","value":{long}}}"#)).number();
    assert_eq!(read.map(f64::to_bits), long.parse().ok().map(f64::to_bits));
    assert_eq!(accept(r#"{"kind":"door.open","value":true}"#).value, Value::Boolean(true));
}

#[test]
fn what_cannot_be_read() {
    refuse("", "body: EOF");
    refuse("7", "body: invalid type: integer `7`, expected an observation, such as");
    refuse(r#"{"kind":"air.pm25"}"#, "value: missing field `value`");
    refuse(
        r#"{"kind":"air.pm25","value":null}"#,
        "value: invalid type: null, expected a number, true, false or a text",
    );
    refuse(r#"{"kind":"air.pm25","value":NaN}"#, "value: expected value at line 1 column 28: JSON has no NaN");
    refuse(r#"{"kind":"air.pm25","value":-Infinity}"#, "value: invalid number at line 1 column 29: JSON has no NaN");
    refuse(r#"{"kind":"air.pm25","value":1e999}"#, "value: number out of range");
    refuse(r#"{"kind":"air.pm25","vlaue":1}"#, "body: unknown field `vlaue`, expected one of `kind`");
    refuse(r#"{"kind":"air.pm25","value":1,"time":"2026-11-22"}"#, "time: not an RFC 3339 time");
    refuse(r#"{"kind":"air.pm25","value":1,"time":17}"#, "time: invalid type: integer");
    refuse(r#"{"kind":"air.pm25","value":1,"place":{"type":"Point","coordinates":"x"}}"#, "place: invalid type");
    refuse(r#"{"kind":"air.pm25","value":1,"attributes":["x"]}"#, "attributes: invalid type");
}

#[test]
fn what_breaks_an_array_is_named_by_its_index() {
    let check = |text: &str, expected: &str| {
        let found = parse(text.as_bytes()).unwrap_err().to_string();
        assert!(found.starts_with(expected), "{found}");
    };
    check(
        "[{\"kind\":\"a\",\"value\":1},\n{\"kind\":\"a\",\"value\":NaN}]",
        "[1].value: expected value at line 2 column 21: JSON has",
    );
    check(r#"[{"kind":"a","value":1}"#, "body: EOF");
}

#[test]
fn what_is_not_admitted() {
    refuse(r#"{"value":1}"#, "kind: an observation needs a kind");
    refuse(r#"{"kind":"air.co","value":1}"#, "kind: unknown kind \"air.co\"; register it");
    refuse(r#"{"kind":"air.pm25","value":"1"}"#, "value: kind air.pm25 takes a number, this is a text");
    refuse(r#"{"kind":"door.open","value":1}"#, "value: kind door.open takes true or false, this is a number");
    refuse(r#"{"kind":"air.pm25","value":1,"unit":"km"}"#, "unit: unit \"km\" measures another quantity");
    refuse(r#"{"kind":"air.pm25","value":1,"unit":"ppm"}"#, "unit: unknown unit `ppm` at column 1 of `ppm`");
    refuse(r#"{"kind":"door.open","value":true,"unit":"m"}"#, "unit: kind door.open has no unit");
    refuse(r#"{"kind":"air.pm25","value":1e308,"unit":"g/m3"}"#, "value: 1");
    refuse(
        r#"{"kind":"air.pm25","value":1,"source":"other"}"#,
        "source: this token sends for source feed only, not for other",
    );
    refuse(r#"{"kind":"air.pm25","value":1,"origin":"exercise"}"#, "origin: observations of an exercise are played by");
    refuse(r#"{"kind":"air.pm25","value":1,"asset":"a/b"}"#, "asset: an id must not contain '/'");
    refuse(
        r#"{"kind":"air.pm25","value":1,"time":"2026-11-22T03:05:01Z"}"#,
        "time: 2026-11-22T03:05:01Z lies in the future: the platform's clock says 2026-11-22T03:00:00Z, and at most 300 s",
    );
    refuse(
        r#"{"kind":"air.pm25","value":1,"time":"1899-12-31T23:59:59Z"}"#,
        "time: 1899-12-31T23:59:59Z lies before 1900",
    );
    refuse(
        r#"{"kind":"air.pm25","value":1,"place":{"type":"Point","coordinates":[60,91]}}"#,
        "place: longitude 60, latitude 91",
    );
    refuse(r#"{"kind":"air.pm25","value":1,"attributes":{"a":1,"a":2}}"#, "attributes: \"a\" is given twice");
    let long = "x".repeat(4097);
    refuse(
        &format!(r#"{{"kind":"report","value":"{long}"}}"#),
        "value: a text has at most 4096 bytes, this one has 4097",
    );
    let nan = take(Draft::new("air.pm25", Value::Number(f64::NAN)));
    assert!(nan.unwrap_err().starts_with("value: NaN is not a finite number"));
}

#[test]
fn arrays_keep_the_index_of_what_is_wrong() {
    let drafts =
        parse(br#" [{"kind":"air.pm25","value":1},{"kind":7,"value":1},{"kind":"air.pm25","value":2}]"#).unwrap();
    let flaws: Vec<_> = drafts.iter().map(|d| d.flaw.as_ref().map(|f| f.path.as_str())).collect();
    assert_eq!(flaws, [None, Some("kind"), None]);
    assert_eq!(parse(b"[{]").unwrap_err().path, "body");
    assert_eq!(parse(br#"{"kind":"a","value":}"#).unwrap_err().path, "value");
    assert_eq!(parse(br#"{"kind":"a"}"#).unwrap().len(), 1);
}

fn observations() -> impl Strategy<Value = Observation> {
    let value = prop_oneof![
        (-1e12..1e12f64).prop_map(|n| ("air.pm25", Value::Number(n.round() / 16.0))),
        any::<bool>().prop_map(|b| ("door.open", Value::Boolean(b))),
        "\\PC{0,40}".prop_map(|t| ("report", Value::Text(t.into()))),
    ];
    let attributes = proptest::collection::btree_map("\\PC{1,9}", "\\PC{0,40}", 0..4);
    let asset = proptest::option::of("[A-Za-z0-9._:~@-]{1,40}");
    (value, attributes, asset, -1_000_000_000_000_000..1_700_000_000_000_000i64).prop_map(
        |((kind, value), attributes, asset, micros)| {
            let attributes = attributes.into_iter().map(|(n, t)| (n.into(), t.into())).collect();
            let draft = Draft {
                attributes,
                asset: asset.map(Into::into),
                time: Some(Timestamp(micros)),
                ..Draft::new(kind, value)
            };
            take(draft).unwrap()
        },
    )
}

proptest! {
    #[test]
    fn written_and_read_again_is_the_same(first in observations()) {
        let text = serde_json::to_string(&Written { observation: &first, unit: "" }).unwrap();
        prop_assert_eq!(take(parse_one(text.as_bytes())), Ok(first));
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
    }
}
