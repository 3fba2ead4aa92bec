//! Whole answers of a query as a file: written row by row while it is sent, in bounded memory.

mod csv;
mod geojson;
mod ndjson;
mod parquet;
mod pipe;

use std::io::{self, BufWriter};

use vigiles_model::Observation;

use crate::problem::{Code, Problem};

pub(crate) use pipe::{Pipe, stream};

/// Bytes gathered before they are sent.
const CHUNK_BYTES: usize = 64 * 1024;

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    GeoJson,
    Ndjson,
    Parquet,
}

impl Format {
    const ALL: [Self; 4] = [Self::Csv, Self::GeoJson, Self::Ndjson, Self::Parquet];

    /// The format of a query.
    pub(crate) fn read(asked: Option<&str>) -> Result<Self, Problem> {
        let found = Self::ALL.into_iter().find(|format| Some(format.name()) == asked);
        found.ok_or_else(|| {
            let all = Self::ALL.map(Self::name).join(", ");
            let why = asked.map_or_else(|| format!("one of {all}"), |asked| format!("{asked:?} is none of {all}"));
            Problem::of(Code::Malformed, "format", why)
        })
    }

    /// What it is called, also as the ending of a file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::GeoJson => "geojson",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }

    /// Its media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::GeoJson => "application/geo+json",
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// Begins a file.
    pub(crate) fn begin<W: io::Write + Send + 'static>(self, to: W) -> io::Result<Box<dyn Rows>> {
        let to = BufWriter::with_capacity(CHUNK_BYTES, to);
        Ok(match self {
            Self::Csv => Box::new(csv::Csv::begin(to)?),
            Self::GeoJson => Box::new(geojson::GeoJson::begin(to)?),
            Self::Ndjson => Box::new(ndjson::Ndjson::begin(to)),
            Self::Parquet => Box::new(parquet::Parquet::begin(to)?),
        })
    }
}

/// A file that is being written.
pub(crate) trait Rows {
    /// Adds an observation, with the unit of its kind.
    fn add(&mut self, observation: &Observation, unit: &str) -> io::Result<()>;

    /// Ends the file. One that was not ended does not look whole.
    fn end(self: Box<Self>) -> io::Result<()>;
}

#[cfg(test)]
mod tests;
