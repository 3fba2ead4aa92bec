//! Features: the things that are drawn, in Web Mercator, sorted in drawing order.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Odd;
use super::classify::{Class, Fields, Layer, Subject};
use super::coast::sea;
use super::extract::Extract;
use super::geometry::{Point, Rect, area, inside, metres_per_unit, point_inside, project};
use super::rings::join;

/// The shape of a feature in Web Mercator.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// A point.
    Point(Point),
    /// A line.
    Line(Vec<Point>),
    /// Closed rings: an outer one followed by its holes, perhaps several times. The flag says outer.
    Area(Vec<(Vec<Point>, bool)>),
}

/// One thing that is drawn.
#[derive(Debug, Clone)]
pub(super) struct Feature {
    pub(super) class: Class,
    pub(super) fields: Fields,
    pub(super) shape: Shape,
    pub(super) rect: Rect,
    /// Area of the outer rings, in units of the square; 0 for points and lines.
    pub(super) size: f64,
}

/// Distance within which two points of the same class and name are the same place.
const SAME_PLACE_M: f64 = 250.0;

/// Everything the extract draws, in drawing order. `bounds` is the box of the extract, `outer` that of the map.
pub(super) fn features(extract: &Extract, bounds: &Rect, outer: &Rect, odd: &mut Odd) -> Vec<Feature> {
    let mut all = Vec::new();
    lines(extract, odd, &mut all);
    way_areas(extract, odd, &mut all);
    relation_areas(extract, odd, &mut all);
    coast(extract, bounds, outer, odd, &mut all);
    let spots = extract.spots.iter().filter_map(|spot| {
        let class = spot.subject.point?;
        Some(feature(class, spot.subject.fields.clone(), Shape::Point(project(spot.lon_e7, spot.lat_e7))))
    });
    // Nodes come first, so that a hospital's entrance node wins over its outline.
    let labels = std::mem::take(&mut all);
    let (points, shapes): (Vec<_>, Vec<_>) = spots.chain(labels).partition(|f| matches!(f.shape, Shape::Point(_)));
    all = distinct(points);
    all.extend(shapes);
    all.sort_by(|a, b| order(a).cmp(&order(b)).then(b.size.total_cmp(&a.size)));
    all
}

/// Layers in order; in them tunnels first, bridges last, the least important first; points the most important first.
fn order(f: &Feature) -> (Layer, u8, u8) {
    let level = if f.fields.tunnel { 0 } else { 1 + u8::from(f.fields.bridge) };
    match f.shape {
        Shape::Point(_) => (f.class.layer, 0, f.class.rank),
        _ => (f.class.layer, level, u8::MAX - f.class.rank),
    }
}

fn feature(class: Class, fields: Fields, shape: Shape) -> Feature {
    let (rect, size) = match &shape {
        Shape::Point(p) => (Rect { min: *p, max: *p }, 0.0),
        Shape::Line(line) => (Rect::around(line.iter().copied()), 0.0),
        Shape::Area(rings) => {
            let outer = || rings.iter().filter(|(_, outer)| *outer).map(|(ring, _)| ring);
            (Rect::around(outer().flatten().copied()), outer().map(|ring| area(ring).abs()).sum())
        }
    };
    Feature { class, fields, shape, rect, size }
}

