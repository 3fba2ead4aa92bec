//! Files of the log: segments, marks and cursors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_bus::embedded::format;

fuzz_target!(|bytes: &[u8]| {
    let _ = format::parse_header(bytes);
    let _ = format::parse_segment(bytes);
    let _ = format::announced_length(bytes);
    let _ = format::parse_frame(bytes);
    let _ = format::parse_marks(7, bytes);
    let _ = format::parse_cursor(7, bytes);
});
