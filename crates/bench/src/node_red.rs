//! `node-red`: Node-RED with Mosquitto does the same job on the same machine: readings by MQTT in, a threshold with
//! hysteresis for each device, alarms out. The same load drives both; the platform's readings are durable, the peer's
//! are not. Of both only the alarms are followed.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::drive::{Book, Outcome, Pace, Target, drive};
use crate::latency::with_platform;
use crate::percentile::{ms, percentile};
use crate::server::free_address;
use crate::{Settings, clock, mqtt, process};

/// The rate at which latencies are compared: one that both sustain.
const CALM_RATE_PER_S: usize = 2_000;
const WARM_UP_S: u64 = 3;
/// The two take turns, since the machine's speed differs from one minute to the next.
const ROUNDS: usize = 3;

/// What one of the two measured.
struct Side<'a> {
    who: &'static str,
    pids: Vec<u32>,
    load: &'a dyn Fn(Pace) -> Result<Outcome>,
    published: u64,
    time: Duration,
    processor_time: Duration,
    /// At the calm rate, before any fast load.
    calm: Vec<Duration>,
    /// At the calm rate, right after the fast load, while what it left is put in order.
    after: Vec<Duration>,
}

/// Runs both and prints their figures and ratio.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    let node_red = settings.node_red.as_deref().context("NODE_RED must name the folder where Node-RED is installed")?;
    let seconds = (settings.seconds / 4).max(2);
    with_peer(node_red, |pids, peer| {
        with_platform(settings, "?events=alarm", |platform| {
            let own = |pace| platform.drive(pace)?.whole();
            let mut peer = Side::new("Node-RED with Mosquitto", pids.to_vec(), peer);
            let mut own = Side::new("Vigiles", vec![platform.server.pid()], &own);
            for _ in 0..ROUNDS {
                peer.calm(seconds)?;
                own.calm(seconds)?;
            }
            for round in 1..=ROUNDS {
                peer.fast(seconds)?;
                own.fast(seconds)?;
                println!("after round {round}: {:.1} times", own.per_core_second() / peer.per_core_second());
            }
            if peer.calm.is_empty() || own.calm.is_empty() || peer.after.is_empty() || own.after.is_empty() {
                bail!("no alarm came back at the calm rate");
            }
            print(&mut peer, &mut own);
            Ok(())
        })
    })
}

impl<'a> Side<'a> {
    fn new(who: &'static str, pids: Vec<u32>, load: &'a dyn Fn(Pace) -> Result<Outcome>) -> Self {
        let (time, processor_time) = (Duration::ZERO, Duration::ZERO);
        Self { who, pids, load, published: 0, time, processor_time, calm: Vec::new(), after: Vec::new() }
    }

    /// At a calm rate, for the latency.
    fn calm(&mut self, seconds: u64) -> Result<()> {
        let calm = Pace { rate_per_s: Some(CALM_RATE_PER_S), seconds };
        (self.load)(Pace { seconds: WARM_UP_S, ..calm })?;
        self.calm.extend((self.load)(calm)?.latencies());
        Ok(())
    }

    /// As fast as it goes, for the rate and the processor time; and calm again.
    fn fast(&mut self, seconds: u64) -> Result<()> {
        (self.load)(Pace { rate_per_s: None, seconds: WARM_UP_S })?;
        let before = self.processor_time_now()?;
        let fast = (self.load)(Pace { rate_per_s: None, seconds })?;
        self.processor_time += self.processor_time_now()?.saturating_sub(before);
        self.published += fast.published;
        self.time += fast.time;
        self.after.extend((self.load)(Pace { rate_per_s: Some(CALM_RATE_PER_S), seconds })?.latencies());
        Ok(())
    }

    fn processor_time_now(&self) -> Result<Duration> {
        self.pids.iter().map(|pid| process::processor_time(*pid)).sum()
    }

    fn per_core_second(&self) -> f64 {
        self.published as f64 / self.processor_time.as_secs_f64()
    }
}

