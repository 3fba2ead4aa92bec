use proptest::prelude::*;

use super::*;

const MAPPING: &str = "format='csv'\n[[observations]]\nkind='k'\nvalue='a'\ntype='text'\n";

/// A row: where it begins, how it is written, and where the one after it begins.
type Found = (u64, Vec<u8>, Place);

fn rows(recording: &mut Recording<'_>) -> Vec<Found> {
    let (mut found, mut drafts) = (Vec::new(), Vec::new());
    while recording.next(&mut drafts).unwrap().is_some() {
        let raw = recording.raw().to_vec();
        found.push((recording.place().offset - raw.len() as u64, raw, recording.place()));
    }
    found
}

/// Every byte of the file is in one row, or is a blank line; after each row it can be gone on with.
fn check(text: &[u8], mapping: Option<&Mapping>) -> Vec<Found> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let open = || Recording::open(file.path(), mapping).unwrap();
    let mut recording = open();
    let mut at = recording.header().len() as u64;
    assert_eq!(recording.header(), &text[..at as usize]);
    let found = rows(&mut recording);
    for (start, raw, next) in &found {
        assert!(text[at as usize..*start as usize].trim_ascii().is_empty());
        assert_eq!(&text[*start as usize..next.offset as usize], raw);
        assert_eq!(next.line, 1 + lines(&text[..next.offset as usize]));
        at = next.offset;
    }
    assert!(text[at as usize..].trim_ascii().is_empty());
    for (i, (_, raw, next)) in found.iter().enumerate() {
        let mut later = open();
        assert_eq!(later.go_on_at(*next, raw.len()).unwrap().as_ref(), Some(raw));
        assert_eq!(rows(&mut later), found[i + 1..]);
    }
    assert_eq!(open().go_on_at(Place { offset: text.len() as u64 + 1, line: 9 }, 0).unwrap(), None);
    found
}

proptest! {
    #[test]
    fn no_byte_of_csv_is_lost(text in "a,b\n[ab,\"\r\n\u{e9}]{0,80}") {
        let mapping = Mapping::from_toml(MAPPING).unwrap();
        let found = check(text.as_bytes(), Some(&mapping));
        // The same rows as a reader of the whole file finds.
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        prop_assert_eq!(found.len(), reader.byte_records().count());
    }

    #[test]
    fn no_byte_of_lines_is_lost(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b' '), any::<u8>()], 0..80)) {
        // What begins so is packed.
        prop_assume!(!bytes.starts_with(&[0x1f, 0x8b]));
        check(&bytes, None);
    }
}

#[test]
fn headers_may_go_over_lines_and_begin_with_a_mark() {
    let mapping = Mapping::from_toml(MAPPING).unwrap();
    let found = check(b"\xef\xbb\xbf\"a\",\"b\nc\"\r\n1,2\r\n\r\n3,4", Some(&mapping));
    assert_eq!(
        found.iter().map(|(_, raw, next)| (&raw[..], next.line)).collect::<Vec<_>>(),
        [(&b"1,2\r\n"[..], 4), (b"3,4", 5)]
    );
}
