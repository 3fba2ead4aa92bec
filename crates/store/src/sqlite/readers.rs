//! A few connections that only read.

use std::path::Path;

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;

use super::schema;
use crate::contract::StoreError;

/// Reads at the same time; more wait. A read takes well under a millisecond, and each connection holds
/// its own page cache.
const READERS: usize = 4;

pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
}

impl Readers {
    pub(super) fn open(file: &Path) -> Result<Self, StoreError> {
        let idle = (0..READERS).map(|_| schema::open_reader(file)).collect::<Result<_, _>>()?;
        Ok(Self { idle: Mutex::new(idle), returned: Condvar::new() })
    }

    /// Runs a read on a connection of the pool; waits where all are busy.
    pub(super) fn with<T>(&self, read: impl FnOnce(&Connection) -> T) -> Result<T, StoreError> {
        let mut lent = Lent { pool: self, connection: Some(self.take()) };
        lent.connection.as_mut().map(|db| read(db)).ok_or(StoreError::Closed)
    }

    fn take(&self) -> Connection {
        let mut idle = self.idle.lock();
        loop {
            if let Some(connection) = idle.pop() {
                return connection;
            }
            self.returned.wait(&mut idle);
        }
    }
}

/// Gives the connection back, also where a read panics.
struct Lent<'a> {
    pool: &'a Readers,
    connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.idle.lock().push(connection);
            self.pool.returned.notify_one();
        }
    }
}
