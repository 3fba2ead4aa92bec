//! Rules made ready to judge, indexed by kind.

use std::sync::Arc;

use compact_str::CompactString;
use rustc_hash::FxHashMap;
use vigiles_model::{KindId, RuleId};

use crate::config::Config;
use crate::expression::Expression;
use crate::names::Names;
use crate::rule::{Crossing, Detector, Key, Rule};
use crate::slot::{NEVER, Spans, Timing};

/// A rule made ready.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) rule: Rule,
    pub(crate) name: u32,
    pub(crate) when: Option<Expression>,
    pub(crate) judge: Judge,
    pub(crate) spans: Spans,
    pub(crate) timing: Timing,
    /// Whether each kind has its own state for a key.
    pub(crate) per_kind: bool,
    /// Whether judging needs the zones of the place.
    pub(crate) zones: bool,
}

/// A detector made ready. Spans in microseconds.
#[derive(Debug)]
pub(crate) enum Judge {
    Threshold { above: f64, below: f64, clear_above: f64, clear_below: f64 },
    Rate { above: f64, below: f64, per_s: f64 },
    Silent,
    Geofence { zones: Vec<u32>, on: Crossing },
    Count { window: i64, at_least: usize, distinct: Option<Distinct>, radius_m: Option<f64> },
    Condition(Expression),
}

/// What makes two readings of a count different.
#[derive(Debug)]
pub(crate) enum Distinct {
    Source,
    Asset,
    Attribute(CompactString),
}

/// The rules for one kind, in the order of their ids.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) kind: u32,
    pub(crate) unit: String,
    pub(crate) rules: Vec<Arc<Compiled>>,
    pub(crate) zones: bool,
}

/// All rules made ready.
#[derive(Debug, Default)]
pub(crate) struct Book {
    compiled: FxHashMap<RuleId, Arc<Compiled>>,
    by_name: FxHashMap<u32, Arc<Compiled>>,
    by_kind: FxHashMap<KindId, Arc<Plan>>,
    /// Counts up with every change, so that series know when their shortcuts are stale.
    pub(crate) generation: u32,
}

impl Book {
    pub(crate) fn plan(&self, kind: &KindId) -> Option<&Arc<Plan>> {
        self.by_kind.get(kind)
    }

    pub(crate) fn rule(&self, name: u32) -> Option<&Arc<Compiled>> {
        self.by_name.get(&name)
    }

    /// Takes the rule of this id from the configuration again, or drops it; then rebuilds the index.
    pub(crate) fn refresh(&mut self, id: &RuleId, config: &Config, names: &mut Names) {
        if let Some(old) = self.compiled.remove(id) {
            self.by_name.remove(&old.name);
        }
        if let Some(compiled) = config.rules.get(id).and_then(|rule| Compiled::new(rule, names)) {
            let compiled = Arc::new(compiled);
            self.by_name.insert(compiled.name, Arc::clone(&compiled));
            self.compiled.insert(id.clone(), compiled);
        }
        self.index(config, names);
    }

    /// Makes every rule of the configuration ready.
    pub(crate) fn of(config: &Config, names: &mut Names) -> Self {
        let mut book = Self::default();
        for (id, rule) in &config.rules {
            if let Some(compiled) = Compiled::new(rule, names) {
                let compiled = Arc::new(compiled);
                book.by_name.insert(compiled.name, Arc::clone(&compiled));
                book.compiled.insert(id.clone(), compiled);
            }
        }
        book.index(config, names);
        book
    }

