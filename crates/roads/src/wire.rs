//! The protobuf wire format, read from a slice: fields one after the other, without a schema and
//! without copying. Every step is checked against the end of the slice.

/// A fault in the bytes of a message, with its place inside that message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WireError {
    /// Offset in the message.
    pub(crate) at: usize,
    /// What is wrong.
    pub(crate) what: &'static str,
}

/// The value of one field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    /// A number of variable length.
    Varint(u64),
    /// Four or eight bytes; no field that is read here has this type.
    Fixed,
    /// A text, bytes, a message or packed numbers.
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The bytes, or none where the field has another type.
    pub(crate) fn bytes(self) -> &'a [u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    /// The number, or 0 where the field has another type.
    pub(crate) fn number(self) -> u64 {
        match self {
            Self::Varint(n) => n,
            _ => 0,
        }
    }
}

/// The fields of a message in the order of its bytes.
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next field: its number and value.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Value<'a>)>, WireError> {
        if self.at >= self.bytes.len() {
            return Ok(None);
        }
        let key = varint(self.bytes, &mut self.at)?;
        let number = (key >> 3) as u32;
        let value = match key & 7 {
            0 => Value::Varint(varint(self.bytes, &mut self.at)?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = varint(self.bytes, &mut self.at)?;
                Value::Bytes(self.take(usize::try_from(length).unwrap_or(usize::MAX))?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return Err(WireError { at: self.at, what: "unknown wire type" }),
        };
        Ok(Some((number, value)))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or(WireError { at: self.at, what: "a field runs past the end of its message" })?;
        let bytes = &self.bytes[self.at..end];
        self.at = end;
        Ok(bytes)
    }
}

/// Numbers packed into one field.
#[derive(Clone)]
pub(crate) struct Packed<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Packed<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next number, or none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<u64>, WireError> {
        if self.at >= self.bytes.len() {
            return Ok(None);
        }
        varint(self.bytes, &mut self.at).map(Some)
    }

    /// The next zigzag-encoded difference added to `sum`.
    pub(crate) fn next_delta(&mut self, sum: &mut i64) -> Result<Option<i64>, WireError> {
        Ok(self.next()?.map(|n| {
            *sum = sum.wrapping_add(zigzag(n));
            *sum
        }))
    }
}

/// A signed number from its zigzag form.
pub(crate) fn zigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

fn varint(bytes: &[u8], at: &mut usize) -> Result<u64, WireError> {
    let start = *at;
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at).ok_or(WireError { at: start, what: "a number is cut off" })?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(WireError { at: start, what: "a number has more than ten bytes" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Result<Option<(u32, Value<'_>)>, &'static str>) {
        assert_eq!(Fields::new(bytes).next().map_err(|e| e.what), expected, "{bytes:?}");
    }

    #[test]
    fn fields_are_read_and_faults_named() {
        check(&[], Ok(None));
        check(&[0x08, 0x96, 0x01], Ok(Some((1, Value::Varint(150)))));
        check(&[0x12, 2, b'o', b'k'], Ok(Some((2, Value::Bytes(b"ok")))));
        check(&[0x12, 3, b'o', b'k'], Err("a field runs past the end of its message"));
        check(&[0x08, 0x96], Err("a number is cut off"));
        check(&[0x0b], Err("unknown wire type"));
        check(&[0xff; 12], Err("a number has more than ten bytes"));
    }

    #[test]
    fn zigzag_both_signs() {
        assert_eq!([0, 1, 2, 3].map(zigzag), [0, -1, 1, -2]);
        assert_eq!(zigzag(u64::MAX), i64::MIN);
    }
}
