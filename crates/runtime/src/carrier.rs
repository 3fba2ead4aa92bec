//! Carrying out the automatic tasks of playbooks. The runtime hands a task out; whoever speaks the
//! protocol (e-mail, webhook) answers with what came of it.

use futures_util::future::BoxFuture;
use vigiles_model::{Incident, Task};

/// What came of an automatic task, in words for the timeline.
pub type Outcome = Result<String, String>;

/// Carries out one automatic task. It may be called again for the same task after a crash, so a
/// receiver must be able to tell by the task's id that it has seen it.
pub trait Carrier: Send + Sync + 'static {
    /// Does what `task.step.action` says.
    fn carry_out<'a>(&'a self, incident: &'a Incident, task: &'a Task) -> BoxFuture<'a, Outcome>;
}
