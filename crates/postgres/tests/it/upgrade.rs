use vigiles_postgres::cluster::Cluster;
use vigiles_postgres::{PostgresError, Server, upgrade};

const FIRST: &str = "CREATE TABLE a (i int)";
const SECOND: &str = "CREATE TABLE b (i int); INSERT INTO a VALUES (1)";

fn bring(server: &Server, upgrades: &[&str]) -> Result<(), PostgresError> {
    upgrade(&mut server.connect().unwrap(), server, upgrades)
}

#[test]
fn programs_that_start_at_once_do_each_upgrade_once() {
    let cluster = Cluster::start();
    let server = Server::at(&cluster.url(), "test").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| bring(&server, &[FIRST, SECOND]).unwrap());
        }
    });
    let rows: i64 = server.connect().unwrap().query_one("SELECT count(*) FROM test.a", &[]).unwrap().get(0);
    assert_eq!(rows, 1);
}

#[test]
fn a_failed_upgrade_leaves_nothing() {
    let cluster = Cluster::start();
    let server = Server::at(&cluster.url(), "test").unwrap();
    let failed = bring(&server, &[FIRST, "CREATE TABLE b (i int); SELECT 1/0"]);
    assert!(failed.unwrap_err().to_string().contains("upgrading the schema: division by zero"));
    assert_eq!(bring(&server, &[FIRST, SECOND]), Ok(()), "goes on where it stopped");
}

#[test]
fn a_newer_schema_is_left_alone() {
    let cluster = Cluster::start();
    let server = Server::at(&cluster.url(), "test").unwrap();
    bring(&server, &[FIRST, SECOND]).unwrap();
    let refused = bring(&server, &[FIRST]);
    assert!(matches!(refused, Err(PostgresError::TooNew { found: 2, known: 1, .. })), "{refused:?}");
}

/// A role that may use the tables but make none opens what is up to date.
#[test]
fn an_up_to_date_schema_needs_no_right_to_make_one() {
    let cluster = Cluster::start();
    let server = Server::at(&cluster.url(), "test").unwrap();
    bring(&server, &[FIRST]).unwrap();
    let rights =
        "CREATE ROLE ada LOGIN; GRANT USAGE ON SCHEMA test TO ada; GRANT SELECT ON ALL TABLES IN SCHEMA test TO ada";
    server.connect().unwrap().batch_execute(rights).unwrap();
    let ada = Server::at(&cluster.url().replace("user=vigiles", "user=ada"), "test").unwrap();
    assert_eq!(bring(&ada, &[FIRST]), Ok(()));
    assert!(bring(&ada, &[FIRST, SECOND]).unwrap_err().to_string().contains("permission denied"));
}
