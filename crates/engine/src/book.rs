//! The rules that are ready to judge, indexed by kind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;
use vigiles_model::alarm::Stage;
use vigiles_model::unit::Conversion;
use vigiles_model::{KindId, RuleId};

use crate::compiled::{Compiled, CompiledPart, Judge};
use crate::config::Config;
use crate::expression::{Conjunction, Expression};
use crate::incidents::Reaches;
use crate::names::Names;
use crate::partition::Seat;
use crate::rule::Key;
use crate::spent::Spent;

/// The rules for one kind, in the order of their ids.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) kind: u32,
    pub(crate) unit: String,
    pub(crate) rules: Vec<Planned>,
    pub(crate) zones: bool,
    /// That of the rules: live where one of them is.
    pub(crate) stage: Stage,
    /// Whether a rule looks at readings outside the plausible range.
    pub(crate) out_of_range: bool,
    /// Positions of the rules that are a plain limit for each asset, and of all others.
    pub(crate) plain: Vec<usize>,
    pub(crate) others: Vec<usize>,
    /// Whether a condition reads the registered asset.
    pub(crate) assets: bool,
    /// No plain limit is broken by readings from the first to the second.
    pub(crate) band: (f64, f64),
    /// Lengths of the windows that rules share, in microseconds, ascending.
    pub(crate) windows: Vec<i64>,
    /// Readings whose conditions were looked at, entries of shared windows that were summed up, and steps to the zones of
    /// a place, since their rules were last charged for them: one count for a reading, not one for each rule.
    pub(crate) looked: Spent,
    pub(crate) summed: Spent,
    pub(crate) located: Spent,
}

/// A rule as it concerns one kind.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) rule: Arc<Compiled>,
    /// From the unit of the kind to that of the rule; none where they are the same.
    conversion: Option<Conversion>,
    /// The parts of its pattern that take this kind, a bit each.
    pub(crate) parts: u32,
    /// Where the windows of its condition are among those that the rules of this kind share; none where it has its own.
    pub(crate) shared: Option<Vec<usize>>,
    /// What of the condition can be laid out flat over the shared windows.
    pub(crate) conjunction: Option<Conjunction>,
}

impl Plan {
    fn new(kind: u32, unit: String, mut rules: Vec<Planned>, out_of_range: bool) -> Self {
        let mut windows: Vec<i64> = rules.iter().filter_map(Planned::shareable).flatten().copied().collect();
        windows.sort_unstable();
        windows.dedup();
        for entry in &mut rules {
            let places =
                entry.shareable().map(|own| own.iter().filter_map(|w| windows.binary_search(w).ok()).collect());
            entry.shared = places;
            entry.conjunction = entry.condition().and_then(|e| e.conjunction(entry.shared.as_deref()));
        }
        let limits = |entry: &Planned| match entry.rule.judge {
            Judge::Threshold { above, below, .. } if entry.is_of_asset() => Some((below, above)),
            _ => None,
        };
        let (plain, others): (Vec<usize>, Vec<usize>) = (0..rules.len()).partition(|i| limits(&rules[*i]).is_some());
        let within = |band: (f64, f64), (below, above): (f64, f64)| (band.0.max(below), band.1.min(above));
        Self {
            kind,
            unit,
            zones: rules.iter().any(|r| r.rule.zones),
            stage: rules.iter().map(|r| r.rule.rule.stage).find(|s| *s == Stage::Live).unwrap_or(Stage::Shadow),
            out_of_range,
            band: rules.iter().filter_map(limits).fold((f64::NEG_INFINITY, f64::INFINITY), within),
            assets: rules.iter().any(|r| r.condition().is_some_and(|e| e.assets)),
            plain,
            others,
            windows,
            rules,
            looked: Spent::default(),
            summed: Spent::default(),
            located: Spent::default(),
        }
    }

    /// Charges its rules for what was done for all of them at once.
    fn charge(&self) {
        let (readings, entries) = (self.looked.take() as usize, self.summed.take() as usize);
        let located = self.located.take() as usize;
        let sharing = self.rules.iter().filter(|entry| entry.shareable().is_some()).count().max(1);
        for entry in &self.rules {
            let nodes = entry.condition().map_or(0, Expression::nodes);
            let windows = if entry.shareable().is_some() { entries / sharing } else { 0 };
            let zones = if entry.rule.zones { located } else { 0 };
            entry.rule.spent.add(readings * nodes + windows + zones);
        }
    }
}

impl Planned {
    fn new(rule: &Arc<Compiled>, kind: &KindId, unit: &str) -> Self {
        let wanted = rule.unit.as_deref().filter(|wanted| *wanted != unit);
        let takes = |part: &CompiledPart| part.kinds.is_empty() || part.kinds.contains(kind);
        let bits = rule.parts.iter().enumerate().filter(|(_, part)| takes(part)).map(|(i, _)| 1u32 << i);
        Self {
            rule: Arc::clone(rule),
            conversion: wanted.and_then(|wanted| Conversion::between(unit, wanted).ok()),
            parts: bits.sum(),
            shared: None,
            conjunction: None,
        }
    }

