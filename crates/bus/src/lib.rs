//! The log: ordered topics, durable appends, replay.
