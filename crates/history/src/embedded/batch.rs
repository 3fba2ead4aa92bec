//! Observations in memory, compactly: rows of numbers, with series and rare parts kept aside.

use std::hash::{Hash, Hasher};
use std::mem::size_of;

use compact_str::CompactString;
use rustc_hash::{FxHashMap, FxHasher};
use vigiles_model::{
    AssetId, BoundingBox, Geometry, KindId, Observation, ObservationId, Origin, Position, Quality, SourceId, Timestamp,
    Value,
};

use super::codec::Malformed;

const VALUE_SHIFT: u8 = 4;
const PLACE_SHIFT: u8 = 6;
const TWO_BITS: u8 = 3;
pub(crate) const VALUE_BOOLEAN: u8 = 1;
pub(crate) const VALUE_TEXT: u8 = 2;
pub(crate) const PLACE_POINT: u8 = 1;
pub(crate) const PLACE_SHAPE: u8 = 2;

/// What rows of one kind, source and asset share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    pub(crate) kind: KindId,
    pub(crate) source: SourceId,
    pub(crate) asset: Option<AssetId>,
}

impl Series {
    /// The asset, or else the source.
    pub(crate) fn name(&self) -> &str {
        self.asset.as_ref().map_or(self.source.as_str(), AssetId::as_str)
    }

    fn bytes(&self) -> usize {
        let heap = |text: &str| if text.len() > size_of::<CompactString>() { text.len() } else { 0 };
        let texts = heap(self.kind.as_str()) + heap(self.source.as_str()) + heap(self.name());
        size_of::<Self>() + 2 * size_of::<(u64, u32)>() + texts
    }
}

/// One observation without its texts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) time: i64,
    pub(crate) arrived: i64,
    /// The id as two halves, so that the row needs no more than eight-byte alignment.
    id: (u64, u64),
    /// A number, or 0 and 1 for a boolean.
    pub(crate) value: f64,
    /// The point, or the middle of the shape.
    pub(crate) lon: f64,
    pub(crate) lat: f64,
    pub(crate) series: u32,
    /// Index of the rare parts, plus one; 0 without.
    pub(crate) extra: u32,
    /// Quality, origin, type of the value, type of the place: two bits each, from the lowest.
    pub(crate) flags: u8,
}

impl Row {
    pub(crate) fn id(&self) -> u128 {
        u128::from(self.id.0) << 64 | u128::from(self.id.1)
    }

    pub(crate) fn set_id(&mut self, id: u128) {
        self.id = ((id >> 64) as u64, id as u64);
    }

    pub(crate) fn value_type(&self) -> u8 {
        value_type(self.flags)
    }

    pub(crate) fn place_type(&self) -> u8 {
        self.flags >> PLACE_SHIFT & TWO_BITS
    }

    pub(crate) fn quality(&self) -> Quality {
        match self.flags & TWO_BITS {
            0 => Quality::Good,
            1 => Quality::Doubtful,
            _ => Quality::Implausible,
        }
    }

    pub(crate) fn origin(&self) -> Origin {
        match self.flags >> 2 & TWO_BITS {
            0 => Origin::Live,
            1 => Origin::Replayed,
            2 => Origin::Simulated,
            _ => Origin::Exercise,
        }
    }

    pub(crate) fn empty(time: i64, flags: u8) -> Self {
        Self { time, arrived: 0, id: (0, 0), value: 0.0, lon: 0.0, lat: 0.0, series: 0, extra: 0, flags }
    }
}

/// The type of the value, from the flags of a row.
pub(crate) fn value_type(flags: u8) -> u8 {
    flags >> VALUE_SHIFT & TWO_BITS
}

/// The parts that most observations do not have.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Extra {
    pub(crate) text: CompactString,
    pub(crate) shape: Option<Geometry>,
    pub(crate) attributes: Vec<(CompactString, CompactString)>,
}

impl Extra {
    fn bytes(&self) -> usize {
        let texts: usize = self.attributes.iter().map(|(n, v)| n.len() + v.len() + 48).sum();
        let vertices = self.shape.as_ref().map_or(0, |shape| shape.vertices().count());
        size_of::<Self>() + self.text.len() + texts + 16 * vertices
    }
}

/// Rows with their series and rare parts.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) series: Vec<Series>,
    index: FxHashMap<u64, u32>,
    pub(crate) rows: Vec<Row>,
    pub(crate) extras: Vec<Extra>,
    /// Bytes of series and rare parts.
    aside_bytes: usize,
}

