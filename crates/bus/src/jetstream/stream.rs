//! One stream on the server: made, looked at, read, written and cut.

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, Info, PurgeResponse, RawMessage, RetentionPolicy, StorageType,
};
use async_nats::jetstream::{self, ErrorCode};
use async_nats::{HeaderMap, Message, Request, StatusCode, header};
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::json;

use super::connection::{Failure, Shared, passes};
use crate::BusError;

/// A stream by its name.
#[derive(Clone)]
pub(crate) struct Stream {
    pub(crate) name: String,
    pub(crate) subject: String,
    connection: Shared,
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) sequence: u64,
    pub(crate) payload: Bytes,
}

/// The answer of the interface to a question for one message.
#[derive(Deserialize)]
struct Found {
    message: RawMessage,
}

/// How a publication went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Published {
    /// Durable, with this sequence.
    At(u64),
    /// Not stored: the stream does not end where it was expected to.
    WrongLastSequence,
}

impl Stream {
    pub(crate) fn new(connection: &Shared, name: String, subject: String) -> Self {
        Self { name, subject, connection: connection.clone() }
    }

    pub(crate) fn connection(&self) -> &Shared {
        &self.connection
    }

    /// How the stream is; `None` where there is none.
    pub(crate) async fn info(&self) -> Result<Option<Info>, BusError> {
        let subject = format!("STREAM.INFO.{}", self.name);
        self.connection
            .patiently("looking at", &self.name, || async {
                match self.connection.ask(&subject, &()).await? {
                    Ok(info) => Ok(Some(info)),
                    Err(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(None),
                    Err(error) => Err(self.refused("looking at", &error)),
                }
            })
            .await
    }

    /// Makes the stream, or finds it already made.
    pub(crate) async fn create(&self, config: &Config) -> Result<Info, BusError> {
        if let Some(info) = self.info().await? {
            return Ok(info);
        }
        let subject = format!("STREAM.CREATE.{}", self.name);
        self.connection
            .patiently("making", &self.name, || async {
                let made = self.connection.ask(&subject, config).await?;
                made.map_err(|error| self.refused("making", &error))
            })
            .await
    }

    /// The message at `sequence`, as the stream's leader has it.
    pub(crate) async fn get(&self, sequence: u64) -> Result<Option<Stored>, BusError> {
        let question = json!({ "seq": sequence });
        let found = self.get_raw(&question).await?;
        Ok(found.map(|message| Stored { sequence: message.sequence, payload: message.payload }))
    }

    /// The newest message of a subject, as the stream's leader has it.
    pub(crate) async fn last_of(&self, subject: &str) -> Result<Option<Stored>, BusError> {
        let found = self.get_raw(&json!({ "last_by_subj": subject })).await?;
        Ok(found.map(|message| Stored { sequence: message.sequence, payload: message.payload }))
    }

    async fn get_raw(&self, question: &serde_json::Value) -> Result<Option<StreamMessage>, BusError> {
        let subject = format!("STREAM.MSG.GET.{}", self.name);
        self.connection
            .patiently("reading", &self.name, || async {
                let answer = self.connection.ask::<_, Found>(&subject, question).await?;
                match answer {
                    Ok(found) => match StreamMessage::try_from(found.message) {
                        Ok(message) => Ok(Some(message)),
                        Err(error) => Err(Failure::Again(error.to_string())),
                    },
                    Err(error) if error.error_code() == ErrorCode::NO_MESSAGE_FOUND => Ok(None),
                    Err(error) => Err(self.refused("reading", &error)),
                }
            })
            .await
    }

    /// Messages from `sequence` on, at most `most` and about `most_bytes`, at least one where a replica has one. A replica
    /// may answer that is behind the leader, so that nothing follows from what is not there.
    pub(crate) async fn batch(&self, sequence: u64, most: usize, most_bytes: usize) -> Result<Vec<Stored>, BusError> {
        self.several(&json!({ "seq": sequence, "batch": most, "max_bytes": most_bytes })).await
    }

    /// The newest message of each subject that a pattern names; of a replica that may be behind.
    pub(crate) async fn last_of_each(&self, pattern: &str) -> Result<Vec<Stored>, BusError> {
        self.several(&json!({ "multi_last": [pattern] })).await
    }

    async fn several(&self, question: &serde_json::Value) -> Result<Vec<Stored>, BusError> {
        let question = Bytes::from(question.to_string());
        self.connection.patiently("reading", &self.name, || self.several_once(question.clone())).await
    }

    async fn several_once(&self, question: Bytes) -> Result<Vec<Stored>, Failure> {
        let again = |why: &dyn std::fmt::Display| Failure::Again(why.to_string());
        let client = &self.connection.client;
        let inbox = client.new_inbox();
        let mut answers = client.subscribe(inbox.clone()).await.map_err(|e| again(&e))?;
        let subject = format!("$JS.API.DIRECT.GET.{}", self.name);
        client.publish_with_reply(subject, inbox, question).await.map_err(|e| again(&e))?;
        let mut found = Vec::new();
        loop {
            let next = tokio::time::timeout(self.connection.options.answer_timeout, answers.next()).await;
            let Ok(Some(message)) = next else {
                return Err(Failure::Again("the messages asked for did not come".to_owned()));
            };
            match message.status {
                None => found.push(stored(message).ok_or_else(|| again(&"a message without a sequence"))?),
                // The end of the batch, and that there is no message.
                Some(status) if status.as_u16() == 204 || status == StatusCode::NOT_FOUND => return Ok(found),
                Some(status) => return Err(again(&format!("status {status}"))),
            }
        }
    }

    /// Publishes a message to become the one after `last`. Tried again without an answer, which may find its own first
    /// try stored: then the answer is [`Published::WrongLastSequence`], and the reader of the stream tells.
    pub(crate) async fn publish(&self, last: u64, payload: &Bytes) -> Result<Published, BusError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_EXPECTED_LAST_SEQUENCE, last.to_string());
        headers.insert(header::NATS_EXPECTED_STREAM, self.name.clone());
        self.send("appending to", &self.subject, headers, payload).await
    }

    /// Publishes a message to any subject of the stream.
    pub(crate) async fn put(&self, subject: &str, payload: &Bytes) -> Result<(), BusError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_EXPECTED_STREAM, self.name.clone());
        self.send("writing to", subject, headers, payload).await.map(|_| ())
    }

    async fn send(
        &self,
        doing: &'static str,
        subject: &str,
        headers: HeaderMap,
        payload: &Bytes,
    ) -> Result<Published, BusError> {
        let client = &self.connection.client;
        self.connection
            .patiently(doing, &self.name, || async {
                let request = Request::new().headers(headers.clone()).payload(payload.clone());
                let answer = client.send_request(subject.to_owned(), request).await;
                let answer = answer.map_err(|error| Failure::Again(error.to_string()))?;
                match serde_json::from_slice::<Response<PublishAck>>(&answer.payload) {
                    Ok(Response::Ok(ack)) => Ok(Published::At(ack.sequence)),
                    Ok(Response::Err { error }) if error.error_code() == ErrorCode::STREAM_WRONG_LAST_SEQUENCE => {
                        Ok(Published::WrongLastSequence)
                    }
                    Ok(Response::Err { error }) => Err(self.refused(doing, &error)),
                    Err(error) => Err(Failure::Again(format!("an answer that is none: {error}"))),
                }
            })
            .await
    }

    /// Removes the messages before `sequence`.
    pub(crate) async fn purge(&self, sequence: u64) -> Result<(), BusError> {
        let subject = format!("STREAM.PURGE.{}", self.name);
        let question = json!({ "seq": sequence });
        self.connection
            .patiently("trimming", &self.name, || async {
                let answer = self.connection.ask::<_, PurgeResponse>(&subject, &question).await?;
                answer.map(|_| ()).map_err(|error| self.refused("trimming", &error))
            })
            .await
    }

    pub(crate) fn damaged(&self, sequence: u64, what: impl Into<String>) -> BusError {
        BusError::DamagedStream { stream: self.name.clone(), sequence, what: what.into() }
    }

    fn refused(&self, doing: &'static str, error: &jetstream::Error) -> Failure {
        if passes(error) {
            return Failure::Again(error.to_string());
        }
        Failure::Final(BusError::Server { doing, stream: self.name.clone(), why: error.to_string() })
    }
}

