//! CloudEvents: structured, batch, and the headers of binary mode.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_formats::cloudevents::{parse_batch, parse_binary, parse_structured};
use vigiles_fuzz::pass_the_gate;

fuzz_target!(|bytes: &[u8]| {
    for parse in [parse_structured, parse_batch] {
        if let Ok(drafts) = parse(bytes) {
            pass_the_gate(drafts);
        }
    }
    let (head, body) = bytes.split_at(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
    let head = String::from_utf8_lossy(head);
    let header =
        |name: &str| head.lines().filter_map(|line| line.split_once(": ")).find(|(n, _)| *n == name).map(|(_, v)| v);
    if let Ok(drafts) = parse_binary(header, body) {
        pass_the_gate(drafts);
    }
});
