//! Places as H3 cells: which cell a point has, and which ranges of cells a box needs.
//!
//! The number of a cell begins with that of every coarser cell that holds it, so the cells within a coarse one are one range of
//! a btree. A btree of cell and time answers "near here, lately" many times faster than a GiST index of geometry beside
//! an index of time (measured: docs/history-format.md).

use h3o::{CellIndex, LatLng, Resolution};
use vigiles_model::{BoundingBox, Geometry};

/// Of stored cells: an edge of about 200 m.
const STORED: Resolution = Resolution::Nine;
/// The cell of a place that is no point; no H3 cell has this number.
pub(super) const NO_POINT: i64 = 0;
/// Rings around the middle of a box: 127 cells at most, with the ring that is added.
const MAX_RINGS: f64 = 5.0;
/// Beyond this a box is looked for by time alone.
const MAX_DEGREES: f64 = 20.0;
/// A ring reaches at least so many average edges further out, also where the grid is most distorted: of an even grid it
/// would be 1.5.
const EDGES_A_RING: f64 = 0.8;
const METRES_A_DEGREE: f64 = 111_320.0;

/// The cell of a place.
pub(super) fn of(place: &Geometry) -> i64 {
    let Geometry::Point(point) = place else { return NO_POINT };
    LatLng::new(point.lat, point.lon).map_or(NO_POINT, |point| u64::from(point.to_cell(STORED)) as i64)
}

/// Ranges of cells, first and last, that hold every point of a box, and [`NO_POINT`]; none where the box is too large for them
/// to help.
pub(super) fn cover(area: &BoundingBox) -> Option<(Vec<i64>, Vec<i64>)> {
    let (height, width) = (area.north - area.south, area.east - area.west);
    let widest = (area.south.max(-area.north)).max(0.0).to_radians().cos();
    if height > MAX_DEGREES || width > MAX_DEGREES || area.north.max(-area.south) > 80.0 {
        return None;
    }
    let metres = f64::hypot(height, width * widest) * METRES_A_DEGREE;
    let (resolution, rings) = Resolution::range(Resolution::Zero, STORED).rev().find_map(|resolution| {
        // From the middle of the box to a corner, and from the middle of the first cell to the middle of the box.
        let rings = (metres / 2.0 / (resolution.edge_length_m() * EDGES_A_RING)).ceil() + 1.0;
        (rings <= MAX_RINGS).then_some((resolution, rings as u32))
    })?;
    let middle = LatLng::new(f64::midpoint(area.south, area.north), f64::midpoint(area.west, area.east)).ok()?;
    // The cells of the next finer resolution do not quite fill a cell: one ring more holds those at its edge.
    let mut cells: Vec<CellIndex> = middle.to_cell(resolution).grid_disk(rings + 1);
    cells.sort_unstable();
    let (mut first, mut last) = (vec![NO_POINT], vec![NO_POINT]);
    for cell in cells {
        let ends = (cell.child_at(0, STORED)?, cell.child_at(cell.children_count(STORED) - 1, STORED)?);
        first.push(u64::from(ends.0) as i64);
        last.push(u64::from(ends.1) as i64);
    }
    Some((first, last))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigiles_model::Position;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// A point of the box always lies in a range, wherever on earth and however large.
        #[test]
        fn a_cover_holds_every_point(
            lon in -180.0..180.0_f64, lat in -79.0..79.0_f64,
            size in (-5.0..1.3_f64, -5.0..1.3_f64), at in (0.0..=1.0_f64, 0.0..=1.0_f64),
        ) {
            let (width, height) = (10_f64.powf(size.0), 10_f64.powf(size.1));
            let area = BoundingBox { west: lon, south: lat, east: (lon + width).min(180.0), north: (lat + height).min(90.0) };
            let point = Position { lon: lon + (area.east - lon) * at.0, lat: lat + (area.north - lat) * at.1 };
            if let Some((first, last)) = cover(&area) {
                let cell = of(&Geometry::Point(point));
                prop_assert!(first.iter().zip(&last).any(|(first, last)| (*first..=*last).contains(&cell)), "{area:?} {point:?}");
                prop_assert!(first.len() <= 128);
            }
        }
    }

    #[test]
    fn a_small_box_is_a_small_part_of_the_earth() {
        let area = BoundingBox { west: 24.94, south: 60.16, east: 24.95, north: 60.17 };
        let (first, last) = cover(&area).unwrap();
        let far = of(&Geometry::Point(Position { lon: 25.5, lat: 60.17 }));
        assert!(!first.iter().zip(&last).any(|(first, last)| (*first..=*last).contains(&far)));
        assert_eq!(cover(&BoundingBox::EARTH), None);
    }
}
