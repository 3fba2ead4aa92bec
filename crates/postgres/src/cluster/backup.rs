//! What keeps a copy of a cluster apart from its machine: PostgreSQL's own base backup, and its own receiver of the log.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{Cluster, NAME, command, copy, own, programs, run};

/// A base backup and the log since, as another machine has them. The log is received as it is written: a commit is answered once
/// it is here, too (`synchronous_standby_names`).
pub struct Archive {
    directory: TempDir,
    receiver: Option<Child>,
}

impl Archive {
    /// The settings of a server whose commits wait for the receiver.
    pub const SETTINGS: [&str; 1] = ["synchronous_standby_names=pg_receivewal"];

    /// Receives the log of a server from now on.
    pub fn receive(cluster: &Cluster) -> Self {
        let directory = tempfile::Builder::new().prefix("vigiles-pg-archive").tempdir().unwrap();
        own(directory.path());
        let mut archive = Self { directory, receiver: None };
        fs::create_dir(archive.log()).unwrap();
        own(&archive.log());
        let mut receiver = Self::client(cluster, "pg_receivewal");
        receiver.arg("-D").arg(archive.log()).args(["--synchronous", "--no-loop"]);
        archive.receiver =
            Some(receiver.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        archive
    }

    /// Copies the running cluster.
    pub fn base_backup(&self, cluster: &Cluster) {
        let mut backup = Self::client(cluster, "pg_basebackup");
        run(backup.arg("-D").arg(self.base()).args(["--wal-method=none", "--checkpoint=fast"]));
    }

    /// Waits for the end of the receiver: its server is gone.
    pub fn wait(&mut self) {
        if let Some(mut receiver) = self.receiver.take() {
            receiver.wait().unwrap();
        }
    }

    /// Starts a server on the base backup and the log, with further settings such as `recovery_target_time=…`.
    pub fn restore(&self, settings: &[&str]) -> Cluster {
        let directory = tempfile::Builder::new().prefix("vigiles-pg").tempdir().unwrap();
        own(directory.path());
        let data = directory.path().join("data");
        copy(&self.base(), &data);
        let signal = data.join("recovery.signal");
        fs::write(&signal, "").unwrap();
        own(&signal);
        // The last piece was still being written when the server was lost.
        let log = self.log().display().to_string();
        let restore = format!("restore_command=cp {log}/%f %p || cp {log}/%f.partial %p");
        let mut cluster = Cluster { directory, running: None };
        cluster.resume_with(&[&[&*restore, "recovery_target_action=promote"], settings].concat());
        cluster
    }

    fn client(cluster: &Cluster, program: &str) -> Command {
        let mut client = command(&programs().join(program));
        client.arg("-h").arg(cluster.directory.path()).args(["-U", NAME, "-w"]);
        client
    }

    fn base(&self) -> PathBuf {
        self.directory.path().join("base")
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        if let Some(mut receiver) = self.receiver.take() {
            let _ended = receiver.kill();
            let _gone = receiver.wait();
        }
    }
}
