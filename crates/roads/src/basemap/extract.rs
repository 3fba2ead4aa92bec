//! From the elements of an extract to features in Web Mercator.
//!
//! Three passes over the file: relations say which ways they are made of; ways that are drawn are kept with the
//! ids of their nodes; nodes that are used are kept with their places. Only what is drawn is held.

use std::io::{Read, Seek};

use rustc_hash::{FxHashMap, FxHashSet};

use super::classify::{Subject, closed_is_line, subject};
use super::{Odd, Options, Progress};
use crate::RoadsError;
use crate::pbf::{Element, Reader, Visitor, Wanted};

/// An area made of several ways.
pub(super) struct AreaRelation {
    pub(super) ways: Vec<(i64, bool)>,
    pub(super) subject: Subject,
}

/// A way that is drawn or is part of a relation that is.
pub(super) struct Way {
    pub(super) nodes: Vec<i64>,
    pub(super) subject: Subject,
}

/// A node drawn as a point.
pub(super) struct Spot {
    pub(super) lon_e7: i32,
    pub(super) lat_e7: i32,
    pub(super) subject: Subject,
}

/// What is drawn, by node ids, and the places of these nodes.
#[derive(Default)]
pub(super) struct Extract {
    pub(super) relations: Vec<AreaRelation>,
    pub(super) ways: Vec<Way>,
    /// Ways of relations, by id.
    pub(super) members: FxHashMap<i64, usize>,
    pub(super) spots: Vec<Spot>,
    /// Sorted.
    nodes: Vec<i64>,
    /// In the order of `nodes`; none for a node that the extract lacks.
    places: Vec<Option<(i32, i32)>>,
}

impl Extract {
    /// The place of a node in 1e-7 degrees: longitude, latitude.
    pub(super) fn place(&self, node: i64) -> Option<(i32, i32)> {
        self.nodes.binary_search(&node).ok().and_then(|i| self.places[i])
    }

    /// Every place that is used.
    pub(super) fn places(&self) -> impl Iterator<Item = (i32, i32)> + '_ {
        self.places.iter().flatten().copied().chain(self.spots.iter().map(|s| (s.lon_e7, s.lat_e7)))
    }
}

/// Reads an extract. `reader` stands behind the header.
pub(super) fn read<R: Read + Seek>(
    reader: &mut Reader<R>,
    options: &Options,
    odd: &mut Odd,
    progress: &mut dyn FnMut(Progress),
) -> Result<Extract, RoadsError> {
    let mut extract = Extract::default();
    let mut relations = Relations { found: &mut extract.relations, progress, options, members: 0 };
    reader.walk(Wanted::Relations, &mut relations)?;
    let wanted: FxHashSet<i64> = extract.relations.iter().flat_map(|r| r.ways.iter().map(|w| w.0)).collect();

    reader.restart()?;
    let mut ways = Ways { extract: &mut extract, wanted, vertices: 0, options, progress };
    reader.walk(Wanted::Ways, &mut ways)?;

    extract.nodes = extract.ways.iter().flat_map(|w| w.nodes.iter().copied()).collect();
    extract.nodes.sort_unstable();
    extract.nodes.dedup();
    extract.places = vec![None; extract.nodes.len()];
    reader.restart()?;
    reader.walk(Wanted::Nodes, &mut Nodes { extract: &mut extract, options, progress })?;
    odd.missing_nodes = extract.places.iter().filter(|p| p.is_none()).count() as u64;
    Ok(extract)
}

struct Relations<'a> {
    found: &'a mut Vec<AreaRelation>,
    members: u64,
    options: &'a Options,
    progress: &'a mut dyn FnMut(Progress),
}

impl Visitor for Relations<'_> {
    fn element(&mut self, element: Element<'_>) {
        let Element::Relation { ways, tags, .. } = element else { return };
        if !tags.contains(&("type", "multipolygon")) {
            return;
        }
        let subject = subject(&tags);
        if subject.area.is_some() || subject.point.is_some() {
            self.members += ways.len() as u64;
            self.found.push(AreaRelation { ways, subject });
        }
    }

    fn block_done(&mut self, position: u64) -> Result<(), RoadsError> {
        (self.progress)(Progress::Reading { pass: 1, bytes: position });
        bound("members of areas", self.members, self.options.max_vertices)
    }
}

struct Ways<'a> {
    extract: &'a mut Extract,
    wanted: FxHashSet<i64>,
    vertices: u64,
    options: &'a Options,
    progress: &'a mut dyn FnMut(Progress),
}

impl Visitor for Ways<'_> {
    fn element(&mut self, element: Element<'_>) {
        let Element::Way { id, nodes, tags } = element else { return };
        let mut subject = subject(&tags);
        let closed = nodes.len() > 3 && nodes.first() == nodes.last();
        if closed && !closed_is_line(&tags) {
            subject.line = subject.line.filter(|_| subject.area.is_none());
        } else {
            subject.area = None;
            subject.point = None;
        }
        let member = self.wanted.contains(&id);
        let drawn = subject.area.is_some() || subject.line.is_some() || subject.point.is_some() || subject.coastline;
        if nodes.len() < 2 || !(member || drawn) {
            return;
        }
        if member {
            self.extract.members.insert(id, self.extract.ways.len());
        }
        self.vertices += nodes.len() as u64;
        self.extract.ways.push(Way { nodes, subject });
    }

    fn block_done(&mut self, position: u64) -> Result<(), RoadsError> {
        (self.progress)(Progress::Reading { pass: 2, bytes: position });
        bound("way vertices", self.vertices, self.options.max_vertices)
    }
}

struct Nodes<'a> {
    extract: &'a mut Extract,
    options: &'a Options,
    progress: &'a mut dyn FnMut(Progress),
}

impl Visitor for Nodes<'_> {
    fn element(&mut self, element: Element<'_>) {
        let Element::Node { id, lon_e7, lat_e7, tags } = element else { return };
        if let Ok(i) = self.extract.nodes.binary_search(&id) {
            self.extract.places[i] = Some((lon_e7, lat_e7));
        }
        let subject = subject(&tags);
        // A named garden or lake drawn as a node has no extent worth a label.
        let labelled = subject.area.is_none() || subject.point.is_some_and(|p| p.layer == super::Layer::Poi);
        if subject.point.is_some() && labelled {
            self.extract.spots.push(Spot { lon_e7, lat_e7, subject });
        }
    }

    fn block_done(&mut self, position: u64) -> Result<(), RoadsError> {
        (self.progress)(Progress::Reading { pass: 3, bytes: position });
        bound("points", self.extract.spots.len() as u64, self.options.max_vertices)
    }
}

fn bound(what: &'static str, found: u64, limit: u64) -> Result<(), RoadsError> {
    if found > limit { Err(RoadsError::TooLarge { what, limit }) } else { Ok(()) }
}
