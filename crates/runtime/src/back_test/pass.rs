//! One pass over the span, after one over what a rule is shown before it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration as Span, Instant};

use vigiles_engine::backtest::{Setting, Trial};
use vigiles_history::{HistoryError, Query};
use vigiles_model::{Duration, Observation, Timestamp};
use vigiles_trust::Context;

use super::Asked;
use crate::platform::Platform;

/// What a rule is shown before the span takes at most one part in so many of both: the span is what was asked for.
const WARM_UP_SHARE: u32 = 2;
/// Readings between two looks at the clock.
const LOOK_EVERY: u64 = 16_384;
/// Readings kept to see how they spread.
const SAMPLE: usize = 20_000;
/// How often the city's clocks are asked whether they have changed.
const HOUR: i64 = 3_600_000_000;
/// How long before the span readings are looked at to see how often they come, and how many of them.
const LOOK_BACK: Duration = Duration::from_secs(86_400);
const LOOKED_AT: i64 = 100_000;

/// What a rule was shown before the span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmUp {
    /// Time of the first reading.
    pub from: Timestamp,
    /// Where it ended: the first moment of the span, or the last reading that there was time or room for.
    pub to: Timestamp,
    /// Readings.
    pub observations: u64,
}

/// Why a trial ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It raised more alarms than are kept.
    Alarms,
    /// There were more readings than are judged at once.
    Observations,
    /// It took too long.
    Time,
}

/// What every pass of a back-test goes over.
pub(super) struct Passes<'a> {
    platform: &'a Platform,
    ctx: &'a Context,
    query: Query,
    from: Timestamp,
    /// Most readings, those of the time before the span included.
    most: u64,
    /// Where what the rule is shown before the span begins.
    warm_from: Timestamp,
    given_up: &'a AtomicBool,
}

/// One pass over the span.
pub(super) struct Pass {
    pub(super) trial: Trial,
    pub(super) took: Span,
    pub(super) stopped: Option<(Stopped, Timestamp)>,
    /// Every so manieth reading, in the unit of the rule.
    pub(super) sample: Vec<f64>,
    pub(super) warm_up: Option<WarmUp>,
}

/// Asks the city's clocks as time goes on.
struct Clocks<'a> {
    platform: &'a Platform,
    asked: i64,
}

impl Clocks<'_> {
    #[inline]
    fn follow(&mut self, trial: &mut Trial, time: Timestamp) {
        if time.0 >= self.asked {
            trial.set_utc_offset(self.platform.utc_offset_s(time));
            self.asked = time.0.saturating_add(HOUR);
        }
    }
}

impl<'a> Passes<'a> {
    pub(super) fn new(
        platform: &'a Platform,
        ctx: &'a Context,
        asked: &'a Asked,
        setting: &Setting,
    ) -> Result<Self, HistoryError> {
        let query = Query { kinds: asked.rule.kinds.clone(), area: asked.area, ..Query::default() };
        let most = asked.bounds.observations;
        let from = asked.from;
        let mut passes = Self { platform, ctx, query, from, most, warm_from: from, given_up: &asked.given_up };
        let pace = passes.pace()?;
        let needed = setting.warm_up(&asked.rule, pace.map(|pace| pace.spacing), asked.to.since(from));
        let room = pace.map_or(i64::MAX, |pace| pace.room(passes.most));
        passes.warm_from = Timestamp(from.0.saturating_sub(needed.0.min(room)));
        Ok(passes)
    }

