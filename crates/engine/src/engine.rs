//! The engine: all state, and the one function that changes it.

use std::collections::BTreeMap;

use vigiles_model::{AssetId, IncidentState, KindId, RuleId, Timestamp};

use crate::book::Book;
use crate::command::{Command, CommandBody, CommandDone, CommandError, ConfigDocument, ConfigKind};
use crate::config::{Config, ZoneIndex};
use crate::effect::{Effect, Input, Statistics};
use crate::incidents::{Answer, Asked, Opening};
use crate::live::Live;
use crate::slot::{Memory, Scope};
use crate::turn::Turn;

/// Microseconds between two clearings out.
const SWEEP_EVERY: i64 = 3_600_000_000;

/// All state of the core.
///
/// Invariant: whatever order reaches an effect is the order of the log, of time, or of an ordered key; never the order
/// of a hash map.
#[derive(Debug, Default)]
pub struct Engine {
    pub(crate) config: Config,
    pub(crate) live: Live,
    /// Seconds east of Greenwich, for `time.hour` in expressions.
    pub(crate) utc_offset_s: i32,
    pub(crate) now: i64,
    book: Book,
    zones: ZoneIndex,
}

impl Engine {
    /// An engine that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one entry of the log. `now` is platform time and never decreases (an earlier one counts as the latest
    /// seen). Timers due by `now` fire first, each at its own time.
    pub fn step(&mut self, input: &Input, now: Timestamp, effects: &mut Vec<Effect>) {
        self.now = self.now.max(now.0);
        let now = self.now;
        let mut turn = self.turn(effects);
        turn.catch_up(now);
        if turn.live.next_sweep <= now {
            turn.live.next_sweep = now.saturating_add(SWEEP_EVERY);
            turn.live.sweep_series(now);
            turn.sweep_cases(now);
        }
        match input {
            Input::Observations(observations) => observations.iter().for_each(|o| turn.observe(o, now)),
            Input::Command(command) => {
                let answer = self.command(command, Timestamp(now), effects);
                effects.push(Effect::CommandDone(answer));
            }
            Input::UtcOffset(seconds) => self.utc_offset_s = (*seconds).clamp(-86_400, 86_400),
            Input::Tick => {}
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
        let shared: u64 = self.live.series.iter().map(|s| s.windows.len() as u64).sum();
        let incidents = self.live.cases.all().values().map(|c| c.incident.state);
        Statistics {
            series: self.live.series.len() as u64,
            states: self.live.slots().len() as u64,
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
        }
    }

    pub(crate) fn book(&self) -> &Book {
        &self.book
    }

    fn by_rule(&self, counts: &BTreeMap<u32, u64>) -> BTreeMap<RuleId, u64> {
        counts.iter().filter_map(|(name, n)| Some((RuleId::new(self.live.names.text(*name)).ok()?, *n))).collect()
    }

    pub(crate) fn turn<'a>(&'a mut self, effects: &'a mut Vec<Effect>) -> Turn<'a> {
        Turn {
            book: &self.book,
            config: &self.config,
            zones: &self.zones,
            utc_offset_s: self.utc_offset_s,
            live: &mut self.live,
            effects,
        }
    }

    pub(crate) fn of(config: Config, utc_offset_s: i32, now: i64) -> Self {
        Self { config, utc_offset_s, now, ..Self::default() }
    }

    /// Makes rules, zones and timers ready after a restore.
    pub(crate) fn prepare(&mut self) {
        self.zones.rebuild(&self.config);
        self.book = Book::of(&self.config, &mut self.live.names);
        self.live.set_timers(&self.book);
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
            CommandBody::Delete { what, id } => return self.delete(asked, *what, id, effects),
            body => return incident_command(&mut self.turn(effects), asked, body),
        };
        self.put(asked, document, effects)
    }

