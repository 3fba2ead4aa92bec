//! Objects in a bucket of an S3-compatible store. `rusty-s3` signs the requests, `ureq` carries them.

use std::time::Duration;

use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use ureq::Agent;
use ureq::http::Response;

use super::{Failure, Objects};

/// How long a signed request is good for: as long as it may take, and clocks may differ.
const SIGNED_FOR: Duration = Duration::from_mins(15);
/// Longest that a request may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// Longest wait for a connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// Largest object, and largest page of a listing.
const MAX_BYTES: u64 = 128 << 20;

/// Where a bucket is, and who asks.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The bucket.
    pub bucket: String,
    /// What the names of all objects begin with; empty, or ends with `/`.
    pub prefix: String,
    /// The server; Amazon's of the region if not given.
    pub endpoint: Option<String>,
    /// The region.
    pub region: String,
    /// Access key id.
    pub key_id: String,
    /// Secret access key.
    pub secret: super::place::AccessSecret,
}

/// A page of a listing, and where the next one goes on.
type Listed = (Vec<(String, u64)>, Option<String>);

/// Objects in a bucket.
pub struct S3Objects {
    agent: Agent,
    bucket: Bucket,
    credentials: Credentials,
    prefix: String,
    place: String,
}

impl S3Objects {
    /// Names the bucket; nothing is asked of it yet.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let amazon = format!("https://s3.{}.amazonaws.com", settings.region);
        // Other servers seldom have a name for each bucket.
        let style = if settings.endpoint.is_some() { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let endpoint = settings.endpoint.as_deref().unwrap_or(&amazon);
        let endpoint = endpoint.parse().map_err(|e| format!("the endpoint {endpoint:?} is no address: {e}"))?;
        let bucket = Bucket::new(endpoint, style, settings.bucket.clone(), settings.region.clone())
            .map_err(|e| format!("the bucket {:?}: {e}", settings.bucket))?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_PATIENCE))
            .timeout_global(Some(PATIENCE))
            .build();
        Ok(Self {
            agent: config.into(),
            bucket,
            credentials: Credentials::new(settings.key_id.clone(), settings.secret.reveal()),
            prefix: settings.prefix.clone(),
            place: format!("s3://{}/{}", settings.bucket, settings.prefix),
        })
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn page(&self, prefix: &str, token: Option<&str>) -> Result<Listed, String> {
        let mut action = self.bucket.list_objects_v2(Some(&self.credentials));
        action.with_prefix(self.key(prefix));
        if let Some(token) = token {
            action.with_continuation_token(token);
        }
        let answer = self.agent.get(action.sign(SIGNED_FOR).as_str()).call().map_err(|e| e.to_string())?;
        let bytes = expect(answer, &[200])?;
        let text = String::from_utf8(bytes).map_err(|e| e.to_string())?;
        let page = ListObjectsV2::parse_response(&text).map_err(|e| e.to_string())?;
        let name = |key: &str| key.strip_prefix(&self.prefix).map(ToOwned::to_owned);
        let found = page.contents.iter().filter_map(|found| Some((name(&found.key)?, found.size.unwrap_or(0))));
        Ok((found.collect(), page.next_continuation_token))
    }
}

/// The body of an answer with one of these statuses; else what the server says.
fn expect(mut answer: Response<ureq::Body>, statuses: &[u16]) -> Result<Vec<u8>, String> {
    let status = answer.status().as_u16();
    let bytes = answer.body_mut().with_config().limit(MAX_BYTES).read_to_vec().map_err(|e| e.to_string())?;
    if statuses.contains(&status) {
        return Ok(bytes);
    }
    let text = String::from_utf8_lossy(&bytes);
    let part = |tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        Some(rest.split_once("</")?.0.chars().take(200).collect::<String>())
    };
    let said = [part("Code"), part("Message")].into_iter().flatten().collect::<Vec<_>>().join(": ");
    Err(format!("the server answers {status} {said}").trim_end().to_owned())
}

impl Objects for S3Objects {
    fn add(&self, name: &str, bytes: &[u8]) -> Result<bool, Failure> {
        let failed = |why: String| Failure::new("writing", name, why);
        let key = self.key(name);
        let url = self.bucket.put_object(Some(&self.credentials), &key).sign(SIGNED_FOR);
        // So that what is there is never written over.
        let request = self.agent.put(url.as_str()).header("if-none-match", "*");
        let answer = request.send(bytes).map_err(|e| failed(e.to_string()))?;
        let is_there = answer.status().as_u16() == 412;
        expect(answer, &[200, 412]).map_err(failed)?;
        Ok(!is_there)
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let failed = |why: String| Failure::new("reading", name, why);
        let key = self.key(name);
        let url = self.bucket.get_object(Some(&self.credentials), &key).sign(SIGNED_FOR);
        let answer = self.agent.get(url.as_str()).call().map_err(|e| failed(e.to_string()))?;
        if answer.status().as_u16() == 404 {
            // Not the bucket itself: that would look like an empty one.
            let why = expect(answer, &[]).err().unwrap_or_default();
            return if why.contains("NoSuchBucket") { Err(failed(why)) } else { Ok(None) };
        }
        expect(answer, &[200]).map(Some).map_err(failed)
    }

    fn has(&self, name: &str) -> Result<bool, Failure> {
        let failed = |why: String| Failure::new("looking for", name, why);
        let key = self.key(name);
        let url = self.bucket.head_object(Some(&self.credentials), &key).sign(SIGNED_FOR);
        let answer = self.agent.head(url.as_str()).call().map_err(|e| failed(e.to_string()))?;
        match answer.status().as_u16() {
            200 => Ok(true),
            404 => Ok(false),
            status => Err(failed(format!("the server answers {status}"))),
        }
    }

    fn list(&self, prefix: &str) -> Result<Vec<(String, u64)>, Failure> {
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let (page, next) =
                self.page(prefix, token.as_deref()).map_err(|why| Failure::new("listing", prefix, why))?;
            all.extend(page);
            if next.is_none() {
                return Ok(all);
            }
            token = next;
        }
    }

    fn remove(&self, name: &str) -> Result<(), Failure> {
        let failed = |why: String| Failure::new("removing", name, why);
        let key = self.key(name);
        let url = self.bucket.delete_object(Some(&self.credentials), &key).sign(SIGNED_FOR);
        let answer = self.agent.delete(url.as_str()).call().map_err(|e| failed(e.to_string()))?;
        expect(answer, &[200, 204, 404]).map(drop).map_err(failed)
    }

    fn place(&self) -> String {
        self.place.clone()
    }
}
