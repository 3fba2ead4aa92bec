//! Roles in processes of their own, on a real NATS server and a real PostgreSQL.

use std::time::Instant;

use serde_json::json;

use crate::city::{HIGH, KIND, furnish, line, time};
use crate::kills::publish;
use crate::readers::{follow, until};
use crate::server::{Answer, Client, Server, Starting, check, command, said, token_with};
use crate::servers::Servers;

/// Deliveries at each of two doors at once.
const DELIVERIES: u64 = 20;
/// Engines killed, unless `VIGILES_TAKEOVERS` says another number.
const KILLS: usize = 3;

/// A process with some roles, in a data directory of its own.
fn process(servers: &Servers, roles: &str, name: &str) -> Server {
    starting(servers, roles, name).ready()
}

fn starting(servers: &Servers, roles: &str, name: &str) -> Starting {
    let [config, file] = servers.arguments();
    Starting::with(&servers.directory(name), &[config, file, "--roles", roles, "--name", name])
}

/// Asks until an answer has this status: what is done at one process is known at the others a moment later. What is refused
/// before it was read ends its connection, which the client may notice only at the next question.
fn until_status(status: u16, ask: impl Fn() -> Result<Answer, ureq::Error>) -> Answer {
    let mut was_refused = false;
    loop {
        match ask() {
            Ok(answer) if answer.status == status => return answer,
            Ok(answer) => was_refused = answer.status >= 400,
            Err(error) => assert!(std::mem::take(&mut was_refused), "{error}"),
        }
    }
}

fn until_count(client: &Client, list: &str, count: usize) {
    while client.all(list).len() < count {}
    assert_eq!(client.all(list).len(), count, "{list}");
}

/// What is in the log, played in one process alone, gives what is in the store, byte for byte.
fn check_reproduced(servers: &Servers, name: &str) {
    let (data, bundle) = (servers.directory(name), servers.directory("bundle"));
    let (data, bundle) = (data.to_str().unwrap(), bundle.to_str().unwrap());
    let [config, file] = servers.arguments();
    let made = command(&["bundle", data, bundle, config, file, "--reason", "test"]);
    assert!(made.status.success(), "{}", said(&made));
    let reproduced = command(&["reproduce", bundle]);
    let text = said(&reproduced);
    assert!(reproduced.status.success() && text.contains("reproduced: ") && !text.contains(" 0 alarms"), "{text}");
}

#[test]
fn doors_and_engine_work_as_one_platform() {
    let servers = Servers::start();
    let further = servers.arguments();
    let engine = process(&servers, "engine", "engine");
    let (one, two) = (process(&servers, "ingest", "ingest-1"), process(&servers, "ingest", "ingest-2"));
    let api = process(&servers, "api", "api-1");
    // Made beside the running processes, which hear of it.
    let beside = servers.directory("beside");
    let (source, reader) = (token_with(&beside, "source", &further), token_with(&beside, "administrator", &further));
    let console = api.client(&reader);
    until_status(200, || console.get("/api/v1/alarms"));
    furnish(&console, "{asset} is high", true);
    let mut events = follow(&api, &reader);

    let doors = [one.client(&source), two.client(&source)];
    for (door, client) in doors.iter().enumerate() {
        until_status(202, || client.deliver(&line(&format!("first-{door}"), door as u64 + 1)));
    }
    std::thread::scope(|scope| {
        for (door, client) in doors.iter().enumerate() {
            scope.spawn(move || {
                for number in 0..DELIVERIES {
                    let lines = line(&format!("d{door}-{number}"), HIGH + 1 + number);
                    client.deliver(&lines).unwrap().expect(&[202]);
                }
            });
        }
    });
    assert!(publish(&one, &source, "m", HIGH + 1));
    let alarms = 2 * DELIVERIES as usize + 1;
    until_count(&console, "/api/v1/alarms", alarms);
    until_count(&console, "/api/v1/incidents", alarms);
    until_count(&console, &format!("/api/v1/observations?kind={KIND}"), alarms + 2);
    until(&mut events, "event: alarm");
    drop(events);

    // Live values come from the log itself, at every door.
    let mut events = follow(&api, &reader);
    until_status(202, || doors[1].deliver(&line("live", 7)));
    until(&mut events, "event: observations");
    assert!(until(&mut events, "data: ").contains("\"live\""));
    drop(events);

    check_tokens(&console, &two);
    check_at_the_api(&console, &api.client(&source));
    // Each process serves its roles and nothing else.
    one.client(&reader).get("/api/v1/alarms").unwrap().expect(&[404]);
    one.client(&reader).get("/").unwrap().expect(&[404]);
    api.client(&source).deliver(&line("x", 1)).unwrap().expect(&[404, 405]);
    engine.client(&reader).get("/api/v1/alarms").unwrap().expect(&[404]);
    engine.client("").get("/metrics").unwrap().expect(&[200]);

    for process in [one, two, api, engine] {
        process.stop();
    }
    let checked = check(&servers.directory("engine"), &further);
    assert!(checked.status.success(), "{}", said(&checked));
    check_reproduced(&servers, "engine");
}

