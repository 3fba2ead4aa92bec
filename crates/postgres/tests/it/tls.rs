//! TLS and passwords, against a server with a certificate of an authority of our own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use vigiles_postgres::Server;
use vigiles_postgres::cluster::Cluster;

/// Certificates are made by the program that comes with the server's package.
fn openssl(directory: &Path, arguments: &[&str]) {
    let done = Command::new("openssl").current_dir(directory).args(arguments).output();
    let done = done.expect("openssl is not installed: run `make test STEP=setup`");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

const NEW: [&str; 9] =
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"];

struct Secured {
    cluster: Cluster,
    _certificates: tempfile::TempDir,
    authority: PathBuf,
    port: u16,
}

fn start() -> Secured {
    let certificates = tempfile::tempdir().unwrap();
    let make = |arguments: &[&str]| openssl(certificates.path(), &[&NEW, arguments].concat());
    make(&["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority"]);
    make(&[
        "-keyout",
        "server.key",
        "-out",
        "server.pem",
        "-subj",
        "/CN=localhost",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ]);
    let mut cluster = Cluster::start();
    let role = "CREATE ROLE ada LOGIN PASSWORD 'geheim'";
    Server::at(&cluster.url(), "test").unwrap().connect().unwrap().batch_execute(role).unwrap();
    cluster.abort();
    let put =
        |name: &str| cluster.put(name, &std::fs::read(certificates.path().join(name)).unwrap()).display().to_string();
    let (certificate, key) = (put("server.pem"), put("server.key"));
    let who = cluster.put("hba", b"local all all trust\nhostssl all all all scram-sha-256\n").display().to_string();
    // The server cannot say which port it was given: one that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    cluster.resume_with(&[
        "ssl=on",
        &format!("ssl_cert_file={certificate}"),
        &format!("ssl_key_file={key}"),
        &format!("hba_file={who}"),
        "listen_addresses=localhost",
        &format!("port={port}"),
    ]);
    Secured { cluster, authority: certificates.path().join("ca.pem"), _certificates: certificates, port }
}

#[test]
fn certificates_and_passwords_are_checked() {
    let Secured { cluster, _certificates, authority, port } = start();
    let trusted = format!("sslmode=verify-full&sslrootcert={}", authority.display());
    let connect = |password: &str, host: &str, options: &str| {
        let url = format!("postgres://ada:{password}@{host}:{port}/vigiles?{options}");
        Server::at(&url, "test").unwrap().connect().map_err(|error| error.to_string())
    };
    let mut client = connect("geheim", "localhost", &trusted).unwrap_or_else(|error| panic!("{error}"));
    let row = client.query_one("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).unwrap();
    assert_eq!((row.get::<_, bool>(0), row.get::<_, &str>(1)), (true, "TLSv1.3"));
    let refused = |password: &str, host: &str, options: &str, part: &str| {
        let error = connect(password, host, options).err().unwrap();
        assert!(error.contains(part), "{host} {options}: {error}");
        assert!(!error.contains("geheim"), "{error}");
    };
    refused("geheim-not", "localhost", &trusted, "password authentication failed");
    refused("geheim", "localhost", "sslmode=verify-full", "UnknownIssuer");
    refused("geheim", "127.0.0.1", &trusted, "not valid for name");
    refused("geheim", "localhost", "sslmode=disable", "no encryption");
    drop(cluster);
}
