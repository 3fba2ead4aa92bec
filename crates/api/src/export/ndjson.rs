//! Lines as the doors take them.

use std::io::{self, Write};

use vigiles_formats::observation::Written;
use vigiles_model::Observation;

use super::Rows;

pub(super) struct Ndjson<W> {
    to: W,
}

impl<W: Write> Ndjson<W> {
    pub(super) fn begin(to: W) -> Self {
        Self { to }
    }
}

impl<W: Write> Rows for Ndjson<W> {
    fn add(&mut self, observation: &Observation, unit: &str) -> io::Result<()> {
        serde_json::to_writer(&mut self.to, &Written { observation, unit })?;
        self.to.write_all(b"\n")
    }

    fn end(mut self: Box<Self>) -> io::Result<()> {
        self.to.flush()
    }
}