    fn put(&mut self, asked: Asked<'_>, document: ConfigDocument, effects: &mut Vec<Effect>) -> Answer {
        self.check_version(asked, document.what(), document.id())?;
        let before = match &document {
            ConfigDocument::Rule(rule) => self.config.rules.get(&rule.id).cloned(),
            _ => None,
        };
        let (document, version) = self.config.put(document)?;
        effects.push(Effect::ConfigChanged { document: document.clone(), version, at: asked.at });
        match &document {
            ConfigDocument::Rule(rule) => {
                let name = self.live.names.number(rule.id.as_str());
                if let Some(name) = name {
                    let mut turn = self.turn(effects);
                    match &before {
                        Some(old) if !judges_alike(old, rule) => turn.end_states(|a| a.rule == name, asked.at),
                        // What it remembers stays; its alarms are raised anew in the other stage.
                        Some(old) if old.stage != rule.stage => turn.end_alarms(|a| a.rule == name, asked.at),
                        _ => {}
                    }
                }
                self.book.refresh(&rule.id, &self.config, &mut self.live.names);
            }
            ConfigDocument::Kind(kind) => {
                self.book.plan_again([kind.id.clone()], &self.config, &mut self.live.names);
            }
            ConfigDocument::Zone(_) => self.zones.rebuild(&self.config),
            ConfigDocument::Asset(_) | ConfigDocument::Playbook(_) | ConfigDocument::Correlation(_) => {}
        }
        Ok(CommandDone::Config { document, version })
    }

    fn delete(&mut self, asked: Asked<'_>, what: ConfigKind, id: &str, effects: &mut Vec<Effect>) -> Answer {
        self.check_version(asked, what, id)?;
        self.config.delete(what, id)?;
        effects.push(Effect::ConfigDeleted { what, id: id.to_owned() });
        let name = self.live.names.number(id);
        match (what, name) {
            (ConfigKind::Rule, Some(name)) => {
                self.turn(effects).end_states(|a| a.rule == name, asked.at);
                if let Ok(id) = RuleId::new(id) {
                    self.book.refresh(&id, &self.config, &mut self.live.names);
                }
            }
            (ConfigKind::Asset, Some(name)) if AssetId::new(id).is_ok() => {
                self.turn(effects).end_states(|a| a.scope == Scope::Asset(name), asked.at);
            }
            (ConfigKind::Zone, name) => {
                self.zones.rebuild(&self.config);
                if let Some(name) = name {
                    self.turn(effects).end_states(|a| a.scope == Scope::Zone(name), asked.at);
                }
            }
            (ConfigKind::Kind, _) => {
                if let Ok(id) = KindId::new(id) {
                    self.book.plan_again([id], &self.config, &mut self.live.names);
                }
            }
            _ => {}
        }
        Ok(CommandDone::Deleted { what, id: id.to_owned() })
    }

    fn check_version(&self, asked: Asked<'_>, what: ConfigKind, id: &str) -> Result<(), CommandError> {
        let found = self.config.version(what, id);
        match asked.expected {
            Some(expected) if expected != found => Err(CommandError::VersionConflict { expected, found }),
            _ => Ok(()),
        }
    }
}

/// Whether the states of the old rule go on under the new one.
fn judges_alike(old: &crate::rule::Rule, new: &crate::rule::Rule) -> bool {
    old.enabled == new.enabled
        && old.kinds == new.kinds
        && old.when == new.when
        && old.key == new.key
        && old.detector == new.detector
        && old.unit == new.unit
        && old.lateness_s.total_cmp(&new.lateness_s).is_eq()
}

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
        CommandBody::Unlink { incident, from } => turn.unlink(asked, incident, from),
        CommandBody::AnswerTask { incident, task, answer } => turn.answer_task(asked, incident, task, answer),
        CommandBody::ApproveTask { incident, task } => turn.approve_task(asked, incident, task),
        CommandBody::AbortPlaybook { incident, reason } => turn.abort_playbook(asked, incident, reason),
        CommandBody::PostMessage { incident, room, text } => turn.post_message(asked, incident, room, text),
        CommandBody::PutKind(_)
        | CommandBody::PutAsset(_)
        | CommandBody::PutZone(_)
        | CommandBody::PutRule(_)
        | CommandBody::PutPlaybook(_)
        | CommandBody::PutCorrelation(_)
        | CommandBody::Delete { .. } => {
            Err(CommandError::NotAllowed { why: "not a command on an incident".to_owned() })
        }
    }
}
