//! Cuts features into tiles, zoom by zoom.

use std::collections::BTreeMap;

use pmtiles::{TileCoord, TileId};

use super::classify::Layer;
use super::features::{Feature, Shape};
use super::geometry::{Point, Rect, area, clip_line, clip_ring, simplify};
use super::mvt::{self, EXTENT, Geometry, TilePoint, Value};
use super::{Options, Progress};
use crate::RoadsError;

/// Units drawn beyond the tile's edge, so that wide lines and outlines do not stop at it.
const BUFFER: f64 = 80.0;
/// An area is drawn early once it has so many square units: 4 by 4 pixels of a 512-pixel tile.
const LARGE_AREA: f64 = 1024.0;

/// A tile and its bytes, not yet compressed.
pub(super) struct Tile {
    pub(super) coord: TileCoord,
    pub(super) bytes: Vec<u8>,
}

/// Tiles that intersect the bounds at a zoom: first and last column and row.
fn span(bounds: &Rect, zoom: u8) -> [[u32; 2]; 2] {
    let side = f64::from(1u32 << zoom);
    let at = |v: f64| ((v * side) as u32).min((1 << zoom) - 1);
    [[at(bounds.min[0]), at(bounds.max[0])], [at(bounds.min[1]), at(bounds.max[1])]]
}

/// Tiles at every zoom, or an error where they are more than the options allow.
pub(super) fn count(bounds: &Rect, options: &Options) -> Result<u64, RoadsError> {
    let at = |zoom| span(bounds, zoom).map(|[first, last]| u64::from(last - first) + 1).iter().product::<u64>();
    let tiles = (options.min_zoom..=options.max_zoom).map(at).sum();
    if tiles > options.max_tiles {
        return Err(RoadsError::TooLarge { what: "tiles", limit: options.max_tiles });
    }
    Ok(tiles)
}

/// Makes the tiles of one zoom in the order of their ids and hands each to `write`. Empty tiles are not made.
pub(super) fn make(
    features: &[Feature],
    bounds: &Rect,
    zoom: u8,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
    write: &mut dyn FnMut(Tile) -> Result<(), RoadsError>,
) -> Result<(), RoadsError> {
    let units = f64::from(1u32 << zoom) * f64::from(EXTENT);
    let tolerance = if zoom == options.max_zoom { 1.0 } else { 4.0 };
    let shapes: Vec<Option<Shape>> = features.iter().map(|f| scaled(f, zoom, units, tolerance, options)).collect();
    let index = index(features, &shapes, bounds, zoom);
    let of = index.len() as u64;
    for (done, (id, members)) in index.into_iter().enumerate() {
        let Ok(coord) = TileId::new(id).map(TileCoord::from) else { continue };
        let bytes = encode(features, &shapes, &members, coord);
        if !bytes.is_empty() {
            write(Tile { coord, bytes })?;
        }
        if done % 64 == 0 {
            progress(Progress::Tiles { zoom, done: done as u64, of });
        }
    }
    Ok(())
}

/// The shape in units of this zoom, simplified; none where the feature is not drawn at it.
fn scaled(f: &Feature, zoom: u8, units: f64, tolerance: f64, options: &Options) -> Option<Shape> {
    let large = f.size * units * units >= LARGE_AREA;
    let is_area = matches!(f.shape, Shape::Area(_));
    if zoom < f.class.from_zoom || (zoom < f.class.all_zoom && !(is_area && large)) {
        return None;
    }
    let scale = |points: &[Point]| -> Vec<Point> {
        let points: Vec<Point> = points.iter().map(|p| [p[0] * units, p[1] * units]).collect();
        simplify(&points, tolerance)
    };
    match &f.shape {
        Shape::Point(p) => Some(Shape::Point([p[0] * units, p[1] * units])),
        Shape::Line(line) => Some(Shape::Line(scale(line))),
        Shape::Area(rings) => {
            let rings = rings.iter().map(|(ring, outer)| (scale(ring), *outer)).filter(|(ring, _)| ring.len() > 3);
            // Holes too small to be seen only cost bytes.
            let seen = |ring: &[Point]| zoom == options.max_zoom || area(ring).abs() > 16.0;
            let rings: Vec<_> = rings.filter(|(ring, outer)| *outer || seen(ring)).collect();
            rings.iter().any(|(_, outer)| *outer).then_some(Shape::Area(rings))
        }
    }
}

/// Which features may touch which tile, by tile id.
fn index(features: &[Feature], shapes: &[Option<Shape>], bounds: &Rect, zoom: u8) -> BTreeMap<u64, Vec<u32>> {
    let [columns, rows] = span(bounds, zoom);
    let side = f64::from(1u32 << zoom);
    let buffer = BUFFER / f64::from(EXTENT);
    let mut index: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for (i, f) in features.iter().enumerate().filter(|(i, _)| shapes[*i].is_some()) {
        let range = |axis: usize, [first, last]: [u32; 2]| {
            let from = (f.rect.min[axis] * side - buffer).floor().max(f64::from(first));
            let to = (f.rect.max[axis] * side + buffer).floor().min(f64::from(last));
            if from <= to { from as u32..to as u32 + 1 } else { 0..0 }
        };
        for x in range(0, columns) {
            for y in range(1, rows) {
                if let Ok(coord) = TileCoord::new(zoom, x, y) {
                    index.entry(TileId::from(coord).value()).or_default().push(i as u32);
                }
            }
        }
    }
    index
}

