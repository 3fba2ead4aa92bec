//! A platform under faults that a seed decides: the power goes or the process is killed between any two changes of its
//! log and its history, syncs fail, the disk is full for a while, the clock is off by up to five minutes, deliveries come twice,
//! late and out of order. What was acknowledged is there once, no incident is doubled, and the log replayed from its
//! start gives the same alarms and incidents.
//!
//! The platform's threads run as they like: a seed decides the faults, not the order of threads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use vigiles_bus::ManualClock;
use vigiles_disk::simulated::{Chance, SimulatedDisk, seeds_at_once};
use vigiles_engine::CommandBody;
use vigiles_engine::rule::{Key, Rule};
use vigiles_formats::observation::Draft;
use vigiles_history::Query;
use vigiles_model::{Duration, Timestamp};
use vigiles_runtime::door::Door as _;
use vigiles_runtime::{Parts, Platform, Seat, Snapshots, TimeZone};

use crate::world::{SYSTEM, alarms, grant, incidents, kind, put, reading, settle, store, threshold_rule};

/// 2026-03-01T12:00:00Z.
const NOON: Timestamp = Timestamp(1_772_366_400_000_000);
const SKEW_S: usize = 300;
const ASSETS: usize = 6;
const HIGH: f64 = 90.0;
const CALM: f64 = 20.0;
/// Cities at once: each waits for its platform more than it works.
const AT_ONCE: usize = 8;

/// One platform with all that outlives its process.
struct City {
    disk: SimulatedDisk,
    folder: TempDir,
    clock: Arc<ManualClock>,
    chance: Chance,
    /// Readings so far; each has its number as its time.
    sent: i64,
    /// Batches as they were sent.
    batches: Vec<Vec<Draft>>,
    /// Which of them were acknowledged.
    acknowledged: BTreeSet<usize>,
    /// High readings that were sent.
    raised: usize,
}

fn platform(disk: &SimulatedDisk, history: &str, dir: &Path, clock: &Arc<ManualClock>) -> Option<Arc<Platform>> {
    let bus = vigiles_bus::Embedded::open_on(
        Arc::new(disk.clone()),
        Path::new("/data/log"),
        vigiles_bus::Options::default(),
        clock.clone(),
    );
    let options = vigiles_history::Options { memory_bytes: 20_000, ..vigiles_history::Options::default() };
    let history = vigiles_history::Embedded::open_on(Arc::new(disk.clone()), Path::new(history), options);
    let parts = Parts {
        bus: Arc::new(bus.ok()?),
        history: Arc::new(history.ok()?),
        store: store(dir, clock.clone()),
        clock: clock.clone(),
        snapshots: Arc::new(Snapshots::Directory(dir.join("engine"))),
        time_zone: TimeZone::default(),
        seat: Seat::Alone,
        task_kinds: crate::kinds::kinds(),
    };
    match Platform::start(parts) {
        Ok(platform) => Some(platform),
        // The disk may stop while the platform starts; else it must start.
        Err(error) => {
            assert!(disk.has_stopped(), "{error}");
            None
        }
    }
}

async fn furnish(platform: &Arc<Platform>) {
    let mut rule = Rule { key: Key::Asset, ..threshold_rule() };
    if let Some(incident) = &mut rule.incident {
        (incident.radius_m, incident.window_s) = (0.0, 0.0);
    }
    put(platform, CommandBody::PutKind(Box::new(kind()))).await.unwrap();
    put(platform, CommandBody::PutRule(Box::new(rule))).await.unwrap();
}

