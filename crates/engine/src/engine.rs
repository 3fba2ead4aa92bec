//! The engine: all state, and the one function that changes it.
//!
//! There are two sets of what readings and incident commands change: the city's, and that of the exercise under way.
//! What people wrote (rules, zones, playbooks) and the time hold for both.

use std::collections::BTreeMap;
use std::sync::Arc;

use vigiles_model::playbook::OutwardKinds;
use vigiles_model::{IncidentState, Observation, Origin, Reality, RuleId, Timestamp};

use crate::book::Book;
use crate::budget::Budget;
use crate::command::{Command, CommandBody, CommandError, ConfigDocument};
use crate::config::{Config, unit_in};
use crate::effect::{Effect, Input, Statistics};
use crate::exercise::{Drill, SIDES};
use crate::incidents::{Answer, Asked, CallTaken, Opening};
use crate::live::Live;
use crate::partition::{Seat, TurnOf};
use crate::slot::Memory;
use crate::turn::Turn;
use crate::zones::ZoneIndex;

/// All state of the core.
///
/// Invariant: whatever order reaches an effect is the order of the log, of time, or of an ordered key; never the order
/// of a hash map.
#[derive(Debug, Default)]
pub struct Engine {
    /// Shared with what is frozen; copied when a document changes while that is still there.
    pub(crate) config: Arc<Config>,
    pub(crate) live: Live,
    /// What is judged here of the city; an exercise is judged by who leads.
    pub(crate) seat: Seat,
    /// The exercise under way.
    pub(crate) drill: Option<Box<Drill>>,
    /// Seconds east of Greenwich, for `time.hour` in expressions.
    pub(crate) utc_offset_s: i32,
    pub(crate) now: i64,
    pub(crate) book: Book,
    pub(crate) zones: ZoneIndex,
}

impl Engine {
    /// An engine that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with the task kinds that act outward: a playbook that names another one is refused, and what was saved with
    /// one fails.
    #[must_use]
    pub fn knowing(mut self, kinds: OutwardKinds) -> Self {
        Arc::make_mut(&mut self.config).task_kinds = kinds;
        self
    }

    /// Takes one entry of the log. `now` is platform time and never decreases (an earlier one counts as the latest
    /// seen). Timers due by `now` fire first, each at its own time.
    pub fn step(&mut self, input: &Input, now: Timestamp, effects: &mut Vec<Effect>) {
        self.now = self.now.max(now.0);
        let now = self.now;
        for reality in SIDES {
            if let Some(mut turn) = self.turn_of(reality, effects) {
                turn.catch_up(now);
                turn.sweep(now);
            }
        }
        self.live.judgements.turn = TurnOf::Entry(0);
        match input {
            Input::Observations(observations) => self.observe(observations, effects),
            // What people handle is the lead's, and so are exercises.
            Input::Command(command) if matches!(self.seat, Seat::Judge(_)) && !command.body.is_configuration() => {}
            Input::Command(command) => {
                let answer = self.command(command, Timestamp(now), effects);
                // What it ended may be known to judges alone.
                self.turn(effects).hear(TurnOf::Entry(0), None);
                effects.push(Effect::CommandDone(answer));
            }
            Input::UtcOffset(seconds) => self.utc_offset_s = (*seconds).clamp(-86_400, 86_400),
            Input::Tick => {}
        }
        for reality in SIDES {
            if let Some(mut turn) = self.turn_of(reality, effects) {
                turn.weigh();
            }
        }
    }

    /// Counts for the system page.
    pub fn statistics(&self) -> Statistics {
        let counters = &self.live.counters;
        let windows = |memory: &Memory| match memory {
            Memory::Windows(windows) => windows.len() as u64,
            Memory::Counter(_) | Memory::LargeCounter(_) | Memory::Clusters { .. } => 1,
            _ => 0,
        };
        let shared: u64 = self.live.series.list().iter().map(|s| s.windows.len() as u64).sum();
        let incidents = self.live.cases.all().values().map(|c| c.incident.state);
        Statistics {
            series: self.live.series.len() as u64,
            states: self.live.slots().len() as u64,
            state_bytes: self.live.shares.all_bytes() as u64,
            windows: self.live.slots().iter().map(|s| windows(&s.memory)).sum::<u64>() + shared,
            rules: self.config.rules.len() as u64,
            open_alarms: self.live.alarms.values().filter(|r| r.alarm.cleared.is_none()).count() as u64,
            open_incidents: incidents.filter(|s| s.is_open()).count() as u64,
            incidents: self.live.cases.all().len() as u64,
            observations: counters.observations,
            evaluated: counters.evaluated,
            duplicates: counters.duplicates,
            out_of_order: counters.out_of_order,
            late: counters.late,
            implausible: counters.implausible,
            refused: counters.refused,
            rule_errors: self.by_rule(&counters.rule_errors),
            rule_alarms: self.by_rule(&counters.rule_alarms),
            rule_bytes: self.by_rule(&self.live.shares.bytes_of_rules()),
        }
    }

