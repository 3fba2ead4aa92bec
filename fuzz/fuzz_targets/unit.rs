//! Unit codes (UCUM): one alone, or two separated by a blank, to be converted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_model::unit::{Conversion, UnitError, check};

fuzz_target!(|text: &str| {
    let (from, to) = text.split_once(' ').unwrap_or((text, text));
    match check(from) {
        Ok(()) => {
            let same = Conversion::between(from, from).expect("a unit measures what it measures");
            assert_eq!(same.apply_to_difference(1.0).to_bits(), 1f64.to_bits(), "one of a unit is one of itself");
        }
        Err(UnitError::Unknown { column, code, .. } | UnitError::Malformed { column, code, .. }) => {
            assert!((1..=code.len() + 1).contains(&column), "the place lies in the code");
        }
        Err(_) => {}
    }
    if let Ok(there) = Conversion::between(from, to) {
        assert!(there.apply_to_difference(1.0) >= 0.0, "no unit is negative");
        assert!(Conversion::between(to, from).is_ok(), "there and back");
    }
});
