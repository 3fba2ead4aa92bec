use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use vigiles_postgres::cluster::Cluster;
use vigiles_postgres::{Pool, PostgresError, Server};

fn one(pool: &Pool) -> Result<i32, PostgresError> {
    pool.read("asking", |db| db.query_one("SELECT 1", &[]).map(|row| row.get(0)))
}

#[test]
fn reads_go_on_after_a_crash_of_the_server() {
    let mut cluster = Cluster::start();
    let pool = Pool::new(Server::at(&cluster.url(), "test").unwrap(), 2);
    assert_eq!(one(&pool), Ok(1));
    cluster.kill();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| one(&pool));
        cluster.resume();
        assert_eq!(waiting.join().unwrap(), Ok(1));
    });
    cluster.abort();
    cluster.resume();
    assert_eq!(one(&pool), Ok(1));
}

/// Some callers are asynchronous tasks.
#[test]
fn a_thread_of_a_runtime_reads_too() {
    let cluster = Cluster::start();
    let pool = std::sync::Arc::new(Pool::new(Server::at(&cluster.url(), "test").unwrap(), 2));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let of_a_task = pool.clone();
    runtime.block_on(async {
        assert_eq!(one(&pool), Ok(1));
        assert_eq!(tokio::spawn(async move { one(&of_a_task) }).await.unwrap(), Ok(1));
    });
}

#[test]
fn no_more_connections_than_allowed() {
    let cluster = Cluster::start();
    let pool = Pool::new(Server::at(&cluster.url(), "test").unwrap(), 3);
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                pool.read("asking", |db| {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let answer = db.execute("SELECT pg_sleep(0.01)", &[]);
                    now.fetch_sub(1, Ordering::SeqCst);
                    answer
                })
                .unwrap()
            });
        }
    });
    assert!((1..=3).contains(&most.into_inner()));
}

/// An error of the question is told with the server's words and code, and does no harm to the connection.
#[test]
fn a_refused_statement_is_told_without_rows() {
    let cluster = Cluster::start();
    let pool = Pool::new(Server::at(&cluster.url(), "test").unwrap(), 1);
    let script = "CREATE TEMP TABLE t (a text CHECK (a = 'x')); INSERT INTO t VALUES ('geheim')";
    let error = pool.read("writing", |db| db.batch_execute(script)).unwrap_err().to_string();
    assert!(error.contains("writing: ") && error.contains("(23514)"), "{error}");
    assert!(!error.contains("geheim"), "{error}");
    assert_eq!(one(&pool), Ok(1));
}

#[test]
fn a_server_that_is_away_is_named_without_secrets() {
    let server = Server::at("postgres://vigiles:geheim@127.0.0.1:1/city", "test").unwrap();
    let error = server.connect_until(Instant::now()).err().unwrap();
    assert!(matches!(error, PostgresError::Unreachable { .. }), "{error:?}");
    let error = error.to_string();
    assert!(error.contains("postgres://127.0.0.1:1/city cannot be reached: connecting"), "{error}");
    assert!(!error.contains("geheim"), "{error}");
}
