//! The endpoints, one file a resource.

mod accounts;
mod agencies;
mod alarms;
mod audit;
mod back_test;
mod calls;
mod city;
mod config;
mod delivery;
mod events;
mod exercises;
mod exports;
mod health;
mod incident_commands;
mod incidents;
mod lead;
pub(crate) mod listing;
mod nearby;
mod observations;
mod picture;
mod playbook_checks;
mod playbook_commands;
mod playbook_templates;
mod rules;
mod scenario_file;
mod session;
mod sources;
pub(crate) mod system;
mod task_kinds;
mod tokens;
mod zone_use;

use crate::endpoint::Endpoint;
use crate::settings::Settings;

/// The endpoints of what this process does; those about its health in each.
pub(crate) fn all(settings: &Settings) -> Vec<Endpoint> {
    let mut all = health::endpoints();
    if settings.ingest {
        all.extend(delivery::endpoints(settings.max_delivery_bytes));
    }
    if settings.api {
        all.extend(of_api(settings));
    }
    all
}

fn of_api(settings: &Settings) -> Vec<Endpoint> {
    [
        session::endpoints(),
        accounts::endpoints(),
        agencies::endpoints(),
        tokens::endpoints(),
        audit::endpoints(),
        observations::endpoints(),
        exports::endpoints(),
        picture::endpoints(),
        config::endpoints(),
        rules::endpoints(),
        back_test::endpoints(),
        alarms::endpoints(),
        incidents::endpoints(),
        nearby::endpoints(),
        calls::endpoints(),
        incident_commands::endpoints(),
        lead::endpoints(),
        playbook_commands::endpoints(),
        playbook_templates::endpoints(),
        task_kinds::endpoints(),
        events::endpoints(),
        exercises::endpoints(),
        sources::endpoints(),
        system::endpoints(),
        city::endpoints(),
        crate::sensorthings::endpoints(settings.max_delivery_bytes),
    ]
    .into_iter()
    .flatten()
    .collect()
}
