//! Delivery as NDJSON over HTTP.

use std::time::Duration;

use serde::Deserialize;
use ureq::Agent;
use vigiles_formats::observation::{Draft, Rejection};

use super::{Delivered, DoorError, Pause};

const PATH: &str = "/api/v1/observations";
/// How often a delivery that did not arrive is tried again.
const MAX_RETRIES: u32 = 20;
/// Longest wait between two tries.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// Wait where the platform does not say how long.
const WAIT: Duration = Duration::from_secs(1);

pub(crate) struct Http {
    agent: Agent,
    url: String,
    authorization: String,
}

/// What the platform took, and the first of what it did not.
#[derive(Deserialize)]
struct Receipt {
    accepted: u64,
    duplicates: u64,
    shed: usize,
    refused: usize,
    rejected: Vec<Rejected>,
}

#[derive(Deserialize)]
struct Rejected {
    index: usize,
    path: String,
    message: String,
}

/// What it says where it took nothing: `[3].value`, or `line 4: value`.
#[derive(Deserialize)]
struct Problem {
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    path: String,
    message: String,
}

enum Next {
    Done(Receipt),
    Again(Duration),
    /// Not delivered; a few more tries.
    Retry(String),
    Fail(String),
}

impl Http {
    pub(crate) fn new(url: &str, token: &str) -> Self {
        let has_path = url.split_once("://").is_some_and(|(_, rest)| rest.trim_end_matches('/').contains('/'));
        let url = if has_path { url.to_owned() } else { format!("{}{PATH}", url.trim_end_matches('/')) };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(1)))
            .max_redirects(0)
            .build();
        Self { agent: config.new_agent(), url, authorization: format!("Bearer {token}") }
    }

    /// Where it delivers to.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Delivers, and returns once the observations are durable; `None` where it was told to stop. Waits where the
    /// platform is overloaded, also where it would rather drop a part: redelivery does no harm.
    pub(crate) fn deliver(&self, drafts: &[Draft], pause: &Pause<'_>) -> Result<Option<Delivered>, DoorError> {
        let Some(first) = self.post(drafts, pause)? else { return Ok(None) };
        let mut all = Delivered { accepted: first.accepted, duplicates: first.duplicates, refused: Vec::new() };
        let (mut told, mut from) = (first, 0);
        loop {
            let is_all = told.rejected.len() >= told.refused;
            let after = told.rejected.last().map_or(from, |last| from + last.index + 1);
            let field = |path: &str| place(path).map_or(path.to_owned(), |(_, field)| field.to_owned());
            let named = |r: Rejected| (from + r.index, Rejection::new(field(&r.path), r.message));
            all.refused.extend(told.rejected.into_iter().map(named));
            // Only the first of many are named: those behind them are delivered again to learn the others.
            if is_all || after == from || after >= drafts.len() {
                return Ok(Some(all));
            }
            from = after;
            match self.post(&drafts[from..], pause)? {
                Some(receipt) => told = receipt,
                None => return Ok(None),
            }
        }
    }

    fn post(&self, drafts: &[Draft], pause: &Pause<'_>) -> Result<Option<Receipt>, DoorError> {
        let mut body = Vec::with_capacity(drafts.len() * 200);
        for draft in drafts {
            draft.write_line(&mut body);
        }
        let mut retries = 0;
        while !pause.is_over() {
            match self.try_post(&body, drafts.len()) {
                Next::Done(receipt) if receipt.shed > 0 => pause.sleep(WAIT),
                Next::Done(receipt) => return Ok(Some(receipt)),
                Next::Again(wait) => pause.sleep(wait),
                Next::Retry(why) if retries < MAX_RETRIES => {
                    // Said once, aloud: whoever waits must know for what.
                    if retries == 0 {
                        tracing::warn!(url = self.url, why, "the recording is not taken; trying again");
                    }
                    pause.sleep((Duration::from_millis(200) * 2u32.pow(retries.min(10))).min(MAX_WAIT));
                    retries += 1;
                }
                Next::Retry(why) | Next::Fail(why) => return Err(DoorError { door: self.url.clone(), why }),
            }
        }
        Ok(None)
    }

    fn try_post(&self, body: &[u8], count: usize) -> Next {
        let request = self
            .agent
            .post(&self.url)
            .header("authorization", &self.authorization)
            .header("content-type", "application/x-ndjson");
        let mut response = match request.send(body) {
            Ok(response) => response,
            Err(e) => return Next::Retry(e.to_string()),
        };
        let status = response.status().as_u16();
        let wait = response.headers().get("retry-after").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
        let text = match response.body_mut().read_to_string() {
            Ok(text) => text,
            Err(e) => return Next::Retry(format!("{status}, and an answer that breaks off: {e}")),
        };
        match status {
            200..=299 => match serde_json::from_str(&text) {
                Ok(receipt) => Next::Done(receipt),
                Err(e) => Next::Fail(format!("an answer that cannot be read: {e}")),
            },
            422 => match all_refused(&text, count) {
                Some(receipt) => Next::Done(receipt),
                None => Next::Fail(format!("422: {}", short(&text))),
            },
            429 => Next::Again(wait.map_or(WAIT, Duration::from_secs).clamp(Duration::from_millis(100), MAX_WAIT)),
            500..=599 => Next::Retry(format!("{status}: {}", short(&text))),
            _ => Next::Fail(format!("{status}: {}", short(&text))),
        }
    }
}

/// The receipt of a delivery of which nothing was taken.
fn all_refused(text: &str, count: usize) -> Option<Receipt> {
    let problem: Problem = serde_json::from_str(text).ok()?;
    let named = |fault: Fault| {
        let (index, field) = place(&fault.path)?;
        Some(Rejected { index, path: field.to_owned(), message: fault.message })
    };
    let rejected: Vec<_> = problem.errors.into_iter().map(named).collect::<Option<_>>()?;
    (!rejected.is_empty()).then_some(Receipt { accepted: 0, duplicates: 0, shed: 0, refused: count, rejected })
}

fn short(text: &str) -> String {
    text.chars().take(300).collect()
}

/// The place in a delivery, and the field, of `[3].value`, `line 4: value` and `line 4`.
fn place(path: &str) -> Option<(usize, &str)> {
    let Some(rest) = path.strip_prefix("line ") else {
        let (index, field) = path.strip_prefix('[')?.split_once("].")?;
        return Some((index.parse().ok()?, field));
    };
    let (line, field) = rest.split_once(": ").unwrap_or((rest, "row"));
    Some((line.parse::<usize>().ok()?.checked_sub(1)?, field))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: Option<(usize, &str)>) {
        assert_eq!(place(path), expected, "{path}");
    }

    #[test]
    fn places_in_a_delivery() {
        check("[3].place.coordinates", Some((3, "place.coordinates")));
        check("line 4: value", Some((3, "value")));
        check("line 4", Some((3, "row")));
        for path in ["value", "line 0: value", "line x", "[x].value", "[3]", ""] {
            check(path, None);
        }
    }

    #[test]
    fn a_problem_that_names_no_place_is_no_receipt() {
        let of = |path: &str| format!("{{\"errors\":[{{\"path\":\"{path}\",\"message\":\"why\"}}]}}");
        assert_eq!(all_refused(&of("line 2"), 5).map(|r| (r.refused, r.rejected[0].index)), Some((5, 1)));
        for text in [of("Content-Type"), "{\"errors\":[]}".to_owned(), "busy".to_owned()] {
            assert!(all_refused(&text, 5).is_none(), "{text}");
        }
    }
}
