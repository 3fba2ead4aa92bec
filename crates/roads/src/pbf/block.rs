//! One block of an extract: a table of texts and groups of elements that point into it.

use crate::wire::{Fields, Packed, Value, WireError, zigzag};

/// A block that has been unpacked but not yet walked.
pub(super) struct Block<'a> {
    strings: Vec<&'a [u8]>,
    groups: Vec<&'a [u8]>,
    granularity: i64,
    lat_offset: i64,
    lon_offset: i64,
}

/// Names and values of an element. Texts that are not UTF-8 are left out.
pub type Tags<'a> = Vec<(&'a str, &'a str)>;

/// One element of the map.
#[derive(Debug, Clone, PartialEq)]
pub enum Element<'a> {
    /// A point, in 1e-7 degrees.
    Node {
        /// Its id.
        id: i64,
        /// Longitude in 1e-7 degrees.
        lon_e7: i32,
        /// Latitude in 1e-7 degrees.
        lat_e7: i32,
        /// Its tags.
        tags: Tags<'a>,
    },
    /// A sequence of nodes.
    Way {
        /// Its id.
        id: i64,
        /// Ids of its nodes.
        nodes: Vec<i64>,
        /// Its tags.
        tags: Tags<'a>,
    },
    /// A group of elements.
    Relation {
        /// Its id.
        id: i64,
        /// Member ways: id and whether the role is `inner`.
        ways: Vec<(i64, bool)>,
        /// Its tags.
        tags: Tags<'a>,
    },
}

/// Which elements a walk decodes; the others are passed over cheaply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Nodes.
    Nodes,
    /// Ways.
    Ways,
    /// Relations.
    Relations,
}

