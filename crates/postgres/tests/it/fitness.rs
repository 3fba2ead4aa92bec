//! What a server is refused for; the settings are tried by the rooms above.

use vigiles_postgres::cluster::Cluster;
use vigiles_postgres::{Server, fitness};

/// Puts another database or role into an address of the cluster.
fn address(cluster: &Cluster, database: &str, role: &str) -> String {
    cluster.url().replace("/vigiles?", &format!("/{database}?")).replace("user=vigiles", &format!("user={role}"))
}

fn check(url: &str) -> Result<(), String> {
    let server = Server::at(url, "test").unwrap();
    fitness::check(&mut server.connect().unwrap(), &server).map_err(|error| error.to_string())
}

#[test]
fn postgis_is_installed_or_asked_for() {
    let cluster = Cluster::start();
    let mut client = Server::at(&cluster.url(), "test").unwrap().connect().unwrap();
    client.batch_execute("CREATE ROLE ada LOGIN; DROP EXTENSION postgis CASCADE").unwrap();
    let refused = check(&address(&cluster, "vigiles", "ada")).unwrap_err();
    assert!(refused.contains("PostGIS is missing") && refused.contains("`CREATE EXTENSION postgis`"), "{refused}");
    assert_eq!(check(&cluster.url()), Ok(()), "an administrator's role installs it");
    assert_eq!(check(&address(&cluster, "vigiles", "ada")), Ok(()), "then others need not");
}

#[test]
fn a_database_of_another_encoding_is_refused() {
    let cluster = Cluster::start();
    let mut client = Server::at(&cluster.url(), "test").unwrap().connect().unwrap();
    client.batch_execute("UPDATE pg_database SET encoding = pg_char_to_encoding('LATIN1')").unwrap();
    let refused = check(&cluster.url()).unwrap_err();
    assert!(refused.contains("encoding LATIN1"), "{refused}");
}

/// A role or a database may be set otherwise than the server.
#[test]
fn a_role_that_commits_asynchronously_is_refused() {
    let cluster = Cluster::start();
    let mut client = Server::at(&cluster.url(), "test").unwrap().connect().unwrap();
    client.batch_execute("ALTER ROLE vigiles SET synchronous_commit = off").unwrap();
    let refused = check(&cluster.url()).unwrap_err();
    assert!(refused.contains("set `synchronous_commit = on`"), "{refused}");
}
