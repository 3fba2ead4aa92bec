//! Cells on the earth, so that what is near a place is found without looking at everything.

use vigiles_model::Position;

/// Rows of cells, each at least as high and as wide as a distance: what is that near is in the cell or beside it.
/// Up to 89 degrees north and south; what is near across the 180th meridian is in no cell beside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    degrees: f64,
}

/// Row (south to north) and column (west to east).
pub(crate) type Cell = (i32, i32);

impl Grid {
    pub(crate) fn of(metres: f64) -> Self {
        // One degree of latitude is never less than 110.5 km.
        Self { degrees: metres / 110_500.0 }
    }

    pub(crate) fn cell(self, place: Position) -> Cell {
        let row = (place.lat / self.degrees).floor() as i32;
        (row, self.column(row, place.lon))
    }

    /// The cell of a place and those beside it: of each row the first and the last.
    pub(crate) fn beside(self, place: Position) -> impl Iterator<Item = (Cell, Cell)> {
        let row = self.cell(place).0;
        (row.saturating_sub(1)..=row.saturating_add(1)).map(move |row| {
            let column = self.column(row, place.lon);
            ((row, column.saturating_sub(1)), (row, column.saturating_add(1)))
        })
    }

    /// A degree of longitude shrinks with the cosine of the latitude: all cells of a row are as wide as it needs at its
    /// edge that is nearer to the pole.
    fn column(self, row: i32, lon: f64) -> i32 {
        let edge = (f64::from(row).abs() + 1.0) * self.degrees;
        let shrunk = edge.min(89.0).to_radians().cos();
        (lon * shrunk / self.degrees).floor() as i32
    }
}
