//! What holds for every log.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use vigiles_engine::{CommandBody as Body, Effect, Engine, Input};
use vigiles_model::incident::TimelineEvent;
use vigiles_model::{
    Alarm, AlarmId, CallerRole, Geometry, Incident, IncidentId, IncidentState, Observation, Position, Priority,
    Reality, Relation, Severity, Timestamp,
};

use crate::rig::{City, Rig, cases, city, command, reading, rule};

pub(crate) const RULES: [&str; 9] = [
    "id = 'threshold'\ncooldown_s = 20\n[detector.threshold]\nabove = 60\nclear = 40\nfor_s = 15\nclear_for_s = 10\n[incident]\nincident_type = 'air'\npriority = 'p3'\nradius_m = 30000\nwindow_s = 100\nplaybook = 'air'",
    "id = 'plain'\nkinds = ['air.pm25', 'vehicle']\n[detector.threshold]\nabove = 70\n[alarm]\ntitle = '{zone}'\nseverity = 'severe'\n[incident]\nincident_type = 'air'\npriority = 'p2'\nradius_m = 30000\nwindow_s = 100",
    "id = 'rate'\n[detector.rate_of_change]\nabove = 20",
    "id = 'silent'\nkinds = ['air.pm25', 'door.open']\n[detector.silent]\nafter_s = 30\n[incident]\nincident_type = 'silence'\npriority = 'p4'",
    "id = 'fence'\nkinds = ['vehicle']\n[detector.geofence]\nzones = ['harbour', 'school']\non = 'enter'\n[incident]\nincident_type = 'fence'\npriority = 'p4'",
    "id = 'left'\nkinds = ['vehicle']\ncooldown_s = 10\n[detector.geofence]\nzones = ['harbour', 'school']\non = 'leave'",
    "id = 'count'\nkinds = ['report', 'vehicle']\nkey = 'zone'\n[detector.count]\nwindow_s = 40\nat_least = 3\ndistinct = 'asset'",
    "id = 'cluster'\nkinds = ['vehicle', 'report']\nkey = 'all'\ncooldown_s = 25\n[detector.count]\nwindow_s = 40\nat_least = 3\nradius_m = 20000\n[incident]\nincident_type = 'air'\npriority = 'p1'",
    "id = 'condition'\nwhen = \"asset.id != 'c'\"\nkey = 'source'\n[detector.condition]\nexpression = 'window(\"30s\").mean > 50 || window(\"10s\").count > 4'\nfor_s = 5\nclear_for_s = 5",
];

/// Correlation rules about the alarms of these rules.
const CORRELATIONS: [&str; 3] = [
    "id = 'air-silence'\nname = 'A'\nrelation = 'cause'\nwithin_s = 60\nlate_s = 10\nweight = 0\nfirst = { incident_types = ['air'] }\nsecond = { incident_types = ['silence'] }\nshares = [{ what = 'asset' }]",
    "id = 'fence-air'\nname = 'B'\nrelation = 'same_event'\nwithin_s = 90\nwithin_m = 20000\nweight = 1\nfirst = { incident_types = ['fence'] }\nsecond = { incident_types = ['air'] }\nshares = [{ what = 'zone', agree = 1.0, differ = -1.0 }]",
    "id = 'air'\nname = 'C'\nrelation = 'cause'\nwithin_s = 50\nwithin_m = 20000\nweight = 2\nfirst = { kinds = ['vehicle'] }\nsecond = { kinds = ['air.pm25'] }",
];

/// One entry of a log: seconds since the one before, and what happens.
#[derive(Debug, Clone)]
enum Act {
    Read(Vec<(i64, usize, usize, u8, u8, u8)>),
    Tick,
    Open(bool, Option<u8>),
    State(usize, usize),
    Merge(usize, usize),
    Split(usize, usize),
    Note(usize),
    Task(usize, usize, usize),
    Rewrite(usize, bool),
    Redeliver,
    Detach(usize, usize),
    Link(usize, usize, usize),
    Unlink(usize, usize),
    AddCall(usize, u8),
    TakeCall(bool, u8),
    DetachCall(usize, usize),
    HandOver(usize, usize),
}

