//! Putting a door together: a topic of its own, the catalogue and the directory followed in the store, and no engine.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;

use crate::merged::Merged;
use crate::platform::{Parts, Platform, StartError, topic};
use crate::pump::Own;
use crate::seat::DoorName;
use crate::start::{follow, spawn};
use crate::watch::Watch;
use crate::{doors, followed, housekeeping, told};

pub(crate) fn start(parts: Parts, door: &DoorName, has_consoles: bool) -> Result<Arc<Platform>, StartError> {
    // All before anything is read or asked, so that nothing falls between.
    let feed = followed::position(&*parts.store)?;
    let position = parts.bus.bounds(&topic())?.end;
    let told_from = parts.bus.bounds(&told::topic())?.end;
    doors::make_known(&*parts.store, door, has_consoles)?;
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
