//! Serving the router: connections up to a bound, heads of requests within a time.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tower_service::Service as _;

/// Connections at once; further ones wait in the queue of the operating system.
const MAX_CONNECTIONS: usize = 10_000;
/// How long to wait where no connection can be taken, for want of file handles.
const NO_HANDLES: Duration = Duration::from_millis(200);

/// How long the head of a request may take, also after an earlier request on the same connection, and how long a client may
/// take nothing of what is sent to it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Serves until `stopping` turns true (or its sender is gone with it unset: never), then until every request under way
/// has been answered. A connection whose next head is not whole within `patience`, or which takes nothing for so long while
/// there is something to send, is closed.
pub async fn serve(listener: TcpListener, router: Router, patience: Duration, mut stopping: watch::Receiver<bool>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience);
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    loop {
        let next = async {
            let place = room.clone().acquire_owned().await.ok()?;
            Some((place, accept(&listener).await))
        };
        let (place, (stream, peer)) = tokio::select! {
            () = stopped(&mut stopping) => break,
            next = next => match next {
                Some(next) => next,
                None => break,
            },
        };
        // Without it an event may wait for the acknowledgement of the one before: 40 ms.
        let _less_prompt = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(patience));
        let router = router.clone();
        let service = hyper::service::service_fn(move |request| answer(router.clone(), peer, request));
        let connection = graceful.watch(http.serve_connection(TokioIo::new(Box::pin(stream)), service));
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "a connection ended early");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    if stopping.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn answer(
    mut router: Router,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    router.call(request).await
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The peer went away before it was its turn.
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken; tried again");
                tokio::time::sleep(NO_HANDLES).await;
            }
        }
    }
}
