//! What a protocol sees of the platform: who may deliver, and the delivery itself.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::broadcast;
use vigiles_formats::observation::{Draft, Rejection};
use vigiles_model::{AgencyId, Observation, PersonId, SourceId};
use vigiles_trust::policy::Role;

/// A checked token: who delivers, for whom, and as which source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The token's own identity, for audit and logs.
    pub principal: PersonId,
    /// The agency it delivers for.
    pub agency: AgencyId,
    /// Its roles.
    pub roles: Vec<Role>,
    /// The source its observations carry when they name none; a `device` token may name no other.
    pub source: Option<SourceId>,
}

impl Grant {
    /// Whether it speaks for one device alone.
    pub fn is_device(&self) -> bool {
        self.roles.iter().all(|role| *role == Role::Device)
    }
}

/// Where a token was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knock {
    /// The door's name: `http`, `mqtt`.
    pub door: &'static str,
    /// Address of the other side, where it is known.
    pub from: Option<IpAddr>,
}

/// Why a token is not taken. The text is safe to send back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such token, or its secret is wrong.
    #[error("unknown or wrong token; make one with `vigiles token create` or on the console's tokens page")]
    Unknown,
    /// The token has run out or was revoked.
    #[error("the token has expired or was revoked")]
    Expired,
    /// The policy does not allow it to the token's roles.
    #[error("{0}")]
    NotAllowed(String),
}

/// What became of a delivery.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Receipt {
    /// Observations that are durable now.
    pub accepted: usize,
    /// Observations that had been delivered before; nothing was done again.
    pub duplicates: usize,
    /// Observations dropped because the platform was overloaded and their kind allows it.
    pub shed: usize,
    /// Observations refused, each with its index in the delivery, the field and the reason.
    pub rejected: Vec<(usize, Rejection)>,
}

/// Why a delivery was not taken. Nothing of it is stored in that case, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The queues are full: wait and send again. Redelivery does no harm.
    #[error("the platform is overloaded; send again after {} s", .retry_after.as_secs().max(1))]
    Overloaded {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The platform is stopping.
    #[error("the platform is stopping")]
    Closed,
    /// The log could not be written; what was acknowledged before is safe.
    #[error("observations cannot be stored: {0}")]
    Storage(String),
}

/// The door of the platform as protocols see it.
pub trait Door: Send + Sync + 'static {
    /// Checks a token that was presented at a door. Called on the asynchronous runtime.
    fn authenticate(&self, token: &str, from: &Knock) -> Result<Grant, Refusal>;

    /// Delivers observations. The answer comes when the accepted ones are durable.
    fn submit<'a>(&'a self, grant: &'a Grant, drafts: Vec<Draft>) -> BoxFuture<'a, Result<Receipt, SubmitError>>;

    /// Asks to follow what others publish under an MQTT topic filter: a consultation of observations, with its audit entry
    /// before the answer, also where it is refused.
    fn follow<'a>(&'a self, grant: &'a Grant, filter: &'a str) -> BoxFuture<'a, Result<(), Refusal>>;

    /// Every observation from now on, whichever door it came by. Who lags behind misses some and is told how many.
    fn passing(&self) -> broadcast::Receiver<Arc<Vec<Observation>>>;

    /// The configured sources, as they are now.
    fn sources(&self) -> Arc<Sources>;
}

/// The sources whose messages need a mapping.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// All enabled sources.
    pub list: Vec<Source>,
}

/// One configured source.
#[derive(Clone)]
pub struct Source {
    /// The source its observations carry.
    pub id: SourceId,
    /// Name for people.
    pub name: String,
    /// MQTT topic filter, for sources that arrive on the broker.
    pub topic: Option<String>,
    /// How its payloads become observations; none where it speaks the platform's own form.
    pub mapping: Option<Arc<vigiles_formats::mapping::Mapping>>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("id", &self.id).field("topic", &self.topic).finish_non_exhaustive()
    }
}
