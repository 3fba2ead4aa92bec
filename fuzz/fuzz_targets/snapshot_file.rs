//! Snapshot files: what is taken is exactly what its header says of it, and no byte of it can be cut off unnoticed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_runtime::snapshot::parse;

/// Bytes before the state.
const HEADER: usize = 28;

fuzz_target!(|bytes: &[u8]| {
    let Ok(snapshot) = parse(bytes) else { return };
    assert_eq!(snapshot.state, bytes[HEADER..]);
    assert_eq!(snapshot.offset.0.to_le_bytes(), bytes[8..16]);
    assert!(parse(&bytes[..bytes.len() - 1]).is_err(), "a file that was cut off is refused");
    assert!(parse(&[bytes, &[0]].concat()).is_err(), "a file with more than it says is refused");
});
