//! The units in `deploy/systemd`: systemd takes them, and the program takes the command that they give.

use std::path::Path;
use std::process::Command;

use crate::server::{command, files, said};

const UNITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/systemd");
const BINARY: &str = env!("CARGO_BIN_EXE_vigiles");

#[test]
fn systemd_takes_the_units() {
    let dir = tempfile::tempdir().unwrap();
    let units = files(Path::new(UNITS), ".service");
    assert!(!units.is_empty());
    for unit in units {
        // The program need not be installed here.
        let text = std::fs::read_to_string(&unit).unwrap().replace("/usr/local/bin/vigiles", BINARY);
        let copy = dir.path().join(unit.file_name().unwrap());
        std::fs::write(&copy, text).unwrap();
        let verified = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&copy).output().unwrap();
        let words = said(&verified);
        assert!(verified.status.success() && words.trim().is_empty(), "{}: {words}", unit.display());
    }
}

/// With no configuration file in its place each command goes as far as reading it: the options before were understood.
#[test]
fn the_program_takes_what_the_units_say() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing.toml");
    for unit in files(Path::new(UNITS), ".service") {
        let text = std::fs::read_to_string(&unit).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/vigiles ")).unwrap();
        let line = line.replace("/var/lib/", &format!("{}/", dir.path().display())).replace("%i", "a-1");
        let line = line.replace("${LISTEN}", "127.0.0.1:0").replace("${MQTT}", "127.0.0.1:0");
        let line = line.replace("/etc/vigiles/vigiles.toml", missing.to_str().unwrap());
        let output = command(&line.split(' ').collect::<Vec<_>>());
        let words = said(&output);
        assert!(!output.status.success() && words.contains("missing.toml"), "{}: {words}", unit.display());
    }
}
