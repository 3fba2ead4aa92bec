//! Parts of snapshots beside the log: what is taken is what stands behind the header, and no byte of it can be cut off unnoticed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_runtime::snapshot_part::parse;

/// Bytes before those of the part.
const HEADER: usize = 28;

fuzz_target!(|record: &[u8]| {
    let Ok(part) = parse(record) else { return };
    assert_eq!(part.bytes, &record[HEADER..]);
    assert_eq!(part.offset.0.to_le_bytes(), record[8..16]);
    if !part.bytes.is_empty() {
        assert!(parse(&record[..record.len() - 1]).is_err(), "a part that was cut off is refused");
    }
});