/// A token made at one process is taken at another, until it is revoked.
fn check_tokens(console: &Client, door: &Server) {
    let body = json!({"name": "new", "role": "source"}).to_string();
    let made = console.post("/api/v1/tokens", "application/json", "", &body).unwrap().expect(&[201]).json();
    let client = door.client(made["secret"].as_str().unwrap());
    until_status(202, || client.deliver(&line("by-token", 3)));
    let id = made["id"].as_str().unwrap();
    console.delete(&format!("/api/v1/tokens/{id}")).expect(&[204]);
    until_status(401, || client.deliver(&line("by-token", 4)));
}

/// What is sent through a door can be read when it is answered; what only the engine knows is asked of it.
fn check_at_the_api(console: &Client, source: &Client) {
    let asset = json!({"id": "pole-9", "name": "Pole 9", "class": "air_station", "agency": "city", "observes": [KIND],
        "place": {"type": "Point", "coordinates": [13.4, 52.5]}});
    console.put("/api/v1/assets/pole-9", &asset).expect(&[201]);
    let observations = format!("/sensorthings/v1.1/Datastreams('pole-9,{KIND}')/Observations");
    for number in 1..=3 {
        let sent = json!({"phenomenonTime": time(number).to_string(), "result": number}).to_string();
        source.post(&observations, "application/json", "", &sent).unwrap().expect(&[201]);
        let read = console.get(&observations).unwrap().expect(&[200]).json();
        assert_eq!(read["value"].as_array().unwrap().len(), number as usize, "{read}");
    }
    let near = console.get("/api/v1/incidents/near?lon=13.4&lat=52.5").unwrap().expect(&[200]).json();
    assert!(near["offers"].is_array(), "{near}");
}

/// The same key at two doors is one deed with one answer.
#[test]
fn a_command_with_a_key_is_done_once_at_two_doors() {
    let servers = Servers::start();
    let operator = token_with(&servers.directory("beside"), "supervisor", &servers.arguments());
    let both = process(&servers, "api,engine", "engine");
    let api = process(&servers, "api", "api-1");
    let doors = [both.client(&operator), api.client(&operator)];
    let open = |door: usize, number: usize| {
        let body = format!(
            "{{\"title\":\"deed {number}\",\"incident_type\":\"test\",\"priority\":\"p3\",\"severity\":\"minor\"}}"
        );
        // While the first is under way, or its answer was given to the other, one is told to come again.
        let ask = || doors[door].post("/api/v1/incidents", "application/json", &format!("k{number}"), &body).unwrap();
        let answer = until_status(201, || Ok(ask().expect(&[201, 409, 503])));
        answer.json()["id"].as_str().unwrap().to_owned()
    };
    for number in 0..5 {
        let ids = std::thread::scope(|scope| {
            let asked = [0, 1].map(|door| scope.spawn(move || open(door, number)));
            asked.map(|asked| asked.join().unwrap())
        });
        assert_eq!(ids[0], ids[1]);
    }
    assert_eq!(doors[0].all("/api/v1/incidents").len(), 5);
    api.stop();
    both.stop();
}

/// Engines are killed one after the other: the doors go on, and whoever stands by takes over with what the last one had.
#[test]
fn who_stands_by_takes_over_from_an_engine_that_was_killed() {
    let servers = Servers::start();
    let further = servers.arguments();
    let beside = servers.directory("beside");
    let (source, reader) = (token_with(&beside, "source", &further), token_with(&beside, "administrator", &further));
    let mut engine = process(&servers, "engine", "engine-0");
    let (ingest, api) = (process(&servers, "ingest", "ingest-1"), process(&servers, "api", "api-1"));
    let (door, console) = (ingest.client(&source), api.client(&reader));
    furnish(&console, "{asset} is high", true);
    until_status(202, || door.deliver(&line("first", 1)));
    let kills = std::env::var("VIGILES_TAKEOVERS").map_or(KILLS, |text| text.parse().unwrap());
    for round in 1..=kills {
        let mut standby = starting(&servers, "engine", &format!("engine-{round}"));
        standby.until("standing by");
        for number in 0..5 {
            door.deliver(&line(&format!("before-{round}-{number}"), HIGH + 1 + number)).unwrap().expect(&[202]);
        }
        engine.kill();
        let killed = Instant::now();
        // While there is no engine, what is delivered is stored, and what is stored is read.
        door.deliver(&line(&format!("after-{round}"), HIGH + 9)).unwrap().expect(&[202]);
        console.get("/api/v1/alarms").unwrap().expect(&[200]);
        until_count(&console, "/api/v1/alarms", 6 * round);
        println!("the alarm of a reading behind the kill was there after {} ms", killed.elapsed().as_millis());
        engine = standby.ready();
    }
    until_count(&console, "/api/v1/incidents", 6 * kills);
    until_count(&console, &format!("/api/v1/observations?kind={KIND}"), 6 * kills + 1);
    for process in [ingest, api, engine] {
        process.stop();
    }
    let last = format!("engine-{kills}");
    let checked = check(&servers.directory(&last), &further);
    assert!(checked.status.success(), "{}", said(&checked));
    check_reproduced(&servers, &last);
}
