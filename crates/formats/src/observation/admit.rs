//! The gate: from a draft to an observation, or to the reason why not.

use compact_str::CompactString;
use vigiles_model::kind::ValueType;
use vigiles_model::observation::{MAX_ATTRIBUTES, MAX_TEXT_BYTES};
use vigiles_model::{
    AssetId, Geometry, Observation, ObservationId, ObservationKind, Origin, Quality, SourceId, Timestamp, Value, unit,
};

use super::{Draft, MAX_AHEAD, Registry, Rejection, Sender};

/// Checks a draft and makes it an observation with its content id.
///
/// In order: the flaw the parser found; the origin is not an exercise; the kind is registered; the source is the sender's; the asset is
/// an id; the time lies between 1900 and `now` plus [`MAX_AHEAD`]; the value is finite, has the type of
/// the kind, and is converted to the kind's unit; place and attributes are within their limits. A number
/// outside the plausible range is kept with quality `implausible`.
pub fn admit(
    draft: Draft,
    registry: &dyn Registry,
    sender: Sender<'_>,
    now: Timestamp,
) -> Result<Observation, Rejection> {
    if let Some(flaw) = draft.flaw {
        return Err(*flaw);
    }
    if draft.origin == Origin::Exercise {
        return Err(Rejection::new("origin", "observations of an exercise are played by the platform alone"));
    }
    let kind = registry.kind(&draft.kind).ok_or_else(|| unknown_kind(&draft.kind))?;
    let source = check_source(draft.source, sender)?;
    let asset = draft.asset.map(AssetId::try_from).transpose().map_err(|e| Rejection::new("asset", e))?;
    let time = draft.time.unwrap_or(now);
    check_time(time, now)?;
    let value = check_value(draft.value, draft.unit.as_deref(), kind)?;
    let quality = if kind.is_plausible(&value) { draft.quality } else { Quality::Implausible };
    let place = check_place(draft.place, asset.as_ref(), registry)?;
    let attributes = check_attributes(draft.attributes)?;
    let mut observation = Observation {
        id: ObservationId(0),
        kind: kind.id.clone(),
        source,
        asset,
        time,
        arrived: now,
        place,
        value,
        quality,
        origin: draft.origin,
        attributes,
    };
    observation.id = observation.content_id();
    Ok(observation)
}

fn unknown_kind(kind: &str) -> Rejection {
    if kind.is_empty() {
        return Rejection::new("kind", "an observation needs a kind, such as air.pm25");
    }
    let shown: String = kind.chars().take(64).collect();
    Rejection::new("kind", format_args!("unknown kind {shown:?}; register it under /api/v1/kinds first"))
}

fn check_source(given: Option<CompactString>, sender: Sender<'_>) -> Result<SourceId, Rejection> {
    let Some(given) = given else {
        return Ok(sender.source.clone());
    };
    if given == sender.source.as_str() {
        return Ok(sender.source.clone());
    }
    let source = SourceId::try_from(given).map_err(|e| Rejection::new("source", e))?;
    if sender.bound {
        let own = sender.source;
        return Err(Rejection::new(
            "source",
            format_args!("this token sends for source {own} only, not for {source}; leave the field out"),
        ));
    }
    Ok(source)
}

fn check_time(time: Timestamp, now: Timestamp) -> Result<(), Rejection> {
    if time > now + MAX_AHEAD {
        let ahead_s = MAX_AHEAD.as_secs_f64();
        return Err(Rejection::new(
            "time",
            format_args!(
                "{time} lies in the future: the platform's clock says {now}, and at most {ahead_s} s ahead are taken"
            ),
        ));
    }
    if time < Timestamp::EARLIEST {
        let earliest = Timestamp::EARLIEST;
        return Err(Rejection::new(
            "time",
            format_args!("{time} lies before {earliest}; is the unit of the epoch right?"),
        ));
    }
    Ok(())
}

fn check_value(value: Value, given: Option<&str>, kind: &ObservationKind) -> Result<Value, Rejection> {
    if !kind.accepts(&value) {
        let found = match value {
            Value::Number(_) => "a number",
            Value::Boolean(_) => "a boolean",
            Value::Text(_) => "a text",
        };
        let wanted = match kind.value_type {
            ValueType::Number => "a number",
            ValueType::Boolean => "true or false",
            ValueType::Text => "a text",
        };
        return Err(Rejection::new("value", format_args!("kind {} takes {wanted}, this is {found}", kind.id)));
    }
    match value {
        Value::Number(number) => convert(number, given.unwrap_or(&kind.unit), kind).map(Value::Number),
        other => {
            if let Value::Text(text) = &other {
                limit("value", text)?;
            }
            match given {
                Some(unit) if unit != kind.unit => {
                    Err(Rejection::new("unit", format_args!("kind {} has no unit, this has {unit:?}", kind.id)))
                }
                _ => Ok(other),
            }
        }
    }
}

fn convert(number: f64, from: &str, kind: &ObservationKind) -> Result<f64, Rejection> {
    if !number.is_finite() {
        return Err(Rejection::new(
            "value",
            format_args!("{number} is not a finite number; leave a missing reading out"),
        ));
    }
    let converted = unit::convert(number, from, &kind.unit).map_err(|e| Rejection::new("unit", e))?;
    if converted.is_finite() {
        Ok(converted)
    } else {
        Err(Rejection::new("value", format_args!("{number} {from} is too large for {}", kind.unit)))
    }
}

fn check_place(
    given: Option<Geometry>,
    asset: Option<&AssetId>,
    registry: &dyn Registry,
) -> Result<Option<Geometry>, Rejection> {
    match given {
        Some(place) => {
            place.validate().map_err(|e| Rejection::new("place", e))?;
            Ok(Some(place))
        }
        None => Ok(asset.and_then(|asset| registry.asset_place(asset.as_str())).cloned()),
    }
}

fn check_attributes(
    mut attributes: Vec<(CompactString, CompactString)>,
) -> Result<Vec<(CompactString, CompactString)>, Rejection> {
    if attributes.is_empty() {
        return Ok(attributes);
    }
    if attributes.len() > MAX_ATTRIBUTES {
        return Err(Rejection::new(
            "attributes",
            format_args!("at most {MAX_ATTRIBUTES} attributes, these are {}", attributes.len()),
        ));
    }
    for (name, text) in &attributes {
        if name.is_empty() {
            return Err(Rejection::new("attributes", "an attribute needs a name"));
        }
        limit("attributes", name)?;
        limit("attributes", text)?;
    }
    attributes.sort_unstable();
    match attributes.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(Rejection::new("attributes", format_args!("{:?} is given twice", pair[0].0))),
        None => Ok(attributes),
    }
}

fn limit(path: &str, text: &str) -> Result<(), Rejection> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Rejection::new(
            path,
            format_args!("a text has at most {MAX_TEXT_BYTES} bytes, this one has {}", text.len()),
        ));
    }
    Ok(())
}
