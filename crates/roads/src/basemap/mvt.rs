//! Mapbox Vector Tile 2.1 (<https://github.com/mapbox/vector-tile-spec>), written.
//!
//! Written here, since the geometry commands must start anew with every part of a line or polygon and the
//! winding of rings is decided while writing; both are a few lines.

use rustc_hash::FxHashMap;

/// Units of a tile's side.
pub(super) const EXTENT: i32 = 4096;

/// A point in tile units: x east, y south.
pub(super) type TilePoint = [i32; 2];

/// The geometry of one feature in tile units.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Geometry {
    /// One point.
    Point(TilePoint),
    /// Lines of at least two different points.
    Lines(Vec<Vec<TilePoint>>),
    /// Closed rings; an outer ring has a positive area and is followed by its holes.
    Rings(Vec<Vec<TilePoint>>),
}

/// A value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Whole(u64),
    True,
}

/// A layer being written.
pub(super) struct Layer<'a> {
    features: Vec<u8>,
    keys: Table<&'a str>,
    values: Table<Value<'a>>,
    count: usize,
}

struct Table<T> {
    rows: Vec<T>,
    index: FxHashMap<T, u32>,
}

impl<T: Copy + Eq + std::hash::Hash> Table<T> {
    fn new() -> Self {
        Self { rows: Vec::new(), index: FxHashMap::default() }
    }

    fn place(&mut self, row: T) -> u32 {
        let rows = &mut self.rows;
        *self.index.entry(row).or_insert_with(|| {
            rows.push(row);
            rows.len() as u32 - 1
        })
    }
}

impl<'a> Layer<'a> {
    pub(super) fn new() -> Self {
        Self { features: Vec::new(), keys: Table::new(), values: Table::new(), count: 0 }
    }

    /// Adds a feature. Its geometry must hold at least one point, line or ring.
    pub(super) fn add(&mut self, geometry: &Geometry, fields: impl Iterator<Item = (&'a str, Value<'a>)>) {
        let mut tags = Vec::new();
        for (key, value) in fields {
            varint(u64::from(self.keys.place(key)), &mut tags);
            varint(u64::from(self.values.place(value)), &mut tags);
        }
        let (kind, commands) = commands(geometry);
        let mut feature = Vec::with_capacity(tags.len() + commands.len() + 8);
        bytes_field(2, &tags, &mut feature);
        number_field(3, kind, &mut feature);
        bytes_field(4, &commands, &mut feature);
        bytes_field(2, &feature, &mut self.features);
        self.count += 1;
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Appends the layer to a tile.
    pub(super) fn write(&self, name: &str, tile: &mut Vec<u8>) {
        let mut layer = Vec::with_capacity(self.features.len() + 256);
        number_field(15, 2, &mut layer);
        bytes_field(1, name.as_bytes(), &mut layer);
        layer.extend_from_slice(&self.features);
        for key in &self.keys.rows {
            bytes_field(3, key.as_bytes(), &mut layer);
        }
        for value in &self.values.rows {
            let mut bytes = Vec::new();
            match value {
                Value::Text(text) => bytes_field(1, text.as_bytes(), &mut bytes),
                Value::Whole(n) => number_field(5, *n, &mut bytes),
                Value::True => number_field(7, 1, &mut bytes),
            }
            bytes_field(4, &bytes, &mut layer);
        }
        number_field(5, EXTENT as u64, &mut layer);
        bytes_field(3, &layer, tile);
    }
}

const MOVE_TO: u64 = 1;
const LINE_TO: u64 = 2;
const CLOSE_PATH: u64 = 7;

fn commands(geometry: &Geometry) -> (u64, Vec<u8>) {
    let mut out = Vec::new();
    let mut pen = [0, 0];
    let kind = match geometry {
        Geometry::Point(p) => {
            command(MOVE_TO, 1, &mut out);
            step(*p, &mut pen, &mut out);
            1
        }
        Geometry::Lines(lines) => {
            for line in lines {
                path(line, &mut pen, &mut out);
            }
            2
        }
        Geometry::Rings(rings) => {
            for ring in rings {
                // The last point repeats the first; ClosePath stands for it.
                path(&ring[..ring.len().saturating_sub(1)], &mut pen, &mut out);
                command(CLOSE_PATH, 1, &mut out);
            }
            3
        }
    };
    (kind, out)
}

fn path(points: &[TilePoint], pen: &mut TilePoint, out: &mut Vec<u8>) {
    let Some((first, rest)) = points.split_first() else { return };
    command(MOVE_TO, 1, out);
    step(*first, pen, out);
    command(LINE_TO, rest.len() as u64, out);
    for p in rest {
        step(*p, pen, out);
    }
}

fn command(id: u64, count: u64, out: &mut Vec<u8>) {
    varint(count << 3 | id, out);
}

fn step(to: TilePoint, pen: &mut TilePoint, out: &mut Vec<u8>) {
    for axis in 0..2 {
        let d = to[axis] - pen[axis];
        varint(u64::from(((d << 1) ^ (d >> 31)) as u32), out);
    }
    *pen = to;
}

fn number_field(field: u64, value: u64, out: &mut Vec<u8>) {
    varint(field << 3, out);
    varint(value, out);
}

fn bytes_field(field: u64, bytes: &[u8], out: &mut Vec<u8>) {
    varint(field << 3 | 2, out);
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(geometry: &Geometry, expected: &[u8]) {
        assert_eq!(commands(geometry).1, expected, "{geometry:?}");
    }

    /// The examples of the specification, section 4.3.5.
    #[test]
    fn geometry_of_the_specification() {
        check(&Geometry::Point([25, 17]), &[9, 50, 34]);
        check(&Geometry::Lines(vec![vec![[2, 2], [2, 10], [10, 10]]]), &[9, 4, 4, 18, 0, 16, 16, 0]);
        check(
            &Geometry::Lines(vec![vec![[2, 2], [2, 10], [10, 10]], vec![[1, 1], [3, 5]]]),
            &[9, 4, 4, 18, 0, 16, 16, 0, 9, 17, 17, 10, 4, 8],
        );
        check(&Geometry::Rings(vec![vec![[3, 6], [8, 12], [20, 34], [3, 6]]]), &[9, 6, 12, 18, 10, 12, 24, 44, 15]);
    }
}
