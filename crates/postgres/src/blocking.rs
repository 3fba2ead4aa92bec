//! Calls from threads that drive asynchronous tasks.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Runs work with a client, which drives its connection itself and so refuses a thread of an asynchronous runtime. On such a
/// thread the other tasks are handed to another one first; the runtime must have several threads.
pub fn on_this_thread<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
