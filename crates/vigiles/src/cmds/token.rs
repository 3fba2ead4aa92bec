//! `vigiles token create`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use vigiles_model::SourceId;
use vigiles_trust::Role;

use crate::control::{self, Request};

/// Make bearer tokens for devices, sources and scripts.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a token and print it; it is not shown again.
    Create {
        /// The data directory, of a platform that runs or not.
        #[arg(long)]
        data: PathBuf,
        /// The configuration file: it says where the platform's data lie if not in the directory.
        #[arg(long)]
        config: Option<PathBuf>,
        /// operator, supervisor, analyst, integrator, auditor, administrator, device or source.
        #[arg(long)]
        role: Role,
        /// Name for people.
        #[arg(long)]
        name: String,
        /// The source that it speaks for; needed for a device.
        #[arg(long)]
        source: Option<SourceId>,
    },
}

/// Makes a token.
pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let Command::Create { data, config, role, name, source } = arguments.command;
    let request = Request::CreateToken { role, name, source };
    let token = control::ask(&data, config.as_deref(), &request).context("no token was made")?;
    super::say(token)
}
