use proptest::prelude::*;
use serde_json::json;
use vigiles_model::Timestamp;

use super::*;
use crate::sensorthings::entity::{Entity, Navigation};
use crate::sensorthings::place;

/// A Thing with two Datastreams.
struct Small;

fn entity(set: EntitySet, id: &str, properties: &serde_json::Value) -> Entity {
    Entity { set, id: id.to_owned(), properties: properties.as_object().unwrap().clone(), tag: None }
}

impl Graph for Small {
    fn related(&self, from: &Entity, way: &Navigation) -> Result<Vec<Entity>, EvaluationError> {
        Ok(match (from.set, way.name) {
            (EntitySet::Things, "Datastreams") => vec![
                entity(EntitySet::Datastreams, "a1,air.pm25", &json!({"name": "dust"})),
                entity(EntitySet::Datastreams, "a1,air.no2", &json!({"name": "gas"})),
            ],
            (EntitySet::Things, "Locations") => vec![entity(
                EntitySet::Locations,
                "a1",
                &json!({"location": {"type": "Point", "coordinates": [24.94, 60.17]}}),
            )],
            _ => Vec::new(),
        })
    }
}

fn check(filter: &str, expected: bool) {
    let thing = entity(
        EntitySet::Things,
        "a1",
        &json!({"name": "Station o'Neill", "description": "In the street", "properties": {"height": 3.5, "on": true, "since": "2026-01-02T03:04:05.25Z"}}),
    );
    let parsed = Expression::parse("$filter", filter).unwrap_or_else(|e| panic!("{filter}: {e}"));
    let scope = Scope { entity: &thing, graph: &Small, now: Timestamp::from_secs(1_800_000_000) };
    assert_eq!(holds(&parsed, &scope), Ok(expected), "{filter} as {parsed}");
    assert_eq!(Expression::parse("$filter", &parsed.to_string()).as_ref(), Ok(&parsed), "{filter}");
}

#[test]
fn comparisons() {
    check("name eq 'Station o''Neill'", true);
    check("name ne 'x'", true);
    check("id eq 'a1' and not (name eq 'x')", true);
    check("@iot.id eq 'a2' or properties/height gt 3", true);
    check("properties/height mul 2 eq 7 and properties/height add 1 sub 0.5 eq 4", true);
    check("properties/height div 0 eq null", true);
    check("8 mod 3 eq 2 and -properties/height lt -3", true);
    check("properties/none eq null", true);
    check("properties/none gt 1", false);
    check("properties/on", true);
    check("properties/on eq true and properties/height le 3.5", true);
    check("name gt 5", false);
    check("1 eq 1 or 1 eq 2 and 1 eq 2", true);
    check("not name eq 'x'", true);
}

#[test]
fn texts() {
    check("substringof('Neill', name)", true);
    check("contains(name,'Neill') and startswith(name, 'Sta') and endswith(name,'ll')", true);
    check("length(name) eq 15 and indexof(name,'o''N') eq 8", true);
    check("substring(name,8) eq 'o''Neill' and substring(name,0,7) eq 'Station'", true);
    check("tolower(name) eq 'station o''neill' and toupper(trim(' a ')) eq 'A'", true);
    check("concat(concat(name, ', '), description) eq 'Station o''Neill, In the street'", true);
    check("length(properties/height) eq null", true);
}

