//! Some rules on their own, fed with readings in the order of time.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use vigiles_model::alarm::Stage;
use vigiles_model::{
    Alarm, AlarmId, Asset, AssetId, KindId, Observation, ObservationKind, Quality, RuleId, Timestamp, Zone, ZoneId,
};

use super::coverage::{Coverage, Stretch};
use crate::book::Plan;
use crate::command::{CommandError, ConfigDocument};
use crate::config::Config;
use crate::effect::Effect;
use crate::engine::Engine;
use crate::rule::Rule;
use crate::slot::Scope;
use crate::turn::Turn;

/// Most alarms of a trial; one that would raise more is stopped.
pub const MAX_ALARMS: usize = 100_000;

/// The city that rules are tried in.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// Observation kinds.
    pub kinds: BTreeMap<KindId, ObservationKind>,
    /// Assets.
    pub assets: BTreeMap<AssetId, Asset>,
    /// Zones.
    pub zones: BTreeMap<ZoneId, Zone>,
    /// Seconds that the city's clocks are ahead of UTC.
    pub utc_offset_s: i32,
}

/// Rules under trial.
#[derive(Debug)]
pub struct Trial {
    engine: Engine,
    now: i64,
    effects: Vec<Effect>,
    /// What the engine knows of the series of each number that the source of readings gives it.
    series: Vec<Option<Known>>,
    coverage: Coverage,
    alarms: Vec<Alarm>,
    places: FxHashMap<AlarmId, usize>,
    /// Platform time from which alarms count.
    begin: i64,
    /// What was counted until then.
    before: Counted,
    /// Alarms that stood then.
    standing: usize,
}

/// What the engine has counted since it was made.
#[derive(Debug, Default)]
struct Counted {
    observations: u64,
    learning: u64,
    errors: u64,
    alarms: BTreeMap<RuleId, u64>,
}

/// A series: the rules of its kind, and what the engine calls it.
#[derive(Debug)]
struct Known {
    plan: Arc<Plan>,
    number: u32,
    owner: Scope,
}

impl Trial {
    /// Tries one rule; its alarms open no incidents.
    pub fn new(setting: Setting, rule: &Rule) -> Result<Self, CommandError> {
        let mut config = config(setting);
        put(&mut config.0, Rule { stage: Stage::Shadow, ..rule.clone() })?;
        Ok(Self::of(config))
    }

    /// Tries rules of which only the number of alarms is wanted: [`Trial::counts`]. Those that are not in order are left
    /// out.
    pub fn counting(setting: Setting, rules: impl IntoIterator<Item = Rule>) -> Self {
        let mut config = config(setting);
        for rule in rules {
            let _out_of_order = put(&mut config.0, Rule { stage: Stage::Silent, ..rule });
        }
        Self::of(config)
    }

    fn of((config, utc_offset_s): (Config, i32)) -> Self {
        let mut engine = Engine::of(config.into(), utc_offset_s, i64::MIN);
        engine.prepare();
        Self {
            engine,
            now: i64::MIN,
            effects: Vec::new(),
            series: Vec::new(),
            coverage: Coverage::default(),
            alarms: Vec::new(),
            places: FxHashMap::default(),
            begin: i64::MIN,
            before: Counted::default(),
            standing: 0,
        }
    }

    /// From here on the city's clocks are so many seconds ahead of UTC.
    pub fn set_utc_offset(&mut self, seconds: i32) {
        self.engine.utc_offset_s = seconds;
    }

    /// Takes a reading of before the span as [`Trial::take`] does; whatever it raises does not count.
    pub fn warm_up(&mut self, series: usize, o: &Observation) {
        self.judge(series, o);
        self.effects.clear();
    }

    /// The span begins: from here on readings and alarms count. The readings to come are of another scan, which numbers
    /// series anew.
    pub fn begin(&mut self, from: Timestamp) {
        self.now = self.now.max(from.0.saturating_sub(1));
        self.engine.turn(&mut self.effects).catch_up(self.now);
        self.effects.clear();
        self.series.clear();
        self.begin = from.0;
        self.before = self.counted();
        // They belong to no incident, so that each is let go of when it is cleared.
        self.standing = self.engine.live.alarms.len();
    }

    /// Judges the next reading, not older than those before it, of the series with this number. The clock of the trial
    /// is the phenomenon time. False when there are too many alarms to go on.
    pub fn take(&mut self, series: usize, o: &Observation) -> bool {
        // Time in which a detector only learns says nothing about how often it raises alarms.
        if self.judge(series, o) {
            self.coverage.take(self.now);
        }
        if !self.effects.is_empty() {
            self.keep_alarms();
        }
        self.alarms.len() < MAX_ALARMS
    }

