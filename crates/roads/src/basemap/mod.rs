//! One archive of vector tiles from one OpenStreetMap extract; the layers are described in `docs/basemap.md`.

mod archive;
mod classify;
mod coast;
mod extract;
mod features;
mod geometry;
mod mvt;
mod rings;
mod tiles;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, Write};
use std::path::Path;

pub use classify::Layer;
use geometry::{Rect, project};
use vigiles_model::BoundingBox;

use crate::RoadsError;
use crate::pbf::Reader;

/// What is made, and its bounds.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of the map in its metadata.
    pub name: String,
    /// First zoom stored.
    pub min_zoom: u8,
    /// Last zoom stored, at most 15.
    pub max_zoom: u8,
    /// How far the map goes on beyond the box of the extract, as a part of its width and height. Only what the
    /// extract happens to hold is drawn there, and the sea, so that the coast does not end in a straight edge.
    pub margin: f64,
    /// Most vertices of ways held in memory; 16 to 50 bytes each.
    pub max_vertices: u64,
    /// Most tiles over all zooms.
    pub max_tiles: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: "base map".into(),
            min_zoom: 8,
            max_zoom: 15,
            margin: 0.5,
            max_vertices: 20_000_000,
            max_tiles: 500_000,
        }
    }
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The extract is read three times.
    Reading {
        /// 1 to 3.
        pass: u8,
        /// Bytes read in this pass.
        bytes: u64,
    },
    /// Tiles of one zoom are made.
    Tiles {
        /// The zoom.
        zoom: u8,
        /// Tiles done.
        done: u64,
        /// Tiles of this zoom.
        of: u64,
    },
}

/// What was odd in the extract and left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Odd {
    /// Nodes that ways name and the extract lacks; usual at the edge of an extract.
    pub missing_nodes: u64,
    /// Lines of which fewer than two nodes are left.
    pub broken_lines: u64,
    /// Areas or parts of areas whose rings do not close.
    pub broken_areas: u64,
    /// Ends of the coastline inside the box; the sea near them is a guess.
    pub loose_coast: u64,
}

/// What was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The box of the extract. The archive's own box is wider by the margin.
    pub bounds: BoundingBox,
    /// Features by layer.
    pub features: BTreeMap<&'static str, u64>,
    /// Tiles by zoom.
    pub tiles: BTreeMap<u8, u64>,
    /// Size of the tiles before compression, in bytes.
    pub tile_bytes: u64,
    /// What was left out.
    pub odd: Odd,
}

/// Makes the archive `out` from the extract `pbf`. The archive appears only once it is complete and on disk.
pub fn build(
    pbf: &Path,
    out: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, RoadsError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| RoadsError::Io { path, source }
    };
    let input = BufReader::new(File::open(pbf).map_err(at(pbf))?);
    let mut name = out.as_os_str().to_owned();
    name.push(".part");
    let part = Path::new(&name);
    let mut file = File::options().read(true).write(true).create(true).truncate(true).open(part).map_err(at(part))?;
    let made = build_from(input, pbf, &mut file, out, options, progress).and_then(|report| {
        file.sync_all().map_err(at(part))?;
        std::fs::rename(part, out).map_err(at(out))?;
        Ok(report)
    });
    if made.is_err() {
        // The fault that is reported is the one that stopped the work; what is left of the file is of no use.
        let _ = std::fs::remove_file(part);
    }
    made
}

/// As [`build`], from and to anything that can be read and written; the paths are only named in errors.
///
/// Any bytes whatever give an archive or an error.
pub fn build_from(
    input: impl Read + Seek,
    pbf: &Path,
    output: impl Write + Seek,
    out: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, RoadsError> {
    check(options)?;
    let mut reader = Reader::new(input, pbf);
    let header = reader.restart()?;
    let mut odd = Odd::default();
    let extract = extract::read(&mut reader, options, &mut odd, progress)?;
    let empty = || RoadsError::Empty { path: pbf.to_owned() };
    let bounds = header.bounds.or_else(|| bounds(&extract)).ok_or_else(empty)?;
    let drawn = widened(&bounds, options.margin);
    let outer = rect(&drawn);
    tiles::count(&outer, options)?;
    let features = features::features(&extract, &rect(&bounds), &outer, &mut odd);
    drop(extract);
    if features.is_empty() {
        return Err(empty());
    }
    let mut report = Report { bounds, features: BTreeMap::new(), tiles: BTreeMap::new(), tile_bytes: 0, odd };
    for feature in &features {
        *report.features.entry(feature.class.layer.name()).or_default() += 1;
    }
    let mut archive = archive::Archive::create(output, out, &drawn, &header, options)?;
    for zoom in options.min_zoom..=options.max_zoom {
        tiles::make(&features, &outer, zoom, options, progress, &mut |tile| {
            *report.tiles.entry(zoom).or_default() += 1;
            report.tile_bytes += tile.bytes.len() as u64;
            archive.add(&tile)
        })?;
    }
    archive.finish()?;
    Ok(report)
}

fn check(options: &Options) -> Result<(), RoadsError> {
    if options.max_zoom > 15 {
        return Err(RoadsError::Option { field: "max_zoom", why: format!("{} is more than 15", options.max_zoom) });
    }
    if options.min_zoom > options.max_zoom {
        let why = format!("{} is more than max_zoom, {}", options.min_zoom, options.max_zoom);
        return Err(RoadsError::Option { field: "min_zoom", why });
    }
    if !(0.0..=10.0).contains(&options.margin) {
        return Err(RoadsError::Option { field: "margin", why: format!("{} is not between 0 and 10", options.margin) });
    }
    Ok(())
}

/// The box around everything that is drawn, where the extract does not name its own.
fn bounds(extract: &extract::Extract) -> Option<BoundingBox> {
    let degrees = |e7: i32| f64::from(e7) * 1e-7;
    let around = Rect::around(extract.places().map(|(lon, lat)| [degrees(lon), degrees(lat)]));
    let bounds = BoundingBox::new(around.min[0], around.min[1], around.max[0], around.max[1]).ok()?;
    (bounds.west < bounds.east && bounds.south < bounds.north).then_some(bounds)
}

fn widened(bounds: &BoundingBox, margin: f64) -> BoundingBox {
    let (dx, dy) = ((bounds.east - bounds.west) * margin, (bounds.north - bounds.south) * margin);
    BoundingBox {
        west: (bounds.west - dx).max(-180.0),
        south: (bounds.south - dy).max(-90.0),
        east: (bounds.east + dx).min(180.0),
        north: (bounds.north + dy).min(90.0),
    }
}

fn rect(bounds: &BoundingBox) -> Rect {
    let e7 = |degrees: f64| (degrees * 1e7).round() as i32;
    let north_west = project(e7(bounds.west), e7(bounds.north));
    let south_east = project(e7(bounds.east), e7(bounds.south));
    Rect { min: north_west, max: south_east }
}
