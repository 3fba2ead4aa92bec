//! MQTT topics and filters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_formats::mqtt::{is_filter, is_topic, matches};

fuzz_target!(|text: &str| {
    let Some((filter, topic)) = text.split_once('\n') else { return };
    if is_filter(filter) && is_topic(topic) {
        let _ = matches(filter, topic);
    }
    if is_topic(topic) {
        assert!(matches(topic, topic), "a topic matches itself");
        assert_eq!(matches("#", topic), !topic.starts_with('$'), "# matches every topic but the reserved ones");
    }
});
