//! The deterministic core: rules, detectors, windows, correlation, incidents, playbooks.
