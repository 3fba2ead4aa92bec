//! Devices that publish readings by MQTT, each now and then past its threshold, and the book of how long each alarm took
//! to come back. The same load drives the platform and its peers.

use std::collections::HashMap;
use std::io::Write;
use std::net::{Shutdown, SocketAddr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::percentile::percentile;
use crate::{city, clock, mqtt};

const CONNECTIONS: usize = 10;
/// Devices of one connection, reporting in turn.
const DEVICES: usize = 1_000;
/// Of so many devices one goes past its threshold in one lap and back below it in the next.
const ALARM_EVERY: usize = 100;
/// Readings written at once where the load is as fast as the target allows.
const BURST: usize = 50;
/// Alarms under way, at which such a load waits: about 20,000 readings.
const MOST_UNDER_WAY: usize = 100;
const TICK: Duration = Duration::from_millis(10);
/// An alarm that takes longer is lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the readings go.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) broker: SocketAddr,
    /// Empty where the broker asks for none.
    pub(crate) token: String,
    /// The topic of a reading is this and the device's name.
    pub(crate) topic: String,
}

/// How fast, how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Readings in a second, of all connections; none: as fast as the alarms come back.
    pub(crate) rate_per_s: Option<usize>,
    pub(crate) seconds: u64,
}

/// Which alarms are under way, and how long those that arrived took.
#[derive(Default)]
pub(crate) struct Book {
    sent: Mutex<HashMap<String, Instant>>,
    latencies: Mutex<Vec<Duration>>,
    published: AtomicU64,
    acknowledged: AtomicU64,
    stop: AtomicBool,
    /// Readings of each connection so far: a load goes on where the one before ended, or devices that it left in alarm would be
    /// raised twice.
    readings: [AtomicUsize; CONNECTIONS],
}

/// What a load measured.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) published: u64,
    pub(crate) acknowledged: u64,
    /// Until the last alarm had arrived.
    pub(crate) time: Duration,
    /// Sorted.
    latencies: Vec<Duration>,
    pub(crate) missing: usize,
}

impl Outcome {
    pub(crate) fn alarms(&self) -> usize {
        self.latencies.len()
    }

    /// Times from publication to alarm, sorted.
    pub(crate) fn latencies(&self) -> &[Duration] {
        &self.latencies
    }

    /// Time from publication to alarm below which the share `p` of the alarms lie.
    pub(crate) fn latency(&self, p: f64) -> Duration {
        percentile(&self.latencies, p)
    }

    /// An error where an alarm or an acknowledgement did not arrive: a figure without them would flatter.
    pub(crate) fn whole(self) -> Result<Self> {
        if self.missing > 0 || self.acknowledged < self.published {
            bail!(
                "{} alarms arrived and {} did not; {} of {} readings were acknowledged",
                self.alarms(),
                self.missing,
                self.acknowledged,
                self.published
            );
        }
        Ok(self)
    }
}

impl Book {
    /// An alarm of this device came back.
    pub(crate) fn arrived(&self, device: &str) {
        let now = Instant::now();
        if let Some(sent) = self.sent.lock().expect("no holder panics").remove(device) {
            self.latencies.lock().expect("no holder panics").push(now - sent);
        }
    }

    fn under_way(&self) -> usize {
        self.sent.lock().expect("no holder panics").len()
    }
}

/// Drives the target and waits for the last alarm. The caller's listener tells `book` of each alarm.
pub(crate) fn drive(target: &Target, pace: Pace, book: &Book) -> Result<Outcome> {
    let began = Instant::now();
    thread::scope(|scope| -> Result<()> {
        let connections: Vec<_> =
            (0..CONNECTIONS).map(|number| scope.spawn(move || connection(target, number, pace, book))).collect();
        let ended: Vec<_> = connections
            .into_iter()
            .map(|connection| connection.join().map_err(|_| anyhow::anyhow!("a publisher panicked")))
            .collect();
        ended.into_iter().try_for_each(|ended| ended?)
    })?;
    let mut latencies = std::mem::take(&mut *book.latencies.lock().expect("no holder panics"));
    latencies.sort_unstable();
    Ok(Outcome {
        published: book.published.swap(0, Ordering::Relaxed),
        acknowledged: book.acknowledged.swap(0, Ordering::Relaxed),
        time: began.elapsed(),
        missing: std::mem::take(&mut *book.sent.lock().expect("no holder panics")).len(),
        latencies,
    })
}

