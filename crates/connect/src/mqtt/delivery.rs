//! From a batch of messages to durable observations, and to the answer for each message.

use std::ops::Range;
use std::time::Duration;

use vigiles_formats::observation::Draft;
use vigiles_formats::{mqtt, sensorthings};
use vigiles_runtime::door::{Grant, Receipt, SubmitError};

use super::Broker;
use super::connection::Connection;
use super::counters::{add, one};
use super::end::{End, ended};
use super::intake;
use super::packet::{Ack, Filter, Incoming, Outgoing, Publish, Qos, Reason};

/// Longest wait before an overloaded platform is asked again.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// What a message of a batch asks for.
enum Part {
    /// Its observations in the batch's drafts; empty for a message that is only forwarded.
    Observations(Range<usize>),
    /// A message of quality of service 2 that was taken before.
    Repeated,
    /// Not allowed, or not a topic.
    Refused(Reason, String),
}

impl Connection<'_> {
    /// Submits the observations of a batch, and waits until they are durable. Gives one answer for each
    /// PUBLISH, in order; none for a repeated one.
    pub(super) async fn submit(&mut self, batch: &[Incoming]) -> Result<Vec<Option<Ack>>, End> {
        loop {
            let (parts, drafts) = self.read(batch)?;
            if drafts.is_empty() {
                return Ok(answers(parts, &Receipt::default()));
            }
            match self.broker.door.submit(&self.grant, drafts).await {
                Ok(receipt) => {
                    self.count(&receipt);
                    return Ok(answers(parts, &receipt));
                }
                Err(SubmitError::Overloaded { retry_after }) => self.wait(retry_after).await?,
                Err(e @ SubmitError::Closed) => return Err(End::because(Reason::ShuttingDown, e.to_string())),
                Err(e @ SubmitError::Storage(_)) => return Err(End::because(Reason::Storage, e.to_string())),
            }
        }
    }

    /// Leaves the socket unread for a while.
    async fn wait(&mut self, span: Duration) -> Result<(), End> {
        one(&self.broker.counters.waits);
        tokio::select! {
            () = tokio::time::sleep(span.min(MAX_WAIT)) => Ok(()),
            end = ended(&mut self.seat.kick, &mut self.stop) => Err(end),
        }
    }

    fn read(&self, batch: &[Incoming]) -> Result<(Vec<Part>, Vec<Draft>), End> {
        let sources = self.broker.door.sources();
        let mut parts = Vec::new();
        let mut drafts = Vec::new();
        // As it will be at each packet: a PUBREL frees its identifier for the next message of the same batch.
        let mut held = self.held.clone();
        for packet in batch {
            let publish = match packet {
                Incoming::Publish(publish) => publish,
                Incoming::PubRel(id) => {
                    held.remove(id);
                    continue;
                }
                _ => continue,
            };
            if publish.has_alias {
                return Err(End::because(Reason::TopicAlias, "topic aliases are not taken"));
            }
            if publish.qos == Qos::ExactlyOnce {
                if !held.insert(publish.id) {
                    parts.push(Part::Repeated);
                    continue;
                }
                if held.len() > usize::from(self.broker.config.receive_maximum) {
                    return Err(End::because(Reason::ReceiveMaximum, "too many messages wait for their PUBREL"));
                }
            }
            if let Some(refused) = check(&self.grant, publish) {
                parts.push(refused);
                continue;
            }
            let start = drafts.len();
            if !intake::read(&publish.topic, &publish.payload, &sources, &mut drafts) {
                one(&self.broker.counters.unmatched);
            }
            parts.push(Part::Observations(start..drafts.len()));
        }
        Ok((parts, drafts))
    }

    fn count(&self, receipt: &Receipt) {
        let counters = &self.broker.counters;
        add(&counters.accepted, receipt.accepted);
        add(&counters.duplicates, receipt.duplicates);
        add(&counters.shed, receipt.shed);
        add(&counters.rejected, receipt.rejected.len());
    }

    /// Answers one message, and hands it on to its subscribers.
    pub(super) fn answer(&mut self, publish: &Publish, ack: Option<Ack>) {
        one(&self.broker.counters.messages);
        let is_refused = matches!(ack, Some(Ack::Refused(Reason::NotAuthorised | Reason::TopicInvalid, _)));
        if is_refused {
            one(&self.broker.counters.rejected);
        } else if ack.is_some() && !sensorthings::mqtt::is_topic(&publish.topic) {
            // What SensorThings tells its subscribers is made from what the platform took, by whichever door.
            self.broker.hub.forward(self.seat.key, publish);
        }
        let failed = matches!(ack, Some(Ack::Refused(..)));
        let ack = ack.unwrap_or(Ack::Taken);
        match publish.qos {
            Qos::AtMostOnce => {}
            Qos::AtLeastOnce => self.send(Outgoing::PubAck(publish.id, ack)),
            Qos::ExactlyOnce => {
                // In MQTT 5 a refusal ends the exchange; 3.1.1 has none, and PUBREL follows.
                if !failed || !self.is_v5() {
                    self.held.insert(publish.id);
                }
                self.send(Outgoing::PubRec(publish.id, ack));
            }
        }
    }
}

impl Broker {
    pub(super) async fn subscribe(&self, grant: &Grant, client: u64, filter: &Filter) -> Result<Qos, Reason> {
        if !intake::is_own_branch(grant, &filter.path) {
            self.door.follow(grant, &filter.path).await.map_err(|_| Reason::NotAuthorised)?;
        }
        self.hub.subscribe(client, filter)
    }
}

fn check(grant: &Grant, publish: &Publish) -> Option<Part> {
    if !mqtt::is_topic(&publish.topic) {
        return Some(Part::Refused(Reason::TopicInvalid, "not a topic to publish to".into()));
    }
    if !intake::may_publish(grant, &publish.topic) {
        return Some(Part::Refused(Reason::NotAuthorised, format!("the token may not publish to {}", publish.topic)));
    }
    None
}

fn answers(parts: Vec<Part>, receipt: &Receipt) -> Vec<Option<Ack>> {
    let answer = |part| match part {
        Part::Repeated => None,
        Part::Refused(reason, why) => Some(Ack::Refused(reason, why)),
        Part::Observations(range) => Some(ack(&range, receipt)),
    };
    parts.into_iter().map(answer).collect()
}

fn ack(range: &Range<usize>, receipt: &Receipt) -> Ack {
    let mut refused = receipt.rejected.iter().filter(|(i, _)| range.contains(i));
    let Some((index, first)) = refused.next() else { return Ack::Taken };
    let count = 1 + refused.count();
    let all = range.len();
    let why = format!("{count} of {all} observations refused; number {} at {first}", index - range.start);
    if count == all { Ack::Refused(Reason::PayloadInvalid, why) } else { Ack::Partly(why) }
}
