//! One client: its packets in batches to the door, its answers, and the messages it subscribed to.

use std::collections::HashSet;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use vigiles_runtime::door::Grant;

use super::Broker;
use super::codec::{self, PacketError};
use super::counters::one;
use super::end::{End, ended};
use super::handshake::{self, Admitted};
use super::hub::{Delivery, Seat};
use super::packet::{Incoming, Outgoing, Publish, Qos, Reason, Version};

/// Most packets handled as one batch, so that they share one wait for the disk.
const MAX_BATCH: usize = 512;
/// Most bytes handled as one batch.
const MAX_BATCH_BYTES: usize = 1 << 20;
/// Room made for each read, in bytes.
const READ_BYTES: usize = 64 * 1024;
/// Bytes that may wait for the client before further messages are left in its queue.
const MAX_OUTPUT_BYTES: usize = 64 * 1024;
/// Most messages of quality of service 1 sent to a client and not acknowledged.
const MAX_IN_FLIGHT: u16 = 256;

/// Serves a connection to its end.
pub(super) async fn run(broker: &Broker, mut stream: TcpStream, stop: watch::Receiver<bool>) -> End {
    // Answers are small and waited for.
    let _ = stream.set_nodelay(true);
    let admitted = match handshake::admit(broker, &mut stream).await {
        Ok(admitted) => admitted,
        Err(end) => return end,
    };
    let mut connection = Connection::new(broker, stream, admitted, stop);
    let end = connection.live().await;
    broker.hub.leave(connection.seat.key);
    connection.part(&end).await;
    end
}

pub(super) struct Connection<'b> {
    pub(super) broker: &'b Broker,
    pub(super) grant: Grant,
    pub(super) seat: Seat,
    pub(super) stop: watch::Receiver<bool>,
    version: Version,
    stream: TcpStream,
    input: BytesMut,
    output: BytesMut,
    /// Messages of quality of service 2 that were taken and whose PUBREL has not come.
    pub(super) held: HashSet<u16>,
    /// Messages sent and not acknowledged.
    in_flight: HashSet<u16>,
    window: u16,
    last_id: u16,
    client_max_bytes: usize,
    keep_alive: Option<Duration>,
    heard: Instant,
    will: Option<Publish>,
}

enum Event {
    Read(usize),
    Deliver(Delivery),
    End(End),
}

impl<'b> Connection<'b> {
    fn new(broker: &'b Broker, stream: TcpStream, admitted: Admitted, stop: watch::Receiver<bool>) -> Self {
        let Admitted { connect, grant, seat, input } = admitted;
        Self {
            broker,
            grant,
            seat,
            stop,
            version: connect.version,
            stream,
            input,
            output: BytesMut::new(),
            held: HashSet::new(),
            in_flight: HashSet::new(),
            window: connect.receive_maximum.min(MAX_IN_FLIGHT),
            last_id: 0,
            client_max_bytes: connect.max_packet_bytes,
            // The standard grants half as much again.
            keep_alive: (connect.keep_alive_s > 0)
                .then(|| Duration::from_millis(u64::from(connect.keep_alive_s) * 1500)),
            heard: Instant::now(),
            will: connect.will,
        }
    }

    async fn live(&mut self) -> End {
        loop {
            if let Err(end) = self.handle_input().await {
                return end;
            }
            match self.next_event().await {
                Event::Read(0) => return End::gone("the client closed the connection"),
                Event::Read(_) => self.heard = Instant::now(),
                Event::Deliver(delivery) => self.deliver(delivery),
                Event::End(end) => return end,
            }
            if let Err(end) = self.flush().await {
                return end;
            }
        }
    }

    async fn next_event(&mut self) -> Event {
        let may_deliver = self.in_flight.len() < usize::from(self.window) && self.output.len() < MAX_OUTPUT_BYTES;
        let silent = self.keep_alive.map(|span| self.heard + span);
        self.input.reserve(READ_BYTES);
        tokio::select! {
            biased;
            end = ended(&mut self.seat.kick, &mut self.stop) => Event::End(end),
            read = self.stream.read_buf(&mut self.input) => match read {
                Ok(n) => Event::Read(n),
                Err(e) => Event::End(End::gone(e.to_string())),
            },
            Some(delivery) = self.seat.deliveries.recv(), if may_deliver => Event::Deliver(delivery),
            () = tokio::time::sleep_until(silent.unwrap_or_else(Instant::now)), if silent.is_some() => {
                Event::End(End::because(Reason::KeepAlive, "nothing was heard for one and a half keep-alive spans"))
            }
        }
    }

    /// Handles every whole packet that has come, in batches.
    async fn handle_input(&mut self) -> Result<(), End> {
        loop {
            let (batch, failed) = self.take_batch();
            if batch.is_empty() && failed.is_none() {
                return Ok(());
            }
            self.handle(batch).await?;
            self.flush().await?;
            if let Some(end) = failed {
                one(&self.broker.counters.protocol_errors);
                return Err(end);
            }
        }
    }