fn connection(target: &Target, number: usize, pace: Pace, book: &Book) -> Result<()> {
    let (mut stream, mut input) = mqtt::join(target.broker, &format!("bench-{number}"), &target.token)?;
    let closing = stream.try_clone()?;
    thread::scope(|scope| -> Result<()> {
        scope.spawn(move || {
            while let Ok(packet) = mqtt::read_packet(&mut input) {
                if let mqtt::Packet::Acknowledged(_) = packet {
                    book.acknowledged.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        let sent = publish(&mut stream, target, number, pace, book);
        settle(book);
        // Ends the reader as well.
        closing.shutdown(Shutdown::Both).context("the broker closed the connection")?;
        sent
    })
}

fn publish(stream: &mut impl Write, target: &Target, number: usize, pace: Pace, book: &Book) -> Result<()> {
    let began = Instant::now();
    let end = began + Duration::from_secs(pace.seconds);
    let burst = pace.rate_per_s.map_or(BURST, |rate| rate / CONNECTIONS * TICK.as_millis() as usize / 1000);
    let first = book.readings[number].load(Ordering::Relaxed);
    let mut devices = Devices { number, reading: first, topic: &target.topic };
    let mut out = Vec::new();
    for tick in 0.. {
        if pace.rate_per_s.is_some() {
            clock::until(began + TICK * tick);
        } else {
            wait_for_room(book)?;
        }
        if Instant::now() >= end {
            return Ok(());
        }
        out.clear();
        for _ in 0..burst {
            devices.write_next(&mut out, book);
        }
        book.published.fetch_add(burst as u64, Ordering::Relaxed);
        book.readings[number].store(devices.reading, Ordering::Relaxed);
        stream.write_all(&out)?;
    }
    Ok(())
}

/// Waits for the last alarm and the last acknowledgement, or until there is no hope of them.
fn settle(book: &Book) {
    let began = Instant::now();
    let done =
        || book.under_way() == 0 && book.acknowledged.load(Ordering::Relaxed) >= book.published.load(Ordering::Relaxed);
    while !done() && began.elapsed() < PATIENCE {
        clock::pause(Duration::from_millis(1));
    }
}

fn wait_for_room(book: &Book) -> Result<()> {
    let began = Instant::now();
    while book.under_way() >= MOST_UNDER_WAY {
        if began.elapsed() > PATIENCE || book.stop.load(Ordering::Relaxed) {
            book.stop.store(true, Ordering::Relaxed);
            bail!("{MOST_UNDER_WAY} alarms have not arrived within {PATIENCE:?}");
        }
        clock::pause(Duration::from_micros(500));
    }
    Ok(())
}

/// The devices of one connection, in turn.
struct Devices<'a> {
    number: usize,
    reading: usize,
    topic: &'a str,
}

impl Devices<'_> {
    fn write_next(&mut self, out: &mut Vec<u8>, book: &Book) {
        let (lap, device) = (self.reading / DEVICES, self.reading % DEVICES);
        let name = format!("d{}-{device}", self.number);
        // Others each time, so that an alarm has long come back before its device raises the next.
        let alarming = lap.is_multiple_of(2) && device % ALARM_EVERY == (lap / 2) % ALARM_EVERY;
        // Each reading differs from the one before, as a sensor's does.
        let value = if alarming { city::ALARMING } else { 20.0 } + (lap % 40) as f64 / 10.0;
        let topic = format!("{}{name}", self.topic);
        if alarming {
            book.sent.lock().expect("no holder panics").insert(name, Instant::now());
        }
        let id = (self.reading % usize::from(u16::MAX)) as u16 + 1;
        mqtt::write_publish(out, id, &topic, format!("{value:.1}").as_bytes());
        self.reading += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alarm_is_lowered_before_it_is_raised_again() {
        let book = Book::default();
        let mut devices = Devices { number: 0, reading: 0, topic: "t/" };
        let mut up: HashMap<String, bool> = HashMap::new();
        for _ in 0..DEVICES * 4 {
            let mut out = Vec::new();
            devices.write_next(&mut out, &book);
            let mqtt::Packet::Message { topic, payload } = mqtt::read_packet(&mut out.as_slice()).unwrap() else {
                panic!("not a message")
            };
            let high = String::from_utf8(payload).unwrap().parse::<f64>().unwrap() > 90.0;
            let before = up.insert(topic, high).unwrap_or(false);
            assert!(!(before && high), "raised twice in a row");
        }
        assert_eq!(book.under_way(), 2 * DEVICES / ALARM_EVERY);
    }
}
