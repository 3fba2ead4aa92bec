//! What is kept beside the frames: where consumers stand, how far each topic was trimmed, and how far it is known to have been
//! written. One small stream a log, which keeps the newest message of each subject.
//!
//! A consumer of the server would not do: it counts messages, of which each has many records, and only moves forward.

use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};
use bytes::Bytes;

use super::connection::Shared;
use super::stream::Stream;
use crate::{BusError, Offset, Topic, contract};

/// The marks of one log.
#[derive(Clone)]
pub(crate) struct Marks {
    stream: Stream,
    log: String,
}

impl Marks {
    /// Opens or makes the stream of marks. No topic's stream has its name, which is the log's alone.
    pub(crate) async fn open(connection: &Shared, log: &str, replicas: usize) -> Result<Self, BusError> {
        let stream = Stream::new(connection, log.to_owned(), format!("{log}.*.>"));
        let config = Config {
            name: stream.name.clone(),
            subjects: vec![stream.subject.clone()],
            description: Some("cursors and trim marks of the Vigiles log".to_owned()),
            num_replicas: replicas,
            storage: StorageType::File,
            discard: DiscardPolicy::New,
            max_messages: -1,
            max_bytes: -1,
            max_messages_per_subject: 1,
            allow_direct: true,
            ..Config::default()
        };
        let kept = stream.create(&config).await?.config;
        if kept.subjects != config.subjects
            || kept.storage != StorageType::File
            || kept.max_messages_per_subject != 1
            || !kept.max_age.is_zero()
            || !kept.allow_direct
        {
            let wanted = "its subject alone, on disk, one message a subject, without max_age, with allow_direct";
            return Err(BusError::Refused(format!("stream {log} is no place for cursors: it must keep {wanted}")));
        }
        Ok(Self { stream, log: log.to_owned() })
    }

    /// Notes that a topic keeps nothing before `offset`.
    pub(crate) async fn save_trimmed(&self, topic: &Topic, offset: u64) -> Result<(), BusError> {
        self.save(&self.trimmed(topic), offset).await
    }

    /// The offset up to which a topic was trimmed; 0 where it never was.
    pub(crate) async fn load_trimmed(&self, topic: &Topic) -> Result<u64, BusError> {
        Ok(self.load(&self.trimmed(topic)).await?.unwrap_or(0))
    }

    /// Notes that a topic was durable up to `offset`.
    pub(crate) async fn save_written(&self, topic: &Topic, offset: u64) -> Result<(), BusError> {
        self.save(&format!("{}.{topic}.written", self.log), offset).await
    }

    /// The greatest offset that any mark of a topic names: the topic has been written up to there, at least.
    pub(crate) async fn load_reached(&self, topic: &Topic) -> Result<u64, BusError> {
        let pattern = format!("{}.{topic}.>", self.log);
        let mut reached = 0;
        for stored in self.stream.last_of_each(&pattern).await? {
            reached = reached.max(self.parse(stored.sequence, &stored.payload)?);
        }
        Ok(reached)
    }

    pub(crate) async fn save_cursor(&self, topic: &Topic, consumer: &str, offset: Offset) -> Result<(), BusError> {
        self.save(&self.cursor(topic, consumer)?, offset.0).await
    }

    pub(crate) async fn load_cursor(&self, topic: &Topic, consumer: &str) -> Result<Option<Offset>, BusError> {
        Ok(self.load(&self.cursor(topic, consumer)?).await?.map(Offset))
    }

    fn trimmed(&self, topic: &Topic) -> String {
        format!("{}.{topic}.trimmed", self.log)
    }

    fn cursor(&self, topic: &Topic, consumer: &str) -> Result<String, BusError> {
        contract::check_name(consumer)?;
        Ok(format!("{}.{topic}.cursor.{consumer}", self.log))
    }

    async fn save(&self, subject: &str, offset: u64) -> Result<(), BusError> {
        self.stream.put(subject, &Bytes::from(offset.to_string())).await
    }

    async fn load(&self, subject: &str) -> Result<Option<u64>, BusError> {
        match self.stream.last_of(subject).await? {
            Some(stored) => self.parse(stored.sequence, &stored.payload).map(Some),
            None => Ok(None),
        }
    }

    fn parse(&self, sequence: u64, payload: &[u8]) -> Result<u64, BusError> {
        let offset = std::str::from_utf8(payload).ok().and_then(|text| text.parse().ok());
        offset.ok_or_else(|| self.stream.damaged(sequence, "it is no offset"))
    }
}
