//! The blocks of sealed files that a query has to look into.

use std::cmp::Reverse;
use std::sync::Arc;

use super::block::Meta;
use super::file::Sealed;
use super::footer::Footer;
use super::select::Filter;
use super::shared::Shared;
use crate::HistoryError;

/// A block that may have something.
pub(crate) struct Candidate {
    pub(crate) file: Arc<Sealed>,
    pub(crate) footer: Arc<Footer>,
    /// Its place in the footer.
    pub(crate) block: usize,
}

/// Which blocks come first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    /// By their oldest row.
    OldestFirst,
    /// By their newest row.
    NewestFirst,
}

impl Candidate {
    /// What the index says of it.
    pub(crate) fn meta(&self) -> &Meta {
        &self.footer.blocks[self.block]
    }
}

/// The blocks that may have something, in this order.
pub(crate) fn candidates(
    shared: &Shared,
    filter: &Filter<'_>,
    files: Vec<Arc<Sealed>>,
    order: Order,
) -> Result<Vec<Candidate>, HistoryError> {
    let mut found = Vec::new();
    for file in files.into_iter().filter(|file| filter.may_want_file(&file.entry)) {
        let footer = shared.footers.get(&file)?;
        for (block, meta) in footer.blocks.iter().enumerate() {
            if filter.may_want_block(&footer, meta) {
                found.push(Candidate { file: Arc::clone(&file), footer: Arc::clone(&footer), block });
            }
        }
    }
    match order {
        Order::OldestFirst => found.sort_by_key(|c| (c.meta().min_time, c.file.entry.id, c.block)),
        Order::NewestFirst => found.sort_by_key(|c| Reverse((c.meta().max_time, c.file.entry.id))),
    }
    Ok(found)
}
