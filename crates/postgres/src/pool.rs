//! A few connections that read.

use std::time::Instant;

use parking_lot::{Condvar, Mutex};
use postgres::Client;

use crate::error::is_passing;
use crate::{PATIENCE, PostgresError, Server, on_this_thread};

/// At most `size` connections, opened when they are first needed and opened again when they are lost.
pub struct Pool {
    server: Server,
    size: usize,
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Client>,
    /// Places taken: connections in use, and those that are being opened.
    lent: usize,
}

impl Pool {
    /// An empty pool.
    pub fn new(server: Server, size: usize) -> Self {
        Self { server, size, state: Mutex::default(), returned: Condvar::new() }
    }

    /// Runs a read. Where the connection is lost it is run again on a new one; the server may be away for [`PATIENCE`], and so
    /// long is waited where all connections are busy.
    pub fn read<T>(
        &self,
        doing: &'static str,
        read: impl FnMut(&mut Client) -> Result<T, postgres::Error>,
    ) -> Result<T, PostgresError> {
        on_this_thread(|| self.read_patiently(doing, read))
    }

    fn read_patiently<T>(
        &self,
        doing: &'static str,
        mut read: impl FnMut(&mut Client) -> Result<T, postgres::Error>,
    ) -> Result<T, PostgresError> {
        let deadline = Instant::now() + PATIENCE;
        let mut lent = self.lend(deadline)?;
        loop {
            let mut client = match lent.client.take().filter(|client| !client.is_closed()) {
                Some(client) => client,
                None => self.server.connect_until(deadline)?,
            };
            match read(&mut client) {
                Err(error) if is_passing(&error) && Instant::now() < deadline => {
                    tracing::debug!(server = self.server.name(), doing, "a read is done again on a new connection");
                }
                answer => {
                    lent.client = Some(client);
                    return answer.map_err(|e| PostgresError::of(self.server.name(), doing, &e));
                }
            }
        }
    }

    fn lend(&self, deadline: Instant) -> Result<Lent<'_>, PostgresError> {
        let mut state = self.state.lock();
        while state.lent >= self.size {
            if self.returned.wait_until(&mut state, deadline).timed_out() {
                let what = format!("all {} connections are busy", self.size);
                return Err(PostgresError::Unreachable { server: self.server.name().to_owned(), what });
            }
        }
        state.lent += 1;
        Ok(Lent { pool: self, client: state.idle.pop() })
    }
}

/// Gives the place back, and the connection where it is whole.
struct Lent<'a> {
    pool: &'a Pool,
    client: Option<Client>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let client = self.client.take().filter(|client| !client.is_closed());
        let mut state = self.pool.state.lock();
        state.lent -= 1;
        state.idle.extend(client);
        drop(state);
        self.pool.returned.notify_one();
    }
}
