//! Delivery as NDJSON over HTTP.

use std::time::Duration;

use serde::Deserialize;
use ureq::Agent;
use vigiles_formats::observation::{Draft, Rejection};

use super::{Pause, ReplayError, Summary, Way};

const PATH: &str = "/api/v1/observations";
/// How often a delivery that did not arrive is tried again.
const MAX_RETRIES: u32 = 20;
/// Longest wait between two tries.
const MAX_WAIT: Duration = Duration::from_secs(30);

pub(super) struct Http {
    agent: Agent,
    url: String,
    authorization: String,
}

#[derive(Deserialize)]
struct Answer {
    accepted: u64,
    duplicates: u64,
    #[serde(default)]
    rejected: Vec<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    path: String,
    message: String,
}

enum Next {
    Done,
    Again(Duration),
    /// Not delivered; a few more tries.
    Retry(String),
    Fail(String),
}

impl Http {
    pub(super) fn new(url: &str, token: &str) -> Self {
        let has_path = url.split_once("://").is_some_and(|(_, rest)| rest.trim_end_matches('/').contains('/'));
        let url = if has_path { url.to_owned() } else { format!("{}{PATH}", url.trim_end_matches('/')) };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(1)))
            .max_redirects(0)
            .build();
        Self { agent: config.new_agent(), url, authorization: format!("Bearer {token}") }
    }

    fn post(&self, body: &[u8], summary: &mut Summary) -> Next {
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
        let text = response.body_mut().read_to_string().unwrap_or_default();
        match status {
            200..=299 | 422 => {
                match serde_json::from_str::<Answer>(&text) {
                    Ok(answer) => summary.add(&answer),
                    Err(_) if status == 422 => return Next::Fail(format!("422: {}", short(&text))),
                    Err(e) => return Next::Fail(format!("an answer that cannot be read: {e}")),
                }
                Next::Done
            }
            429 => Next::Again(Duration::from_secs(wait.unwrap_or(1)).clamp(Duration::from_millis(100), MAX_WAIT)),
            500..=599 => Next::Retry(format!("{status}: {}", short(&text))),
            _ => Next::Fail(format!("{status}: {}", short(&text))),
        }
    }
}

impl Way for Http {
    fn deliver(&mut self, drafts: &[Draft], pause: &Pause<'_>, summary: &mut Summary) -> Result<(), ReplayError> {
        let mut body = Vec::with_capacity(drafts.len() * 200);
        for draft in drafts {
            draft.write_line(&mut body);
        }
        let mut retries = 0;
        while !pause.is_over() {
            match self.post(&body, summary) {
                Next::Done => return Ok(()),
                Next::Again(wait) => pause.sleep(wait),
                Next::Retry(why) if retries < MAX_RETRIES => {
                    // Said once, aloud: whoever waits must know for what.
                    if retries == 0 {
                        tracing::warn!(url = self.url, why, "the recording is not taken; trying again");
                    }
                    pause.sleep((Duration::from_millis(200) * 2u32.pow(retries.min(10))).min(MAX_WAIT));
                    retries += 1;
                }
                Next::Retry(why) | Next::Fail(why) => return Err(ReplayError::Door { door: self.url.clone(), why }),
            }
        }
        Ok(())
    }
}

impl Summary {
    fn add(&mut self, answer: &Answer) {
        self.accepted += answer.accepted;
        self.duplicates += answer.duplicates;
        self.rejected += answer.rejected.len() as u64;
        if let Some(first) = answer.rejected.first() {
            self.note(&Rejection::new(first.path.as_str(), &first.message));
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(300).collect()
}
