//! Entities by id, and what leads to which.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use vigiles_formats::observation::Registry;
use vigiles_formats::sensorthings::entity::Navigation;
use vigiles_formats::sensorthings::filter::{EvaluationError, Graph};
use vigiles_formats::sensorthings::{Entity, EntitySet, ids, observation, place};
use vigiles_history::{Cursor, Query as HistoryQuery};
use vigiles_model::{AssetId, Geometry, KindId, Observation, ObservationId, Position, Timestamp};
use vigiles_runtime::catalogue::Catalogue;
use vigiles_runtime::documents::{ASSET, ASSET_PLACE, KIND, STA_PROPERTY, STA_THING};
use vigiles_store::{Document, Kind, Query as StoreQuery};
use vigiles_trust::Resource;

use super::READER;
use super::documents::{FEATURE, SENSOR};
use super::entities::{self, Thing};
use super::rights::Rights;
use crate::problem::{Code, Problem};
use crate::state::Api;

/// Most entities looked at to answer one request.
pub(super) const MAX_LOOKED: usize = 1_000_000;
/// Entities kept while a request is answered, so that a list does not read one of them again and again.
const MAX_KEPT: usize = 20_000;
/// Documents asked for at once.
pub(super) const PAGE: usize = 500;

/// Entities to be listed.
#[derive(Debug, Clone)]
pub(super) enum Selection {
    /// All of a set.
    All(EntitySet),
    /// Those of these ids, in this order.
    Ids(EntitySet, Vec<String>),
    /// The places of an asset in the past.
    PastPlaces(String),
    /// Observations.
    Observations(ObservationsOf),
}

/// Which Observations.
#[derive(Debug, Clone, Default)]
pub(super) struct ObservationsOf {
    /// Of this asset and kind.
    pub(super) datastream: Option<(AssetId, KindId)>,
    /// Of this feature, with its place where that is known.
    pub(super) feature: Option<(String, Option<Geometry>)>,
    /// This one alone.
    pub(super) id: Option<String>,
}

impl Selection {
    pub(super) const fn set(&self) -> EntitySet {
        match self {
            Self::All(set) | Self::Ids(set, _) => *set,
            Self::PastPlaces(_) => EntitySet::HistoricalLocations,
            Self::Observations(_) => EntitySet::Observations,
        }
    }
}

