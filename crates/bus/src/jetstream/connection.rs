//! The connection to the servers: made again when it breaks, each request tried until it is answered or the patience is over.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, Context, ErrorCode};
use async_nats::{Client, ConnectOptions, Event};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::Options;
use super::address::{Address, Login};
use super::server::{self, Objection};
use crate::BusError;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// How one try of a request went wrong.
pub(crate) enum Failure {
    /// Nobody, or nobody in charge, answered: the same again.
    Again(String),
    /// The answer is final.
    Final(BusError),
}

/// An open connection.
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) context: Context,
    pub(crate) options: Options,
    monitors: Vec<String>,
    handle: Handle,
    state: watch::Receiver<State>,
    /// The number of the connection whose server was last found good.
    checked: AtomicU64,
    closing: AtomicBool,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    connected: bool,
    /// How often a server has been connected to.
    connections: u64,
}

impl Connection {
    /// Connects and checks the servers. Gives the connection and the size of the cluster.
    pub(crate) async fn open(address: &Address, options: Options, handle: Handle) -> Result<(Self, usize), BusError> {
        let (tell, state) = watch::channel(State::default());
        let connect = connect_options(address, options).await?.event_callback(move |event| {
            tell.send_modify(|state| match event {
                Event::Connected => *state = State { connected: true, connections: state.connections + 1 },
                Event::Disconnected | Event::Closed => state.connected = false,
                _ => {}
            });
            std::future::ready(())
        });
        let scheme = if address.tls { "tls" } else { "nats" };
        let servers: Vec<String> = address.servers.iter().map(|server| format!("{scheme}://{server}")).collect();
        let client = connect.connect(&servers[..]).await.map_err(|error| BusError::Unavailable {
            doing: "connecting to the servers of",
            stream: address.log.clone(),
            waited: options.answer_timeout,
            why: format!("{address:?}: {error}"),
        })?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(options.answer_timeout);
        let monitors = address.monitors.clone();
        let (checked, closing) = (AtomicU64::new(0), AtomicBool::new(false));
        let connection = Self { client, context, options, monitors, handle, state, checked, closing };
        let cluster_size = connection.patiently("opening the log on", &address.log, || connection.check()).await?;
        Ok((connection, cluster_size))
    }

    /// Asks the servers how they are set.
    async fn check(&self) -> Result<usize, Failure> {
        let connections = self.state.borrow().connections;
        let (monitors, info) = (self.monitors.clone(), self.client.server_info());
        let checked = tokio::task::spawn_blocking(move || server::check(&monitors, &info)).await;
        match checked {
            Ok(Ok(cluster_size)) => {
                self.checked.store(connections.max(1), Ordering::SeqCst);
                Ok(cluster_size)
            }
            Ok(Err(Objection::Final(error))) => Err(Failure::Final(error)),
            Ok(Err(Objection::Unnamed(what))) if self.checked.load(Ordering::SeqCst) == 0 => {
                Err(Failure::Final(BusError::Refused(what)))
            }
            Ok(Err(Objection::Passing(why) | Objection::Unnamed(why))) => Err(Failure::Again(why)),
            Err(error) => Err(Failure::Again(error.to_string())),
        }
    }

    /// Tries until there is an answer from a server that was found good, at most for as long as the options say.
    pub(crate) async fn patiently<T, F>(
        &self,
        doing: &'static str,
        stream: &str,
        attempt: impl Fn() -> F,
    ) -> Result<T, BusError>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let begun = Instant::now();
        loop {
            let why = match self.attempt_once(&attempt).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Again(why)) => why,
            };
            let waited = begun.elapsed();
            if waited >= self.options.patience || self.closing.load(Ordering::SeqCst) {
                return Err(BusError::Unavailable { doing, stream: stream.to_owned(), waited, why });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn attempt_once<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        // A request on a broken connection would wait in the client's buffer, where nobody could take it back.
        let mut state = self.state.clone();
        let closing = self.closing.load(Ordering::SeqCst);
        let most = if closing { Duration::ZERO } else { self.options.answer_timeout };
        let connected = async { state.wait_for(|state| state.connected).await.is_ok() };
        if tokio::time::timeout(most, connected).await != Ok(true) {
            return Err(Failure::Again("not connected to a server".to_owned()));
        }
        // An answer does not come over another connection than its question went.
        let connections = state.borrow().connections;
        let broken = state.wait_for(|state| !state.connected || state.connections != connections);
        let answer = tokio::select! {
            answer = attempt() => answer?,
            _ = broken => return Err(Failure::Again("the connection broke before the answer came".to_owned())),
        };
        // The server may be another one by now, or have been started with other settings.
        let connections = self.state.borrow().connections;
        if self.checked.load(Ordering::SeqCst) != connections {
            self.check().await?;
        }
        Ok(answer)
    }

    /// Asks JetStream's interface.
    pub(crate) async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        subject: &str,
        question: &Q,
    ) -> Result<Result<A, jetstream::Error>, Failure> {
        let answer = self.context.request(subject.to_owned(), question).await;
        match answer.map_err(|error| Failure::Again(error.to_string()))? {
            jetstream::response::Response::Ok(answer) => Ok(Ok(answer)),
            jetstream::response::Response::Err { error } if passes(&error) => Err(Failure::Again(error.to_string())),
            jetstream::response::Response::Err { error } => Ok(Err(error)),
        }
    }

    /// Runs `work` on the backend's own runtime and waits for it, from any thread that is not of that runtime.
    pub(crate) fn run<T, F>(&self, work: F) -> Result<T, BusError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, BusError>> + Send + 'static,
    {
        let (answer, answered) = mpsc::sync_channel(1);
        self.handle.spawn(async move {
            // The receiver waits below until it is told, so this cannot fail.
            let _told = answer.send(work.await);
        });
        answered.recv().unwrap_or(Err(BusError::Closed))
    }

    /// Runs `work` beside everything else.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> tokio::task::JoinHandle<()> {
        self.handle.spawn(work)
    }

    /// From now on a request that fails is not tried again.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }
}

/// Whether the same request may succeed later: the cluster has no leader yet, or a server is still starting.
pub(crate) fn passes(error: &jetstream::Error) -> bool {
    error.code() == 503 && error.error_code() != ErrorCode::INSUFFICIENT_RESOURCES
}

async fn connect_options(address: &Address, options: Options) -> Result<ConnectOptions, BusError> {
    let mut connect = ConnectOptions::new()
        .name(format!("vigiles log {}", address.log))
        .require_tls(address.tls)
        .connection_timeout(options.answer_timeout)
        .request_timeout(Some(options.answer_timeout))
        .reconnect_delay_callback(|tries| Duration::from_millis(100 << tries.min(5)))
        .ping_interval(Duration::from_secs(10));
    connect = match address.login.clone() {
        Some(Login::Password(user, password)) => connect.user_and_password(user, password),
        Some(Login::Token(token)) => connect.token(token),
        None => connect,
    };
    if let Some(path) = &address.credentials {
        let with = connect.credentials_file(path).await;
        connect = with.map_err(|e| BusError::Address(format!("credentials file {}: {e}", path.display())))?;
    }
    if let Some(path) = &address.ca {
        connect = connect.add_root_certificates(path.clone());
    }
    if let Some((certificate, key)) = &address.certificate {
        connect = connect.add_client_certificate(certificate.clone(), key.clone());
    }
    Ok(connect)
}

/// A connection that is shared.
pub(crate) type Shared = Arc<Connection>;
