//! `vigiles basemap IN.osm.pbf OUT.pmtiles`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use vigiles_roads::basemap::{self, Options, Report};

/// Make a base map from an OpenStreetMap extract.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The extract (.osm.pbf).
    extract: PathBuf,
    /// The map to write (.pmtiles).
    map: PathBuf,
}

/// Makes the map and says what is in it; progress goes to the log.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let report = build(&arguments.extract, &arguments.map)?;
    for (layer, count) in &report.features {
        super::say(format_args!("{layer}: {count} features"))?;
    }
    super::say(format_args!("{} tiles; left out: {:?}", report.tiles.values().sum::<u64>(), report.odd))
}

/// Makes the map; it appears only once it is whole.
pub(crate) fn build(extract: &Path, map: &Path) -> Result<Report> {
    let mut tell = |progress| tracing::debug!(?progress, "base map");
    basemap::build(extract, map, &Options::default(), &mut tell)
        .with_context(|| format!("making a base map of {}", extract.display()))
}
