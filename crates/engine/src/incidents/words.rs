//! Why something belongs together, in words with the figures.

use vigiles_model::Alarm;

use super::sighting::{Seen, Sighting};
use super::ties::{Grounds, Match, Role, Tie};
use super::view::View;
use crate::alarms::figure_text;
use crate::correlation::score;

impl View<'_> {
    /// A match as it is written down.
    pub(super) fn tie(&self, found: Match<'_>, seen: &Seen, alarm: Option<&Alarm>) -> Tie {
        let rule = match found.grounds {
            Grounds::Rule(ready) => Some(ready.rule.id.clone()),
            Grounds::Asset | Grounds::Near(_) | Grounds::Told(_) => None,
        };
        let score = score(found.bits);
        let why = format!("score {score}: {}", self.words(&found, seen, alarm));
        let other = found.other.and_then(|s| s.alarm.clone());
        Tie { case: found.case, score, role: found.role, rule, other, why }
    }

    fn words(&self, found: &Match<'_>, seen: &Seen, alarm: Option<&Alarm>) -> String {
        let (within_m, within_s) = match found.grounds {
            Grounds::Asset => {
                let asset = alarm.and_then(|alarm| alarm.asset.as_ref());
                let name = asset.map(|id| self.config.asset_name(id)).unwrap_or_default();
                return format!("same type and same asset {name}");
            }
            Grounds::Near(reach) | Grounds::Told(reach) => (reach.radius_m, reach.window_s),
            Grounds::Rule(ready) => (ready.rule.within_m, ready.rule.within_s),
        };
        let mut parts = Vec::new();
        match found.role {
            Role::SameEvent => {}
            Role::Effect => parts.push(format!("effect of {}", self.title_of(found))),
            Role::Cause => parts.push(format!("cause of {}", self.title_of(found))),
        }
        let near = matches!(found.grounds, Grounds::Near(_) | Grounds::Told(_));
        if near && !seen.sighting.incident_type.is_empty() {
            parts.push("same type".to_owned());
        }
        if let Some(distance) = found.distance_m {
            let of = if within_m > 0.0 { format!(" (of {})", figure_text(within_m)) } else { String::new() };
            parts.push(format!("{distance:.0} m away{of}"));
        }
        parts.push(self.time_words(found, &seen.sighting, within_s));
        if let Grounds::Rule(ready) = found.grounds {
            let theirs = found.other.map_or(&[][..], |s| &s.facts);
            let compared = |fact: &crate::correlation::Fact| ready.compares(fact.tag) && theirs.contains(fact);
            parts.extend(seen.words.iter().filter(|(fact, _)| compared(fact)).map(|(_, word)| word.clone()));
            return format!("{}; rule `{}`", parts.join(", "), ready.rule.id);
        }
        parts.join(", ")
    }

    fn time_words(&self, found: &Match<'_>, own: &Sighting, within_s: f64) -> String {
        let lasts = found.other.is_some_and(|other| other.at < own.at && self.held_until(own, other) == own.at);
        if matches!(found.grounds, Grounds::Told(_)) && own.is_told() && lasts {
            return "while the alarm lasts".to_owned();
        }
        let side = if found.gap_s < 0.0 { "before" } else { "after" };
        format!("{:.0} s {side} (of {})", found.gap_s.abs(), figure_text(within_s))
    }

    /// The title of the other alarm; that of its incident for what a person told.
    fn title_of(&self, found: &Match<'_>) -> String {
        let number = found.other.and_then(|s| s.alarm.as_ref()).and_then(|id| self.live.alarm_numbers.get(id));
        let alarm = number.and_then(|n| self.live.alarms.get(n)).map(|record| record.alarm.title.as_str());
        let title = alarm.or_else(|| Some(self.live.cases.get(found.case)?.incident.title.as_str()));
        format!("\"{}\"", title.unwrap_or_default())
    }
}
