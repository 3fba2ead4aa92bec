//! The bytes of an MQTT connection, 3.1.1 or 5.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_connect::mqtt::count_packets;

fuzz_target!(|bytes: &[u8]| {
    let _ = count_packets(bytes, 64 * 1024);
});
