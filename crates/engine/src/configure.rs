//! Commands on what people wrote: kinds, assets, zones, rules, playbooks, correlation rules.

use std::sync::Arc;

use vigiles_model::{KindId, RuleId, Timestamp};

use crate::command::{CommandDone, CommandError, ConfigDocument, ConfigKind};
use crate::config::text;
use crate::effect::Effect;
use crate::engine::Engine;
use crate::exercise::SIDES;
use crate::incidents::{Answer, Asked};
use crate::rule::Rule;
use crate::slot::Scope;

impl Engine {
    pub(crate) fn put(&mut self, asked: Asked<'_>, document: ConfigDocument, effects: &mut Vec<Effect>) -> Answer {
        self.check_version(asked, document.what(), document.id())?;
        let before = match &document {
            ConfigDocument::Rule(rule) => self.config.rules.get(&rule.id).cloned(),
            _ => None,
        };
        let (document, version) = Arc::make_mut(&mut self.config).put(document)?;
        effects.push(Effect::ConfigChanged { document: document.clone(), version, at: asked.at });
        match &document {
            ConfigDocument::Rule(rule) => {
                if let Some(old) = &before {
                    self.end_judged_otherwise(old, rule, asked.at, effects);
                }
                self.refresh_rule(&rule.id);
            }
            ConfigDocument::Kind(kind) => self.refresh_kind(&kind.id),
            ConfigDocument::Zone(zone) => self.zones.put(zone),
            ConfigDocument::Asset(_) | ConfigDocument::Playbook(_) | ConfigDocument::Correlation(_) => {}
        }
        Ok(CommandDone::Config { document, version })
    }

    pub(crate) fn delete(
        &mut self,
        asked: Asked<'_>,
        (what, id): (ConfigKind, &str),
        reason: Option<&str>,
        effects: &mut Vec<Effect>,
    ) -> Answer {
        self.check_version(asked, what, id)?;
        reason.map_or(Ok(()), |reason| text("reason", reason))?;
        let config = Arc::make_mut(&mut self.config);
        let rule =
            RuleId::new(id).ok().filter(|_| what == ConfigKind::Rule).and_then(|id| config.rules.get(&id).cloned());
        config.delete(what, id)?;
        let last = rule.zip(reason).map(|(rule, reason)| {
            let (version, author) = (config.retire(what, id), asked.by.cloned());
            Box::new(Rule { version, author, reason: reason.to_owned(), ..rule })
        });
        effects.push(Effect::ConfigDeleted { what, id: id.to_owned(), last, at: asked.at });
        if what == ConfigKind::Zone {
            self.zones.remove(id);
        }
        for reality in SIDES {
            let Some(mut turn) = self.turn_of(reality, effects) else { continue };
            let Some(name) = turn.live.names.number(id) else { continue };
            match what {
                ConfigKind::Rule => turn.end_states(|a| a.rule == name, asked.at),
                ConfigKind::Asset => turn.end_states(|a| a.scope == Scope::Asset(name), asked.at),
                ConfigKind::Zone => turn.end_states(|a| a.scope == Scope::Zone(name), asked.at),
                ConfigKind::Kind | ConfigKind::Playbook | ConfigKind::Correlation => {}
            }
        }
        match what {
            ConfigKind::Rule => RuleId::new(id).iter().for_each(|id| self.refresh_rule(id)),
            ConfigKind::Kind => KindId::new(id).iter().for_each(|id| self.refresh_kind(id)),
            ConfigKind::Asset | ConfigKind::Zone | ConfigKind::Playbook | ConfigKind::Correlation => {}
        }
        Ok(CommandDone::Deleted { what, id: id.to_owned() })
    }

    /// Ends the states of a rule that now judges otherwise, in the city and in the exercise.
    fn end_judged_otherwise(&mut self, old: &Rule, new: &Rule, at: Timestamp, effects: &mut Vec<Effect>) {
        for reality in SIDES {
            let Some(mut turn) = self.turn_of(reality, effects) else { continue };
            let Some(name) = turn.live.names.number(new.id.as_str()) else { continue };
            if !judges_alike(old, new) {
                turn.end_states(|a| a.rule == name, at);
            } else if old.stage != new.stage {
                // What it remembers stays; its alarms are raised anew in the other stage.
                turn.end_alarms(|a| a.rule == name, at);
            }
        }
    }

    fn refresh_rule(&mut self, id: &RuleId) {
        self.book.refresh(id, &self.config, &mut self.live.names);
        if let Some(drill) = &mut self.drill {
            drill.book.refresh(id, &self.config, &mut drill.live.names);
        }
    }

    fn refresh_kind(&mut self, id: &KindId) {
        self.book.plan_again([id.clone()], &self.config, &mut self.live.names);
        if let Some(drill) = &mut self.drill {
            drill.book.plan_again([id.clone()], &self.config, &mut drill.live.names);
        }
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
fn judges_alike(old: &Rule, new: &Rule) -> bool {
    old.enabled == new.enabled
        && old.kinds == new.kinds
        && old.when == new.when
        && old.key == new.key
        && old.detector == new.detector
        && old.unit == new.unit
        && old.lateness_s.total_cmp(&new.lateness_s).is_eq()
}
