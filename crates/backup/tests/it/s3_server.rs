//! An S3-compatible server (moto), ended with the test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};
use vigiles_backup::Place;

/// Buckets that it has.
const BUCKETS: [&str; 2] = ["city", "town"];

pub(crate) struct S3Server {
    child: Child,
    endpoint: String,
    folder: tempfile::TempDir,
}

impl S3Server {
    pub(crate) fn start() -> Self {
        let mut command = Command::new("moto_server");
        command.args(["-H", "127.0.0.1", "-p", "0"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("moto_server is installed (scripts/setup test)");
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let endpoint = loop {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the server ended: {:?}", child.wait());
            if let Some((_, address)) = line.trim().split_once("Running on ") {
                break address.to_owned();
            }
        };
        // Read on: a log that nobody reads stops the server once it is long.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        let credentials = Credentials::new("key-id", "secret");
        for name in BUCKETS {
            let bucket = Bucket::new(endpoint.parse().unwrap(), UrlStyle::Path, name, "us-east-1").unwrap();
            let url = bucket.create_bucket(&credentials).sign(Duration::from_mins(1));
            assert!(ureq::put(url.as_str()).send_empty().unwrap().status().is_success());
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("credentials"), "key-id\nsecret\n").unwrap();
        Self { child, endpoint, folder }
    }

    pub(crate) fn place(&self, bucket: &str, prefix: &str) -> Place {
        Place {
            to: format!("s3://{bucket}/{prefix}"),
            endpoint: Some(self.endpoint.clone()),
            region: None,
            credentials_file: Some(self.folder.path().join("credentials")),
        }
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _gone = self.child.wait();
    }
}
