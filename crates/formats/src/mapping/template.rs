//! Texts with fields in braces.

use super::record::Record;
use super::{Format, MappingError};

/// A template, read once.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Topic,
    /// A level of the topic, counted from 0.
    Level(usize),
    Field(String),
}

impl Template {
    pub(super) fn parse(text: &str, format: Format, path: &str) -> Result<Self, MappingError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            let end = rest.find('}').filter(|_| brace == "{");
            let end = end.ok_or_else(|| {
                MappingError::new(
                    path,
                    format_args!("{text:?} has a single {brace}; write {brace}{brace} for a plain one"),
                )
            })?;
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::parse(&rest[..end], format, path)?);
            rest = &rest[end + 1..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        if parts.is_empty() {
            return Err(MappingError::new(path, "must not be empty"));
        }
        Ok(Self { parts })
    }

    /// The text for one record, or the first field that it does not have.
    pub(super) fn fill(&self, record: &Record<'_>) -> Result<String, String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Topic => text.push_str(record.topic),
                Part::Level(n) => text.push_str(
                    record.topic.split('/').nth(*n).ok_or_else(|| format!("the topic has no level {}", n + 1))?,
                ),
                Part::Field(field) => {
                    text.push_str(&record.text(field)?.ok_or_else(|| format!("the record has no {field}"))?);
                }
            }
        }
        Ok(text)
    }
}

impl Part {
    fn parse(name: &str, format: Format, path: &str) -> Result<Self, MappingError> {
        if name == "topic" {
            return Ok(Self::Topic);
        }
        if let Some(level) = name.strip_prefix("topic.") {
            let level: usize =
                level.parse().ok().filter(|n| (1..=128).contains(n)).ok_or_else(|| {
                    MappingError::new(path, format_args!("{{{name}}}: topic levels are numbered from 1"))
                })?;
            return Ok(Self::Level(level - 1));
        }
        check_field(name, format, path)?;
        Ok(Self::Field(name.to_owned()))
    }
}

/// Checks that a field is a JSON pointer, or for CSV a column's name.
pub(super) fn check_field(field: &str, format: Format, path: &str) -> Result<(), MappingError> {
    let bad = |why: &str| Err(MappingError::new(path, format_args!("{field:?}: {why}")));
    match format {
        Format::Csv if field.is_empty() => bad("a column's name must not be empty"),
        Format::Json | Format::Ndjson if !field.is_empty() && !field.starts_with('/') => {
            bad("a field of a JSON message is a pointer and starts with /, such as /data/0/pm25")
        }
        _ => Ok(()),
    }
}
