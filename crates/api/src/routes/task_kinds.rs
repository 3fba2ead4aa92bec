//! The task kinds that act outward: what a playbook may say of them, and what they are called.

use vigiles_trust::{Action, Resource};

use crate::call::{Call, ok};
use crate::endpoint::{Answer, Endpoint};
use crate::wire::task_kind::{TaskKind, TaskKinds};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let list = Endpoint::get(
        "/api/v1/task-kinds",
        "list_task_kinds",
        "The task kinds that act outward, each with its settings and the words for them",
        list,
    );
    vec![list.may(Action::Read(Resource::Playbooks)).answers::<TaskKinds>(200, "All of them, by name.").tag("setting")]
}

async fn list(call: Call) -> Answer {
    ok(&TaskKinds { items: call.api.platform.task_kinds().iter().map(TaskKind::from).collect() })
}
