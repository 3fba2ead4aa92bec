//! Observations out of history: what a filter says of time, Datastream and place is asked of history, the rest is looked at
//! one by one.

use vigiles_formats::sensorthings::entity::Entity;
use vigiles_formats::sensorthings::filter::{Expression, Function, Literal, Operator};
use vigiles_formats::sensorthings::place::{self, Relation};
use vigiles_formats::sensorthings::query::Query;
use vigiles_formats::sensorthings::time::Time;
use vigiles_formats::sensorthings::{ids, observation};
use vigiles_history::{Cursor, Query as HistoryQuery};
use vigiles_model::{AssetId, BoundingBox, KindId, Observation, Timestamp};
use vigiles_trust::Resource;

use super::collection::{Page, Take, after, top, wrong_token};
use super::graph::{ObservationsOf, Reader};
use crate::problem::Problem;

/// Observations asked for at once.
const CHUNK: usize = 2000;

/// Whether the order asked for is one that history gives: by phenomenon time, or none.
pub(super) fn is_in_time_order(query: &Query) -> bool {
    match query.order_by.as_slice() {
        [] => true,
        [order] => is_time(&order.by),
        _ => false,
    }
}

impl Reader<'_> {
    /// A page in the order of time.
    pub(super) fn observations_page(&self, which: &ObservationsOf, query: &Query) -> Result<Page, Problem> {
        let wanted = top(query);
        let mut page = Page::default();
        let (mut passed, mut more) = (0_u64, false);
        let token =
            query.skip_token.as_deref().map(|token| cursor(token).ok_or_else(|| wrong_token(token))).transpose()?;
        let mut take = |entity: Entity| {
            if !self.passes(&entity, query)? {
                return Ok(true);
            }
            passed += 1;
            if passed > query.skip {
                if page.entities.len() < wanted {
                    page.entities.push(entity);
                } else {
                    more = true;
                }
            }
            Ok(!more)
        };
        let ascending = query.order_by.first().is_some_and(|order| !order.descending);
        let asked = self.asked(which, query);
        if ascending {
            self.scan(which, asked.clone(), token, &mut take)?;
        } else {
            self.newest_first(which, asked.clone(), token, &mut take)?;
        }
        if query.count {
            page.count = Some(self.count(which, asked, query)?);
        }
        page.next = page.entities.last().filter(|_| more).map(|last| after(query, last.id.clone(), wanted));
        Ok(page)
    }

    /// Every Observation, newest first.
    pub(super) fn visit_observations(
        &self,
        which: &ObservationsOf,
        query: &Query,
        take: &mut Take<'_>,
    ) -> Result<(), Problem> {
        self.newest_first(which, self.asked(which, query), None, take)
    }

    fn count(&self, which: &ObservationsOf, asked: HistoryQuery, query: &Query) -> Result<u64, Problem> {
        let mut count = 0;
        let mut take = |entity: Entity| {
            count += u64::from(self.passes(&entity, query)?);
            Ok(true)
        };
        self.scan(which, asked, None, &mut take)?;
        Ok(count)
    }

    fn newest_first(
        &self,
        which: &ObservationsOf,
        mut asked: HistoryQuery,
        after: Option<Cursor>,
        take: &mut Take<'_>,
    ) -> Result<(), Problem> {
        let ctx = self.rights.context(Resource::Observations)?;
        // Most requests want few: the first chunk is small.
        asked.limit = CHUNK / 8;
        asked.cursor = after;
        loop {
            let page = self.api.platform.history().page(ctx, &asked)?;
            for o in &page.observations {
                self.look()?;
                if self.is_of(o, which) && !take(self.of_history(o))? {
                    return Ok(());
                }
            }
            match page.next {
                None => return Ok(()),
                next => asked.cursor = next,
            }
            asked.limit = CHUNK;
        }
    }

    /// Oldest first.
    fn scan(
        &self,
        which: &ObservationsOf,
        mut asked: HistoryQuery,
        after: Option<Cursor>,
        take: &mut Take<'_>,
    ) -> Result<(), Problem> {
        let ctx = self.rights.context(Resource::Observations)?;
        if let Some(after) = after {
            asked.from = Some(asked.from.map_or(after.time, |from| from.max(after.time)));
        }
        let mut failed = None;
        let mut visit = |_series: usize, o: &Observation| {
            if after.is_some_and(|after| (o.time, o.id) <= (after.time, after.id)) {
                return true;
            }
            let taken =
                self.look().and_then(|()| if self.is_of(o, which) { take(self.of_history(o)) } else { Ok(true) });
            taken.unwrap_or_else(|problem| {
                failed = Some(problem);
                false
            })
        };
        self.api.platform.history().scan(ctx, &asked, &mut visit)?;
        failed.map_or(Ok(()), Err)
    }

    fn is_of(&self, o: &Observation, which: &ObservationsOf) -> bool {
        if !self.is_shown(o) {
            return false;
        }
        let stands = || o.asset.as_ref().and_then(|a| self.catalogue.asset(a.as_str())).map(|known| &known.place);
        let of_feature =
            which.feature.as_ref().is_none_or(|(id, _)| observation::feature_of(o, stands()).as_ref() == Some(id));
        of_feature && which.id.as_ref().is_none_or(|id| *id == ids::observation(o.time, o.id))
    }

    /// What history is asked: at least what the filter lets through.
    fn asked(&self, which: &ObservationsOf, query: &Query) -> HistoryQuery {
        let mut asked = HistoryQuery::default();
        if let Some((asset, kind)) = &which.datastream {
            asked.assets.push(asset.clone());
            asked.kinds.push(kind.clone());
        }
        if let Some((time, _)) = which.id.as_deref().and_then(ids::of_observation) {
            narrow_time(&mut asked, Operator::Equal, Time::Instant(time));
        }
        if let Some((id, at)) = &which.feature {
            match self.catalogue.asset(id) {
                Some(_) => asked.assets.extend(AssetId::new(id)),
                None => asked.area = at.as_ref().map(vigiles_model::Geometry::bounding_box),
            }
        }
        for condition in query.filter.iter().flat_map(Expression::conditions) {
            narrow(&mut asked, condition);
        }
        asked
    }
}