    /// Shows the trial what came before the span, then judges the span up to before `to`.
    pub(super) fn run(&self, mut trial: Trial, to: Timestamp, patience: Span) -> Result<Pass, HistoryError> {
        let start = Instant::now();
        let mut clocks = Clocks { platform: self.platform, asked: i64::MIN };
        let warm_up = self.warm_up(&mut trial, &mut clocks, (start, patience / WARM_UP_SHARE))?;
        trial.begin(self.from);
        let before = trial.warmed_up();
        let (mut stopped, mut sample, mut every) = (None, Vec::new(), 1u64);
        let mut visit = |series: usize, o: &Observation| {
            clocks.follow(&mut trial, o.time);
            let count = trial.observations();
            if count.is_multiple_of(every) {
                sample.extend(trial.figure(o));
                if sample.len() >= 2 * SAMPLE {
                    // Half as many, evenly.
                    sample = sample.iter().copied().step_by(2).collect();
                    every *= 2;
                }
            }
            if !trial.take(series, o) {
                stopped = Some((Stopped::Alarms, o.time));
            } else if before + count >= self.most {
                stopped = Some((Stopped::Observations, o.time));
            } else if count.is_multiple_of(LOOK_EVERY) && self.is_over((start, patience)) {
                stopped = Some((Stopped::Time, o.time));
            }
            stopped.is_none()
        };
        self.scan((self.from, to), &mut visit)?;
        Ok(Pass { trial, took: start.elapsed(), stopped, sample, warm_up })
    }

    fn warm_up(
        &self,
        trial: &mut Trial,
        clocks: &mut Clocks<'_>,
        (start, patience): (Instant, Span),
    ) -> Result<Option<WarmUp>, HistoryError> {
        let mut warm_up: Option<WarmUp> = None;
        self.scan((self.warm_from, self.from), &mut |series, o| {
            clocks.follow(trial, o.time);
            trial.warm_up(series, o);
            let shown = warm_up.get_or_insert(WarmUp { from: o.time, to: self.from, observations: 0 });
            shown.observations += 1;
            let tired = shown.observations.is_multiple_of(LOOK_EVERY) && self.is_over((start, patience));
            let enough = tired || shown.observations >= self.most / u64::from(WARM_UP_SHARE);
            if enough {
                shown.to = o.time;
            }
            !enough
        })?;
        Ok(warm_up)
    }

    /// Whether there is no more time for it, or nobody who waits.
    fn is_over(&self, (start, patience): (Instant, Span)) -> bool {
        start.elapsed() > patience || self.given_up.load(Ordering::Relaxed)
    }

    /// How often readings came just before the span; none where too few did.
    fn pace(&self) -> Result<Option<Pace>, HistoryError> {
        let (mut readings, mut series, mut times) = (0, 0, None);
        self.scan((Timestamp(self.from.0.saturating_sub(LOOK_BACK.0)), self.from), &mut |number, o| {
            readings += 1;
            series = series.max(number as i64 + 1);
            let (first, _) = times.unwrap_or((o.time.0, o.time.0));
            times = Some((first, o.time.0));
            readings < LOOKED_AT
        })?;
        let span = times.map_or(0, |(first, last)| last - first);
        // Between the first and the last reading of each series.
        let gaps = readings - series;
        if span <= 0 || gaps <= 0 {
            return Ok(None);
        }
        Ok(Some(Pace { spacing: Duration(span.saturating_mul(series) / gaps), readings, span }))
    }

    fn scan(
        &self,
        (from, to): (Timestamp, Timestamp),
        visit: &mut vigiles_history::Visit<'_>,
    ) -> Result<(), HistoryError> {
        let query = Query { from: Some(from), to: Some(to), ..self.query.clone() };
        self.platform.history().scan(self.ctx, &query, visit)
    }
}

/// How often readings come.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Mean distance of two readings of one series.
    spacing: Duration,
    /// Of all series in `span` microseconds.
    readings: i64,
    span: i64,
}

impl Pace {
    /// Microseconds with as many readings as may be learned from before the span.
    fn room(self, most: u64) -> i64 {
        let most = (most / u64::from(WARM_UP_SHARE)) as f64;
        (self.span as f64 / self.readings as f64 * most) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learned_from_leaves_room_for_the_span() {
        let check = |readings, days| {
            let pace = Pace { spacing: Duration::from_secs(60), readings, span: LOOK_BACK.0 };
            assert_eq!(pace.room(50_000_000) / LOOK_BACK.0, days, "{readings} a day");
        };
        check(1_000_000, 25);
        check(100_000, 250);
    }
}