fn print<'a>(peer: &mut Side<'a>, own: &mut Side<'a>) {
    for side in [&mut *peer, &mut *own] {
        side.calm.sort_unstable();
        side.after.sort_unstable();
        println!(
            "{}: {:.0} readings/s, {:.0} readings/s per core, p99 at {CALM_RATE_PER_S} readings/s {:.1} ms, {:.1} ms right after a fast load",
            side.who,
            side.published as f64 / side.time.as_secs_f64(),
            side.per_core_second(),
            ms(percentile(&side.calm, 0.99)),
            ms(percentile(&side.after, 0.99))
        );
    }
    let ratio = |own: &[Duration], peer: &[Duration]| {
        percentile(own, 0.99).as_secs_f64() / percentile(peer, 0.99).as_secs_f64()
    };
    println!(
        "p99 ratio at {CALM_RATE_PER_S} readings/s: {:.2} before any fast load, {:.2} right after one",
        ratio(&own.calm, &peer.calm),
        ratio(&own.after, &peer.after)
    );
    println!(
        "node-red: {:.1} times its readings/s per core ({:.0} to {:.0})",
        own.per_core_second() / peer.per_core_second(),
        own.per_core_second(),
        peer.per_core_second()
    );
}

/// Starts the peer, does the work with its processes and its load, ends it.
fn with_peer<T>(
    node_red: &Path,
    work: impl FnOnce(&[u32], &dyn Fn(Pace) -> Result<Outcome>) -> Result<T>,
) -> Result<T> {
    let folder = tempfile::tempdir()?;
    let broker = free_address()?;
    let mosquitto = start_mosquitto(folder.path(), broker)?;
    let red = start_node_red(node_red, folder.path(), broker)?;
    let pids = [mosquitto.0.id(), red.0.id()];
    let target = Target { broker, token: String::new(), topic: "devices/".to_owned() };
    let book = Book::default();
    let (stream, mut input) = subscribe(broker)?;
    thread::scope(|scope| {
        scope.spawn(|| {
            while let Ok(packet) = mqtt::read_packet(&mut input) {
                if let mqtt::Packet::Message { topic, .. } = packet {
                    book.arrived(topic.trim_start_matches("alarms/"));
                }
            }
        });
        let done = work(&pids, &|pace| {
            let outcome = drive(&target, pace, &book)?;
            // Nothing that the peer loses is held against its figures.
            if outcome.missing > 0 {
                println!("{} of its alarms did not arrive", outcome.missing);
            }
            Ok(outcome)
        });
        stream.shutdown(std::net::Shutdown::Both)?;
        done
    })
}

/// A process that ends with its holder.
struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        // Ended already is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_mosquitto(folder: &Path, address: SocketAddr) -> Result<Peer> {
    let file = folder.join("mosquitto.conf");
    // No message is dropped and none is written to disk: the fastest that it can be.
    let settings = format!(
        "listener {} {}\nallow_anonymous true\npersistence false\nmax_queued_messages 0\nmax_inflight_messages 0\nlog_type error\n",
        address.port(),
        address.ip()
    );
    std::fs::write(&file, settings)?;
    let program = if Path::new("/usr/sbin/mosquitto").exists() { "/usr/sbin/mosquitto" } else { "mosquitto" };
    start(Command::new(program).arg("-c").arg(file), &folder.join("mosquitto.log"))
}

