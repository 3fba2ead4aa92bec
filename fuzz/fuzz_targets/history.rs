//! Files of the history: sealed blocks and the list of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_history::embedded::manifest::Manifest;
use vigiles_history::embedded::parse_file;

fuzz_target!(|bytes: &[u8]| {
    let _ = parse_file(bytes);
    if let Ok(manifest) = Manifest::parse(bytes) {
        assert!(Manifest::parse(&manifest.write()).is_ok(), "a list of blocks is read again");
    }
});
