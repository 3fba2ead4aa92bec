//! Forgetting what is too old: whole blocks, without decoding them.

use std::sync::Arc;

use vigiles_model::{Duration, KindId, Timestamp};

use super::file::{Sealed, Writer};
use super::footer::Footer;
use super::manifest::Entry;
use super::shared::Shared;
use crate::{Expired, HistoryError};

/// Drops the blocks whose newest observation is older than its kind allows.
pub(crate) fn expire(
    shared: &Shared,
    retention: &dyn Fn(&KindId) -> Duration,
    now: Timestamp,
) -> Result<Expired, HistoryError> {
    let _maintenance = shared.maintenance.lock();
    let files = shared.rest.read().files.clone();
    let mut expired = Expired::default();
    for file in files {
        let footer = shared.footers.get(&file)?;
        let oldest: Vec<i64> = footer.kinds.iter().map(|kind| (now - retention(kind)).0).collect();
        let keep: Vec<bool> = footer.blocks.iter().map(|b| b.max_time >= oldest[b.kind as usize]).collect();
        if keep.iter().all(|keep| *keep) {
            continue;
        }
        let kept = if keep.contains(&true) { Some(rewrite(shared, &file, &footer, &keep)?) } else { None };
        expired.observations += file.entry.rows - kept.map_or(0, |entry| entry.rows);
        expired.bytes += file.entry.bytes - kept.map_or(0, |entry| entry.bytes).min(file.entry.bytes);
        expired.files += u64::from(kept.is_none());
        shared.commit(&[file], kept.as_slice(), None)?;
    }
    Ok(expired)
}

/// Copies the blocks that stay into a new file.
fn rewrite(shared: &Shared, file: &Arc<Sealed>, footer: &Footer, keep: &[bool]) -> Result<Entry, HistoryError> {
    let handle = file.open()?;
    let mut writer = Writer::create(&shared.disk, &shared.directory, shared.new_id())?;
    for (meta, _) in footer.blocks.iter().zip(keep).filter(|(_, keep)| **keep) {
        let copied = file
            .block_bytes(&*handle, meta)
            .and_then(|bytes| writer.copy(&bytes, meta, &footer.kinds[meta.kind as usize]));
        if let Err(error) = copied {
            writer.abandon();
            return Err(error);
        }
    }
    writer.finish()
}