impl City {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let clock = Arc::new(ManualClock::new(NOON));
        let (batches, acknowledged, raised) = (Vec::new(), BTreeSet::new(), 0);
        let (disk, chance) = (SimulatedDisk::default(), Chance::new(seed));
        Self { disk, folder, clock, chance, sent: 0, batches, acknowledged, raised }
    }

    fn open(&self) -> Option<Arc<Platform>> {
        platform(&self.disk, "/data/history", self.folder.path(), &self.clock)
    }

    /// New readings, some of them older than ones sent before.
    fn batch(&mut self) -> Vec<Draft> {
        let mut drafts = Vec::new();
        for _ in 0..=self.chance.below(8) {
            // A high reading is the only one of its asset: what comes after newer ones of its series is not judged.
            let is_high = self.chance.once_in(12);
            self.raised += usize::from(is_high);
            let (value, asset) = if is_high { (HIGH, self.raised + ASSETS) } else { (CALM, self.chance.below(ASSETS)) };
            let time = NOON - Duration::from_secs(1800) + Duration::from_millis(self.sent);
            self.sent += 1;
            let mut draft = reading(value, time);
            draft.asset = Some(format!("a{asset}").into());
            drafts.push(draft);
        }
        if self.chance.once_in(3) {
            drafts.reverse();
        }
        drafts
    }

    /// Delivers until the disk stops or enough was delivered.
    async fn deliver(&mut self, platform: &Arc<Platform>) {
        for _ in 0..10 + self.chance.below(30) {
            let skew = self.chance.below(2 * SKEW_S) as i64 - SKEW_S as i64;
            self.clock.set(NOON + Duration::from_secs(skew));
            match self.chance.below(14) {
                0 => self.disk.set_space(Some(self.chance.below(2_000))),
                1 => self.disk.fail_syncs(1 + self.chance.below(2)),
                _ => self.disk.set_space(None),
            }
            // Anything sent before may come again, acknowledged or not.
            let number = if !self.batches.is_empty() && self.chance.once_in(4) {
                self.chance.below(self.batches.len())
            } else {
                let fresh = self.batch();
                self.batches.push(fresh);
                self.batches.len() - 1
            };
            match platform.submit(&grant(), self.batches[number].clone()).await {
                Ok(receipt) => {
                    assert!(receipt.rejected.is_empty(), "{receipt:?}");
                    self.acknowledged.insert(number);
                }
                Err(_refused) if self.disk.has_stopped() => return,
                Err(_refused) => {}
            }
        }
    }

    /// One life of the process, from its start to its end.
    async fn live(&mut self) {
        self.disk.set_space(None);
        self.disk.stop_after(if self.chance.once_in(4) { self.chance.below(30) as u64 } else { u64::MAX });
        if let Some(platform) = self.open() {
            self.disk.stop_after(self.chance.below(120) as u64);
            self.deliver(&platform).await;
            self.disk.stop_after(0);
            platform.stop();
        }
        self.disk.stop_after(0);
        self.disk =
            if self.chance.once_in(3) { self.disk.after_kill() } else { self.disk.after_power_cut(&mut self.chance) };
        if self.chance.once_in(4) {
            // The engine is rebuilt from the log.
            let _none_yet = std::fs::remove_dir_all(self.folder.path().join("engine"));
        }
    }

    async fn verify(&mut self) {
        self.clock.set(NOON);
        let platform = self.open().unwrap();
        // What was never acknowledged is sent once more, as a sender does.
        for (number, batch) in self.batches.iter().enumerate() {
            if !self.acknowledged.contains(&number) {
                platform.submit(&grant(), batch.clone()).await.unwrap();
            }
        }
        settle(&platform).await;
        let page = platform.history().page(&SYSTEM, &Query { limit: 10_000, ..Query::default() }).unwrap();
        let mut times: BTreeMap<Timestamp, usize> = BTreeMap::new();
        for observation in &page.observations {
            *times.entry(observation.time).or_default() += 1;
        }
        let sent: BTreeSet<_> = self.batches.iter().flatten().filter_map(|draft| draft.time).collect();
        assert_eq!(times.keys().copied().collect::<BTreeSet<_>>(), sent, "lost or invented");
        assert!(times.values().all(|count| *count == 1), "doubled");
        let raised = (alarms(&platform), incidents(&platform));
        assert_eq!((raised.0.len(), raised.1.len()), (self.raised, self.raised), "alarms and incidents");
        platform.stop();
        drop(platform);
        self.replay(&raised).await;
    }

    /// The log from its start, with nothing else, gives the same.
    async fn replay(&self, raised: &(Vec<vigiles_model::Alarm>, Vec<vigiles_model::Incident>)) {
        let fresh = tempfile::tempdir_in("/dev/shm").unwrap();
        let disk = self.disk.after_kill();
        let again = platform(&disk, "/data/other", fresh.path(), &self.clock).unwrap();
        settle(&again).await;
        assert_eq!(&(alarms(&again), incidents(&again)), raised, "the log replayed from its start");
        again.stop();
    }
}

fn check_seed(seed: u64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut city = City::new(seed);
        let platform = city.open().unwrap();
        furnish(&platform).await;
        platform.stop();
        drop(platform);
        for _ in 0..=city.chance.below(4) {
            city.live().await;
        }
        city.verify().await;
    });
}

#[test]
fn nothing_is_lost_or_doubled_under_faults() {
    seeds_at_once(AT_ONCE, 200, check_seed);
}
