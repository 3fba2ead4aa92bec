use std::collections::BTreeMap;

use vigiles_model::{
    AgencyId, Asset, AssetId, Geometry, KindId, Observation, ObservationId, Origin, Position, Quality, SourceId,
    Timestamp, Value, Zone, ZoneId,
};

use super::*;
use crate::window::Window;

const EVERYTHING: Scope<'static> =
    Scope { windows: true, unit: Some("ug/m3"), value: Type::ANY, range: None, implausible: true };

fn reading() -> Observation {
    Observation {
        id: ObservationId(1),
        kind: KindId::new("air.pm25").unwrap(),
        source: SourceId::new("feed").unwrap(),
        asset: Some(AssetId::new("st-1").unwrap()),
        // A Friday, 18:30 UTC.
        time: Timestamp::from_secs(86_400 + 18 * 3600 + 1800),
        arrived: Timestamp(0),
        place: Some(Geometry::Point(Position { lon: 24.9, lat: 60.2 })),
        value: Value::Number(42.0),
        quality: Quality::Good,
        origin: Origin::Live,
        attributes: vec![("category".into(), "noise".into())],
    }
}

fn asset() -> Asset {
    Asset {
        id: AssetId::new("st-1").unwrap(),
        name: "Station 1".into(),
        class: "air_station".into(),
        place: Geometry::Point(Position { lon: 24.9, lat: 60.2 }),
        agency: AgencyId::new("environment").unwrap(),
        observes: vec![],
        view: None,
        attributes: BTreeMap::from([("road".to_owned(), "E12".to_owned())]),
    }
}

fn check(text: &str, expected: Result<bool, Fault>) {
    let (observation, asset) = (reading(), asset());
    let expression = Expression::compile(text, EVERYTHING).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    let mut windows: Vec<_> = expression.windows.iter().map(|l| Window::new(*l)).collect();
    for window in &mut windows {
        window.add(0, 10.0);
        window.add(1_000_000, 20.0);
    }
    let zone = Zone {
        id: ZoneId::new("harbour").unwrap(),
        name: "Harbour".into(),
        class: "district".into(),
        area: Geometry::Polygon(vec![]),
        agency: AgencyId::new("port").unwrap(),
    };
    let env = Env {
        number: observation.number(),
        observation: &observation,
        unit: "ug/m3",
        asset: Some(&asset),
        zones: &[0],
        zone_table: &[zone],
        windows: &windows,
        places: None,
        utc_offset_s: 7200,
    };
    assert_eq!(expression.holds(&env), expected, "{text}");
    // Laid out flat it says the same, or nothing.
    let flat = expression.conjunction(None).and_then(|flat| flat.holds(env.number, env.windows));
    assert!(flat.is_none_or(|holds| Ok(holds) == expected), "{text}: {flat:?}");
}

/// What the expression laid out flat says of a reading and one window of 10 and 20; none where only the tree can tell.
fn check_flat(text: &str, value: Option<f64>, expected: Option<bool>) {
    let expression = Expression::compile(text, EVERYTHING).unwrap();
    let (empty, mut window) = (Window::new(1), Window::new(60_000_000));
    window.add(0, 10.0);
    window.add(1_000_000, 20.0);
    let flat = expression.conjunction(Some(&[1, 0]));
    assert_eq!(flat.and_then(|flat| flat.holds(value, &[empty, window])), expected, "{text}");
}

#[test]
fn plain_comparisons_are_laid_out_flat() {
    check_flat("value > 35 && value <= 42 && window('1m').max == 20", Some(42.0), Some(true));
    check_flat("value > 35 && (value <= 42 && window('1m').max == 20)", Some(43.0), Some(false));
    check_flat("window('1m').mean > 15", Some(0.0), Some(false));
    check_flat("window('1m').count != window('1h').count", Some(0.0), Some(true));
    // An empty window has no mean, a text no number: CEL's rules about faults are the tree's.
    check_flat("window('1m').count == 2 && window('1h').mean > 1", Some(0.0), None);
    check_flat("window('1m').count == 3 && window('1h').mean > 1", Some(0.0), Some(false));
    check_flat("value > 35", None, None);
    check_flat("value > 35 || value < 10", Some(42.0), None);
    // What is no plain comparison is looked at where the others hold.
    check_flat("attributes.lane == 'bus' && value > 35", Some(42.0), None);
    check_flat("attributes.lane == 'bus' && value > 35", Some(10.0), Some(false));
    check_flat("value + 1 > 35", Some(42.0), None);
}

