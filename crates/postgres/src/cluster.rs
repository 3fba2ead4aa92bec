//! A PostgreSQL server of a test's own: the distribution's program, on a copy of a cluster that is made once, on a socket in a
//! temporary directory. Nothing is shared between tests, and nothing is left when it is dropped.
#![allow(clippy::unwrap_used, reason = "a test without its server fails, and says why")]

mod backup;

use std::fs::{self, File, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub use backup::Archive;

/// What the tests say to whoever has not installed the server.
const MISSING: &str = "PostgreSQL 15 or newer with PostGIS is not installed: run `make test STEP=setup`";
/// The database and the role of the tests.
const NAME: &str = "vigiles";
/// What is copied for each test is small: the other databases go.
const SCRIPT: &str = "CREATE EXTENSION postgis;

UPDATE pg_database SET datistemplate = false;

DROP DATABASE template0;

DROP DATABASE template1;

DROP DATABASE postgres;

";
/// Small, since every test has its own; durable, since that is what is tested.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "shared_buffers=16MB",
    "max_connections=30",
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "autovacuum=off",
    "log_min_messages=warning",
    "log_statement=none",
    "lc_messages=C",
];

/// A running server, or one that was killed and can be started again.
pub struct Cluster {
    directory: TempDir,
    running: Option<Running>,
}

struct Running {
    process: Child,
    /// Ends when the last process of the server has gone.
    log: BufReader<ChildStderr>,
}

impl Cluster {
    /// Starts a server on a fresh cluster with the database `vigiles`, in which PostGIS is installed.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with further settings, such as `fsync=off`.
    pub fn start_with(settings: &[&str]) -> Self {
        let template = template();
        let directory = tempfile::Builder::new().prefix("vigiles-pg").tempdir().unwrap();
        own(directory.path());
        copy(&template, &directory.path().join("data"));
        let mut cluster = Self { directory, running: None };
        cluster.resume_with(settings);
        cluster
    }

    /// The address of the database.
    pub fn url(&self) -> String {
        format!("postgres:///{NAME}?host={}&user={NAME}", self.directory.path().display())
    }

    /// The number of the server's first process.
    pub fn pid(&self) -> u32 {
        self.running.as_ref().unwrap().process.id()
    }

    /// Leaves a file beside the data, which only the server may read, such as a key or a table of who may connect.
    pub fn put(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        own(&path);
        path
    }

    /// Starts the server again after it was killed.
    pub fn resume(&mut self) {
        self.resume_with(&[]);
    }

    /// Starts the server again with further settings.
    pub fn resume_with(&mut self, settings: &[&str]) {
        assert!(self.running.is_none(), "it runs");
        let (data, socket) = (self.directory.path().join("data"), self.directory.path().display().to_string());
        let mut command = command(&programs().join("postgres"));
        command.arg("-D").arg(data).arg("-k").arg(socket);
        for setting in SETTINGS.iter().chain(settings) {
            command.arg("-c").arg(setting);
        }
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let (mut line, mut said) = (String::new(), String::new());
        while !line.contains("database system is ready to accept connections") {
            said.push_str(&line);
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the server did not start:\n{said}");
        }
        self.running = Some(Running { process, log });
    }

    /// Kills the server's first process with SIGKILL; the others end when they notice. Returns when all have.
    pub fn kill(&mut self) {
        self.end(Signal::KILL);
    }

    /// An immediate shutdown: as a crash, for what was not committed.
    pub fn abort(&mut self) {
        self.end(Signal::QUIT);
    }

    fn end(&mut self, signal: Signal) {
        let Some(Running { mut process, mut log }) = self.running.take() else { return };
        let pid = Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        process.wait().unwrap();
        let mut line = Vec::new();
        while log.read_until(b'\n', &mut line).unwrap() > 0 {
            line.clear();
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.abort();
    }
}

/// Where the programs of the newest installed server are.
fn programs() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((path.file_name()?.to_str()?.parse().ok()?, path.join("bin")))
        })
        .filter(|(_, bin)| bin.join("postgres").exists())
        .collect();
    found.sort();
    let elsewhere = || {
        let told = Command::new("pg_config").arg("--bindir").output().ok()?;
        let bin = PathBuf::from(String::from_utf8(told.stdout).ok()?.trim());
        bin.join("postgres").exists().then_some(bin)
    };
    found.pop().map(|(_, bin)| bin).or_else(elsewhere).expect(MISSING)
}

/// PostgreSQL refuses to run as root: then its programs run as the user that its package has made.
fn command(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups"]).arg(program);
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Gives a directory to whoever runs the server.
fn own(directory: &Path) {
    if is_root() {
        let (user, group) = postgres_user();
        chown(directory, Some(user), Some(group)).unwrap();
    }
}

fn postgres_user() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:")).expect(MISSING);
    let mut fields = line.split(':').skip(2).map(|field| field.parse().unwrap());
    (fields.next().unwrap(), fields.next().unwrap())
}

/// A cluster with the tests' database, made once for each build directory and kept for later runs.
fn template() -> PathBuf {
    let programs = programs();
    let version = fs::metadata(programs.join("postgres")).expect(MISSING).mtime();
    let mut place = std::env::current_exe().unwrap();
    place.pop();
    place.push("postgres-template");
    fs::create_dir_all(&place).unwrap();
    // Tests are processes of their own: the first makes it, the others wait for it.
    let lock = File::create(place.join("lock")).unwrap();
    lock.lock().unwrap();
    let made = place.join(format!("made-3-{version}"));
    if !made.exists() {
        make_template(&programs, &made);
    }
    made
}

fn make_template(programs: &Path, made: &Path) {
    // The user `postgres` need not be able to reach the build directory.
    let directory = tempfile::tempdir().unwrap();
    own(directory.path());
    let data = directory.path().join("data");
    run(command(&programs.join("initdb")).arg("-D").arg(&data).args([
        "--username",
        NAME,
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
        "--wal-segsize=1",
    ]));
    for (database, script) in [("postgres", "CREATE DATABASE vigiles STRATEGY = file_copy;\n\n"), (NAME, SCRIPT)] {
        let script_file = directory.path().join("script.sql");
        fs::write(&script_file, script).unwrap();
        let mut single = command(&programs.join("postgres"));
        single.args(["--single", "-j", "-F", "-D"]).arg(&data).arg(database);
        run(single.stdin(File::open(script_file).unwrap()));
    }
    let half = made.with_extension("half");
    let _of_a_run_that_was_ended = fs::remove_dir_all(&half);
    copy(&data, &half);
    fs::rename(half, made).unwrap();
}

/// A single-user server says an error and ends well all the same: its words decide too.
fn run(command: &mut Command) {
    let done = command.output().expect(MISSING);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && !said.contains("ERROR:"), "{MISSING}\n{said}");
}

/// Copies a cluster, for whoever runs the server.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, Permissions::from_mode(0o700)).unwrap();
    own(to);
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
            own(&target);
        }
    }
}
