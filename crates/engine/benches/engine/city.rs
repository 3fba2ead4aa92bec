//! A city of sensors: kinds, rules, and an endless feed of readings.

use vigiles_engine::rule::{AlarmText, Condition, Detector, FlatLine, Threshold};
use vigiles_engine::{Command, CommandBody, Effect, Engine, Input, Rule};
use vigiles_model::alarm::Stage;
use vigiles_model::kind::{Overload, ValueType};
use vigiles_model::{
    AgencyId, AssetId, Duration, Geometry, KindId, Observation, ObservationId, ObservationKind, Origin, Position,
    Quality, RuleId, Severity, SourceId, Timestamp, Value,
};

/// Readings in one entry of the log.
pub(crate) const BATCH: usize = 512;
const SPANS: [&str; 4] = ["10m", "15m", "30m", "1h"];

#[derive(Debug, Clone, Copy)]
pub(crate) struct City {
    pub(crate) kinds: usize,
    pub(crate) rules: usize,
    /// How many rules in a row concern the same kind.
    pub(crate) rules_of_a_kind: usize,
    /// All report the first kind.
    pub(crate) assets: usize,
    pub(crate) detector: Sort,
}

/// What the rules look for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sort {
    Limit,
    /// A condition over a window: plain comparisons alone.
    Window,
    /// The same, or another comparison of the window: no row of comparisons that `&&` joins.
    WindowOr,
}

impl City {
    /// An engine with the kinds and rules of the city.
    pub(crate) fn engine(&self) -> Engine {
        let rules = (0..self.rules).map(|r| {
            let limit = 90.0 + (r % 100) as f64 / 10.0;
            let detector = match self.detector {
                Sort::Limit => Detector::Threshold(Threshold {
                    above: Some(limit),
                    clear: Some(limit - 5.0),
                    ..Threshold::default()
                }),
                Sort::Window => condition(&conjunction(r, limit)),
                Sort::WindowOr => {
                    condition(&format!("({}) || window(\"{}\").max > 1e6", conjunction(r, limit), span(r)))
                }
            };
            rule(r, kind(r / self.rules_of_a_kind), detector)
        });
        self.furnish(rules.collect())
    }

    /// An engine whose rules remember something for every key.
    pub(crate) fn engine_with_memory(&self) -> Engine {
        let flat = Detector::FlatLine(FlatLine { for_s: 3_600.0, tolerance: 0.0 });
        self.furnish(vec![rule(0, kind(0), flat)])
    }

    fn furnish(&self, rules: Vec<Rule>) -> Engine {
        let mut engine = Engine::new();
        let mut effects = Vec::new();
        let kinds = (0..self.kinds).map(|k| CommandBody::PutKind(Box::new(observation_kind(k))));
        for body in kinds.chain(rules.into_iter().map(|rule| CommandBody::PutRule(Box::new(rule)))) {
            let command = Command { by: None, agency: AgencyId::new("city").unwrap(), expected_version: None, body };
            engine.step(&Input::Command(command), Timestamp(0), &mut effects);
            assert!(matches!(effects.last(), Some(Effect::CommandDone(Ok(_)))), "{:?}", effects.last());
            effects.clear();
        }
        engine
    }
}

/// The mean is near 39.5, so that the other side is computed about as often as not.
fn conjunction(number: usize, limit: f64) -> String {
    let mean = 34.5 + (number % 100) as f64 / 10.0;
    format!("window(\"{}\").mean > {mean} && value > quantity({limit}, \"ug/m3\")", span(number))
}

fn span(number: usize) -> &'static str {
    SPANS[number % SPANS.len()]
}

fn condition(expression: &str) -> Detector {
    Detector::Condition(Condition { expression: expression.to_owned(), for_s: 0.0, clear_for_s: 0.0 })
}

fn rule(number: usize, kind: KindId, detector: Detector) -> Rule {
    let id = RuleId::new(format!("rule-{number}")).unwrap();
    let alarm = AlarmText::new("{asset}: {value} {unit}", Severity::Moderate);
    Rule { stage: Stage::Live, ..Rule::new(id, AgencyId::new("city").unwrap(), vec![kind], detector, alarm) }
}

fn kind(number: usize) -> KindId {
    KindId::new(format!("air.kind{number}")).unwrap()
}

fn observation_kind(number: usize) -> ObservationKind {
    ObservationKind {
        id: kind(number),
        name: format!("Kind {number}"),
        quantity: "concentration".into(),
        unit: "ug/m3".into(),
        value_type: ValueType::Number,
        min: None,
        max: None,
        retention: Duration::from_secs(86_400),
        personal: false,
        overload: Overload::Wait,
    }
}

/// One entry of the log.
pub(crate) struct Batch {
    pub(crate) input: Input,
    pub(crate) now: Timestamp,
}

/// Readings of the first kind, asset after asset, each once a minute; one in ten thousand is above some limit.
pub(crate) struct Feed {
    assets: usize,
    next: usize,
    /// From an asset to the one that reports after it; without a divisor in common with the number of assets.
    stride: usize,
    seed: u64,
}

impl Feed {
    pub(crate) fn new(city: &City, round: u64) -> Self {
        let next = round as usize * city.assets.max(100_000) / BATCH * BATCH;
        Self { assets: city.assets, next, stride: 1, seed: 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(round + 1) }
    }

    /// Each reading is of an asset that became known long before or after that of the reading before it.
    pub(crate) fn scattered(city: &City, round: u64) -> Self {
        Self { stride: 611_953, ..Self::new(city, round) }
    }

    fn random(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }

    fn reading(&mut self) -> Observation {
        let (turn, minute) = (self.next % self.assets, self.next / self.assets);
        let asset = turn * self.stride % self.assets;
        self.next += 1;
        let high = self.random().is_multiple_of(10_000);
        let within = (turn as u64 * 60_000_000 / self.assets as u64) as i64;
        Observation {
            id: ObservationId(u128::from(self.random()) << 64 | u128::from(self.random())),
            kind: kind(0),
            source: SourceId::new("feed").unwrap(),
            asset: Some(AssetId::new(format!("station-{asset}")).unwrap()),
            time: Timestamp(minute as i64 * 60_000_000 + within),
            arrived: Timestamp(0),
            place: Some(Geometry::Point(Position { lon: 24.9, lat: 60.2 })),
            value: Value::Number(if high { 120.0 } else { (self.random() % 80) as f64 }),
            quality: Quality::Good,
            origin: Origin::Live,
            attributes: Vec::new(),
        }
    }
}

impl Iterator for Feed {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let readings: Vec<Observation> = (0..BATCH).map(|_| self.reading()).collect();
        let now = readings.last().map_or(Timestamp(0), |o| o.time);
        Some(Batch { input: Input::Observations(readings), now })
    }
}
