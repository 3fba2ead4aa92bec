//! From a thread that waits for the disk to a client that reads as fast as it can.

use std::io;

use axum::body::Body;
use bytes::Bytes;
use tokio::sync::mpsc::{Sender, channel};

/// Pieces on their way at once; then the writer waits for the client.
const MAX_PIECES: usize = 4;

enum Piece {
    Bytes(Bytes),
    /// All was said. Without it the answer breaks off, and the client sees that it has not everything.
    End,
}

/// The writing end.
pub(crate) struct Pipe(Sender<Piece>);

impl io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Piece::Bytes(Bytes::copy_from_slice(bytes));
        self.0.blocking_send(piece).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The body that `write` writes on a thread of its own. Where it fails or panics the body breaks off.
pub(crate) fn stream(write: impl FnOnce(Pipe) -> io::Result<()> + Send + 'static) -> Body {
    let (sender, pieces) = channel(MAX_PIECES);
    let end = sender.clone();
    tokio::task::spawn_blocking(move || match write(Pipe(sender)) {
        // Who has gone away needs no end.
        Ok(()) => drop(end.blocking_send(Piece::End)),
        Err(error) => tracing::warn!(%error, "an export broke off"),
    });
    Body::from_stream(futures_util::stream::unfold(Some(pieces), |pieces| async {
        let mut pieces = pieces?;
        match pieces.recv().await {
            Some(Piece::Bytes(bytes)) => Some((Ok(bytes), Some(pieces))),
            Some(Piece::End) => None,
            None => Some((Err(io::Error::from(io::ErrorKind::UnexpectedEof)), None)),
        }
    }))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use futures_util::StreamExt as _;

    use super::*;

    /// Whether all came, and what.
    async fn check(write: impl FnOnce(Pipe) -> io::Result<()> + Send + 'static, whole: bool, expected: &str) {
        let mut pieces = stream(write).into_data_stream();
        let (mut text, mut broke) = (String::new(), false);
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(bytes) => text += std::str::from_utf8(&bytes).unwrap(),
                Err(_) => broke = true,
            }
        }
        assert_eq!((text.as_str(), broke), (expected, !whole));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_breaks_off_does_not_look_whole() {
        let nine = |mut pipe: Pipe| (0..9).try_for_each(|i| write!(pipe, "{i}")).map(|()| pipe);
        check(move |pipe| nine(pipe).map(drop), true, "012345678").await;
        check(move |pipe| nine(pipe).and(Err(io::Error::other("the disk"))), false, "012345678").await;
        check(move |pipe| Err(io::Error::other(format!("{:?}", nine(pipe).err()))), false, "012345678").await;
        check(|_| panic!("on purpose"), false, "").await;
        check(|_| Ok(()), true, "").await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_goes_away_ends_the_writing() {
        let (told, ended) = tokio::sync::oneshot::channel();
        let body = stream(|mut pipe| {
            let error = loop {
                if let Err(error) = pipe.write_all(b"more") {
                    break error;
                }
            };
            told.send(error.kind()).unwrap();
            Err(error)
        });
        drop(body);
        assert_eq!(ended.await.unwrap(), io::ErrorKind::BrokenPipe);
    }
}
