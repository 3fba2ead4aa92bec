//! Who may do what: roles, contexts, passwords, tokens.
//!
//! Invariant: nothing is allowed that [`policy`] does not list; nobody reaches data without a
//! [`Context`]; a secret is stored as a hash only. No IO and no clock here: time is handed in.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

pub mod context;
pub mod limiter;
pub mod password;
pub mod policy;
pub mod random;
pub mod token;

pub use context::{Actor, Context, Purpose};
pub use policy::{Action, Refusal, Resource, Role, authorise};