    /// The steps that each rule took in the city since its present version was made ready, or since the engine was: node
    /// by node, entry by entry, as [`Rule::cost`](crate::Rule::cost) bounds them for a reading, and what its alarms were
    /// compared with. Nothing of it is in the snapshot.
    pub fn steps(&self) -> BTreeMap<RuleId, u64> {
        self.book.steps()
    }

    pub(crate) fn book(&self) -> &Book {
        &self.book
    }

    fn by_rule(&self, counts: &BTreeMap<u32, u64>) -> BTreeMap<RuleId, u64> {
        counts.iter().filter_map(|(name, n)| Some((RuleId::new(self.live.names.text(*name)).ok()?, *n))).collect()
    }

    /// A turn in the city.
    pub(crate) fn turn<'a>(&'a mut self, effects: &'a mut Vec<Effect>) -> Turn<'a> {
        Turn {
            book: &self.book,
            config: &self.config,
            zones: &self.zones,
            utc_offset_s: self.utc_offset_s,
            reality: Reality::Actual,
            seat: self.seat,
            live: &mut self.live,
            effects,
        }
    }

    /// A turn in the city or in the exercise; none where there is no exercise.
    pub(crate) fn turn_of<'a>(&'a mut self, reality: Reality, effects: &'a mut Vec<Effect>) -> Option<Turn<'a>> {
        if reality == Reality::Actual {
            return Some(self.turn(effects));
        }
        let drill = self.drill.as_deref_mut()?;
        Some(Turn {
            book: &drill.book,
            config: &self.config,
            zones: &self.zones,
            utc_offset_s: self.utc_offset_s,
            reality,
            seat: Seat::Whole,
            live: &mut drill.live,
            effects,
        })
    }

    /// Each reading is judged on its own side: those of an exercise nowhere while there is none.
    fn observe(&mut self, observations: &[Observation], effects: &mut Vec<Effect>) {
        let now = self.now;
        let is_drill = |o: &&Observation| o.origin == Origin::Exercise;
        let seat = self.seat;
        let is_here = |o: &Observation| !matches!(seat, Seat::Judge(partition) if !partition.holds(o));
        let mut turn = self.turn(effects);
        for (number, o) in (0..).zip(observations).filter(|(_, o)| !is_drill(o) && is_here(o)) {
            turn.live.judgements.turn = TurnOf::Entry(number);
            turn.observe(o, now);
            turn.hear(TurnOf::Entry(number), None);
        }
        if let Some(mut turn) = self.turn_of(Reality::Exercise, effects) {
            observations.iter().filter(is_drill).for_each(|o| turn.observe(o, now));
        }
    }

    pub(crate) fn of(config: Arc<Config>, utc_offset_s: i32, now: i64) -> Self {
        Self { config, utc_offset_s, now, ..Self::default() }
    }

    /// Makes rules, zones and timers ready after a restore.
    pub(crate) fn prepare(&mut self) {
        self.zones.rebuild(&self.config);
        let budget = Budget::of(self.config.rules.values(), &unit_in(&self.config.kinds));
        Arc::make_mut(&mut self.config).budget = budget;
        self.book = Book::of(&self.config, &mut self.live.names, self.seat);
        self.live.set_timers(&self.book);
        if let Some(drill) = &mut self.drill {
            drill.book = Book::of(&self.config, &mut drill.live.names, Seat::Whole);
            drill.live.set_timers(&drill.book);
        }
    }

