//! The answer to a commit is lost on its way: the server did it, the writer does not know.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use vigiles_postgres::cluster::Cluster;
use vigiles_store::contract_tests::fixture::{INCIDENT, incident, system};
use vigiles_store::postgres::check;
use vigiles_store::{AuditQuery, Expect, Finding, Store, Write};

use super::open;

/// Stands before the server; cuts so many connections, each right after the server has answered to a COMMIT.
fn stand_between(proxy: &Path, server: &Path, cuts: &Arc<AtomicUsize>) {
    let listener = UnixListener::bind(proxy.join(".s.PGSQL.5432")).unwrap();
    let (server, cuts) = (server.join(".s.PGSQL.5432"), Arc::clone(cuts));
    // Ends with the process.
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = UnixStream::connect(&server) else { continue };
            let cuts = Arc::clone(&cuts);
            std::thread::spawn(move || pass(client, server, &cuts));
        }
    });
}

/// Passes bytes on until one side ends.
fn pass(mut client: UnixStream, mut server: UnixStream, cuts: &AtomicUsize) {
    let (mut back, mut from) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let cut = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&cut);
    std::thread::spawn(move || {
        let mut bytes = [0; 1 << 12];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            // The answer has come, so the commit is durable; it goes no further.
            if seen.load(Ordering::SeqCst) || back.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _gone = back.shutdown(std::net::Shutdown::Both);
        let _gone = from.shutdown(std::net::Shutdown::Both);
    });
    let mut bytes = [0; 1 << 12];
    while let Ok(count @ 1..) = client.read(&mut bytes) {
        let commits = bytes[..count].windows(7).any(|part| part == b"COMMIT\0");
        if commits && cuts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            cut.store(true, Ordering::SeqCst);
        }
        if server.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
}

#[test]
fn a_commit_whose_answer_was_lost_is_not_done_twice() {
    const BATCHES: u64 = 30;
    let cluster = Cluster::start();
    let proxy = tempfile::tempdir().unwrap();
    let url = cluster.url();
    let server = url.split_once("host=").unwrap().1.split_once('&').unwrap().0;
    let cuts = Arc::new(AtomicUsize::new(0));
    stand_between(proxy.path(), Path::new(server), &cuts);
    let store = open(&url.replace(server, &proxy.path().display().to_string()));
    for i in 0..BATCHES {
        cuts.store(usize::from(i % 3 == 0), Ordering::SeqCst);
        // Once as what must not be there, which a second time would refuse, and once as what counts its versions.
        let put = |id: &str, expect| Write::Put { document: incident(id, 1), expect };
        let batch = vec![put(&format!("i{i}"), Expect::Absent), put("counted", Expect::Any)];
        assert_eq!(store.apply(&system(), batch), Ok(vec![2 * i + 1, 2 * i + 2]), "batch {i}");
        assert_eq!(cuts.load(Ordering::SeqCst), 0, "the answer was cut off");
    }
    assert_eq!(store.get(&system(), INCIDENT, "counted").unwrap().unwrap().version, BATCHES);
    let entries = store.audit(&system(), &AuditQuery { limit: 100, ..AuditQuery::default() }).unwrap().entries;
    assert_eq!(entries.len() as u64, BATCHES);
    assert_eq!(check(&url).unwrap(), Vec::<Finding>::new());
}
