//! Batches.

use vigiles_trust::Role;

use crate::world::world;

const BODY: &str = "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n\
--c\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\nPOST /sensorthings/v1.1/Things HTTP/1.1\r\nContent-Type: application/json\r\n\r\n\
{\"@iot.id\":\"b1\",\"name\":\"B\",\"Locations\":[{\"location\":{\"type\":\"Point\",\"coordinates\":[1,2]}}]}\r\n\
--c\r\nContent-Type: application/http\r\nContent-ID: 2\r\n\r\nPOST $1/Datastreams HTTP/1.1\r\nContent-Type: application/json\r\n\r\n\
{\"name\":\"d\",\"unitOfMeasurement\":{\"symbol\":\"Cel\"},\"ObservedProperty\":{\"@iot.id\":\"t\",\"name\":\"T\"}}\r\n\
--c\r\nContent-Type: application/http\r\nContent-ID: 3\r\n\r\nPOST Observations HTTP/1.1\r\nContent-Type: application/json\r\n\r\n\
{\"result\":3,\"phenomenonTime\":\"2026-03-01T10:00:00Z\",\"Datastream\":{\"@iot.id\":\"$2\"}}\r\n\
--c--\r\n\
--b\r\nContent-Type: application/http\r\n\r\nGET Datastreams('b1,t')/Observations?$select=result HTTP/1.1\r\n\r\n\r\n\
--b\r\nContent-Type: application/http\r\n\r\nGET Things('none') HTTP/1.1\r\n\r\n\r\n\
--b--\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_change_set_links_what_it_made() {
    let world = world().await;
    let send = |token: String| {
        let request = world.request("POST", "/sensorthings/v1.1/$batch").bearer(&token);
        request.body("multipart/mixed; boundary=b", BODY).send()
    };
    let answer = send(world.token(Role::Integrator)).await.expect(200);
    let text = String::from_utf8(answer.body).unwrap();
    let statuses: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 ")).collect();
    assert_eq!(statuses, ["201 Created", "201 Created", "201 Created", "200 OK", "404 Not Found"], "{text}");
    assert!(text.contains("{\"value\":[{\"result\":3.0}]}"), "{text}");
    // One that may not write is refused inside, and the set ends there.
    let answer = send(world.token(Role::Operator)).await.expect(200);
    let text = String::from_utf8(answer.body).unwrap();
    let statuses: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 ")).collect();
    assert_eq!(statuses, ["403 Forbidden", "200 OK", "404 Not Found"], "{text}");
    let malformed = world.request("POST", "/sensorthings/v1.1/$batch").bearer(&world.token(Role::Operator));
    malformed.body("multipart/mixed; boundary=b", "--b\r\nnothing").send().await.expect(400);
}
