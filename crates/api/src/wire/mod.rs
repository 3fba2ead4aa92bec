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
pub mod time;
pub mod words;
pub mod zone;
