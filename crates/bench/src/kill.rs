//! `kill-restart`: kill -9 at random moments, under load and while starting. Everything acknowledged must be there afterwards, once, and no
//! incident doubled; then the time to serve again with many observations stored.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use vigiles_model::Timestamp;

use crate::http::Client;
use crate::ingest::{self, Counts};
use crate::load::Dice;
use crate::server::{Server, token};
use crate::{Settings, city, clock};

const SENDERS: u64 = 2;
const BATCH: u64 = 50;
const MOST_MS_BEFORE_KILL: u64 = 700;
/// One kill in so many comes while the server starts and replays, within so many milliseconds.
const STARTING_EVERY: u64 = 4;
const MOST_MS_STARTING: u64 = 150;
/// Each sender has this many assets; one reading in ALARM_EVERY raises the alarm of its asset, which opens an incident.
const ASSETS: u64 = 20;
const ALARM_EVERY: u64 = 2_000;
const RESTARTS: usize = 3;

/// One sender and what it was told is stored. It goes on where it was after each kill.
struct Sender {
    number: u64,
    /// The batch under way: sent again as it is until it is acknowledged.
    next: u64,
    /// The phenomenon time of its first observation; later ones follow by a millisecond each.
    first: Timestamp,
}

/// Runs it and prints its figures.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = settings.data.clone().unwrap_or_else(|| folder.path().join("data"));
    if data.exists() {
        bail!("{} is there already: name a directory that is not, all in it is the bench's own", data.display());
    }
    let tokens =
        Tokens { administrator: token(settings, &data, "administrator")?, source: token(settings, &data, "source")? };
    configure(settings, &data, &tokens)?;

    // Within what the kinds retain, and so early that no observation lies in the future.
    let first = Timestamp(clock::now().0 - Duration::from_hours(24).as_micros() as i64);
    let mut senders: Vec<Sender> = (0..SENDERS).map(|number| Sender { number, next: 0, first }).collect();
    let mut dice = Dice::new(7);
    let mut readies = Vec::new();
    for round in 0..settings.rounds {
        if round % STARTING_EVERY == STARTING_EVERY - 1 {
            let server = Server::spawn(settings, &data)?;
            clock::pause(Duration::from_millis(dice.below(MOST_MS_STARTING)));
            server.kill()?;
            continue;
        }
        let server = Server::start(settings, &data).with_context(|| format!("after kill {round}"))?;
        readies.push(server.ready_after);
        let before_kill = Duration::from_millis(dice.below(MOST_MS_BEFORE_KILL));
        load_until_killed(&server, &tokens.source, &mut senders, before_kill)?;
    }
    let server = Server::start(settings, &data)?;
    let acknowledged: u64 = senders.iter().map(|sender| sender.next * BATCH).sum();
    println!("kills: {}, acknowledged observations: {acknowledged}", settings.rounds);
    readies.sort_unstable();
    println!("restart to ready, longest: {:.2} s", readies.last().copied().unwrap_or_default().as_secs_f64());
    let mut found = verify(server.http, &tokens.administrator, &senders)?;
    found.print();
    if settings.stored > 0 {
        fill(&server, &tokens, settings.stored)?;
        server.kill()?;
        time_restarts(settings, &data)?;
        let server = Server::start(settings, &data)?;
        println!("after the last kill:");
        found = verify(server.http, &tokens.administrator, &senders)?;
        found.print();
        server.kill()?;
    }
    println!("kill-restart: {} observations lost or doubled", found.lost + found.doubled + found.incidents_doubled);
    if found.lost + found.doubled + found.incidents_doubled > 0 {
        bail!("acknowledged observations were lost or doubled")
    }
    Ok(())
}

struct Tokens {
    administrator: String,
    source: String,
}