impl<'a> Block<'a> {
    /// Reads the table of texts and finds the groups.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut block =
            Self { strings: Vec::new(), groups: Vec::new(), granularity: 100, lat_offset: 0, lon_offset: 0 };
        let mut fields = Fields::new(bytes);
        while let Some((field, value)) = fields.next()? {
            match field {
                1 => block.strings = string_table(value.bytes())?,
                2 => block.groups.push(value.bytes()),
                17 => block.granularity = value.number() as i64,
                19 => block.lat_offset = value.number() as i64,
                20 => block.lon_offset = value.number() as i64,
                _ => {}
            }
        }
        Ok(block)
    }

    /// Hands every element of the wanted type to `visit`, in the order of the file.
    pub(super) fn walk(&self, wanted: Wanted, visit: &mut dyn FnMut(Element<'a>)) -> Result<(), WireError> {
        for group in &self.groups {
            let mut fields = Fields::new(group);
            while let Some((field, value)) = fields.next()? {
                match (field, wanted) {
                    (1, Wanted::Nodes) => self.node(value.bytes(), visit)?,
                    (2, Wanted::Nodes) => self.dense_nodes(value.bytes(), visit)?,
                    (3, Wanted::Ways) => self.way(value.bytes(), visit)?,
                    (4, Wanted::Relations) => self.relation(value.bytes(), visit)?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn node(&self, bytes: &'a [u8], visit: &mut dyn FnMut(Element<'a>)) -> Result<(), WireError> {
        let (mut id, mut lat, mut lon) = (0, 0, 0);
        let (mut keys, mut values) = (Packed::new(&[]), Packed::new(&[]));
        let mut fields = Fields::new(bytes);
        while let Some((field, value)) = fields.next()? {
            match field {
                1 => id = zigzag(value.number()),
                2 => keys = Packed::new(value.bytes()),
                3 => values = Packed::new(value.bytes()),
                8 => lat = zigzag(value.number()),
                9 => lon = zigzag(value.number()),
                _ => {}
            }
        }
        let (lon_e7, lat_e7) = self.place(lon, lat);
        visit(Element::Node { id, lon_e7, lat_e7, tags: self.tags(keys, values)? });
        Ok(())
    }

    fn dense_nodes(&self, bytes: &'a [u8], visit: &mut dyn FnMut(Element<'a>)) -> Result<(), WireError> {
        let empty: &[u8] = &[];
        let (mut ids, mut lats, mut lons, mut tags) =
            (Packed::new(empty), Packed::new(empty), Packed::new(empty), Packed::new(empty));
        let mut fields = Fields::new(bytes);
        while let Some((field, value)) = fields.next()? {
            match field {
                1 => ids = Packed::new(value.bytes()),
                8 => lats = Packed::new(value.bytes()),
                9 => lons = Packed::new(value.bytes()),
                10 => tags = Packed::new(value.bytes()),
                _ => {}
            }
        }
        let (mut id, mut lat, mut lon) = (0, 0, 0);
        while ids.next_delta(&mut id)?.is_some() {
            if lats.next_delta(&mut lat)?.is_none() || lons.next_delta(&mut lon)?.is_none() {
                return Err(WireError { at: 0, what: "fewer coordinates than nodes" });
            }
            let (lon_e7, lat_e7) = self.place(lon, lat);
            visit(Element::Node { id, lon_e7, lat_e7, tags: self.dense_tags(&mut tags)? });
        }
        Ok(())
    }

    /// Tags of one dense node: key, value, key, value, then 0.
    fn dense_tags(&self, packed: &mut Packed<'a>) -> Result<Tags<'a>, WireError> {
        let mut tags = Vec::new();
        while let Some(key) = packed.next()?.filter(|key| *key != 0) {
            let value = packed.next()?.ok_or(WireError { at: 0, what: "a tag without a value" })?;
            tags.extend(self.tag(key, value)?);
        }
        Ok(tags)
    }

    fn way(&self, bytes: &'a [u8], visit: &mut dyn FnMut(Element<'a>)) -> Result<(), WireError> {
        let (mut id, mut nodes) = (0, Vec::new());
        let (mut keys, mut values) = (Packed::new(&[]), Packed::new(&[]));
        let mut fields = Fields::new(bytes);
        while let Some((field, value)) = fields.next()? {
            match field {
                1 => id = value.number() as i64,
                2 => keys = Packed::new(value.bytes()),
                3 => values = Packed::new(value.bytes()),
                8 => nodes = deltas(value)?,
                _ => {}
            }
        }
        visit(Element::Way { id, nodes, tags: self.tags(keys, values)? });
        Ok(())
    }

    fn relation(&self, bytes: &'a [u8], visit: &mut dyn FnMut(Element<'a>)) -> Result<(), WireError> {
        let (mut id, mut members) = (0, Vec::new());
        let (mut keys, mut values, mut roles, mut types) =
            (Packed::new(&[]), Packed::new(&[]), Packed::new(&[]), Packed::new(&[]));
        let mut fields = Fields::new(bytes);
        while let Some((field, value)) = fields.next()? {
            match field {
                1 => id = value.number() as i64,
                2 => keys = Packed::new(value.bytes()),
                3 => values = Packed::new(value.bytes()),
                8 => roles = Packed::new(value.bytes()),
                9 => members = deltas(value)?,
                10 => types = Packed::new(value.bytes()),
                _ => {}
            }
        }
        let mut ways = Vec::new();
        for member in members {
            let (Some(role), Some(kind)) = (roles.next()?, types.next()?) else {
                return Err(WireError { at: 0, what: "a relation member without a role or type" });
            };
            if kind == 1 {
                ways.push((member, self.string(role)? == b"inner"));
            }
        }
        visit(Element::Relation { id, ways, tags: self.tags(keys, values)? });
        Ok(())
    }

    fn tags(&self, mut keys: Packed<'a>, mut values: Packed<'a>) -> Result<Tags<'a>, WireError> {
        let mut tags = Vec::new();
        while let Some(key) = keys.next()? {
            let value = values.next()?.ok_or(WireError { at: 0, what: "a tag without a value" })?;
            tags.extend(self.tag(key, value)?);
        }
        Ok(tags)
    }

    fn tag(&self, key: u64, value: u64) -> Result<Option<(&'a str, &'a str)>, WireError> {
        let (key, value) = (str::from_utf8(self.string(key)?), str::from_utf8(self.string(value)?));
        Ok(key.ok().zip(value.ok()))
    }

    fn string(&self, index: u64) -> Result<&'a [u8], WireError> {
        let string = usize::try_from(index).ok().and_then(|i| self.strings.get(i));
        string.copied().ok_or(WireError { at: 0, what: "a text that is not in the table of texts" })
    }

    /// Longitude and latitude in 1e-7 degrees; what lies off the earth is cut to its edge.
    fn place(&self, lon: i64, lat: i64) -> (i32, i32) {
        let e7 = |offset: i64, n: i64, edge: i64| {
            let nano = offset.wrapping_add(self.granularity.wrapping_mul(n));
            (nano / 100).clamp(-edge, edge) as i32
        };
        (e7(self.lon_offset, lon, 1_800_000_000), e7(self.lat_offset, lat, 900_000_000))
    }
}

fn deltas(value: Value<'_>) -> Result<Vec<i64>, WireError> {
    let (mut packed, mut sum, mut all) = (Packed::new(value.bytes()), 0, Vec::new());
    while let Some(n) = packed.next_delta(&mut sum)? {
        all.push(n);
    }
    Ok(all)
}

fn string_table(bytes: &[u8]) -> Result<Vec<&[u8]>, WireError> {
    let (mut fields, mut strings) = (Fields::new(bytes), Vec::new());
    while let Some((field, value)) = fields.next()? {
        if field == 1 {
            strings.push(value.bytes());
        }
    }
    Ok(strings)
}
