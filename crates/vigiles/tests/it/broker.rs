//! A source on a real Mosquitto that asks for a password and speaks TLS, wired by the configuration file.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::city::{KIND, furnish};
use crate::server::{Server, token};

const PASSWORD: &str = "a password of the broker";

struct Mosquitto {
    child: Child,
    port: u16,
    ca: PathBuf,
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
}

/// A Mosquitto with a certificate of its own and one account.
fn mosquitto(dir: &Path) -> Mosquitto {
    let file = |name: &str| dir.join(name);
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (key, ca, passwords) = (file("key.pem"), file("ca.pem"), file("passwords"));
    run(
        "openssl",
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            &text(&key),
            "-out",
            &text(&ca),
        ],
    );
    run("mosquitto_passwd", &["-b", "-c", &text(&passwords), "vigiles", PASSWORD]);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = format!(
        "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {}\ncertfile {}\nkeyfile {}\nuser root\n",
        text(&passwords),
        text(&ca),
        text(&key)
    );
    std::fs::write(file("mosquitto.conf"), config).unwrap();
    let program = if Path::new("/usr/sbin/mosquitto").exists() { "/usr/sbin/mosquitto" } else { "mosquitto" };
    let mut child = Command::new(program)
        .args(["-v", "-c", &text(&file("mosquitto.conf"))])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.is_ok_and(|line| line.contains("running"))), "mosquitto runs");
    // Keep reading, so that it can go on writing.
    std::thread::spawn(move || lines.count());
    Mosquitto { child, port, ca }
}

fn publish(broker: &Mosquitto, value: u64) {
    let (port, ca) = (broker.port.to_string(), broker.ca.to_str().unwrap());
    let topic = format!("vigiles/v1/observations/{KIND}/far");
    let value = value.to_string();
    run(
        "mosquitto_pub",
        &[
            "-h",
            "localhost",
            "-p",
            &port,
            "--cafile",
            ca,
            "-u",
            "vigiles",
            "-P",
            PASSWORD,
            "-q",
            "1",
            "-t",
            &topic,
            "-m",
            &value,
        ],
    );
}

#[test]
fn a_protected_broker_is_joined_with_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let broker = mosquitto(folder.path());
    let data = folder.path().join("data");
    let url = format!("mqtts://localhost:{}", broker.port);
    let password_file = folder.path().join("broker.password");
    std::fs::write(&password_file, format!("{PASSWORD}\n")).unwrap();
    let config = folder.path().join("vigiles.toml");
    let text = format!(
        "[[broker]]\nurl = {url:?}\nuser = \"vigiles\"\npassword_file = {password_file:?}\nca_file = {:?}\n",
        broker.ca
    );
    std::fs::write(&config, text).unwrap();
    let reader = token(&data, "administrator");
    let server = Server::start_with(&data, &["--config", config.to_str().unwrap()]);
    let client = server.client(&reader);
    furnish(&client, "{asset} is high", false);
    let source = json!({"id": "far", "name": "Far", "door": "mqtt_client", "url": url,
        "topic": "vigiles/v1/observations/#", "enabled": true});
    let answer = client.put("/api/v1/sources/far", &source).expect(&[201]);
    assert!(!answer.text.contains(PASSWORD));
    let list = format!("/api/v1/observations?kind={KIND}");
    // Until the subscription stands, messages are lost by right.
    let mut value = 0;
    while client.all(&list).is_empty() {
        value += 1;
        assert!(value < 500, "nothing came");
        publish(&broker, value);
    }
    let first = client.all(&list).remove(0);
    assert_eq!((&first["asset"], &first["source"]), (&json!("far"), &json!("far")));
    server.stop();
}
