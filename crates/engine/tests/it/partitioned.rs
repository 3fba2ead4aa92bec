//! A log that several engines share has the effects that it has in one, entry by entry, byte for byte: whatever the number
//! of partitions, whoever is restarted, and whatever people change meanwhile.

use proptest::prelude::*;
use vigiles_engine::command::CommandBody as Body;
use vigiles_engine::{ConfigKind, Correlation, Effect, Engine, Input, Judgement, Partition, Seat};
use vigiles_model::alarm::Stage;
use vigiles_model::{ExerciseId, IncidentId, IncidentState, Observation, Timestamp};

use crate::determinism::{CORRELATIONS, busy_script, call, rules, some_readings};
use crate::kinds::{engine, restore};
use crate::rig::{cases, city, command, reading, rule};

/// One engine, and the log that it took with what came of each entry.
struct Whole {
    engine: Engine,
    rules: Vec<String>,
    now: i64,
    log: Vec<(Input, Timestamp, Vec<Effect>)>,
}

impl Whole {
    /// With a rule for each detector, some of them with an allowed lateness, and an exercise under way.
    fn new(late: usize) -> Self {
        let rules = rules(|i| if i % 2 == late { 60 } else { 0 });
        let mut whole = Self { engine: engine(), rules: rules.clone(), now: 0, log: Vec::new() };
        let correlation = |text: &&str| Body::PutCorrelation(Box::new(toml::from_str::<Correlation>(text).unwrap()));
        let id = ExerciseId::new("drill").unwrap();
        let mut bodies = city();
        bodies.extend(rules.iter().map(|text| Body::PutRule(Box::new(rule(text)))));
        bodies.extend(CORRELATIONS.iter().map(correlation));
        bodies.push(Body::StartExercise { id, name: "A dark evening".into() });
        for body in bodies {
            whole.command(body);
            assert!(matches!(whole.log.last().unwrap().2.last(), Some(Effect::CommandDone(Ok(_)))));
        }
        whole
    }

    fn step(&mut self, input: Input) {
        let (now, mut effects) = (Timestamp::from_secs(self.now), Vec::new());
        self.engine.step(&input, now, &mut effects);
        self.log.push((input, now, effects));
    }

    fn command(&mut self, body: Body) {
        self.step(Input::Command(command(body, None)));
    }

    fn incidents(&self) -> Vec<IncidentId> {
        let mut found: Vec<IncidentId> = Vec::new();
        for effect in self.log.iter().flat_map(|(.., effects)| effects) {
            if let Effect::IncidentChanged(incident) = effect
                && !found.contains(&incident.id)
            {
                found.push(incident.id.clone());
            }
        }
        found
    }

    /// What people do: `which` of the incidents or rules, and what.
    fn act(&mut self, which: usize, what: usize) {
        let incidents = self.incidents();
        let at = |n: usize| incidents.get(n % incidents.len().max(1)).cloned();
        let of_rule = |stage: Stage, enabled: bool| {
            let mut rule = rule(&self.rules[which % self.rules.len()]);
            (rule.stage, rule.enabled) = (stage, enabled);
            Body::PutRule(Box::new(rule))
        };
        let gone = |what, id: &str| Body::Delete { what, id: id.to_owned(), reason: None };
        let body = match (what, at(which), at(which + 1)) {
            (0, Some(incident), _) => {
                Body::ChangeState { incident, to: IncidentState::Resolved, reason: Some("over".into()) }
            }
            (1, Some(into), Some(from)) => Body::Merge { into, from },
            (2, ..) => of_rule(Stage::Shadow, true),
            (3, ..) => of_rule(Stage::Live, true),
            (4, ..) => of_rule(Stage::Silent, true),
            (5, ..) => of_rule(Stage::Live, false),
            (6, ..) => gone(ConfigKind::Rule, &format!("rule-{}", which % self.rules.len())),
            (7, ..) => gone(ConfigKind::Asset, ["a", "b", "c"][which % 3]),
            (8, ..) => gone(ConfigKind::Zone, "school"),
            (9, ..) => return self.step(Input::UtcOffset(3600)),
            // Whatever was deleted is there again.
            (10, ..) => {
                for body in city() {
                    self.command(body);
                }
                return;
            }
            _ => call(),
        };
        self.command(body);
    }
}

/// The judges of a log and who leads.
struct Parted {
    judges: Vec<Engine>,
    lead: Engine,
}

impl Parted {
    /// They go on where one engine was.
    fn of_whole(whole: &Engine, of: u32) -> Self {
        let snapshot = whole.snapshot();
        let take = |seat| restore(&snapshot).unwrap().seated(seat);
        Self {
            judges: (0..of).map(|number| take(Seat::Judge(Partition { number, of }))).collect(),
            lead: take(Seat::Lead),
        }
    }

