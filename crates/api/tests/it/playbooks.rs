//! Playbooks through the API: two persons, questions, rooms, undoing, templates; and requests that reach a receiver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use serde_json::{Value, json};
use vigiles_connect::endpoint::Endpoint;
use vigiles_connect::task_kinds::{Outlets, REGISTERED, carriers};
use vigiles_runtime::carrier::Carriers;
use vigiles_trust::Role;

use crate::client::{Answer, Events};
use crate::world::{World, world};

const PASSWORD: &str = "correct horse battery";

/// Whoever has signed in.
pub(crate) struct Person<'a> {
    world: &'a World,
    cookie: String,
}

impl<'a> Person<'a> {
    pub(crate) async fn sign_in(world: &'a World, name: &str) -> Self {
        world.account(name, &[Role::Operator], Some(PASSWORD));
        let body = json!({"name": name, "password": PASSWORD});
        let welcome = world.request("POST", "/api/v1/session").json(body).send().await.expect(200);
        let cookie = welcome.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        Self { world, cookie }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        let request = self.world.request("POST", path).header("cookie", &self.cookie);
        request.header("sec-fetch-site", "same-origin").json(body).send().await
    }
}

/// Puts a playbook and opens an incident with it; gives the incident's path and itself.
pub(crate) async fn opened(world: &World, steps: Value, reality: &str) -> (String, Value) {
    let token = world.token(Role::Supervisor);
    if reality == "exercise" {
        let scenario = json!({"id": "t", "name": "T", "timeline": [
            {"after_s": 3600.0, "call": {"title": "C", "incident_type": "gas", "priority": "p4", "severity": "minor"}}]});
        let start = world.request("POST", "/api/v1/exercises").bearer(&token);
        start.json(json!({"scenario": scenario})).send().await.expect(201);
    }
    let playbook = json!({"id": "p", "name": "P", "source": "A guide, section 3", "steps": steps});
    let put = world.request("PUT", "/api/v1/playbooks/p").bearer(&token).json(playbook).send().await.expect(201);
    assert_eq!(put.json()["source"], "A guide, section 3");
    let open = json!({"title": "T", "incident_type": "gas", "priority": "p3", "severity": "minor", "playbook": "p",
                      "reality": reality});
    let incident = world.request("POST", "/api/v1/incidents").bearer(&token).json(open).send().await.expect(201).json();
    (format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap()), incident)
}

pub(crate) fn task<'a>(incident: &'a Value, step: &str) -> &'a Value {
    let tasks = incident["tasks"].as_array().unwrap();
    tasks.iter().find(|task| task["step"] == step).unwrap_or_else(|| panic!("no step {step}: {incident}"))
}

