//! What a rule looks for in the statistics of a series. The methods are described in `docs/detectors-statistics.md`.

use serde::{Deserialize, Serialize};

use super::check::MAX_SPAN_S;
use super::findings::Findings;
use crate::series::{
    AnomalySettings, BaselineSettings, ChangePointSettings, ForecastSettings, NeighbourDriftSettings, Season,
};

/// How often what is usual repeats itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Each hour of the day has its own usual value.
    Day,
    /// Each hour of the week has.
    #[default]
    Week,
}

/// Unusual for its hour: a robust baseline with a centre and a spread for each hour (median and MAD of its first
/// readings, Rousseeuw & Croux 1993; then exponential smoothing of cleaned residuals, Gelper, Fried & Croux 2010).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Hours of the day or of the week.
    #[serde(default)]
    pub season: Pattern,
    /// From how many robust sigmas on a reading is unusual; 5 where none is given.
    #[serde(default)]
    pub sigmas: Option<f64>,
    /// Readings of an hour before that hour is judged, 5 to 250; 10 where none is given.
    #[serde(default)]
    pub learning: Option<u8>,
    /// Which side is meant; both where none is given.
    #[serde(default)]
    pub side: Side,
    /// How long it must be unusual before the alarm is raised.
    #[serde(default)]
    pub for_s: f64,
    /// How long it must be usual before the alarm is cleared.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// On which side of the expected a reading must lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Above or below.
    #[default]
    Both,
    /// Above only.
    Above,
    /// Below only.
    Below,
}

/// Off the forecast: additive seasonal exponential smoothing without a trend, robust against single readings (Gelper, Fried & Croux 2010).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// Hours of the day or of the week.
    #[serde(default)]
    pub season: Pattern,
    /// Half the width of the prediction interval in sigmas; 5 where none is given.
    #[serde(default)]
    pub sigmas: Option<f64>,
    /// Readings before the first verdict; 100 where none is given.
    #[serde(default)]
    pub learning: Option<u32>,
    /// Which side is meant.
    #[serde(default)]
    pub side: Side,
    /// How long it must be off before the alarm is raised.
    #[serde(default)]
    pub for_s: f64,
    /// How long it must be within before the alarm is cleared.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// A lasting shift of the mean: two cumulative sums (Page 1954).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePoint {
    /// The smallest shift that matters, in sigmas; 1 where none is given.
    #[serde(default)]
    pub shift_sigmas: Option<f64>,
    /// The sum in sigmas that is a change: higher is slower and surer; 12 where none is given.
    #[serde(default)]
    pub limit_sigmas: Option<f64>,
    /// Which way is meant.
    #[serde(default)]
    pub side: Side,
    /// How long the alarm of a change stays.
    #[serde(default = "an_hour")]
    pub clear_for_s: f64,
}

/// Drifts away from its neighbours: an EWMA control chart of the difference from their median (Roberts 1959).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// Assets of the same kind within so many metres are neighbours.
    pub within_m: f64,
    /// Their latest reading counts if it is at most so old.
    #[serde(default = "an_hour")]
    pub fresh_s: f64,
    /// How many neighbours are needed; 3 where none is given.
    #[serde(default)]
    pub neighbours: Option<u8>,
    /// How far the average difference must move, in sigmas of the difference; 1.5 where none is given.
    #[serde(default)]
    pub sigmas: Option<f64>,
    /// And at least so far, in the unit of the rule.
    #[serde(default)]
    pub at_least: f64,
    /// Readings from which the usual difference is learned; 336 where none is given.
    #[serde(default)]
    pub learning: Option<u32>,
}

/// Unlike anything usual: the one detector for series of which nothing is known, measured with the Numenta Anomaly
/// Benchmark.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anomaly {
    /// From how many sigmas on a reading is unusual; 4.5 where none is given, the setting of the benchmark.
    #[serde(default)]
    pub sigmas: Option<f64>,
    /// How long it must be usual again before the alarm is cleared.
    #[serde(default = "an_hour")]
    pub clear_for_s: f64,
}

impl Pattern {
    fn season(self) -> Season {
        match self {
            Self::Day => Season::HOURS_OF_DAY,
            Self::Week => Season::HOURS_OF_WEEK,
        }
    }
}

impl Side {
    /// Whether a distance from the expected is on this side.
    pub(crate) fn takes(self, distance: f64) -> bool {
        match self {
            Self::Both => true,
            Self::Above => distance > 0.0,
            Self::Below => distance < 0.0,
        }
    }
}

impl Baseline {
    pub(crate) fn settings(&self) -> BaselineSettings {
        let usual = BaselineSettings::default();
        BaselineSettings {
            season: self.season.season(),
            learning: self.learning.unwrap_or(usual.learning),
            limit_sigmas: self.sigmas.unwrap_or(usual.limit_sigmas),
            ..usual
        }
    }

    pub(super) fn check(&self, found: &mut Findings<'_>) {
        found.optional("detector.baseline.sigmas", self.sigmas, SIGMAS);
        found.optional("detector.baseline.learning", self.learning.map(f64::from), (5.0, 250.0));
        found.span("detector.baseline.for_s", self.for_s, 0.0, MAX_SPAN_S);
        found.span("detector.baseline.clear_for_s", self.clear_for_s, 0.0, MAX_SPAN_S);
    }
}