#[test]
fn expressions_are_computed() {
    check("value > 35", Ok(true));
    check("value > 35.0 && value <= 42", Ok(true));
    check("!(value < 50) || false", Ok(false));
    check("kind in ['air.pm10', 'air.pm25']", Ok(true));
    check("'harbour' in zones && !('centre' in zones)", Ok(true));
    check("time.hour == 20 && time.minute == 30 && time.weekday == 5", Ok(true));
    check("asset.class == 'air_station' && asset.attributes.road == \"E12\"", Ok(true));
    check("attributes['category'].startsWith('noi') && size(attributes.category) == 5", Ok(true));
    check("double('3.5') == 3.5 && value > double(' -1e2 ')", Ok(true));
    check("value > double(asset.attributes.road)", Err(Fault));
    check("value > double('inf')", Err(Fault));
    check("window('1m').mean == 15 && window('1m').count == 2.0 && window('2h').max == 20", Ok(true));
    check("value / 2 - 1 == 20 && -value < 0", Ok(true));
    check("(value > 10 ? 'high' : 'low') == 'high'", Ok(true));
    check("quality == 'good' && unit == 'ug/m3' && source == 'feed'", Ok(true));
    check("place.lon > 24 && place.lat > 60", Ok(true));
    check("has(attributes.category) && !has(asset.attributes.lane)", Ok(true));
}

/// What the expression says of 10 Cel.
fn check_of_ten_degrees(text: &str, expected: bool) {
    let expression = Expression::compile(text, Scope::to_save(true, Some("Cel"), Type::NUMBER)).unwrap();
    let mut observation = reading();
    observation.value = Value::Number(10.0);
    let env = Env {
        number: observation.number(),
        observation: &observation,
        unit: "Cel",
        asset: None,
        zones: &[],
        zone_table: &[],
        windows: &[],
        places: None,
        utc_offset_s: 0,
    };
    assert_eq!(expression.holds(&env), Ok(expected), "{text}");
}

#[test]
fn a_difference_knows_no_zero_point() {
    check_of_ten_degrees("value == quantity(283.15, 'K')", true);
    check_of_ten_degrees("value - 4 > difference(5, 'K')", true);
    check_of_ten_degrees("value - 6 > difference(5, 'K')", false);
    check_of_ten_degrees("value == difference(18, '[degF]')", true);
    check_flaw("value > difference(5, 'K')", 1, 23, "another quantity");
}

#[test]
fn signs_inside_a_text_do_not_count() {
    let texts = "'in in in in in in in in in in in in in in in in in in in in',";
    check(&format!("source in [{}'feed']", texts.repeat(8)), Ok(true));
    let names = "attributes.in_line == 'a' || ".repeat(20);
    check(&format!("{names}true"), Ok(true));
    let long = "'harbour' in zones && ".repeat(130);
    check_flaw(&format!("{long}true"), 1, 713, "at most 128 signs");
}

#[test]
fn errors_follow_cel() {
    check("attributes.lane == '1'", Err(Fault));
    check("attributes.lane == '1' || value > 35", Ok(true));
    check("attributes.lane == '1' && value < 35", Ok(false));
    check("value == 'text'", Err(Fault));
    check("value", Err(Fault));
}

fn check_flaw(text: &str, line: u32, column: u32, part: &str) {
    let flaw = Expression::compile(text, EVERYTHING).expect_err(text);
    assert_eq!((flaw.line, flaw.column), (line, column), "{text}: {flaw:?}");
    assert!(flaw.message.contains(part), "{text}: {}", flaw.message);
}

#[test]
fn flaws_name_their_place() {
    check_flaw("valeu > 3", 1, 1, "unknown name `valeu`");
    check_flaw("value > 3 &&\n  humidity < 4", 2, 3, "unknown name `humidity`");
    check_flaw("value > 3 && asset.colour == 'red'", 1, 20, "asset.colour");
    check_flaw("value > 3 &&\n  time . houre < 4", 2, 10, "time.houre");
    check_flaw("'ä' == kind && place.alt > 3", 1, 22, "place.alt");
    check_flaw("value > 3 && weather.rain > 3", 1, 14, "weather.rain");
    check_flaw("value > 3 && asset.attributes.road.width > 3", 1, 36, "unknown field `width`");
    check_flaw("'ä' == kind && oops", 1, 16, "oops");
    check_flaw("value + 1", 1, 1, "expected true or false, found a number");
    check_flaw("kind > 3", 1, 8, "expected a text, found a number");
    check_flaw("value >", 1, 8, "found the end");
    check_flaw("value > 3 &&\n  kind is 'x'", 2, 8, "found `is`; write `==`");
    check_flaw("window('10x').mean > 3", 1, 1, "span");
    check_flaw("window('10m').median > 3", 1, 15, "not `median`");
    check_flaw("value > 3 && window(\"10m\").maen > 3", 1, 28, "not `maen`");
    check_flaw("zones.exists(z, z == 'a')", 1, 1, "loops");
    check_flaw("value > quantity(1, 'm')", 1, 21, "measures another quantity");
    check_flaw("value > quantity('1', 'mg/m3')", 1, 18, "expected a number");
    check_flaw("kind.matches('a+')", 1, 1, "matches");
    check_flaw("value > double(3)", 1, 16, "expected a text");
}