/// Leaves out points that repeat class and name nearby.
fn distinct(points: Vec<Feature>) -> Vec<Feature> {
    let mut seen: FxHashMap<(&'static str, Option<Box<str>>), Vec<Point>> = FxHashMap::default();
    let mut kept = Vec::new();
    for f in points {
        let p = f.rect.min;
        let others = seen.entry((f.class.name, f.fields.name.clone())).or_default();
        let near = |q: &Point| (p[0] - q[0]).hypot(p[1] - q[1]) * metres_per_unit(p[1]) < SAME_PLACE_M;
        if f.fields.name.is_none() || !others.iter().any(near) {
            others.push(p);
            kept.push(f);
        }
    }
    kept
}

/// Ways drawn as lines. Ways with the same name and class that meet are joined, so that names find room.
fn lines(extract: &Extract, odd: &mut Odd, all: &mut Vec<Feature>) {
    let mut groups: Vec<(Class, &Fields, Vec<Vec<i64>>)> = Vec::new();
    let mut index: FxHashMap<(Class, &Fields), usize> = FxHashMap::default();
    for way in &extract.ways {
        let Some(class) = way.subject.line else { continue };
        let fields = &way.subject.fields;
        let at = *index.entry((class, fields)).or_insert_with(|| {
            groups.push((class, fields, Vec::new()));
            groups.len() - 1
        });
        groups[at].2.push(way.nodes.clone());
    }
    for (class, fields, pieces) in groups {
        let chains = if fields.name.is_some() { join(pieces, !fields.oneway) } else { pieces };
        for chain in chains {
            let lines = runs(extract, &chain);
            odd.broken_lines += u64::from(lines.is_empty());
            all.extend(lines.into_iter().map(|line| feature(class, fields.clone(), Shape::Line(line))));
        }
    }
}

/// The places of nodes; where nodes are missing (the extract ends there) the line is broken.
fn runs(extract: &Extract, nodes: &[i64]) -> Vec<Vec<Point>> {
    let mut runs = Vec::new();
    let mut run = Vec::new();
    for node in nodes {
        match extract.place(*node) {
            Some((lon, lat)) => run.push(project(lon, lat)),
            None => runs.push(std::mem::take(&mut run)),
        }
    }
    runs.push(run);
    runs.retain(|run| run.len() > 1);
    runs
}

/// The ring of a closed way. Missing nodes are passed over: at the edge of the extract this cuts a corner.
fn ring(extract: &Extract, nodes: &[i64]) -> Option<Vec<Point>> {
    let places = nodes.iter().filter_map(|node| extract.place(*node));
    let mut ring: Vec<Point> = places.map(|(lon, lat)| project(lon, lat)).collect();
    if ring.first() != ring.last() {
        ring.extend(ring.first().copied());
    }
    (ring.len() > 3).then_some(ring)
}

fn way_areas(extract: &Extract, odd: &mut Odd, all: &mut Vec<Feature>) {
    for way in &extract.ways {
        let subject = &way.subject;
        if subject.area.is_none() && subject.point.is_none() {
            continue;
        }
        match ring(extract, &way.nodes) {
            Some(ring) => area_features(subject, vec![(ring, true)], all),
            None => odd.broken_areas += 1,
        }
    }
}

fn area_features(subject: &Subject, rings: Vec<(Vec<Point>, bool)>, all: &mut Vec<Feature>) {
    if let Some(class) = subject.point {
        let bare: Vec<Vec<Point>> = rings.iter().map(|(ring, _)| ring.clone()).collect();
        if let Some(p) = point_inside(&bare) {
            all.push(feature(class, subject.fields.clone(), Shape::Point(p)));
        }
    }
    if let Some(class) = subject.area {
        all.push(feature(class, subject.fields.clone(), Shape::Area(rings)));
    }
}

fn relation_areas(extract: &Extract, odd: &mut Odd, all: &mut Vec<Feature>) {
    for relation in &extract.relations {
        let mut side = |wanted: bool| -> Vec<Vec<Point>> {
            let ways = relation.ways.iter().filter(|(_, inner)| *inner == wanted);
            let ways = ways.filter_map(|(id, _)| extract.members.get(id)).map(|i| extract.ways[*i].nodes.clone());
            let chains = join(ways.collect(), true);
            let (closed, open): (Vec<_>, Vec<_>) =
                chains.into_iter().partition(|c| c.len() > 3 && c.first() == c.last());
            odd.broken_areas += open.len() as u64;
            closed.iter().filter_map(|chain| ring(extract, chain)).collect()
        };
        let (outer, mut inner) = (side(false), side(true));
        let mut rings = Vec::new();
        for ring in outer {
            let holes: Vec<_> = inner.extract_if(.., |hole| hole.first().is_some_and(|p| inside(&ring, *p))).collect();
            rings.push((ring, true));
            rings.extend(holes.into_iter().map(|hole| (hole, false)));
        }
        odd.broken_areas += inner.len() as u64;
        if !rings.is_empty() {
            area_features(&relation.subject, rings, all);
        }
    }
}

fn coast(extract: &Extract, bounds: &Rect, outer: &Rect, odd: &mut Odd, all: &mut Vec<Feature>) {
    let mut seen = FxHashSet::default();
    let ways = extract.ways.iter().filter(|way| way.subject.coastline && seen.insert(way.nodes.as_slice()));
    let pieces: Vec<Vec<i64>> = ways.map(|way| way.nodes.clone()).collect();
    let chains: Vec<Vec<Point>> = join(pieces, false).iter().flat_map(|chain| runs(extract, chain)).collect();
    let sea = sea(&chains, bounds, outer);
    odd.loose_coast += sea.loose_ends;
    let class = Class { layer: Layer::Water, name: "sea", rank: 0, from_zoom: 0, all_zoom: 0 };
    for rings in sea.areas {
        let rings = rings.into_iter().enumerate().map(|(i, ring)| (ring, i == 0)).collect();
        all.push(feature(class, Fields::default(), Shape::Area(rings)));
    }
}