fn configure(settings: &Settings, data: &Path, tokens: &Tokens) -> Result<()> {
    let server = Server::start(settings, data)?;
    let mut client = Client::new(server.http, &tokens.administrator);
    city::put_kinds(&mut client)?;
    let incident = json!({"incident_type": "bench", "priority": "p3", "playbook": null, "radius_m": 0.0, "window_s": 0.0, "title": null});
    city::put_one_threshold(&mut client, Some(&incident))?;
    server.kill()
}

fn load_until_killed(server: &Server, source: &str, senders: &mut [Sender], before_kill: Duration) -> Result<()> {
    let stop = AtomicBool::new(false);
    let address = server.http;
    thread::scope(|scope| {
        let running: Vec<_> = senders
            .iter_mut()
            .map(|sender| {
                let stop = &stop;
                scope.spawn(move || sender.send(address, source, stop))
            })
            .collect();
        clock::pause(before_kill);
        let killed = server.kill();
        stop.store(true, Ordering::Relaxed);
        for sender in running {
            sender.join().map_err(|_| anyhow::anyhow!("a sender panicked"))??;
        }
        killed
    })
}

impl Sender {
    /// Sends until the connection breaks. Only what was answered with 202 counts.
    fn send(&mut self, address: SocketAddr, source: &str, stop: &AtomicBool) -> Result<()> {
        let mut client = Client::new(address, source);
        while !stop.load(Ordering::Relaxed) {
            let body = self.batch();
            match client.send("POST", "/api/v1/observations", "application/x-ndjson", body.as_bytes()) {
                Ok(answer) if answer.status == 202 => self.next += 1,
                Ok(answer) if answer.status == 429 || answer.status == 503 => clock::pause(Duration::from_millis(5)),
                Ok(answer) => {
                    bail!("a batch was answered with {}: {}", answer.status, String::from_utf8_lossy(&answer.body))
                }
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// The observations of batch `next`; the same text whenever it is asked for. The value is the observation's number
    /// within its sender, so that it is found again; calm ones are negative, which no rule minds.
    fn batch(&self) -> String {
        let mut body = String::new();
        for place in 0..BATCH {
            let number = self.next * BATCH + place;
            let sign = if raises(number) { "" } else { "-" };
            let (asset, time) = (asset(self.number, number), Timestamp(self.first.0 + number as i64 * 1000));
            let (kind, value) = (city::kind_id(0), number + 1000);
            let line = format!(r#"{{"kind":"{kind}","asset":"{asset}","time":"{time}","value":{sign}{value}}}"#);
            body.push_str(&line);
            body.push('\n');
        }
        body
    }
}

fn raises(number: u64) -> bool {
    number % ALARM_EVERY == ALARM_EVERY - 1
}

fn asset(sender: u64, number: u64) -> String {
    // Prime to ALARM_EVERY, so that every asset has its turn to raise.
    format!("s{sender}-{:02}", (number / ALARM_EVERY + number) % ASSETS)
}

#[derive(Debug, Default)]
struct Found {
    stored: u64,
    lost: u64,
    doubled: u64,
    incidents: u64,
    incidents_doubled: u64,
}

impl Found {
    fn print(&self) {
        println!("read back: {} observations, {} lost, {} doubled", self.stored, self.lost, self.doubled);
        println!("incidents: {}, {} doubled", self.incidents, self.incidents_doubled);
    }
}

/// Reads everything back by the API.
fn verify(address: SocketAddr, token: &str, senders: &[Sender]) -> Result<Found> {
    let mut client = Client::new(address, token);
    let mut found = Found::default();
    let mut seen: HashMap<String, HashSet<u64>> = HashMap::new();
    // What these senders sent lies before what the fill sends, which stands in the present.
    let last =
        senders.iter().map(|sender| sender.first.0 + (sender.next * BATCH) as i64 * 1000).max().unwrap_or_default();
    let asked = format!("/api/v1/observations?kind={}&to={}", city::kind_id(0), Timestamp(last + 1000));
    each(&mut client, &asked, |item| {
        found.stored += 1;
        let asset = item["asset"].as_str().unwrap_or_default();
        let number = item["value"].as_f64().unwrap_or_default().abs() as u64 - 1000;
        let sender = asset.split('-').next().unwrap_or_default().to_owned();
        if !seen.entry(sender).or_default().insert(number) {
            found.doubled += 1;
        }
    })?;
    for sender in senders {
        let seen = seen.remove(&format!("s{}", sender.number)).unwrap_or_default();
        found.lost += (0..sender.next * BATCH).filter(|number| !seen.contains(number)).count() as u64;
    }
    verify_incidents(&mut client, &mut found)?;
    Ok(found)
}

/// An alarm belongs to one incident, and an asset has one incident under way at most: nobody closes any here.
fn verify_incidents(client: &mut Client, found: &mut Found) -> Result<()> {
    let mut alarms = HashSet::new();
    let mut assets = HashSet::new();
    each(client, "/api/v1/incidents?state=new,acknowledged,in_progress,reopened", |incident| {
        found.incidents += 1;
        let texts = |name: &str| incident[name].as_array().cloned().unwrap_or_default();
        let again = texts("alarms").into_iter().any(|alarm| !alarms.insert(alarm.to_string()));
        let twice = texts("assets").into_iter().any(|asset| !assets.insert(asset.to_string()));
        found.incidents_doubled += u64::from(again || twice);
    })
}

/// Walks a list page by page.
fn each(client: &mut Client, path: &str, mut visit: impl FnMut(&Value)) -> Result<()> {
    let mut cursor = String::new();
    loop {
        let join = if path.contains('?') { '&' } else { '?' };
        let page = client.get(&format!("{path}{join}limit=1000{cursor}"))?;
        for item in page["items"].as_array().context("a page without items")? {
            visit(item);
        }
        let Some(next) = page["next"].as_str() else { return Ok(()) };
        cursor = format!("&cursor={next}");
    }
}

/// Stores observations until there are as many as asked for.
fn fill(server: &Server, tokens: &Tokens, stored: u64) -> Result<()> {
    let counts = Counts::default();
    let address = server.http;
    thread::scope(|scope| {
        let senders: Vec<_> = (10..13)
            .map(|number| {
                let (counts, source) = (&counts, &tokens.source);
                scope.spawn(move || ingest::send(address, source, number, counts))
            })
            .collect();
        let began = Instant::now();
        while counts.acknowledged.load(Ordering::Relaxed) < stored && began.elapsed() < Duration::from_mins(15) {
            clock::pause(Duration::from_millis(50));
            if senders.iter().any(thread::ScopedJoinHandle::is_finished) {
                break;
            }
        }
        counts.stop.store(true, Ordering::Relaxed);
        for sender in senders {
            sender.join().map_err(|_| anyhow::anyhow!("a sender panicked"))??;
        }
        let there = counts.acknowledged.load(Ordering::Relaxed);
        if there < stored {
            bail!("only {there} of {stored} observations were stored in a quarter of an hour");
        }
        Ok(())
    })
}

fn time_restarts(settings: &Settings, data: &Path) -> Result<()> {
    let mut longest = Duration::ZERO;
    for _ in 0..RESTARTS {
        let server = Server::start(settings, data)?;
        longest = longest.max(server.ready_after);
        server.kill()?;
    }
    println!(
        "restart to ready with {} observations stored, longest of {RESTARTS}: {:.2} s",
        settings.stored,
        longest.as_secs_f64()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_the_same_again_and_every_asset_raises() {
        let sender = Sender { number: 1, next: 3, first: Timestamp(0) };
        assert_eq!(sender.batch(), sender.batch());
        assert_eq!(sender.batch().lines().count() as u64, BATCH);
        let raised: HashSet<String> =
            (0..ALARM_EVERY * ASSETS * 2).filter(|number| raises(*number)).map(|number| asset(0, number)).collect();
        assert_eq!(raised.len() as u64, ASSETS);
    }
}
