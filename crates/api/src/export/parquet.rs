//! Parquet with typed columns, and places as GeoParquet 1.1 has them.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;
use serde_json::json;
use vigiles_model::{Geometry, Observation, Position, Value};

use super::Rows;

/// The columns, in the order in which [`Parquet::write_group`] writes them.
const SCHEMA: &str = "message observations {
    required binary id (STRING);
    required binary kind (STRING);
    required binary source (STRING);
    optional binary asset (STRING);
    required int64 time (TIMESTAMP(MICROS,true));
    required int64 arrived (TIMESTAMP(MICROS,true));
    optional double value;
    optional boolean value_boolean;
    optional binary value_text (STRING);
    required binary unit (STRING);
    required binary quality (STRING);
    required binary origin (STRING);
    optional binary geometry;
    optional binary attributes (JSON);
}";
/// Most observations of a row group.
const GROUP_ROWS: usize = 50_000;
/// Most bytes of what is long in them: texts, attributes, vertices.
const GROUP_BYTES: usize = 16 * 1024 * 1024;

pub(super) struct Parquet<W: Write + Send> {
    to: SerializedFileWriter<W>,
    group: Vec<(Observation, String)>,
    long_bytes: usize,
    shapes: BTreeSet<&'static str>,
}

impl<W: Write + Send> Parquet<W> {
    pub(super) fn begin(to: W) -> io::Result<Self> {
        let schema = Arc::new(parse_message_type(SCHEMA).map_err(failed)?);
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("vigiles {}", env!("CARGO_PKG_VERSION")))
            // What is kept until the end for each page would grow with the file.
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            // Each id is there once.
            .set_column_dictionary_enabled(ColumnPath::from("id"), false)
            .build();
        let to = SerializedFileWriter::new(to, schema, Arc::new(properties)).map_err(failed)?;
        Ok(Self { to, group: Vec::new(), long_bytes: 0, shapes: BTreeSet::new() })
    }

    fn write_group(&mut self) -> io::Result<()> {
        self.long_bytes = 0;
        let rows = std::mem::take(&mut self.group);
        if rows.is_empty() {
            return Ok(());
        }
        let mut columns = Columns { rows: &rows, group: self.to.next_row_group().map_err(failed)? };
        columns.text(|o, _| bytes(o.id.to_string()))?;
        columns.text(|o, _| bytes(o.kind.as_str()))?;
        columns.text(|o, _| bytes(o.source.as_str()))?;
        columns.optional::<ByteArrayType>(|o| o.asset.as_ref().map(|asset| bytes(asset.as_str())))?;
        columns.required::<Int64Type>(|o, _| o.time.0)?;
        columns.required::<Int64Type>(|o, _| o.arrived.0)?;
        columns.optional::<DoubleType>(Observation::number)?;
        columns.optional::<BoolType>(|o| if let Value::Boolean(b) = o.value { Some(b) } else { None })?;
        columns.optional::<ByteArrayType>(|o| match &o.value {
            Value::Text(text) => Some(bytes(text.as_str())),
            _ => None,
        })?;
        columns.text(|_, unit| bytes(unit))?;
        columns.text(|o, _| bytes(word(&o.quality)))?;
        columns.text(|o, _| bytes(word(&o.origin)))?;
        columns
            .optional::<ByteArrayType>(|o| o.place.as_ref().map(|place| ByteArray::from(well_known_binary(place))))?;
        columns.optional::<ByteArrayType>(|o| {
            (!o.attributes.is_empty()).then(|| {
                let named = o.attributes.iter().map(|(name, text)| (name.to_string(), json!(text)));
                bytes(serde_json::Value::Object(named.collect()).to_string())
            })
        })?;
        columns.group.close().map_err(failed)?;
        Ok(())
    }
}

