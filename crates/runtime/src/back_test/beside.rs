//! What the city itself has of the span: alarms of its rules, and incidents that people have marked.

use std::collections::BTreeSet;

use vigiles_engine::backtest::Marked;
use vigiles_model::alarm::Stage;
use vigiles_model::incident::{Reality, TimelineEvent, Verdict};
use vigiles_model::{Alarm, Geometry, Incident, IncidentState, Timestamp};
use vigiles_store::{Document, Query};
use vigiles_trust::Context;

use super::{Asked, BackTestError};
use crate::documents::{self, ALARM, INCIDENT};
use crate::platform::Platform;

/// What was found, newest first; and where that is not all of the span, since when.
type Found<T> = (Vec<T>, Option<Timestamp>);

/// What the city's live rules raised from readings of the same kinds.
pub(super) fn present(
    platform: &Platform,
    ctx: &Context,
    asked: &Asked,
    end: Timestamp,
) -> Result<Found<Alarm>, BackTestError> {
    let query = Query { states: vec!["active".to_owned(), "cleared".to_owned()], ..Query::new(ALARM) };
    gather(platform, ctx, asked, spanning(query, asked, end), |document| {
        let alarm: Alarm = documents::read(document)?;
        // A rule on trial beside the live ones tells nobody: it is none of the present rules.
        let of_kind = alarm.kind.as_ref().is_some_and(|kind| asked.rule.kinds.contains(kind));
        Ok((of_kind && alarm.stage == Stage::Live).then_some(alarm))
    })
}

/// Actual incidents opened in the span of which people have said what they were: of the type that the rule opens, and
/// those of other types that its own alarms joined.
pub(super) fn marked(
    platform: &Platform,
    ctx: &Context,
    asked: &Asked,
    end: Timestamp,
    present: &[Alarm],
) -> Result<Found<Marked>, BackTestError> {
    // What a rule without incidents should have found cannot be told from what others found.
    let Some(spec) = &asked.rule.incident else { return Ok((Vec::new(), None)) };
    let of_type = vec![("incident_type", vec![spec.incident_type.clone()])];
    let query = Query { fields: of_type, ..Query::new(INCIDENT) };
    let of_type = gather(platform, ctx, asked, spanning(query, asked, end), |document| {
        let incident: Incident = documents::read(document)?;
        Ok(mark(&incident))
    });
    let (mut found, since) = of_type?;
    let own = present.iter().filter(|alarm| alarm.rule == asked.rule.id).filter_map(|alarm| alarm.incident.as_ref());
    for id in own.collect::<BTreeSet<_>>() {
        let Some(document) = platform.store().get(ctx, INCIDENT, id.as_str())? else { continue };
        let incident: Incident = documents::read(&document)?;
        let is_in_span = asked.from <= incident.opened && incident.opened < end;
        if is_in_span && incident.incident_type != spec.incident_type {
            found.extend(mark(&incident));
        }
    }
    Ok((found, since))
}

/// What people said of an incident; none where nobody did, and of exercises and tests.
fn mark(incident: &Incident) -> Option<Marked> {
    let (Some(verdict), Reality::Actual) = (incident.verdict, incident.reality) else { return None };
    Some(Marked {
        from: incident.opened,
        to: resolved(incident),
        place: incident.place.as_ref().map(Geometry::centre),
        assets: incident.assets.clone(),
        genuine: verdict == Verdict::Genuine,
    })
}

fn spanning(query: Query, asked: &Asked, end: Timestamp) -> Query {
    let limit = Query::MAX_LIMIT.min(asked.bounds.beside);
    Query { area: asked.area, from: Some(asked.from), to: Some(end), limit, ..query }
}

/// Page by page, until there is no more or as much as is compared.
fn gather<T>(
    platform: &Platform,
    ctx: &Context,
    asked: &Asked,
    mut query: Query,
    take: impl Fn(&Document) -> Result<Option<T>, BackTestError>,
) -> Result<Found<T>, BackTestError> {
    let mut found = Vec::new();
    loop {
        let page = platform.store().list(ctx, &query)?;
        for document in &page.documents {
            found.extend(take(document)?);
        }
        match page.next {
            Some(_) if found.len() >= asked.bounds.beside => {
                return Ok((found, page.documents.last().map(|document| document.time)));
            }
            Some(next) => query.cursor = Some(next),
            None => return Ok((found, None)),
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
