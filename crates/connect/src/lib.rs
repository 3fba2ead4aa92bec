//! One folder a protocol, both directions.
