//! `vigiles run`: every role in one process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use vigiles_connect::mqtt;
use vigiles_runtime::Platform;
use vigiles_runtime::door::Door;
use vigiles_trust::Context;

use crate::backends::{self, Layout, Opened};
use crate::backups::Backups;
use crate::city::{self, Addresses, City};
use crate::cmds;
use crate::config::Config;
use crate::control::{self, Desk};

/// Start the platform: every role in one process, in one data directory.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The data directory; made where it does not exist.
    #[arg(long)]
    data: PathBuf,
    /// Where the console and the API listen.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the MQTT broker listens.
    #[arg(long, default_value = "127.0.0.1:1883")]
    mqtt: SocketAddr,
    /// A city directory: kinds, assets, zones, rules, playbooks, sources, recordings.
    #[arg(long)]
    city: Option<PathBuf>,
    /// The configuration file.
    #[arg(long)]
    config: Option<PathBuf>,
}

/// Runs until the first signal, then stops in order; the second signal stops at once.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let config = Config::read(arguments.config.as_deref())?;
    let city = arguments.city.as_deref().map(City::read).transpose()?;
    let time_zone = city.as_ref().map(|city| city.file.time_zone.clone()).unwrap_or_default();
    // Before anything is read: a port that is taken is said at once.
    let http = listen(arguments.listen, "the console and the API", "--listen")?;
    let mqtt = listen(arguments.mqtt, "the MQTT broker", "--mqtt")?;
    let Opened { parts, lock: _lock, shipping } = backends::open(&arguments.data, &config, time_zone)?;
    if let Some(city) = &city {
        make_basemap(city, &Layout::new(&arguments.data).basemap)?;
    }
    let backups = shipping.clone().map(|shipping| {
        Arc::new(Backups::new(shipping, &parts, &arguments.data, arguments.config.as_deref(), city.as_ref()))
    });
    let platform = Platform::start(parts).context("starting the platform")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(arguments, (http, mqtt), &config, city.as_ref(), &platform, backups));
    runtime.shutdown_timeout(Duration::from_secs(5));
    platform.stop();
    if let Some(shipping) = shipping {
        shipping.finish();
    }
    served
}

async fn serve(
    arguments: &Arguments,
    (http, mqtt): (std::net::TcpListener, std::net::TcpListener),
    config: &Config,
    city: Option<&City>,
    platform: &Arc<Platform>,
    backups: Option<Arc<Backups>>,
) -> Result<()> {
    let mut signals = Signals::install()?;
    let (stopper, stop) = watch::channel(false);
    let (http, broker_socket) = (TcpListener::from_std(http)?, TcpListener::from_std(mqtt)?);
    let addresses = Addresses { http: http.local_addr()?, mqtt: broker_socket.local_addr()? };
    warn_of_open_doors(addresses, config);
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{}", addresses.http));

    platform.run_errands(Some(super::outbound::carrier(config)?));
    let brokers = super::clients::Brokers::read(config)?;
    let door: Arc<dyn Door> = Arc::new(platform.clone());
    let broker = mqtt::Broker::new(door, mqtt::Config::default());
    let broker_task = tokio::spawn(broker.clone().serve(broker_socket, stop.clone()));
    let clients = tokio::spawn(super::clients::keep(platform.clone(), brokers, stop.clone()));
    if let (Some(backups), Some(settings)) = (&backups, &config.backup) {
        tokio::spawn(backups.clone().keep(Duration::from_secs(settings.every_s), stop.clone()));
    }
    if let Some(settings) = &config.continuity {
        let city = city.map(|city| city.file.name.clone()).unwrap_or_default();
        let pages = super::continuity::keep(settings.clone(), city, platform.clone(), stop.clone());
        tokio::spawn(async move {
            if let Err(error) = pages.await {
                tracing::error!(error = format!("{error:#}"), "no continuity pages are written");
            }
        });
    }
    control::serve(&arguments.data, Desk { platform: platform.clone(), backups, base: base.clone() })?;

    let settings = super::settings::settings(&arguments.data, &base, city, &broker, stop.clone());
    let router = vigiles_api::router(platform.clone(), settings);
    let http_task = tokio::spawn(vigiles_api::serve(http, router, vigiles_api::PATIENCE, stop.clone()));
    cmds::say(format_args!("vigiles: console and API at {base}, MQTT at {}", addresses.mqtt))?;
    let work = async {
        if let Some(city) = city {
            prepare(city, platform, &arguments.data, addresses, &stop).await?;
        }
        greet(city, platform, &base)?;
        anyhow::Ok(TakenOver(platform.taken_over().await))
    };
    let taken_over = tokio::select! {
        () = signals.next() => None,
        why = work => Some(why?),
    };
    tracing::info!("stopping; a second signal stops at once");
    stopper.send_replace(true);
    tokio::select! {
        ended = finish(broker_task, clients, http_task) => ended?,
        () = signals.next() => anyhow::bail!("stopped by a second signal"),
    }
    taken_over.map_or(Ok(()), |why| Err(why.into()))
}

