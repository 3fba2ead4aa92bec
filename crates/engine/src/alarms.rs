//! Alarms: raised once for a rule and key, supported while the condition holds, cleared when it is over.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vigiles_model::alarm::Stage;
use vigiles_model::{Alarm, AlarmId, AlarmState, Observation, Reality, Timestamp, Value};

use crate::compiled::Compiled;
use crate::effect::Effect;
use crate::grounds::Grounds;
use crate::partition::Seat;
use crate::playbook::reality_text;
use crate::slot::{Address, NONE, Scope, keep_cause};
use crate::turn::Turn;

/// Most alarms in memory, but for those of rules in shadow. Cleared ones leave it with their incident.
pub(crate) const MAX_ALARMS: usize = 20_000;

/// An alarm and the state that raised it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) alarm: Alarm,
    pub(crate) address: Address,
}

impl Turn<'_> {
    /// Raises an alarm and puts it into its incident. None when the rule may raise no more.
    pub(crate) fn raise(&mut self, rule: &Compiled, address: Address, grounds: Grounds, at: Timestamp) -> Option<u64> {
        if rule.rule.stage == Stage::Silent {
            // The state goes through its phases, and no alarm has this number.
            *self.live.counters.rule_alarms.entry(rule.name).or_default() += 1;
            self.live.next_alarm += 1;
            return Some(self.live.next_alarm - 1);
        }
        if matches!(self.seat, Seat::Judge(_)) {
            return Some(self.say_raised(rule, address, grounds, at));
        }
        if !self.has_room_for_alarm(rule) {
            self.flood(rule, grounds, at);
            return None;
        }
        Some(self.admit(rule, address, grounds, at))
    }

    /// Raises an alarm that there is room for.
    pub(crate) fn admit(&mut self, rule: &Compiled, address: Address, grounds: Grounds, at: Timestamp) -> u64 {
        let alarm = self.describe(rule, address, grounds, at);
        self.enter(rule, address, alarm, at)
    }

    /// Takes in an alarm that there is room for.
    pub(crate) fn enter(&mut self, rule: &Compiled, address: Address, alarm: Alarm, at: Timestamp) -> u64 {
        *self.live.counters.rule_alarms.entry(rule.name).or_default() += 1;
        let number = self.keep_alarm(address, alarm);
        match &rule.rule.incident {
            Some(spec) if rule.rule.stage == Stage::Live => self.correlate(number, spec, at),
            _ => self.show_alarm(number),
        }
        number
    }

    /// Keeps an alarm by the next number.
    pub(crate) fn keep_alarm(&mut self, address: Address, alarm: Alarm) -> u64 {
        let number = self.live.next_alarm;
        self.live.next_alarm += 1;
        self.live.alarm_numbers.insert(alarm.id.clone(), number);
        self.live.add_alarm(number, Arc::new(Record { alarm, address }));
        number
    }

    /// Counts a reading that supports an active alarm. The alarm is shown again each time its support doubles.
    pub(crate) fn support(&mut self, number: u64, o: &Observation, at: Timestamp) {
        if matches!(self.seat, Seat::Judge(_)) {
            return self.say_supported(number, o, at);
        }
        let Some(record) = self.live.alarm_mut(number) else { return };
        record.alarm.support += 1;
        keep_cause(&mut record.alarm.causes, o);
        let many = !matches!(record.address.scope, Scope::Asset(_) | Scope::Source(_));
        if record.alarm.support.is_power_of_two() {
            record.alarm.version += 1;
            self.show_alarm(number);
        }
        // Of one asset or source the alarm itself has told already.
        if many {
            self.count_witness(number, o, at);
        }
    }

    /// The condition is over.
    pub(crate) fn clear(&mut self, number: u64, at: Timestamp) {
        if matches!(self.seat, Seat::Judge(_)) {
            return self.say_cleared(number, at);
        }
        let Some(record) = self.live.alarm_mut(number) else { return };
        record.alarm.state = AlarmState::Cleared;
        record.alarm.cleared = Some(at);
        record.alarm.version += 1;
        let (incident, address) = (record.alarm.incident.clone(), record.address);
        self.live.shares.clear_alarm(address);
        self.show_alarm(number);
        match incident {
            Some(incident) => self.note_cleared(&incident, number, at),
            None => self.forget_alarm(number),
        }
        self.ebb(address.rule, at);
    }

    pub(crate) fn show_alarm(&mut self, number: u64) {
        if let Some(record) = self.live.alarms.get(&number) {
            self.effects.push(Effect::AlarmChanged(Box::new(record.alarm.clone())));
        }
    }

    /// Drops an alarm from memory; the store keeps it.
    pub(crate) fn forget_alarm(&mut self, number: u64) {
        self.live.drop_alarm(number);
    }

    pub(crate) fn describe(&self, rule: &Compiled, address: Address, grounds: Grounds, at: Timestamp) -> Alarm {
        let basis = self.basis(rule, address, &grounds);
        let evidence = grounds.evidence;
        let first = evidence.causes.first();
        let last = evidence.causes.last();
        let key = self.key_text(address);
        let (title, reason) = match address.scope {
            Scope::Flood => self.flood_texts(rule),
            _ => (
                self.fill_in(&rule.rule.alarm.title, address, last, evidence.figure),
                self.reason(rule, address, &evidence),
            ),
        };
        Alarm {
            id: alarm_id(rule, &key, first, at, self.reality),
            rule: rule.rule.id.clone(),
            rule_version: rule.rule.version,
            title,
            reason,
            key,
            severity: rule.rule.alarm.severity,
            urgency: rule.rule.alarm.urgency,
            certainty: rule.rule.alarm.certainty,
            stage: rule.rule.stage,
            state: AlarmState::Active,
            kind: last.map(|o| o.kind.clone()),
            asset: last.filter(|_| matches!(address.scope, Scope::Asset(_))).and_then(|o| o.asset.clone()),
            place: last.and_then(|o| o.place.clone()),
            agency: rule.rule.agency.clone(),
            raised: at,
            cleared: None,
            support: evidence.support,
            causes: evidence.causes,
            basis,
            incident: None,
            version: 1,
            reality: self.reality,
        }
    }

    fn key_text(&self, address: Address) -> String {
        let names = &self.live.names;
        let key = match address.scope {
            Scope::All => "all".to_owned(),
            Scope::Flood => "others".to_owned(),
            Scope::Asset(name) | Scope::Source(name) | Scope::Zone(name) => names.text(name).to_owned(),
            Scope::Cluster(number) => format!("cluster-{number}"),
        };
        if address.zone == NONE { key } else { format!("{key}/{}", names.text(address.zone)) }
    }

    /// Fills in the words of a title.
    pub(crate) fn fill_in(&self, template: &str, address: Address, o: Option<&Observation>, figure: f64) -> String {
        if !template.contains('{') {
            return template.to_owned();
        }
        let asset = o.map(|o| o.asset.as_ref().map_or_else(|| o.source.to_string(), |a| self.asset_name(a)));
        let kind = o.and_then(|o| self.config.kinds.get(&o.kind));
        let word = |word: &str| {
            Some(match word {
                "asset" => asset.clone().unwrap_or_default(),
                "value" => o.map(|o| value_text(&o.value)).unwrap_or_default(),
                "unit" => kind.map_or("", |k| &k.unit).to_owned(),
                "kind" => kind.map_or("", |k| &k.name).to_owned(),
                "source" => o.map_or("", |o| o.source.as_str()).to_owned(),
                "count" => figure_text(figure),
                "zone" => self.zone_name(address, o),
                _ => return None,
            })
        };
        filled(template, word).trim().to_owned()
    }

    pub(crate) fn zone_name(&self, address: Address, o: Option<&Observation>) -> String {
        let named = match (address.zone, address.scope) {
            (NONE, Scope::Zone(name)) => Some(name),
            (NONE, _) => None,
            (zone, _) => Some(zone),
        };
        if let Some(name) = named {
            let id = self.live.names.text(name);
            return self
                .zones
                .zones
                .iter()
                .find(|z| z.id.as_str() == id)
                .map_or_else(|| id.to_owned(), |z| z.name.clone());
        }
        let Some(place) = o.and_then(|o| o.place.as_ref()) else { return String::new() };
        let mut found = Vec::new();
        self.zones.find(place.centre(), &mut found);
        found.first().and_then(|p| self.zones.zones.get(*p as usize)).map_or_else(String::new, |z| z.name.clone())
    }
}

