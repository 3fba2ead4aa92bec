//! A rule made ready to judge.

use compact_str::CompactString;
use vigiles_model::KindId;

use crate::config::Config;
use crate::expression::{Expression, Flaw, Scope};
use crate::names::Names;
use crate::pattern::Reach;
use crate::rule::{Crossing, Detector, Part, Rule, Side};
use crate::series;
use crate::slot::{NEVER, Spans, Timing};
use crate::spent::Spent;
use crate::statistic::Kernel;

/// A rule made ready.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) rule: Rule,
    pub(crate) name: u32,
    pub(crate) when: Option<Expression>,
    pub(crate) judge: Judge,
    pub(crate) spans: Spans,
    pub(crate) timing: Timing,
    /// Allowed lateness in microseconds.
    pub(crate) lateness: i64,
    /// UCUM code of the unit of its figures; none where its kinds differ.
    pub(crate) unit: Option<String>,
    /// The parts of a pattern, with their conditions.
    pub(crate) parts: Vec<CompiledPart>,
    /// Whether each kind has its own state for a key.
    pub(crate) per_kind: bool,
    /// Whether judging needs the zones of the place.
    pub(crate) zones: bool,
    /// Steps taken by this version.
    pub(crate) spent: Spent,
}

/// A detector made ready. Spans in microseconds.
#[derive(Debug)]
pub(crate) enum Judge {
    Threshold {
        above: f64,
        below: f64,
        clear_above: f64,
        clear_below: f64,
    },
    Rate {
        above: f64,
        below: f64,
        per_s: f64,
    },
    Silent,
    Geofence {
        zones: Vec<u32>,
        on: Crossing,
    },
    Count {
        window: i64,
        at_least: usize,
        distinct: Option<Distinct>,
        radius_m: Option<f64>,
    },
    Condition(Expression),
    FlatLine {
        span: i64,
        tolerance: f64,
    },
    OutOfRange,
    Sequence {
        length: usize,
        reach: Reach,
    },
    Absence {
        reach: Reach,
    },
    Cooccurrence {
        parts: usize,
        at_least: usize,
        reach: Reach,
    },
    /// `fresh` has learned nothing yet.
    Statistic {
        side: Side,
        fresh: Kernel,
    },
}

/// A part of a pattern made ready.
#[derive(Debug)]
pub(crate) struct CompiledPart {
    /// Empty for all kinds of the rule.
    pub(crate) kinds: Vec<KindId>,
    pub(crate) when: Option<Expression>,
}

/// What makes two readings of a count different.
#[derive(Debug)]
pub(crate) enum Distinct {
    Source,
    Asset,
    Attribute(CompactString),
}

impl Compiled {
    /// None where the rule does not compile, which [`Rule::check`] has refused before.
    pub(crate) fn new(rule: &Rule, config: &Config, names: &mut Names) -> Option<Self> {
        let units = |kind: &KindId| config.kinds.get(kind).map(|k| k.unit.clone());
        let unit = rule.unit_in_use(&units);
        let when = optional(rule.when.as_deref(), unit.as_deref()).ok()?;
        let part = |part: &Part| {
            let unit = rule.unit_of_part(part, &units);
            Some(CompiledPart {
                kinds: part.kinds.clone(),
                when: optional(part.when.as_deref(), unit.as_deref()).ok()?,
            })
        };
        let parts = rule.detector.parts().into_iter().map(part).collect::<Option<Vec<_>>>()?;
        let judge = judge(&rule.detector, unit.as_deref(), names)?;
        let (hold, clear) = durations(&rule.detector);
        Some(Self {
            name: names.intern(rule.id.as_str())?,
            when,
            per_kind: is_per_kind(&rule.detector),
            judge,
            spans: Spans { hold: micros(hold), clear: micros(clear), quiet: micros(rule.cooldown_s) },
            timing: timing(&rule.detector),
            lateness: micros(rule.lateness_s),
            unit,
            parts,
            zones: rule.reads_zones(&units),
            spent: Spent::default(),
            rule: rule.clone(),
        })
    }
}

/// An expression that may be left out.
fn optional(text: Option<&str>, unit: Option<&str>) -> Result<Option<Expression>, Flaw> {
    text.map(|text| Expression::compile(text, Scope::stored(false, unit))).transpose()
}

