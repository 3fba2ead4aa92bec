//! What an alarm rests on: the readings that it keeps, and where history has the others.

use vigiles_model::alarm::{Basis, MAX_NAMED};
use vigiles_model::{AssetId, BoundingBox, KindId, Observation, SourceId, Timestamp, ZoneId};

use crate::compiled::{Compiled, Judge};
use crate::rule::{Detector, Drift};
use crate::slot::{Address, Evidence, Memory, NONE, Phase, Scope, Slot};
use crate::statistic::Kernel;
use crate::turn::Turn;

/// What an alarm is raised with.
pub(crate) struct Grounds {
    pub(crate) evidence: Evidence,
    /// Readings before the first that says so: what a rate or a flat line was compared with.
    before: Vec<Observation>,
    /// Phenomenon time of the first reading behind it, where the detector knows it.
    since: Option<i64>,
    /// Where the readings of a cluster lie.
    area: Option<BoundingBox>,
}

impl From<Evidence> for Grounds {
    fn from(evidence: Evidence) -> Self {
        Self { evidence, before: Vec::new(), since: None, area: None }
    }
}

impl Grounds {
    /// Those of a state whose alarm is to be raised: what was gathered while pending; for a silence its last reading, for
    /// a count what is in the window.
    pub(crate) fn of(slot: &mut Slot, since: Option<i64>) -> Self {
        let evidence = slot.evidence.take().map(|e| *e).unwrap_or_default();
        let mut grounds = Self { since, ..evidence.into() };
        if let Memory::Last { observation, .. } = &slot.memory {
            grounds.evidence = Evidence { causes: vec![(**observation).clone()], support: 1, figure: 0.0 };
        }
        if let Some(counter) = slot.memory.count() {
            let held = counter.len();
            grounds.evidence = Evidence { causes: counter.causes(), support: held as u64, figure: held as f64 };
            grounds.area = slot.cluster_area();
        }
        match slot.memory {
            Memory::Previous { .. } => {
                grounds.part(slot.phase);
                grounds.evidence.support += grounds.before.len() as u64;
            }
            Memory::Level(level) => {
                grounds.part(slot.phase);
                grounds.since = Some(level.since);
                grounds.evidence.support = level.count.into();
            }
            _ => {}
        }
        grounds
    }

    /// Parts the readings that were compared with from the first that says so on.
    fn part(&mut self, phase: Phase) {
        let causes = &mut self.evidence.causes;
        let first = match phase {
            Phase::Pending { since, .. } => causes.iter().position(|o| o.time.0 >= since).unwrap_or(0),
            _ => causes.len().saturating_sub(1),
        };
        self.before = causes.drain(..first).collect();
    }
}

impl Slot {
    /// The box around the readings of a cluster.
    fn cluster_area(&self) -> Option<BoundingBox> {
        match (self.address.scope, &self.memory) {
            (Scope::Cluster(_), Memory::Counter(counter)) => BoundingBox::of(counter.places()),
            _ => None,
        }
    }

    /// Keeps a reading that a later one will be compared with, at most so many: the first and the latest. While an
    /// alarm is pending, what began it is known already.
    pub(crate) fn compare_with(&mut self, o: &Observation, most: usize) {
        if matches!(self.phase, Phase::Pending { .. }) {
            return;
        }
        let kept = &mut self.evidence.get_or_insert_default().causes;
        kept.truncate(most.saturating_sub(1));
        kept.push(o.clone());
    }
}

impl Turn<'_> {
    /// Where history has the readings behind an alarm. None for one that stands for others.
    pub(crate) fn basis(&self, rule: &Compiled, address: Address, grounds: &Grounds) -> Option<Basis> {
        let causes = &grounds.evidence.causes;
        let times = grounds.before.iter().chain(causes).map(|o| o.time.0);
        let (first, last) = (times.clone().min()?, times.max()?);
        let (back, on) = reach(rule);
        let first = grounds.since.map_or(first, |since| since.min(first)).saturating_sub(back);
        let mut basis = Basis {
            from: Timestamp(first),
            to: Timestamp(last.saturating_add(on)),
            kinds: self.kinds_behind(rule, address),
            assets: Vec::new(),
            source: None,
            zone: None,
            area: grounds.area,
            before: grounds.before.clone(),
        };
        let name = |name: u32| self.live.names.text(name);
        match address.scope {
            Scope::Flood => return None,
            Scope::Cluster(_) | Scope::All => {}
            Scope::Asset(asset) => {
                basis.assets.extend(AssetId::new(name(asset)));
                if let (Detector::Drift(drift), Some(o)) = (&rule.rule.detector, causes.last()) {
                    basis.assets.extend(self.neighbours_behind(address, asset, drift, o));
                }
            }
            Scope::Source(source) => basis.source = SourceId::new(name(source)).ok(),
            Scope::Zone(zone) => basis.zone = ZoneId::new(name(zone)).ok(),
        }
        Some(basis)
    }

    fn kinds_behind(&self, rule: &Compiled, address: Address) -> Vec<KindId> {
        match address.kind {
            NONE => rule.rule.kinds.iter().take(MAX_NAMED).cloned().collect(),
            kind => KindId::new(self.live.names.text(kind)).into_iter().collect(),
        }
    }

    /// The assets that one is compared with, the nearest first; of those as near in the order of their names.
    fn neighbours_behind(&self, address: Address, asset: u32, drift: &Drift, o: &Observation) -> Vec<AssetId> {
        let all = Address { scope: Scope::All, ..address };
        let memory = self.live.find_slot(&all).and_then(|index| self.live.slot(index)).map(|slot| &slot.memory);
        let (Some(Memory::Neighbourhood(near)), Some(place)) = (memory, &o.place) else { return Vec::new() };
        let named = |(name, distance_m): (u32, f64)| (distance_m, self.live.names.text(name));
        let mut found: Vec<_> = near.asked(asset, (place.centre(), o.time.0), drift).into_iter().map(named).collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
        found.into_iter().take(MAX_NAMED - 1).filter_map(|(_, name)| AssetId::new(name).ok()).collect()
    }
}

/// How far before the first and after the last of its readings a rule looks, in microseconds.
fn reach(rule: &Compiled) -> (i64, i64) {
    // A window holds what is younger than its length.
    let window = |length: i64| (length.saturating_sub(1).max(0), 0);
    match &rule.judge {
        Judge::Condition(e) => window(e.windows.iter().copied().max().unwrap_or(0)),
        Judge::Count { .. } => window(rule.timing.window),
        Judge::Absence { reach } => (0, reach.span),
        Judge::Statistic { fresh, .. } => match fresh {
            Kernel::Baseline(kernel) => (kernel.season().period_us, 0),
            Kernel::Forecast(kernel) => (kernel.season().period_us, 0),
            Kernel::Anomaly(kernel) => (kernel.season().period_us, 0),
            // It knows when the change began.
            Kernel::ChangePoint(_) => (0, 0),
            Kernel::Drift(_) => match &rule.rule.detector {
                Detector::Drift(drift) => ((drift.fresh_s * 1e6) as i64, 0),
                _ => (0, 0),
            },
        },
        _ => (0, 0),
    }
}