/// The place of an Observation in history, from its id.
fn cursor(id: &str) -> Option<Cursor> {
    ids::of_observation(id).map(|(time, id)| Cursor { time, id })
}

fn is_time(expression: &Expression) -> bool {
    matches!(expression, Expression::Path(path) if path.as_slice() == ["phenomenonTime"])
}

/// Narrows what is asked by a condition that must hold.
fn narrow(asked: &mut HistoryQuery, condition: &Expression) {
    match condition {
        Expression::Binary(operator, left, right) => {
            let (path, literal, operator) = match (&**left, &**right) {
                (Expression::Path(path), Expression::Literal(literal)) => (path, literal, *operator),
                (Expression::Literal(literal), Expression::Path(path)) => (path, literal, turned(*operator)),
                _ => return,
            };
            let names: Vec<&str> = path.iter().map(String::as_str).collect();
            match (names.as_slice(), literal) {
                (["phenomenonTime"], Literal::Time(time)) => narrow_time(asked, operator, *time),
                (["phenomenonTime"], Literal::Text(text)) => {
                    if let Ok(time) = Time::parse(text) {
                        narrow_time(asked, operator, time);
                    }
                }
                (_, Literal::Text(id)) if operator == Operator::Equal => narrow_id(asked, &names, id),
                _ => {}
            }
        }
        Expression::Call(function, arguments) => narrow_call(asked, *function, arguments),
        _ => {}
    }
}

/// `5 lt x` is `x gt 5`.
const fn turned(operator: Operator) -> Operator {
    match operator {
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        other => other,
    }
}

/// History keeps the start of an interval as its time. An interval compares as a whole, so the bounds hold for it too: one
/// that is greater begins no earlier, one that is less begins no later.
fn narrow_time(asked: &mut HistoryQuery, operator: Operator, time: Time) {
    let next = |at: Timestamp| Timestamp(at.0.saturating_add(1));
    let mut from = |at: Timestamp| asked.from = Some(asked.from.map_or(at, |old| old.max(at)));
    match operator {
        Operator::Greater | Operator::GreaterOrEqual => from(time.start()),
        Operator::Equal => {
            from(time.start());
            let to = next(time.start());
            asked.to = Some(asked.to.map_or(to, |old| old.min(to)));
        }
        Operator::Less | Operator::LessOrEqual => {
            let to = next(time.end());
            asked.to = Some(asked.to.map_or(to, |old| old.min(to)));
        }
        _ => {}
    }
}

