//! `vigiles run`: every role in one process, or some of them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use vigiles_api::Settings;
use vigiles_bus::BusError;
use vigiles_connect::mqtt;
use vigiles_connect::task_kinds::{REGISTERED, carriers};
use vigiles_runtime::door::Door;
use vigiles_runtime::{Platform, StartError};
use vigiles_store::StoreError;
use vigiles_trust::Context;

use crate::backends::{self, Layout, Opened};
use crate::backups::Backups;
use crate::city::{self, Addresses, City};
use crate::cmds;
use crate::config::Config;
use crate::control::{self, Desk};
use crate::roles::{Role, Roles};

/// Start the platform: every role in one process and one data directory, or some roles on servers.
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
    /// What this process does, with commas: ingest, api, engine. Goes before `roles` of the configuration file.
    #[arg(long)]
    roles: Option<Roles>,
    /// The name of this process, needed without the role `engine`. Goes before `name` of the configuration file.
    #[arg(long)]
    name: Option<String>,
    /// Take over from the engine that works on the servers, rather than stand by until it ends.
    #[arg(long)]
    take_over: bool,
}

impl Arguments {
    fn config(&self) -> Result<Config> {
        let mut config = Config::read(self.config.as_deref())?;
        config.roles = self.roles.clone().or(config.roles);
        config.name = self.name.clone().or(config.name);
        Ok(config)
    }
}

/// Where the doors of this process listen; MQTT where it takes observations.
struct Sockets {
    http: TcpListener,
    mqtt: Option<TcpListener>,
}

/// Runs until the first signal, then stops in order; the second signal stops at once.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let config = arguments.config()?;
    let roles = config.roles();
    let city = arguments.city.as_deref().map(City::read).transpose()?;
    let time_zone = city.as_ref().map(|city| city.file.time_zone.clone()).unwrap_or_default();
    if !arguments.take_over {
        backends::stand_by(&arguments.data, &config)?;
    }
    // Before anything is read: a port that is taken is said at once.
    let what = if roles.has(Role::Api) { "the console and the API" } else { "deliveries and health" };
    let http = listen(arguments.listen, what, "--listen")?;
    let mqtt = roles.has(Role::Ingest).then(|| listen(arguments.mqtt, "the MQTT broker", "--mqtt")).transpose()?;
    let Opened { parts, lock: _lock, shipping } = backends::open(&arguments.data, &config, time_zone)?;
    if let Some(city) = &city {
        make_basemap(city, &Layout::new(&arguments.data).basemap)?;
    }
    let backups = shipping.clone().map(|shipping| {
        Arc::new(Backups::new(shipping, &parts, &arguments.data, arguments.config.as_deref(), city.as_ref()))
    });
    let platform = Platform::start(parts).map_err(not_started)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let mqtt = mqtt.map(TcpListener::from_std).transpose()?;
        let sockets = Sockets { http: TcpListener::from_std(http)?, mqtt };
        serve(arguments, sockets, &config, city.as_ref(), &platform, backups).await
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    platform.stop();
    if let Some(shipping) = shipping {
        shipping.finish();
    }
    served
}

