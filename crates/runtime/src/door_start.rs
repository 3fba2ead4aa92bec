//! Putting a door together: a topic of its own, the catalogue and the directory followed in the store, and no engine.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use vigiles_model::Timestamp;
use vigiles_store::{Draft, Expect, Write};
use vigiles_trust::Context;

use crate::documents::{self, DOOR};
use crate::merged::Merged;
use crate::platform::{Parts, Platform, StartError, topic};
use crate::pump::Own;
use crate::seat::{DoorName, MAX_DOORS};
use crate::start::{follow, spawn};
use crate::watch::Watch;
use crate::{followed, housekeeping, told};

/// In whose name doors are made known.
const START: Context = Context::system("start");

pub(crate) fn start(parts: Parts, door: &DoorName) -> Result<Arc<Platform>, StartError> {
    // All before anything is read or asked, so that nothing falls between.
    let feed = followed::position(&*parts.store)?;
    let position = parts.bus.bounds(&topic())?.end;
    let told_from = parts.bus.bounds(&told::topic())?.end;
    make_known(&parts, door)?;
    let own_from = parts.bus.bounds(&door.topic())?.end.0;
    let (nobody, _) = mpsc::channel(1);
    let platform = Platform::assemble(parts, None, nobody.downgrade(), None, None)?;
    platform.progress.position.store(position.0, Ordering::Relaxed);
    platform.progress.own.send_replace(Own { next: own_from, observed: 0 });
    platform.measure();
    let watch = Watch {
        bus: platform.parts.bus.clone(),
        intake: platform.intake.clone(),
        live: platform.live.clone(),
        progress: platform.progress.clone(),
        door: door.clone(),
        own_from,
        seen: Merged::default(),
        position,
        stop: platform.stop.clone(),
    };
    let (hearing, keeping) = (Arc::downgrade(&platform), Arc::downgrade(&platform));
    let threads = [
        spawn("watch", move || watch.run())?,
        spawn("hearing", move || told::hear(&hearing, told_from))?,
        follow(Arc::downgrade(&platform), feed)?,
        spawn("housekeeping", move || housekeeping::run(&keeping))?,
    ];
    platform.threads.lock().extend(threads);
    Ok(platform)
}

/// The engine finds its doors in the store.
fn make_known(parts: &Parts, door: &DoorName) -> Result<(), StartError> {
    let known = documents::all(&*parts.store, DOOR)?;
    if known.iter().any(|known| known.id == door.as_str()) {
        return Ok(());
    }
    if known.len() >= MAX_DOORS {
        return Err(StartError::Doors { most: MAX_DOORS });
    }
    let (id, state, body) = (door.to_string(), String::new(), "{}".to_owned());
    let document = Draft { kind: DOOR, id, agency: None, state, place: None, time: Timestamp(0), body };
    parts.store.apply(&START, vec![Write::Put { document, expect: Expect::Any }])?;
    Ok(())
}
