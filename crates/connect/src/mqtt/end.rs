//! Why and when a connection ends.

use std::fmt;

use tokio::sync::watch;

use super::packet::Reason;

/// Why a connection ends.
#[derive(Debug)]
pub(super) struct End {
    /// What is said to an MQTT 5 client; nothing if it went by itself.
    pub(super) say: Option<Reason>,
    pub(super) why: String,
    /// Whether the client's will is published.
    pub(super) with_will: bool,
}

impl End {
    pub(super) fn gone(why: impl Into<String>) -> Self {
        Self { say: None, why: why.into(), with_will: true }
    }

    pub(super) fn because(reason: Reason, why: impl Into<String>) -> Self {
        Self { say: Some(reason), why: why.into(), with_will: true }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// Waits until the client must go.
pub(super) async fn ended(kick: &mut watch::Receiver<Option<Reason>>, stop: &mut watch::Receiver<bool>) -> End {
    tokio::select! {
        reason = kicked(kick) => match reason {
            Some(Reason::Quota) => End::because(Reason::Quota, "the subscriber reads too slowly"),
            reason => End::because(reason.unwrap_or(Reason::TakenOver), "another client of this name has connected"),
        },
        () = crate::stopped(stop) => End::because(Reason::ShuttingDown, "the platform is stopping"),
    }
}

async fn kicked(kick: &mut watch::Receiver<Option<Reason>>) -> Option<Reason> {
    kick.wait_for(Option::is_some).await.ok().and_then(|reason| *reason)
}
