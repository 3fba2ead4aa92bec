//! Clients that send slowly.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vigiles_api::Settings;

use crate::world::world_patient;

/// How long a head may take in these tests.
const PATIENCE: Duration = Duration::from_millis(300);
/// Between two bytes.
const PACE: Duration = Duration::from_millis(10);

/// Sends bytes one by one until the server closes; gives what it had sent by then.
async fn trickle(stream: &mut TcpStream, bytes: impl IntoIterator<Item = u8>) -> (usize, Vec<u8>) {
    let (mut sent, mut answer, mut piece) = (0, Vec::new(), [0; 1024]);
    for byte in bytes {
        if stream.write_all(&[byte]).await.is_err() {
            return (sent, answer);
        }
        sent += 1;
        match tokio::time::timeout(PACE, stream.read(&mut piece)).await {
            Ok(Ok(0) | Err(_)) => return (sent, answer),
            Ok(Ok(n)) => answer.extend_from_slice(&piece[..n]),
            Err(_nothing_yet) => {}
        }
    }
    panic!("the server took all {sent} bytes, and answered {:?}", String::from_utf8_lossy(&answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_comes_byte_by_byte_is_cut_off_and_harms_nobody() {
    let world = world_patient(Settings::default(), PATIENCE).await;
    let mut slow = TcpStream::connect(world.address).await.unwrap();
    let endless = b"GET /healthz HTTP/1.1\r\nx-slow: ".iter().copied().chain(std::iter::repeat_n(b'a', 100_000));
    let other = world.request("GET", "/healthz");
    let (cut, other) = tokio::join!(trickle(&mut slow, endless), other.send());
    other.expect(200);
    assert!(cut.0 < 1000, "{cut:?}");

    // The same holds for the second request of a connection.
    let mut slow = TcpStream::connect(world.address).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let (sent, answer) = trickle(&mut slow, std::iter::repeat_n(b'G', 100_000)).await;
    assert!(sent < 1000 && answer.starts_with(b"HTTP/1.1 200"), "{sent} {:?}", String::from_utf8_lossy(&answer));
}
