//! The pages of the console, and the base map by ranges.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, RANGE, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::call::Call;
use crate::endpoint::Answer;
use crate::problem::{Code, Problem};

/// Largest piece of the base map in one answer; the reader asks again for the rest.
const MAX_RANGE: u64 = 4 * 1024 * 1024;

/// What is no endpoint: a file of the console, or its index for a page that it routes by itself.
pub(crate) async fn console(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if path.starts_with("/api/") || path.starts_with("/map/") || path.starts_with("/sensorthings/") {
        return Problem::new(Code::NotFound, format!("there is no route {path}")).into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return Problem::new(Code::MethodNotAllowed, format!("{path} is a page; it can be read only")).into_response();
    }
    match vigiles_console::asset(path) {
        Some(asset) => file(&asset, &headers),
        None => Problem::new(Code::NotFound, format!("the console has no file {path}")).into_response(),
    }
}

/// What is no endpoint of a process without the console.
pub(crate) async fn none(uri: Uri) -> Response {
    let why = format!("there is no {} here: this process has not the role for it", uri.path());
    Problem::new(Code::NotFound, why).into_response()
}

fn file(asset: &vigiles_console::Asset, headers: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    let out = response.headers_mut();
    out.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    out.insert(ETAG, HeaderValue::from_static(asset.etag));
    out.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    let keep = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    out.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    let known = headers.get(IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    if known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == asset.etag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let takes_gzip = headers.get(ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("gzip"));
    let bytes = match asset.gzip {
        Some(packed) if takes_gzip => {
            out.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            packed
        }
        _ => asset.bytes,
    };
    *response.body_mut() = Body::from(bytes);
    response
}

/// `GET /map/base.pmtiles`: the asked range of the base map.
pub(crate) async fn base_map(call: Call) -> Answer {
    let none = || Problem::new(Code::NotFound, "this city has no base map");
    let file = call.api.settings.basemap.clone().ok_or_else(none)?;
    let asked = call.headers.get(RANGE).and_then(|v| v.to_str().ok()).map(str::to_owned);
    call.blocking(move |_| {
        read_range(&file, asked.as_deref()).map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound { none() } else { Problem::internal(&error) }
        })
    })
    .await
}

fn read_range(path: &Path, asked: Option<&str>) -> std::io::Result<Response> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    let Some((first, last)) = range(asked, length) else {
        let mut response =
            Problem::of(Code::OutOfRange, "Range", format!("the map has {length} bytes")).into_response();
        response.headers_mut().insert(CONTENT_RANGE, number_header(&format!("bytes */{length}")));
        return Ok(response);
    };
    let mut bytes = vec![0; (last + 1 - first) as usize];
    file.seek(SeekFrom::Start(first))?;
    file.read_exact(&mut bytes)?;
    let mut response = Response::new(Body::from(bytes));
    let out = response.headers_mut();
    out.insert(CONTENT_TYPE, HeaderValue::from_static("application/vnd.pmtiles"));
    out.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    out.insert(CONTENT_LENGTH, HeaderValue::from(last + 1 - first));
    out.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600"));
    if last + 1 - first < length {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let out = response.headers_mut();
        out.insert(CONTENT_RANGE, number_header(&format!("bytes {first}-{last}/{length}")));
    }
    Ok(response)
}

fn number_header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("digits and dashes are a header value")
}

/// First and last byte to send, at most [`MAX_RANGE`] of them; none where the file has none of those asked.
/// Several ranges, or a form that is not understood, are treated as the first part of the file.
fn range(asked: Option<&str>, length: u64) -> Option<(u64, u64)> {
    let end = length.checked_sub(1)?;
    let spec = asked.and_then(|text| text.strip_prefix("bytes=")).filter(|text| !text.contains(','));
    let (first, last) = match spec.and_then(|text| text.trim().split_once('-')) {
        Some(("", suffix)) => {
            let count: u64 = suffix.parse().ok()?;
            (length.saturating_sub(count), end)
        }
        Some((first, "")) => (first.parse().ok()?, end),
        Some((first, last)) => (first.parse().ok()?, last.parse::<u64>().ok()?.min(end)),
        None => (0, end),
    };
    (first <= last).then_some((first, last.min(first.saturating_add(MAX_RANGE - 1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asked: Option<&str>, length: u64, expected: Option<(u64, u64)>) {
        assert_eq!(range(asked, length), expected, "{asked:?} of {length}");
    }

    #[test]
    fn ranges_are_cut_to_the_file_and_the_bound() {
        check(Some("bytes=0-99"), 1000, Some((0, 99)));
        check(Some("bytes=900-1999"), 1000, Some((900, 999)));
        check(Some("bytes=-10"), 1000, Some((990, 999)));
        check(Some("bytes=10-"), 1000, Some((10, 999)));
        check(Some("bytes=1000-"), 1000, None);
        check(Some("bytes=9-3"), 1000, None);
        check(Some("bytes=-0"), 1000, None);
        check(Some("bytes=a-b"), 1000, None);
        check(None, 1000, Some((0, 999)));
        check(None, 0, None);
        check(Some("bytes=5-"), u64::MAX / 2, Some((5, MAX_RANGE + 4)));
    }
}
