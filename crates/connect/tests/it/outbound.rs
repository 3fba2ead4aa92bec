//! E-mail and webhooks to real receivers.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use vigiles_connect::endpoint::Endpoint;
use vigiles_connect::smtp::{Config, Security, Smtp};
use vigiles_connect::task_kinds::{Outlets, REGISTERED, carriers};
use vigiles_connect::webhook::Webhook;
use vigiles_model::playbook::{Live, Outward, Step};
use vigiles_model::*;
use vigiles_runtime::carrier::{Failure, Outcome};

use crate::receiver::receive;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// An actual incident with a task, whose second try this is.
fn incident(action: Outward) -> Incident {
    let at = Timestamp(1_800_000_000_000_000);
    let agency = AgencyId::new("environment").unwrap();
    let mut incident = Incident::opened(IncidentId::new("inc-1").unwrap(), 17, agency, Reality::Actual, at);
    incident.incident_type = "air_quality".into();
    incident.title = "Fine dust at Mäkelänkatu".into();
    incident.place = Some(Geometry::Point(Position { lon: 24.95, lat: 60.2 }));
    let mut task = Task::new(TaskId::new("inc-1.0").unwrap(), Step::new("Tell the duty officer", action.into()));
    task.state = TaskState::Running;
    task.started = Some(Timestamp(1_800_000_001_000_000));
    task.changed = Some(Timestamp(1_800_000_009_000_000));
    task.attempts = 2;
    incident.tasks.push(task);
    incident
}

async fn carried_out(outlets: &Outlets, action: Outward) -> Outcome {
    let carriers = carriers(REGISTERED, outlets);
    let carrier = &carriers[action.kind.as_str()];
    let incident = incident(action);
    carrier.carry_out(Live::of(&incident, &incident.tasks[0]).unwrap()).await
}

fn passing(why: &str) -> Outcome {
    Err(Failure::Passing(why.to_owned()))
}

fn lasting(why: &str) -> Outcome {
    Err(Failure::Lasting(why.to_owned()))
}

async fn call(address: SocketAddr) -> Outcome {
    let hook = Webhook::new(&format!("http://{address}/hook"), SECRET).unwrap();
    let outlets = Outlets { webhooks: [("duty".to_owned(), Arc::new(hook))].into(), ..Outlets::default() };
    carried_out(&outlets, Outward::new("webhook").with("endpoint", "duty")).await
}

async fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> Outcome {
    let endpoint = Endpoint::new(&format!("http://{address}/v1/"), Some("Bearer s3cret")).unwrap();
    let outlets = Outlets { endpoints: [("signs".to_owned(), Arc::new(endpoint))].into(), ..Outlets::default() };
    carried_out(&outlets, request(method, path, body)).await
}

#[tokio::test]
async fn a_webhook_is_signed_and_every_try_is_the_same_message() {
    let (address, requests) = receive(&[("500 Down", ""), ("204 Done", "")]);
    assert_eq!(call(address).await, passing("the endpoint answered 500"));
    assert_eq!(call(address).await, Ok("delivered, 204".into()));
    let (first, second) = (requests.recv().unwrap(), requests.recv().unwrap());
    assert_eq!(first.header("webhook-id"), Some("msg_inc-1.0_1800000001000"));
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body);
    let signed = first.header("webhook-signature").unwrap();
    assert!(signed.starts_with("v1,") && signed.len() == 47, "{signed}");
    let body: serde_json::Value = serde_json::from_str(&first.body).unwrap();
    assert_eq!(body["data"]["incident"]["title"], "Fine dust at Mäkelänkatu");
    assert_eq!(body["data"]["incident"]["place"]["coordinates"][0], 24.95);
}

#[tokio::test]
async fn a_refusal_is_told_from_what_may_pass() {
    let (address, _requests) = receive(&[("429 Slow", ""), ("410 Gone", ""), ("302 Away", "")]);
    assert_eq!(call(address).await, passing("the endpoint answered 429"));
    assert_eq!(call(address).await, lasting("the endpoint refused the call with 410"));
    assert_eq!(call(address).await, lasting("the endpoint refused the call with 302"));
    assert!(matches!(call(address).await, Err(Failure::Passing(why)) if why.contains("not reached")));
}

