//! Bodies of requests: read up to a bound, unpacked up to a bound, parsed with the place of the error.

use std::io::Read;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use crate::problem::{Code, Fault, Problem, Within};

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reads a body of at most `limit` bytes; a gzip body is at most so large before and after unpacking.
pub(crate) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    let packed = is_gzip(headers)?;
    let announced = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let collected = tokio::time::timeout(PATIENCE, collect(body, limit)).await;
    let bytes = collected.map_err(|_| {
        Problem::new(Code::TooSlow, format!("the body did not arrive within {} s", PATIENCE.as_secs()))
    })??;
    if !packed {
        return Ok(bytes);
    }
    tokio::task::spawn_blocking(move || unpack(&bytes, limit)).await.map_err(|e| Problem::internal(&e))?
}

fn is_gzip(headers: &HeaderMap) -> Result<bool, Problem> {
    match headers.get(CONTENT_ENCODING).map(|v| v.to_str().unwrap_or("?").trim().to_ascii_lowercase()) {
        None => Ok(false),
        Some(word) if word == "gzip" || word == "x-gzip" => Ok(true),
        Some(word) if word == "identity" || word.is_empty() => Ok(false),
        Some(_) => Err(Problem::of(Code::UnsupportedType, "Content-Encoding", "only gzip is unpacked")),
    }
}

async fn collect(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut stream = body.into_data_stream();
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Problem::new(Code::Malformed, "the body broke off"))?;
        if first.len() + rest.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        if first.is_empty() && rest.is_empty() {
            first = chunk;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&chunk);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

fn unpack(packed: &[u8], limit: usize) -> Result<Bytes, Problem> {
    let mut plain = Vec::with_capacity(packed.len().saturating_mul(4).min(limit));
    let mut reader = flate2::read::MultiGzDecoder::new(packed).take(limit as u64 + 1);
    reader
        .read_to_end(&mut plain)
        .map_err(|e| Problem::of(Code::Malformed, "body", format!("says it is gzip, but cannot be unpacked: {e}")))?;
    if plain.len() > limit {
        return Err(too_large(limit));
    }
    Ok(plain.into())
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::TooLarge, format!("this route takes at most {limit} bytes, unpacked"))
}

/// The type of the body in lower case, without parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let text = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Parses a JSON body; the problem says where.
pub(crate) fn json<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, Problem> {
    let found = media_type(headers);
    if found != "application/json" {
        return Err(Problem::of(
            Code::UnsupportedType,
            "Content-Type",
            format!("this route takes application/json, not {found:?}"),
        ));
    }
    parse(bytes)
}

/// Parses JSON; the problem says where.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        // A part of the path that is not known, such as a key that broke off, is written as a question mark.
        let path = path.trim_end_matches('?').trim_end_matches('.');
        fault(&with_missing(path, &error.inner().to_string()), error.inner())
    })?;
    json.end().map_err(|error| fault("body", &error))?;
    Ok(value)
}

/// The path of a field; one that is missing is named itself, not what it is missing from.
fn with_missing(path: &str, message: &str) -> String {
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match (path, missing) {
        ("", None) => "body".to_owned(),
        (path, None) => path.to_owned(),
        ("", Some(field)) => field.to_owned(),
        (path, Some(field)) => format!("{path}.{field}"),
    }
}

fn fault(path: &str, error: &serde_json::Error) -> Problem {
    let code = if error.is_data() { Code::Invalid } else { Code::Malformed };
    let text = error.to_string();
    // The place is in fields of its own.
    let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
    let fault = Fault::new(path, message).at(Within::Body, (error.line(), error.column()));
    Problem { detail: format!("{}: {}", fault.path, fault.message), errors: vec![fault], ..Problem::new(code, "") }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn check(json: &str, code: Code, path: &str) {
        let problem = parse::<crate::wire::orders::OpenIncident>(json.as_bytes()).unwrap_err();
        assert_eq!((problem.code, problem.errors[0].path.as_str()), (code, path), "{problem:?}");
        assert!(problem.errors[0].line.is_some());
    }

    #[test]
    fn errors_name_the_field() {
        check("{", Code::Malformed, "body");
        check("", Code::Malformed, "body");
        check("[]", Code::Invalid, "body");
        check(r#"{"title":3}"#, Code::Invalid, "title");
        check(r#"{"title":"t"}"#, Code::Invalid, "incident_type");
        check(r#"{"title":"t","wrong":3}"#, Code::Invalid, "wrong");
        check(
            r#"{"title":"t","incident_type":"x","priority":"p1","severity":"minor","place":{"type":"Point","coordinates":[1,"a"]}}"#,
            Code::Invalid,
            "place",
        );
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&vec![b' '; 10_000_000]).unwrap();
        let bomb = packer.finish().unwrap();
        assert!(bomb.len() < 20_000);
        assert_eq!(unpack(&bomb, 1_000_000).unwrap_err().code, Code::TooLarge);
        assert_eq!(unpack(&bomb, 10_000_000).unwrap().len(), 10_000_000);
        assert_eq!(unpack(b"not gzip", 1000).unwrap_err().code, Code::Malformed);
    }
}
