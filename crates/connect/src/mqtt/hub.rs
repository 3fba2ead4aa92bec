//! The messages between clients: who is connected, who subscribes to what, and what is retained.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use tokio::sync::{mpsc, watch};
use vigiles_formats::mqtt;
use vigiles_model::PersonId;

use super::counters::{Counters, add, one};
use super::packet::{Filter, Publish, Qos, Reason};
use super::tree::{Subscription, Tree};

/// Most filters one client may subscribe to.
const MAX_FILTERS: usize = 100;
/// Most retained messages, and bytes of them.
const MAX_RETAINED: usize = 10_000;
const MAX_RETAINED_BYTES: usize = 64 << 20;

/// A message on its way to one subscriber.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) topic: Arc<str>,
    pub(super) payload: Bytes,
    pub(super) qos: Qos,
    pub(super) retain: bool,
}

/// One client's end of the hub. Dropping it does not unregister: see [`Hub::leave`].
pub(super) struct Seat {
    pub(super) key: u64,
    pub(super) deliveries: mpsc::Receiver<Delivery>,
    /// Set once, when the client must go.
    pub(super) kick: watch::Receiver<Option<Reason>>,
}

/// Whose client it is: two people's clients of one name are two clients.
type Name = (PersonId, String);

/// The name given to a client that brings none.
pub(super) fn assigned_name(key: u64) -> String {
    format!("auto-{key}")
}

#[derive(Default)]
pub(super) struct Hub {
    state: RwLock<State>,
    counters: Arc<Counters>,
    queue: usize,
}

#[derive(Default)]
struct State {
    next: u64,
    clients: FxHashMap<u64, Client>,
    names: FxHashMap<Name, u64>,
    tree: Tree,
    retained: BTreeMap<String, Delivery>,
    retained_bytes: usize,
}

struct Client {
    name: Name,
    deliveries: mpsc::Sender<Delivery>,
    kick: watch::Sender<Option<Reason>>,
    filters: Vec<String>,
}

impl Hub {
    /// A hub whose subscribers may lag by `queue` messages.
    pub(super) fn new(counters: Arc<Counters>, queue: usize) -> Self {
        Self { state: RwLock::default(), counters, queue }
    }

    /// Gives a client its seat; whoever sat there under the same name must go.
    pub(super) fn join(&self, principal: &PersonId, client: &str) -> Seat {
        let (deliveries, receiver) = mpsc::channel(self.queue);
        let (kick, kicked) = watch::channel(None);
        let mut state = self.state.write();
        let client = if client.is_empty() { assigned_name(state.next + 1) } else { client.to_owned() };
        let name = (principal.clone(), client);
        if let Some(old) = state.names.get(&name).copied() {
            state.remove(old, Some(Reason::TakenOver));
        }
        state.next += 1;
        let key = state.next;
        state.names.insert(name.clone(), key);
        state.clients.insert(key, Client { name, deliveries, kick, filters: Vec::new() });
        Seat { key, deliveries: receiver, kick: kicked }
    }

    /// Takes a client's seat away. Nothing happens where it is gone already.
    pub(super) fn leave(&self, key: u64) {
        self.state.write().remove(key, None);
    }

    /// Subscribes, and hands over the retained messages that the filter covers. The highest quality of
    /// service granted is 1.
    pub(super) fn subscribe(&self, key: u64, filter: &Filter) -> Result<Qos, Reason> {
        if filter.path.starts_with("$share/") {
            return Err(Reason::SharedSubscription);
        }
        if !mqtt::is_filter(&filter.path) {
            return Err(Reason::FilterInvalid);
        }
        let qos = filter.qos.min(Qos::AtLeastOnce);
        let mut state = self.state.write();
        let state = &mut *state;
        let client = state.clients.get_mut(&key).ok_or(Reason::TakenOver)?;
        if !client.filters.contains(&filter.path) {
            if client.filters.len() >= MAX_FILTERS {
                return Err(Reason::Quota);
            }
            client.filters.push(filter.path.clone());
        }
        let subscription =
            Subscription { client: key, qos, no_local: filter.no_local, keep_retain: filter.keep_retain };
        state.tree.insert(&filter.path, subscription);
        if filter.wants_retained {
            let covered = state.retained.values().filter(|d| mqtt::matches(&filter.path, &d.topic));
            for delivery in covered {
                // A client that subscribes to more retained messages than its queue holds gets the first of them.
                let _ = client.deliveries.try_send(Delivery { qos: delivery.qos.min(qos), ..delivery.clone() });
            }
        }
        Ok(qos)
    }

