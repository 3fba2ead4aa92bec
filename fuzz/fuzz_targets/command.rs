//! Commands as the log keeps them, one JSON object a line, carried out one after the other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_engine::{Command, Effect, Engine, Input};
use vigiles_fuzz::NOW;

fuzz_target!(|text: &str| {
    let mut engine = Engine::new();
    for line in text.lines().take(50) {
        let Ok(command) = serde_json::from_str::<Command>(line) else { continue };
        let mut effects = Vec::new();
        engine.step(&Input::Command(command), NOW, &mut effects);
        let answers = effects.iter().filter(|effect| matches!(effect, Effect::CommandDone(_))).count();
        assert_eq!(answers, 1, "a command has one answer: {line}");
    }
    let bytes = engine.snapshot();
    let again = Engine::restore(&bytes).expect("a snapshot is restored");
    assert_eq!(again.snapshot(), bytes, "a snapshot changed on its way");
});
