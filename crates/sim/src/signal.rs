//! What a series measures at a moment: the day's swing, noise, injected anomalies and gaps.
//!
//! Time runs in ticks of the city's period. A window of [`WINDOW`] ticks either has one anomaly, one gap or neither,
//! by the seed.

use vigiles_model::{Duration, Timestamp};

use crate::city::{City, Series};
use crate::seed::{at, normal, unit};

/// Ticks in one window.
pub const WINDOW: u64 = 240;
/// Ticks an anomaly or a gap lasts.
pub const SPELL: u64 = 24;

/// What is the matter with a series at a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spell {
    /// Nothing.
    None,
    /// An injected anomaly: the signal is pushed away.
    Anomaly,
    /// The asset is silent.
    Gap,
}

impl City {
    /// The moment of a tick.
    pub fn time(&self, start: Timestamp, tick: u64) -> Timestamp {
        start + Duration::from_secs(i64::from(self.options.period_s).saturating_mul(tick as i64))
    }

    /// What is the matter with a series at a tick. The answer is known beforehand, so that a test can tell whether a
    /// detector was right.
    pub fn spell(&self, index: usize, tick: u64) -> Spell {
        let window = at(self.options.seed ^ 0x5be1, index as u64, tick / WINDOW);
        let start = (window >> 32) % (WINDOW - SPELL);
        if !(start..start + SPELL).contains(&(tick % WINDOW)) {
            return Spell::None;
        }
        // So many of 10,000 readings means so many windows times their length.
        let part = |per_10k: u32| u64::from(per_10k) * WINDOW / SPELL;
        let draw = ((window & 0xffff_ffff) * 10_000) >> 32;
        match draw {
            n if n < part(self.options.anomalies_per_10k) => Spell::Anomaly,
            n if n < part(self.options.anomalies_per_10k) + part(self.options.gaps_per_10k) => Spell::Gap,
            _ => Spell::None,
        }
    }

    /// The reading of a series (by its index in [`City::series`]) at a tick, rounded to the decimals of its kind; none
    /// where the asset is silent.
    pub fn reading(&self, index: usize, tick: u64) -> Option<f64> {
        let steps = self.steps(index, tick)?;
        Some(steps as f64 / f64::from(10u32.pow(u32::from(self.profile(self.series()[index]).decimals))))
    }

    /// The reading in units of its last decimal.
    pub(crate) fn steps(&self, index: usize, tick: u64) -> Option<i64> {
        let spell = self.spell(index, tick);
        if spell == Spell::Gap {
            return None;
        }
        let series: Series = self.series()[index];
        let profile = self.profile(series);
        let seed = self.options.seed;
        let day = (tick * u64::from(self.options.period_s) % 86_400) as f64 / 86_400.0;
        let phase = (day - profile.peak_hour / 24.0) * profile.peaks;
        let own = 0.85 + 0.3 * unit(at(seed, index as u64, u64::MAX));
        let noise = normal(at(seed, index as u64, tick)) * profile.noise;
        let push = if spell == Spell::Anomaly { profile.push } else { 0.0 };
        let value = profile.base * own + profile.swing * cosine(phase) + noise + push;
        let value = value.clamp(profile.kind.min.unwrap_or(f64::MIN), profile.kind.max.unwrap_or(f64::MAX));
        Some((value * f64::from(10u32.pow(u32::from(profile.decimals)))).round() as i64)
    }
}

/// The cosine of a number of turns, to 0.06: a parabola for each half turn, several times faster than the true one.
fn cosine(turns: f64) -> f64 {
    let t = (turns - turns.floor()) - 0.25;
    let (x, sign) = if (0.0..0.5).contains(&t) { (t, -1.0) } else { ((t + 1.0) % 1.0 - 0.5, 1.0) };
    sign * 16.0 * x * (0.5 - x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn the_fast_cosine_is_near_the_true_one() {
        for i in -300..300 {
            let turns = f64::from(i) / 100.0;
            let true_one = (turns * std::f64::consts::TAU).cos();
            assert!((cosine(turns) - true_one).abs() < 0.06, "{turns}: {} {true_one}", cosine(turns));
        }
    }

    #[test]
    fn spells_come_as_often_as_asked() {
        let options = Options { anomalies_per_10k: 50, gaps_per_10k: 20, assets: 400, ..Options::default() };
        let city = City::new(&options);
        let all: Vec<Spell> = (0..city.series().len())
            .flat_map(|i| (0..1200).map(move |t| (i, t)))
            .map(|(i, t)| city.spell(i, t))
            .collect();
        let per_10k = |spell| all.iter().filter(|s| **s == spell).count() as f64 * 10_000.0 / all.len() as f64;
        assert!((per_10k(Spell::Anomaly) - 50.0).abs() < 12.0, "{}", per_10k(Spell::Anomaly));
        assert!((per_10k(Spell::Gap) - 20.0).abs() < 8.0, "{}", per_10k(Spell::Gap));
    }

    #[test]
    fn anomalies_push_the_signal_away() {
        let city = |anomalies_per_10k| City::new(&Options { anomalies_per_10k, assets: 100, ..Options::default() });
        let (odd, plain) = (city(200), city(0));
        for index in 0..odd.series().len() {
            let profile = odd.profile(odd.series()[index]);
            for tick in 0..500 {
                let (Some(a), Some(b)) = (odd.reading(index, tick), plain.reading(index, tick)) else { continue };
                let expected = if odd.spell(index, tick) == Spell::Anomaly { profile.push.abs() } else { 0.0 };
                assert!((a - b).abs() <= expected + 0.11 && (a - b).abs() >= expected * 0.5, "{index} {tick}: {a} {b}");
            }
        }
    }
}
