//! Exercises: a city beside the real one, with the same rules and another set of changing state.
//!
//! Invariant: an entry of the log changes one set of state: of observations, those of origin exercise that of the exercise
//! under way and all others the city's; of commands on incidents, the set that holds the incident. So the city's alarms
//! and incidents are the same whether an exercise stands in the log or not.
//! Invariant: what is outward in an exercise is never handed out; its incidents give no
//! [`Live`](vigiles_model::playbook::Live).

mod check;
pub mod debrief;
mod drill;
mod point;
mod routing;
mod scenario;
pub mod targets;

pub use check::{Known, check};
pub(crate) use drill::{Drill, SIDES};
pub use scenario::{Call, Entry, Fault, MAX_LENGTH_S, Reading, Scenario, Target};