#[test]
fn times() {
    let since = "properties/since";
    for (condition, expected) in [
        ("year(X) eq 2026 and month(X) eq 1 and day(X) eq 2", true),
        ("hour(X) eq 3 and minute(X) eq 4 and second(X) eq 5 and fractionalseconds(X) eq 0.25", true),
        ("date(X) eq '2026-01-02' and time(X) eq '03:04:05.25' and totaloffsetminutes(X) eq 0", true),
        ("X lt 2026-01-02T03:04:06Z and X ge 2026-01-02", true),
        ("X lt now() and X gt mindatetime() and X lt maxdatetime()", true),
        ("X add duration'PT1H' eq 2026-01-02T04:04:05.25Z", true),
        ("now() sub 2027-01-15T07:00:00Z eq duration'PT1H'", true),
        ("before(X, 2027-01-01T00:00:00Z) and after(X, 2025-01-01T00:00:00Z)", true),
        ("during(X, 2026-01-01T00:00:00Z/2026-02-01T00:00:00Z)", true),
        ("overlaps(2026-01-01T00:00:00Z/2026-03-01T00:00:00Z, 2026-02-01T00:00:00Z/2026-04-01T00:00:00Z)", true),
        ("meets(2026-01-01T00:00:00Z/2026-03-01T00:00:00Z, 2026-03-01T00:00:00Z/2026-04-01T00:00:00Z)", true),
        (
            "starts(2026-01-01/2026-03-01, 2026-01-01/2026-04-01) and finishes(2026-01-01/2026-03-01, 2026-02-01/2026-03-01)",
            true,
        ),
        ("during(X, 2026-01-03/2026-02-01)", false),
    ] {
        check(&condition.replace('X', since), expected);
    }
}

#[test]
fn numbers() {
    check("round(properties/height) eq 4 and floor(properties/height) eq 3 and ceiling(properties/height) eq 4", true);
    check("1.5e3 eq 1500 and 2 lt 1e1", true);
}

#[test]
fn places() {
    let area = "geography'POLYGON ((24 60, 25 60, 25 61, 24 61, 24 60))'";
    check(&format!("st_within(Locations/location, {area})"), true);
    check(&format!("st_contains({area}, Locations/location) and st_intersects(Locations/location, {area})"), true);
    check(&format!("st_disjoint(Locations/location, {area}) or st_equals(Locations/location, {area})"), false);
    check("geo.distance(Locations/location, geography'POINT (24.94 60.27)') lt 0.11", true);
    check("geo.distance(Locations/location, geography'POINT (25, 60)') gt 1", false);
    check("geo.length(geography'LINESTRING (0 0, 3 4)') eq 5", true);
    check(&format!("geo.intersects(Locations/location, {area})"), true);
    check("st_crosses(geometry'LINESTRING (0 0, 2 2)', geometry'LINESTRING (0 2, 2 0)')", true);
    check("st_touches(geometry'POINT (0 0)', geometry'LINESTRING (0 0, 2 2)')", true);
    check("st_overlaps(geometry'LINESTRING (0 0, 2 0)', geometry'LINESTRING (1 0, 3 0)')", true);
    check("st_relate(geometry'POINT (1 1)', geometry'POINT (1 1)', 'T********')", true);
}

#[test]
fn ways() {
    check("Datastreams/name eq 'gas'", true);
    check("Datastreams/name eq 'gas' and Datastreams/id eq 'a1,air.pm25'", true);
    check("Datastreams/name eq 'noise'", false);
    check("HistoricalLocations/id eq 'x'", false);
}

fn wrong(filter: &str, expected: &str) {
    let found = Expression::parse("$filter", filter).and_then(|e| e.check("$filter", EntitySet::Things));
    let message = found.expect_err(filter).to_string();
    assert!(message.contains(expected), "{filter}: {message}");
}

