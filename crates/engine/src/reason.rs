//! Why an alarm was raised, in words with figures.

use std::fmt::Write as _;

use vigiles_model::{Observation, Value};

use crate::alarms::{figure_text, span_text, value_text};
use crate::book::Planned;
use crate::compiled::{Compiled, Judge};
use crate::expression::{Env, Expression};
use crate::rule::{Count, Crossing, Detector};
use crate::slot::{Address, Evidence, Memory};
use crate::turn::Turn;

impl Turn<'_> {
    pub(crate) fn reason(&self, rule: &Compiled, address: Address, evidence: &Evidence) -> String {
        let last = evidence.causes.last();
        let reading = last.map(|o| self.reading_text(rule, o)).unwrap_or_default();
        let unit = last.map_or("", |o| self.unit_of(rule, o));
        let figure = figure_text(evidence.figure);
        let held = match rule.spans.hold {
            0 => String::new(),
            hold => format!(" for {}", span_text(hold)),
        };
        match &rule.judge {
            Judge::Threshold { above, .. } if evidence.figure > *above => {
                format!("{reading} above {}{held}", figure_text(*above))
            }
            Judge::Threshold { below, .. } => format!("{reading} below {}{held}", figure_text(*below)),
            Judge::Rate { above, below, per_s } => {
                let (side, limit) = if evidence.figure > *above { ("above", *above) } else { ("below", *below) };
                let per = figure_text(*per_s);
                format!("changed by {figure} {unit} per {per} s, {side} {}; now {reading}", figure_text(limit))
            }
            Judge::Silent => format!("no reading for {}; the last was {reading}", span_text(rule.timing.silent_after)),
            Judge::Geofence { on, .. } => {
                let zone = self.zone_name(address, last);
                match on {
                    Crossing::Enter => format!("entered {zone}"),
                    Crossing::Leave => format!("left {zone}"),
                    Crossing::Inside => format!("is inside {zone}{held}"),
                }
            }
            Judge::Count { window, at_least, radius_m, .. } => {
                let near = radius_m.map(|r| format!(" within {} m", figure_text(r))).unwrap_or_default();
                let counted = counted(&rule.rule.detector);
                format!("{figure} {counted} in {}{near}, at least {at_least}", span_text(*window))
            }
            Judge::Condition(e) => {
                let besides = last.map(|o| self.besides(rule, e, address, o)).unwrap_or_default();
                format!("{}{held}; now {reading}{besides}", expression(rule))
            }
            Judge::FlatLine { span, tolerance } => {
                let within = match tolerance {
                    0.0 => String::new(),
                    tolerance => format!(" within {}", figure_text(*tolerance)),
                };
                format!("stuck at {figure} {unit}{within} for {}", span_text(*span))
            }
            Judge::OutOfRange => format!("{reading} is outside {}{held}", self.range_text(rule, last)),
            Judge::Statistic { .. } => self.statistic_text(rule, address, &reading, unit) + &held,
            Judge::Sequence { .. } | Judge::Cooccurrence { .. } => self.pattern_text(rule, evidence),
            Judge::Absence { reach } => {
                let first = evidence.causes.first().map(|o| self.named(rule, o)).unwrap_or_default();
                format!("{first}, and what should follow did not within {}", span_text(reach.span))
            }
        }
    }

    /// What a condition found besides its latest reading: "; mean over 60 s 34.2 ug/m3".
    fn besides(&self, rule: &Compiled, e: &Expression, address: Address, o: &Observation) -> String {
        let planned = self.planned(rule, o);
        let shared = planned.and_then(|planned| planned.shared.as_deref());
        let series = self.known_series(o);
        let own = self.live.find_slot(&address).and_then(|index| self.live.slot(index)).map(|slot| &slot.memory);
        let windows = match (shared, series, own) {
            (Some(_), Some(series), _) => &self.live.series.get(series).windows,
            (None, _, Some(Memory::Windows(windows))) => windows,
            _ => &Vec::new(),
        };
        let said = e.besides(&Env {
            observation: o,
            number: o.number().map(|n| planned.map_or(n, |planned| planned.figure(n))),
            unit: self.unit_of(rule, o),
            asset: o.asset.as_ref().and_then(|id| self.config.assets.get(id)),
            zones: series.map_or(&[], |series| &self.live.series.found(series).zones),
            zone_table: &self.zones.zones,
            windows,
            places: shared,
            utc_offset_s: self.utc_offset_s,
        });
        if said.is_empty() { String::new() } else { format!("; {}", said.join(", ")) }
    }

    fn planned(&self, rule: &Compiled, o: &Observation) -> Option<&Planned> {
        self.book.plan(&o.kind)?.rules.iter().find(|entry| entry.rule.name == rule.name)
    }

    /// A reading in the unit of the rule.
    fn reading_text(&self, rule: &Compiled, o: &Observation) -> String {
        let planned = self.planned(rule, o);
        let value = match (planned, &o.value) {
            (Some(planned), Value::Number(n)) => figure_text(planned.figure(*n)),
            (_, value) => value_text(value),
        };
        format!("{value} {}", self.unit_of(rule, o)).trim().to_owned()
    }

    fn unit_of<'b>(&'b self, rule: &'b Compiled, o: &Observation) -> &'b str {
        let of_kind = self.config.kinds.get(&o.kind).map_or("", |k| k.unit.as_str());
        rule.unit.as_deref().unwrap_or(of_kind)
    }

    fn range_text(&self, rule: &Compiled, last: Option<&Observation>) -> String {
        let Some(o) = last else { return String::new() };
        let Some(kind) = self.config.kinds.get(&o.kind) else { return String::new() };
        let planned = self.planned(rule, o);
        let text = |limit: Option<f64>, otherwise: &str| {
            limit.map_or_else(|| otherwise.to_owned(), |n| figure_text(planned.map_or(n, |p| p.figure(n))))
        };
        format!("the plausible range {} to {}", text(kind.min, "-inf"), text(kind.max, "inf"))
    }

    fn statistic_text(&self, rule: &Compiled, address: Address, reading: &str, unit: &str) -> String {
        let memory = self.live.find_slot(&address).and_then(|index| self.live.slot(index)).map(|slot| &slot.memory);
        let Some(Memory::Statistic(statistic)) = memory else { return reading.to_owned() };
        let said = statistic.said;
        let (expected, band, moved) = (rough_text(said.expected), rough_text(said.band), rough_text(said.distance));
        let side = if said.distance < 0.0 { "below" } else { "above" };
        let away = format!("{} sigmas {side}", rough_text(said.distance.abs()));
        match &rule.rule.detector {
            Detector::Baseline(_) => format!("{reading}, usual at this hour {expected} ± {band} {unit}; {away}"),
            Detector::Forecast(_) => format!("{reading}, forecast {expected} ± {band} {unit}; {away}"),
            Detector::ChangePoint(_) => format!("mean shifted by {moved} {unit} from {expected}; now {reading}"),
            Detector::Drift(_) => {
                format!(
                    "drifted by {moved} {unit} from its neighbours, more than {band}; {reading}, expected {expected}"
                )
            }
            _ => format!("{reading}, expected {expected} ± {band} {unit}; {away}"),
        }
    }

    /// "Smoke 1, then Heat 60 Cel 12 s later, 35 m away".
    fn pattern_text(&self, rule: &Compiled, evidence: &Evidence) -> String {
        let Some(first) = evidence.causes.first() else { return String::new() };
        let mut text = self.named(rule, first);
        for o in &evidence.causes[1..] {
            let seconds = (o.time.0 - first.time.0) / 1_000_000;
            // Writing into a text cannot fail.
            let _ = write!(text, ", then {} {seconds} s later", self.named(rule, o));
            if let (Some(a), Some(b)) = (&first.place, &o.place) {
                let _ = write!(text, ", {:.0} m away", a.centre().distance_m(b.centre()));
            }
        }
        text
    }

    fn named(&self, rule: &Compiled, o: &Observation) -> String {
        let name = self.config.kinds.get(&o.kind).map_or_else(|| o.kind.to_string(), |kind| kind.name.clone());
        format!("{name} {}", self.reading_text(rule, o)).trim().to_owned()
    }
}

fn expression(rule: &Compiled) -> &str {
    match &rule.rule.detector {
        Detector::Condition(c) => &c.expression,
        _ => "",
    }
}

/// What a count counts.
fn counted(detector: &Detector) -> String {
    match detector {
        Detector::Count(Count { distinct: Some(distinct), .. }) => match distinct.as_str() {
            "source" => "different sources".to_owned(),
            "asset" => "different assets".to_owned(),
            attribute => format!("different values of {attribute}"),
        },
        _ => "readings".to_owned(),
    }
}

/// What was estimated, for people: three significant digits.
fn rough_text(n: f64) -> String {
    let digits = if n == 0.0 { 0.0 } else { n.abs().log10().floor() };
    let decimals = (2.0 - digits).clamp(0.0, 6.0) as usize;
    let text = format!("{n:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_have_three_digits() {
        for (n, expected) in
            [(61.491, "61.5"), (-5.567, "-5.57"), (18_806.4, "18806"), (0.0123, "0.0123"), (0.0, "0"), (20.0, "20")]
        {
            assert_eq!(rough_text(n), expected);
        }
    }
}
