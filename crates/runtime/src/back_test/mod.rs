//! A rule on trial over a span of history, beside what the city's rules raised then.

mod pass;

use std::time::Duration as Span;

use vigiles_engine::Rule;
use vigiles_engine::backtest::{
    Marked, Marks, NoSuggestion, Report, Setting, Stretch, Suggestion, Suggestions, Trial, Tried,
};
use vigiles_engine::command::CommandError;
use vigiles_history::HistoryError;
use vigiles_model::alarm::Stage;
use vigiles_model::incident::{Reality, TimelineEvent, Verdict};
use vigiles_model::{
    Alarm, Asset, BoundingBox, Duration, Geometry, Incident, IncidentState, ObservationKind, Timestamp, Zone,
};
use vigiles_store::StoreError;
use vigiles_trust::Context;

use self::pass::Passes;
pub use self::pass::{Stopped, WarmUp};
use crate::documents::{self, ALARM, ASSET, INCIDENT, KIND, Versioned, ZONE};
use crate::platform::Platform;
use crate::trial::{self, RuleTrial};

/// Most alarms of the city's rules that are counted beside those of the trial.
const MAX_PRESENT: usize = 50_000;

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
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The alarms, by time and place.
    pub report: Report,
    /// What a rule that learns was shown first of the time before the span.
    pub warm_up: Option<WarmUp>,
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
    /// Against incidents that people have marked.
    pub marks: Marks,
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
}

/// Tries a rule on the past. Blocks while it reads and judges.
pub fn back_test(platform: &Platform, ctx: &Context, asked: &Asked) -> Result<Outcome, BackTestError> {
    let setting = setting(platform)?;
    let trial = Trial::new(setting.clone(), &asked.rule)?;
    let passes = Passes::new(platform, ctx, asked)?;
    let pass = passes.run(trial, asked.to)?;
    let end = pass.stopped.map_or(asked.to, |(_, at)| at);
    let (observations, learning, errors) = (pass.trial.observations(), pass.trial.learning(), pass.trial.errors());
    let data = pass.trial.stretches(asked.from, end);
    let alarms = pass.trial.finish(end);
    let marks = Marks::compare(&alarms, &marked(platform, ctx, asked, end)?);
    let present = present(platform, ctx, asked, end)?;
    let suggestion = match asked.wanted_per_day {
        Some(wanted) => Some(suggest(&passes, (&asked.rule, end), &setting, (wanted, &data), pass.sample)?),
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
        observations,
        learning,
        errors,
        took: pass.took,
        stopped: pass.stopped,
        marks,
        suggestion,
    })
}

fn suggest(
    passes: &Passes<'_>,
    (rule, end): (&Rule, Timestamp),
    setting: &Setting,
    (wanted, data): (f64, &[Stretch]),
    mut sample: Vec<f64>,
) -> Result<Result<Suggestion, NoSuggestion>, BackTestError> {
    let mut suggestions = match Suggestions::new(rule, wanted, data) {
        Ok(suggestions) => suggestions,
        Err(why) => return Ok(Err(why)),
    };
    sample.sort_by(f64::total_cmp);
    for _ in 0..2 {
        let trial = suggestions.trial(setting.clone(), &sample);
        let pass = passes.run(trial, end)?;
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

/// What the city's live rules raised from readings of the same kinds.
fn present(platform: &Platform, ctx: &Context, asked: &Asked, end: Timestamp) -> Result<Vec<Alarm>, BackTestError> {
    let mut query = vigiles_store::Query {
        states: vec!["active".to_owned(), "cleared".to_owned()],
        area: asked.area,
        from: Some(asked.from),
        to: Some(end),
        limit: vigiles_store::Query::MAX_LIMIT,
        ..vigiles_store::Query::new(ALARM)
    };
    let mut alarms = Vec::new();
    loop {
        let page = platform.store().list(ctx, &query)?;
        for document in &page.documents {
            let alarm: Alarm = documents::read(document)?;
            // A rule on trial beside the live ones tells nobody: it is none of the present rules.
            let of_kind = alarm.kind.as_ref().is_some_and(|kind| asked.rule.kinds.contains(kind));
            if of_kind && alarm.stage == Stage::Live {
                alarms.push(alarm);
            }
        }
        match page.next {
            Some(next) if alarms.len() < MAX_PRESENT => query.cursor = Some(next),
            _ => return Ok(alarms),
        }
    }
}

/// Actual incidents opened in the span, of the type that the rule opens, of which people have said what they were.
fn marked(platform: &Platform, ctx: &Context, asked: &Asked, end: Timestamp) -> Result<Vec<Marked>, BackTestError> {
    // What a rule without incidents should have found cannot be told from what others found.
    let Some(spec) = &asked.rule.incident else { return Ok(Vec::new()) };
    let mut query = vigiles_store::Query {
        area: asked.area,
        from: Some(asked.from),
        to: Some(end),
        fields: vec![("incident_type", vec![spec.incident_type.clone()])],
        limit: vigiles_store::Query::MAX_LIMIT,
        ..vigiles_store::Query::new(INCIDENT)
    };
    let mut marked = Vec::new();
    loop {
        let page = platform.store().list(ctx, &query)?;
        for document in &page.documents {
            let incident: Incident = documents::read(document)?;
            if let (Some(verdict), Reality::Actual) = (incident.verdict, incident.reality) {
                marked.push(Marked {
                    from: incident.opened,
                    to: resolved(&incident),
                    place: incident.place.as_ref().map(Geometry::centre),
                    assets: incident.assets,
                    genuine: verdict == Verdict::Genuine,
                });
            }
        }
        match page.next {
            Some(next) if marked.len() < MAX_PRESENT => query.cursor = Some(next),
            _ => return Ok(marked),
        }
    }
}

/// When it was resolved first; when it last changed, where it never was.
fn resolved(incident: &Incident) -> Timestamp {
    let is_end = |event: &TimelineEvent| {
        matches!(event, TimelineEvent::State { to: IncidentState::Resolved | IncidentState::Closed, .. })
    };
    incident.timeline.iter().find(|entry| is_end(&entry.event)).map_or(incident.changed, |entry| entry.at)
}
