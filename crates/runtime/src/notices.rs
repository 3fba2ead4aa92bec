//! Notices of playbooks on consoles: those of this process at once, those of the doors through what the engine tells them;
//! each door says on how many it was.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::mpsc;

use crate::carrier::{self, Failure};
use crate::doors::{self, MAX_DOORS};
use crate::live::Notice;
use crate::platform::Platform;
use crate::seat::DoorName;
use crate::start::Shared;
use crate::told::Told;

/// How long it is waited for what the doors say.
const PATIENCE: Duration = Duration::from_secs(3);

/// What one door said: on how many consoles a notice was.
type Shown = (DoorName, usize);

/// Notices that doors were told of, each with where it goes what they say.
#[derive(Debug, Default)]
pub(crate) struct Receipts(Mutex<FxHashMap<u128, mpsc::Sender<Shown>>>);

impl Receipts {
    /// A door showed a notice. Said too late, or twice, it is not heard.
    pub(crate) fn take(&self, ticket: u128, shown: Shown) {
        if let Some(waiting) = self.0.lock().get(&ticket) {
            let _full_of_what_was_said_twice = waiting.try_send(shown);
        }
    }
}

/// On how many consoles of the doors a notice was.
#[derive(Debug, Default)]
struct Elsewhere {
    consoles: usize,
    /// The doors with consoles that did not say.
    silent: BTreeSet<DoorName>,
}

/// Shows a notice on every console that is open, here and at the doors.
pub(crate) async fn notify(platform: &Arc<Platform>, notice: Notice) -> carrier::Outcome {
    let here = platform.live().tell(notice.clone());
    let (there, unknown) = match elsewhere(platform, notice).await {
        Ok(Elsewhere { consoles, silent }) if silent.is_empty() => (consoles, None),
        Ok(Elsewhere { consoles, silent }) => {
            let names = silent.iter().map(DoorName::as_str).collect::<Vec<_>>().join(", ");
            (consoles, Some(format!("not known of the consoles at {names}")))
        }
        Err(why) => (0, Some(format!("the doors were not told: {why}"))),
    };
    let sent = match here + there {
        0 => None,
        1 => Some("sent to one console".to_owned()),
        consoles => Some(format!("sent to {consoles} consoles")),
    };
    match (sent, unknown) {
        (Some(sent), None) => Ok(sent),
        (Some(sent), Some(unknown)) => Ok(format!("{sent}; {unknown}")),
        (None, None) => Err(Failure::Passing("no console was open to show it".to_owned())),
        // Rather shown twice than never.
        (None, Some(unknown)) => Err(Failure::Passing(format!("no console was seen to show it; {unknown}"))),
    }
}

/// Tells the doors with consoles, where there are any, and waits a moment for what they say.
async fn elsewhere(platform: &Arc<Platform>, notice: Notice) -> Result<Elsewhere, String> {
    let Some(shared) = platform.shared.clone() else { return Ok(Elsewhere::default()) };
    let ticket = platform.ticket();
    let (sender, mut said) = mpsc::channel(MAX_DOORS);
    platform.receipts.0.lock().insert(ticket, sender);
    let mut found = Elsewhere::default();
    let told = tell(platform, shared, Told::Notice { ticket, notice }).await;
    let told = told.map(|doors| found.silent = doors);
    let hear = async {
        while !found.silent.is_empty()
            && let Some((door, consoles)) = said.recv().await
        {
            if found.silent.remove(&door) {
                found.consoles += consoles;
            }
        }
    };
    // Who is late says so to nobody.
    let _in_time = tokio::time::timeout(PATIENCE, hear).await;
    platform.receipts.0.lock().remove(&ticket);
    told.map(|()| found)
}

/// The doors that were told and may have consoles; where there are none, nobody was told.
async fn tell(platform: &Arc<Platform>, shared: Shared, told: Told) -> Result<BTreeSet<DoorName>, String> {
    let platform = platform.clone();
    let tell = move || {
        let known = doors::all(platform.store()).map_err(|error| error.to_string())?;
        let doors: BTreeSet<_> = known.into_iter().filter(|door| door.has_consoles).map(|door| door.name).collect();
        if !doors.is_empty() {
            shared.teller.hand(&told).map_err(|error| error.to_string())?;
        }
        Ok(doors)
    };
    tokio::task::spawn_blocking(tell).await.unwrap_or_else(|error| Err(error.to_string()))
}
