//! Plays what a scenario says when it is due.

use std::sync::Arc;
use std::time::Duration as Span;

use vigiles_engine::Command;
use vigiles_engine::exercise::{Call, MAX_LENGTH_S};
use vigiles_formats::observation::Registry as _;
use vigiles_model::{Observation, Quality, Timestamp};

use super::{PLAYER, REMEMBERED, Run};
use crate::commands::CommandFailure;
use crate::once::Once;
use crate::platform::Platform;

/// Time between two looks at what is due.
const BEAT: Span = Span::from_millis(500);

impl Platform {
    /// Plays what is due by now, and notes how far it came.
    async fn play(self: &Arc<Self>) -> Result<(), CommandFailure> {
        let _turn = self.exercises.lock().await;
        let Some(mut run) = self.under_way().await? else { return Ok(()) };
        if !run.begun {
            match self.begin(&PLAYER, &mut run).await {
                Err(CommandFailure::Refused(why)) => return self.close(run, why.to_string()).await.map(drop),
                begun => begun?,
            }
        }
        let now = self.now();
        let to = now.since(run.exercise.started).0;
        if to <= run.played_us || run.played_us > (run.scenario.length_s().min(MAX_LENGTH_S) * 1e6) as i64 {
            return Ok(());
        }
        let span = (run.played_us, to);
        for (place, call) in run.scenario.calls(span) {
            self.take_call(&run, place, call, now).await?;
        }
        let readings = self.readings(&run, span);
        if !readings.is_empty() {
            let played = self.intake.play(readings).await;
            played.map_err(|e| CommandFailure::Storage(e.to_string()))?;
        }
        run.played_us = to;
        // Where it was ended meanwhile, the next look finds it ended.
        self.keep(&mut run).await.map(drop)
    }

    fn readings(&self, run: &Run, span: (i64, i64)) -> Vec<Observation> {
        let catalogue = self.intake.catalogue.get();
        let place_of = |id: &vigiles_model::AssetId| catalogue.asset_place(id.as_str()).cloned();
        let mut readings = run.scenario.readings(run.exercise.started, span, &place_of);
        for o in &mut readings {
            if catalogue.kind(o.kind.as_str()).is_some_and(|kind| !kind.is_plausible(&o.value)) {
                o.quality = Quality::Implausible;
            }
        }
        readings
    }

    async fn take_call(
        self: &Arc<Self>,
        run: &Run,
        place: usize,
        call: &Call,
        now: Timestamp,
    ) -> Result<(), CommandFailure> {
        let catalogue = self.intake.catalogue.get();
        let body = call.command(&|id| catalogue.asset_place(id.as_str()).cloned());
        let key = format!("exercise/{}/{place}", run.exercise.id);
        let once = Once { key, fingerprint: String::new(), expires: now + REMEMBERED };
        let command = Command { by: None, agency: run.agency.clone(), expected_version: None, body };
        match self.command_once(&PLAYER, command, once).await {
            Ok(_) => Ok(()),
            Err(CommandFailure::Refused(why)) => {
                tracing::warn!(exercise = %run.exercise.id, place, %why, "a call of an exercise was not taken");
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }
}

/// Plays exercises until the platform is gone.
pub(crate) async fn run(platform: Arc<Platform>) {
    let mut beat = tokio::time::interval(BEAT);
    let platform = { Arc::downgrade(&platform) };
    loop {
        beat.tick().await;
        let Some(platform) = platform.upgrade().filter(|platform| !platform.is_stopping()) else { return };
        if let Err(error) = platform.play().await {
            tracing::warn!(%error, "an exercise could not be played on; tried again");
        }
    }
}
