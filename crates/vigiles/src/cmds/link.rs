//! `vigiles link`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::control::{self, Request};

/// Print a one-time sign-in link for an account, or for the first administrator.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The data directory, of a platform that runs or not.
    #[arg(long)]
    data: PathBuf,
    /// The configuration file: it says where the platform's data lie if not in the directory.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The account; without it the link makes the first administrator.
    #[arg(long)]
    account: Option<String>,
}

/// Makes a link.
pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let request = Request::CreateLink { account: arguments.account };
    let link = control::ask(&arguments.data, arguments.config.as_deref(), &request).context("no link was made")?;
    super::say(link)
}
