//! Clients that send slowly, and clients that do not read.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use vigiles_api::Settings;

use crate::world::world_patient;

/// How slow a client may be in these tests.
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

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_nothing_of_its_answers_is_cut_off() {
    let world = world_patient(Settings::default(), PATIENCE).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut deaf = socket.connect(world.address).await.unwrap();
    // The server stops reading when its answers are not taken; only closing the connection ends this.
    let request = b"GET /api/v1/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n";
    while deaf.write_all(request).await.is_ok() {}
    world.request("GET", "/healthz").send().await.expect(200);
}
