//! A rule on trial over a span of history, beside what the city's rules raised then.

mod beside;
mod pass;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration as Span;

use vigiles_engine::Rule;
use vigiles_engine::backtest::{Marks, NoSuggestion, Report, Setting, Stretch, Suggestion, Suggestions, Trial, Tried};
use vigiles_engine::command::CommandError;
use vigiles_history::HistoryError;
use vigiles_model::{Asset, BoundingBox, Duration, ObservationKind, Timestamp, Zone};
use vigiles_store::StoreError;
use vigiles_trust::Context;

use self::pass::Passes;
pub use self::pass::{Stopped, WarmUp};
use crate::documents::{self, ASSET, KIND, Versioned, ZONE};
use crate::platform::Platform;
use crate::trial::{self, RuleTrial};

/// What is to be tried.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The rule; it need not be saved.
    pub rule: Rule,
    /// First moment.
    pub from: Timestamp,
    /// Moment after the last.
    pub to: Timestamp,
    /// Only readings of places in this box.
    pub area: Option<BoundingBox>,
    /// Suggest a limit for so many alarms a day.
    pub wanted_per_day: Option<f64>,
    /// How much may be read for it.
    pub bounds: Bounds,
    /// Set once nobody waits for the answer any longer: it ends soon after.
    pub given_up: Arc<AtomicBool>,
}

/// How much is read for one trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Most readings of one pass, those of the time before the span included.
    pub observations: u64,
    /// Longest pass, what a rule is shown before the span included.
    pub patience: Span,
    /// Longest pass of the variants that a limit is looked for with.
    pub search_patience: Span,
    /// Most alarms of the city's rules, and most marked incidents, beside those of the trial.
    pub beside: usize,
}

/// Readings that a pass may have for each minute that it may take.
const OBSERVATIONS_A_MINUTE: u64 = 50_000_000;

impl Bounds {
    /// As much as one who waits so long may ask for.
    pub fn of(patience: Span) -> Self {
        Self {
            observations: OBSERVATIONS_A_MINUTE.saturating_mul(patience.as_secs()) / 60,
            patience,
            search_patience: patience,
            beside: 50_000,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The alarms, by time and place.
    pub report: Report,
    /// What the rule was shown first of the time before the span; none where history has nothing of it.
    pub warm_up: Option<WarmUp>,
    /// Alarms that stood when the span began; they are not among those of the report.
    pub standing: usize,
    /// Readings of the span.
    pub observations: u64,
    /// Of those, the readings that a detector which learns only learned from.
    pub learning: u64,
    /// How often the condition could not be computed.
    pub errors: u64,
    /// How long the judging took, reading included.
    pub took: Span,
    /// Why it ended before the end of the span, and where.
    pub stopped: Option<(Stopped, Timestamp)>,
    /// Where only the latest alarms of the present rules are counted: since when.
    pub present_since: Option<Timestamp>,
    /// Against incidents that people have marked.
    pub marks: Marks,
    /// Where only the latest of those are compared: since when.
    pub marks_since: Option<Timestamp>,
    /// The limit that comes nearest to the wanted number of alarms, or why there is none; where one was wanted.
    pub suggestion: Option<Result<Suggestion, NoSuggestion>>,
    /// What is remembered of trials of this condition.
    pub kept: Option<RuleTrial>,
}

/// Why a rule could not be tried.
#[derive(Debug, thiserror::Error)]
pub enum BackTestError {
    /// The rule is not in order.
    #[error(transparent)]
    Rule(#[from] CommandError),
    /// History could not be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody waits for the answer any longer.
    #[error("nobody waits for the back-test any longer")]
    GivenUp,
}

/// Tries a rule on the past. Blocks while it reads and judges.
pub fn back_test(platform: &Platform, ctx: &Context, asked: &Asked) -> Result<Outcome, BackTestError> {
    let setting = setting(platform)?;
    let trial = Trial::new(setting.clone(), &asked.rule)?;
    let passes = Passes::new(platform, ctx, asked, &setting)?;
    let pass = passes.run(trial, asked.to, asked.bounds.patience)?;
    if asked.given_up.load(Ordering::Relaxed) {
        return Err(BackTestError::GivenUp);
    }
    let end = pass.stopped.map_or(asked.to, |(_, at)| at);
    let (observations, learning, errors) = (pass.trial.observations(), pass.trial.learning(), pass.trial.errors());
    let (data, standing) = (pass.trial.stretches(asked.from, end), pass.trial.standing());
    let alarms = pass.trial.finish(end);
    let (present, present_since) = beside::present(platform, ctx, asked, end)?;
    let (marked, marks_since) = beside::marked(platform, ctx, asked, end, &present)?;
    let suggestion = match asked.wanted_per_day {
        Some(wanted) => Some(suggest(&passes, (asked, end), &setting, (wanted, &data), pass.sample)?),
        None => None,
    };
    let offset = |at: Timestamp| platform.utc_offset_s(at);
    let tried = Tried { from: asked.from, to: end, data: &data, utc_offset_s: &offset };
    let report = Report::of(&alarms, &present, tried);
    let kept = RuleTrial {
        at: platform.now(),
        by: ctx.person().cloned(),
        from: asked.from,
        to: end,
        data: Duration((report.data_s * 1e6) as i64),
        observations,
        alarms: report.alarms,
        area: asked.area,
    };
    Ok(Outcome {
        kept: trial::keep(platform.store(), &asked.rule, kept)?,
        report,
        warm_up: pass.warm_up,
        standing,
        observations,
        learning,
        errors,
        took: pass.took,
        stopped: pass.stopped,
        present_since,
        marks: Marks::compare(&alarms, &marked),
        marks_since,
        suggestion,
    })
}

fn suggest(
    passes: &Passes<'_>,
    (asked, end): (&Asked, Timestamp),
    setting: &Setting,
    (wanted, data): (f64, &[Stretch]),
    mut sample: Vec<f64>,
) -> Result<Result<Suggestion, NoSuggestion>, BackTestError> {
    let mut suggestions = match Suggestions::new(&asked.rule, wanted, data) {
        Ok(suggestions) => suggestions,
        Err(why) => return Ok(Err(why)),
    };
    sample.sort_by(f64::total_cmp);
    for _ in 0..2 {
        let trial = suggestions.trial(setting.clone(), &sample);
        let pass = passes.run(trial, end, asked.bounds.search_patience)?;
        if pass.stopped.is_some() {
            // Counted over a part of the span, the alarms a day of a variant would be too few.
            return Ok(Err(NoSuggestion::EndedEarly));
        }
        suggestions.take(&pass.trial, &sample);
    }
    Ok(suggestions.best().cloned().ok_or(NoSuggestion::NoVariant))
}

/// The city as it is set up now.
fn setting(platform: &Platform) -> Result<Setting, BackTestError> {
    let store = platform.store();
    let mut setting = Setting { utc_offset_s: platform.utc_offset_s(platform.now()), ..Setting::default() };
    for document in documents::all(store, KIND)? {
        let kind: ObservationKind = documents::read::<Versioned<_>>(&document)?.document;
        setting.kinds.insert(kind.id.clone(), kind);
    }
    for document in documents::all(store, ASSET)? {
        let asset: Asset = documents::read::<Versioned<_>>(&document)?.document;
        setting.assets.insert(asset.id.clone(), asset);
    }
    for document in documents::all(store, ZONE)? {
        let zone: Zone = documents::read::<Versioned<_>>(&document)?.document;
        setting.zones.insert(zone.id.clone(), zone);
    }
    Ok(setting)
}
