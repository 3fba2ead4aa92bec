//! A NATS server of a test's own: the real program, on free ports, with its data in a temporary directory. Nothing is shared
//! between tests, and nothing is left when it is dropped.
#![allow(clippy::unwrap_used, reason = "a test without its server fails, and says why")]

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A real NATS server on free ports, with its data in a directory of its own. Ends with the test.
pub struct NatsServer {
    directory: tempfile::TempDir,
    configuration: String,
    child: Option<Child>,
    /// `HOST:PORT` of clients; the same after a restart.
    pub client: String,
    /// `HOST:PORT` of the monitoring address; the same after a restart.
    pub monitor: String,
}

/// What the platform asks of a server.
pub const SYNC_ALWAYS: &str = "sync_interval: always";

impl NatsServer {
    /// A server as the platform wants it.
    pub fn start() -> Self {
        Self::start_with(&format!("jetstream {{ store_dir: \"STORE\", {SYNC_ALWAYS} }}"))
    }

    /// A server with more lines in its configuration; `STORE` stands for where its data goes.
    pub fn start_with(lines: &str) -> Self {
        Self::start_named("one", lines)
    }

    /// The same, under a name of its own in a cluster.
    pub fn start_named(name: &str, lines: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let lines = lines.replace("STORE", &directory.path().join("store").display().to_string());
        let configuration = format!("server_name: {name}\nmax_payload: 1MB\n{lines}\n");
        let (client, monitor) = ("127.0.0.1:-1".to_owned(), "127.0.0.1:-1".to_owned());
        let mut server = Self { directory, configuration, child: None, client, monitor };
        server.launch();
        server
    }

    /// Starts the process and waits until it says that it is ready.
    fn launch(&mut self) {
        let directory = self.directory.path();
        let mut configuration = self.configuration.clone();
        writeln!(configuration, "listen: \"{}\"\nhttp: \"{}\"", self.client, self.monitor).unwrap();
        let file = directory.join("server.conf");
        fs::write(&file, configuration).unwrap();
        let started = Command::new("nats-server").arg("--config").arg(&file).stderr(Stdio::piped()).spawn();
        let mut child = started.unwrap_or_else(|e| {
            panic!("nats-server cannot be started ({e}): run `make test STEP=setup`, which installs it, then `. scripts/env`")
        });
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (mut line, mut said) = (String::new(), String::new());
        while !line.contains("Server is ready") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the server did not start:\n{said}");
            said.push_str(&line);
        }
        // What it says later goes nowhere, but somebody must take it.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        self.child = Some(child);
        let said_behind = |words: &str| {
            let line = said.lines().find_map(|line| line.split_once(words));
            line.unwrap_or_else(|| panic!("{words:?} is not in:\n{said}")).1.trim().to_owned()
        };
        self.client = said_behind("Listening for client connections on ");
        self.monitor = said_behind("Starting http monitor on ");
    }

    /// The address of a log on this server.
    pub fn address(&self, log: &str) -> String {
        format!("nats://{}/{log}?monitor=http://{}", self.client, self.monitor)
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Starts it again, on the same ports and directory.
    pub fn restart(&mut self) {
        self.launch();
    }

    /// The same, with another text in the place of one in its configuration.
    pub fn restart_with(&mut self, from: &str, to: &str) {
        assert!(self.configuration.contains(from));
        self.configuration = self.configuration.replace(from, to);
        self.launch();
    }

    /// The files in which the server keeps a stream's messages.
    pub fn message_files(&self, stream: &str) -> Vec<PathBuf> {
        let folder = self.directory.path().join("store/jetstream/$G/streams").join(stream).join("msgs");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|e| e == "blk")).collect()
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// Work of an administrator, done with the server's own client.
pub fn administer<T>(server: &NatsServer, work: impl AsyncFnOnce(async_nats::jetstream::Context) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = async_nats::connect(&server.client).await.unwrap();
        work(async_nats::jetstream::new(client)).await
    })
}
