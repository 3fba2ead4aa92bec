//! The rare parts of rows: texts, attributes and shapes.

use compact_str::CompactString;
use vigiles_model::{Geometry, Position};

use crate::embedded::batch::{Batch, Extra, Row};
use crate::embedded::codec::{Malformed, Reader, put_text, put_varint};

/// Appends the rare parts of the rows that have some.
pub(super) fn put_extras(raw: &mut Vec<u8>, batch: &Batch, rows: &[Row]) {
    for (i, row) in rows.iter().enumerate() {
        let Some(extra) = batch.extra(row) else { continue };
        put_varint(raw, i as u64);
        put_text(raw, &extra.text);
        put_varint(raw, extra.attributes.len() as u64);
        for (name, value) in &extra.attributes {
            put_text(raw, name);
            put_text(raw, value);
        }
        put_shape(raw, extra.shape.as_ref());
    }
}

fn put_shape(raw: &mut Vec<u8>, shape: Option<&Geometry>) {
    let rings: &[Vec<Position>] = match shape {
        None => return raw.push(0),
        Some(Geometry::Point(point)) => &[vec![*point]],
        Some(Geometry::Line(line)) => {
            raw.push(1);
            return put_line(raw, line);
        }
        Some(Geometry::Polygon(rings)) => rings,
    };
    raw.push(2);
    put_varint(raw, rings.len() as u64);
    for ring in rings {
        put_line(raw, ring);
    }
}

fn put_line(raw: &mut Vec<u8>, line: &[Position]) {
    put_varint(raw, line.len() as u64);
    for point in line {
        raw.extend_from_slice(&point.lon.to_le_bytes());
        raw.extend_from_slice(&point.lat.to_le_bytes());
    }
}

/// Reads the rare parts: row and parts, in order of rows.
pub(crate) fn parse_extras(raw: &[u8], rows: usize) -> Result<Vec<(usize, Extra)>, Malformed> {
    let mut reader = Reader(raw);
    let mut extras: Vec<(usize, Extra)> = Vec::new();
    while !reader.is_empty() {
        let row = reader.varint()? as usize;
        if row >= rows || extras.last().is_some_and(|(last, _)| *last >= row) {
            return Err(Malformed("rare parts are out of order"));
        }
        let text = CompactString::from(reader.text()?);
        let count = reader.varint()?;
        let mut attributes = Vec::new();
        for _ in 0..count {
            attributes.push((CompactString::from(reader.text()?), CompactString::from(reader.text()?)));
        }
        extras.push((row, Extra { text, shape: shape(&mut reader)?, attributes }));
    }
    Ok(extras)
}

fn shape(reader: &mut Reader<'_>) -> Result<Option<Geometry>, Malformed> {
    match reader.byte()? {
        0 => Ok(None),
        1 => line(reader).map(|line| Some(Geometry::Line(line))),
        2 => {
            let count = reader.varint()?;
            let rings: Result<Vec<_>, _> = (0..count).map(|_| line(reader)).collect();
            rings.map(|rings| Some(Geometry::Polygon(rings)))
        }
        _ => Err(Malformed("a place has an unknown shape")),
    }
}

fn line(reader: &mut Reader<'_>) -> Result<Vec<Position>, Malformed> {
    let count = reader.varint()?;
    (0..count).map(|_| Ok(Position { lon: reader.f64()?, lat: reader.f64()? })).collect()
}
