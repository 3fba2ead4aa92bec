//! What still needs a zone: it is not deleted as long as a rule names it.

use vigiles_engine::command::CommandError;
use vigiles_runtime::documents::{self, RULE};

use crate::call::{Call, units};
use crate::problem::Problem;

/// Refuses where a rule names the zone. The engine refuses what a geofence names; an expression that names a zone which is
/// gone would be false for good, and nobody would be told.
pub(super) async fn refuse_named(call: &Call, zone: &str) -> Result<(), Problem> {
    let zone = zone.to_owned();
    call.blocking(move |api| {
        let unit = units(&api.platform);
        for document in documents::all(api.platform.store(), RULE)? {
            let rule = documents::rule(&document)?.document;
            if rule.names_zone(&zone, &|kind| Some(unit(kind))) {
                let why = format!("rule `{}` refers to zone `{zone}`", rule.id);
                return Err(Problem::from(CommandError::NotAllowed { why }));
            }
        }
        Ok(())
    })
    .await
}
