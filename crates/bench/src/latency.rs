//! `alarm-latency`: from an MQTT publication to the alarm at a client of the stream of events, under a steady load.

use std::thread;

use anyhow::Result;

use crate::drive::{Book, Outcome, Pace, Target, drive};
use crate::http::Client;
use crate::percentile::ms;
use crate::server::{Server, token};
use crate::sse::Events;
use crate::{Settings, city};

const RATE_PER_S: usize = 5_000;

/// Runs it and prints its figures.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    let outcome = with_platform(settings, "", |platform| {
        platform.drive(Pace { rate_per_s: Some(RATE_PER_S), seconds: settings.seconds })
    })?;
    println!(
        "published: {} readings in {} s, acknowledged: {}",
        outcome.published, settings.seconds, outcome.acknowledged
    );
    println!("alarms: {} arrived, {} did not", outcome.alarms(), outcome.missing);
    for p in [0.5, 0.9, 0.99, 1.0] {
        println!("p{}: {:.1} ms", p * 100.0, ms(outcome.latency(p)));
    }
    let outcome = outcome.whole()?;
    println!("alarm-latency: {:.1} ms", ms(outcome.latency(0.99)));
    Ok(())
}

/// A running platform with one threshold rule, and a listener at its stream of events.
pub(crate) struct Platform<'a> {
    pub(crate) server: &'a Server,
    target: Target,
    book: &'a Book,
}

impl Platform<'_> {
    pub(crate) fn drive(&self, pace: Pace) -> Result<Outcome> {
        drive(&self.target, pace, self.book)
    }
}

/// Starts the platform, does the work, ends it.
pub(crate) fn with_platform<T>(
    settings: &Settings,
    events: &str,
    work: impl FnOnce(&Platform<'_>) -> Result<T>,
) -> Result<T> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let administrator = token(settings, &data, "administrator")?;
    let source = token(settings, &data, "source")?;
    let server = Server::start(settings, &data)?;
    let mut client = Client::new(server.http, &administrator);
    city::put_kinds(&mut client)?;
    city::put_one_threshold(&mut client, None)?;

    let topic = format!("vigiles/v1/observations/{}/", city::kind_id(0));
    let target = Target { broker: server.mqtt, token: source, topic };
    let book = Book::default();
    let events = Events::open(server.http, &administrator, events)?;
    thread::scope(|scope| {
        scope.spawn(|| listen(events, &book));
        let done = work(&Platform { server: &server, target, book: &book });
        // The stream of events ends with the server, and its reader with it.
        server.kill()?;
        done
    })
}

fn listen(mut events: Events, book: &Book) {
    while let Ok(event) = events.next() {
        if event.name != "alarm" {
            continue;
        }
        let Ok(alarm) = serde_json::from_str::<serde_json::Value>(&event.data) else { continue };
        // Raised and lowered in quick succession it may come once, in its last state.
        if let Some(asset) = alarm["asset"].as_str() {
            book.arrived(asset);
        }
    }
}