    /// The condition, where it has no other memory than windows that are shared.
    pub(crate) fn condition(&self) -> Option<&Expression> {
        match &self.rule.judge {
            Judge::Condition(e) if self.is_of_asset() => Some(e),
            _ => None,
        }
    }

    /// The lengths of its windows, where they take every reading of an asset as it is.
    fn shareable(&self) -> Option<&[i64]> {
        self.condition().map(|e| e.windows.as_slice()).filter(|windows| !windows.is_empty())
    }

    fn is_of_asset(&self) -> bool {
        let rule = &self.rule;
        rule.rule.key == Key::Asset && rule.when.is_none() && rule.lateness == 0 && self.conversion.is_none()
    }

    /// A number of this kind in the unit of the rule.
    pub(crate) fn figure(&self, number: f64) -> f64 {
        self.conversion.map_or(number, |conversion| conversion.apply(number))
    }
}

/// All rules made ready.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// Which of the rules are judged here; the others are only known.
    seat: Seat,
    compiled: FxHashMap<RuleId, Arc<Compiled>>,
    by_name: FxHashMap<u32, Arc<Compiled>>,
    by_kind: FxHashMap<KindId, Arc<Plan>>,
    /// Counts up with every change, so that series know when their shortcuts are stale.
    pub(crate) generation: u32,
    /// How far the rules reach, of each type of incident: looked for when it is asked for.
    reaches: OnceLock<Reaches>,
}

impl Book {
    pub(crate) fn plan(&self, kind: &KindId) -> Option<&Arc<Plan>> {
        self.by_kind.get(kind)
    }

    pub(crate) fn rule_of(&self, id: &RuleId) -> Option<&Arc<Compiled>> {
        self.compiled.get(id)
    }

    pub(crate) fn rule(&self, name: u32) -> Option<&Arc<Compiled>> {
        self.by_name.get(&name)
    }

    /// The steps that each rule took since its present version was made ready.
    pub(crate) fn steps(&self) -> BTreeMap<RuleId, u64> {
        self.by_kind.values().for_each(|plan| plan.charge());
        self.compiled.iter().map(|(id, rule)| (id.clone(), rule.spent.get())).collect()
    }

    /// How near what people tell must be to what the rules open.
    pub(crate) fn reaches(&self) -> &Reaches {
        self.reaches.get_or_init(|| Reaches::of_rules(self.compiled.values().map(|compiled| &compiled.rule)))
    }

    /// Takes the rule of this id from the configuration again, or drops it.
    pub(crate) fn refresh(&mut self, id: &RuleId, config: &Config, names: &mut Names) {
        self.reaches.take();
        let mut kinds = BTreeSet::new();
        if let Some(old) = self.compiled.remove(id) {
            self.by_name.remove(&old.name);
            kinds.extend(old.rule.kinds.iter().cloned());
        }
        if let Some(compiled) = config.rules.get(id).and_then(|rule| Compiled::new(rule, config, names)) {
            kinds.extend(compiled.rule.kinds.iter().cloned());
            self.insert(compiled);
        }
        self.plan_again(kinds, config, names);
    }

    /// Makes every rule of the configuration ready.
    pub(crate) fn of(config: &Config, names: &mut Names, seat: Seat) -> Self {
        let mut book = Self { seat, ..Self::default() };
        for rule in config.rules.values() {
            if let Some(compiled) = Compiled::new(rule, config, names) {
                book.insert(compiled);
            }
        }
        book.plan_again(config.kinds.keys().cloned(), config, names);
        book
    }

    fn insert(&mut self, compiled: Compiled) {
        let compiled = Arc::new(compiled);
        self.by_name.insert(compiled.name, Arc::clone(&compiled));
        self.compiled.insert(compiled.rule.id.clone(), compiled);
    }

    /// Puts together the rules of these kinds again.
    pub(crate) fn plan_again(&mut self, kinds: impl IntoIterator<Item = KindId>, config: &Config, names: &mut Names) {
        self.generation = self.generation.wrapping_add(1);
        for id in kinds {
            if let Some(old) = self.by_kind.remove(&id) {
                old.charge();
            }
            let Some(kind) = config.kinds.get(&id) else { continue };
            let rules: Vec<_> = config
                .rules
                .values()
                .filter(|rule| rule.enabled && rule.kinds.contains(&id))
                .filter_map(|rule| self.compiled.get(&rule.id))
                .map(|rule| Planned::new(rule, &id, &kind.unit))
                .collect();
            // What is said of a kind's readings is said by all of its rules, wherever they are judged.
            let out_of_range = rules.iter().any(|r| matches!(r.rule.judge, Judge::OutOfRange));
            let rules: Vec<_> = rules.into_iter().filter(|r| self.seat.judges(&r.rule)).collect();
            if !rules.is_empty()
                && let Some(name) = names.intern(id.as_str())
            {
                self.by_kind.insert(id, Arc::new(Plan::new(name, kind.unit.clone(), rules, out_of_range)));
            }
        }
    }
}
