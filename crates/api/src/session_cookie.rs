//! The cookie of a session.

use axum::http::header::COOKIE as COOKIE_HEADER;
use axum::http::{HeaderMap, HeaderValue};

use crate::problem::Problem;

/// Name of the cookie.
pub(crate) const COOKIE: &str = "vigiles_session";

/// The session secret of a request.
pub(crate) fn read(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE_HEADER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// The header that sets the cookie for as long as a session may last.
pub(crate) fn set(secret: &str, max_age_s: i64, https: bool) -> Result<HeaderValue, Problem> {
    let secure = if https { "; Secure" } else { "" };
    let text = format!("{COOKIE}={secret}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).map_err(|e| Problem::internal(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE_HEADER, HeaderValue::from_str(header).unwrap());
        assert_eq!(read(&headers), expected, "{header}");
    }

    #[test]
    fn finds_its_own_cookie_only() {
        check("vigiles_session=vgs_a_b", Some("vgs_a_b"));
        check("a=b; vigiles_session=x ; c=d", Some("x"));
        check("vigiles_session2=x", None);
        check("", None);
    }

    #[test]
    fn is_hidden_from_scripts_and_other_sites() {
        let header = set("x", 60, true).unwrap();
        let text = header.to_str().unwrap();
        assert!(text.contains("HttpOnly") && text.contains("SameSite=Strict") && text.contains("Secure"), "{text}");
    }
}