    fn step(&mut self, input: &Input, now: Timestamp) -> (usize, Vec<Effect>) {
        let said: Vec<Vec<Judgement>> = self.judges.iter_mut().map(|judge| judge.judge(input, now)).collect();
        let (count, mut effects) = (said.iter().map(Vec::len).sum(), Vec::new());
        self.lead.step_hearing(input, now, said, &mut effects);
        (count, effects)
    }

    /// One of them dies, and another takes its seat from its snapshot.
    fn restart(&mut self, which: usize) {
        let of = self.judges.len() as u32;
        match self.judges.get_mut(which) {
            Some(judge) => {
                let seat = Seat::Judge(Partition { number: which as u32, of });
                *judge = restore(&judge.snapshot()).unwrap().seated(seat);
            }
            None => self.lead = restore(&self.lead.snapshot()).unwrap().seated(Seat::Lead),
        }
    }
}

/// The log in one engine and, from an entry on, in so many parts, of which `restarts` (after which entry, who) die: how many judgements there
/// were, or the entry where it differs.
fn compare(whole: &Whole, of: u32, from: usize, restarts: &[(usize, usize)]) -> Result<usize, TestCaseError> {
    let mut one = engine();
    let mut judgements = 0;
    for (input, now, _) in whole.log.iter().take(from) {
        one.step(input, *now, &mut Vec::new());
    }
    let mut parted = Parted::of_whole(&one, of);
    for (number, (input, now, expected)) in whole.log.iter().enumerate().skip(from) {
        let (count, found) = parted.step(input, *now);
        judgements += count;
        let text = |effects: &[Effect]| serde_json::to_string_pretty(effects).unwrap();
        prop_assert!(found == *expected, "entry {number} {input:?}\n{}\n{}", text(expected), text(&found));
        for (_, who) in restarts.iter().filter(|(after, _)| *after == number) {
            parted.restart(who % (of as usize + 1));
        }
    }
    Ok(judgements)
}

/// Readings come so many seconds after their time, in batches of these sizes, the last of each batch twice; `deeds` follow
/// on a batch, as (which batch, which incident or rule, what).
fn run(whole: &mut Whole, readings: &[Observation], delays: &[i64], sizes: &[usize], deeds: &[(usize, usize, usize)]) {
    let second = |o: &Observation| o.time.0 / 1_000_000;
    let arrival = |(o, delay): (&Observation, &i64)| (second(o) + delay, o.clone());
    let mut arrivals: Vec<(i64, Observation)> = readings.iter().zip(delays.iter().cycle()).map(arrival).collect();
    arrivals.sort_by_key(|(at, _)| *at);
    let mut rest = arrivals.as_slice();
    let mut n = 0;
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(sizes[n % sizes.len()].min(rest.len()));
        let again = batch.last();
        whole.now = whole.now.max(again.map_or(0, |(at, _)| *at));
        whole.step(Input::Observations(batch.iter().chain(again).map(|(_, o)| o.clone()).collect()));
        for (_, which, what) in deeds.iter().filter(|(after, ..)| *after == n) {
            whole.act(*which, *what);
        }
        (rest, n) = (later, n + 1);
    }
    whole.now += 10_000;
    whole.step(Input::Tick);
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn parts_of_a_log_have_the_effects_of_the_whole(
        readings in some_readings(),
        delays in prop::collection::vec(0..90i64, 1..40),
        sizes in prop::collection::vec(1..9usize, 1..6),
        deeds in prop::collection::vec((0..20usize, 0..40usize, 0..12usize), 0..8),
        restarts in prop::collection::vec((0..60usize, 0..6usize), 0..4),
        (of, late, from) in (1..5u32, 0..2usize, prop_oneof![Just(0), 0..200usize]),
    ) {
        let mut whole = Whole::new(late);
        run(&mut whole, &readings, &delays, &sizes, &deeds);
        compare(&whole, of, from % whole.log.len(), &restarts)?;
    }
}

#[test]
fn judges_have_something_to_say() {
    let readings: Vec<Observation> = busy_script(0..400).lines().map(reading).collect();
    let mut whole = Whole::new(0);
    run(&mut whole, &readings, &[0], &[3], &[]);
    let alarms = whole.log.iter().flat_map(|(.., effects)| effects).filter(|e| matches!(e, Effect::AlarmChanged(_)));
    assert!(alarms.count() > 100);
    for of in [1, 2, 7] {
        for from in [0, whole.log.len() / 2] {
            assert!(compare(&whole, of, from, &[(40, 0), (60, 1), (80, 2), (81, 7)]).unwrap() > 100);
        }
    }
}