fn encode(features: &[Feature], shapes: &[Option<Shape>], members: &[u32], coord: TileCoord) -> Vec<u8> {
    let corner = [f64::from(coord.x()) * f64::from(EXTENT), f64::from(coord.y()) * f64::from(EXTENT)];
    let mut layers = Layer::ALL.map(|_| mvt::Layer::new());
    for i in members {
        let f = &features[*i as usize];
        let geometry = shapes[*i as usize].as_ref().and_then(|shape| cut(shape, corner));
        if let Some(geometry) = geometry {
            layers[f.class.layer as usize].add(&geometry, fields(f));
        }
    }
    let mut tile = Vec::new();
    for (layer, name) in layers.iter().zip(Layer::ALL).filter(|(layer, _)| layer.count() > 0) {
        layer.write(name.name(), &mut tile);
    }
    tile
}

/// The part of a shape in the tile whose north-west corner is given, in tile units.
fn cut(shape: &Shape, corner: Point) -> Option<Geometry> {
    let extent = f64::from(EXTENT);
    let with = |buffer: f64| Rect {
        min: [corner[0] - buffer, corner[1] - buffer],
        max: [corner[0] + extent + buffer, corner[1] + extent + buffer],
    };
    let unit = |p: &Point| [(p[0] - corner[0]).round() as i32, (p[1] - corner[1]).round() as i32];
    match shape {
        // A label is drawn by one tile only; the far edges belong to the next tiles.
        Shape::Point(p) => {
            let here = (0..2).all(|axis| p[axis] >= corner[axis] && p[axis] < corner[axis] + extent);
            here.then(|| Geometry::Point(unit(p)))
        }
        Shape::Line(line) => {
            let parts = clip_line(line, &with(BUFFER));
            let parts = parts.iter().map(|part| whole(part, &unit)).filter(|part| part.len() > 1);
            let parts: Vec<_> = parts.collect();
            (!parts.is_empty()).then_some(Geometry::Lines(parts))
        }
        Shape::Area(rings) => cut_area(rings, &with(BUFFER), &unit),
    }
}

fn cut_area(rings: &[(Vec<Point>, bool)], rect: &Rect, unit: &dyn Fn(&Point) -> TilePoint) -> Option<Geometry> {
    let mut kept: Vec<Vec<TilePoint>> = Vec::new();
    let mut outer_kept = false;
    for (ring, outer) in rings {
        let mut points = whole(&clip_ring(ring, rect), unit);
        let size = if points.len() > 3 { whole_area(&points) } else { 0 };
        if *outer {
            outer_kept = size != 0;
        }
        if size == 0 || !outer_kept {
            continue;
        }
        // An outer ring has a positive area, a hole a negative one.
        if (size > 0) != *outer {
            points.reverse();
        }
        kept.push(points);
    }
    (!kept.is_empty()).then_some(Geometry::Rings(kept))
}

/// In whole units, without repetitions.
fn whole(points: &[Point], unit: &dyn Fn(&Point) -> TilePoint) -> Vec<TilePoint> {
    let mut whole: Vec<TilePoint> = points.iter().map(unit).collect();
    whole.dedup();
    whole
}

fn whole_area(ring: &[TilePoint]) -> i64 {
    let wide = |p: &TilePoint| p.map(i64::from);
    ring.windows(2).map(|w| (wide(&w[0]), wide(&w[1]))).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
}

fn text(text: Option<&str>) -> Option<Value<'_>> {
    text.map(Value::Text)
}

fn fields(f: &Feature) -> impl Iterator<Item = (&str, Value<'_>)> {
    let fields = &f.fields;
    let flag = |set: bool| set.then_some(Value::True);
    let named = !matches!(f.class.layer, Layer::Building | Layer::Rail | Layer::Landuse | Layer::Green);
    let road = f.class.layer == Layer::Road;
    [
        ("class", Some(Value::Text(f.class.name))),
        ("name", text(fields.name.as_deref()).filter(|_| named)),
        ("ref", text(fields.reference.as_deref()).filter(|_| road)),
        ("rank", (f.class.rank > 0).then_some(Value::Whole(u64::from(f.class.rank)))),
        ("height", fields.height_m.map(|h| Value::Whole(u64::from(h))).filter(|_| f.class.layer == Layer::Building)),
        ("bridge", flag(fields.bridge && !matches!(f.shape, Shape::Point(_)))),
        ("tunnel", flag(fields.tunnel && !matches!(f.shape, Shape::Point(_)))),
        ("oneway", flag(fields.oneway && road)),
        ("link", flag(fields.link && road)),
    ]
    .into_iter()
    .filter_map(|(key, value)| value.map(|value| (key, value)))
}
