//! How much of the past a rule is shown before the span that it is tried on: live it would have learned from it, and would
//! remember the end of it.

use vigiles_model::Duration;

use super::trial::Setting;
use crate::compiled::micros;
use crate::expression::{Expression, Scope};
use crate::rule::{Detector, Rule};
use crate::series::Season;

/// Longest time before a span.
const MOST: Duration = Duration::from_secs(366 * 86_400);
/// Distance of two readings of a series where nothing is known of it.
const USUAL_SPACING: Duration = Duration::from_secs(3_600);

/// Least and most time in which standing alarms and what hysteresis holds are found, beyond what is needed for windows.
const SETTLING: (Duration, Duration) = (Duration::from_secs(3_600), Duration::from_secs(86_400));

impl Setting {
    /// How long before a span of this length a rule is shown readings, so that it judges the span's first one as it would
    /// live: what its detector learns from, or what it remembers and as much again as the span, an hour at least and a day
    /// at most, for alarms that stand when the span begins. `spacing` is the mean distance of two readings of one series.
    pub fn warm_up(&self, rule: &Rule, spacing: Option<Duration>, span: Duration) -> Duration {
        let spacing = spacing.unwrap_or(USUAL_SPACING).0.max(1);
        let settling = span.0.clamp(SETTLING.0.0, SETTLING.1.0);
        let unit = rule.unit_in_use(&|kind| self.kinds.get(kind).map(|kind| kind.unit.clone()));
        let time = learned(&rule.detector, spacing).max(remembered(rule, unit.as_deref()).saturating_add(settling));
        Duration(time.min(MOST.0))
    }
}

/// Microseconds that a detector learns from.
fn learned(detector: &Detector, spacing: i64) -> i64 {
    // A quarter more than is learned from: readings fail to come.
    let readings = |count: u32| spacing.saturating_mul(i64::from(count)).saturating_mul(5) / 4;
    match detector {
        Detector::Baseline(b) => seasons(b.settings().season, u32::from(b.settings().learning), spacing),
        Detector::Forecast(f) => readings(f.settings().learning).max(seasons(f.settings().season, 1, spacing)),
        Detector::Anomaly(a) => {
            let settings = a.settings();
            readings(settings.learning).max(seasons(settings.season, settings.slot_weight as u32, spacing))
        }
        // Mean and spread are those of so many readings.
        Detector::ChangePoint(c) => readings(c.settings().memory),
        Detector::Drift(d) => readings(d.settings().learning),
        _ => 0,
    }
}

/// Microseconds that a rule looks back: windows, durations that must hold, the lateness it waits for, the quiet after an
/// alarm.
fn remembered(rule: &Rule, unit: Option<&str>) -> i64 {
    let seconds = match &rule.detector {
        Detector::Threshold(t) => t.for_s + t.clear_for_s,
        Detector::RateOfChange(r) => r.clear_for_s,
        Detector::Silent(s) => s.after_s,
        Detector::Geofence(g) => g.for_s,
        Detector::Count(c) => c.window_s,
        Detector::Condition(c) => c.for_s + c.clear_for_s + longest_window(&c.expression, unit),
        Detector::FlatLine(f) => f.for_s,
        Detector::OutOfRange(o) => o.for_s + o.clear_for_s,
        Detector::Sequence(s) => s.within_s,
        Detector::Absence(a) => a.within_s,
        // It ends a window after the last time they were together.
        Detector::Cooccurrence(c) => 2.0 * c.within_s,
        Detector::Baseline(_)
        | Detector::Forecast(_)
        | Detector::ChangePoint(_)
        | Detector::Drift(_)
        | Detector::Anomaly(_) => 0.0,
    };
    micros(seconds + rule.cooldown_s + rule.lateness_s)
}

/// Seconds of the longest window of an expression over readings in this unit.
fn longest_window(expression: &str, unit: Option<&str>) -> f64 {
    let windows = Expression::compile(expression, Scope::stored(true, unit)).map(|compiled| compiled.windows);
    windows.ok().and_then(|windows| windows.into_iter().max()).map_or(0.0, |longest| longest as f64 / 1e6)
}