/// The template with its `{words}` replaced, in one pass: what is filled in is not looked at again, whatever sources
/// call their assets. Words that are not known stay.
fn filled(template: &str, word: impl Fn(&str) -> Option<String>) -> String {
    let (mut text, mut rest) = (String::with_capacity(template.len()), template);
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let known = after.split_once('}').and_then(|(name, after)| Some((word(name)?, after)));
        rest = known.as_ref().map_or(after, |(_, after)| after);
        text.push_str(known.as_ref().map_or("{", |(value, _)| value));
    }
    text.push_str(rest);
    text
}

/// The same for the same rule, key, start and first cause; another in an exercise.
fn alarm_id(rule: &Compiled, key: &str, first: Option<&Observation>, at: Timestamp, reality: Reality) -> AlarmId {
    let mut hash = blake3::Hasher::new();
    for part in [rule.rule.id.as_str(), key] {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.update(&at.0.to_le_bytes());
    hash.update(&first.map_or(0, |o| o.id.0).to_le_bytes());
    if reality != Reality::Actual {
        hash.update(reality_text(reality).as_bytes());
    }
    let id = format!("alm-{}", &hash.finalize().to_hex()[..16]);
    AlarmId::new(id).expect("hexadecimal digits make an id")
}

pub(crate) fn value_text(value: &Value) -> String {
    match value {
        Value::Number(n) => figure_text(*n),
        Value::Boolean(b) => b.to_string(),
        Value::Text(t) => t.to_string(),
    }
}

/// A number for people: at most three decimals.
pub(crate) fn figure_text(n: f64) -> String {
    let text = format!("{n:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A span for people, from microseconds.
pub(crate) fn span_text(micros: i64) -> String {
    format!("{} s", figure_text(micros as f64 / 1e6))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, expected: &str) {
        let word = |word: &str| match word {
            "asset" => Some("{value} {zone".to_owned()),
            "value" => Some("7".to_owned()),
            _ => None,
        };
        assert_eq!(filled(template, word), expected);
    }

    #[test]
    fn what_is_filled_in_is_not_looked_at_again() {
        check("{asset}: {value}", "{value} {zone: 7");
        check("{asset}}{value}", "{value} {zone}7");
        check("{other} {{value} {", "{other} {7 {");
        check("plain", "plain");
    }
}
