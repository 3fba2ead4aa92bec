//! The benchmark's windowed Gaussian detector, as a reference whose published results the scorer has to reproduce.

/// Readings of the window, and readings after which it moves on (Ahmad et al. 2017; the scoreboard's setting).
const WINDOW: usize = 6_400;
const STEP: usize = 100;
/// The published threshold is 1.0 of scores written with twelve digits.
const THRESHOLD: f64 = 1.0 - 5e-13;

/// One flag a reading: whether its tail probability under the window's normal distribution is next to nothing.
pub(crate) fn detect(values: &[f64]) -> Vec<bool> {
    let mut window: Vec<f64> = Vec::new();
    let mut waiting: Vec<f64> = Vec::new();
    let (mut mean, mut deviation) = (0.0, 1.0);
    let mut detected = Vec::with_capacity(values.len());
    for value in values {
        let tail = 0.5 * complementary_error((value - mean).abs() / deviation / std::f64::consts::SQRT_2);
        detected.push(!window.is_empty() && 1.0 - tail >= THRESHOLD);
        if window.len() < WINDOW {
            window.push(*value);
        } else {
            waiting.push(*value);
            if waiting.len() < STEP {
                continue;
            }
            window.drain(..STEP);
            window.append(&mut waiting);
        }
        (mean, deviation) = moments(&window);
    }
    detected
}

fn moments(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let square = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64;
    (mean, if square > 0.0 { square.sqrt() } else { 1e-6 })
}

/// erfc for arguments of zero and more: its series below 2 (Abramowitz & Stegun 7.1.6), its continued fraction above
/// (7.1.14), both to about 15 digits.
fn complementary_error(x: f64) -> f64 {
    let scale = (-x * x).exp() / std::f64::consts::PI.sqrt();
    if x < 2.0 {
        let mut term = 2.0 * x;
        let mut sum = term;
        for n in 1..100 {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        return 1.0 - scale * sum;
    }
    let mut fraction = x;
    for n in (1..200).rev() {
        fraction = x + f64::from(n) / 2.0 / fraction;
    }
    scale / fraction
}

/// Values of the tables (Abramowitz & Stegun, table 7.1), for the bench and the tests to check once.
pub(crate) fn check_error_function() {
    for (x, expected) in
        [(0.0, 1.0), (0.5, 0.479_500_122_2), (1.0, 0.157_299_207_1), (2.0, 0.004_677_734_981), (5.0, 1.537_459_794e-12)]
    {
        let found = complementary_error(x);
        assert!((found - expected).abs() <= 1e-9 * f64::max(expected, 1e-3), "erfc({x}) is {found}, not {expected}");
    }
}
