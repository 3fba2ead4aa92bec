//! A running binary and its clients.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_vigiles");

/// A platform on free ports, ended with the test.
pub(crate) struct Server {
    child: Child,
    /// Kept open: the program's last words have somewhere to go.
    _out: BufReader<ChildStdout>,
    /// `http://address:port`.
    pub(crate) http: String,
    /// `address:port`; empty where it takes no observations.
    pub(crate) mqtt: String,
}

impl Server {
    /// Starts on a data directory and waits until it is ready.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// Starts with further arguments.
    pub(crate) fn start_with(data: &Path, further: &[&str]) -> Self {
        Self::start_by(&mut Command::new(BINARY), data, further)
    }

    /// Starts with files that cannot grow beyond so many KiB, as on a disk that is full.
    pub(crate) fn start_limited(data: &Path, kib: u64) -> Self {
        // The soft limit: it can be lifted while the program runs. The signal is ignored, so that writes fail instead.
        let script = format!("trap '' XFSZ; ulimit -S -f {kib}; exec \"$0\" \"$@\"");
        Self::start_by(Command::new("bash").args(["-c", &script, BINARY]), data, &[])
    }

    /// Starts with further arguments; what it logs goes into a file.
    pub(crate) fn start_logged(data: &Path, further: &[&str], log: &Path) -> Self {
        let script = format!("exec \"$0\" \"$@\" 2>'{}'", log.display());
        Self::start_by(Command::new("bash").args(["-c", &script, BINARY]), data, further)
    }

    /// Waits until it has ended by itself; gives its exit status.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Why it does not start on a data directory.
    pub(crate) fn refused(data: &Path) -> String {
        Self::refused_with(data, &[])
    }

    /// Why it does not start with further arguments.
    pub(crate) fn refused_with(data: &Path, further: &[&str]) -> String {
        let mut command = Command::new(BINARY);
        command.args(["run", "--listen", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--data"]).arg(data);
        command.args(further);
        let output = command.env("VIGILES_LOG", "error").stdin(Stdio::null()).output().unwrap();
        assert!(!output.status.success());
        said(&output)
    }

    fn start_by(command: &mut Command, data: &Path, further: &[&str]) -> Self {
        Starting::by(command, data, further).ready()
    }

    pub(crate) fn client(&self, token: &str) -> Client {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        Client { agent: config.into(), base: self.http.clone(), token: token.to_owned() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: no last words, no last flush.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM: an orderly stop.
    pub(crate) fn stop(mut self) {
        let asked = Command::new("kill").arg(self.pid().to_string()).status().unwrap();
        assert!(asked.success() && self.child.wait().unwrap().success());
    }

    /// Lifts the limit of [`Server::start_limited`].
    pub(crate) fn lift_limit(&self) {
        let arguments = ["--fsize=unlimited:unlimited", "--pid", &self.pid().to_string()];
        assert!(Command::new("prlimit").args(arguments).status().unwrap().success());
    }
}

/// A binary that was started and is not ready yet.
pub(crate) struct Starting {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Starting {
    /// Starts with further arguments.
    pub(crate) fn with(data: &Path, further: &[&str]) -> Self {
        Self::by(&mut Command::new(BINARY), data, further)
    }

    fn by(command: &mut Command, data: &Path, further: &[&str]) -> Self {
        command.args(["run", "--listen", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--data"]).arg(data).args(further);
        command.env("VIGILES_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// Reads on to the line that says this.
    pub(crate) fn until(&mut self, wanted: &str) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.out.read_line(&mut line).unwrap(), 0, "the program ended: {:?}", self.child.wait());
            if line.contains(wanted) {
                return line;
            }
        }
    }

    /// Waits until it is ready.
    pub(crate) fn ready(mut self) -> Server {
        // `vigiles: console and API at …, MQTT at …`, with what the process does.
        let line = self.until(" at http://");
        let (_, addresses) = line.trim().split_once(" at ").unwrap();
        let (http, mqtt) = addresses.split_once(", MQTT at ").unwrap_or((addresses, ""));
        let (http, mqtt) = (http.to_owned(), mqtt.to_owned());
        let server = Server { child: self.child, _out: self.out, http, mqtt };
        let client = server.client("");
        while client.get("/readyz").unwrap().status != 200 {
            // It starts the sooner for not being asked all the time.
            std::thread::park_timeout(std::time::Duration::from_millis(5));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already is as good.
        let _ended = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    #[track_caller]
    pub(crate) fn expect(self, statuses: &[u16]) -> Self {
        assert!(statuses.contains(&self.status), "{self:?}");
        self
    }
}

/// A client with a token. Errors are broken connections.
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    token: String,
}

impl Client {
    pub(crate) fn get(&self, path: &str) -> Result<Answer, ureq::Error> {
        let request = self.agent.get(format!("{}{path}", self.base));
        read(request.header("authorization", format!("Bearer {}", self.token)).call()?)
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        let request = self.agent.put(format!("{}{path}", self.base)).content_type("application/json");
        let request = request.header("authorization", format!("Bearer {}", self.token));
        read(request.send(body.to_string()).unwrap()).unwrap()
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        let request = self.agent.delete(format!("{}{path}", self.base));
        read(request.header("authorization", format!("Bearer {}", self.token)).call().unwrap()).unwrap()
    }

    pub(crate) fn post(&self, path: &str, kind: &str, key: &str, body: &str) -> Result<Answer, ureq::Error> {
        let request = self.agent.post(format!("{}{path}", self.base)).content_type(kind);
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let request = if key.is_empty() { request } else { request.header("idempotency-key", key) };
        read(request.send(body)?)
    }

    pub(crate) fn deliver(&self, lines: &str) -> Result<Answer, ureq::Error> {
        self.post("/api/v1/observations", "application/x-ndjson", "", lines)
    }

    /// Every item of a list, page by page.
    pub(crate) fn all(&self, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let join = if path.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{path}{join}limit=1000{cursor}")).unwrap().expect(&[200]).json();
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else { return items };
            cursor = format!("&cursor={next}");
        }
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let kind = response.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let text = response.body_mut().with_config().limit(256 << 20).read_to_string()?;
    Ok(Answer { status: response.status().as_u16(), content_type: kind, text })
}

/// A token of a role, made beside a platform that runs or not.
pub(crate) fn token(data: &Path, role: &str) -> String {
    token_with(data, role, &[])
}

/// The same, with further arguments.
pub(crate) fn token_with(data: &Path, role: &str, further: &[&str]) -> String {
    let arguments = ["token", "create", "--role", role, "--name", role, "--data"];
    let made = Command::new(BINARY).args(arguments).arg(data).args(further).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

/// `vigiles` with these arguments, to its end.
pub(crate) fn command(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).env("VIGILES_LOG", "error").stdin(Stdio::null()).output().unwrap()
}

/// `vigiles` with these arguments, under way.
pub(crate) fn spawn(arguments: &[&str]) -> Child {
    let mut command = Command::new(BINARY);
    command.args(arguments).env("VIGILES_LOG", "error");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// `vigiles check DIR`, with further arguments.
pub(crate) fn check(data: &Path, further: &[&str]) -> Output {
    Command::new(BINARY).arg("check").arg(data).args(further).output().unwrap()
}

/// What a command says.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The files below a directory whose name ends so, in order.
pub(crate) fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}