#[test]
fn faults_say_where() {
    wrong("", "column 1: an expression is missing");
    wrong("name eq", "column 8: a value is missing at the end");
    wrong("name eq 'x", "column 9: this text has no closing quote");
    wrong("ä eq 'x", "column 6: this text has no closing quote");
    wrong("name is 'x'", "column 6: the expression is over here");
    wrong("name eq eq", "column 9: eq stands where");
    wrong("size(name) eq 1", "column 1: there is no function size");
    wrong("year() eq 1", "takes 1 to 1 arguments");
    wrong("(name eq 'x'", "a closing parenthesis is missing");
    wrong("color eq 'x'", "a Thing has no property or way \"color\"");
    wrong("Datastreams/Observations/colour eq 1", "an Observation has no".trim_start_matches("an "));
    wrong("Datastreams eq 1", "is an entity");
    wrong("st_within(name, geography'POINT (200 0)')", "is not a place on earth");
    wrong("st_within(name, geography'GEOMETRYCOLLECTION EMPTY')", "is not taken");
    wrong("name eq duration'soon'", "column 9");
    wrong("name eq 2026-13-01", "column 9");
    wrong(&format!("{}1{}", "(".repeat(60), ")".repeat(60)), "at most 48 levels");
    wrong(&"not ".repeat(60), "at most 48 levels");
    wrong(&vec!["1 eq 1"; 500].join(" and "), "too many operators");
    wrong("name eq #", "has no meaning");
    wrong(
        &format!("{}name eq 1", "-".repeat(40)),
        "written out with its parentheses, an expression has at most 48 levels",
    );
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Boolean),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Literal::Number),
        ".{0,12}".prop_map(Literal::Text),
        (-2_000_000_000_i64..4_000_000_000)
            .prop_map(|s| Literal::Time(crate::sensorthings::time::Time::Instant(Timestamp(s * 1_000_003)))),
        (0_i64..4_000_000_000, 1_i64..1_000_000).prop_map(|(s, d)| Literal::Time(
            crate::sensorthings::time::Time::Interval(Timestamp::from_secs(s), Timestamp::from_secs(s + d))
        )),
        (-1_000_000_000_000_i64..1_000_000_000_000).prop_map(|us| Literal::Duration(vigiles_model::Duration(us))),
        (-180.0..180.0_f64, -90.0..90.0_f64)
            .prop_map(|(x, y)| Literal::Geometry(Box::new(place::parse(&format!("POINT({x} {y})")).unwrap()))),
    ]
}

fn expression() -> impl Strategy<Value = Expression> {
    let path = prop::collection::vec("[a-z][a-zA-Z0-9_]{3,8}", 1..4)
        .prop_filter("no word of the language", |p| p.len() > 1 || !matches!(p[0].as_str(), "null" | "true" | "false"))
        .prop_map(Expression::Path);
    let leaf = prop_oneof![literal().prop_map(Expression::Literal), path];
    leaf.prop_recursive(5, 40, 3, |inner| {
        let operator = prop::sample::select(Operator::ALL.to_vec());
        let function = prop::sample::select(Function::all().collect::<Vec<_>>());
        prop_oneof![
            (operator, inner.clone(), inner.clone()).prop_map(|(o, a, b)| Expression::Binary(
                o,
                Box::new(a),
                Box::new(b)
            )),
            inner.clone().prop_map(|e| Expression::Not(Box::new(e))),
            // A negative number is a literal.
            inner
                .clone()
                .prop_filter("no number", |e| !matches!(e, Expression::Literal(Literal::Number(_))))
                .prop_map(|e| Expression::Negate(Box::new(e))),
            (function, prop::collection::vec(inner, 3)).prop_map(|(f, mut arguments)| {
                arguments.truncate(f.arguments().0);
                Expression::Call(f, arguments)
            }),
        ]
    })
}

#[test]
fn long_chains_are_written_as_chains() {
    let check = |text: &str, expected: &str| {
        let read = Expression::parse("$filter", text).unwrap();
        assert_eq!(read.to_string(), expected);
        assert_eq!(Expression::parse("$filter", expected), Ok(read));
    };
    check("a1 or b1 or c1 and d1 and e1", "(a1 or b1 or (c1 and d1 and e1))");
    check("a1 sub (b1 sub c1) sub d1 mul e1", "(a1 sub (b1 sub c1) sub (d1 mul e1))");
    check("(a1 or b1) and c1", "((a1 or b1) and c1)");
    check("not a1 eq b1 and c1", "((not (a1 eq b1)) and c1)");
    check("--a1 add -(-2)", "((-(-a1)) add 2.0)");
    // A page of 300 names, as clients ask for them.
    let many = vec!["name eq 'x'"; 300].join(" or ");
    let read = Expression::parse("$filter", &many).unwrap();
    assert_eq!(Expression::parse("$filter", &read.to_string()), Ok(read));
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(e in expression()) {
        let text = e.to_string();
        prop_assert_eq!(Expression::parse("$filter", &text), Ok(e), "{}", text);
    }

    #[test]
    fn no_text_makes_the_reader_fail(text in "[ -~äß]{0,60}") {
        let _either = Expression::parse("$filter", &text);
    }
}
