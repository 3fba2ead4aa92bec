//! Versioned documents with kind, place and time indexes, a change feed and an audit log.