async fn serve(
    arguments: &Arguments,
    sockets: Sockets,
    config: &Config,
    city: Option<&City>,
    platform: &Arc<Platform>,
    backups: Option<Arc<Backups>>,
) -> Result<()> {
    let mut signals = Signals::install()?;
    let (stopper, stop) = watch::channel(false);
    let roles = config.roles();
    let http = sockets.http.local_addr()?;
    let mqtt = sockets.mqtt.as_ref().map(TcpListener::local_addr).transpose()?;
    warn_of_open_doors(http, mqtt, config);
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{http}"));

    let mut doors = JoinSet::new();
    if roles.has(Role::Engine) {
        platform.run_errands(carriers(REGISTERED, &super::outlets::outlets(config)?));
        let brokers = super::clients::Brokers::read(config)?;
        doors.spawn(super::clients::keep(platform.clone(), brokers, stop.clone()));
    }
    let broker = sockets.mqtt.map(|socket| {
        let door: Arc<dyn Door> = Arc::new(platform.clone());
        let broker = mqtt::Broker::new(door, mqtt::Config::default());
        doors.spawn(broker.clone().serve(socket, stop.clone()));
        broker
    });
    keep_copies(config, city, platform, backups.as_ref(), &stop);
    control::serve(&arguments.data, Desk { platform: platform.clone(), backups, base: base.clone() })?;
    let settings = super::settings::settings(&arguments.data, &base, city, broker.as_ref(), stop.clone());
    let settings = Settings { ingest: roles.has(Role::Ingest), api: roles.has(Role::Api), ..settings };
    let router = vigiles_api::router(platform.clone(), settings);
    doors.spawn(vigiles_api::serve(sockets.http, router, vigiles_api::PATIENCE, stop.clone()));
    announce(&roles, &base, mqtt)?;
    let work = async {
        if let Some(city) = city {
            prepare(city, platform, arguments, &roles, (http, mqtt), &stop).await?;
        }
        if roles.has(Role::Api) {
            greet(city, platform, &base)?;
        }
        anyhow::Ok(TakenOver(platform.taken_over().await))
    };
    let taken_over = tokio::select! {
        () = signals.next() => None,
        why = work => Some(why?),
    };
    tracing::info!("stopping; a second signal stops at once");
    stopper.send_replace(true);
    tokio::select! {
        ended = finish(doors) => ended?,
        () = signals.next() => anyhow::bail!("stopped by a second signal"),
    }
    taken_over.map_or(Ok(()), |why| Err(why.into()))
}

/// Backups and pages that open without the platform, where the configuration asks for them.
fn keep_copies(
    config: &Config,
    city: Option<&City>,
    platform: &Arc<Platform>,
    backups: Option<&Arc<Backups>>,
    stop: &watch::Receiver<bool>,
) {
    if let (Some(backups), Some(settings)) = (backups, &config.backup) {
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
}

/// Says where the process is reached.
fn announce(roles: &Roles, base: &str, mqtt: Option<SocketAddr>) -> Result<()> {
    let what = match (roles.has(Role::Api), roles.has(Role::Ingest)) {
        (true, _) => "console and API",
        (false, true) => "deliveries",
        (false, false) => "health",
    };
    let mqtt = mqtt.map(|address| format!(", MQTT at {address}")).unwrap_or_default();
    cmds::say(format_args!("vigiles: {what} at {base}{mqtt}"))
}

/// Why a platform ended that was shut out: it must not be started again by itself, or two of them would take turns.
#[derive(Debug, thiserror::Error)]
#[error("another process has taken over: {0}")]
pub(crate) struct TakenOver(String);

/// Where two stand by and both take over, one of them is too late.
fn not_started(error: StartError) -> anyhow::Error {
    match error {
        StartError::Store(fenced @ StoreError::Fenced { .. }) => TakenOver(fenced.to_string()).into(),
        StartError::Log(fenced @ BusError::Fenced { .. }) => TakenOver(fenced.to_string()).into(),
        other => anyhow::Error::new(other).context("starting the platform"),
    }
}

/// Waits until every door has ended.
async fn finish(mut doors: JoinSet<()>) -> Result<()> {
    while let Some(ended) = doors.join_next().await {
        ended?;
    }
    Ok(())
}

async fn prepare(
    city: &City,
    platform: &Arc<Platform>,
    arguments: &Arguments,
    roles: &Roles,
    (http, mqtt): (SocketAddr, Option<SocketAddr>),
    stop: &watch::Receiver<bool>,
) -> Result<()> {
    if roles.has(Role::Engine) {
        let taken = city::take_over(city, platform, &arguments.data).await?;
        if taken > 0 {
            tracing::info!(taken, city = city.file.name, "configuration taken over");
        }
    }
    match mqtt {
        Some(mqtt) => city::start_replays(city, platform, Addresses { http, mqtt }, stop),
        None => Ok(()),
    }
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
fn warn_of_open_doors(http: SocketAddr, mqtt: Option<SocketAddr>, config: &Config) {
    let behind_tls = config.public_url.as_ref().is_some_and(|url| url.starts_with("https://"));
    if !http.ip().is_loopback() && !behind_tls {
        tracing::warn!(
            address = %http,
            "passwords and data cross the network unencrypted: put a TLS proxy before it and set `public_url` (docs/operate.md)"
        );
    }
    if let Some(mqtt) = mqtt.filter(|mqtt| !mqtt.ip().is_loopback()) {
        tracing::warn!(
            address = %mqtt,
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
