//! Creating, changing, deleting.

use serde_json::json;
use vigiles_trust::Role;

use super::station;
use crate::world::world;

#[tokio::test(flavor = "multi_thread")]
async fn a_deep_insert_is_read_again() {
    let world = world().await;
    let made = world.sta("POST", "Things", Some(station("a1", 24.94))).await.expect(201);
    assert!(made.header("location").unwrap().ends_with("/sensorthings/v1.1/Things('a1')"), "{made:?}");
    let thing = world.read("Things('a1')?$expand=Locations,Datastreams($expand=Sensor,ObservedProperty,Observations($orderby=phenomenonTime asc))").await;
    assert_eq!(
        (&thing["name"], &thing["properties"]),
        (&json!("Station a1"), &json!({"owner": "city", "height": 12.5}))
    );
    assert_eq!(thing["Locations"][0]["location"], json!({"type": "Point", "coordinates": [24.94, 60.17]}));
    let datastream = &thing["Datastreams"][0];
    assert_eq!(datastream["@iot.id"], "a1,dust-a1");
    assert_eq!(datastream["Sensor"]["name"], "SDS011");
    assert_eq!(datastream["ObservedProperty"]["definition"], "http://example.org/pm25");
    let results: Vec<_> =
        datastream["Observations"].as_array().unwrap().iter().map(|o| o["result"].as_f64().unwrap()).collect();
    assert_eq!(results, [5.0, 20.0, 7.5]);
    // The same asset and kind by the platform's own API, and by its rules.
    let token = world.token(Role::Supervisor);
    let asset = world.request("GET", "/api/v1/assets/a1").bearer(&token).send().await.expect(200).json();
    assert_eq!((&asset["observes"], &asset["attributes"]["owner"]), (&json!(["dust-a1"]), &json!("city")));
    let readings = world.request("GET", "/api/v1/observations?asset=a1").bearer(&token).send().await.expect(200).json();
    assert_eq!(readings["items"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_platform_has_is_there() {
    let world = world().await;
    let token = world.with_rule().await;
    let asset = json!({"id": "s1", "name": "S", "class": "air_station", "agency": "city", "observes": ["air.pm25"],
                       "place": {"type": "Point", "coordinates": [24.9, 60.1]}});
    world.request("PUT", "/api/v1/assets/s1").bearer(&token).json(asset).send().await.expect(201);
    let source = world.token(Role::Source);
    let sent = || json!({"result": 12.5, "phenomenonTime": "2026-03-01T10:00:00Z"});
    let post = async || {
        let made =
            world.sta_as(&source, "POST", "Datastreams('s1,air.pm25')/Observations", Some(sent())).await.expect(201);
        made.header("location").unwrap().to_owned()
    };
    let location = post().await;
    assert_eq!(post().await, location, "the same reading of one source is the same Observation");
    let id = location.rsplit_once("v1.1/").unwrap().1;
    let read = world.read(&format!("{id}?$expand=Datastream/Thing,FeatureOfInterest")).await;
    assert_eq!((&read["result"], &read["resultTime"]), (&json!(12.5), &json!(null)));
    assert_eq!(read["Datastream"]["Thing"]["@iot.id"], "s1");
    assert_eq!(read["Datastream"]["unitOfMeasurement"]["definition"], "ucum:ug/m3");
    assert_eq!(read["FeatureOfInterest"]["feature"]["coordinates"], json!([24.9, 60.1]));
    assert_eq!(world.read("Datastreams('s1,air.pm25')/Sensor").await["@iot.id"], "class:air-station");
    assert_eq!(world.ids("Sensors('class:air-station')/Datastreams").await, ["s1,air.pm25"]);
    assert_eq!(world.ids("ObservedProperties('air.pm25')/Datastreams").await, ["s1,air.pm25"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_made_one_by_one() {
    let world = world().await;
    let thing = json!({"@iot.id": "t", "name": "T", "description": "d", "Locations": [{"name": "l", "description": "d",
        "encodingType": "application/geo+json", "location": {"type": "Point", "coordinates": [1, 2]}}]});
    world.sta("POST", "Things", Some(thing)).await.expect(201);
    let sensor = json!({"name": "DHT22", "description": "d", "encodingType": "text/plain", "metadata": "x"});
    let sensor = world.sta("POST", "Sensors", Some(sensor)).await.expect(201).header("location").unwrap().to_owned();
    let sensor = sensor.split('\'').nth(1).unwrap().to_owned();
    assert!(sensor.starts_with("dht22-"), "{sensor}");
    let property = json!({"@iot.id": "temp", "name": "Temperature", "definition": "http://example.org/t", "description": "of the air"});
    world.sta("POST", "ObservedProperties", Some(property)).await.expect(201);
    assert_eq!(world.read("ObservedProperties('temp')").await["definition"], "http://example.org/t");
    let datastream = json!({"name": "n", "description": "d", "observationType": "OM_Measurement",
        "unitOfMeasurement": {"name": "degree Celsius", "symbol": "°C", "definition": "x"},
        "Thing": {"@iot.id": "t"}, "Sensor": {"@iot.id": sensor}, "ObservedProperty": {"@iot.id": "temp"}});
    world.sta("POST", "Datastreams", Some(datastream.clone())).await.expect(201);
    assert_eq!(world.read("Datastreams('t,temp')").await["unitOfMeasurement"]["symbol"], "°C");
    world.sta("POST", "Datastreams", Some(datastream)).await.expect(409);
    assert_eq!(world.ids(&format!("Sensors('{sensor}')/Datastreams")).await, ["t,temp"]);
    // A kind keeps its unit: another needs another ObservedProperty.
    let token = world.token(Role::Supervisor);
    let kind = world.request("GET", "/api/v1/kinds/temp").bearer(&token).send().await.expect(200).json();
    assert_eq!((&kind["unit"], &kind["name"]), (&json!("Cel"), &json!("Temperature")));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_and_deletions() {
    let world = world().await;
    world.sta("POST", "Things", Some(station("a1", 24.94))).await.expect(201);
    let before = world.sta("GET", "Things('a1')", None).await.expect(200);
    let tag = before.header("etag").unwrap().to_owned();
    world.sta("PATCH", "Things('a1')", Some(json!({"description": "In the yard"}))).await.expect(204);
    let thing = world.read("Things('a1')").await;
    assert_eq!((&thing["name"], &thing["description"]), (&json!("Station a1"), &json!("In the yard")));
    // Made for the version before.
    let token = world.token(Role::Integrator);
    let stale = world.request("PATCH", "/sensorthings/v1.1/Things('a1')").bearer(&token).header("if-match", &tag);
    stale.json(json!({"name": "X"})).send().await.expect(412);
    world
        .sta("PATCH", "Datastreams('a1,dust-a1')", Some(json!({"name": "new", "properties": {"a": [1]}})))
        .await
        .expect(204);
    let datastream = world.read("Datastreams('a1,dust-a1')").await;
    assert_eq!((&datastream["name"], &datastream["properties"]), (&json!("new"), &json!({"a": [1]})));
    world
        .sta("PATCH", "Datastreams('a1,dust-a1')", Some(json!({"unitOfMeasurement": {"symbol": "mg/m3"}})))
        .await
        .expect(409);
    world.sta("PATCH", "ObservedProperties('dust-a1')", Some(json!({"name": "Dust"}))).await.expect(204);
    assert_eq!(world.read("ObservedProperties('dust-a1')").await["name"], "Dust");
    world.sta("PATCH", "Sensors('sensor-a1')", Some(json!({"metadata": {"x": 1}}))).await.expect(204);
    assert_eq!(world.read("Sensors('sensor-a1')/metadata").await, json!({"metadata": {"x": 1}}));
    // A move leaves where it was.
    let there = json!({"location": {"type": "Point", "coordinates": [25.0, 60.2]}});
    world.sta("PATCH", "Locations('a1')", Some(there)).await.expect(204);
    let past = world.read("Things('a1')/HistoricalLocations?$expand=Locations").await;
    let places: Vec<_> = past["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|h| h["Locations"][0]["location"]["coordinates"].clone())
        .collect();
    assert_eq!(places, [json!([25.0, 60.2]), json!([24.94, 60.17])]);
    world.sta("DELETE", "Sensors('sensor-a1')", None).await.expect(409);
    world.sta("DELETE", "ObservedProperties('dust-a1')", None).await.expect(409);
    world.sta("DELETE", "Locations('a1')", None).await.expect(409);
    world.sta("DELETE", "Datastreams('a1,dust-a1')", None).await.expect(204);
    world.sta("GET", "Datastreams('a1,dust-a1')", None).await.expect(404);
    assert_eq!(world.read("Observations").await["value"], json!([]));
    world.sta("DELETE", "Sensors('sensor-a1')", None).await.expect(204);
    world.sta("DELETE", "ObservedProperties('dust-a1')", None).await.expect(204);
    world.sta("DELETE", "Things('a1')", None).await.expect(204);
    for gone in ["Things('a1')", "Locations('a1')", "Sensors('sensor-a1')", "ObservedProperties('dust-a1')"] {
        world.sta("GET", gone, None).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn features_of_interest() {
    let world = world().await;
    world.sta("POST", "Things", Some(station("a1", 24.94))).await.expect(201);
    let feature = json!({"@iot.id": "lake", "name": "Lake", "description": "a lake", "encodingType": "application/geo+json",
        "feature": {"type": "Point", "coordinates": [23.5, 61.5]}});
    let sent = json!({"phenomenonTime": "2026-03-02T10:00:00Z", "result": 1, "FeatureOfInterest": feature});
    world.sta("POST", "Datastreams('a1,dust-a1')/Observations", Some(sent)).await.expect(201);
    let of_lake = world.read("FeaturesOfInterest('lake')/Observations").await;
    assert_eq!(of_lake["value"].as_array().unwrap().len(), 1, "{of_lake}");
    let inside = "st_within(FeatureOfInterest/feature, geography'POLYGON ((23 61, 24 61, 24 62, 23 62, 23 61))')";
    let near = world.read(&format!("Observations?$filter={inside}&$expand=FeatureOfInterest")).await;
    assert_eq!(near["value"][0]["FeatureOfInterest"]["@iot.id"], "lake");
    assert_eq!(near["value"].as_array().unwrap().len(), 1);
    assert_eq!(world.ids("FeaturesOfInterest?$orderby=id").await, ["a1", "lake"]);
    assert_eq!(world.read("FeaturesOfInterest('a1')/Observations?$count=true").await["@iot.count"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn data_arrays_both_ways() {
    let world = world().await;
    world.sta("POST", "Things", Some(station("a1", 24.94))).await.expect(201);
    let body = json!([
        {"Datastream": {"@iot.id": "a1,dust-a1"}, "components": ["phenomenonTime", "result"], "dataArray@iot.count": 3,
         "dataArray": [["2026-03-03T10:00:00Z", 1], ["2026-03-03T10:01:00Z", "two"], ["2026-03-03T10:02:00Z", 3]]},
        {"Datastream": {"@iot.id": "a1,none"}, "components": ["result"], "dataArray": [[1]]},
    ]);
    let told = world.sta("POST", "CreateObservations", Some(body)).await.expect(201).json();
    let told: Vec<&str> = told.as_array().unwrap().iter().map(|t| t.as_str().unwrap()).collect();
    assert!(told[0].contains("/Observations('") && told[2].contains("/Observations('"), "{told:?}");
    assert!(told[1].starts_with("error: value: kind dust-a1 takes a number"), "{told:?}");
    assert!(told[3].starts_with("error: Datastream: there is no Datastream"), "{told:?}");
    let path = "Datastreams('a1,dust-a1')/Observations?$resultFormat=dataArray&$select=phenomenonTime,result&$filter=day(phenomenonTime) eq 3";
    let read = world.read(path).await;
    assert_eq!(read["value"][0]["components"], json!(["phenomenonTime", "result"]));
    assert_eq!(read["value"][0]["dataArray"], json!([["2026-03-03T10:02:00Z", 3.0], ["2026-03-03T10:00:00Z", 1.0]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_told() {
    let world = world().await;
    world.sta("POST", "Things", Some(station("a1", 24.94))).await.expect(201);
    let place = json!([{"location": {"type": "Point", "coordinates": [1, 2]}}]);
    for (method, path, body, status, part) in [
        ("POST", "Things", json!({"description": "d", "Locations": place}), 422, "name"),
        ("POST", "Things", json!({"name": "n"}), 422, "Locations"),
        (
            "POST",
            "Things",
            json!({"name": "n", "Locations": [{"location": {"type": "Point", "coordinates": [400, 2]}}]}),
            422,
            "Locations.location",
        ),
        ("POST", "Things", json!({"name": "n", "colour": "red", "Locations": place}), 422, "colour"),
        ("POST", "Things", json!({"@iot.id": "a1", "name": "n", "Locations": place}), 409, "@iot.id"),
        ("POST", "Things", json!({"@iot.id": "a b", "name": "n", "Locations": place}), 422, "@iot.id"),
        ("POST", "Things('a1')/Datastreams", json!({"name": "n"}), 422, "ObservedProperty"),
        (
            "POST",
            "Things('a1')/Datastreams",
            json!({"name": "n", "ObservedProperty": {"@iot.id": "none"}}),
            422,
            "ObservedProperty",
        ),
        ("POST", "Observations", json!({"result": 1}), 422, "Datastream"),
        ("POST", "Observations", json!({"result": 1, "Datastream": {"@iot.id": "a1,none"}}), 422, "Datastream"),
        ("POST", "Datastreams('a1,dust-a1')/Observations", json!({"result": "x"}), 422, "value"),
        (
            "POST",
            "Datastreams('a1,dust-a1')/Observations",
            json!({"result": 1, "phenomenonTime": "3000-01-01T00:00:00Z"}),
            422,
            "time",
        ),
        ("PATCH", "Things('a1')", json!({"@iot.id": "b"}), 422, "@iot.id"),
    ] {
        let answer = world.sta(method, path, Some(body)).await.expect(status).json();
        assert_eq!(answer["errors"][0]["path"], part, "{method} {path}: {answer}");
    }
    world.sta("POST", "Things('a1')", Some(json!({}))).await.expect(405);
    world.sta("DELETE", "Things('none')", None).await.expect(404);
    let id = world.ids("Observations?$top=1").await.remove(0);
    world.sta("DELETE", &format!("Observations('{id}')"), None).await.expect(405);
    world.sta("PATCH", &format!("Observations('{id}')"), Some(json!({"result": 2}))).await.expect(405);
}