fn act() -> impl Strategy<Value = (i64, Act)> {
    let read = (-30..30i64, 0..4usize, 0..4usize, 0..100u8, 0..20u8, 0..20u8);
    let act = prop_oneof![
        12 => prop::collection::vec(read, 1..12).prop_map(Act::Read),
        2 => Just(Act::Tick),
        2 => (any::<bool>(), prop::option::of(0..20u8)).prop_map(|(test, at)| Act::Open(test, at)),
        2 => (0..9usize, 0..6usize).prop_map(|(i, s)| Act::State(i, s)),
        2 => (0..9usize, 0..9usize).prop_map(|(a, b)| Act::Merge(a, b)),
        2 => (0..9usize, 1..4usize).prop_map(|(i, n)| Act::Split(i, n)),
        1 => (0..9usize).prop_map(Act::Note),
        2 => (0..9usize, 0..3usize, 0..4usize).prop_map(|(i, t, o)| Act::Task(i, t, o)),
        1 => (0..9usize, any::<bool>()).prop_map(|(r, e)| Act::Rewrite(r, e)),
        1 => Just(Act::Redeliver),
        1 => (0..9usize, 0..4usize).prop_map(|(i, n)| Act::Detach(i, n)),
        1 => (0..9usize, 0..9usize, 0..3usize).prop_map(|(a, b, r)| Act::Link(a, b, r)),
        1 => (0..9usize, 0..9usize).prop_map(|(a, b)| Act::Unlink(a, b)),
        1 => (0..9usize, 0..20u8).prop_map(|(i, at)| Act::AddCall(i, at)),
        1 => (any::<bool>(), 0..20u8).prop_map(|(fence, at)| Act::TakeCall(fence, at)),
        1 => (0..9usize, 0..2usize).prop_map(|(i, n)| Act::DetachCall(i, n)),
        2 => (0..9usize, 0..4usize).prop_map(|(i, to)| Act::HandOver(i, to)),
    ];
    (0..40i64, act)
}

/// Turns acts into inputs while an engine runs along, for the ids that commands need.
fn log(acts: &[(i64, Act)]) -> Vec<(Timestamp, Input)> {
    let mut rig = Rig { engine: crate::kinds::engine(), effects: Vec::new(), now: 0 };
    let mut log = Vec::new();
    let mut last = Vec::new();
    let mut enter = |rig: &mut Rig, input: Input| {
        rig.step(&input);
        log.push((Timestamp::from_secs(rig.now), input));
    };
    let rules = RULES.iter().map(|r| Body::PutRule(Box::new(rule(r))));
    let correlations = CORRELATIONS.iter().map(|text| Body::PutCorrelation(Box::new(toml::from_str(text).unwrap())));
    for body in city().into_iter().chain(rules).chain(correlations) {
        enter(&mut rig, Input::Command(command(body, None)));
    }
    for (wait, act) in acts {
        rig.now += wait;
        let input = match act {
            Act::Read(readings) => {
                last = readings.iter().map(|r| made(rig.now, *r)).collect();
                Input::Observations(last.clone())
            }
            Act::Redeliver => Input::Observations(last.clone()),
            Act::Tick => Input::Tick,
            other => match body(other, &rig.incidents()) {
                Some(body) => Input::Command(command(body, None)),
                None => continue,
            },
        };
        enter(&mut rig, input);
    }
    log
}

fn made(now: i64, (ago, who, kind, value, x, y): (i64, usize, usize, u8, u8, u8)) -> Observation {
    let who = ["a", "b", "c", "s2/-"][who];
    let kind = ["air.pm25", "vehicle", "report", "door.open"][kind];
    let value = match kind {
        "report" => "noise".to_owned(),
        "door.open" => (value > 50).to_string(),
        _ => value.to_string(),
    };
    reading(&format!("{} {who} {kind} {value} {} {}", now - ago.max(0), f64::from(x) / 10.0, f64::from(y) / 10.0))
}

fn place(at: u8) -> Geometry {
    Geometry::Point(Position { lon: f64::from(at) / 10.0, lat: f64::from(at) / 10.0 })
}

