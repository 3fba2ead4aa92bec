//! A seeded synthetic city, for tests and benches.