impl Batch {
    /// Memory taken, about, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.rows.len() * size_of::<Row>() + self.aside_bytes
    }

    /// The index of a series, added if new.
    pub(crate) fn intern(&mut self, kind: &KindId, source: &SourceId, asset: Option<&AssetId>) -> u32 {
        let mut hasher = FxHasher::default();
        (kind, source, asset).hash(&mut hasher);
        let mut hash = hasher.finish();
        while let Some(found) = self.index.get(&hash) {
            let known = &self.series[*found as usize];
            if known.kind == *kind && known.source == *source && known.asset.as_ref() == asset {
                return *found;
            }
            // Two series with one hash: look at the next place.
            hash = hash.wrapping_add(1);
        }
        let fresh = self.series.len() as u32;
        let series = Series { kind: kind.clone(), source: source.clone(), asset: asset.cloned() };
        self.aside_bytes += series.bytes();
        self.series.push(series);
        self.index.insert(hash, fresh);
        fresh
    }

    /// The index of a series by the names that a file has for it. `likely` is looked at first: blocks mostly name their series
    /// in one order, and names that are known already need no check.
    pub(crate) fn intern_names(
        &mut self,
        kind: &KindId,
        (source, asset): (&str, Option<&str>),
        likely: u32,
    ) -> Result<u32, Malformed> {
        if let Some(known) = self.series.get(likely as usize)
            && known.asset.as_ref().map(AssetId::as_str) == asset
            && known.source.as_str() == source
            && known.kind == *kind
        {
            return Ok(likely);
        }
        let source = SourceId::new(source).map_err(|_| Malformed("a source is not an id"))?;
        let asset = asset.map(AssetId::new).transpose().map_err(|_| Malformed("an asset is not an id"))?;
        Ok(self.intern(kind, &source, asset.as_ref()))
    }

    /// Forgets the rows and their rare parts; the series stay known.
    pub(crate) fn clear_rows(&mut self) {
        self.rows.clear();
        self.aside_bytes -= self.extras.drain(..).map(|extra| extra.bytes()).sum::<usize>();
    }

    /// Keeps rare parts; gives what [`Row::extra`] says.
    pub(crate) fn put_extra(&mut self, extra: Extra) -> u32 {
        self.aside_bytes += extra.bytes();
        self.extras.push(extra);
        self.extras.len() as u32
    }

    pub(crate) fn push(&mut self, observation: &Observation) {
        let series = self.intern(&observation.kind, &observation.source, observation.asset.as_ref());
        let (value, value_type, text) = match &observation.value {
            Value::Number(number) => (*number, 0, None),
            Value::Boolean(yes) => (f64::from(u8::from(*yes)), VALUE_BOOLEAN, None),
            Value::Text(text) => (0.0, VALUE_TEXT, Some(text)),
        };
        let (place_type, shape) = match &observation.place {
            None => (0, None),
            Some(Geometry::Point(_)) => (PLACE_POINT, None),
            Some(shape) => (PLACE_SHAPE, Some(shape)),
        };
        let at = observation.place.as_ref().map_or(Position { lon: 0.0, lat: 0.0 }, Geometry::centre);
        let extra = if text.is_none() && shape.is_none() && observation.attributes.is_empty() {
            0
        } else {
            let text = text.cloned().unwrap_or_default();
            self.put_extra(Extra { text, shape: shape.cloned(), attributes: observation.attributes.clone() })
        };
        let flags = observation.quality as u8
            | (observation.origin as u8) << 2
            | value_type << VALUE_SHIFT
            | place_type << PLACE_SHIFT;
        let mut row = Row::empty(observation.time.0, flags);
        row.set_id(observation.id.0);
        (row.arrived, row.value, row.lon, row.lat) = (observation.arrived.0, value, at.lon, at.lat);
        (row.series, row.extra) = (series, extra);
        self.rows.push(row);
    }

    /// Takes rows of another batch.
    pub(crate) fn take_from(&mut self, other: &Self) {
        let series: Vec<u32> = other.series.iter().map(|s| self.intern(&s.kind, &s.source, s.asset.as_ref())).collect();
        for row in &other.rows {
            let mut row = *row;
            row.series = series[row.series as usize];
            if let Some(extra) = other.extra(&row) {
                row.extra = self.put_extra(extra.clone());
            }
            self.rows.push(row);
        }
    }

    pub(crate) fn extra(&self, row: &Row) -> Option<&Extra> {
        self.extras.get((row.extra as usize).checked_sub(1)?)
    }

    /// The observation of a row of this batch.
    pub(crate) fn observation(&self, row: &Row) -> Observation {
        let series = &self.series[row.series as usize];
        let extra = self.extra(row);
        Observation {
            id: ObservationId(row.id()),
            kind: series.kind.clone(),
            source: series.source.clone(),
            asset: series.asset.clone(),
            time: Timestamp(row.time),
            arrived: Timestamp(row.arrived),
            place: match row.place_type() {
                PLACE_POINT => Some(Geometry::Point(Position { lon: row.lon, lat: row.lat })),
                PLACE_SHAPE => extra.and_then(|extra| extra.shape.clone()),
                _ => None,
            },
            value: match row.value_type() {
                VALUE_BOOLEAN => Value::Boolean(row.value != 0.0),
                VALUE_TEXT => Value::Text(extra.map(|extra| extra.text.clone()).unwrap_or_default()),
                _ => Value::Number(row.value),
            },
            quality: row.quality(),
            origin: row.origin(),
            attributes: extra.map(|extra| extra.attributes.clone()).unwrap_or_default(),
        }
    }

    /// The box around a row's place.
    pub(crate) fn bounds(&self, row: &Row) -> Option<BoundingBox> {
        match row.place_type() {
            PLACE_POINT => Some(BoundingBox { west: row.lon, south: row.lat, east: row.lon, north: row.lat }),
            PLACE_SHAPE => self.extra(row)?.shape.as_ref().map(Geometry::bounding_box),
            _ => None,
        }
    }

    /// About how many bytes a row takes in a block before compression, beyond its fixed part.
    pub(crate) fn aside_bytes(&self, row: &Row) -> usize {
        self.extra(row).map_or(0, Extra::bytes)
    }
}
