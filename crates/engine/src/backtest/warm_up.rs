//! How much of the past a rule that learns is shown before the span that it is tried on: live it would have learned from
//! it.

use vigiles_model::Duration;

use crate::rule::{Detector, Rule};
use crate::series::Season;

/// Longest time before a span.
const MOST: Duration = Duration::from_secs(366 * 86_400);
/// Distance of two readings of a series where nothing is known of it.
const USUAL_SPACING: Duration = Duration::from_secs(3_600);

/// How long before a span a rule begins to learn, so that it judges the span's first reading as it would live; none for a
/// rule that learns nothing. `spacing` is the mean distance of two readings of one series.
pub fn warm_up(rule: &Rule, spacing: Option<Duration>) -> Option<Duration> {
    let spacing = spacing.unwrap_or(USUAL_SPACING).0.max(1);
    // A quarter more than is learned from: readings fail to come.
    let readings = |count: u32| spacing.saturating_mul(i64::from(count)).saturating_mul(5) / 4;
    let time = match &rule.detector {
        Detector::Baseline(b) => seasons(b.settings().season, u32::from(b.settings().learning), spacing),
        Detector::Forecast(f) => readings(f.settings().learning).max(seasons(f.settings().season, 1, spacing)),
        Detector::Anomaly(a) => {
            let settings = a.settings();
            readings(settings.learning).max(seasons(settings.season, settings.slot_weight as u32, spacing))
        }
        // Mean and spread are those of so many readings.
        Detector::ChangePoint(c) => readings(c.settings().memory),
        Detector::Drift(d) => readings(d.settings().learning),
        _ => return None,
    };
    Some(Duration(time.min(MOST.0)))
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

    /// Hours of warming up where a series has a reading every so many minutes.
    fn check(detector: &str, minutes: Option<i64>, hours: Option<i64>) {
        let detector: Detector = toml::from_str(detector).unwrap();
        let (agency, kinds) = (AgencyId::new("city").unwrap(), vec![KindId::new("k").unwrap()]);
        let rule =
            Rule::new(RuleId::new("r").unwrap(), agency, kinds, detector.clone(), AlarmText::new("t", Severity::Minor));
        let found = warm_up(&rule, minutes.map(|n| Duration::from_secs(n * 60)));
        assert_eq!(found.map(|time| time.0 / 3_600_000_000), hours, "{detector:?}");
    }

    #[test]
    fn a_rule_is_shown_what_its_detector_learns_from() {
        const WEEK: i64 = 168;
        // Ten readings of each hour of the week: in one week where they come by the minute, in ten where by the hour.
        check("[baseline]", Some(1), Some(2 * WEEK));
        check("[baseline]", Some(60), Some(11 * WEEK));
        check("[baseline]\nseason = 'day'", Some(10), Some(3 * 24));
        check("[baseline]\nseason = 'day'", None, Some(11 * 24));
        check("[baseline]\nlearning = 250", Some(60), Some(366 * 24));
        check("[forecast]\nseason = 'day'", Some(5), Some(48));
        check("[forecast]\nseason = 'day'", Some(60), Some(125));
        check("[anomaly]", Some(5), Some(2 * WEEK));
        check("[anomaly]", Some(60), Some(6 * WEEK));
        check("[change_point]", Some(6), Some(125));
        check("[drift]\nwithin_m = 500", Some(60), Some(420));
        check("[threshold]\nabove = 1.0", Some(1), None);
    }
}
