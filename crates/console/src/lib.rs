//! The built web pages inside the binary.
//!
//! `build.rs` embeds `web/dist`; where it was absent at build time there is one page, `index.html`, that says how to
//! build the console. This room knows no HTTP: `api` turns an [`Asset`] into an answer.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

/// One embedded file.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// The file as it is.
    pub bytes: &'static [u8],
    /// The file compressed by gzip, where that makes it smaller.
    pub gzip: Option<&'static [u8]>,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The value of `ETag`, quotes included; changes with the content.
    pub etag: &'static str,
    /// Whether the name carries a hash of the content, so that a browser may keep it for ever.
    pub immutable: bool,
}

/// Path without leading slash, and file; sorted by path.
static ASSETS: &[(&str, Asset)] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Endings of files that the build writes. Ids of the console's pages have dots too, so a dot alone is no sign.
const ENDINGS: [&str; 9] = ["css", "ico", "js", "json", "map", "mjs", "png", "svg", "woff2"];

/// The file at `path`, with or without the leading slash. The console routes by itself: what is no file is a page and
/// gets `index.html`. A missing file, by its ending or by a dot in the top folder, is none.
pub fn asset(path: &str) -> Option<Asset> {
    let path = path.trim_start_matches('/');
    let ending = path.rsplit_once('.').map(|(_, ending)| ending);
    let is_file = match ending {
        Some(ending) => ENDINGS.contains(&ending) || !path.contains('/'),
        None => false,
    };
    find(if is_file { path } else { "index.html" })
}

fn find(name: &str) -> Option<Asset> {
    let index = ASSETS.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    Some(ASSETS[index].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_of_the_console_is_its_index() {
        for path in [
            "/",
            "",
            "/index.html",
            "/incidents/inc-0123",
            "/kinds/air.pm25",
            "/assets/weather-1",
            "/assets/loop.7",
            "/map",
        ] {
            let found = asset(path).unwrap();
            assert_eq!(found.content_type, "text/html; charset=utf-8", "{path}");
            assert!(!found.immutable, "{path}");
            assert!(found.bytes.starts_with(b"<!doctype html>"), "{path}");
        }
    }

    #[test]
    fn a_missing_file_is_none() {
        assert!(asset("/assets/none.js").is_none());
        assert!(asset("/favicon.unknown").is_none());
    }

    #[test]
    fn the_table_is_sorted_and_tagged() {
        assert!(ASSETS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (name, file) in ASSETS {
            assert!(file.etag.len() == 18 && file.etag.starts_with('"'), "{name}");
            assert_eq!(file.immutable, name.starts_with("assets/"), "{name}");
            assert!(file.gzip.is_none_or(|small| small.starts_with(&[0x1f, 0x8b])), "{name}");
        }
    }
}
