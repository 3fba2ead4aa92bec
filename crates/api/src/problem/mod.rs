//! Errors as RFC 9457 problem details: one table from code to status, title and how to mend it.

mod causes;
mod code;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use vigiles_formats::place::{self, Place};

pub use code::Code;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Path of the field, parameter or header.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
    /// Line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What line and column are counted in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Within>,
}

/// What line and column are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// The text of the field, or the file that was handed in.
    Text,
    /// The body of the request, where the value of the field stands.
    Body,
}

impl Fault {
    /// A fault of a field.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), line: None, column: None, within: None }
    }

    /// The same with its place, line before column.
    #[must_use]
    pub fn at(self, within: Within, (line, column): Place) -> Self {
        Self { line: Some(line), column: Some(column), within: Some(within), ..self }
    }

    /// The same with the place of its field in a JSON body, where it has none in the text of the field.
    #[must_use]
    pub(crate) fn in_body(self, body: &[u8]) -> Self {
        let found = std::str::from_utf8(body).ok().and_then(|text| place::in_json(text, &self.path));
        match found {
            Some(found) if self.within.is_none() => self.at(Within::Body, found),
            _ => self,
        }
    }
}

impl From<vigiles_engine::Diagnostic> for Fault {
    fn from(d: vigiles_engine::Diagnostic) -> Self {
        let fault = Self::new(d.field, d.message);
        match d.at {
            Some((line, column)) => fault.at(Within::Text, (line as usize, column as usize)),
            None => fault,
        }
    }
}

/// The body of an error answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Body9457 {
    /// `urn:vigiles:problem:` and the code.
    #[serde(rename = "type")]
    pub type_: String,
    /// What the code means.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// Each thing that is wrong, and where.
    pub errors: Vec<Fault>,
    /// How to mend it.
    pub mend: String,
}

/// An error on its way to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which.
    pub code: Code,
    /// What happened this time; safe to send.
    pub detail: String,
    /// Each thing that is wrong, and where.
    pub errors: Vec<Fault>,
    /// How to mend it this time, where the table's words for the code say too little.
    pub mend: Option<String>,
    /// For [`Code::TooMany`] and [`Code::Unavailable`].
    pub retry_after_s: Option<u64>,
    /// Whether whoever refused it has left an audit entry already.
    pub audited: bool,
}

impl Problem {
    /// A problem in words.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), mend: None, retry_after_s: None, audited: false }
    }

    /// A problem with one field, parameter or header.
    pub fn of(code: Code, path: impl Into<String>, message: impl Into<String>) -> Self {
        let fault = Fault::new(path, message);
        Self { errors: vec![fault.clone()], ..Self::new(code, format!("{}: {}", fault.path, fault.message)) }
    }

    /// The same with a way out that its code does not know.
    #[must_use]
    pub(crate) fn mended_by(self, mend: impl Into<String>) -> Self {
        Self { mend: Some(mend.into()), ..self }
    }

    /// The same with the places of its faults in the body of the request.
    #[must_use]
    pub(crate) fn in_body(self, body: &[u8]) -> Self {
        Self { errors: self.errors.into_iter().map(|fault| fault.in_body(body)).collect(), ..self }
    }

    /// There is no `what` of that id.
    pub fn not_found(what: &str, id: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no {what} {id:?}"))
    }

    /// Come back later.
    pub fn later(code: Code, detail: impl Into<String>, seconds: u64) -> Self {
        Self { retry_after_s: Some(seconds.max(1)), ..Self::new(code, detail) }
    }

    /// A fault of the platform: the cause goes to the log, not to the caller.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "request failed");
        Self::new(Code::Internal, "the platform could not do it; the log says why")
    }

    /// The JSON of the body.
    pub fn body(&self) -> Body9457 {
        let (status, word, title, mend) = self.code.row();
        Body9457 {
            type_: format!("urn:vigiles:problem:{word}"),
            title: title.to_owned(),
            status,
            detail: self.detail.clone(),
            errors: self.errors.clone(),
            mend: self.mend.clone().unwrap_or_else(|| mend.to_owned()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let bytes = serde_json::to_vec(&self.body()).unwrap_or_default();
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = self.code.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == Code::Unauthenticated {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"vigiles\""));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_word_and_a_status() {
        let mut words: Vec<_> = Code::ALL.iter().map(|code| code.row().1).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.status().as_u16() >= 400));
    }

    #[test]
    fn says_where_and_how_to_mend() {
        let body = Problem::of(Code::Invalid, "place.coordinates[0]", "181 is no longitude").body();
        assert_eq!(body.status, 422);
        assert_eq!(body.errors[0].path, "place.coordinates[0]");
        assert_eq!(body.mend, "Mend the fields that the errors name.");
        assert_eq!(Problem::new(Code::Forbidden, "no").mended_by("Ask them.").body().mend, "Ask them.");
    }
}
