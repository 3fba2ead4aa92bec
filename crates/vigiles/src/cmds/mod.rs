//! One module a command.

pub(crate) mod backup;
pub(crate) mod basemap;
pub(crate) mod check;
mod clients;
pub(crate) mod continuity;
pub(crate) mod import;
pub(crate) mod link;
pub(crate) mod openapi;
mod outlets;
pub(crate) mod replay;
pub(crate) mod run;
mod settings;
pub(crate) mod support;
pub(crate) mod token;

use std::io::Write as _;

/// Writes a line to standard output: the result of a command, as opposed to its log.
pub(crate) fn say(text: impl std::fmt::Display) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}
