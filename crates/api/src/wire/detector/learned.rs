//! Detectors that learn what is usual.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How often what is usual repeats itself.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Season {
    /// Each hour of the day has its own usual value.
    Day,
    /// Each hour of the week has.
    #[default]
    Week,
}

/// On which side of the expected a reading must lie.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
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

/// Unusual for its hour of the day or week.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Hours of the day or of the week.
    #[serde(default)]
    pub season: Season,
    /// From how many robust sigmas on; 5 where absent.
    #[serde(default)]
    pub sigmas: Option<f64>,
    /// Readings of an hour before it is judged; 10 where absent.
    #[serde(default)]
    pub learning: Option<u8>,
    /// Which side is meant.
    #[serde(default)]
    pub side: Side,
    /// Seconds it must be unusual.
    #[serde(default)]
    pub for_s: f64,
    /// Seconds it must be usual.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// Off a Holt-Winters forecast.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// Hours of the day or of the week.
    #[serde(default)]
    pub season: Season,
    /// Half the width of the prediction interval in sigmas; 5 where absent.
    #[serde(default)]
    pub sigmas: Option<f64>,
    /// Readings before the first verdict; 100 where absent.
    #[serde(default)]
    pub learning: Option<u32>,
    /// Which side is meant.
    #[serde(default)]
    pub side: Side,
    /// Seconds it must be off.
    #[serde(default)]
    pub for_s: f64,
    /// Seconds it must be within.
    #[serde(default)]
    pub clear_for_s: f64,
}

/// A lasting shift of the mean.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePoint {
    /// The smallest shift that matters in sigmas; 1 where absent.
    #[serde(default)]
    pub shift_sigmas: Option<f64>,
    /// The sum in sigmas that is a change; 12 where absent.
    #[serde(default)]
    pub limit_sigmas: Option<f64>,
    /// Which way is meant.
    #[serde(default)]
    pub side: Side,
    /// Seconds that the alarm stays; an hour where absent.
    #[serde(default = "an_hour")]
    pub clear_for_s: f64,
}

/// Drifts away from its neighbours.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// Metres within which assets of the same kind are neighbours.
    pub within_m: f64,
    /// Seconds that their latest reading counts; an hour where absent.
    #[serde(default = "an_hour")]
    pub fresh_s: f64,
    /// How many neighbours are needed; 3 where absent.
    #[serde(default)]
    pub neighbours: Option<u8>,
    /// How far the average difference must move, in sigmas; 1.5 where absent.
    #[serde(default)]
    pub sigmas: Option<f64>,
    /// And at least so far, in the unit of the rule.
    #[serde(default)]
    pub at_least: f64,
    /// Readings from which the usual difference is learned; 336 where absent.
    #[serde(default)]
    pub learning: Option<u32>,
}

/// Unlike anything usual.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Anomaly {
    /// From how many sigmas on; 4.5 where absent.
    #[serde(default)]
    pub sigmas: Option<f64>,
    /// Seconds it must be usual again; an hour where absent.
    #[serde(default = "an_hour")]
    pub clear_for_s: f64,
}

fn an_hour() -> f64 {
    3_600.0
}
