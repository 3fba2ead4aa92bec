//! One record of a foreign message: a JSON value or a CSV row.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

/// The columns of a table by name.
pub(super) type Columns = HashMap<String, usize>;

/// A record and what surrounds it.
pub(super) struct Record<'a> {
    pub(super) topic: &'a str,
    pub(super) body: Body<'a>,
}

pub(super) enum Body<'a> {
    /// A JSON record and the document it stands in.
    Json {
        record: &'a Value,
        document: &'a Value,
    },
    Row {
        columns: &'a Columns,
        fields: &'a csv::StringRecord,
    },
}

impl<'a> Record<'a> {
    /// A field as text; none where it is absent, null or an empty cell; an error where it is an object or array.
    pub(super) fn text(&self, field: &str) -> Result<Option<Cow<'a, str>>, String> {
        match &self.body {
            Body::Row { columns, fields } => {
                let cell = columns.get(field).and_then(|i| fields.get(*i)).map(str::trim);
                Ok(cell.filter(|c| !c.is_empty()).map(Cow::Borrowed))
            }
            Body::Json { record, document } => {
                let found = match field.strip_prefix('/') {
                    Some(whole) if whole.starts_with('/') => document.pointer(whole),
                    _ => record.pointer(field),
                };
                match found {
                    None | Some(Value::Null) => Ok(None),
                    Some(Value::String(text)) => Ok(Some(Cow::Borrowed(text))),
                    Some(Value::Number(number)) => Ok(Some(Cow::Owned(number.to_string()))),
                    Some(Value::Bool(truth)) => Ok(Some(Cow::Borrowed(if *truth { "true" } else { "false" }))),
                    Some(Value::Array(_)) => Err(format!("{field} is an array, not one value")),
                    Some(Value::Object(_)) => Err(format!("{field} is an object, not one value")),
                }
            }
        }
    }

    /// Whether the field has a value, also an object or an array.
    pub(super) fn has(&self, field: &str) -> bool {
        !matches!(self.text(field), Ok(None))
    }

    /// Whether the record has the field at all, even without a value.
    pub(super) fn names(&self, field: &str) -> bool {
        match &self.body {
            Body::Row { columns, .. } => columns.contains_key(field),
            Body::Json { record, document } => match field.strip_prefix('/') {
                Some(whole) if whole.starts_with('/') => document.pointer(whole).is_some(),
                _ => record.pointer(field).is_some(),
            },
        }
    }
}
