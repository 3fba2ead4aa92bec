//! The same readings and commands give the same alarms and incidents, byte for byte: whatever the partitions that the
//! readings come by, the sizes of batches, repetitions at once or minutes later, restarts, and delays within the allowed
//! lateness. In a city with
//! every detector, correlation rules, a playbook and an exercise under way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::OnceLock;

use proptest::prelude::*;
use vigiles_engine::command::CommandBody as Body;
use vigiles_engine::{Effect, Input};
use vigiles_model::{ExerciseId, IncidentId, IncidentState, Observation, Priority, Reality, Severity};

use crate::rig::{Rig, cases, command, reading};

/// How late a reading may be, in seconds.
const LATENESS: i64 = 60;

const INCIDENT: &str = "[incident]\nincident_type = 'air'\npriority = 'p2'\nradius_m = 30000\nwindow_s = 100";

/// A rule for each detector; their heads and the tables of the detectors.
const DETECTORS: [(&str, &str); 18] = [
    ("", "threshold]\nabove = 60\nclear = 40\nfor_s = 15\nclear_for_s = 10"),
    ("", "rate_of_change]\nabove = 2"),
    ("kinds = ['air.pm25', 'door.open']", "silent]\nafter_s = 30"),
    ("kinds = ['vehicle']", "geofence]\nzones = ['harbour', 'school']\non = 'enter'"),
    ("kinds = ['report', 'vehicle']\nkey = 'zone'", "count]\nwindow_s = 40\nat_least = 3\ndistinct = 'asset'"),
    ("kinds = ['vehicle']\nkey = 'all'", "count]\nwindow_s = 40\nat_least = 3\nradius_m = 20000"),
    ("kinds = ['vehicle', 'air.pm25']\nkey = 'all'", "count]\nwindow_s = 3600\nat_least = 200"),
    ("key = 'source'", "condition]\nexpression = 'window(\"30s\").mean > 50 || window(\"10s\").count > 4'\nfor_s = 5"),
    ("", "flat_line]\nfor_s = 30\ntolerance = 10"),
    ("", "out_of_range]"),
    (
        "kinds = ['air.pm25', 'vehicle']\nkey = 'all'",
        "sequence]\nwithin_s = 40\nparts = [{ kinds = ['vehicle'] }, { kinds = ['air.pm25'], when = 'value > 50' }]",
    ),
    (
        "kinds = ['air.pm25', 'vehicle']",
        "absence]\nwithin_s = 30\nfirst = { kinds = ['vehicle'] }\nthen = { kinds = ['air.pm25'] }",
    ),
    (
        "kinds = ['air.pm25', 'report']\nkey = 'all'",
        "cooccurrence]\nwithin_s = 40\nparts = [{ kinds = ['report'] }, { kinds = ['air.pm25'], when = 'value > 50' }]",
    ),
    ("", "baseline]\nlearning = 5\nsigmas = 1"),
    ("", "forecast]\nlearning = 2\nsigmas = 1"),
    ("", "change_point]\nlimit_sigmas = 1"),
    ("", "drift]\nwithin_m = 100000\nneighbours = 1\nfresh_s = 120\nat_least = 1\nlearning = 2\nsigmas = 0.1"),
    ("", "anomaly]\nsigmas = 1"),
];

pub(crate) const CORRELATIONS: [&str; 2] = [
    "id = 'same'\nname = 'A'\nrelation = 'same_event'\nwithin_s = 90\nwithin_m = 20000\nweight = 1\nfirst = { kinds = ['vehicle'] }\nsecond = { incident_types = ['air'] }\nshares = [{ what = 'zone', agree = 1.0, differ = -1.0 }]",
    "id = 'cause'\nname = 'B'\nrelation = 'cause'\nwithin_s = 50\nwithin_m = 20000\nweight = 2\nfirst = { kinds = ['vehicle'] }\nsecond = { kinds = ['air.pm25'] }",
];

