//! Snapshots of the engine: damaged ones are refused, those that are taken can be gone on with.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_engine::{Engine, Input};
use vigiles_fuzz::NOW;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(mut engine) = Engine::restore(bytes) {
        engine.step(&Input::Tick, NOW, &mut Vec::new());
        let _ = engine.snapshot();
    }
});
