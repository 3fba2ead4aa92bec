//! Newline-delimited JSON: read in chunks it gives what it gives as a whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_formats::ndjson::{Reader, parse};
use vigiles_fuzz::pass_the_gate;

fuzz_target!(|bytes: &[u8]| {
    let Some((step, body)) = bytes.split_first() else { return };
    let whole = parse(body);
    let mut reader = Reader::default();
    let mut drafts = Vec::new();
    for chunk in body.chunks(usize::from(*step).max(1)) {
        reader.push(chunk, &mut drafts);
    }
    reader.finish(&mut drafts);
    assert_eq!(drafts, whole, "chunks of {step} bytes");
    pass_the_gate(drafts);
});