    /// Whether there was such a subscription.
    pub(super) fn unsubscribe(&self, key: u64, filter: &str) -> bool {
        let mut state = self.state.write();
        if let Some(client) = state.clients.get_mut(&key) {
            client.filters.retain(|f| f != filter);
        }
        state.tree.remove(filter, key)
    }

    /// Hands a message to its subscribers, and keeps it where it asks to be retained.
    pub(super) fn forward(&self, from: u64, publish: &Publish) {
        if publish.retain {
            self.retain(publish);
        }
        let slow = self.hand_out(from, publish);
        if !slow.is_empty() {
            let mut state = self.state.write();
            for key in slow {
                one(&self.counters.slow_subscribers);
                state.remove(key, Some(Reason::Quota));
            }
        }
    }

    /// Whether anybody subscribes to anything.
    pub(super) fn is_followed(&self) -> bool {
        !self.state.read().tree.is_empty()
    }

    /// Whether anybody subscribes to the topic.
    pub(super) fn is_wanted(&self, topic: &str) -> bool {
        !self.state.read().tree.find(topic).is_empty()
    }

    /// The subscribers whose queues are full.
    fn hand_out(&self, from: u64, publish: &Publish) -> Vec<u64> {
        let state = self.state.read();
        if state.tree.is_empty() {
            return Vec::new();
        }
        let mut found = state.tree.find(&publish.topic);
        found.retain(|s| !(s.no_local && s.client == from));
        if found.is_empty() {
            return Vec::new();
        }
        found.sort_unstable_by_key(|s| (s.client, std::cmp::Reverse(s.qos)));
        found.dedup_by_key(|s| s.client);
        add(&self.counters.forwarded, found.len());
        let topic: Arc<str> = publish.topic.as_str().into();
        // A copy, so that a waiting message does not hold the connection's whole read buffer.
        let payload = Bytes::copy_from_slice(&publish.payload);
        let full = |s: &Subscription| {
            let delivery = Delivery {
                topic: topic.clone(),
                payload: payload.clone(),
                qos: publish.qos.min(s.qos),
                retain: publish.retain && s.keep_retain,
            };
            let client = state.clients.get(&s.client)?;
            matches!(client.deliveries.try_send(delivery), Err(mpsc::error::TrySendError::Full(_))).then_some(s.client)
        };
        found.iter().filter_map(full).collect()
    }

    fn retain(&self, publish: &Publish) {
        let mut state = self.state.write();
        if let Some(old) = state.retained.remove(&publish.topic) {
            state.retained_bytes -= old.payload.len();
        }
        let fits =
            state.retained.len() < MAX_RETAINED && state.retained_bytes + publish.payload.len() <= MAX_RETAINED_BYTES;
        if publish.payload.is_empty() || !fits {
            return;
        }
        state.retained_bytes += publish.payload.len();
        let delivery = Delivery {
            topic: publish.topic.as_str().into(),
            payload: Bytes::copy_from_slice(&publish.payload),
            qos: publish.qos,
            retain: true,
        };
        state.retained.insert(publish.topic.clone(), delivery);
    }
}

impl State {
    fn remove(&mut self, key: u64, why: Option<Reason>) {
        let Some(client) = self.clients.remove(&key) else { return };
        for filter in &client.filters {
            self.tree.remove(filter, key);
        }
        if self.names.get(&client.name) == Some(&key) {
            self.names.remove(&client.name);
        }
        if why.is_some() {
            client.kick.send_replace(why);
        }
    }
}
