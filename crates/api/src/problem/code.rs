//! The table of error codes.

use axum::http::StatusCode;

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
    pub(super) const fn row(self) -> (u16, &'static str, &'static str, &'static str) {
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
