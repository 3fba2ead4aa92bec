//! Location and scale that a few wild values do not move.

use serde::{Deserialize, Serialize};

/// The median absolute deviation of a normal distribution times this is its standard deviation.
const MAD_TO_SIGMA: f64 = 1.4826;
/// The mean absolute deviation times this is; it stands in where more than half of the readings are equal and their MAD is
/// nothing (Iglewicz & Hoaglin 1993, "How to detect and handle outliers").
const MEAN_TO_SIGMA: f64 = 1.2533;
/// Where the functions below stop to trust a residual, in sigmas (Gelper, Fried & Croux 2010).
const CUT: f64 = 2.0;
/// Makes the mean of [`bounded_square`] one for normal residuals.
const CONSISTENT: f64 = 2.52;

/// The median; of an even number the mean of the two in the middle. None of nothing. Sorts what it is given.
pub(crate) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

/// A running centre and spread: median and MAD of the first readings (Rousseeuw & Croux 1993, "Alternatives to the median
/// absolute deviation"), then exponential smoothing of cleaned residuals and of their bounded squares (Gelper, Fried &
/// Croux 2010, "Robust forecasting with exponential and Holt-Winters smoothing", sections 3.2 and 3.3). A reading moves
/// the centre by no more than two sigmas times the weight, however wild it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct RobustMoments {
    /// The first readings; from the fifth on the centre and the sigma in the first two places.
    kept: [f32; 5],
    count: u8,
}

impl RobustMoments {
    /// Readings before there is a centre.
    pub(crate) const LEARNING: u8 = 5;

    pub(crate) fn new() -> Self {
        Self { kept: [0.0; 5], count: 0 }
    }

    /// How many readings were taken, up to 255.
    pub(crate) fn count(&self) -> u8 {
        self.count
    }

    /// Centre and sigma, once learned. The sigma is 0 where readings never varied.
    pub(crate) fn get(&self) -> Option<(f64, f64)> {
        (self.count >= Self::LEARNING).then(|| (f64::from(self.kept[0]), f64::from(self.kept[1])))
    }

    /// Takes a reading. `least_sigma` keeps a spread of nothing from refusing all that comes later; `weight` is that of
    /// one reading in the long run, 0 to 1.
    pub(crate) fn take(&mut self, value: f64, weight: f64, least_sigma: f64) {
        if let Some((centre, sigma)) = self.get() {
            let weight = weight.clamp(0.0, 1.0).max(1.0 / f64::from(self.count.saturating_add(1)));
            self.count = self.count.saturating_add(1).min(u8::MAX - 1);
            let sigma = sigma.max(least_sigma);
            let residual = (value - centre) / sigma;
            let variance = sigma * sigma * (1.0 + weight * (bounded_square(residual) - 1.0));
            self.kept[0] = (centre + weight * sigma * cleaned(residual)) as f32;
            self.kept[1] = variance.sqrt() as f32;
            return;
        }
        self.kept[usize::from(self.count)] = value as f32;
        self.count += 1;
        if self.count == Self::LEARNING {
            let mut first = self.kept.map(f64::from);
            let centre = median(&mut first).unwrap_or(value);
            let mut apart = first.map(|v| (v - centre).abs());
            let mad = median(&mut apart).unwrap_or(0.0);
            let mean = apart.iter().sum::<f64>() / apart.len() as f64;
            let sigma = if mad > 0.0 { MAD_TO_SIGMA * mad } else { MEAN_TO_SIGMA * mean };
            self.kept = [centre as f32, sigma as f32, 0.0, 0.0, 0.0];
        }
    }
}

/// Huber's function: a residual in sigmas, cut where it is no longer trusted.
pub(crate) fn cleaned(residual: f64) -> f64 {
    residual.clamp(-CUT, CUT)
}

/// Tukey's biweight: like the square for small residuals, constant for large ones; mean one for normal ones.
pub(crate) fn bounded_square(residual: f64) -> f64 {
    if residual.abs() >= CUT {
        return CONSISTENT;
    }
    let square = residual * residual / (CUT * CUT);
    CONSISTENT * (1.0 - (1.0 - square).powi(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_median(mut values: Vec<f64>, expected: Option<f64>) {
        assert_eq!(median(&mut values), expected);
    }

    #[test]
    fn medians() {
        check_median(vec![], None);
        check_median(vec![3.0], Some(3.0));
        check_median(vec![9.0, 1.0, 2.0], Some(2.0));
        check_median(vec![9.0, 1.0, 2.0, 4.0], Some(3.0));
    }

    #[test]
    fn squares_are_bounded_and_consistent() {
        assert!(bounded_square(0.0).abs() < 1e-12);
        assert!((bounded_square(50.0) - 2.52).abs() < 1e-12);
        // The mean over a normal distribution, by a sum over its density.
        let step = 0.001;
        let density = |x: f64| (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let mean: f64 =
            (-8_000..8_000).map(|i| f64::from(i) * step).map(|x| step * density(x) * bounded_square(x)).sum();
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
    }

    fn check(values: &[f64], centre: f64, within: f64) {
        let mut moments = RobustMoments::new();
        for value in values {
            moments.take(*value, 0.05, 1e-6);
        }
        let (found, _) = moments.get().unwrap();
        assert!((found - centre).abs() <= within, "centre {found}, not {centre}");
    }

    #[test]
    fn wild_readings_hardly_move_the_centre() {
        let calm: Vec<f64> = (0..200).map(|i| f64::from(i % 5)).collect();
        check(&calm, 2.0, 0.3);
        check(&[&calm[..], &[1e9; 5]].concat(), 2.0, 1.5);
        check(&[1e9, 2.0, 1.0, 3.0, 2.0], 2.0, 0.0);
        // A lasting shift is followed in the end.
        check(&[&calm[..], &[50.0; 400]].concat(), 50.0, 1.0);
    }

    #[test]
    fn nothing_is_said_of_four_readings() {
        let mut moments = RobustMoments::new();
        for value in [1.0, 2.0, 3.0, 4.0] {
            moments.take(value, 0.05, 1e-6);
            assert_eq!(moments.get(), None);
        }
        moments.take(5.0, 0.05, 1e-6);
        assert_eq!(moments.get(), Some((3.0, f64::from(1.4826_f32))));
    }
}
