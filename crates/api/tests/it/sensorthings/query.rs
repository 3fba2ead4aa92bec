//! Query options, paths, pages.

use serde_json::json;

use super::{ROOT, station};
use crate::world::{World, world};

async fn three() -> World {
    let world = world().await;
    for (id, lon) in [("a1", 24.1), ("a2", 24.2), ("a3", 24.3)] {
        world.sta("POST", "Things", Some(station(id, lon))).await.expect(201);
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_orders_and_selections() {
    let world = three().await;
    for (path, expected) in [
        ("Things", &["a3", "a2", "a1"][..]),
        ("Things?$filter=name eq 'Station a2'", &["a2"]),
        ("Things?$filter=properties/height gt 12 and not endswith(id,'3')&$orderby=id", &["a1", "a2"]),
        ("Things?$filter=Datastreams/Sensor/id eq 'sensor-a3'", &["a3"]),
        (
            "Things?$filter=st_within(Locations/location, geography'POLYGON ((24.15 60, 24.35 60, 24.35 61, 24.15 61, 24.15 60))')&$orderby=id",
            &["a2", "a3"],
        ),
        ("Things?$orderby=name desc&$top=2", &["a3", "a2"]),
        ("Things?$orderby=Locations/name,id desc&$skip=1", &["a2", "a1"]),
        ("Things?$skip=1&$top=1", &["a2"]),
        ("Locations?$filter=geo.distance(location, geography'POINT (24.3 60.17)') lt 0.05", &["a3"]),
        ("Datastreams?$orderby=id", &["a1,dust-a1", "a2,dust-a2", "a3,dust-a3"]),
        (
            "Datastreams?$filter=ObservedProperty/name eq 'PM2.5' and Thing/id ne 'a1'&$orderby=id",
            &["a2,dust-a2", "a3,dust-a3"],
        ),
        ("Things('a2')/Datastreams", &["a2,dust-a2"]),
        ("Datastreams('a2,dust-a2')/Thing/Locations", &["a2"]),
        ("Sensors?$filter=startswith(name,'SDS')", &["sensor-a1", "sensor-a2", "sensor-a3"]),
        ("ObservedProperties", &["dust-a1", "dust-a2", "dust-a3"]),
        ("HistoricalLocations?$filter=Thing/id eq 'x'", &[]),
    ] {
        assert_eq!(world.ids(path).await, expected, "{path}");
    }
    let selected = world.read("Things('a1')?$select=name,properties/height").await;
    assert_eq!(selected, json!({"name": "Station a1", "properties": {"height": 12.5}}));
}

async fn results(world: &World, path: &str) -> Vec<f64> {
    let answer = world.read(path).await;
    answer["value"].as_array().unwrap().iter().map(|o| o["result"].as_f64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn observations_by_time_and_value() {
    let world = three().await;
    let own = "Datastreams('a1,dust-a1')/Observations";
    for (options, expected) in [
        ("", &[7.5, 20.0, 5.0][..]),
        ("$orderby=phenomenonTime asc", &[5.0, 20.0, 7.5]),
        ("$orderby=result", &[5.0, 7.5, 20.0]),
        ("$orderby=result desc&$top=1", &[20.0]),
        ("$filter=result gt 6 and result le 20", &[7.5, 20.0]),
        ("$filter=phenomenonTime ge 2026-03-01T10:01:00Z", &[7.5, 20.0]),
        ("$filter=phenomenonTime lt '2026-03-01T10:01:00Z'", &[5.0]),
        ("$filter=during(phenomenonTime, 2026-03-01T10:00:30Z/2026-03-01T10:02:00Z)", &[20.0]),
        ("$filter=parameters/side eq 'north' and parameters/height eq 2 and result lt 6", &[5.0]),
        ("$skip=1&$top=1", &[20.0]),
    ] {
        assert_eq!(results(&world, &format!("{own}?{options}")).await, expected, "{options}");
    }
    let all = world.read("Observations?$count=true&$top=2").await;
    assert_eq!((&all["@iot.count"], all["value"].as_array().unwrap().len()), (&json!(9), 2));
    let filter = "Datastream/id eq 'a2,dust-a2' and result eq 20";
    assert_eq!(results(&world, &format!("Observations?$filter={filter}")).await, [20.0]);
    assert_eq!(
        results(&world, "Observations?$filter=Datastream/Thing/name eq 'Station a3' and result lt 6").await,
        [5.0]
    );
}

/// Every id of a list, page by page along its next links.
async fn along(world: &World, path: &str) -> Vec<String> {
    let mut next = Some(path.to_owned());
    let mut found = Vec::new();
    while let Some(path) = next {
        let page = world.read(&path).await;
        found.extend(page["value"].as_array().unwrap().iter().map(|e| e["@iot.id"].as_str().unwrap().to_owned()));
        next = page["@iot.nextLink"].as_str().map(|link| link.split_once("v1.1/").unwrap().1.to_owned());
        assert!(found.len() < 100, "{path} has no end");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_lead_to_the_next() {
    let world = three().await;
    for path in [
        "Things",
        "Locations",
        "Datastreams",
        "Sensors",
        "ObservedProperties",
        "Observations",
        "HistoricalLocations",
        "FeaturesOfInterest",
        "Things('a1')/Datastreams",
        "Datastreams('a1,dust-a1')/Observations",
    ] {
        let whole = world.ids(path).await;
        for options in ["", "&$count=true", "&$orderby=id desc", "&$filter=id ne 'a2'"] {
            let with = |top: u32| format!("{path}?$top={top}{options}");
            let expected = world.ids(&with(100)).await;
            assert_eq!(along(&world, &with(1)).await, expected, "{path} {options}");
            assert_eq!(along(&world, &with(2)).await, expected, "{path} {options}");
        }
        assert!(!whole.is_empty(), "{path}");
    }
    assert_eq!(along(&world, "Observations?$top=2&$orderby=phenomenonTime asc").await.len(), 9);
    let nested = world.read("Things('a1')/Datastreams?$expand=Observations($top=1;$count=true)").await;
    let datastream = &nested["value"][0];
    assert_eq!(datastream["Observations@iot.count"], 3);
    let next = datastream["Observations@iot.nextLink"].as_str().unwrap().split_once("v1.1/").unwrap().1.to_owned();
    assert_eq!(along(&world, &next).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_values_and_references() {
    let world = three().await;
    assert_eq!(world.read("Things('a1')/name").await, json!({"name": "Station a1"}));
    assert_eq!(world.read("Things('a1')/properties/height").await, json!({"height": 12.5}));
    let value = world.sta("GET", "Things('a1')/name/$value", None).await.expect(200);
    assert_eq!(String::from_utf8_lossy(&value.body), "Station a1");
    let address = |path: &str| format!("{ROOT}/{path}");
    let references = world.read("Things/$ref?$orderby=id").await;
    assert!(
        references["value"][0]["@iot.selfLink"].as_str().unwrap().ends_with(&address("Things('a1')")),
        "{references}"
    );
    let id = world.ids("Datastreams('a1,dust-a1')/Observations?$top=1").await.remove(0);
    world.sta("GET", &format!("Observations('{id}')/resultTime"), None).await.expect(204);
    assert_eq!(world.read(&format!("Datastreams('a1,dust-a1')/Observations('{id}')")).await["result"], 7.5);
    world.sta("GET", &format!("Datastreams('a2,dust-a2')/Observations('{id}')"), None).await.expect(404);
    let root = world.sta("GET", "", None).await;
    assert_eq!(root.status, 404);
    let token = world.token(vigiles_trust::Role::Operator);
    let root = world.request("GET", ROOT).bearer(&token).send().await.expect(200).json();
    assert_eq!(root["value"].as_array().unwrap().len(), 8);
    assert!(root["serverSettings"]["conformance"].as_array().unwrap().len() > 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_requests_name_the_part() {
    let world = three().await;
    for (path, status, part) in [
        ("Things?$filter=colour eq 1", 400, "$filter"),
        ("Things?$filter=name eq", 400, "$filter"),
        ("Things?$top=x", 400, "$top"),
        ("Things?$expand=Sensors", 400, "$expand"),
        ("Things?$select=colour", 400, "$select"),
        ("Things?$foo=1", 400, "$foo"),
        ("Observations?$skiptoken=x", 400, "$skiptoken"),
        ("Things?$filter=Datastreams/Observations/result gt 5", 422, "$filter"),
    ] {
        let answer = world.sta("GET", path, None).await.expect(status).json();
        assert_eq!(answer["errors"][0]["path"], part, "{path}: {answer}");
    }
    for path in [
        "Things('none')",
        "Nothing",
        "Things('a1')/Sensors",
        "Things('a1')/colour",
        "Datastreams('x')",
        "Datastreams('a1,none')",
        "Observations('x')",
        "Things('a1')/Datastreams('a2,dust-a2')",
    ] {
        world.sta("GET", path, None).await.expect(404);
    }
}