/// A message of a batch.
fn stored(message: Message) -> Option<Stored> {
    let sequence = message.headers.as_ref()?.get(header::NATS_SEQUENCE)?.as_str().parse().ok()?;
    Some(Stored { sequence, payload: message.payload })
}

/// How a stream of frames is made: nothing in it ends by itself, and no message of it can be taken out.
pub(crate) fn frames_config(stream: &Stream, replicas: usize) -> Config {
    Config {
        name: stream.name.clone(),
        subjects: vec![stream.subject.clone()],
        description: Some("frames of the Vigiles log; written by one owner at a time".to_owned()),
        num_replicas: replicas,
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        max_messages: -1,
        max_bytes: -1,
        max_messages_per_subject: -1,
        allow_direct: true,
        deny_delete: true,
        ..Config::default()
    }
}

/// Refuses a stream that the server would shorten by itself or keep in memory only. Zero and -1 both mean no limit.
pub(crate) fn check_config(stream: &Stream, config: &Config) -> Result<(), BusError> {
    let faults = [
        (config.subjects != [stream.subject.clone()], "subjects", "its own subject alone"),
        (config.storage != StorageType::File, "storage", "file"),
        (config.retention != RetentionPolicy::Limits, "retention", "limits"),
        (!config.max_age.is_zero(), "max_age", "0"),
        (config.max_messages > 0, "max_msgs", "-1"),
        (config.max_messages_per_subject > 0, "max_msgs_per_subject", "-1"),
        (config.max_bytes > 0 && config.discard != DiscardPolicy::New, "discard", "new, since it has max_bytes"),
        (config.persist_mode == Some(jetstream::stream::PersistenceMode::Async), "persist_mode", "default"),
        (config.no_ack, "no_ack", "false"),
        (config.mirror.is_some() || config.sources.is_some(), "mirror and sources", "none"),
        (!config.allow_direct, "allow_direct", "true"),
    ];
    match faults.into_iter().find(|(wrong, ..)| *wrong) {
        None => Ok(()),
        Some((_, setting, good)) => {
            let name = &stream.name;
            Err(BusError::Refused(format!("stream {name} is no place for the log: its {setting} must be {good}")))
        }
    }
}