    /// Rebuilds the index by kind.
    pub(crate) fn index(&mut self, config: &Config, names: &mut Names) {
        self.generation = self.generation.wrapping_add(1);
        self.by_kind.clear();
        for kind in config.kinds.values() {
            let rules: Vec<_> = config
                .rules
                .values()
                .filter(|rule| rule.enabled && rule.kinds.contains(&kind.id))
                .filter_map(|rule| self.compiled.get(&rule.id).map(Arc::clone))
                .collect();
            if rules.is_empty() {
                continue;
            }
            if let Some(name) = names.intern(kind.id.as_str()) {
                let zones = rules.iter().any(|r| r.zones);
                self.by_kind
                    .insert(kind.id.clone(), Arc::new(Plan { kind: name, unit: kind.unit.clone(), rules, zones }));
            }
        }
    }
}

impl Compiled {
    /// None where the rule does not compile, which [`Rule::check`] has refused before.
    fn new(rule: &Rule, names: &mut Names) -> Option<Self> {
        let when = match &rule.when {
            Some(text) => Some(Expression::compile(text, false).ok()?),
            None => None,
        };
        let judge = judge(&rule.detector, names)?;
        let zones = when.as_ref().is_some_and(|e| e.zones)
            || matches!(&judge, Judge::Condition(e) if e.zones)
            || matches!(judge, Judge::Geofence { .. })
            || rule.key == Key::Zone
            || rule.alarm.title.contains("{zone}");
        let (hold, clear) = match &rule.detector {
            Detector::Threshold(t) => (t.for_s, t.clear_for_s),
            Detector::RateOfChange(r) => (0.0, r.clear_for_s),
            Detector::Condition(c) => (c.for_s, c.clear_for_s),
            Detector::Silent(_) | Detector::Geofence(_) | Detector::Count(_) => (0.0, 0.0),
        };
        let timing = match &rule.detector {
            Detector::Silent(s) => Timing { silent_after: micros(s.after_s), window: 0, at_least: 0 },
            Detector::Count(c) => {
                Timing { silent_after: NEVER, window: micros(c.window_s), at_least: c.at_least as usize }
            }
            _ => Timing { silent_after: NEVER, window: 0, at_least: 0 },
        };
        Some(Self {
            name: names.intern(rule.id.as_str())?,
            when,
            per_kind: matches!(
                rule.detector,
                Detector::Threshold(_) | Detector::RateOfChange(_) | Detector::Condition(_)
            ),
            judge,
            spans: Spans { hold: micros(hold), clear: micros(clear), quiet: micros(rule.cooldown_s) },
            timing,
            zones,
            rule: rule.clone(),
        })
    }
}

fn judge(detector: &Detector, names: &mut Names) -> Option<Judge> {
    Some(match detector {
        Detector::Threshold(t) => Judge::Threshold {
            above: t.above.unwrap_or(f64::INFINITY),
            below: t.below.unwrap_or(f64::NEG_INFINITY),
            clear_above: t.above.map_or(f64::INFINITY, |above| t.clear.unwrap_or(above)),
            clear_below: t.below.map_or(f64::NEG_INFINITY, |below| t.clear.unwrap_or(below)),
        },
        Detector::RateOfChange(r) => Judge::Rate {
            above: r.above.unwrap_or(f64::INFINITY),
            below: r.below.unwrap_or(f64::NEG_INFINITY),
            per_s: r.per_s,
        },
        Detector::Silent(_) => Judge::Silent,
        Detector::Geofence(g) => {
            let mut zones = g.zones.iter().map(|z| names.intern(z.as_str())).collect::<Option<Vec<_>>>()?;
            zones.sort_unstable();
            zones.dedup();
            Judge::Geofence { zones, on: g.on }
        }
        Detector::Count(c) => Judge::Count {
            window: micros(c.window_s),
            at_least: c.at_least as usize,
            distinct: c.distinct.as_deref().map(|d| match d {
                "source" => Distinct::Source,
                "asset" => Distinct::Asset,
                attribute => Distinct::Attribute(attribute.into()),
            }),
            radius_m: c.radius_m,
        },
        Detector::Condition(c) => Judge::Condition(Expression::compile(&c.expression, true).ok()?),
    })
}

fn micros(seconds: f64) -> i64 {
    (seconds * 1e6) as i64
}
