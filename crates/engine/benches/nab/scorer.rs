//! The score of the Numenta Anomaly Benchmark, standard profile (Lavin & Ahmad 2015, "Evaluating real-time anomaly
//! detection algorithms", section III; its appendix of equations).

/// Weight of a false positive; true positives and misses weigh one.
const FALSE_POSITIVE: f64 = 0.11;
/// Share of a series at its beginning that is not scored, and the most readings it may be.
const PROBATION: (f64, usize) = (0.15, 750);

/// What one detector earned on one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score {
    /// Sum over windows and false positives; at most the number of windows.
    pub(crate) raw: f64,
    /// Detections inside windows.
    pub(crate) true_positives: usize,
    /// Detections outside.
    pub(crate) false_positives: usize,
    /// Readings inside windows that were not detected.
    pub(crate) false_negatives: usize,
}

/// Scores detections, one flag a reading, against windows given as first and last reading, in order and apart.
pub(crate) fn score(detected: &[bool], windows: &[(usize, usize)]) -> Score {
    let probation = ((PROBATION.0 * detected.len() as f64) as usize).min(PROBATION.1);
    let mut best: Vec<f64> = windows.iter().map(|(_, last)| if *last >= probation { -1.0 } else { 0.0 }).collect();
    let mut score = Score { raw: 0.0, true_positives: 0, false_positives: 0, false_negatives: 0 };
    for (reading, found) in detected.iter().enumerate().skip(probation) {
        let inside = windows.iter().position(|(first, last)| (*first..=*last).contains(&reading));
        match inside {
            Some(_) if !found => score.false_negatives += 1,
            Some(window) => {
                score.true_positives += 1;
                best[window] = best[window].max(reward(reading, windows[window]));
            }
            None if *found => {
                score.false_positives += 1;
                score.raw += FALSE_POSITIVE * penalty(reading, windows);
            }
            None => {}
        }
    }
    score.raw += best.iter().sum::<f64>();
    score
}

/// A detection in a window: 1 at its first reading, falling to nearly 0 at its last. Only the best one counts.
fn reward(reading: usize, (first, last): (usize, usize)) -> f64 {
    let width = (last - first + 1) as f64;
    scaled_sigmoid(-((last - reading + 1) as f64) / width) / scaled_sigmoid(-1.0)
}

/// A detection outside: -1 before the first window, and behind one nearly 0 at first, falling to -1.
fn penalty(reading: usize, windows: &[(usize, usize)]) -> f64 {
    match windows.iter().rev().find(|(_, last)| *last < reading) {
        None => -1.0,
        Some((first, last)) => scaled_sigmoid((reading - last) as f64 / (last - first) as f64),
    }
}

/// From 1 far left to -1 far right; from three window lengths on exactly -1.
fn scaled_sigmoid(position: f64) -> f64 {
    if position >= 3.0 { -1.0 } else { 2.0 / (1.0 + (5.0 * position).exp()) - 1.0 }
}

/// Raw scores of a set of series as points: 0 for a detector that finds nothing, 100 for a perfect one.
pub(crate) fn normalised(raw: f64, windows: usize) -> f64 {
    let windows = windows as f64;
    100.0 * (raw + windows) / (2.0 * windows)
}