/// Why a platform ended that was shut out: it must not be started again by itself, or two of them would take turns.
#[derive(Debug, thiserror::Error)]
#[error("another process has taken over: {0}")]
pub(crate) struct TakenOver(String);

/// Waits until every door has ended.
async fn finish(broker: JoinHandle<()>, clients: JoinHandle<()>, http: JoinHandle<()>) -> Result<()> {
    broker.await?;
    clients.await?;
    Ok(http.await?)
}

async fn prepare(
    city: &City,
    platform: &Arc<Platform>,
    data: &Path,
    addresses: Addresses,
    stop: &watch::Receiver<bool>,
) -> Result<()> {
    let taken = city::take_over(city, platform, data).await?;
    if taken > 0 {
        tracing::info!(taken, city = city.file.name, "configuration taken over");
    }
    city::start_replays(city, platform, addresses, stop)
}

/// Tells a newcomer how to get in: nothing is open, and there is no default password.
fn greet(city: Option<&City>, platform: &Platform, base: &str) -> Result<()> {
    let directory = platform.directory();
    let now = platform.now();
    if let Some(city) = city.filter(|city| city.file.demo) {
        let account = city::demo_account(city, directory, now)?;
        let link = directory.sign_in_link(&Context::system("demo"), &account, false, now)?;
        cmds::say(format_args!("\n  Open the demo city: {}\n", control::link_address(base, &link)))?;
    }
    if let Some(link) = directory.first_administrator_link(now)? {
        let link = control::link_address(base, &link);
        cmds::say(format_args!("  Make the first administrator (one use): {link}\n"))?;
    }
    Ok(())
}

fn listen(address: SocketAddr, what: &str, option: &str) -> Result<std::net::TcpListener> {
    let bound = std::net::TcpListener::bind(address);
    let listener =
        bound.with_context(|| format!("listening on {address} for {what} ({option} names another address)"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The doors speak no TLS themselves: whoever opens them to a network must know it.
fn warn_of_open_doors(addresses: Addresses, config: &Config) {
    let behind_tls = config.public_url.as_ref().is_some_and(|url| url.starts_with("https://"));
    if !addresses.http.ip().is_loopback() && !behind_tls {
        tracing::warn!(
            address = %addresses.http,
            "passwords and data cross the network unencrypted: put a TLS proxy before it and set `public_url` (docs/operate.md)"
        );
    }
    if !addresses.mqtt.ip().is_loopback() {
        tracing::warn!(
            address = %addresses.mqtt,
            "MQTT tokens and readings cross the network unencrypted: put a TLS proxy before it (docs/operate.md)"
        );
    }
}

/// Makes the base map once, or anew where the extract is newer.
fn make_basemap(city: &City, map: &Path) -> Result<()> {
    let Some(extract) = city.file.basemap.as_ref().map(|file| city.dir.join(file)) else { return Ok(()) };
    let changed = |path: &Path| path.metadata().and_then(|m| m.modified());
    let extract_time = changed(&extract).with_context(|| format!("reading {}", extract.display()))?;
    if changed(map).is_ok_and(|made| made >= extract_time) {
        return Ok(());
    }
    tracing::info!(extract = %extract.display(), "making the base map, once");
    cmds::basemap::build(&extract, map).map(drop)
}

/// What asks the program to stop. From the first moment on, so that an early signal stops it in order too.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn install() -> Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
