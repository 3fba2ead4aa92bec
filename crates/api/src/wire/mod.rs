//! The JSON shapes of the API. Each is made from the model's type, and only these know how it looks outside.

pub mod account;
pub mod action;
pub mod alarm;
pub mod asset;
pub mod audit;
pub mod back_test;
pub mod city;
pub mod correlation;
pub mod detector;
pub mod document;
pub mod exercise;
pub mod incident;
pub mod kind;
pub mod list;
pub mod observation;
pub mod orders;
pub mod picture;
pub mod place;
pub mod playbook;
pub mod rule;
pub mod source;
pub mod system;
pub mod task;
pub mod task_kind;
pub mod time;
pub mod words;
pub mod zone;

/// Gives what an actor is called, by the id of the account, or of the token with its `tok-`; none where it is gone. Names are
/// filled in when an answer is made and kept nowhere else, so that a change of an account shows at once.
pub type NameOf<'a> = &'a dyn Fn(&str) -> Option<String>;
