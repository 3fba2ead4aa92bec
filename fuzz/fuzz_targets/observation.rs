//! Observations in JSON, one or many, through the gate.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_formats::observation::{parse, parse_one};
use vigiles_fuzz::pass_the_gate;

fuzz_target!(|bytes: &[u8]| {
    pass_the_gate(vec![parse_one(bytes)]);
    if let Ok(drafts) = parse(bytes) {
        pass_the_gate(drafts);
    }
});
