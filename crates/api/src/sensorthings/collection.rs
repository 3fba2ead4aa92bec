//! Pages of a collection: filtered, in order, with where the next one begins.

use std::cmp::Ordering;

use vigiles_formats::observation::Registry;
use vigiles_formats::sensorthings::filter::{self, Operand, Scope};
use vigiles_formats::sensorthings::query::{Order, Query};
use vigiles_formats::sensorthings::{Entity, EntitySet, ids};
use vigiles_model::{KindId, Timestamp};
use vigiles_runtime::documents::{ASSET, ASSET_PLACE, STA_PROPERTY};
use vigiles_store::{Document, Kind, Query as StoreQuery, cursor_after};

use super::READER;
use super::documents::{FEATURE, SENSOR};
use super::entities;
use super::graph::{PAGE, Reader, Selection};
use crate::problem::{Code, Problem};

/// Entities of a page where none are named.
const DEFAULT_TOP: u64 = 100;
/// Most entities of a page.
const MAX_TOP: u64 = 1000;

/// One page.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) entities: Vec<Entity>,
    /// How many there are of all, where that was asked.
    pub(super) count: Option<u64>,
    /// The options that ask for the next page.
    pub(super) next: Option<Query>,
}

/// Takes an entity; says whether it wants more.
pub(super) type Take<'t> = dyn FnMut(Entity) -> Result<bool, Problem> + 't;

/// How many entities of a page are wanted.
pub(super) fn top(query: &Query) -> usize {
    query.top.unwrap_or(DEFAULT_TOP).min(MAX_TOP) as usize
}