/// Time in which every slot of a season has so many readings, and a period more: some fail to come.
fn seasons(season: Season, readings: u32, spacing: i64) -> i64 {
    let period = season.period_us.max(1);
    let of_slot = (period / season.len() as i64 / spacing).max(1);
    let periods = i64::from(readings).saturating_add(of_slot - 1) / of_slot;
    period.saturating_mul(periods.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use vigiles_model::{AgencyId, KindId, RuleId, Severity};

    use super::*;
    use crate::rule::AlarmText;

    const SPAN: Duration = Duration::from_secs(7 * 86_400);
    const WEEK: i64 = 168;
    const DAY: i64 = 24;

    /// Hours of warming up for a week where a series has a reading every so many minutes.
    fn check(detector: &str, minutes: Option<i64>, hours: i64) {
        let detector: Detector = toml::from_str(detector).unwrap();
        let (agency, kinds) = (AgencyId::new("city").unwrap(), vec![KindId::new("k").unwrap()]);
        let alarm = AlarmText::new("t", Severity::Minor);
        let mut rule = Rule::new(RuleId::new("r").unwrap(), agency, kinds, detector.clone(), alarm);
        rule.unit = Some("ug/m3".into());
        let found = |rule: &Rule| {
            Setting::default().warm_up(rule, minutes.map(|n| Duration::from_secs(n * 60)), SPAN).0 / 3_600_000_000
        };
        assert_eq!(found(&rule), hours, "{detector:?}");
        (rule.cooldown_s, rule.lateness_s) = (0.0, 366.0 * 86_400.0);
        assert_eq!(found(&rule), 366 * 24, "{detector:?}");
    }

    #[test]
    fn a_rule_is_shown_what_its_detector_learns_from() {
        // Ten readings of each hour of the week: in one week where they come by the minute, in ten where by the hour.
        check("[baseline]", Some(1), 2 * WEEK);
        check("[baseline]", Some(60), 11 * WEEK);
        check("[baseline]\nseason = 'day'", Some(10), 3 * 24);
        check("[baseline]\nseason = 'day'", None, 11 * 24);
        check("[baseline]\nlearning = 250", Some(60), 366 * 24);
        check("[forecast]\nseason = 'day'", Some(5), 48);
        check("[forecast]\nseason = 'day'", Some(60), 125);
        check("[anomaly]", Some(5), 2 * WEEK);
        check("[anomaly]", Some(60), 6 * WEEK);
        check("[change_point]", Some(6), 125);
        check("[drift]\nwithin_m = 500", Some(60), 420);
    }

    #[test]
    fn a_rule_is_shown_what_it_remembers_and_a_day() {
        check("[threshold]\nabove = 1.0", Some(1), DAY);
        check("[threshold]\nabove = 1.0\nfor_s = 3600\nclear_for_s = 7200", None, DAY + 3);
        check("[rate_of_change]\nabove = 1.0\nclear_for_s = 7200", None, DAY + 2);
        check("[silent]\nafter_s = 7200", None, DAY + 2);
        check("[geofence]\nzones = ['z']\non = 'inside'\nfor_s = 3600", None, DAY + 1);
        check("[count]\nat_least = 3\nwindow_s = 7200", None, DAY + 2);
        check("[condition]\nexpression = 'value > 3'\nfor_s = 3600", None, DAY + 1);
        let windows = "window(\"30m\").mean > quantity(3, \"ug/m3\") && window(\"6h\").count > 3";
        check(&format!("[condition]\nexpression = '{windows}'"), None, DAY + 6);
        check("[flat_line]\nfor_s = 86400", None, 2 * DAY);
        check("[out_of_range]\nfor_s = 3600\nclear_for_s = 3600", None, DAY + 2);
        check("[sequence]\nparts = [{}, {}]\nwithin_s = 7200", None, DAY + 2);
        check("[absence]\nfirst = {}\nthen = {}\nwithin_s = 7200", None, DAY + 2);
        check("[cooccurrence]\nparts = [{}, {}]\nwithin_s = 7200", None, DAY + 4);
    }

    #[test]
    fn a_short_span_is_not_led_in_by_a_whole_day() {
        let (agency, kinds) = (AgencyId::new("city").unwrap(), vec![KindId::new("k").unwrap()]);
        let detector = toml::from_str("[threshold]\nabove = 1.0").unwrap();
        let alarm = AlarmText::new("t", Severity::Minor);
        let rule = Rule::new(RuleId::new("r").unwrap(), agency, kinds, detector, alarm);
        let check = |span: i64, expected: i64| {
            assert_eq!(
                Setting::default().warm_up(&rule, None, Duration::from_secs(span)),
                Duration::from_secs(expected)
            );
        };
        check(60, 3_600);
        check(7_200, 7_200);
        check(30 * 86_400, 86_400);
    }
}
