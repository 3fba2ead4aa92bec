//! A fault is reproduced from a bundle.

use std::process::Command;

use crate::city::{HIGH, line};
use crate::damage::{flip, used};
use crate::server::{Server, said, token};

fn vigiles(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_vigiles")).args(arguments).output().unwrap();
    (output.status.success(), said(&output))
}

#[test]
fn a_bundle_gives_the_same_alarms_and_incidents() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("bundle"));
    used(&data);
    // The log is kept from the snapshot before the last one: that of the first run.
    let source = token(&data, "source");
    let server = Server::start(&data);
    let source = server.client(&source);
    for number in [HIGH + 1, 2, HIGH + 3] {
        source.deliver(&line("b", number)).unwrap().expect(&[202]);
    }
    let running = folder.path().join("running");
    let (data, file, running) = (data.to_str().unwrap(), file.to_str().unwrap(), running.to_str().unwrap());
    let (made, text) = vigiles(&["bundle", data, running, "--reason", "fault 16"]);
    assert!(made && text.contains("hand it on with care"), "{text}");
    server.stop();
    assert!(!vigiles(&["bundle", data, file]).0, "a reason is asked for");
    let (made, text) = vigiles(&["bundle", data, file, "--reason", "fault 17"]);
    assert!(made && text.contains("hand it on with care"), "{text}");
    // What was gathered while it ran may end before the last reading was judged.
    let (same, text) = vigiles(&["reproduce", running]);
    assert!(same && text.contains("reproduced: "), "{text}");
    let digests = [vec![file], vec![file, "--restart"], vec![file, "--restart", "1"]].map(|arguments| {
        let (same, text) = vigiles(&[vec!["reproduce"], arguments].concat());
        assert!(same && text.contains("reproduced: ") && !text.contains("0 alarms"), "{text}");
        text.lines().find(|line| line.starts_with("effects ")).map(ToOwned::to_owned)
    });
    assert!(digests[0].is_some() && digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
    // It does not write over another file, and says what is wrong with one.
    assert!(!vigiles(&["bundle", data, file, "--reason", "once more"]).0);
    let mut server = Server::start(std::path::Path::new(data));
    let auditor = server.client(&token(std::path::Path::new(data), "auditor"));
    let audit = auditor.get("/api/v1/audit?limit=50").unwrap().expect(&[200]).json().to_string();
    assert!(
        audit.contains("support_bundle")
            && audit.contains("fault 16")
            && audit.contains("fault 17")
            && !audit.contains("once more"),
        "{audit}"
    );
    server.kill();
    flip(std::path::Path::new(file), 3);
    let (read, text) = vigiles(&["reproduce", file]);
    assert!(!read && text.contains("no support bundle"), "{text}");
}
