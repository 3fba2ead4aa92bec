//! Following a topic that another process writes: a consumer of the server, from the newest known message on.

use std::sync::{Arc, Weak};

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use futures_util::StreamExt as _;

use super::stream::Stored;
use super::topic::OpenTopic;
use crate::BusError;

/// Follows from now on, where this process neither does already nor is the owner.
pub(crate) fn start(topic: &Arc<OpenTopic>) {
    let mut known = topic.known.lock();
    if !known.owned && known.follower.is_none() {
        known.follower = Some(topic.stream.connection().spawn(follow(Arc::downgrade(topic))));
    }
}

/// Ends with the topic, or at damage. The server's consumer keeps nothing that outlives this task.
async fn follow(topic: Weak<OpenTopic>) {
    loop {
        let Some(open) = topic.upgrade() else {
            return;
        };
        let stream = open.stream.clone();
        let from = open.known.lock().end.sequence + 1;
        drop(open);
        let connection = stream.connection();
        let opened = connection
            .patiently("following", &stream.name, || async {
                let consumer = pull::OrderedConfig {
                    deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from },
                    ..pull::OrderedConfig::default()
                };
                let again = |why: String| super::connection::Failure::Again(why);
                let made = connection.context.create_consumer_on_stream(consumer, stream.name.clone()).await;
                made.map_err(|e| again(e.to_string()))?.messages().await.map_err(|e| again(e.to_string()))
            })
            .await;
        let mut messages = match opened {
            Ok(messages) => messages,
            Err(error) => {
                tracing::warn!(stream = stream.name, %error, "cannot follow the log");
                continue;
            }
        };
        while let Some(next) = messages.next().await {
            let Some(open) = topic.upgrade() else {
                return;
            };
            match next {
                Ok(message) => {
                    let Ok(sequence) = message.info().map(|info| info.stream_sequence) else {
                        break;
                    };
                    let stored = Stored { sequence, payload: message.message.payload };
                    if let Err(error) = take(&open, &stored) {
                        // Another process may have trimmed what was not read here yet.
                        if open.refresh_start().await.is_ok() && open.known.lock().end.sequence >= from {
                            break;
                        }
                        tracing::error!(stream = stream.name, %error, "the log is damaged");
                        open.fail(error);
                        return;
                    }
                }
                Err(error) => {
                    tracing::debug!(stream = stream.name, %error, "following the log anew");
                    break;
                }
            }
        }
    }
}

fn take(topic: &OpenTopic, stored: &Stored) -> Result<(), BusError> {
    if stored.sequence <= topic.known.lock().end.sequence {
        return Ok(());
    }
    topic.advance(stored.sequence, &topic.parse(stored)?)
}