#[test]
fn quantities_come_in_the_unit_of_the_readings() {
    check("value > quantity(0.04, 'mg/m3')", Ok(true));
    check("value > quantity(0.05, 'mg/m3')", Ok(false));
    check("value < quantity(-1, 'mg/m3')", Ok(false));
    let unit_free = Expression::compile("value > quantity(1, 'm')", Scope::stored(false, None)).unwrap_err();
    assert!(unit_free.message.contains("different units"), "{}", unit_free.message);
}

#[test]
fn cost_is_bounded() {
    assert!(Expression::compile(&"(".repeat(300), EVERYTHING).is_err());
    assert!(Expression::compile(&["value > 1"; 200].join(" && "), EVERYTHING).is_err());
    assert!(Expression::compile(&"x".repeat(5000), EVERYTHING).is_err());
    assert!(Expression::compile("window('1m').mean > 1", Scope::stored(false, None)).is_err());
}

/// What the CEL interpreter says of the same expression; an error where it has none.
fn interpreted(text: &str) -> Result<bool, Fault> {
    let mut context = cel::Context::default();
    let attributes = std::collections::HashMap::from([("category", "noise")]);
    context.add_variable_from_value("value", 42.0);
    context.add_variable_from_value("kind", "air.pm25");
    context.add_variable_from_value("unit", "ug/m3");
    context.add_variable_from_value("zones", vec!["harbour"]);
    context.add_variable_from_value("attributes", attributes);
    let program = cel::Program::compile(text).unwrap();
    match program.execute(&context) {
        Ok(cel::Value::Bool(b)) => Ok(b),
        _ => Err(Fault),
    }
}

#[test]
fn expressions_agree_with_the_cel_interpreter() {
    let atoms = [
        "value > 35.0",
        "value <= 41.5",
        "value / 2.0 + 1.0 == 22.0",
        "-value < 0.0",
        "kind == 'air.pm25'",
        "kind in ['a', 'b']",
        "'harbour' in zones",
        "'far' in zones",
        "attributes.category.startsWith('no')",
        "attributes['category'].endsWith('x')",
        "attributes.lane == '1'",
        "has(attributes.lane)",
        "size(kind) == 8",
        "(value > 1.0 ? unit : kind).contains('ug')",
    ];
    for a in atoms {
        check(a, interpreted(a));
        for b in atoms {
            for text in [format!("{a} && {b}"), format!("{a} || !({b})"), format!("({a}) == ({b})")] {
                check(&text, interpreted(&text));
            }
        }
    }
}

#[test]
fn hostile_texts_are_refused_before_they_reach_the_parser() {
    for text in [
        "(".repeat(30) + "value > 1" + &")".repeat(30),
        "'\\'' == ".to_owned() + &"(".repeat(30),
        "r'\\' == ".to_owned() + &"(".repeat(30),
        "'".to_owned() + &"(".repeat(30),
        "'a\n".to_owned() + &"(".repeat(30),
        "'''a'b''' == ".to_owned() + &"(".repeat(30),
        "1 // '\n + ".to_owned() + &"(".repeat(30),
        "(')' + ".repeat(30),
        "!".repeat(250) + "true",
        "value ? ".repeat(30),
        "! - ( [ { ? : ".repeat(10),
        "1 + ".repeat(1000) + "1 > 0",
        "1 * ".repeat(1000) + "1 > 0",
        "1 < ".repeat(1000) + "1",
        "kind in ".repeat(500) + "zones",
        "asset".to_owned() + &".a".repeat(2000),
        "asset".to_owned() + &"[0]".repeat(1300),
        "asset".to_owned() + &".a()".repeat(1000),
        "true && ".repeat(500) + "true",
        "true || ".repeat(500) + "true",
    ] {
        assert!(Expression::compile(&text, EVERYTHING).is_err(), "{text}");
    }
    for text in [
        "(".repeat(8) + "value > 1" + &")".repeat(8),
        "1 + ".repeat(110) + "1 > 0",
        "true && ".repeat(60) + "true",
        "value > 1 || ".repeat(40) + "true",
        "kind == 'in' && ".repeat(10) + "true",
    ] {
        Expression::compile(&text, EVERYTHING).unwrap_or_else(|e| panic!("{text}: {e:?}"));
    }
    for text in
        ["asset".to_owned() + &".a".repeat(120), "asset".to_owned() + &"[0]".repeat(120), "1 < ".repeat(120) + "1"]
    {
        assert!(Expression::compile(&text, EVERYTHING).is_err(), "{text}");
    }
}
