//! A Bloom filter over names: says quickly that a block has nothing of an asset or source.

/// Bits for each name: about two false answers in a hundred.
const BITS_PER_NAME: usize = 8;
const PROBES: u64 = 4;
/// Largest filter, in bytes.
pub(crate) const MAX_BYTES: usize = 8192;

/// The filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bloom(pub(crate) Vec<u8>);

impl Bloom {
    /// An empty filter for about so many names.
    pub(crate) fn sized(names: usize) -> Self {
        Self(vec![0; (names * BITS_PER_NAME).div_ceil(8).clamp(8, MAX_BYTES)])
    }

    pub(crate) fn insert(&mut self, name: &str) {
        for bit in probes(name, self.0.len()) {
            self.0[bit / 8] |= 1 << (bit % 8);
        }
    }

    /// Whether the name may have been inserted; false is certain.
    pub(crate) fn may_hold(&self, name: &str) -> bool {
        !self.0.is_empty() && probes(name, self.0.len()).all(|bit| self.0[bit / 8] & 1 << (bit % 8) != 0)
    }
}

/// The bits of a name. Part of the file format: see `docs/history-format.md`.
fn probes(name: &str, bytes: usize) -> impl Iterator<Item = usize> {
    let hash = hash(name);
    let (first, step) = (hash & 0xffff_ffff, hash >> 32 | 1);
    let bits = bytes as u64 * 8;
    (0..PROBES).map(move |i| (first.wrapping_add(i.wrapping_mul(step)) % bits) as usize)
}

/// FNV-1a, 64 bits, with a final mix; written out because it must never change.
fn hash(name: &str) -> u64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ mixed >> 33
}