pub(crate) fn path_of(path: &str, incident: &Value, step: &str, what: &str) -> String {
    format!("{path}/tasks/{}/{what}", task(incident, step)["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_persons_approve_and_a_token_does_not_count() {
    let world = world().await;
    let steps = json!([{"id": "evacuate", "title": "Evacuate", "action": "manual", "approvals": 2, "deadline_s": 600}]);
    let (path, incident) = opened(&world, steps, "actual").await;
    assert_eq!(task(&incident, "evacuate")["state"], "awaiting_approval");
    let approvals = path_of(&path, &incident, "evacuate", "approvals");
    let token = world.token(Role::Operator);
    world.request("POST", &approvals).bearer(&token).json(json!({})).send().await.expect(403);
    let (ada, grace) = (Person::sign_in(&world, "ada").await, Person::sign_in(&world, "grace").await);
    ada.post(&approvals, json!({})).await.expect(200);
    let again = ada.post(&approvals, json!({})).await.expect(409).json();
    assert!(again["detail"].as_str().unwrap().contains("another person must"), "{again}");
    let now = grace.post(&approvals, json!({})).await.expect(200).json();
    let evacuate = task(&now, "evacuate");
    assert_eq!((&evacuate["state"], evacuate["approvals"].as_array().unwrap().len()), (&json!("running"), 2));
    let auditor = world.token(Role::Auditor);
    let audit = world.request("GET", "/api/v1/audit").bearer(&auditor).send().await.expect(200).json();
    let entries = audit["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == "approve_task");
    // Two that were allowed, and one that was and failed: allowed and failed.
    assert_eq!(entries.count(), 4, "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_decides_and_invited_agencies_speak_in_the_room() {
    let world = world().await;
    let steps = json!([
        {"id": "smell", "title": "Ask", "action": {"ask": {"question": "Gas?", "options": ["yes", "no"]}}},
        {"id": "room", "title": "Room", "after": ["smell"], "when": "answers.smell == 'yes'",
         "action": {"open_room": {"name": "Gas {number}", "agencies": ["fire"]}}},
        {"id": "walk", "title": "Walk", "after": ["smell"], "when": "answers.smell == 'no'", "action": "manual"},
    ]);
    let (path, incident) = opened(&world, steps, "actual").await;
    let token = world.token(Role::Operator);
    let smell = task(&incident, "smell");
    assert_eq!((&smell["question"], &smell["options"]), (&json!("Gas?"), &json!(["yes", "no"])));
    let answer = path_of(&path, &incident, "smell", "answer");
    let post = |path: &str, token: &str, body: Value| world.request("POST", path).bearer(token).json(body);
    post(&answer, &token, json!({"answer": "perhaps"})).send().await.expect(422);
    let now = post(&answer, &token, json!({"answer": "yes"})).send().await.expect(200).json();
    assert_eq!((&task(&now, "room")["state"], &task(&now, "walk")["state"]), (&json!("done"), &json!("skipped")));
    assert_eq!((&now["rooms"][0]["name"], &now["rooms"][0]["agencies"]), (&json!("Gas 1"), &json!(["fire"])));

    let messages = format!("{path}/rooms/room-1/messages");
    let (invited, stranger) = (world.token_of(Role::Operator, "fire"), world.token_of(Role::Operator, "harbour"));
    let said = post(&messages, &invited, json!({"text": "on our way"})).send().await.expect(200).json();
    let last = said["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!(last["event"]["message"], json!({"room": "room-1", "text": "on our way"}));
    post(&messages, &token, json!({"text": "thanks"})).send().await.expect(200);
    post(&messages, &stranger, json!({"text": "hello"})).send().await.expect(403);
    post(&format!("{path}/notes"), &invited, json!({"text": "hello"})).send().await.expect(403);
    post(&format!("{path}/rooms/room-9/messages"), &token, json!({"text": "x"})).send().await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playbook_that_cannot_run_is_refused_with_its_place() {
    let world = world().await;
    let token = world.token(Role::Supervisor);
    let step = |id: &str, after: &str| json!({"id": id, "title": "T", "action": "manual", "after": [after]});
    let body = json!({"id": "p", "name": "P", "steps": [step("a", "b"), step("b", "a")]});
    let put = world.request("PUT", "/api/v1/playbooks/p").bearer(&token).json(body).send().await.expect(422).json();
    assert_eq!(put["errors"][0]["path"], "steps[0].after", "{put}");
    assert_eq!(put["errors"][0]["message"], "steps 'a', 'b' wait for each other", "{put}");
    let handed = |agency: &str| {
        let escalate = json!({"hand_to": agency});
        let step = json!({"id": "a", "title": "T", "action": "manual", "deadline_s": 60, "escalate": escalate});
        json!({"id": "p", "name": "P", "steps": [step]})
    };
    let put = |agency: &str| world.request("PUT", "/api/v1/playbooks/p").bearer(&token).json(handed(agency));
    let refused = put("nowhere").send().await.expect(422).json();
    assert_eq!(refused["errors"][0]["path"], "steps[0].escalate.hand_to", "{refused}");
    put("fire").send().await.expect(201);
    let refused = async |action: Value, path: &str, message: &str| {
        let body = json!({"id": "r", "name": "R", "steps": [{"id": "a", "title": "T", "action": action}]});
        let put = world.request("PUT", "/api/v1/playbooks/r").bearer(&token).json(body).send().await;
        let put = put.expect(422).json();
        assert_eq!(put["errors"][0]["path"], path, "{put}");
        assert!(put["errors"][0]["message"].as_str().unwrap().starts_with(message), "{put}");
    };
    let ada = world.account("ada", &[Role::Operator], None);
    let assign = |to: Value| json!({"assign": {"to": to}});
    let to = "steps[0].action.assign.to";
    let none = format!("{to}.person");
    refused(assign(json!({"person": "nobody"})), &none, "there is no person `nobody`").await;
    refused(assign(json!({"role": "boss"})), &format!("{to}.role"), "there is no role `boss`").await;
    refused(
        assign(json!({"agency": "fyre"})),
        &format!("{to}.agency"),
        "there is no agency `fyre`; did you mean `fire`?",
    )
    .await;
    let text = json!({"annotate": {"text": "at {plase}"}});
    refused(text, "steps[0].action.annotate.text", "line 1, column 4: unknown word `{plase}`; known are {id}").await;
    let step = json!({"id": "a", "title": "T", "action": assign(json!({"person": ada.id}))});
    let body = json!({"id": "r", "name": "R", "steps": [step]});
    world.request("PUT", "/api/v1/playbooks/r").bearer(&token).json(body).send().await.expect(201);
    let step = json!({"id": "a", "title": "T", "action": {"http": {"endpoint": "e", "body": "{\"t\": {title}}"}}});
    let body = json!({"id": "q", "name": "Q", "steps": [step]});
    let put = world.request("PUT", "/api/v1/playbooks/q").bearer(&token).json(body).send().await.expect(422).json();
    assert_eq!(put["errors"][0]["path"], "steps[0].action.http.body", "{put}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_template_can_be_put_as_it_is_told() {
    let world = world().await.with_agencies();
    let token = world.token(Role::Supervisor);
    let told = world.request("GET", "/api/v1/playbook-templates").bearer(&token).send().await.expect(200).json();
    let items = told["items"].as_array().unwrap();
    assert_eq!(items.len(), 11);
    for item in items {
        let path = format!("/api/v1/playbooks/{}", item["playbook"]["id"].as_str().unwrap());
        let put = world.request("PUT", &path).bearer(&token).json(item["playbook"].clone()).send().await.expect(201);
        assert_eq!(put.json()["steps"], item["playbook"]["steps"]);
    }
}

/// A real receiver: answers each request with the next status, and keeps its first line and its key.
fn receiver(statuses: &'static [&str]) -> (String, Receiver<(String, String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let (sender, requests) = sync_channel(8);
    std::thread::spawn(move || {
        for status in statuses {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(&stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert!(reader.read_line(&mut head).unwrap() > 0);
            }
            let header = |name: &str| {
                let line = head.lines().find_map(|line| line.split_once(": ").filter(|(n, _)| *n == name));
                line.map(|(_, value)| value.to_owned()).unwrap_or_default()
            };
            let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
            reader.read_exact(&mut body).unwrap();
            write!(&stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            let first = head.lines().next().unwrap().to_owned();
            sender.send((first, header("idempotency-key"), String::from_utf8(body).unwrap())).unwrap();
        }
    });
    (url, requests)
}

/// The incident, once a task has a state.
async fn until(events: &mut Events, step: &str, state: &str) -> Value {
    loop {
        let incident = events.next("incident").await.1;
        let is_there = |task: &Value| task["step"] == step && task["state"] == state;
        if incident["tasks"].as_array().unwrap().iter().any(is_there) {
            return incident;
        }
    }
}

async fn follow(world: &World, token: &str) -> Events {
    let stream = world.request("GET", "/api/v1/events?events=incident").bearer(token).stream();
    let mut events = stream.await.1;
    events.next("hello").await;
    events
}

fn outbound(url: &str) -> Carriers {
    let signs = Arc::new(Endpoint::new(url, None).unwrap());
    carriers(REGISTERED, &Outlets { endpoints: [("signs".to_owned(), signs)].into(), ..Outlets::default() })
}

fn close_the_road() -> Value {
    json!([
        {"id": "close", "title": "Close", "retries": 2, "backoff_s": 1,
         "action": {"http": {"endpoint": "signs", "method": "put", "path": "/signs/{number}", "body": "{\"t\": \"{title}\"}"}},
         "compensate": {"http": {"endpoint": "signs", "method": "delete", "path": "/signs/{number}"}}},
        {"id": "watch", "title": "Watch", "action": "manual"},
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_tried_again_by_the_engine_and_undone_when_the_playbook_is_aborted() {
    let world = world().await;
    let (url, requests) = receiver(&["503 Busy", "200 Done", "204 Done"]);
    world.platform.run_errands(outbound(&url));
    let token = world.token(Role::Operator);
    let mut events = follow(&world, &token).await;
    let (path, _) = opened(&world, close_the_road(), "actual").await;
    let waiting = until(&mut events, "close", "retrying").await;
    let close = task(&waiting, "close");
    assert_eq!((&close["outcome"], &close["attempts"]), (&json!("the endpoint answered 503"), &json!(1)));
    let done = until(&mut events, "close", "done").await;
    assert_eq!((&task(&done, "close")["attempts"], &task(&done, "watch")["state"]), (&json!(2), &json!("running")));
    let (first, second) = (requests.recv().unwrap(), requests.recv().unwrap());
    assert_eq!(first, second, "every try is the same request");
    assert_eq!((first.0.as_str(), first.2.as_str()), ("PUT /v1/signs/1 HTTP/1.1", "{\"t\": \"T\"}"));
    let abort = json!({"reason": "a false alarm"});
    let answer = world.request("POST", &format!("{path}/playbook/abort")).bearer(&token).json(abort).send().await;
    assert_eq!(task(&answer.expect(200).json(), "close")["state"], "compensating");
    let undone = until(&mut events, "close", "compensated").await;
    assert_eq!(task(&undone, "watch")["outcome"], "aborted: a false alarm");
    assert_eq!(requests.recv().unwrap().0, "DELETE /v1/signs/1 HTTP/1.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exercise_says_where_it_would_have_gone() {
    let world = world().await;
    let (url, requests) = receiver(&["200 Done"]);
    world.platform.run_errands(outbound(&url));
    let (_, incident) = opened(&world, close_the_road(), "exercise").await;
    let close = task(&incident, "close");
    let said = "exercise: not sent, would have gone to endpoint signs, PUT /signs/1";
    assert_eq!((&close["state"], &close["outcome"]), (&json!("done"), &json!(said)));
    assert!(requests.try_recv().is_err());
}