impl Reader<'_> {
    /// A page of what is selected.
    pub(super) fn page(&self, selection: &Selection, query: &Query) -> Result<Page, Problem> {
        if let Selection::Observations(which) = selection
            && super::observations::is_in_time_order(query)
        {
            return self.observations_page(which, query);
        }
        if query.order_by.is_empty() {
            self.page_in_own_order(selection, query)
        } else {
            self.sorted_page(selection, query)
        }
    }

    /// Whether a filter lets an entity through.
    pub(super) fn passes(&self, entity: &Entity, query: &Query) -> Result<bool, Problem> {
        let Some(filter) = &query.filter else { return Ok(true) };
        Ok(filter::holds(filter, &Scope { entity, graph: self, now: self.now })?)
    }

    fn page_in_own_order(&self, selection: &Selection, query: &Query) -> Result<Page, Problem> {
        let wanted = top(query);
        let mut page = Page::default();
        let (mut passed, mut more) = (0_u64, false);
        let mut take = |entity: Entity| {
            self.look()?;
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
            Ok(query.count || !more)
        };
        // A count is of all, also on a later page: then it begins at the first again.
        let token = query.skip_token.as_deref();
        self.visit(selection, if query.count { None } else { token }, &mut take)?;
        let seen = passed;
        if query.count && token.is_some() {
            let rest = self.page_in_own_order(selection, &Query { count: false, ..query.clone() })?;
            let next = rest.next.map(|next| Query { count: true, ..next });
            return Ok(Page { count: Some(seen), next, ..rest });
        }
        page.count = query.count.then_some(seen);
        page.next = page.entities.last().filter(|_| more).map(|last| after(query, last.id.clone(), wanted));
        Ok(page)
    }

    fn sorted_page(&self, selection: &Selection, query: &Query) -> Result<Page, Problem> {
        let mut rows: Vec<(Vec<Operand>, Entity)> = Vec::new();
        let mut take = |entity: Entity| {
            self.look()?;
            if self.passes(&entity, query)? {
                let scope = Scope { entity: &entity, graph: self, now: self.now };
                let keys = query.order_by.iter().map(|order| filter::evaluate(&order.by, &scope));
                let keys = keys.collect::<Result<_, _>>().map_err(Problem::from)?;
                rows.push((keys, entity));
            }
            Ok(true)
        };
        match selection {
            Selection::Observations(which) => self.visit_observations(which, query, &mut take)?,
            other => self.visit(other, None, &mut take)?,
        }
        let order = |a: &(Vec<Operand>, Entity), b: &(Vec<Operand>, Entity)| {
            let keys = a.0.iter().zip(&b.0).zip(&query.order_by);
            let by_key = |((a, b), order): ((&Operand, &Operand), &Order)| {
                let found = filter::order(a, b);
                if order.descending { found.reverse() } else { found }
            };
            keys.map(by_key).find(|found| *found != Ordering::Equal).unwrap_or_else(|| a.1.id.cmp(&b.1.id))
        };
        rows.sort_by(order);
        let (all, wanted) = (rows.len() as u64, top(query));
        let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
        let entities: Vec<_> = rows.into_iter().skip(skip).take(wanted).map(|(_, entity)| entity).collect();
        let shown = query.skip.saturating_add(entities.len() as u64);
        let next = (shown < all && !entities.is_empty()).then(|| Query {
            skip: shown,
            top: rest_of(query, wanted),
            ..query.clone()
        });
        Ok(Page { entities, count: query.count.then_some(all), next: next.filter(|next| next.top != Some(0)) })
    }

    /// Every entity after the one of an id, in the order of the set.
    pub(super) fn visit(&self, selection: &Selection, after: Option<&str>, take: &mut Take<'_>) -> Result<(), Problem> {
        match selection {
            Selection::Ids(set, ids) => {
                let start = after.map_or(0, |last| ids.iter().position(|id| id == last).map_or(ids.len(), |at| at + 1));
                for id in &ids[start..] {
                    if let Some(entity) = self.get(*set, id)?
                        && !take(entity)?
                    {
                        return Ok(());
                    }
                }
                Ok(())
            }
            Selection::PastPlaces(asset) => {
                let query = StoreQuery { fields: vec![("asset", vec![asset.clone()])], ..StoreQuery::new(ASSET_PLACE) };
                self.past_places(query, after, take)
            }
            Selection::Observations(which) => self.visit_observations(which, &Query::default(), take),
            Selection::All(set) => self.visit_all(*set, after, take),
        }
    }

    fn visit_all(&self, set: EntitySet, after: Option<&str>, take: &mut Take<'_>) -> Result<(), Problem> {
        match set {
            EntitySet::Things | EntitySet::Locations | EntitySet::Datastreams => {
                self.assets(set, after, take).map(drop)
            }
            EntitySet::FeaturesOfInterest => {
                // Assets first, then what clients made.
                let in_assets = after.is_none_or(|id| self.catalogue.asset(id).is_some());
                if in_assets && !self.assets(set, after, take)? {
                    return Ok(());
                }
                let rest = if in_assets { None } else { after };
                self.pages(StoreQuery::new(FEATURE), Timestamp(0), rest, &mut |documents| {
                    each(documents.iter().map(|d| entities::own(set, d)), take)
                })
            }
            EntitySet::HistoricalLocations => self.past_places(StoreQuery::new(ASSET_PLACE), after, take),
            EntitySet::Sensors => {
                let mut all = self.classes();
                for document in self.all(&StoreQuery::new(SENSOR))? {
                    all.push(entities::own(set, &document)?);
                }
                in_order(all, after, take)
            }
            EntitySet::ObservedProperties => {
                let mut ids: Vec<String> = self.catalogue.kinds().map(|kind| kind.id.to_string()).collect();
                let alone = self.all(&StoreQuery::new(STA_PROPERTY))?.into_iter().map(|d| d.id);
                ids.extend(alone.filter(|id| self.catalogue.kind(id).is_none()));
                ids.sort_unstable();
                ids.retain(|id| after.is_none_or(|after| id.as_str() > after));
                self.visit(&Selection::Ids(set, ids), None, take)
            }
            EntitySet::Observations => Err(Problem::internal(&"Observations are listed by time")),
        }
    }

    /// Entities made of assets; false where no more were wanted.
    fn assets(&self, set: EntitySet, after: Option<&str>, take: &mut Take<'_>) -> Result<bool, Problem> {
        let mut start = after;
        if let Some((asset, kind)) = after.filter(|_| set == EntitySet::Datastreams).and_then(ids::of_datastream) {
            // The rest of the asset that the page before ended in.
            if let Some(thing) = self.thing(asset.as_str())? {
                let rest = thing.asset.observes.iter().skip_while(|k| **k != kind).skip(1);
                if !each(rest.filter_map(|k| self.stream(&thing, k)).map(Ok), take)? {
                    return Ok(false);
                }
            }
            start = after.and_then(|id| id.split_once(',')).map(|(asset, _)| asset);
        }
        let mut wants_more = true;
        self.pages(StoreQuery::new(ASSET), Timestamp(0), start, &mut |documents| {
            for thing in self.things(documents)? {
                wants_more = match set {
                    EntitySet::Things => take(thing.thing())?,
                    EntitySet::Locations => take(thing.location())?,
                    EntitySet::FeaturesOfInterest => take(thing.feature())?,
                    _ => each(thing.asset.observes.iter().filter_map(|k| self.stream(&thing, k)).map(Ok), take)?,
                };
                if !wants_more {
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
        Ok(wants_more)
    }

    fn stream(&self, thing: &entities::Thing, kind: &KindId) -> Option<Entity> {
        self.catalogue.kind(kind.as_str()).and_then(|kind| thing.datastream(kind))
    }

    fn past_places(&self, query: StoreQuery, after: Option<&str>, take: &mut Take<'_>) -> Result<(), Problem> {
        let time = after.and_then(ids::of_past_place).map_or(Timestamp(0), |(_, since)| since);
        self.pages(query, time, after, &mut |documents| {
            let living = documents.iter().filter(|d| {
                ids::of_past_place(&d.id).is_some_and(|(asset, _)| self.catalogue.asset(asset.as_str()).is_some())
            });
            each(living.map(entities::past_place), take)
        })
    }

    /// Documents page by page, after the one of a time and an id.
    fn pages(
        &self,
        query: StoreQuery,
        time: Timestamp,
        after: Option<&str>,
        take: &mut dyn FnMut(&[Document]) -> Result<bool, Problem>,
    ) -> Result<(), Problem> {
        let cursor = after.map(|id| cursor_after(time, id));
        let kind: Kind = query.kind;
        let mut query = StoreQuery { limit: PAGE, cursor, ..query };
        loop {
            let mut page = self.api.platform.store().list(&READER, &query)?;
            page.documents.retain(|d| self.rights.may_see(kind.resource(), d.agency.as_ref()));
            if !take(&page.documents)? {
                return Ok(());
            }
            match page.next {
                None => return Ok(()),
                next => query.cursor = next,
            }
        }
    }
}

/// Hands on one after the other; false where no more are wanted.
fn each(entities: impl Iterator<Item = Result<Entity, Problem>>, take: &mut Take<'_>) -> Result<bool, Problem> {
    for entity in entities {
        if !take(entity?)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn in_order(mut all: Vec<Entity>, after: Option<&str>, take: &mut Take<'_>) -> Result<(), Problem> {
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all.retain(|entity| after.is_none_or(|after| entity.id.as_str() > after));
    each(all.into_iter().map(Ok), take).map(drop)
}

/// The options that ask for what comes after an entity.
pub(super) fn after(query: &Query, token: String, shown: usize) -> Query {
    Query { skip: 0, skip_token: Some(token), top: rest_of(query, shown), ..query.clone() }
}

/// What is left of `$top` where it asks for more than a page.
fn rest_of(query: &Query, shown: usize) -> Option<u64> {
    match query.top {
        Some(top) if top > MAX_TOP => Some(top - shown as u64),
        other => other,
    }
}

/// The token of a page's end must be one.
pub(super) fn wrong_token(token: &str) -> Problem {
    Problem::of(Code::Malformed, "$skiptoken", format!("{token:?} is not from a next link of this list"))
}