fn body(act: &Act, incidents: &[Incident]) -> Option<Body> {
    let id = |i: &usize| incidents.get(i % incidents.len().max(1)).map(|i| i.id.clone());
    let whole = |i: &usize| incidents.get(i % incidents.len().max(1));
    Some(match act {
        Act::Open(test, at) => Body::OpenIncident {
            title: "Call".into(),
            incident_type: "air".into(),
            priority: Priority::P3,
            severity: Severity::Minor,
            place: at.map(place),
            playbook: None,
            reality: if *test { Reality::Test } else { Reality::Actual },
        },
        Act::State(i, s) => {
            use IncidentState::{Acknowledged, Closed, InProgress, Merged, Reopened, Resolved};
            let to = [Acknowledged, InProgress, Resolved, Closed, Reopened, Merged][*s];
            Body::ChangeState { incident: id(i)?, to, reason: None }
        }
        Act::Merge(a, b) => Body::Merge { into: id(a)?, from: id(b)? },
        Act::Split(i, n) => {
            let alarms = whole(i)?.alarms.iter().take(*n).cloned().collect();
            Body::Split { incident: id(i)?, alarms, title: None }
        }
        Act::Note(i) => Body::AddNote { incident: id(i)?, text: "seen".into() },
        Act::Task(i, t, o) => {
            use vigiles_engine::TaskOutcome::{Done, Failed, Retry, Skipped};
            let task = whole(i)?.tasks.get(*t)?.id.clone();
            Body::CompleteTask { incident: id(i)?, task, outcome: [Done, Failed, Retry, Skipped][*o], text: None }
        }
        Act::Rewrite(r, enabled) => {
            let mut rule = rule(RULES[*r]);
            rule.enabled = *enabled;
            rule.cooldown_s += 1.0;
            Body::PutRule(Box::new(rule))
        }
        Act::Detach(i, n) => Body::Detach { incident: id(i)?, alarm: whole(i)?.alarms.get(*n)?.clone() },
        Act::Link(a, b, r) => {
            let relation = [Relation::Cause, Relation::SameEvent, Relation::Linked][*r];
            Body::Link { incident: id(a)?, to: id(b)?, relation, reason: "said so".into() }
        }
        Act::Unlink(a, b) => {
            Body::Unlink { incident: id(a)?, from: id(b)?, reason: (a < b).then(|| "a mistake".into()) }
        }
        Act::AddCall(i, at) => {
            let (text, role) = ("They saw it too".to_owned(), CallerRole::Witness);
            Body::AddCall { incident: id(i)?, text, role, place: Some(place(*at)) }
        }
        Act::TakeCall(fence, at) => Body::TakeCall {
            text: "It was seen".into(),
            role: CallerRole::Unknown,
            title: (at % 2 == 0).then(|| "Seen".into()),
            incident_type: if *fence { "fence" } else { "air" }.into(),
            priority: Priority::P3,
            severity: Severity::Moderate,
            place: (*at > 2).then(|| place(*at)),
            playbook: None,
            reality: Reality::Actual,
        },
        Act::DetachCall(i, n) => Body::DetachCall { incident: id(i)?, call: whole(i)?.calls.get(*n)?.id.clone() },
        Act::HandOver(i, to) => {
            let to = ["police", "fire", "environment", "harbour"][*to].parse().unwrap();
            Body::HandOver { incident: id(i)?, to, reason: "theirs".into() }
        }
        Act::Read(_) | Act::Tick | Act::Redeliver => return None,
    })
}

fn run(engine: &mut Engine, log: &[(Timestamp, Input)]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (now, input) in log {
        engine.step(input, *now, &mut effects);
    }
    effects
}

