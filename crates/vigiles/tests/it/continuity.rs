//! The page that is left when the platform is gone.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::city::{HIGH, furnish, line};
use crate::server::{Server, command, said, token};

#[test]
fn the_page_opens_and_proves_itself_when_the_platform_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let data = folder.path().join("data");
    let made = command(&["continuity", "key", &path("key")]);
    let fingerprint = said(&made).trim().strip_prefix("fingerprint: ").unwrap().to_owned();
    let config = format!("[continuity]\npath = '{}'\nkey_file = '{}'\nevery_s = 10\n", path("page.html"), path("key"));
    std::fs::write(path("vigiles.toml"), config).unwrap();
    let (source, admin) = (token(&data, "source"), token(&data, "administrator"));

    // An incident first, so that the first page of the next start has it.
    let server = Server::start(&data);
    let client = server.client(&admin);
    furnish(&client, "Water is <high> at {asset}", true);
    let plan = json!({"id": "flood", "name": "Flood at the harbour", "steps": [{"title": "Close the gates",
        "instruction": "Call the harbour master", "action": "manual"}]});
    client.put("/api/v1/playbooks/flood", &plan).expect(&[200, 201]);
    let asset = json!({"id": "gauge-1", "name": "Gauge at the pier", "class": "water_gauge", "agency": "city",
        "place": {"type": "Point", "coordinates": [7.425, 43.735]}});
    client.put("/api/v1/assets/gauge-1", &asset).expect(&[200, 201]);
    server.client(&source).deliver(&line("gauge-1", HIGH + 1)).unwrap().expect(&[202]);
    while client.all("/api/v1/incidents").is_empty() {}
    server.stop();
    let mut server = Server::start_with(&data, &["--config", &path("vigiles.toml")]);
    while !Path::new(&path("page.html")).exists() {
        std::thread::yield_now();
    }
    server.kill();
    std::fs::remove_dir_all(&data).unwrap();

    for file in ["page.html", "page.html.sig"] {
        assert_eq!(std::fs::metadata(path(file)).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
    check_in_browser(&path("page.html"));
    check_signature(folder.path(), &fingerprint);
}

/// Opened from the disk, with no server anywhere.
fn check_in_browser(page: &str) {
    let browser = std::env::var("CHROMIUM").ok().filter(|named| !named.is_empty());
    let mut command = Command::new(browser.as_deref().unwrap_or("chromium"));
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "--virtual-time-budget=1000"]);
    let profile = tempfile::tempdir().unwrap();
    command.arg(format!("--user-data-dir={}", profile.path().display())).arg(format!("file://{page}"));
    let output = command.output().expect("a browser is installed (scripts/setup test)");
    let dom = String::from_utf8(output.stdout).unwrap();
    for part in [
        "Water is &lt;high&gt; at",
        "Flood at the harbour",
        "Close the gates",
        "Call the harbour master",
        "Gauge at the pier",
        "geo:43.73500,7.42500",
        "Content-Security-Policy",
    ] {
        assert!(dom.contains(part), "{part}: {dom}");
    }
    assert!(!dom.contains("<script"), "{dom}");
}

fn check_signature(folder: &Path, fingerprint: &str) {
    let page = folder.join("page.html");
    let name = page.to_str().unwrap();
    let verify = |further: &[&str]| command(&[&["continuity", "verify", name], further].concat());
    assert!(verify(&["--fingerprint", fingerprint]).status.success(), "{}", said(&verify(&[])));
    let other = verify(&["--fingerprint", "0000 1111"]);
    assert!(!other.status.success() && said(&other).contains("was signed by the key"), "{}", said(&other));
    // By means that every machine has.
    let openssl = |page: &Path| {
        let mut command = Command::new("openssl");
        command.args(["pkeyutl", "-verify", "-pubin", "-rawin", "-inkey"]).arg(format!("{name}.pub"));
        command.arg("-in").arg(page).arg("-sigfile").arg(format!("{name}.sig"));
        command.output().unwrap()
    };
    assert!(openssl(&page).status.success(), "{}", said(&openssl(&page)));
    let text = std::fs::read_to_string(&page).unwrap().replace("Close the gates", "Leave the gates");
    std::fs::write(&page, text).unwrap();
    let changed = verify(&[]);
    assert!(!changed.status.success() && said(&changed).contains("was changed since"), "{}", said(&changed));
    assert!(!openssl(&page).status.success());
}
