//! Carrying out the automatic tasks that leave the platform. The runtime hands a task out; whoever carries out its kind
//! (e-mail, webhook, HTTP) answers with what came of one try. Further tries are set by the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use vigiles_model::playbook::Live;

/// Why a try failed, in words for the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Another try may do better.
    Passing(String),
    /// It will not.
    Lasting(String),
}

/// What came of a try, in words for the timeline.
pub type Outcome = Result<String, Failure>;

/// Whoever carries out each task kind, by its name.
pub type Carriers = BTreeMap<&'static str, Arc<dyn Carrier>>;

/// Carries out the tasks of one kind. It may be called again for the same try after a crash, so a receiver must be able to
/// tell by the task's id and start that it has seen it.
///
/// It takes a [`Live`], which only an actual incident gives, so nothing can be sent for an exercise, whatever kind was
/// registered:
///
/// ```compile_fail,E0308
/// fn send(carrier: &dyn vigiles_runtime::carrier::Carrier, drill: &vigiles_model::Incident) {
///     drop(carrier.carry_out(drill));
/// }
/// ```
///
/// ```
/// fn send(carrier: &dyn vigiles_runtime::carrier::Carrier, live: vigiles_model::playbook::Live<'_>) {
///     drop(carrier.carry_out(live));
/// }
/// ```
pub trait Carrier: Send + Sync + 'static {
    /// Does once what the action of the task says.
    fn carry_out<'a>(&'a self, live: Live<'a>) -> BoxFuture<'a, Outcome>;
}
