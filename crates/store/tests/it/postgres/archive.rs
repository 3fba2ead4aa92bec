//! The machine of the database is lost: PostgreSQL's own base backup and received log bring it back, as late as the last commit or as
//! it was at a moment.

use postgres::{Client, NoTls};
use vigiles_postgres::cluster::{Archive, Cluster};
use vigiles_store::contract_tests::fixture::{INCIDENT, incident, system};
use vigiles_store::postgres::check;
use vigiles_store::{Expect, Store, Write};

use super::open;

fn put(store: &dyn Store, id: &str) {
    store.apply(&system(), vec![Write::Put { document: incident(id, 1), expect: Expect::Absent }]).unwrap();
}

/// Which of these documents a restored server has.
fn kept(cluster: &Cluster, ids: &[&str]) -> Vec<bool> {
    assert_eq!(check(&cluster.url()).unwrap(), []);
    let store = open(&cluster.url());
    ids.iter().map(|id| store.get(&system(), INCIDENT, id).unwrap().is_some()).collect()
}

#[test]
fn commits_are_brought_back_up_to_the_last_or_to_a_moment() {
    let mut cluster = Cluster::start_with(&Archive::SETTINGS);
    let mut archive = Archive::receive(&cluster);
    let store = open(&cluster.url());
    put(&store, "before");
    archive.base_backup(&cluster);
    put(&store, "after");
    let moment: String = {
        let mut client = Client::connect(&cluster.url(), NoTls).unwrap();
        client.query_one("SELECT clock_timestamp()::text", &[]).unwrap().get(0)
    };
    // Nothing is archived by the server itself: what was committed last is in the received log alone.
    put(&store, "last");
    cluster.kill();
    archive.wait();
    drop((store, cluster));

    let ids = ["before", "after", "last"];
    assert_eq!(kept(&archive.restore(&[]), &ids), [true, true, true], "every commit that was answered");
    let target = format!("recovery_target_time={moment}");
    assert_eq!(kept(&archive.restore(&[&target]), &ids), [true, true, false], "as it was at {moment}");
}