#[tokio::test]
async fn a_request_goes_to_its_endpoint() {
    let (address, requests) = receive(&[("200 Done", "{}"), ("204 Done", "")]);
    let done = ask(address, "put", "/signs/7?lane=1", r#"{"text": "CLOSED"}"#).await;
    assert_eq!(done, Ok("delivered, 200".into()));
    let put = requests.recv().unwrap();
    assert!(put.head.starts_with("PUT /v1/signs/7?lane=1 HTTP/1.1\r\n"), "{}", put.head);
    assert_eq!(put.header("authorization"), Some("Bearer s3cret"));
    assert_eq!(put.header("idempotency-key"), Some("inc-1.0-1800000001000"));
    assert_eq!((put.header("content-type"), put.body.as_str()), (Some("application/json"), r#"{"text": "CLOSED"}"#));
    assert_eq!(ask(address, "delete", "", "").await, Ok("delivered, 204".into()));
    assert!(requests.recv().unwrap().head.starts_with("DELETE /v1 HTTP/1.1\r\n"));
    let broken = ask(address, "post", "", "{").await;
    assert!(matches!(&broken, Err(Failure::Lasting(why)) if why.starts_with("the body is no JSON")), "{broken:?}");
}

#[tokio::test]
async fn what_is_not_configured_is_said() {
    let outlets = Outlets::default();
    let webhook = carried_out(&outlets, Outward::new("webhook").with("endpoint", "duty")).await;
    assert_eq!(webhook, lasting("no webhook \"duty\" is configured ([[webhook]])"));
    assert_eq!(carried_out(&outlets, email("a@b.example")).await, lasting("no e-mail server is configured ([smtp])"));
    assert_eq!(
        carried_out(&outlets, request("get", "", "")).await,
        lasting("no endpoint \"signs\" is configured ([[endpoint]])")
    );
}

fn request(method: &str, path: &str, body: &str) -> Outward {
    Outward::new("http").with("endpoint", "signs").with("method", method).with("path", path).with("body", body)
}

fn email(to: &str) -> Outward {
    let subject = "Fine dust\r\nBcc: evil@x.example";
    Outward::new("email").with("to", vec![to.to_owned()]).with("subject", subject).with("body", "Please look.")
}

/// A mail server that takes one connection after the other, and refuses the first `busy` of them for now.
fn mail_server(busy: usize) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, mails) = sync_channel(8);
    std::thread::spawn(move || {
        for (i, stream) in listener.incoming().enumerate() {
            let stream = stream.unwrap();
            let mut lines = BufReader::new(&stream).lines();
            let say = |text: &str| write!(&stream, "{text}\r\n").unwrap();
            say(if i < busy { "421 come back later" } else { "220 mail.example" });
            let mut mail = String::new();
            let mut in_data = false;
            while let Some(Ok(line)) = lines.next() {
                if in_data {
                    if line == "." {
                        in_data = false;
                        say("250 taken");
                        let _ = sender.send(std::mem::take(&mut mail));
                    } else {
                        mail += &line;
                        mail += "\n";
                    }
                    continue;
                }
                match line.get(..4).unwrap_or_default() {
                    "RCPT" if line.contains("nobody@") => say("550 no such user"),
                    "DATA" => {
                        in_data = true;
                        say("354 go on");
                    }
                    "QUIT" => {
                        say("221 bye");
                        break;
                    }
                    _ => say("250 ok"),
                }
            }
        }
    });
    (port, mails)
}

async fn mail(port: u16, to: &str) -> Outcome {
    let config = Config {
        host: "127.0.0.1".into(),
        port,
        from: "Vigiles <vigiles@city.example>".into(),
        security: Security::Plain,
        credentials: None,
    };
    let outlets = Outlets { smtp: Some(Arc::new(Smtp::new(&config).unwrap())), ..Outlets::default() };
    carried_out(&outlets, email(to)).await
}

#[tokio::test]
async fn an_email_is_handed_over() {
    let (port, mails) = mail_server(1);
    assert!(matches!(mail(port, "duty@city.example").await, Err(Failure::Passing(_))));
    assert_eq!(mail(port, "duty@city.example").await, Ok("handed to the mail server, 250".into()));
    let mail = mails.recv().unwrap();
    assert!(mail.contains("Message-ID: <inc-1.0.1800000001000@city.example>"), "{mail}");
    assert!(
        mail.contains("To: duty@city.example") && mail.contains("Please look.") && mail.contains("Incident 17"),
        "{mail}"
    );
    let header = mail.split("\n\n").next().unwrap();
    assert!(!header.lines().any(|line| line.starts_with("Bcc")), "{header}");
}

#[tokio::test]
async fn an_email_that_is_refused_fails_with_words() {
    let (port, _mails) = mail_server(0);
    let Err(Failure::Lasting(refused)) = mail(port, "nobody@city.example").await else { panic!("it was taken") };
    assert!(refused.starts_with("the mail server refused") && refused.contains("no such user"), "{refused}");
    let Err(Failure::Lasting(bad)) = mail(port, "not an address").await else { panic!("it was taken") };
    assert!(bad.contains("is not a mail address"), "{bad}");
}

#[test]
fn a_password_needs_protection() {
    let plain = Config {
        host: "h".into(),
        port: 25,
        from: "a@b.example".into(),
        security: Security::Plain,
        credentials: Some(("u".into(), "p".into())),
    };
    assert!(Smtp::new(&plain).is_err());
    assert!(Smtp::new(&Config { security: Security::StartTls, ..plain }).is_ok());
}
