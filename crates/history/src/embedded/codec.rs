//! Numbers and texts as bytes: varints, delta columns, decimal columns, compressed sections.
//!
//! Invariant: reading never panics and never allocates more than a small multiple of the bytes it is given or of
//! the row count that the caller has bounded.

/// Bytes that are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

/// Largest section once decompressed, in bytes.
pub(crate) const MAX_SECTION_BYTES: usize = 32 << 20;
/// Sections shorter than this are not worth compressing.
const COMPRESS_FROM_BYTES: usize = 32;
/// Most decimal places of a decimal column.
const MAX_PLACES: usize = 9;
const POWERS: [f64; MAX_PLACES + 1] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
/// Marks a column of raw 64-bit floats.
const RAW: u8 = 0xff;
/// Largest whole number that a float holds exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)) as u64);
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Reads from the front of a slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (front, rest) = self.0.split_at_checked(count).ok_or(Malformed("ends too early"))?;
        self.0 = rest;
        Ok(front)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.bytes(1)?[0])
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        let bytes = self.bytes(4)?.try_into().map_err(|_| Malformed("ends too early"))?;
        Ok(u32::from_le_bytes(bytes))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        let bytes = self.bytes(8)?.try_into().map_err(|_| Malformed("ends too early"))?;
        Ok(u64::from_le_bytes(bytes))
    }

    pub(crate) fn f64(&mut self) -> Result<f64, Malformed> {
        self.u64().map(f64::from_bits)
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Malformed> {
        let (mut value, mut shift) = (0_u64, 0_u32);
        for (i, byte) in self.0.iter().enumerate() {
            value |= u64::from(byte & 0x7f).checked_shl(shift).ok_or(Malformed("a number is too long"))?;
            if byte & 0x80 == 0 {
                self.0 = &self.0[i + 1..];
                return Ok(value);
            }
            shift += 7;
        }
        Err(Malformed("ends inside a number"))
    }

    #[inline]
    pub(crate) fn signed(&mut self) -> Result<i64, Malformed> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        let length = self.varint()?;
        let bytes = self.bytes(usize::try_from(length).map_err(|_| Malformed("a text is too long"))?)?;
        std::str::from_utf8(bytes).map_err(|_| Malformed("a text is not UTF-8"))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The coarsest of seconds, milliseconds and microseconds that holds all values exactly.
fn scale_of(values: &[i64]) -> i64 {
    [1_000_000, 1_000].into_iter().find(|scale| values.iter().all(|v| v % scale == 0)).unwrap_or(1)
}

/// A column of microseconds: differences of differences where `twice` (regular times), else plain differences.
pub(crate) fn put_micros(out: &mut Vec<u8>, values: &[i64], twice: bool) {
    let scale = scale_of(values);
    put_varint(out, scale as u64);
    let (mut last, mut step) = (0_i64, 0_i64);
    for value in values {
        let value = value / scale;
        let difference = value.wrapping_sub(last);
        put_signed(out, if twice { difference.wrapping_sub(step) } else { difference });
        (last, step) = (value, difference);
    }
}

pub(crate) fn micros(bytes: &[u8], count: usize, twice: bool) -> Result<Vec<i64>, Malformed> {
    let mut reader = Reader(bytes);
    let scale = reader.varint()? as i64;
    let mut values = Vec::with_capacity(count.min(bytes.len()));
    let (mut last, mut step) = (0_i64, 0_i64);
    for _ in 0..count {
        let coded = reader.signed()?;
        let difference = if twice { coded.wrapping_add(step) } else { coded };
        last = last.wrapping_add(difference);
        step = difference;
        values.push(last.wrapping_mul(scale));
    }
    Ok(values)
}

fn decimal(value: f64, places: usize) -> Option<i64> {
    let whole = (value * POWERS[places]).round();
    if whole.abs() >= EXACT {
        return None;
    }
    // By way of the integer, so that the sign of a negative zero is not lost.
    let whole = whole as i64;
    (whole as f64 / POWERS[places]).to_bits().eq(&value.to_bits()).then_some(whole)
}

/// A column of floats, exact to the bit: as decimal numbers with differences where all are short decimals, else
/// raw, split into byte planes.
pub(crate) fn put_floats(out: &mut Vec<u8>, values: &[f64]) {
    let mut places = 0;
    for value in values {
        while places <= MAX_PLACES && decimal(*value, places).is_none() {
            places += 1;
        }
        if places > MAX_PLACES {
            return put_raw(out, values);
        }
    }
    let start = out.len();
    out.push(places as u8);
    let mut last = 0_i64;
    for value in values {
        // A value that was short with fewer places may not be exact with more.
        let Some(whole) = decimal(*value, places) else {
            out.truncate(start);
            return put_raw(out, values);
        };
        put_signed(out, whole - last);
        last = whole;
    }
}

fn put_raw(out: &mut Vec<u8>, values: &[f64]) {
    out.push(RAW);
    for plane in 0..8 {
        out.extend(values.iter().map(|value| value.to_le_bytes()[plane]));
    }
}

pub(crate) fn floats(reader: &mut Reader<'_>, count: usize) -> Result<Vec<f64>, Malformed> {
    let places = reader.byte()?;
    if places == RAW {
        let planes = reader.bytes(count.checked_mul(8).ok_or(Malformed("a column is too long"))?)?;
        let bits = |i: usize| (0..8).fold(0, |bits, plane| bits | u64::from(planes[plane * count + i]) << (8 * plane));
        return Ok((0..count).map(|i| f64::from_bits(bits(i))).collect());
    }
    let power = *POWERS.get(usize::from(places)).ok_or(Malformed("a column has too many decimal places"))?;
    let mut values = Vec::with_capacity(count.min(reader.0.len()));
    let mut last = 0_i64;
    for _ in 0..count {
        last = last.wrapping_add(reader.signed()?);
        values.push(last as f64 / power);
    }
    Ok(values)
}

/// Compresses a section where that helps. Gives whether it did.
pub(crate) fn compress(raw: &[u8], out: &mut Vec<u8>) -> bool {
    if raw.len() >= COMPRESS_FROM_BYTES {
        let compressed = lz4_flex::block::compress(raw);
        if compressed.len() < raw.len() - raw.len() / 16 {
            out.extend_from_slice(&compressed);
            return true;
        }
    }
    out.extend_from_slice(raw);
    false
}

pub(crate) fn decompress(stored: &[u8], raw_bytes: usize) -> Result<Vec<u8>, Malformed> {
    // LZ4 cannot grow its input more than 255-fold: a larger claim is a lie.
    if raw_bytes > MAX_SECTION_BYTES || raw_bytes / 256 > stored.len() {
        return Err(Malformed("a section claims an impossible size"));
    }
    let raw = lz4_flex::block::decompress(stored, raw_bytes).map_err(|_| Malformed("a section does not decompress"))?;
    if raw.len() == raw_bytes { Ok(raw) } else { Err(Malformed("a section has another size than it claims")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check_floats(values: &[f64], most_bytes: usize) {
        let mut out = Vec::new();
        put_floats(&mut out, values);
        let mut reader = Reader(&out);
        let read = floats(&mut reader, values.len()).unwrap();
        assert!(read.iter().map(|v| v.to_bits()).eq(values.iter().map(|v| v.to_bits())), "{values:?}");
        assert!(out.len() <= most_bytes && reader.is_empty(), "{} bytes", out.len());
    }

    #[test]
    fn short_decimals_are_small() {
        check_floats(&[12.3, 12.4, 12.2, 0.1, -4.0], 8);
        check_floats(&[-0.0, 1.0], 17);
        check_floats(&[f64::MAX, 1e-300, 24.941], 25);
        check_floats(&[], 1);
    }

    proptest! {
        #[test]
        fn floats_are_exact(values in prop::collection::vec(any::<f64>(), 0..20), short in prop::collection::vec(-1_000_000..1_000_000_i64, 0..20), places in 0..9_i32) {
            check_floats(&values, 1 + values.len() * 8);
            let short: Vec<f64> = short.into_iter().map(|whole| whole as f64 / 10_f64.powi(places)).collect();
            check_floats(&short, 1 + short.len() * 8);
        }

        #[test]
        fn micros_are_exact(values in prop::collection::vec(any::<i64>(), 0..20), scale in prop::sample::select(vec![1_i64, 1000, 1_000_000]), twice in any::<bool>()) {
            let values: Vec<i64> = values.into_iter().map(|v| v / 2_000_000 * scale).collect();
            let mut out = Vec::new();
            put_micros(&mut out, &values, twice);
            prop_assert_eq!(micros(&out, values.len(), twice), Ok(values));
        }

        #[test]
        fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), count in 0..100_usize) {
            let _micros = micros(&bytes, count, true);
            let _floats = floats(&mut Reader(&bytes), count);
            let _text = Reader(&bytes).text();
            let _section = decompress(&bytes, count * 1000);
        }
    }
}
