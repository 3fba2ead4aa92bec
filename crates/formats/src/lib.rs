//! Standards as bytes and types: CloudEvents, NDJSON, CSV, mappings of foreign payloads. No IO.
