//! Statistics of one series, taken reading by reading: what is usual, and how unusual the newest reading is.
//!
//! Each kernel is a plain struct with its settings inside: `new(&settings)`, then `take(time, value)` for each reading in
//! the order of the log. It sees only the past, keeps a fixed amount of memory, and answers nothing while it still
//! learns. Readings that are not finite, or beyond 1e30, are left out. Methods, sources and figures: `docs/detectors-statistics.md`.
//!
//! Invariant: the state after a reading depends on the readings alone; a snapshot restores it bit for bit.

mod anomaly;
mod baseline;
mod change_point;
mod forecast;
mod moments;
mod neighbours;
mod robust;
mod season;

#[cfg(test)]
mod recorded;

pub use anomaly::{Anomaly, AnomalySettings, AnomalyVerdict};
pub(crate) use baseline::{Baseline, BaselineSettings};
pub(crate) use change_point::{ChangePoint, ChangePointSettings};
pub(crate) use forecast::{Forecast, ForecastSettings};
pub(crate) use neighbours::{NeighbourDrift, NeighbourDriftSettings};
pub use season::Season;

/// The largest magnitude that is taken for a reading: what is kept in single precision stays finite.
const LARGEST: f64 = 1e30;

/// Whether a value can be learned from: a finite number of a sensible size.
fn usable(value: f64) -> bool {
    value.abs() <= LARGEST
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;

    /// Bytes of a kernel in memory, with what it holds beside itself.
    fn check(kernel: &str, bytes: usize, most: usize) {
        assert!(bytes <= most, "{kernel}: {bytes} bytes, at most {most} are written in the manual");
    }

    #[test]
    fn memory_is_as_written() {
        let week = Season::HOURS_OF_WEEK.len();
        check("anomaly", size_of::<Anomaly>() + 8 * week, 1_600);
        check("baseline", size_of::<baseline::Baseline>() + size_of::<robust::RobustMoments>() * week, 4_200);
        check("change point", size_of::<change_point::ChangePoint>(), 200);
        check("forecast, day", size_of::<forecast::Forecast>() + 5 * 24, 350);
        check("forecast, week", size_of::<forecast::Forecast>() + 5 * week, 1_100);
        check("neighbours", size_of::<neighbours::NeighbourDrift>(), 100);
    }

    /// A kernel that was written to a snapshot half way answers as the one that was not.
    fn check_restored<K, V>(mut whole: K, take: impl Fn(&mut K, i64, f64) -> V)
    where
        K: Serialize + DeserializeOwned + PartialEq + Debug,
        V: PartialEq + Debug,
    {
        let readings = recorded::speeds();
        let (before, after) = readings.split_at(600);
        for (time, value) in before {
            take(&mut whole, *time, *value);
        }
        let bytes = postcard::to_allocvec(&whole).unwrap();
        let mut restored: K = postcard::from_bytes(&bytes).unwrap();
        for (time, value) in after {
            assert_eq!(take(&mut whole, *time, *value), take(&mut restored, *time, *value));
        }
        assert_eq!(whole, restored);
    }

    #[test]
    fn a_snapshot_goes_on_as_if_nothing_had_happened() {
        check_restored(Anomaly::new(&AnomalySettings::default()), Anomaly::take);
        check_restored(baseline::Baseline::new(&baseline::BaselineSettings::default()), baseline::Baseline::take);
        check_restored(
            change_point::ChangePoint::new(&change_point::ChangePointSettings::default()),
            change_point::ChangePoint::take,
        );
        check_restored(forecast::Forecast::new(&forecast::ForecastSettings::default()), |forecast, time, value| {
            forecast.take(time, time, value)
        });
        check_restored(
            neighbours::NeighbourDrift::new(&neighbours::NeighbourDriftSettings::default()),
            |drift, _, value| drift.take(value, &[60.0, 65.0, 70.0]),
        );
    }
}
