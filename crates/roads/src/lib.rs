//! OpenStreetMap import and base map tiles.
