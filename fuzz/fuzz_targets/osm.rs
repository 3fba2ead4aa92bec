//! OpenStreetMap extracts (PBF). A flawed file ends the walk with an error that names the place.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use vigiles_roads::RoadsError;
use vigiles_roads::pbf::{Element, Reader, Visitor, Wanted};

struct Count(usize);

impl Visitor for Count {
    fn element(&mut self, _element: Element<'_>) {
        self.0 += 1;
    }

    fn block_done(&mut self, _position: u64) -> Result<(), RoadsError> {
        Ok(())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut reader = Reader::new(Cursor::new(bytes), Path::new("input"));
    if reader.restart().is_ok() {
        for wanted in [Wanted::Nodes, Wanted::Ways, Wanted::Relations] {
            let _ = reader.walk(wanted, &mut Count(0));
        }
    }
});
