//! Three servers that keep each message three times, of which one is killed.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc;

use vigiles_bus::jetstream::Options;
use vigiles_bus::{Bus, JetStream, ManualClock};

use crate::jetstream::{bytes, topic};
use vigiles_bus::jetstream::test_server::{NatsServer, SYNC_ALWAYS, administer};

const NAMES: [&str; 3] = ["one", "two", "three"];

/// Three servers that know one another.
fn cluster() -> Vec<NatsServer> {
    // The servers name each other's ports before any of them listens.
    let ports = NAMES.map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = ports.map(|listener| listener.local_addr().unwrap().port());
    let routes = ports.map(|port| format!("\"nats://127.0.0.1:{port}\"")).join(", ");
    let start = |(name, port): (&str, u16)| {
        NatsServer::start_named(
            name,
            &format!(
                "jetstream {{ store_dir: \"STORE\", {SYNC_ALWAYS} }}\n\
                 cluster {{ name: city, listen: \"127.0.0.1:{port}\", routes: [{routes}] }}"
            ),
        )
    };
    NAMES.into_iter().zip(ports).map(start).collect()
}

fn address(servers: &[NatsServer], monitored: usize) -> String {
    let clients: Vec<_> = servers.iter().map(|server| server.client.clone()).collect();
    let monitors: Vec<_> = servers[..monitored].iter().map(|server| format!("http://{}", server.monitor)).collect();
    format!("nats://{}/city?monitor={}", clients.join(","), monitors.join(","))
}

fn open(address: &str) -> JetStream {
    JetStream::open(address, Options::default(), Arc::new(ManualClock::default())).unwrap()
}

#[test]
fn a_cluster_that_loses_its_leader_loses_and_doubles_nothing() {
    const APPENDS: usize = 60;
    let mut servers = cluster();
    let address = address(&servers, 3);
    let bus = open(&address);
    bus.append(&topic(), vec![vec![0]]).unwrap();
    let (leader, replicas) = administer(&servers[0], async |context| {
        let info = context.get_stream("city_t").await.unwrap().get_info().await.unwrap();
        (info.cluster.unwrap().leader.unwrap(), info.config.num_replicas)
    });
    assert_eq!(replicas, 3, "in a cluster each message is kept three times");
    let leader = NAMES.iter().position(|name| *name == leader).unwrap();
    let (tell, told) = mpsc::sync_channel(APPENDS);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for i in 1..=APPENDS {
                tell.send(bus.append(&topic(), vec![vec![i as u8]]).unwrap().first_offset.0).unwrap();
            }
        });
        for i in 1..=APPENDS {
            match i {
                15 => servers[leader].kill(),
                40 => servers[leader].restart(),
                _ => {}
            }
            assert_eq!(told.recv().unwrap(), i as u64);
        }
    });
    let expected: Vec<_> = (0..=APPENDS).map(|i| vec![i as u8]).collect();
    assert_eq!(bytes(&bus, 0).unwrap(), expected);
    assert_eq!(bytes(&open(&address), 0).unwrap(), expected);
}

#[test]
fn every_server_of_a_cluster_must_tell_how_it_is_set() {
    let servers = cluster();
    // Who names all of them waits until all have joined.
    drop(open(&address(&servers, 3)));
    let refused = JetStream::open(&address(&servers, 2), Options::default(), Arc::new(ManualClock::default()));
    let refused = refused.err().map(|error| error.to_string()).unwrap();
    let either =
        ["the cluster has 3 servers, but monitor names 2: name each", "none of those that monitor names: add it"];
    assert!(either.iter().any(|expected| refused.contains(expected)), "{refused}");
}
