//! The real binary, started on free ports and ended with the run.

use std::ffi::OsStr;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::Settings;
use crate::clock::pause;
use crate::http::Client;

/// A running server.
pub(crate) struct Server {
    child: Mutex<Child>,
    pid: u32,
    data: PathBuf,
    pub(crate) http: SocketAddr,
    pub(crate) mqtt: SocketAddr,
    /// From start to the first ready answer.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts the binary on a data folder and waits until it is ready.
    pub(crate) fn start(settings: &Settings, data: &Path) -> Result<Self> {
        let started = Instant::now();
        let mut server = Self::spawn(settings, data)?;
        server.wait_ready(started)?;
        Ok(server)
    }

    /// Starts the binary on a data folder; it may not be ready yet.
    pub(crate) fn spawn(settings: &Settings, data: &Path) -> Result<Self> {
        let (http, mqtt) = (free_address()?, free_address()?);
        let log = File::options().create(true).append(true).open(log_of(data))?;
        let child = Command::new(&settings.binary)
            .arg("run")
            .arg("--data")
            .arg(data)
            .args(["--listen", &http.to_string(), "--mqtt", &mqtt.to_string()])
            .args(config(settings))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let pid = child.id();
        Ok(Self { child: Mutex::new(child), pid, data: data.to_owned(), http, mqtt, ready_after: Duration::ZERO })
    }

    fn wait_ready(&mut self, started: Instant) -> Result<()> {
        let mut client = Client::new(self.http, "");
        while started.elapsed() < Duration::from_mins(2) {
            if let Some(status) = self.child.lock().expect("no holder panics").try_wait()? {
                bail!("the server ended with {status}: {}", self.last_words());
            }
            if client.send("GET", "/readyz", "text/plain", &[]).is_ok_and(|answer| answer.status == 200) {
                self.ready_after = started.elapsed();
                return Ok(());
            }
            pause(Duration::from_millis(5));
        }
        bail!("the server was not ready within two minutes: {}", self.last_words())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// SIGKILL: no last words, no last flush. It may be called while others still hold the server's addresses.
    pub(crate) fn kill(&self) -> Result<()> {
        let mut child = self.child.lock().expect("no holder panics");
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(log_of(&self.data)).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already is as good.
        let _ = self.kill();
    }
}

/// `--config FILE`, where there is one.
fn config(settings: &Settings) -> Vec<&OsStr> {
    settings.config.iter().flat_map(|file| [OsStr::new("--config"), file.as_os_str()]).collect()
}

fn log_of(data: &Path) -> PathBuf {
    data.with_extension("log")
}

/// A token for scripts, made by the binary beside a server that does not run yet.
pub(crate) fn token(settings: &Settings, data: &Path, role: &str) -> Result<String> {
    let made = Command::new(&settings.binary)
        .args(["token", "create", "--role", role, "--name", &format!("bench-{role}"), "--data"])
        .arg(data)
        .args(config(settings))
        .output()?;
    if !made.status.success() {
        bail!("vigiles token create: {}", String::from_utf8_lossy(&made.stderr));
    }
    let written = String::from_utf8(made.stdout)?;
    let token = written.split_whitespace().find(|word| word.starts_with("vgl_"));
    token.map(str::to_owned).with_context(|| format!("no token in {written:?}"))
}

/// An address that was free a moment ago.
pub(crate) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}