/// Reads entities for one request, off the threads that serve.
pub(super) struct Reader<'a> {
    pub(super) api: &'a Api,
    pub(super) rights: Rights,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) now: Timestamp,
    looked: Cell<usize>,
    kept: RefCell<HashMap<(EntitySet, String), Option<Entity>>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(api: &'a Api, rights: Rights) -> Self {
        let catalogue = api.platform.intake().catalogue.get();
        let now = api.platform.now();
        Self { api, rights, catalogue, now, looked: Cell::new(0), kept: RefCell::default() }
    }

    /// Counts an entity that was looked at.
    pub(super) fn look(&self) -> Result<(), Problem> {
        self.looked.set(self.looked.get() + 1);
        if self.looked.get() <= MAX_LOOKED {
            return Ok(());
        }
        let why = format!(
            "more than {MAX_LOOKED} entities would have to be looked at; narrow it, such as by phenomenonTime or Datastream"
        );
        Err(Problem::of(Code::Invalid, "$filter", why))
    }

    pub(super) fn document(&self, kind: Kind, id: &str) -> Result<Option<Document>, Problem> {
        let found = self.api.platform.store().get(&READER, kind, id)?;
        Ok(found.filter(|document| self.rights.may_see(kind.resource(), document.agency.as_ref())))
    }

    pub(super) fn documents(&self, query: &StoreQuery) -> Result<Vec<Document>, Problem> {
        let mut documents = self.api.platform.store().list(&READER, query)?.documents;
        documents.retain(|document| self.rights.may_see(query.kind.resource(), document.agency.as_ref()));
        Ok(documents)
    }

    /// An asset with what is said beside it.
    pub(super) fn thing(&self, id: &str) -> Result<Option<Thing>, Problem> {
        let Some(asset) = self.document(ASSET, id)? else { return Ok(None) };
        let extra = self.document(STA_THING, id)?;
        Thing::new(&asset, extra.as_ref()).map(Some)
    }

    /// Assets with what is said beside each.
    pub(super) fn things(&self, assets: &[Document]) -> Result<Vec<Thing>, Problem> {
        if assets.is_empty() {
            return Ok(Vec::new());
        }
        let ids = assets.iter().map(|asset| asset.id.clone()).collect();
        let query = StoreQuery { ids, limit: StoreQuery::MAX_LIMIT, ..StoreQuery::new(STA_THING) };
        let extras: HashMap<_, _> = self.documents(&query)?.into_iter().map(|d| (d.id.clone(), d)).collect();
        assets.iter().map(|asset| Thing::new(asset, extras.get(&asset.id))).collect()
    }

    /// One entity.
    pub(super) fn get(&self, set: EntitySet, id: &str) -> Result<Option<Entity>, Problem> {
        let key = (set, id.to_owned());
        if let Some(kept) = self.kept.borrow().get(&key) {
            return Ok(kept.clone());
        }
        let found = self.find(set, id)?;
        let mut kept = self.kept.borrow_mut();
        if kept.len() < MAX_KEPT {
            kept.insert(key, found.clone());
        }
        Ok(found)
    }

    fn find(&self, set: EntitySet, id: &str) -> Result<Option<Entity>, Problem> {
        self.look()?;
        if id.len() > 300 || id.contains('\0') {
            return Ok(None);
        }
        match set {
            EntitySet::Things => Ok(self.thing(id)?.map(|thing| thing.thing())),
            EntitySet::Locations => match self.thing(id)? {
                Some(thing) => Ok(Some(thing.location())),
                None => self.past(id)?.as_ref().map(entities::past_location).transpose(),
            },
            EntitySet::HistoricalLocations => self.past(id)?.as_ref().map(entities::past_place).transpose(),
            EntitySet::Datastreams => {
                let Some((asset, kind)) = ids::of_datastream(id) else { return Ok(None) };
                let kind = self.catalogue.kind(kind.as_str());
                let thing = self.thing(asset.as_str())?;
                Ok(thing.zip(kind).and_then(|(thing, kind)| thing.datastream(kind)))
            }
            EntitySet::Sensors => match self.document(SENSOR, id)? {
                Some(document) => entities::own(set, &document).map(Some),
                None => Ok(self.classes().into_iter().find(|sensor| sensor.id == id)),
            },
            EntitySet::ObservedProperties => self.property(id),
            EntitySet::Observations => Ok(self.observation(id)?.map(|o| self.of_history(&o))),
            EntitySet::FeaturesOfInterest => self.feature(id),
        }
    }

    fn past(&self, id: &str) -> Result<Option<Document>, Problem> {
        let Some((asset, _)) = ids::of_past_place(id) else { return Ok(None) };
        if self.catalogue.asset(asset.as_str()).is_none() {
            return Ok(None);
        }
        self.document(ASSET_PLACE, id)
    }

    pub(super) fn property(&self, id: &str) -> Result<Option<Entity>, Problem> {
        let (kind, extra) = (self.document(KIND, id)?, self.document(STA_PROPERTY, id)?);
        match (kind, extra) {
            (Some(kind), extra) => entities::property(&kind, extra.as_ref()).map(Some),
            (None, Some(alone)) => entities::property_alone(&alone).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The Sensors that stand for classes of assets, by id.
    pub(super) fn classes(&self) -> Vec<Entity> {
        let classes: BTreeSet<&str> = self.catalogue.assets().map(|(_, asset)| asset.class.as_str()).collect();
        let mut sensors: Vec<_> = classes.into_iter().map(entities::class_sensor).collect();
        sensors.sort_by(|a, b| a.id.cmp(&b.id));
        sensors.dedup_by(|a, b| a.id == b.id);
        sensors
    }

    /// The reading of an id: found by its time, where its cursor says.
    fn observation(&self, id: &str) -> Result<Option<Observation>, Problem> {
        let Some((time, hash)) = ids::of_observation(id) else { return Ok(None) };
        // A page begins after its cursor, and goes from larger to smaller ids of one time.
        let cursor = hash.0.checked_add(1).map(|next| Cursor { time, id: ObservationId(next) });
        let to = Timestamp(time.0.saturating_add(1));
        let query = HistoryQuery { from: Some(time), to: Some(to), limit: 1, cursor, ..HistoryQuery::default() };
        let ctx = self.rights.context(Resource::Observations)?;
        let page = self.api.platform.history().page(ctx, &query)?;
        Ok(page.observations.into_iter().find(|o| o.id == hash && self.is_shown(o)))
    }

    /// Whether a reading is of a Datastream: of a kind that its asset observes.
    pub(super) fn is_shown(&self, o: &Observation) -> bool {
        let asset = o.asset.as_ref().and_then(|asset| self.catalogue.asset(asset.as_str()));
        asset.is_some_and(|asset| asset.observes.contains(&o.kind)) && self.catalogue.kind(o.kind.as_str()).is_some()
    }

    /// A reading as an entity, with what leads on from it under names that no answer shows.
    pub(super) fn of_history(&self, o: &Observation) -> Entity {
        let mut entity = observation::entity(o);
        let stands = o.asset.as_ref().and_then(|asset| self.catalogue.asset(asset.as_str())).map(|asset| &asset.place);
        if let Some(id) = observation::datastream_of(o) {
            entity.properties.insert("@datastream".to_owned(), id.into());
        }
        if let Some(id) = observation::feature_of(o, stands) {
            entity.properties.insert("@feature".to_owned(), id.into());
        }
        entity
    }

    fn feature(&self, id: &str) -> Result<Option<Entity>, Problem> {
        if let Some(document) = self.document(FEATURE, id)? {
            return entities::own(EntitySet::FeaturesOfInterest, &document).map(Some);
        }
        if let Some(thing) = self.thing(id)? {
            return Ok(Some(thing.feature()));
        }
        let point = id.split_once(',').and_then(|(lon, lat)| Position::new(lon.parse().ok()?, lat.parse().ok()?).ok());
        Ok(point.map(|p| entities::feature(id.to_owned(), id, &Geometry::Point(p))))
    }

    /// What a way leads to.
    pub(super) fn follow(&self, from: &Entity, way: &Navigation) -> Result<Selection, Problem> {
        let id = || vec![from.id.clone()];
        let hidden = |name: &str| from.properties.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        Ok(match (from.set, way.to) {
            (EntitySet::Things, EntitySet::Datastreams) => Selection::Ids(way.to, self.datastreams_of(&from.id)),
            (EntitySet::Things, EntitySet::HistoricalLocations) => Selection::PastPlaces(from.id.clone()),
            (EntitySet::Locations, EntitySet::HistoricalLocations) if ids::of_past_place(&from.id).is_none() => {
                Selection::PastPlaces(from.id.clone())
            }
            (EntitySet::Locations, EntitySet::Things) if ids::of_past_place(&from.id).is_some() => {
                Selection::Ids(way.to, Vec::new())
            }
            (EntitySet::HistoricalLocations | EntitySet::Datastreams, EntitySet::Things) => {
                Selection::Ids(way.to, first_part(&from.id).into_iter().collect())
            }
            (EntitySet::Datastreams, EntitySet::ObservedProperties) => Selection::Ids(
                way.to,
                ids::of_datastream(&from.id).map(|(_, kind)| kind.to_string()).into_iter().collect(),
            ),
            (EntitySet::Datastreams, EntitySet::Sensors) => Selection::Ids(way.to, self.sensor_of(&from.id)?),
            (EntitySet::Datastreams, EntitySet::Observations) => Selection::Observations(ObservationsOf {
                datastream: ids::of_datastream(&from.id),
                ..ObservationsOf::default()
            }),
            (EntitySet::Sensors, _) => Selection::Ids(way.to, self.datastreams_by_sensor(from)?),
            (EntitySet::ObservedProperties, _) => Selection::Ids(way.to, self.datastreams_by_kind(&from.id)),
            (EntitySet::Observations, EntitySet::Datastreams) => {
                Selection::Ids(way.to, hidden("@datastream").into_iter().collect())
            }
            (EntitySet::Observations, _) => Selection::Ids(way.to, hidden("@feature").into_iter().collect()),
            (EntitySet::FeaturesOfInterest, _) => {
                let at = from.properties.get("feature").and_then(|feature| place::from_json(feature).ok());
                let feature = Some((from.id.clone(), at));
                Selection::Observations(ObservationsOf { feature, ..ObservationsOf::default() })
            }
            // A Thing and its Location, a place in the past and its Location: of one id.
            _ => Selection::Ids(way.to, id()),
        })
    }

    fn datastreams_of(&self, asset: &str) -> Vec<String> {
        let observes = self.catalogue.asset(asset).map(|known| known.observes.as_slice()).unwrap_or_default();
        let known = observes.iter().filter(|kind| self.catalogue.kind(kind.as_str()).is_some());
        known.map(|kind| ids::datastream(asset, kind.as_str())).collect()
    }

    fn datastreams_by_kind(&self, kind: &str) -> Vec<String> {
        let observing = self.catalogue.assets().filter(|(_, a)| a.observes.iter().any(|k| k.as_str() == kind));
        let mut found: Vec<_> = observing.map(|(asset, _)| ids::datastream(asset, kind)).collect();
        found.sort_unstable();
        found
    }

    fn sensor_of(&self, datastream: &str) -> Result<Vec<String>, Problem> {
        let Some((asset, kind)) = ids::of_datastream(datastream) else { return Ok(Vec::new()) };
        Ok(self.thing(asset.as_str())?.map(|thing| thing.sensor_of(kind.as_str())).into_iter().collect())
    }

    pub(super) fn datastreams_by_sensor(&self, sensor: &Entity) -> Result<Vec<String>, Problem> {
        let candidates: Vec<String> = if sensor.id.starts_with(entities::CLASS_SENSOR) {
            let of_class = |class: &str| entities::class_sensor_id(class) == sensor.id;
            let mut found: Vec<_> =
                self.catalogue.assets().filter(|(_, a)| of_class(&a.class)).map(|(id, _)| id.to_owned()).collect();
            found.sort_unstable();
            found
        } else {
            let text = Some(serde_json::Value::from(sensor.id.as_str()).to_string());
            self.all(&StoreQuery { text, ..StoreQuery::new(STA_THING) })?.into_iter().map(|d| d.id).collect()
        };
        let mut found = Vec::new();
        for ids in candidates.chunks(PAGE) {
            let query = StoreQuery { ids: ids.to_vec(), limit: StoreQuery::MAX_LIMIT, ..StoreQuery::new(ASSET) };
            for thing in self.things(&self.documents(&query)?)? {
                self.look()?;
                let observed = thing.asset.observes.iter().filter(|kind| thing.sensor_of(kind.as_str()) == sensor.id);
                found.extend(observed.map(|kind| ids::datastream(thing.asset.id.as_str(), kind.as_str())));
            }
        }
        Ok(found)
    }

    /// Every document of a query, page by page.
    pub(super) fn all(&self, query: &StoreQuery) -> Result<Vec<Document>, Problem> {
        let mut query = StoreQuery { limit: StoreQuery::MAX_LIMIT, ..query.clone() };
        let mut found = Vec::new();
        loop {
            let page = self.api.platform.store().list(&READER, &query)?;
            let visible = |d: &Document| self.rights.may_see(query.kind.resource(), d.agency.as_ref());
            found.extend(page.documents.into_iter().filter(visible));
            if found.len() > MAX_LOOKED {
                return Err(Problem::new(Code::Invalid, format!("there are more than {MAX_LOOKED} of them")));
            }
            match page.next {
                None => return Ok(found),
                next => query.cursor = next,
            }
        }
    }

    /// The entity that a way to one leads to.
    pub(super) fn only(&self, from: &Entity, way: &Navigation) -> Result<Option<Entity>, Problem> {
        match self.follow(from, way)? {
            Selection::Ids(set, ids) => ids.first().map_or(Ok(None), |id| self.get(set, id)),
            _ => Ok(None),
        }
    }
}

impl Graph for Reader<'_> {
    fn related(&self, from: &Entity, way: &Navigation) -> Result<Vec<Entity>, EvaluationError> {
        let unreadable = |problem: Problem| EvaluationError::Unreadable(problem.detail);
        match self.follow(from, way).map_err(unreadable)? {
            Selection::Ids(set, ids) => {
                let found = ids.iter().filter_map(|id| self.get(set, id).transpose());
                found.collect::<Result<_, _>>().map_err(unreadable)
            }
            Selection::PastPlaces(asset) => {
                let fields = vec![("asset", vec![asset])];
                let documents = self.all(&StoreQuery { fields, ..StoreQuery::new(ASSET_PLACE) }).map_err(unreadable)?;
                documents.iter().map(entities::past_place).collect::<Result<_, _>>().map_err(unreadable)
            }
            Selection::Observations(_) | Selection::All(_) => Err(EvaluationError::TooMany(format!(
                "a filter of {} does not look into their Observations; filter Observations by their Datastream instead",
                from.set
            ))),
        }
    }
}

/// The part of an id before its comma.
fn first_part(id: &str) -> Option<String> {
    id.split_once(',').map(|(first, _)| first.to_owned())
}