    /// Says whether the reading was judged: a detector that learns may only have learned from it.
    #[inline]
    fn judge(&mut self, series: usize, o: &Observation) -> bool {
        self.now = self.now.max(o.time.0);
        let mut turn = self.engine.turn(&mut self.effects);
        turn.catch_up(self.now);
        turn.live.counters.observations += 1;
        if self.series.len() <= series {
            self.series.resize_with(series + 1, || None);
        }
        let (place, learned) = (&mut self.series[series], turn.live.unjudged);
        if place.is_none() {
            *place = known(&mut turn, o);
        }
        if let Some(Known { plan, number, owner }) = place
            && (o.quality != Quality::Implausible || plan.out_of_range)
        {
            turn.take_in(plan, (*number, *owner), o, self.now);
        }
        turn.live.unjudged == learned
    }

    fn keep_alarms(&mut self) {
        for effect in self.effects.drain(..) {
            let Effect::AlarmChanged(alarm) = effect else { continue };
            // One that stood when the span began may still end in it.
            if alarm.raised.0 < self.begin {
                continue;
            }
            if let Some(place) = self.places.get(&alarm.id) {
                self.alarms[*place] = *alarm;
            } else {
                self.places.insert(alarm.id.clone(), self.alarms.len());
                self.alarms.push(*alarm);
            }
        }
    }

    fn counted(&self) -> Counted {
        let live = &self.engine.live;
        Counted {
            observations: live.counters.observations,
            learning: live.unjudged,
            errors: live.counters.rule_errors.values().sum(),
            alarms: self.engine.statistics().rule_alarms,
        }
    }

    /// Readings of the span.
    pub fn observations(&self) -> u64 {
        self.engine.live.counters.observations - self.before.observations
    }

    /// Readings of before the span that it was warmed up with.
    pub fn warmed_up(&self) -> u64 {
        self.before.observations
    }

    /// Alarms that stood when the span began: they go on, raise no second one, and do not count.
    pub fn standing(&self) -> usize {
        self.standing
    }

    /// Readings of the span that the rule only learned from: no alarm could come of them.
    pub fn learning(&self) -> u64 {
        self.engine.live.unjudged - self.before.learning
    }

    /// How often a condition could not be computed: a missing attribute, a division by zero.
    pub fn errors(&self) -> u64 {
        self.counted().errors - self.before.errors
    }

    /// The stretches of the span from `from` to before `to` that have readings which the rule judged.
    pub fn stretches(&self, from: Timestamp, to: Timestamp) -> Vec<Stretch> {
        self.coverage.stretches(self.series.iter().flatten().count(), from, to)
    }

    /// A numeric reading in the unit of the first rule that looks at its kind.
    pub fn figure(&self, o: &Observation) -> Option<f64> {
        let plan = self.engine.book().plan(&o.kind)?;
        o.number().map(|n| plan.rules.first().map_or(n, |entry| entry.figure(n)))
    }

    /// How many alarms each rule has raised.
    pub fn counts(&self) -> BTreeMap<RuleId, u64> {
        let raised = self.counted().alarms;
        let of = |counts: &BTreeMap<RuleId, u64>, id: &RuleId| counts.get(id).copied().unwrap_or(0);
        let count = |id: &RuleId| (id.clone(), of(&raised, id) - of(&self.before.alarms, id));
        self.engine.config.rules.keys().map(count).collect()
    }

    /// Lets the time run on to the end of the span; gives every alarm in the order of its raising, as it is then.
    pub fn finish(mut self, end: Timestamp) -> Vec<Alarm> {
        self.engine.turn(&mut self.effects).catch_up(end.0.max(self.now));
        self.keep_alarms();
        self.alarms
    }
}

/// The series of a reading; none where no rule looks at its kind.
fn known(turn: &mut Turn<'_>, o: &Observation) -> Option<Known> {
    let plan = turn.book.plan(&o.kind)?;
    let (number, owner) = turn.series_of(plan, o)?;
    Some(Known { plan: plan.clone(), number, owner })
}

fn config(setting: Setting) -> (Config, i32) {
    let config = Config { kinds: setting.kinds, assets: setting.assets, zones: setting.zones, ..Config::default() };
    (config, setting.utc_offset_s)
}

/// Whatever a rule would open is not asked here, so it may name a playbook that is not there.
fn put(config: &mut Config, rule: Rule) -> Result<(), CommandError> {
    config.put(ConfigDocument::Rule(Box::new(Rule { enabled: true, incident: None, ..rule }))).map(drop)
}
