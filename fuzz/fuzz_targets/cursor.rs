//! The places in lists that clients give back: what is taken is written again as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_history::Cursor;

fuzz_target!(|text: &str| {
    if let Ok(cursor) = text.parse::<Cursor>() {
        let again = cursor.to_string().parse::<Cursor>();
        assert_eq!(again.ok(), Some(cursor), "{text}");
    }
});
