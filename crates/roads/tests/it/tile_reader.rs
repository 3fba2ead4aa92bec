//! Reads PMTiles and MVT from their specifications, apart from the code that writes them.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;

/// A feature: layer, geometry type (1 point, 2 line, 3 polygon), parts in tile units, fields.
#[derive(Debug, Clone)]
pub(crate) struct Feature {
    pub(crate) layer: String,
    pub(crate) kind: u64,
    pub(crate) parts: Vec<Vec<[i64; 2]>>,
    pub(crate) fields: BTreeMap<String, String>,
}

/// An opened archive.
pub(crate) struct Archive {
    bytes: Vec<u8>,
    pub(crate) metadata: serde_json::Value,
    /// Tile id, offset in the data section, length, run length.
    pub(crate) entries: Vec<(u64, u64, u64, u64)>,
}

fn number(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

fn varint(bytes: &[u8], at: &mut usize) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return value;
        }
        shift += 7;
    }
}

fn inflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

impl Archive {
    pub(crate) fn open(bytes: Vec<u8>) -> Self {
        assert_eq!(&bytes[..8], b"PMTiles\x03");
        let section = |at: usize| number(&bytes, at) as usize..(number(&bytes, at) + number(&bytes, at + 8)) as usize;
        let root = inflate(&bytes[section(8)]);
        let metadata = serde_json::from_slice(&inflate(&bytes[section(24)])).unwrap();
        assert_eq!(number(&bytes, 48), 0, "a small archive needs no leaf directories");
        assert_eq!((bytes[97], bytes[98], bytes[99]), (2, 2, 1), "gzip inside and out, MVT");
        Self { entries: directory(&root), metadata, bytes }
    }

    /// Zooms, and west, south, east, north in 1e-7 degrees.
    pub(crate) fn header(&self) -> (u8, u8, [i32; 4]) {
        let e7 = |at: usize| i32::from_le_bytes(self.bytes[at..at + 4].try_into().unwrap());
        (self.bytes[100], self.bytes[101], [e7(102), e7(106), e7(110), e7(114)])
    }

    /// Every feature of every tile of one zoom.
    pub(crate) fn features(&self, zoom: u32) -> Vec<Feature> {
        let first = (4u64.pow(zoom) - 1) / 3;
        let ids = first..first + 4u64.pow(zoom);
        let entries = self.entries.iter().filter(|entry| ids.contains(&entry.0));
        entries.flat_map(|entry| self.tile(entry)).collect()
    }

    fn tile(&self, (_, offset, length, _): &(u64, u64, u64, u64)) -> Vec<Feature> {
        let start = (number(&self.bytes, 56) + offset) as usize;
        let tile = inflate(&self.bytes[start..start + *length as usize]);
        fields(&tile).into_iter().filter(|f| f.0 == 3).flat_map(|(_, _, layer)| layer_features(&layer)).collect()
    }
}

fn directory(bytes: &[u8]) -> Vec<(u64, u64, u64, u64)> {
    let mut at = 0;
    let count = varint(bytes, &mut at) as usize;
    let mut column = || -> Vec<u64> { (0..count).map(|_| varint(bytes, &mut at)).collect() };
    let (ids, runs, lengths, offsets) = (column(), column(), column(), column());
    let (mut id, mut end, mut entries) = (0, 0, Vec::new());
    for i in 0..count {
        id += ids[i];
        let offset = if offsets[i] == 0 { end } else { offsets[i] - 1 };
        end = offset + lengths[i];
        entries.push((id, offset, lengths[i], runs[i]));
    }
    entries
}

/// Field number, number and bytes of each field of a message.
fn fields(bytes: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
    let (mut at, mut all) = (0, Vec::new());
    while at < bytes.len() {
        let key = varint(bytes, &mut at);
        match key & 7 {
            0 => all.push((key >> 3, varint(bytes, &mut at), Vec::new())),
            2 => {
                let length = varint(bytes, &mut at) as usize;
                all.push((key >> 3, 0, bytes[at..at + length].to_vec()));
                at += length;
            }
            other => panic!("wire type {other}"),
        }
    }
    all
}

fn packed(bytes: &[u8]) -> Vec<u64> {
    let (mut at, mut all) = (0, Vec::new());
    while at < bytes.len() {
        all.push(varint(bytes, &mut at));
    }
    all
}

fn layer_features(bytes: &[u8]) -> Vec<Feature> {
    let all = fields(bytes);
    let texts = |n: u64| -> Vec<Vec<u8>> { all.iter().filter(|f| f.0 == n).map(|f| f.2.clone()).collect() };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let layer = text(&texts(1)[0]);
    assert!(all.iter().any(|f| f.0 == 15 && f.1 == 2), "version 2");
    let keys: Vec<String> = texts(3).iter().map(|k| text(k)).collect();
    let values: Vec<String> = texts(4)
        .iter()
        .map(|value| match &fields(value)[0] {
            (1, _, string) => text(string),
            (_, number, _) => number.to_string(),
        })
        .collect();
    let features = texts(2);
    features.iter().map(|bytes| feature(bytes, &layer, &keys, &values)).collect()
}

fn feature(bytes: &[u8], layer: &str, keys: &[String], values: &[String]) -> Feature {
    let (mut kind, mut parts, mut tags) = (0, Vec::new(), BTreeMap::new());
    for (field, number, bytes) in fields(bytes) {
        match field {
            2 => {
                let pairs = packed(&bytes);
                tags.extend(pairs.chunks(2).map(|p| (keys[p[0] as usize].clone(), values[p[1] as usize].clone())));
            }
            3 => kind = number,
            4 => parts = geometry(&packed(&bytes)),
            _ => {}
        }
    }
    Feature { layer: layer.to_owned(), kind, parts, fields: tags }
}

fn geometry(commands: &[u64]) -> Vec<Vec<[i64; 2]>> {
    let (mut i, mut pen, mut parts): (_, _, Vec<Vec<[i64; 2]>>) = (0, [0, 0], Vec::new());
    while i < commands.len() {
        let (id, count) = (commands[i] & 7, commands[i] >> 3);
        i += 1;
        if id == 7 {
            let part = parts.last_mut().unwrap();
            part.push(part[0]);
            continue;
        }
        for _ in 0..count {
            for value in &mut pen {
                *value += (commands[i] >> 1) as i64 ^ -((commands[i] & 1) as i64);
                i += 1;
            }
            match id {
                1 => parts.push(vec![pen]),
                2 => parts.last_mut().unwrap().push(pen),
                other => panic!("command {other}"),
            }
        }
    }
    parts
}
