//! `vigiles replay FILE`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use vigiles_connect::replay::{self, Options, Target};
use vigiles_formats::mapping::Mapping;

/// Play a recording through the doors of a running platform, as any client would.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The recording: CSV or NDJSON, gzip-compressed or not.
    file: PathBuf,
    /// How many recorded seconds pass in one.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Where to: http://HOST:PORT, or mqtt://HOST:PORT.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    to: String,
    /// A token that may deliver; `vigiles token create --role source` makes one.
    #[arg(long, env = "VIGILES_TOKEN", hide_env_values = true)]
    token: String,
    /// How rows become observations (TOML); needed for CSV.
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// Keep the recorded times instead of starting now.
    #[arg(long)]
    keep_times: bool,
    /// Start again at the end.
    #[arg(long = "loop")]
    repeat: bool,
}

/// Plays to the end, or until a signal.
pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let options = Options {
        speed: arguments.speed,
        start_offset_s: 0.0,
        keep_times: arguments.keep_times,
        repeat: arguments.repeat,
        mapping: arguments.mapping.as_deref().map(read_mapping).transpose()?,
        target: target(&arguments.to, arguments.token)?,
    };
    let (_running, stop) = tokio::sync::watch::channel(false);
    let summary = replay::play(&arguments.file, &options, &stop)?;
    super::say(format_args!(
        "{} accepted, {} delivered before, {} refused, {} rows not readable",
        summary.accepted, summary.duplicates, summary.rejected, summary.unreadable
    ))?;
    match summary.first_problem {
        Some(problem) if summary.accepted + summary.duplicates == 0 => bail!("nothing was taken: {problem}"),
        Some(problem) => super::say(format_args!("first problem: {problem}")),
        None => Ok(()),
    }
}

/// Reads a mapping file.
pub(crate) fn read_mapping(path: &Path) -> Result<Mapping> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    Mapping::from_toml(&text).with_context(|| format!("in {}", path.display()))
}

fn target(to: &str, token: String) -> Result<Target> {
    if let Some(address) = to.strip_prefix("mqtt://") {
        let (host, port) = address.rsplit_once(':').unwrap_or((address, "1883"));
        let port = port.parse().with_context(|| format!("{port:?} is no port"))?;
        return Ok(Target::Mqtt { address: (host.to_owned(), port), token });
    }
    if to.starts_with("http://") || to.starts_with("https://") {
        return Ok(Target::Http { url: to.to_owned(), token });
    }
    bail!("--to takes http://HOST:PORT or mqtt://HOST:PORT, not {to:?}")
}