    fn command(&mut self, command: &Command, at: Timestamp, effects: &mut Vec<Effect>) -> Answer {
        let asked = Asked { by: command.by.as_ref(), agency: &command.agency, expected: command.expected_version, at };
        let document = match &command.body {
            CommandBody::PutKind(d) => ConfigDocument::Kind(d.clone()),
            CommandBody::PutAsset(d) => ConfigDocument::Asset(d.clone()),
            CommandBody::PutZone(d) => ConfigDocument::Zone(d.clone()),
            CommandBody::PutRule(d) => ConfigDocument::Rule(d.clone()),
            CommandBody::PutPlaybook(d) => ConfigDocument::Playbook(d.clone()),
            CommandBody::PutCorrelation(d) => ConfigDocument::Correlation(d.clone()),
            CommandBody::Delete { what, id, reason } => {
                return self.delete(asked, (*what, id), reason.as_deref(), effects);
            }
            CommandBody::StartExercise { id, name } => return self.start_exercise(asked, id, name),
            CommandBody::EndExercise { id, reason } => return self.end_exercise(asked, id, reason, effects),
            body => {
                let reality = self.side_of(body);
                let Some(mut turn) = self.turn_of(reality, effects) else {
                    return Err(CommandError::NotAllowed { why: NO_EXERCISE.to_owned() });
                };
                return incident_command(&mut turn, asked, body);
            }
        };
        self.put(asked, document, effects)
    }
}

/// An incident of an exercise is never opened in the city's state instead.
const NO_EXERCISE: &str = "no exercise is under way for an incident of reality exercise; start an exercise first";

fn incident_command(turn: &mut Turn<'_>, asked: Asked<'_>, body: &CommandBody) -> Answer {
    match body {
        CommandBody::OpenIncident { title, incident_type, priority, severity, place, playbook, reality } => turn
            .open_incident(
                asked,
                &Opening {
                    title,
                    incident_type,
                    priority: *priority,
                    severity: *severity,
                    place: place.as_ref(),
                    playbook: playbook.as_ref(),
                    reality: *reality,
                },
            ),
        CommandBody::TakeCall { text, role, title, incident_type, priority, severity, place, playbook, reality } => {
            let taken = CallTaken { text, role: *role, place: place.as_ref() };
            let opening = Opening {
                title: title.as_deref().unwrap_or_else(|| taken.headline()),
                incident_type,
                priority: *priority,
                severity: *severity,
                place: place.as_ref(),
                playbook: playbook.as_ref(),
                reality: *reality,
            };
            turn.take_call(asked, &taken, &opening)
        }
        CommandBody::ChangeState { incident, to: IncidentState::Merged, .. } => {
            let why = format!("incident {incident} becomes merged only by the command that merges it");
            Err(CommandError::NotAllowed { why })
        }
        CommandBody::ChangeState { incident, to, reason } => turn.change_state(asked, incident, *to, reason.as_deref()),
        CommandBody::Assess { incident, verdict, reason } => turn.assess(asked, incident, *verdict, reason.as_deref()),
        CommandBody::SetPriority { incident, priority } => turn.set_priority(asked, incident, *priority),
        CommandBody::AddNote { incident, text } => turn.add_note(asked, incident, text),
        CommandBody::Merge { into, from } => turn.merge(asked, into, from),
        CommandBody::Split { incident, alarms, title } => turn.split(asked, incident, alarms, title.as_deref()),
        CommandBody::StartPlaybook { incident, playbook } => turn.start_playbook(asked, incident, playbook),
        CommandBody::CompleteTask { incident, task, outcome, text } => {
            turn.complete_task(asked, incident, task, *outcome, text.as_deref())
        }
        CommandBody::Detach { incident, alarm } => turn.detach(asked, incident, alarm),
        CommandBody::Link { incident, to, relation, reason } => turn.link(asked, incident, to, *relation, reason),
        CommandBody::Unlink { incident, from, reason } => turn.unlink(asked, incident, from, reason.as_deref()),
        CommandBody::AnswerTask { incident, task, answer } => turn.answer_task(asked, incident, task, answer),
        CommandBody::ApproveTask { incident, task } => turn.approve_task(asked, incident, task),
        CommandBody::AbortPlaybook { incident, reason } => turn.abort_playbook(asked, incident, reason),
        CommandBody::PostMessage { incident, room, text } => turn.post_message(asked, incident, room, text),
        CommandBody::AddCall { incident, text, role, place } => {
            turn.add_call(asked, incident, &CallTaken { text, role: *role, place: place.as_ref() })
        }
        CommandBody::DetachCall { incident, call } => turn.detach_call(asked, incident, call),
        CommandBody::HandOver { incident, to, reason } => turn.hand_over(asked, incident, to, reason),
        other => {
            debug_assert!(other.incident().is_none(), "what is asked of an incident is carried out above");
            Err(CommandError::NotAllowed { why: "not a command on an incident".to_owned() })
        }
    }
}
