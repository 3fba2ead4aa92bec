//! Newline-delimited JSON: one observation a line, read as the bytes come.

use crate::observation::{Draft, Rejection, parse_one};

/// Longest line taken, in bytes.
pub const MAX_LINE_BYTES: usize = 64 * 1024;

/// Reads observations from chunks of bytes. Empty lines are skipped; a line that cannot be read, or is longer
/// than [`MAX_LINE_BYTES`], becomes a draft with a flaw that names the line. It never keeps more than one line.
#[derive(Debug, Default)]
pub struct Reader {
    /// The start of a line whose end has not come yet.
    partial: Vec<u8>,
    /// Lines ended so far.
    line: u64,
    /// The line under way is too long; its bytes are dropped until it ends.
    skipping: bool,
}

impl Reader {
    /// Takes the next bytes and appends the drafts of the lines that end in them.
    pub fn push(&mut self, chunk: &[u8], drafts: &mut Vec<Draft>) {
        let mut rest = chunk;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            if self.partial.is_empty() && !self.skipping {
                self.end_line(line, drafts);
            } else {
                self.keep(line);
                let line = std::mem::take(&mut self.partial);
                self.end_line(&line, drafts);
            }
            rest = after;
        }
        self.keep(rest);
    }

    /// The bytes are at their end: the last line needs no newline.
    pub fn finish(mut self, drafts: &mut Vec<Draft>) {
        if self.skipping || !self.partial.is_empty() {
            let line = std::mem::take(&mut self.partial);
            self.end_line(&line, drafts);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.skipping || self.partial.len() + bytes.len() > MAX_LINE_BYTES {
            self.skipping = true;
            self.partial = Vec::new();
        } else {
            self.partial.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self, line: &[u8], drafts: &mut Vec<Draft>) {
        self.line += 1;
        if self.skipping || line.len() > MAX_LINE_BYTES {
            self.skipping = false;
            drafts.push(too_long(self.line));
            return;
        }
        drafts.extend(parse_line(line, self.line));
    }
}

/// Reads one line, the `number`th; `None` where it is empty.
pub fn parse_line(line: &[u8], number: u64) -> Option<Draft> {
    if line.trim_ascii().is_empty() {
        return None;
    }
    let mut draft = parse_one(line);
    if let Some(flaw) = &mut draft.flaw {
        flaw.path = format!("line {number}: {}", flaw.path);
        // The reader of one line knows only that one.
        flaw.message = flaw.message.replace(" at line 1 column ", " at column ");
    }
    Some(draft)
}

/// What stands for a line of more than [`MAX_LINE_BYTES`].
pub fn too_long(number: u64) -> Draft {
    Draft::flawed(Rejection::new(format!("line {number}"), format_args!("longer than {MAX_LINE_BYTES} bytes")))
}

/// Reads a whole body.
pub fn parse(bytes: &[u8]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut reader = Reader::default();
    reader.push(bytes, &mut drafts);
    reader.finish(&mut drafts);
    drafts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &[u8], expected: &[&str]) {
        let found: Vec<String> =
            parse(text).iter().map(|d| d.flaw.as_ref().map_or(d.kind.to_string(), ToString::to_string)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn lines_and_their_errors() {
        check(b"{\"kind\":\"a\",\"value\":1}\r\n\n{\"kind\":\"b\",\"value\":2}", &["a", "b"]);
        check(b"\n{\"kind\":\"a\",\"value\":\n", &["line 2: value: EOF while parsing a value at column 20"]);
        check(b"{\"kind\":\"a\",\"value\":1} x\n", &["line 1: body: trailing characters at column 24"]);
        check(b"{\"kind\":\"\xff\",\"value\":1}\n", &["line 1: kind: invalid unicode code point at column 10"]);
        let long = [vec![b'x'; MAX_LINE_BYTES + 1], b"\n{\"kind\":\"a\",\"value\":1}".to_vec()].concat();
        check(&long, &["line 1: longer than 65536 bytes", "a"]);
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(text in "(\\{\"kind\":\"[a-z]{1,9}\",\"value\":[0-9]{1,4}\\}|x|)(\n|\r\n){0,3}", size in 1usize..40) {
            let text = text.repeat(7);
            let mut drafts = Vec::new();
            let mut reader = Reader::default();
            for chunk in text.as_bytes().chunks(size) {
                reader.push(chunk, &mut drafts);
            }
            reader.finish(&mut drafts);
            prop_assert_eq!(drafts, parse(text.as_bytes()));
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            parse(&bytes);
        }
    }
}