impl<W: Write + Send> Rows for Parquet<W> {
    fn add(&mut self, o: &Observation, unit: &str) -> io::Result<()> {
        let text = if let Value::Text(text) = &o.value { text.len() } else { 0 };
        self.long_bytes += text + o.attributes.iter().map(|(n, v)| n.len() + v.len()).sum::<usize>();
        if let Some(place) = &o.place {
            self.long_bytes += place.vertices().count() * size_of::<Position>();
            self.shapes.insert(shape(place));
        }
        self.group.push((o.clone(), unit.to_owned()));
        if self.group.len() >= GROUP_ROWS || self.long_bytes >= GROUP_BYTES { self.write_group() } else { Ok(()) }
    }

    fn end(mut self: Box<Self>) -> io::Result<()> {
        self.write_group()?;
        // No crs: longitude and latitude of WGS 84.
        let geo = json!({"version": "1.1.0", "primary_column": "geometry",
            "columns": {"geometry": {"encoding": "WKB", "geometry_types": self.shapes}}});
        self.to.append_key_value_metadata(KeyValue::new("geo".to_owned(), geo.to_string()));
        let mut to = self.to.into_inner().map_err(failed)?;
        to.flush()
    }
}

/// A row group under way.
struct Columns<'a, W: Write + Send> {
    rows: &'a [(Observation, String)],
    group: SerializedRowGroupWriter<'a, W>,
}

impl<W: Write + Send> Columns<'_, W> {
    fn text(&mut self, of: impl Fn(&Observation, &str) -> ByteArray) -> io::Result<()> {
        self.required::<ByteArrayType>(of)
    }

    fn required<T: DataType>(&mut self, of: impl Fn(&Observation, &str) -> T::T) -> io::Result<()> {
        let values: Vec<T::T> = self.rows.iter().map(|(o, unit)| of(o, unit)).collect();
        self.write::<T>(&values, None)
    }

    fn optional<T: DataType>(&mut self, of: impl Fn(&Observation) -> Option<T::T>) -> io::Result<()> {
        let (mut values, mut present) = (Vec::new(), Vec::with_capacity(self.rows.len()));
        for (o, _) in self.rows {
            let value = of(o);
            present.push(i16::from(value.is_some()));
            values.extend(value);
        }
        self.write::<T>(&values, Some(&present))
    }

    fn write<T: DataType>(&mut self, values: &[T::T], present: Option<&[i16]>) -> io::Result<()> {
        let column = self.group.next_column().map_err(failed)?;
        let mut column = column.ok_or_else(|| io::Error::other("more columns than the schema has"))?;
        column.typed::<T>().write_batch(values, present, None).map_err(failed)?;
        column.close().map_err(failed)
    }
}

fn bytes(text: impl Into<String>) -> ByteArray {
    ByteArray::from(text.into().into_bytes())
}

fn word<T: serde::Serialize>(word: &T) -> String {
    serde_json::to_value(word).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn shape(place: &Geometry) -> &'static str {
    match place {
        Geometry::Point(_) => "Point",
        Geometry::Line(_) => "LineString",
        Geometry::Polygon(_) => "Polygon",
    }
}

/// Well-known binary, little-endian.
fn well_known_binary(place: &Geometry) -> Vec<u8> {
    let code: u32 = match place {
        Geometry::Point(_) => 1,
        Geometry::Line(_) => 2,
        Geometry::Polygon(_) => 3,
    };
    let mut to = vec![1];
    to.extend_from_slice(&code.to_le_bytes());
    let count = |to: &mut Vec<u8>, count: usize| to.extend_from_slice(&(count as u32).to_le_bytes());
    let line = |to: &mut Vec<u8>, line: &[Position]| {
        for p in line {
            to.extend_from_slice(&p.lon.to_le_bytes());
            to.extend_from_slice(&p.lat.to_le_bytes());
        }
    };
    match place {
        Geometry::Point(p) => line(&mut to, &[*p]),
        Geometry::Line(positions) => {
            count(&mut to, positions.len());
            line(&mut to, positions);
        }
        Geometry::Polygon(rings) => {
            count(&mut to, rings.len());
            for ring in rings {
                count(&mut to, ring.len());
                line(&mut to, ring);
            }
        }
    }
    to
}

fn failed(error: ParquetError) -> io::Error {
    io::Error::other(error)
}