/// How long the condition must hold and must be over, in seconds.
fn durations(detector: &Detector) -> (f64, f64) {
    match detector {
        Detector::Threshold(t) => (t.for_s, t.clear_for_s),
        Detector::RateOfChange(r) => (0.0, r.clear_for_s),
        Detector::Condition(c) => (c.for_s, c.clear_for_s),
        Detector::OutOfRange(o) => (o.for_s, o.clear_for_s),
        Detector::Geofence(g) => (g.for_s, 0.0),
        Detector::Absence(a) => (a.within_s, 0.0),
        // They happen at a moment; the alarm is over when the next one would no longer belong to it.
        Detector::Sequence(s) => (0.0, s.within_s),
        Detector::Cooccurrence(c) => (0.0, c.within_s),
        Detector::Baseline(b) => (b.for_s, b.clear_for_s),
        Detector::Forecast(f) => (f.for_s, f.clear_for_s),
        Detector::ChangePoint(c) => (0.0, c.clear_for_s),
        Detector::Anomaly(a) => (0.0, a.clear_for_s),
        Detector::Silent(_) | Detector::Count(_) | Detector::FlatLine(_) | Detector::Drift(_) => (0.0, 0.0),
    }
}

fn timing(detector: &Detector) -> Timing {
    match detector {
        Detector::Silent(s) => Timing { silent_after: micros(s.after_s), window: 0, at_least: 0 },
        Detector::Count(c) => Timing { silent_after: NEVER, window: micros(c.window_s), at_least: c.at_least as usize },
        _ => Timing { silent_after: NEVER, window: 0, at_least: 0 },
    }
}

/// Whether each kind of the rule has its own state for a key.
pub(crate) fn is_per_kind(detector: &Detector) -> bool {
    matches!(
        detector,
        Detector::Threshold(_)
            | Detector::RateOfChange(_)
            | Detector::Condition(_)
            | Detector::FlatLine(_)
            | Detector::OutOfRange(_)
            | Detector::Baseline(_)
            | Detector::Forecast(_)
            | Detector::ChangePoint(_)
            | Detector::Drift(_)
            | Detector::Anomaly(_)
    )
}

fn judge(detector: &Detector, unit: Option<&str>, names: &mut Names) -> Option<Judge> {
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
        Detector::Condition(c) => Judge::Condition(Expression::compile(&c.expression, Scope::stored(true, unit)).ok()?),
        Detector::FlatLine(f) => Judge::FlatLine { span: micros(f.for_s), tolerance: f.tolerance },
        Detector::OutOfRange(_) => Judge::OutOfRange,
        Detector::Sequence(s) => Judge::Sequence { length: s.parts.len(), reach: reach(s.within_s, s.within_m) },
        Detector::Absence(a) => Judge::Absence { reach: reach(a.within_s, a.within_m) },
        Detector::Cooccurrence(c) => Judge::Cooccurrence {
            parts: c.parts.len(),
            at_least: c.at_least.map_or(c.parts.len(), |n| n as usize),
            reach: reach(c.within_s, c.within_m),
        },
        Detector::Baseline(_)
        | Detector::Forecast(_)
        | Detector::ChangePoint(_)
        | Detector::Drift(_)
        | Detector::Anomaly(_) => {
            let (side, fresh) = learning(detector)?;
            Judge::Statistic { side, fresh }
        }
    })
}

/// The side that is judged, and the method before it has learned anything, of a detector that learns.
pub(crate) fn learning(detector: &Detector) -> Option<(Side, Kernel)> {
    Some(match detector {
        Detector::Baseline(b) => (b.side, Kernel::Baseline(series::Baseline::new(&b.settings()))),
        Detector::Forecast(f) => (f.side, Kernel::Forecast(series::Forecast::new(&f.settings()))),
        Detector::ChangePoint(c) => (c.side, Kernel::ChangePoint(series::ChangePoint::new(&c.settings()))),
        Detector::Drift(d) => (Side::Both, Kernel::Drift(series::NeighbourDrift::new(&d.settings()))),
        Detector::Anomaly(a) => (Side::Both, Kernel::Anomaly(series::Anomaly::new(&a.settings()))),
        _ => return None,
    })
}

fn reach(within_s: f64, within_m: Option<f64>) -> Reach {
    Reach { span: micros(within_s), metres: within_m }
}

pub(crate) fn micros(seconds: f64) -> i64 {
    (seconds * 1e6) as i64
}
