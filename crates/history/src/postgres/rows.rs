//! Between rows and observations.

use postgres::Row;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::{ToSql, Type};
use serde::{Deserialize, Serialize};
use vigiles_model::{
    AssetId, BoundingBox, Geometry, KindId, Observation, ObservationId, Origin, Position, Quality, SourceId, Timestamp,
    Value,
};

use super::cells;
use crate::HistoryError;

/// The columns that [`observation`] reads, in its order.
pub(super) const COLUMNS: &str =
    "time, id, kind, source, asset, west, south, arrived, value, value_type, quality, origin, extra, cell";

/// The columns that [`copy`] writes, in its order; those of the table.
const COPIED: [Type; 17] = [
    Type::INT8,
    Type::BYTEA,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::INT8,
    Type::FLOAT8,
    Type::FLOAT8,
    Type::FLOAT8,
    Type::FLOAT8,
    Type::INT8,
    Type::FLOAT8,
    Type::INT2,
    Type::INT2,
    Type::INT2,
    Type::TEXT,
];

/// What most observations do not have.
#[derive(Default, Serialize, Deserialize, PartialEq)]
#[serde(default)]
struct Extra {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shape: Option<Geometry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<(String, String)>,
}

/// Sends observations in the binary form of COPY.
pub(super) fn copy(
    tx: &mut postgres::Transaction<'_>,
    table: &str,
    observations: &[Observation],
) -> Result<(), postgres::Error> {
    let into = tx.copy_in(&format!("COPY {table} FROM STDIN (FORMAT binary)"))?;
    let mut writer = BinaryCopyInWriter::new(into, &COPIED);
    for o in observations {
        let place = o.place.as_ref().map(Geometry::bounding_box);
        let edge = |of: fn(&BoundingBox) -> f64| place.as_ref().map(of);
        let (value, value_type) = match &o.value {
            Value::Number(number) => (Some(*number), 0_i16),
            Value::Boolean(is) => (Some(f64::from(u8::from(*is))), 1),
            Value::Text(_) => (None, 2),
        };
        let row: [&(dyn ToSql + Sync); 17] = [
            &o.time.0,
            &o.id.0.to_be_bytes().to_vec(),
            &o.kind.as_str(),
            &o.source.as_str(),
            &o.asset.as_ref().map(AssetId::as_str),
            &o.series(),
            &o.place.as_ref().map(cells::of),
            &edge(|b| b.west),
            &edge(|b| b.south),
            &edge(|b| b.east),
            &edge(|b| b.north),
            &o.arrived.0,
            &value,
            &value_type,
            &quality_number(o.quality),
            &origin_number(o.origin),
            &extra(o),
        ];
        writer.write(&row)?;
    }
    writer.finish().map(drop)
}

fn extra(o: &Observation) -> Option<String> {
    let extra = Extra {
        text: if let Value::Text(text) = &o.value { Some(text.to_string()) } else { None },
        shape: o.place.clone().filter(|place| !matches!(place, Geometry::Point(_))),
        attributes: o.attributes.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
    };
    // JSON writes a NUL as an escape, which a text of the server could not hold.
    (extra != Extra::default())
        .then(|| serde_json::to_string(&extra).expect("texts and numbers of finite geometry always make JSON"))
}

/// An observation from the columns of [`COLUMNS`].
pub(super) fn observation(row: &Row) -> Result<Observation, HistoryError> {
    let (time, id): (i64, &[u8]) = (row.get(0), row.get(1));
    let damaged = |what: String| HistoryError::Damaged {
        path: "observations".into(),
        place: format!("the one of {} with the id {id:02x?}", Timestamp(time)),
        what,
    };
    let wrong = |e: &dyn std::fmt::Display| damaged(e.to_string());
    let extra: Option<&str> = row.get(12);
    let extra: Extra = extra.map(serde_json::from_str).transpose().map_err(|e| wrong(&e))?.unwrap_or_default();
    let number: Option<f64> = row.get(8);
    let value = match (row.get::<_, i16>(9), number, extra.text) {
        (0, Some(number), _) => Value::Number(number),
        (1, Some(number), _) => Value::Boolean(number != 0.0),
        (2, _, Some(text)) => Value::Text(text.into()),
        _ => return Err(damaged("it has no value".to_owned())),
    };
    let point = match (row.get::<_, Option<f64>>(5), row.get::<_, Option<f64>>(6)) {
        (Some(lon), Some(lat)) => Some(Geometry::Point(Position { lon, lat })),
        _ => None,
    };
    Ok(Observation {
        id: ObservationId(u128::from_be_bytes(id.try_into().map_err(|e| wrong(&e))?)),
        kind: KindId::new(row.get::<_, &str>(2)).map_err(|e| wrong(&e))?,
        source: SourceId::new(row.get::<_, &str>(3)).map_err(|e| wrong(&e))?,
        asset: row.get::<_, Option<&str>>(4).map(AssetId::new).transpose().map_err(|e| wrong(&e))?,
        time: Timestamp(time),
        arrived: Timestamp(row.get(7)),
        place: extra.shape.or(point),
        value,
        quality: match row.get::<_, i16>(10) {
            0 => Quality::Good,
            1 => Quality::Doubtful,
            _ => Quality::Implausible,
        },
        origin: match row.get::<_, i16>(11) {
            0 => Origin::Live,
            1 => Origin::Replayed,
            2 => Origin::Simulated,
            _ => Origin::Exercise,
        },
        attributes: extra.attributes.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
    })
}

fn quality_number(quality: Quality) -> i16 {
    match quality {
        Quality::Good => 0,
        Quality::Doubtful => 1,
        Quality::Implausible => 2,
    }
}

fn origin_number(origin: Origin) -> i16 {
    match origin {
        Origin::Live => 0,
        Origin::Replayed => 1,
        Origin::Simulated => 2,
        Origin::Exercise => 3,
    }
}
