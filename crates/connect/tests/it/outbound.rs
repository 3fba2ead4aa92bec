//! E-mail and webhooks to real receivers.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use vigiles_connect::outbound::{Outbound, Retries};
use vigiles_connect::smtp::{Config, Security, Smtp};
use vigiles_connect::webhook::Webhook;
use vigiles_model::playbook::{Action, Step};
use vigiles_model::*;
use vigiles_runtime::carrier::{Carrier, Outcome};

use crate::receiver::receive;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn incident(reality: Reality) -> Incident {
    Incident {
        id: IncidentId::new("inc-1").unwrap(),
        number: 17,
        incident_type: "air_quality".into(),
        title: "Fine dust at Mäkelänkatu".into(),
        state: IncidentState::New,
        reality,
        priority: Priority::P2,
        severity: Severity::Severe,
        place: Some(Geometry::Point(Position { lon: 24.95, lat: 60.2 })),
        agency: AgencyId::new("environment").unwrap(),
        opened: Timestamp(1_800_000_000_000_000),
        changed: Timestamp(1_800_000_000_000_000),
        alarms: vec![],
        assets: vec![],
        playbook: None,
        tasks: vec![],
        timeline: vec![],
        witnesses: 0,
        links: Vec::new(),
        related: Vec::new(),
        merged_into: None,
        split_from: None,
        version: 1,
    }
}

fn task(action: Action) -> Task {
    Task {
        id: TaskId::new("inc-1.0").unwrap(),
        step: Step { title: "Tell the duty officer".into(), instruction: String::new(), action },
        state: TaskState::Running,
        changed: Some(Timestamp(1_800_000_001_000_000)),
        outcome: None,
    }
}

fn retries() -> Retries {
    Retries { waits: vec![Duration::from_millis(1); 2] }
}

async fn call(address: SocketAddr, reality: Reality) -> Outcome {
    let hook = Webhook::new(&format!("http://{address}/hook"), SECRET).unwrap();
    let outbound = Outbound { smtp: None, webhooks: [("duty".to_owned(), Arc::new(hook))].into(), retries: retries() };
    outbound.carry_out(&incident(reality), &task(Action::Webhook { endpoint: "duty".into() })).await
}

#[tokio::test]
async fn a_webhook_is_signed_and_tried_again() {
    let (address, requests) = receive(&[("500 Down", ""), ("204 Done", "")]);
    assert_eq!(call(address, Reality::Actual).await, Ok("delivered, 204".into()));
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
async fn a_webhook_gives_up_with_words() {
    let (address, _requests) = receive(&[("500 Down", ""), ("429 Slow", ""), ("502 Bad", "")]);
    assert_eq!(call(address, Reality::Actual).await, Err("the endpoint answered 502 (after 3 tries)".into()));
    let (address, _requests) = receive(&[("410 Gone", "")]);
    assert_eq!(call(address, Reality::Actual).await, Err("the endpoint refused the call with 410".into()));
}

#[tokio::test]
async fn nothing_leaves_in_an_exercise() {
    let (address, requests) = receive(&[("204 Done", "")]);
    assert!(call(address, Reality::Exercise).await.unwrap().starts_with("not sent"));
    assert!(requests.try_recv().is_err());
}

#[tokio::test]
async fn what_is_not_configured_is_said() {
    let outbound = Outbound::default();
    let webhook =
        outbound.carry_out(&incident(Reality::Actual), &task(Action::Webhook { endpoint: "duty".into() })).await;
    assert_eq!(webhook, Err("no webhook \"duty\" is configured ([[webhook]])".into()));
    let email = outbound.carry_out(&incident(Reality::Actual), &task(email("a@b.example"))).await;
    assert_eq!(email, Err("no e-mail server is configured ([smtp])".into()));
}

fn email(to: &str) -> Action {
    Action::Email {
        to: vec![to.into()],
        subject: "Fine dust\r\nBcc: evil@x.example".into(),
        body: "Please look.".into(),
    }
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
    let outbound =
        Outbound { smtp: Some(Arc::new(Smtp::new(&config).unwrap())), retries: retries(), ..Outbound::default() };
    outbound.carry_out(&incident(Reality::Actual), &task(email(to))).await
}

#[tokio::test]
async fn an_email_is_handed_over() {
    let (port, mails) = mail_server(1);
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
    let refused = mail(port, "nobody@city.example").await.unwrap_err();
    assert!(refused.starts_with("the mail server refused") && refused.contains("no such user"), "{refused}");
    let bad = mail(port, "not an address").await.unwrap_err();
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