fn start_node_red(installed: &Path, folder: &Path, broker: SocketAddr) -> Result<Peer> {
    let home = folder.join("node-red");
    std::fs::create_dir(&home)?;
    // No editor and no pages: only the flow runs.
    let settings = format!(
        "module.exports = {{ flowFile: 'flows.json', uiHost: '127.0.0.1', uiPort: {}, httpAdminRoot: false, httpNodeRoot: false, \
         credentialSecret: false, telemetry: {{ enabled: false }}, logging: {{ console: {{ level: 'warn', metrics: false, audit: false }} }} }};\n",
        free_address()?.port()
    );
    std::fs::write(home.join("settings.js"), settings)?;
    std::fs::write(home.join("flows.json"), flow(broker).to_string())?;
    let program = installed.join("node_modules/node-red/red.js");
    if !program.exists() {
        bail!("Node-RED is not installed in {}", installed.display());
    }
    let mut command = Command::new("node");
    command.arg(program).arg("--userDir").arg(&home).arg("--settings").arg(home.join("settings.js"));
    let red = start(&mut command, &folder.join("node-red.log"))?;
    wait_for_flow(broker).with_context(|| std::fs::read_to_string(folder.join("node-red.log")).unwrap_or_default())?;
    Ok(red)
}

fn start(command: &mut Command, log: &Path) -> Result<Peer> {
    let log = File::create(log)?;
    let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
    child.map(Peer).with_context(|| format!("{command:?}"))
}

/// The flow as a person would build it: a subscription, a function that remembers who is in alarm, a publication.
fn flow(broker: SocketAddr) -> Value {
    let function = "const value = Number(msg.payload);\n\
         const device = msg.topic.slice(8);\n\
         const up = context.get('up') || new Set();\n\
         if (value > 90 && !up.has(device)) {\n\
         up.add(device); context.set('up', up);\n\
         return { topic: 'alarms/' + device, payload: JSON.stringify({ device, value, raised: Date.now() }) };\n\
         }\n\
         if (value < 80 && up.delete(device)) { context.set('up', up); }\n\
         return null;";
    json!([
        {"id": "tab", "type": "tab", "label": "threshold"},
        {"id": "broker", "type": "mqtt-broker", "name": "", "broker": broker.ip().to_string(), "port": broker.port().to_string(),
         "clientid": "", "autoConnect": true, "usetls": false, "protocolVersion": "4", "keepalive": "60", "cleansession": true},
        {"id": "in", "z": "tab", "type": "mqtt in", "topic": "devices/#", "qos": "0", "datatype": "utf8", "broker": "broker",
         "nl": false, "rap": true, "rh": 0, "inputs": 0, "wires": [["threshold"]]},
        {"id": "threshold", "z": "tab", "type": "function", "func": function, "outputs": 1, "timeout": 0, "noerr": 0,
         "initialize": "", "finalize": "", "libs": [], "wires": [["out"]]},
        {"id": "out", "z": "tab", "type": "mqtt out", "topic": "", "qos": "0", "retain": "false", "broker": "broker", "wires": []},
    ])
}

fn subscribe(broker: SocketAddr) -> Result<(std::net::TcpStream, std::io::BufReader<std::net::TcpStream>)> {
    use std::io::Write;
    let (mut stream, input) = mqtt::join(broker, "bench-alarms", "")?;
    let mut out = Vec::new();
    mqtt::write_subscribe(&mut out, "alarms/#");
    stream.write_all(&out)?;
    Ok((stream, input))
}

/// Sends readings of a probe, by turns past and below the threshold, until its first alarm comes back.
fn wait_for_flow(broker: SocketAddr) -> Result<()> {
    use std::io::Write;
    let began = Instant::now();
    let (mut stream, mut input) = loop {
        match subscribe(broker) {
            Ok(joined) => break joined,
            Err(error) if began.elapsed() > Duration::from_secs(10) => {
                return Err(error.context("Mosquitto does not answer"));
            }
            Err(_) => clock::pause(Duration::from_millis(20)),
        }
    };
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    for value in ["95", "20"].iter().cycle() {
        if began.elapsed() > Duration::from_mins(1) {
            break;
        }
        let mut out = Vec::new();
        mqtt::write_publish(&mut out, 1, "devices/probe", value.as_bytes());
        stream.write_all(&out)?;
        let alarm = std::iter::from_fn(|| mqtt::read_packet(&mut input).ok())
            .any(|packet| matches!(packet, mqtt::Packet::Message { .. }));
        if alarm {
            return Ok(());
        }
    }
    bail!("Node-RED did not answer within a minute")
}