/// The rules as TOML. Every second one opens incidents, of which some follow the playbook.
pub(crate) fn rules(lateness: impl Fn(usize) -> i64) -> Vec<String> {
    let rule = |(i, (head, detector)): (usize, &(&str, &str))| {
        let playbook = if i % 4 == 0 { "\nplaybook = 'air'" } else { "" };
        let incident = if i % 2 == 0 { format!("\n{INCIDENT}{playbook}") } else { String::new() };
        format!("id = 'rule-{i}'\nlateness_s = {}\n{head}\n[detector.{detector}{incident}", lateness(i))
    };
    DETECTORS.iter().enumerate().map(rule).collect()
}

/// The city with its rules and an exercise under way, made once.
pub(crate) fn city() -> Rig {
    static CITY: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = CITY.get_or_init(|| {
        let rules = rules(|_| LATENESS);
        let texts: Vec<&str> = rules.iter().map(String::as_str).collect();
        let mut rig = Rig::with_correlations(&texts, &CORRELATIONS);
        let id = ExerciseId::new("drill").unwrap();
        rig.command(Body::StartExercise { id, name: "A dark evening".into() }).unwrap();
        rig.engine.snapshot()
    });
    Rig { engine: crate::kinds::restore(bytes).unwrap(), effects: Vec::new(), now: 0 }
}

/// What a person does at a moment: which of the incidents it concerns, and what.
type Deed = (i64, usize, usize);

/// Somebody opens an incident by hand.
pub(crate) fn call() -> Body {
    Body::OpenIncident {
        title: "Call".into(),
        incident_type: "air".into(),
        priority: Priority::P3,
        severity: Severity::Minor,
        place: None,
        playbook: None,
        reality: Reality::Actual,
    }
}

fn act(rig: &mut Rig, (_, which, what): Deed) {
    // A person sees what there is by then, however long ago the last reading came.
    rig.step(&Input::Tick);
    let mut latest = BTreeMap::new();
    for effect in &rig.effects {
        if let Effect::IncidentChanged(incident) = effect {
            latest.insert((incident.reality == Reality::Exercise, incident.number), incident);
        }
    }
    let incidents: Vec<_> = latest.values().collect();
    let at = |n: usize| incidents.get(n % incidents.len().max(1)).map(|incident| incident.id.clone());
    let body = match (what, at(which), at(which + 1)) {
        (0, Some(incident), _) => Body::ChangeState { incident, to: IncidentState::Acknowledged, reason: None },
        (1, Some(incident), _) => Body::AddNote { incident, text: "seen".into() },
        (2, Some(into), Some(from)) => Body::Merge { into, from },
        (4, Some(incident), _) => Body::HandOver { incident, to: "fire".parse().unwrap(), reason: "theirs".into() },
        (3, Some(incident), _) => Body::ChangeState { incident, to: IncidentState::Resolved, reason: None },
        _ => call(),
    };
    rig.step(&Input::Command(command(body, None)));
}

/// How the readings come.
#[derive(Debug, Clone)]
struct Way {
    /// So many partitions; the readings of an asset are in one, in their order.
    partitions: usize,
    /// Delays of the partitions at each of their readings, in seconds, below the allowed lateness.
    delays: Vec<i64>,
    /// Readings that come again, each so many seconds after it came: within the allowed lateness, or minutes past it.
    again: Vec<(usize, i64)>,
    /// Sizes of batches.
    batches: Vec<usize>,
    /// After which batches there is a restart.
    restarts: Vec<bool>,
}

impl Way {
    /// In their order, one by one.
    fn plain() -> Self {
        Self { partitions: 1, delays: Vec::new(), again: Vec::new(), batches: vec![1], restarts: Vec::new() }
    }

    /// When each reading arrives, in seconds: a partition never overtakes itself.
    fn arrivals(&self, readings: &[Observation]) -> Vec<i64> {
        let mut last = vec![0; self.partitions];
        let of = |o: &Observation| {
            let asset = o.asset.as_ref().map_or("", AsRef::as_ref);
            asset.bytes().map(usize::from).sum::<usize>() % self.partitions
        };
        let arrival = |(i, o): (usize, &Observation)| {
            let time = o.time.0 / 1_000_000;
            let last = &mut last[of(o)];
            *last = (time + self.delays.get(i).copied().unwrap_or(0)).max(*last);
            *last
        };
        readings.iter().enumerate().map(arrival).collect()
    }