impl Forecast {
    pub(crate) fn settings(&self) -> ForecastSettings {
        let usual = ForecastSettings::default();
        ForecastSettings {
            season: self.season.season(),
            learning: self.learning.unwrap_or(usual.learning),
            limit_sigmas: self.sigmas.unwrap_or(usual.limit_sigmas),
            ..usual
        }
    }

    pub(super) fn check(&self, found: &mut Findings<'_>) {
        found.optional("detector.forecast.sigmas", self.sigmas, SIGMAS);
        found.optional("detector.forecast.learning", self.learning.map(f64::from), LEARNING);
        found.span("detector.forecast.for_s", self.for_s, 0.0, MAX_SPAN_S);
        found.span("detector.forecast.clear_for_s", self.clear_for_s, 0.0, MAX_SPAN_S);
    }
}

impl ChangePoint {
    pub(crate) fn settings(&self) -> ChangePointSettings {
        let usual = ChangePointSettings::default();
        ChangePointSettings {
            slack_sigmas: self.shift_sigmas.map_or(usual.slack_sigmas, |shift| shift / 2.0),
            limit_sigmas: self.limit_sigmas.unwrap_or(usual.limit_sigmas),
            ..usual
        }
    }

    pub(super) fn check(&self, found: &mut Findings<'_>) {
        found.optional("detector.change_point.shift_sigmas", self.shift_sigmas, (0.1, 5.0));
        found.optional("detector.change_point.limit_sigmas", self.limit_sigmas, (1.0, 1_000.0));
        found.span("detector.change_point.clear_for_s", self.clear_for_s, 0.0, MAX_SPAN_S);
    }
}

impl Drift {
    pub(crate) fn settings(&self) -> NeighbourDriftSettings {
        let usual = NeighbourDriftSettings::default();
        NeighbourDriftSettings {
            learning: self.learning.unwrap_or(usual.learning),
            limit_sigmas: self.sigmas.unwrap_or(usual.limit_sigmas),
            least: self.at_least,
            neighbours: self.neighbours.map_or(usual.neighbours, usize::from),
            ..usual
        }
    }

    pub(super) fn check(&self, found: &mut Findings<'_>) {
        found.span("detector.drift.within_m", self.within_m, 1.0, 100_000.0);
        found.span("detector.drift.fresh_s", self.fresh_s, 1.0, MAX_SPAN_S);
        found.optional("detector.drift.neighbours", self.neighbours.map(f64::from), (1.0, 64.0));
        found.optional("detector.drift.sigmas", self.sigmas, (0.1, 100.0));
        found.optional("detector.drift.learning", self.learning.map(f64::from), LEARNING);
        found.span("detector.drift.at_least", self.at_least, 0.0, f64::MAX);
    }
}

impl Anomaly {
    pub(crate) fn settings(&self) -> AnomalySettings {
        let usual = AnomalySettings::default();
        AnomalySettings { limit_sigmas: self.sigmas.unwrap_or(usual.limit_sigmas), ..usual }
    }

    pub(super) fn check(&self, found: &mut Findings<'_>) {
        found.optional("detector.anomaly.sigmas", self.sigmas, SIGMAS);
        found.span("detector.anomaly.clear_for_s", self.clear_for_s, 0.0, MAX_SPAN_S);
    }
}

const SIGMAS: (f64, f64) = (1.0, 100.0);
const LEARNING: (f64, f64) = (2.0, 100_000.0);

fn an_hour() -> f64 {
    3_600.0
}

#[cfg(test)]
mod tests {
    use std::fmt::{Debug, Write};

    use serde::de::DeserializeOwned;

    use super::*;

    /// Setting every documented default of a detector changes none of the method's settings.
    fn check<D: DeserializeOwned, S: PartialEq + Debug>(detector: &str, required: &str, settings: fn(&D) -> S) {
        let start = format!("| `{detector}.");
        let manual = include_str!("../../../../docs/rules.md");
        let mut all = required.to_owned();
        for line in manual.lines().filter_map(|line| line.strip_prefix(&start)) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let (field, default) = (cells[0].trim_matches('`'), cells[1]);
            if default != "required" {
                let value = if default.starts_with('`') { default.replace('`', "'") } else { default.replace(',', "") };
                writeln!(all, "{field} = {value}").unwrap();
            }
        }
        let (left_out, set): (D, D) = (toml::from_str(required).unwrap(), toml::from_str(&all).unwrap());
        assert!(all.contains("sigmas = "), "{all}");
        assert_eq!(settings(&left_out), settings(&set), "{all}");
    }

    #[test]
    fn documented_defaults_are_those_of_the_methods() {
        check("baseline", "", Baseline::settings);
        check("forecast", "", Forecast::settings);
        check("change_point", "", ChangePoint::settings);
        check("drift", "within_m = 500\n", Drift::settings);
        check("anomaly", "", Anomaly::settings);
    }
}
