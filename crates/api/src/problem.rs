//! Errors as RFC 9457 problem details: one table from code to status, title and how to mend it.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use vigiles_engine::command::CommandError;
use vigiles_history::HistoryError;
use vigiles_store::StoreError;

/// What went wrong, as a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The request cannot be read.
    Malformed,
    /// Nobody is signed in.
    Unauthenticated,
    /// The policy says no.
    Forbidden,
    /// The request comes from a page of another site.
    CrossSite,
    /// There is no such thing.
    NotFound,
    /// The path has no such method.
    MethodNotAllowed,
    /// The body took too long to arrive.
    TooSlow,
    /// The state of the thing forbids it.
    Conflict,
    /// It changed meanwhile.
    VersionMismatch,
    /// The body is too large.
    TooLarge,
    /// The body has another type than the route takes.
    UnsupportedType,
    /// The file has none of the bytes asked for.
    OutOfRange,
    /// It can be read, but a value is wrong.
    Invalid,
    /// A change without `If-Match`.
    PreconditionRequired,
    /// Too often.
    TooMany,
    /// A fault of the platform.
    Internal,
    /// Not now.
    Unavailable,
}

impl Code {
    /// Every code, for the document and the tests.
    pub const ALL: [Self; 17] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::CrossSite,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::TooSlow,
        Self::Conflict,
        Self::VersionMismatch,
        Self::TooLarge,
        Self::UnsupportedType,
        Self::OutOfRange,
        Self::Invalid,
        Self::PreconditionRequired,
        Self::TooMany,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The table: status, word, title, how to mend it.
    #[allow(clippy::too_many_lines, reason = "a table with one row a code")]
    const fn row(self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Self::Malformed => (
                400,
                "malformed",
                "The request cannot be read",
                "Mend the request as the errors say; /api/v1/openapi.json has the shapes.",
            ),
            Self::Unauthenticated => (
                401,
                "unauthenticated",
                "Nobody is signed in",
                "Sign in with POST /api/v1/session, or send Authorization: Bearer with a token.",
            ),
            Self::Forbidden => (
                403,
                "forbidden",
                "Not allowed",
                "Ask an administrator for the role, or state another purpose in X-Purpose.",
            ),
            Self::CrossSite => (
                403,
                "cross_site",
                "From a page of another site",
                "Send it from the console itself, or use a bearer token instead of the cookie.",
            ),
            Self::NotFound => {
                (404, "not_found", "There is no such thing", "Check the path and the id; lists show what there is.")
            }
            Self::MethodNotAllowed => {
                (405, "method_not_allowed", "The path has no such method", "Use a method of the Allow header.")
            }
            Self::TooSlow => {
                (408, "too_slow", "The body took too long", "Send smaller bodies, or over a faster connection.")
            }
            Self::Conflict => {
                (409, "conflict", "Its state does not allow that", "Read it again and choose something it allows.")
            }
            Self::VersionMismatch => (
                412,
                "version_mismatch",
                "It changed meanwhile",
                "Read it again, look at the change, and send If-Match with the new ETag.",
            ),
            Self::TooLarge => (413, "too_large", "The body is too large", "Send it in smaller parts."),
            Self::UnsupportedType => (
                415,
                "unsupported_media_type",
                "The body has another type than this route takes",
                "Set Content-Type to a type of the document, and Content-Encoding to gzip or nothing.",
            ),
            Self::OutOfRange => (
                416,
                "out_of_range",
                "The file has none of those bytes",
                "Ask for a range within the length that Content-Range tells.",
            ),
            Self::Invalid => (422, "invalid", "A value is wrong", "Mend the fields that the errors name."),
            Self::PreconditionRequired => (
                428,
                "precondition_required",
                "If-Match is missing",
                "Read it first and send its ETag in If-Match, so that nobody's change is lost.",
            ),
            Self::TooMany => {
                (429, "too_many_requests", "Too many", "Wait as long as Retry-After says, then send it again.")
            }
            Self::Internal => (
                500,
                "internal",
                "A fault of the platform",
                "Tell the administrator the request id of the X-Request-Id header; the log has the cause.",
            ),
            Self::Unavailable => {
                (503, "unavailable", "Not now", "Wait as long as Retry-After says, then send it again.")
            }
        }
    }

    /// HTTP status.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().0).expect("the table holds valid statuses")
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Path of the field, parameter or header.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
    /// Line, from 1, where it is in a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

impl Fault {
    /// A fault of a field.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), line: None, column: None }
    }

    /// The same with its place in a text.
    #[must_use]
    pub fn at(mut self, line: usize, column: usize) -> Self {
        self.line = Some(line);
        self.column = Some(column);
        self
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
    /// For [`Code::TooMany`] and [`Code::Unavailable`].
    pub retry_after_s: Option<u64>,
    /// Whether whoever refused it has left an audit entry already.
    pub audited: bool,
}

impl Problem {
    /// A problem in words.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after_s: None, audited: false }
    }

    /// A problem with one field, parameter or header.
    pub fn of(code: Code, path: impl Into<String>, message: impl Into<String>) -> Self {
        let fault = Fault::new(path, message);
        Self { errors: vec![fault.clone()], ..Self::new(code, format!("{}: {}", fault.path, fault.message)) }
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
            mend: mend.to_owned(),
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

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict { .. } => Self::new(Code::VersionMismatch, error.to_string()),
            StoreError::NotPermitted { .. } => Self { audited: true, ..Self::new(Code::Forbidden, error.to_string()) },
            StoreError::Invalid { field, why } => Self::of(Code::Malformed, *field, why.clone()),
            StoreError::Full { .. } => Self::later(Code::Unavailable, error.to_string(), 30),
            StoreError::Closed => Self::later(Code::Unavailable, "the platform is stopping", 5),
            StoreError::Locked { .. }
            | StoreError::Damaged { .. }
            | StoreError::TooNew { .. }
            | StoreError::Backend { .. } => Self::internal(&error),
        }
    }
}

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        match &error {
            HistoryError::Cursor(_) => Self::of(Code::Malformed, "cursor", error.to_string()),
            HistoryError::Span { .. } => Self::of(Code::Malformed, "from", error.to_string()),
            HistoryError::Closed => Self::later(Code::Unavailable, "the platform is stopping", 5),
            HistoryError::DiskFull { .. } => Self::later(Code::Unavailable, error.to_string(), 30),
            _ => Self::internal(&error),
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match &error {
            CommandError::NotFound { .. } => Self::new(Code::NotFound, error.to_string()),
            CommandError::VersionConflict { .. } => Self::new(Code::VersionMismatch, error.to_string()),
            CommandError::NotAllowed { .. } => Self::new(Code::Conflict, error.to_string()),
            CommandError::Invalid { field, why } => Self::of(Code::Invalid, field.clone(), why.clone()),
        }
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
        assert!(!body.mend.is_empty());
    }
}
