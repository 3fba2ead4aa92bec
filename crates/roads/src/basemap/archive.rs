//! The PMTiles archive (version 3) around the tiles.

use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use pmtiles::{PmTilesStreamWriter, PmTilesWriter, PmtError, TileType};
use serde_json::{Value, json};
use vigiles_model::BoundingBox;

use super::Options;
use super::classify::Layer;
use super::tiles::Tile;
use crate::RoadsError;
use crate::pbf::Header;

/// The credit that the licence of the data asks for.
const ATTRIBUTION: &str = "© OpenStreetMap contributors";

/// An archive being written.
pub(super) struct Archive<W: Write + Seek> {
    writer: PmTilesStreamWriter<W>,
    path: PathBuf,
}

impl<W: Write + Seek> Archive<W> {
    pub(super) fn create(
        output: W,
        path: &Path,
        bounds: &BoundingBox,
        header: &Header,
        options: &Options,
    ) -> Result<Self, RoadsError> {
        let (lon, lat) = (f64::midpoint(bounds.west, bounds.east), f64::midpoint(bounds.south, bounds.north));
        let writer = PmTilesWriter::new(TileType::Mvt)
            .min_zoom(options.min_zoom)
            .max_zoom(options.max_zoom)
            .bounds(bounds.west, bounds.south, bounds.east, bounds.north)
            .center(lon, lat)
            .center_zoom(14.clamp(options.min_zoom, options.max_zoom))
            .metadata(metadata(header, options).to_string())
            .create(output)
            .map_err(|e| failed(path, &e))?;
        Ok(Self { writer, path: path.to_owned() })
    }

    pub(super) fn add(&mut self, tile: &Tile) -> Result<(), RoadsError> {
        self.writer.add_tile(tile.coord, &tile.bytes).map_err(|e| failed(&self.path, &e))
    }

    pub(super) fn finish(self) -> Result<(), RoadsError> {
        self.writer.finalize().map_err(|e| failed(&self.path, &e))
    }
}

fn failed(path: &Path, error: &PmtError) -> RoadsError {
    RoadsError::Archive { path: path.to_owned(), what: error.to_string() }
}

fn metadata(header: &Header, options: &Options) -> Value {
    let layers: Vec<Value> = Layer::ALL.iter().map(|layer| layer_metadata(*layer, options)).collect();
    let mut metadata = json!({
        "name": options.name,
        "description": "Base map made by Vigiles from an OpenStreetMap extract",
        "attribution": ATTRIBUTION,
        "type": "baselayer",
        "vector_layers": layers,
    });
    if let Some(seconds) = header.replicated_s {
        metadata["extract_time"] = json!(vigiles_model::Timestamp::from_secs(seconds).to_string());
    }
    metadata
}

fn layer_metadata(layer: Layer, options: &Options) -> Value {
    let (from_zoom, fields): (u8, &[(&str, &str)]) = match layer {
        Layer::Landuse => (10, &[("class", "String")]),
        Layer::Green => (8, &[("class", "String")]),
        Layer::Water => (8, &[("class", "String"), ("name", "String"), ("tunnel", "Boolean")]),
        Layer::Building => (13, &[("class", "String"), ("height", "Number")]),
        Layer::Rail => (10, &[("class", "String"), ("bridge", "Boolean"), ("tunnel", "Boolean")]),
        Layer::Road => (
            8,
            &[
                ("class", "String"),
                ("name", "String"),
                ("ref", "String"),
                ("rank", "Number"),
                ("oneway", "Boolean"),
                ("link", "Boolean"),
                ("bridge", "Boolean"),
                ("tunnel", "Boolean"),
            ],
        ),
        Layer::Place | Layer::Poi => (8, &[("class", "String"), ("name", "String"), ("rank", "Number")]),
    };
    let fields: serde_json::Map<String, Value> = fields.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
    json!({
        "id": layer.name(),
        "minzoom": from_zoom.clamp(options.min_zoom, options.max_zoom),
        "maxzoom": options.max_zoom,
        "fields": fields,
    })
}