    /// The whole packets at the start of the input, and what is wrong with the one after them.
    fn take_batch(&mut self) -> (Vec<Incoming>, Option<End>) {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < MAX_BATCH && bytes < MAX_BATCH_BYTES {
            match codec::read(self.version, &mut self.input, self.broker.config.max_packet_bytes) {
                Ok(Some(packet)) => {
                    if let Incoming::Publish(publish) = &packet {
                        bytes += publish.payload.len();
                    }
                    batch.push(packet);
                }
                Ok(None) => break,
                Err(e) => {
                    let reason =
                        if matches!(e, PacketError::TooLarge { .. }) { Reason::TooLarge } else { Reason::Malformed };
                    return (batch, Some(End::because(reason, e.to_string())));
                }
            }
        }
        (batch, None)
    }

    async fn handle(&mut self, batch: Vec<Incoming>) -> Result<(), End> {
        let mut acks = self.submit(&batch).await?.into_iter();
        for packet in batch {
            match packet {
                Incoming::Publish(publish) => {
                    let ack = acks.next().flatten();
                    self.answer(&publish, ack);
                }
                Incoming::PubAck(id) => {
                    self.in_flight.remove(&id);
                }
                Incoming::PubRel(id) => {
                    self.held.remove(&id);
                    self.send(Outgoing::PubComp(id));
                }
                Incoming::Ping => self.send(Outgoing::Pong),
                Incoming::Subscribe { id, filters, has_identifier } => {
                    self.subscribe(id, &filters, has_identifier).await?;
                }
                Incoming::Unsubscribe { id, filters } => {
                    let known = filters.iter().map(|f| self.broker.hub.unsubscribe(self.seat.key, f)).collect();
                    self.send(Outgoing::UnsubAck(id, known));
                }
                Incoming::Disconnect { with_will } => {
                    return Err(End { say: None, why: "the client said goodbye".into(), with_will });
                }
                Incoming::Connect(_) => return Err(End::because(Reason::Protocol, "a second CONNECT")),
            }
        }
        Ok(())
    }

    async fn subscribe(&mut self, id: u16, filters: &[super::packet::Filter], has_identifier: bool) -> Result<(), End> {
        if id == 0 {
            return Err(End::because(Reason::Protocol, "packet identifier 0"));
        }
        let mut codes = Vec::with_capacity(filters.len());
        for filter in filters {
            codes.push(if has_identifier {
                Err(Reason::SubscriptionIdentifier)
            } else {
                self.broker.subscribe(&self.grant, self.seat.key, filter).await
            });
        }
        self.send(Outgoing::SubAck(id, codes));
        Ok(())
    }

    fn deliver(&mut self, delivery: Delivery) {
        // A topic and a header are never more than this above the payload.
        if delivery.payload.len() + delivery.topic.len() + 16 > self.client_max_bytes {
            return;
        }
        let id = if delivery.qos == Qos::AtMostOnce { 0 } else { self.take_id() };
        let Delivery { topic, payload, qos, retain } = delivery;
        self.send(Outgoing::Publish { topic: topic.to_string(), payload, qos, retain, id });
    }

    fn take_id(&mut self) -> u16 {
        // The window is far smaller than the identifiers there are, so that one is free.
        loop {
            self.last_id = self.last_id.wrapping_add(1).max(1);
            if self.in_flight.insert(self.last_id) {
                return self.last_id;
            }
        }
    }

    pub(super) fn is_v5(&self) -> bool {
        self.version == Version::V5
    }

    pub(super) fn send(&mut self, packet: Outgoing) {
        codec::write(self.version, packet, &mut self.output);
    }

    /// Writes what waits; gives up on a client that does not read, or must go.
    async fn flush(&mut self) -> Result<(), End> {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = self.output.split();
        tokio::select! {
            biased;
            written = self.stream.write_all(&output) => written.map_err(|e| End::gone(e.to_string())),
            end = ended(&mut self.seat.kick, &mut self.stop) => Err(end),
            () = tokio::time::sleep(self.broker.config.patience) => Err(End::gone("the client does not read")),
        }
    }

    /// Says why, publishes the will, closes.
    async fn part(&mut self, end: &End) {
        if let Some(reason) = end.say {
            self.send(Outgoing::Disconnect(reason, end.why.clone()));
            let output = self.output.split();
            let _ = tokio::time::timeout(Duration::from_secs(1), self.stream.write_all(&output)).await;
        }
        let _ = self.stream.shutdown().await;
        if let Some(will) = self.will.take().filter(|_| end.with_will) {
            let batch = [Incoming::Publish(Publish { qos: Qos::AtMostOnce, ..will })];
            if self.submit(&batch).await.is_ok()
                && let [Incoming::Publish(will)] = &batch
            {
                self.broker.hub.forward(self.seat.key, will);
            }
        }
    }
}