/// The last state of every alarm and incident.
fn latest(effects: &[Effect]) -> (BTreeMap<AlarmId, Alarm>, BTreeMap<IncidentId, Incident>) {
    let (mut alarms, mut incidents) = (BTreeMap::new(), BTreeMap::new());
    for effect in effects {
        match effect {
            Effect::AlarmChanged(a) => drop(alarms.insert(a.id.clone(), (**a).clone())),
            Effect::IncidentChanged(i) => drop(incidents.insert(i.id.clone(), (**i).clone())),
            _ => {}
        }
    }
    (alarms, incidents)
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_replay_gives_the_same_and_a_snapshot_anywhere_changes_nothing(
        acts in prop::collection::vec(act(), 1..60),
        cut in 0.0..1.0f64,
    ) {
        let log = log(&acts);
        let mut whole = crate::kinds::engine();
        let effects = run(&mut whole, &log);
        let end = whole.snapshot();
        let mut again = crate::kinds::engine();
        prop_assert_eq!(&run(&mut again, &log), &effects);
        prop_assert!(again.snapshot() == end, "a replay ends in another snapshot");

        let (before, after) = log.split_at((log.len() as f64 * cut) as usize);
        let mut first = crate::kinds::engine();
        let mut both = run(&mut first, before);
        let mut second = crate::kinds::restore(&first.snapshot()).unwrap();
        prop_assert_eq!(second.statistics(), first.statistics());
        both.extend(run(&mut second, after));
        prop_assert_eq!(&both, &effects);
        prop_assert!(second.snapshot() == end, "a restored engine ends in another snapshot");
    }

    #[test]
    fn no_alarm_is_lost_or_doubled(acts in prop::collection::vec(act(), 1..80)) {
        let effects = run(&mut crate::kinds::engine(), &log(&acts));
        let (alarms, incidents) = latest(&effects);
        let mut listed = BTreeMap::new();
        for incident in incidents.values() {
            for alarm in &incident.alarms {
                prop_assert!(listed.insert(alarm, &incident.id).is_none(), "{alarm} is in two incidents");
            }
            prop_assert_eq!(incident.state == IncidentState::Merged, incident.merged_into.is_some());
        }
        for incident in incidents.values().filter(|i| i.merged_into.is_none()) {
            let own = |id: &AlarmId| incident.alarms.contains(id);
            prop_assert!(incident.links.iter().all(|l| own(&l.cause) && own(&l.effect)), "{:?}", incident.links);
            for related in &incident.related {
                let other = &incidents[&related.incident];
                let back = other.related.iter().any(|r| r.incident == incident.id && r.relation == related.relation.inverse());
                prop_assert!(back, "{} of {} has no counterpart", related.incident, incident.id);
            }
        }
        for alarm in alarms.values() {
            prop_assert_eq!(listed.get(&alarm.id).copied(), alarm.incident.as_ref(), "{}", alarm.id);
        }
        prop_assert!(listed.keys().all(|a| alarms.contains_key(*a)));
        let commands = effects.iter().filter(|e| matches!(e, Effect::CommandDone(_))).count();
        prop_assert!(commands > 0);
    }

    #[test]
    fn one_agency_leads_and_who_led_stays_involved(acts in prop::collection::vec(act(), 1..80)) {
        let (_, incidents) = latest(&run(&mut crate::kinds::engine(), &log(&acts)));
        let parts = |i: &Incident| i.involved.iter().chain([&i.agency]).cloned().collect::<BTreeSet<_>>();
        for incident in incidents.values() {
            let all = parts(incident);
            prop_assert_eq!(all.len(), incident.involved.len() + 1, "{} of {:?}", incident.agency, incident.involved);
            let mut led = None;
            for entry in &incident.timeline {
                if let TimelineEvent::LeadHandedOver { from, to, .. } = &entry.event {
                    prop_assert!(from != to && led.is_none_or(|led| led == from) && all.contains(from));
                    led = Some(to);
                }
            }
            prop_assert!(led.is_none_or(|led| *led == incident.agency));
            if let Some(into) = &incident.merged_into {
                prop_assert!(all.is_subset(&parts(&incidents[into])), "an agency of {} has no part in {into}", incident.id);
            }
        }
    }

    #[test]
    fn readings_in_any_order_are_taken(
        readings in prop::collection::vec((-2000..2000i64, 0..4usize, 0..4usize, any::<u8>(), any::<u8>(), any::<u8>()), 1..200),
    ) {
        let mut engine = crate::kinds::engine();
        run(&mut engine, &log(&[]));
        let observations = readings.iter().map(|(at, who, kind, v, x, y)| {
            let who = ["a", "b", "c", "s2/-"][*who];
            let kind = ["air.pm25", "vehicle", "report", "door.open"][*kind];
            reading(&format!("{at} {who} {kind} {v} {} {}", f64::from(*x) / 2.0, f64::from(*y) / 3.0))
        });
        let input = Input::Observations(observations.collect());
        run(&mut engine, &[(Timestamp(0), input), (Timestamp::from_secs(10_000), Input::Tick)]);
        prop_assert_eq!(engine.statistics().observations, readings.len() as u64);
    }

    #[test]
    fn a_damaged_snapshot_is_refused_or_read(position in 0..2000usize, bit in 0..8u8) {
        let mut engine = crate::kinds::engine();
        run(&mut engine, &log(&[]));
        let mut bytes = engine.snapshot();
        let length = bytes.len();
        bytes[position % length] ^= 1 << bit;
        let _ = crate::kinds::restore(&bytes);
        prop_assert!(crate::kinds::restore(&bytes[..position % length]).is_err());
    }

    #[test]
    fn any_text_in_place_of_an_expression_is_answered(
        text in prop_oneof![
            ".{0,60}",
            "[a-z0-9 .()\\[\\]{}'\"!&|<>=+*/?:,%_\\\\`-]{0,60}",
            "(value|zones|kind|window\\('1m'\\)|attributes|in|has|&&|\\|\\||==|>|\\(|\\)|\\?|:|\\.|-|!|1|2\\.5|'x'|\\[|\\]|,| ){0,30}",
        ],
    ) {
        let mut rule = rule("[detector.condition]\nexpression = 'true'\n");
        rule.when = Some(text.clone());
        rule.detector = vigiles_engine::rule::Detector::Condition(vigiles_engine::rule::Condition {
            expression: text,
            for_s: 0.0,
            clear_for_s: 0.0,
        });
        for d in rule.check(&City(&|_| Some("ug/m3".to_owned()))) {
            prop_assert!(d.at.is_none_or(|(line, column)| line >= 1 && column >= 1) && !d.message.is_empty());
        }
    }
}