    /// What comes, in the order of arrival: when, and which reading; some come more than once.
    fn deliveries(&self, readings: &[Observation]) -> Vec<(i64, usize)> {
        let mut all: Vec<(i64, usize)> = self.arrivals(readings).into_iter().zip(0..).collect();
        let again = self.again.iter().filter_map(|(i, later)| Some((all.get(*i)?.0 + later, *i)));
        all.extend(again.collect::<Vec<_>>());
        all.sort_by_key(|(at, _)| *at);
        all
    }
}

/// Alarms, incidents and tasks of one side as bytes. The sides take turns by the step, so how their effects mix depends on
/// the batches.
fn of_side(effects: &[Effect], side: Reality) -> Vec<u8> {
    let drills: BTreeSet<&IncidentId> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::IncidentChanged(incident) if incident.reality == Reality::Exercise => Some(&incident.id),
            _ => None,
        })
        .collect();
    let is_of = |effect: &&Effect| match effect {
        Effect::AlarmChanged(alarm) => alarm.reality == side,
        Effect::IncidentChanged(incident) => incident.reality == side,
        Effect::TaskStarted { incident, .. } => drills.contains(incident) == (side == Reality::Exercise),
        _ => false,
    };
    serde_json::to_vec(&effects.iter().filter(is_of).collect::<Vec<_>>()).unwrap()
}

/// Alarms, incidents and tasks as bytes, and the state in the end.
fn told(readings: &[Observation], deeds: &[Deed], way: &Way) -> (Vec<u8>, Vec<u8>) {
    let mut rig = city();
    let deliveries = way.deliveries(readings);
    let (mut order, mut deeds) = (deliveries.as_slice(), deeds);
    for (n, size) in way.batches.iter().cycle().enumerate() {
        let next = order.first().map(|(at, _)| *at);
        if let Some((deed, later)) = deeds.split_first()
            && next.is_none_or(|next| deed.0 <= next)
        {
            rig.now = rig.now.max(deed.0);
            act(&mut rig, *deed);
            deeds = later;
            continue;
        }
        let Some(next) = next else { break };
        // A batch ends before the next deed.
        let until = deeds.first().map_or(i64::MAX, |deed| deed.0);
        let batch = order.iter().take(*size).take_while(|(at, _)| *at < until).count();
        rig.now = rig.now.max(next);
        let mut observations: Vec<_> = order[..batch].iter().map(|(_, i)| readings[*i].clone()).collect();
        // Each batch ends with a repetition of its last reading.
        observations.extend(observations.last().cloned());
        order = &order[batch..];
        rig.step(&Input::Observations(observations));
        if way.restarts.get(n).copied().unwrap_or(false) {
            rig.engine = crate::kinds::restore(&rig.engine.snapshot()).unwrap();
        }
    }
    rig.now += 10_000;
    rig.step(&Input::Tick);
    let sides = [Reality::Actual, Reality::Exercise];
    (sides.map(|side| of_side(&rig.effects, side)).concat(), rig.engine.snapshot())
}

pub(crate) fn some_readings() -> impl Strategy<Value = Vec<Observation>> {
    let one = (0..300u32, 0..4usize, 0..5usize, 0..100u32, 0..40u32);
    prop::collection::vec(one, 1..40).prop_map(|all| {
        let made = |(second, asset, kind, value, what): (u32, usize, usize, u32, u32)| {
            let asset = ["a", "b", "c", "s2/a"][asset];
            // Those of fine dust are most, so that series are learned.
            let kind = ["air.pm25", "air.pm25", "vehicle", "report", "door.open"][kind];
            let value = match kind {
                "report" => "smoke".to_owned(),
                "door.open" => (value > 50).to_string(),
                _ => value.to_string(),
            };
            let sort = [" implausible", " exercise", ""][(what as usize).min(2)];
            reading(&format!("{second} {asset} {kind} {value} 0.{what:02} 0.1{sort}"))
        };
        let mut readings: Vec<Observation> = all.into_iter().map(made).collect();
        readings.sort_by_key(|o| (o.time, o.id));
        readings.dedup_by_key(|o| o.id);
        readings
    })
}

