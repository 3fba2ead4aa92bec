//! Observations asked by kind, area, time and source.
