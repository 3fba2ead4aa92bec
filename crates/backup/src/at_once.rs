//! Asking for many objects at once: a store far away answers each only after a while.

use std::thread::ScopedJoinHandle;

use crate::error::BackupError;

/// Objects asked for at once.
pub(crate) const AT_ONCE: usize = 16;

/// Asks for each of a list, some at once; gives the answers in their order, and ends at the first error.
pub(crate) fn at_once<T: Sync, R: Send>(
    list: &[T],
    ask: impl Fn(&T) -> Result<R, BackupError> + Sync,
) -> Result<Vec<R>, BackupError> {
    let (mut answers, ask) = (Vec::with_capacity(list.len()), &ask);
    for some in list.chunks(AT_ONCE) {
        let batch: Result<Vec<R>, BackupError> = std::thread::scope(|scope| {
            let threads: Vec<_> = some.iter().map(|one| scope.spawn(move || ask(one))).collect();
            threads.into_iter().map(join).collect()
        });
        answers.extend(batch?);
    }
    Ok(answers)
}

fn join<R>(thread: ScopedJoinHandle<'_, Result<R, BackupError>>) -> Result<R, BackupError> {
    match thread.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
