//! Whatever the bytes are, the answer is an archive or an error with a place.

use std::io::Cursor;
use std::path::Path;

use proptest::prelude::*;
use vigiles_roads::RoadsError;
use vigiles_roads::basemap::{self, Options, Report};

use crate::monaco;

fn built(bytes: Vec<u8>, options: &Options) -> Result<Report, RoadsError> {
    let out = Cursor::new(Vec::new());
    basemap::build_from(Cursor::new(bytes), Path::new("in"), out, Path::new("out"), options, &mut |_| {})
}

fn check(bytes: &[u8], expected: &str) {
    let error = built(bytes.to_vec(), &Options::default()).unwrap_err().to_string();
    assert_eq!(error, expected);
}

#[test]
fn faults_are_named() {
    check(b"", "in: damaged at byte 0: the file is empty");
    check(b"\0\0", "in: damaged at byte 0: the file ends inside a block");
    check(b"<?xml version", "in: damaged at byte 0: not an OSM PBF file: a block header of more than 64 KiB");
    check(&[0, 0, 0, 2, 0x0a, 0], "in: damaged at byte 0: not an OSM PBF file: a block header without a size");
    let file = monaco();
    check(&file[..100], "in: damaged at byte 0: the file ends inside a block");
}

#[test]
fn bounds_are_kept() {
    let file = monaco();
    let few = Options { max_vertices: 1000, ..Options::default() };
    assert!(matches!(built(file.clone(), &few), Err(RoadsError::TooLarge { limit: 1000, .. })));
    let few = Options { max_tiles: 3, ..Options::default() };
    assert!(matches!(built(file.clone(), &few), Err(RoadsError::TooLarge { what: "tiles", .. })));
    let wrong = Options { min_zoom: 12, max_zoom: 11, ..Options::default() };
    assert!(matches!(built(file, &wrong), Err(RoadsError::Option { field: "min_zoom", .. })));
}

#[test]
fn unpacked_blocks_give_the_same_map() {
    let options = Options { max_zoom: 10, ..Options::default() };
    assert_eq!(built(unpacked(), &options).unwrap(), built(monaco(), &options).unwrap());
}

#[test]
fn a_block_that_unpacks_to_too_much_is_refused() {
    use std::io::Write;
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..40 {
        zlib.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let zlib = zlib.finish().unwrap();
    let length = |n: usize| [(n & 0x7f) as u8 | 0x80, (n >> 7 & 0x7f) as u8 | 0x80, (n >> 14) as u8];
    let mut blob = vec![0x1a];
    blob.extend(length(zlib.len()));
    blob.extend(zlib);
    let mut header = b"\x0a\x09OSMHeader\x18".to_vec();
    header.extend(length(blob.len()));
    let mut file = (header.len() as u32).to_be_bytes().to_vec();
    file.extend(header);
    file.extend(blob);
    check(&file, "in: damaged at byte 0: a block that unpacks to more than 32 MiB");
}

/// The extract with its blocks unpacked, so that changed bytes reach the elements.
fn unpacked() -> Vec<u8> {
    use std::io::Read;
    let (file, mut out, mut at) = (monaco(), Vec::new(), 0);
    while at < file.len() {
        let size = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        let header = &file[at + 4..at + 4 + size];
        let name_end = 2 + header[1] as usize;
        let mut cursor = name_end + 1;
        let packed = number(header, &mut cursor);
        let blob = &file[at + 4 + size..at + 4 + size + packed];
        at += 4 + size + packed;
        // Raw size, then the field with the zlib data.
        let mut cursor = 1;
        number(blob, &mut cursor);
        cursor += 1;
        let length = number(blob, &mut cursor);
        let mut raw = Vec::new();
        flate2::read::ZlibDecoder::new(&blob[cursor..cursor + length]).read_to_end(&mut raw).unwrap();
        let mut blob = vec![0x0a];
        blob.extend(varint(raw.len()));
        blob.extend(raw);
        let mut header = header[..name_end].to_vec();
        header.push(0x18);
        header.extend(varint(blob.len()));
        out.extend((header.len() as u32).to_be_bytes());
        out.extend(header);
        out.extend(blob);
    }
    out
}

fn number(bytes: &[u8], at: &mut usize) -> usize {
    let (mut value, mut shift) = (0, 0);
    loop {
        value |= ((bytes[*at] & 0x7f) as usize) << shift;
        *at += 1;
        shift += 7;
        if bytes[*at - 1] & 0x80 == 0 {
            return value;
        }
    }
}

fn varint(n: usize) -> [u8; 4] {
    [n as u8 | 0x80, (n >> 7) as u8 | 0x80, (n >> 14) as u8 | 0x80, (n >> 21) as u8 & 0x7f]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_never_panic(at in prop::collection::vec((0usize..400_000, any::<u8>()), 1..6), cut in 0usize..500_000) {
        let mut file = monaco();
        for (i, byte) in at {
            let i = i % file.len();
            file[i] = byte;
        }
        file.truncate(cut.max(1));
        let options = Options { max_zoom: 10, ..Options::default() };
        let _ = built(file, &options);
    }

    #[test]
    fn changed_elements_never_panic(at in prop::collection::vec((0usize..1_500_000, any::<u8>()), 1..200)) {
        let mut file = unpacked();
        for (i, byte) in at {
            // The frames of the blocks stay whole, most of all the first.
            let i = 400 + i % (file.len() - 400);
            file[i] = byte;
        }
        let options = Options { max_zoom: 9, ..Options::default() };
        let _ = built(file, &options);
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = built(bytes, &Options { max_zoom: 9, ..Options::default() });
    }
}
