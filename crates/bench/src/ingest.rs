//! `ingest-durable`: batches by HTTP, durable, judged by a hundred rules, alarms out, for a minute.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::http::Client;
use crate::load::Batch;
use crate::server::{Server, token};
use crate::sse::Events;
use crate::{Settings, city, clock, process};

const SENDERS: usize = 3;
const BATCH: usize = 5_000;
const ASSETS_OF_A_SENDER: usize = 500;
const ALARM_EVERY: u64 = 10_000;
const WARM_UP_S: u64 = 5;

/// What the senders count.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) stop: AtomicBool,
    /// Observations acknowledged with 202.
    pub(crate) acknowledged: AtomicU64,
    /// Requests answered with 429.
    pub(crate) told_to_wait: AtomicU64,
    /// Alarm events that reached the stream.
    pub(crate) alarms: AtomicU64,
}

/// Runs it and prints its figures.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    let measured = under_load(settings, &[], |_| Ok(()))?;
    measured.print();
    println!("ingest-durable: {:.0} observations/s", measured.rate());
    Ok(())
}

/// Loads a platform of its own for as long as the settings say, and waits until all of it was judged and, of so many
/// acknowledged observations, `stored` has come back. `others` are the processes that it works on.
pub(crate) fn under_load(
    settings: &Settings,
    others: &[(&'static str, u32)],
    stored: impl FnOnce(u64) -> Result<()>,
) -> Result<Measured> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let administrator = token(settings, &data, "administrator")?;
    let source = token(settings, &data, "source")?;
    let server = Server::start(settings, &data)?;
    let mut client = Client::new(server.http, &administrator);
    city::put_kinds(&mut client)?;
    city::put_hundred_rules(&mut client)?;

    let counts = Counts::default();
    let mut measured = Measured::default();
    let processes: Vec<_> = [("the platform", server.pid())].iter().chain(others).copied().collect();
    let began = Instant::now();
    thread::scope(|scope| -> Result<()> {
        let senders: Vec<_> = (0..SENDERS)
            .map(|number| {
                scope.spawn({
                    let (counts, source) = (&counts, &source);
                    move || send(server.http, source, number, counts)
                })
            })
            .collect();
        scope.spawn(|| count_alarms(server.http, &administrator, &counts));
        let watched = watch(&server, &processes, &counts, settings.seconds, &mut measured);
        counts.stop.store(true, Ordering::Relaxed);
        for sender in senders {
            sender.join().map_err(|_| anyhow::anyhow!("a sender panicked"))??;
        }
        watched?;
        // The connection of the setting has been idle for so long that the server has closed it.
        let ended = Instant::now();
        drain(&mut Client::new(server.http, &administrator))?;
        measured.acknowledged = counts.acknowledged.load(Ordering::Relaxed);
        stored(measured.acknowledged)?;
        measured.drained = ended.elapsed();
        measured.from_the_start = began.elapsed();
        measured.told_to_wait = counts.told_to_wait.load(Ordering::Relaxed);
        measured.alarms = counts.alarms.load(Ordering::Relaxed);
        // The stream of events ends with the server, and its reader with it.
        server.kill()
    })?;
    Ok(measured)
}

/// Posts batches until told to stop.
pub(crate) fn send(address: SocketAddr, source: &str, number: usize, counts: &Counts) -> Result<()> {
    let mut client = Client::new(address, source);
    let mut batch = Batch::new(number, BATCH, ASSETS_OF_A_SENDER, ALARM_EVERY);
    let size = batch.len() as u64;
    while !counts.stop.load(Ordering::Relaxed) {
        let body = batch.next(clock::now()).to_vec();
        // A batch that was told to wait is sent again as it is.
        loop {
            let answer = client.send("POST", "/api/v1/observations", "application/x-ndjson", &body)?;
            match answer.status {
                202 => break,
                429 => {
                    counts.told_to_wait.fetch_add(1, Ordering::Relaxed);
                    clock::pause(Duration::from_millis(if answer.retry_after_s.is_some() { 50 } else { 10 }));
                    if counts.stop.load(Ordering::Relaxed) {
                        return Ok(());
                    }
                }
                status => bail!("a batch was answered with {status}: {}", String::from_utf8_lossy(&answer.body)),
            }
        }
        counts.acknowledged.fetch_add(size, Ordering::Relaxed);
    }
    Ok(())
}

fn count_alarms(address: SocketAddr, token: &str, counts: &Counts) {
    // It reads until the server ends, which ends the stream.
    let Ok(mut events) = Events::open(address, token, "") else { return };
    while let Ok(event) = events.next() {
        if event.name == "alarm" {
            counts.alarms.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What a load came to.
#[derive(Default)]
pub(crate) struct Measured {
    observations: u64,
    time: Duration,
    /// Processor time of each process.
    processor: Vec<(&'static str, Duration)>,
    /// Resident memory in bytes, once a second.
    resident: Vec<u64>,
    /// From the last acknowledgement until everything was judged and stored.
    drained: Duration,
    told_to_wait: u64,
    alarms: u64,
    /// All that was acknowledged, and the time from the first delivery until all of it was judged and stored.
    acknowledged: u64,
    from_the_start: Duration,
}

fn watch(
    server: &Server,
    processes: &[(&'static str, u32)],
    counts: &Counts,
    seconds: u64,
    measured: &mut Measured,
) -> Result<()> {
    clock::pause(Duration::from_secs(WARM_UP_S));
    let used = || processes.iter().map(|(_, pid)| process::processor_time(*pid)).collect::<Result<Vec<_>>>();
    let began = Instant::now();
    let (first, before) = (counts.acknowledged.load(Ordering::Relaxed), used()?);
    for second in 1..=seconds {
        clock::until(began + Duration::from_secs(second));
        measured.resident.push(process::resident_bytes(server.pid())?);
    }
    measured.time = began.elapsed();
    measured.observations = counts.acknowledged.load(Ordering::Relaxed) - first;
    let spent = used()?.into_iter().zip(before).map(|(after, before)| after.saturating_sub(before));
    measured.processor = processes.iter().map(|(name, _)| *name).zip(spent).collect();
    Ok(())
}

/// Waits until the engine has judged everything that was acknowledged.
fn drain(client: &mut Client) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_mins(2) {
        let system = client.get("/api/v1/system")?;
        let number = |pointer: &str| system.pointer(pointer).and_then(serde_json::Value::as_u64);
        let (done, next) = (number("/engine/offset"), number("/log/next"));
        let (done, next) = done.zip(next).with_context(|| format!("no offsets in {system}"))?;
        if done >= next {
            return Ok(());
        }
        clock::pause(Duration::from_millis(20));
    }
    bail!("two minutes after the load the engine had still not judged all of it")
}

impl Measured {
    /// Observations in a second. What was acknowledged but not yet judged counts for the time that judging it took.
    pub(crate) fn rate(&self) -> f64 {
        self.observations as f64 / (self.time + self.drained).as_secs_f64()
    }

    /// The same with all that came before the measured time, where the rate that is kept up is far below what is taken at first.
    pub(crate) fn rate_from_the_start(&self) -> f64 {
        self.acknowledged as f64 / self.from_the_start.as_secs_f64()
    }

    pub(crate) fn print(&self) {
        let mib = |bytes: Option<&u64>| bytes.map_or(0.0, |bytes| *bytes as f64 / 1_048_576.0);
        let half = self.resident.len() / 2;
        println!("acknowledged: {} observations in {:.1} s", self.observations, self.time.as_secs_f64());
        println!("judged and stored: everything, {:.2} s after the last acknowledgement", self.drained.as_secs_f64());
        println!("alarm events at a stream: {}", self.alarms);
        println!("requests told to wait (429): {}", self.told_to_wait);
        for (name, time) in &self.processor {
            println!("processor time of {name}: {:.1} s in {:.1} s", time.as_secs_f64(), self.time.as_secs_f64());
        }
        println!(
            "the platform's memory: most {:.0} MiB, most in the first half {:.0} MiB, in the second {:.0} MiB",
            mib(self.resident.iter().max()),
            mib(self.resident[..half].iter().max()),
            mib(self.resident[half..].iter().max())
        );
    }
}