fn narrow_id(asked: &mut HistoryQuery, path: &[&str], id: &str) {
    let is_id = |name: &str| matches!(name, "id" | "@iot.id");
    match path {
        [name] if is_id(name) => {
            if let Some((time, _)) = ids::of_observation(id) {
                narrow_time(asked, Operator::Equal, Time::Instant(time));
            }
        }
        ["Datastream", name] if is_id(name) => {
            if let Some((asset, kind)) = ids::of_datastream(id)
                && asked.assets.is_empty()
                && asked.kinds.is_empty()
            {
                asked.assets.push(asset);
                asked.kinds.push(kind);
            }
        }
        ["Datastream", "Thing", name] if is_id(name) && asked.assets.is_empty() => {
            asked.assets.extend(AssetId::new(id));
        }
        ["Datastream", "ObservedProperty", name] if is_id(name) && asked.kinds.is_empty() => {
            asked.kinds.extend(KindId::new(id));
        }
        _ => {}
    }
}

fn narrow_call(asked: &mut HistoryQuery, function: Function, arguments: &[Expression]) {
    match (function, arguments) {
        (Function::During, [time, Expression::Literal(Literal::Time(span))]) if is_time(time) => {
            narrow_time(asked, Operator::GreaterOrEqual, Time::Instant(span.start()));
            narrow_time(asked, Operator::Less, Time::Instant(span.end()));
        }
        (Function::Before, [time, Expression::Literal(Literal::Time(than))]) if is_time(time) => {
            narrow_time(asked, Operator::Less, *than);
        }
        (Function::After, [time, Expression::Literal(Literal::Time(than))]) if is_time(time) => {
            narrow_time(asked, Operator::Greater, *than);
        }
        (
            Function::Relates(Relation::Within | Relation::Intersects | Relation::Equals) | Function::GeoIntersects,
            [Expression::Path(path), Expression::Literal(Literal::Geometry(area))],
        ) if path.as_slice() == ["FeatureOfInterest", "feature"] => {
            let bounds: Option<BoundingBox> = place::bounds(area);
            asked.area = asked.area.or(bounds);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(filter: &str, expected: &str) {
        let filter = Expression::parse("$filter", filter).unwrap();
        let mut asked = HistoryQuery::default();
        for condition in filter.conditions() {
            narrow(&mut asked, condition);
        }
        let time = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        let ids = |list: Vec<String>| list.join("+");
        let found = format!(
            "{} {} [{}] [{}] {}",
            time(asked.from),
            time(asked.to),
            ids(asked.assets.iter().map(ToString::to_string).collect()),
            ids(asked.kinds.iter().map(ToString::to_string).collect()),
            asked.area.is_some(),
        );
        assert_eq!(found, expected, "{filter}");
    }

    #[test]
    fn what_history_is_asked() {
        check("result gt 5", "- - [] [] false");
        check("phenomenonTime ge 2026-01-01T00:00:00Z and result gt 5", "2026-01-01T00:00:00Z - [] [] false");
        check("2026-01-01T00:00:00Z gt phenomenonTime", "- 2026-01-01T00:00:00.000001Z [] [] false");
        check("phenomenonTime eq 2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z 2026-01-01T00:00:00.000001Z [] [] false");
        check("phenomenonTime ge '2026-01-01T00:00:00Z'", "2026-01-01T00:00:00Z - [] [] false");
        check("phenomenonTime ge 2026-01-01T00:00:00Z or result gt 5", "- - [] [] false");
        check("Datastream/id eq 'a1,air.pm25'", "- - [a1] [air.pm25] false");
        check("Datastream/Thing/@iot.id eq 'a1' and Datastream/ObservedProperty/id eq 'k'", "- - [a1] [k] false");
        check("not (Datastream/id eq 'a1,air.pm25')", "- - [] [] false");
        check(
            "during(phenomenonTime, 2026-01-01T00:00:00Z/2026-01-02T00:00:00Z)",
            "2026-01-01T00:00:00Z 2026-01-02T00:00:00.000001Z [] [] false",
        );
        check("st_within(FeatureOfInterest/feature, geography'POLYGON ((0 0, 1 0, 1 1, 0 0))')", "- - [] [] true");
        check("st_disjoint(FeatureOfInterest/feature, geography'POINT (0 0)')", "- - [] [] false");
    }
}
