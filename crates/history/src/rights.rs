//! What a context may do with history; the same for every backend.

use vigiles_trust::{Action, Context, Resource};

use crate::HistoryError;

pub(crate) fn permit_reading(context: &Context) -> Result<(), HistoryError> {
    let action = Action::Read(Resource::Observations);
    if context.permits(action, None) { Ok(()) } else { Err(not_permitted(context, &action.to_string())) }
}

pub(crate) fn permit_platform(context: &Context, action: &str) -> Result<(), HistoryError> {
    if context.is_system() { Ok(()) } else { Err(not_permitted(context, action)) }
}

fn not_permitted(context: &Context, action: &str) -> HistoryError {
    HistoryError::NotPermitted { actor: context.actor().to_string(), action: action.to_owned() }
}
