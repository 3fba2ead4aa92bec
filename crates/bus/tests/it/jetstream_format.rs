//! Addresses, frames and chains, without a server.

use bytes::Bytes;
use proptest::prelude::*;
use vigiles_bus::BusError;
use vigiles_bus::jetstream::address::{Address, Login};
use vigiles_bus::jetstream::chain::Link;
use vigiles_bus::jetstream::frame::{self, Fault, Frame, Head};
use vigiles_model::Timestamp;

#[test]
fn addresses_are_read() {
    let text = "tls://us%3Aer:p%40%2Fss@a.example,b:4333,[::1]:4444/city-2\
                ?monitor=http://a:8222,https://b/&ca=/etc/ca.pem&certificate=c.pem&key=k.pem&replicas=5";
    let address = Address::parse(text).unwrap();
    assert_eq!(address.servers, ["a.example:4222", "b:4333", "[::1]:4444"]);
    assert!(address.tls && address.login == Some(Login::Password("us:er".to_owned(), "p@/ss".to_owned())));
    assert_eq!((&address.log[..], address.replicas), ("city-2", Some(5)));
    assert_eq!(address.monitors, ["http://a:8222", "https://b"]);
    assert_eq!(address.ca, Some("/etc/ca.pem".into()));
    assert_eq!(address.certificate, Some(("c.pem".into(), "k.pem".into())));
    assert_eq!(format!("{address:?}"), "tls://a.example:4222,b:4333,[::1]:4444/city-2");
    let plain = Address::parse("nats://localhost").unwrap();
    assert_eq!((&plain.servers[0][..], &plain.log[..], plain.tls), ("localhost:4222", "vigiles", false));
    assert!(plain.login.is_none() && plain.monitors.is_empty() && plain.replicas.is_none());
}

#[test]
fn bad_addresses_are_refused_with_what_is_wrong() {
    for (text, expected) in [
        ("localhost:4222", "it has no scheme: nats:// or tls://"),
        ("http://a", "scheme \"http\" is neither nats nor tls"),
        ("nats://", "\"\" is no host"),
        ("nats://a,,b", "\"\" is no host"),
        ("nats://a b", "\"a b\" is no host"),
        ("nats://a:0", "the port of host a is no number from 1 to 65535"),
        ("nats://secret:pa:ss@a:x", "the port of host a is no number from 1 to 65535"),
        ("nats://a/City", "\"City\" is no name of a log: 1 to 64 of a-z 0-9 -, starting with a letter"),
        ("nats://a/a_b", "\"a_b\" is no name of a log: 1 to 64 of a-z 0-9 -, starting with a letter"),
        ("nats://a?x=1", "option \"x\" is unknown; there are monitor, credentials, ca, certificate, key, replicas"),
        ("nats://a?monitor", "option \"monitor\" has no value"),
        (
            "nats://a?monitor=a:8222",
            "monitor names http://HOST:PORT or https://HOST:PORT of each server, without a login",
        ),
        ("nats://a?replicas=0", "replicas=\"0\" is no number from 1 to 5"),
        ("nats://a?key=k", "certificate and key go together"),
        ("nats://u:p@a?credentials=f", "it has a login and a credentials file: one says who you are"),
        ("nats://u:%ff@a", "the password is not UTF-8"),
    ] {
        let found = Address::parse(text).err().map(|error| error.to_string());
        assert_eq!(found, Some(format!("the address of the log: {expected}")), "{text}");
        assert!(matches!(Address::parse(text), Err(BusError::Address(_))));
    }
}

fn head() -> impl Strategy<Value = Head> {
    let numbers = (any::<u64>(), 0..u64::MAX / 2, any::<i64>());
    (any::<[u8; 32]>(), any::<[u8; 16]>(), numbers).prop_map(|(previous, writer, (epoch, first, at))| Head {
        previous,
        epoch,
        writer,
        first,
        at: Timestamp(at),
    })
}

fn records() -> impl Strategy<Value = Vec<Bytes>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60).prop_map(Bytes::from), 0..6)
}

proptest! {
    #[test]
    fn frames_are_read_as_written_and_any_change_is_found(head in head(), records in records(), at in any::<prop::sample::Index>()) {
        let (bytes, hash) = frame::write("city_t", &head, &records);
        prop_assert_eq!(bytes.len(), frame::size(&records));
        prop_assert_eq!(frame::parse("city_t", &bytes), Ok(Frame { head, records, hash }));
        prop_assert_eq!(frame::parse("city_u", &bytes), Err(Fault::Hash));
        let mut changed = bytes.to_vec();
        changed[at.index(bytes.len())] ^= 1;
        prop_assert!(frame::parse("city_t", &changed.into()).is_err());
        prop_assert!(frame::parse("city_t", &bytes.slice(..at.index(bytes.len()))).is_err());
    }

    #[test]
    fn parsing_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), text in ".{0,40}") {
        let _frame = frame::parse("city_t", &bytes.clone().into());
        let _framed = frame::parse("city_t", &[&frame::MAGIC[..], &bytes].concat().into());
        let _sealed = frame::parse("city_t", &frame::seal("city_t", [&frame::MAGIC[..], &bytes].concat()).0);
        let _address = Address::parse(&format!("nats://{text}"));
    }

    /// Of a chain of messages, any that is left out, doubled or swapped is missed by the next one.
    #[test]
    fn a_chain_joins_only_whole(counts in prop::collection::vec(0..4_u64, 2..8), at in any::<prop::sample::Index>()) {
        let mut frames = Vec::new();
        let mut link = Link::START;
        for (i, count) in counts.iter().enumerate() {
            let head = Head { previous: link.hash, epoch: 1, writer: [7; 16], first: link.next, at: Timestamp(0) };
            let records: Vec<_> = (0..*count).map(|_| Bytes::from(vec![i as u8])).collect();
            let hash = frame::write("city_t", &head, &records).1;
            let frame = Frame { head, records, hash };
            link = link.join(i as u64 + 1, &frame).unwrap();
            frames.push(frame);
        }
        let cut = at.index(frames.len() - 1);
        let before = frames[..cut].iter().zip(1..).fold(Link::START, |link, (frame, n)| link.join(n, frame).unwrap());
        let next = cut as u64 + 1;
        prop_assert!(before.join(next, &frames[cut]).is_ok());
        prop_assert!(before.join(next + 1, &frames[cut + 1]).is_err(), "a gap in the sequences");
        prop_assert!(before.join(next, &frames[cut + 1]).is_err(), "a gap that was closed");
        prop_assert!(before.join(next, &frames[cut]).unwrap().join(next + 1, &frames[cut]).is_err(), "a copy");
    }
}
