//! Entities as JSON: links, what is selected, what is expanded.

use serde_json::{Map, Value, json};
use vigiles_formats::sensorthings::entity::{Entity, Navigation};
use vigiles_formats::sensorthings::query::{Expand, Query};

use super::collection::Page;
use super::graph::Reader;
use crate::problem::Problem;

/// Writes entities for one request.
pub(super) struct Renderer<'r, 'a> {
    pub(super) reader: &'r Reader<'a>,
    /// The base of all addresses.
    pub(super) base: &'r str,
}

impl Renderer<'_, '_> {
    /// One entity.
    pub(super) fn entity(&self, entity: &Entity, query: &Query) -> Result<Value, Problem> {
        self.reader.look()?;
        let mut object = Map::new();
        let link = entity.link(self.base);
        if query.selects_id() {
            object.insert("@iot.id".to_owned(), entity.id.as_str().into());
        }
        if query.selects_link() {
            object.insert("@iot.selfLink".to_owned(), link.as_str().into());
        }
        for name in entity.set.properties() {
            if let Some(value) = entity.properties.get(*name).filter(|_| query.selects(name))
                && !(*name == "properties" && value.as_object().is_some_and(Map::is_empty))
            {
                object.insert((*name).to_owned(), narrowed(name, value, query));
            }
        }
        for way in entity.set.navigations() {
            match query.expand.iter().find(|expand| expand.way == way.name) {
                Some(expand) => self.expand(entity, way, expand, &link, &mut object)?,
                None if query.selects(way.name) => {
                    let address = format!("{link}/{}", way.name);
                    object.insert(format!("{}@iot.navigationLink", way.name), address.into());
                }
                None => {}
            }
        }
        Ok(Value::Object(object))
    }

    fn expand(
        &self,
        from: &Entity,
        way: &Navigation,
        expand: &Expand,
        link: &str,
        object: &mut Map<String, Value>,
    ) -> Result<(), Problem> {
        if !way.many {
            let found = self.reader.only(from, way)?;
            let value = found.map_or(Ok(Value::Null), |entity| self.entity(&entity, &expand.query))?;
            object.insert(way.name.to_owned(), value);
            return Ok(());
        }
        let selection = self.reader.follow(from, way)?;
        let page = self.reader.page(&selection, &expand.query)?;
        if let Some(count) = page.count {
            object.insert(format!("{}@iot.count", way.name), count.into());
        }
        if let Some(next) = &page.next {
            object
                .insert(format!("{}@iot.nextLink", way.name), format!("{link}/{}?{}", way.name, next.to_url()).into());
        }
        object.insert(way.name.to_owned(), self.entities(&page, &expand.query)?);
        Ok(())
    }

    fn entities(&self, page: &Page, query: &Query) -> Result<Value, Problem> {
        page.entities.iter().map(|entity| self.entity(entity, query)).collect::<Result<Vec<_>, _>>().map(Value::Array)
    }

    /// A page with its count and the address of the next.
    pub(super) fn page(&self, page: &Page, query: &Query, address: &str) -> Result<Value, Problem> {
        let value = if query.data_array { self.data_arrays(page, query)? } else { self.entities(page, query)? };
        Ok(collection(page, value, address))
    }

    /// The addresses alone.
    pub(super) fn references(&self, page: &Page, address: &str) -> Value {
        let links = page.entities.iter().map(|entity| json!({ "@iot.selfLink": entity.link(self.base) })).collect();
        collection(page, Value::Array(links), address)
    }

    /// Observations as arrays, one for each Datastream.
    fn data_arrays(&self, page: &Page, query: &Query) -> Result<Value, Problem> {
        const USUAL: [&str; 4] = ["id", "phenomenonTime", "resultTime", "result"];
        let usual = || USUAL.iter().map(|name| (*name).to_owned()).collect();
        let components: Vec<String> = if query.select.is_empty() { usual() } else { query.select.clone() };
        let mut groups: Vec<(String, Vec<Value>)> = Vec::new();
        for entity in &page.entities {
            self.reader.look()?;
            let datastream = entity.properties.get("@datastream").and_then(Value::as_str).unwrap_or_default();
            let value = |name: &String| match name.as_str() {
                "id" | "@iot.id" => entity.id.as_str().into(),
                name => entity.properties.get(name).cloned().unwrap_or_default(),
            };
            let row = Value::Array(components.iter().map(value).collect());
            match groups.iter_mut().find(|(id, _)| id == datastream) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((datastream.to_owned(), vec![row])),
            }
        }
        let written = groups.into_iter().map(|(id, rows)| {
            let address = format!("{}/Datastreams({})", self.base, vigiles_formats::sensorthings::ids::quoted(&id));
            json!({
                "Datastream@iot.navigationLink": address,
                "components": components,
                "dataArray@iot.count": rows.len(),
                "dataArray": rows,
            })
        });
        Ok(Value::Array(written.collect()))
    }
}

fn collection(page: &Page, value: Value, address: &str) -> Value {
    let mut object = Map::new();
    if let Some(count) = page.count {
        object.insert("@iot.count".to_owned(), count.into());
    }
    if let Some(next) = &page.next {
        object.insert("@iot.nextLink".to_owned(), format!("{address}?{}", next.to_url()).into());
    }
    object.insert("value".to_owned(), value);
    Value::Object(object)
}

/// A property with what `$select` names inside it: `properties/height`.
fn narrowed(name: &str, value: &Value, query: &Query) -> Value {
    let inner: Vec<&str> =
        query.select.iter().filter_map(|s| s.split_once('/')).filter(|s| s.0 == name).map(|s| s.1).collect();
    if inner.is_empty() || query.select.iter().any(|s| s == name) {
        return value.clone();
    }
    let Value::Object(object) = value else { return value.clone() };
    Value::Object(
        object.iter().filter(|(key, _)| inner.contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect(),
    )
}