fn some_deeds() -> impl Strategy<Value = Vec<Deed>> {
    prop::collection::vec((0..400i64, 0..9usize, 0..6usize), 0..5).prop_map(|mut deeds| {
        deeds.sort_unstable();
        deeds
    })
}

fn some_way() -> impl Strategy<Value = Way> {
    let delays = prop::collection::vec(0..LATENESS - 1, 40);
    let batches = prop::collection::vec(1..9usize, 1..6);
    let restarts = prop::collection::vec(prop::bool::weighted(0.03), 0..30);
    let later = prop_oneof![0..LATENESS, LATENESS..15 * LATENESS];
    let again = prop::collection::vec((0..40usize, later), 0..8);
    (1..5usize, delays, again, batches, restarts).prop_map(|(partitions, delays, again, batches, restarts)| Way {
        partitions,
        delays,
        again,
        batches,
        restarts,
    })
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn partitions_batches_restarts_delays_and_repetitions_change_nothing(
        readings in some_readings(), deeds in some_deeds(), way in some_way(),
    ) {
        let expected = told(&readings, &deeds, &Way::plain()).0;
        let found = told(&readings, &deeds, &way).0;
        prop_assert!(found == expected, "{}\n{}", String::from_utf8_lossy(&expected), String::from_utf8_lossy(&found));
    }

    #[test]
    fn a_replay_and_restarts_anywhere_end_in_the_same_state(
        readings in some_readings(), deeds in some_deeds(), way in some_way(),
    ) {
        let whole = told(&readings, &deeds, &Way { restarts: Vec::new(), ..way.clone() });
        prop_assert!(told(&readings, &deeds, &way) == whole);
    }
}

#[test]
fn what_comes_again_minutes_later_is_known() {
    let script = busy_script(0..100);
    let mut once = city();
    once.feed(&script);
    let mut twice = city();
    twice.feed(&script);
    // The last minute is within the lateness that is allowed, what came before it is past it: it is no late reading either.
    for line in script.lines() {
        twice.feed(&format!("?{line}"));
    }
    let (once, twice) = (once.engine.statistics(), twice.engine.statistics());
    assert_eq!(twice.duplicates, script.lines().count() as u64);
    assert_eq!((twice.late, &twice.rule_alarms), (once.late, &once.rule_alarms));
}

/// Readings of so many seconds after which every rule has raised alarms, once the clock goes on.
pub(crate) fn busy_script(seconds: std::ops::Range<usize>) -> String {
    let mut script = String::new();
    for second in seconds {
        // Station b drifts away from a; both change their level now and then.
        let value = if second % 97 > 60 { 5 } else { 60 + second % 30 } + second % 2 * second;
        writeln!(script, "{second} {} air.pm25 {value} 0.2 0.1", ["a", "b"][second % 2]).unwrap();
        writeln!(script, "{second} c vehicle {} {} 0.5", second % 80, [0.2, 0.7, 5.0][second / 20 % 3]).unwrap();
        if second % 50 < 2 {
            let asset = ["a", "b"][second % 2];
            writeln!(script, "{second} {asset} vehicle 30 0.2 0.5").unwrap();
        }
        if second % 50 == 0 {
            writeln!(script, "{second} c report smoke 0.2 0.1\n{second} c air.pm25 5000 0.2 0.2 implausible").unwrap();
        }
    }
    script
}

#[test]
fn every_rule_of_this_city_raises_alarms() {
    let mut rig = city();
    rig.feed(&busy_script(0..400));
    rig.feed("tick 3000");
    let raised: std::collections::BTreeSet<String> = rig.alarms().iter().map(|a| a.rule.to_string()).collect();
    let quiet: Vec<_> = (0..DETECTORS.len()).filter(|i| !raised.contains(&format!("rule-{i}"))).collect();
    assert_eq!(quiet, Vec::<usize>::new(), "these raised none");
}
