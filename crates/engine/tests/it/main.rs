//! Tests of the engine through its public face.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod absences;
mod budgets;
mod calls;
mod correlation;
mod damaged;
mod detectors;
mod determinism;
mod evidence;
mod exercise;
mod exercise_scenarios;
mod fields;
mod fixture;
mod fixture_all;
mod floods;
mod freezing;
mod geofence_ride;
mod incidents;
mod intake;
mod kinds;
mod lateness;
mod learned;
mod nab;
mod operators;
mod outward_kinds;
mod parted_clusters;
mod patterns;
mod playbook_check;
mod playbook_properties;
mod playbooks;
mod properties;
mod recorded;
mod rig;
mod rules;
mod swarm;
mod timers;
