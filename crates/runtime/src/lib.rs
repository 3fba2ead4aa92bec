//! The loop around the pure core: doors in, log, engine, effects, history.
