//! Messages of the log on servers, and the addresses of those servers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_bus::jetstream::address::Address;
use vigiles_bus::jetstream::frame;

fuzz_target!(|bytes: &[u8]| {
    let _ = frame::parse("city_t", &bytes.to_vec().into());
    // What comes behind the check of the hash.
    let _ = frame::parse("city_t", &frame::seal("city_t", bytes.to_vec()).0);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Address::parse(text);
    }
});
