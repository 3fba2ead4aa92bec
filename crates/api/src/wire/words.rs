//! Closed lists of words, as they stand in JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigiles_model as model;

/// Two enums with the same words: one of the model, one of the wire that also has a schema.
macro_rules! words {
    ($(#[$doc:meta])* $wire:ident = $model:path { $($(#[$word_doc:meta])* $word:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $wire { $($(#[$word_doc])* $word),* }

        impl From<$model> for $wire {
            fn from(word: $model) -> Self {
                use $model as Model;
                match word { $(Model::$word => Self::$word),* }
            }
        }

        impl From<$wire> for $model {
            fn from(word: $wire) -> Self {
                use $model as Model;
                match word { $($wire::$word => Model::$word),* }
            }
        }
    };
}

words!(
    /// How bad, on the scale of OASIS CAP 1.2.
    Severity = model::Severity {
        /// Minimal to no known threat.
        Minor,
        /// Possible threat to life or property.
        Moderate,
        /// Significant threat.
        Severe,
        /// Extraordinary threat.
        Extreme,
        /// Not known; ordered below the others.
        Unknown,
    }
);
words!(
    /// What a caller is to what happened; never who they are.
    CallerRole = model::CallerRole {
        /// It was not asked.
        Unknown,
        /// It happened to them.
        Affected,
        /// They saw, heard or smelt it.
        Witness,
        /// They speak for somebody who can not.
        OnBehalf,
        /// Staff of the city or of an agency.
        Staff,
    }
);
words!(
    /// How soon somebody has to act, on the scale of OASIS CAP 1.2.
    Urgency = model::alarm::Urgency {
        /// At once.
        Immediate,
        /// Within the hour.
        Expected,
        /// In the near future.
        Future,
        /// No longer.
        Past,
        /// Not known.
        Unknown,
    }
);
words!(
    /// How sure it is, on the scale of OASIS CAP 1.2.
    Certainty = model::alarm::Certainty {
        /// It has happened or is happening.
        Observed,
        /// More likely than not.
        Likely,
        /// Possible, but not likely.
        Possible,
        /// Not expected.
        Unlikely,
        /// Not known.
        Unknown,
    }
);
words!(
    /// How far the alarms of a rule reach.
    Stage = model::alarm::Stage {
        /// They are counted and nothing else: where a new rule begins.
        Silent,
        /// They are stored and shown with their rule, in no queue and no incident.
        Shadow,
        /// They are in the queue and open or join incidents.
        Live,
    }
);
words!(
    /// Whether an alarm's condition still holds.
    AlarmState = model::AlarmState {
        /// It holds.
        Active,
        /// It has ended.
        Cleared,
    }
);
words!(
    /// Where an incident stands.
    IncidentState = model::IncidentState {
        /// Nobody has looked at it.
        New,
        /// Somebody has seen it.
        Acknowledged,
        /// Somebody works on it.
        InProgress,
        /// The matter is mended.
        Resolved,
        /// Done.
        Closed,
        /// Taken up again.
        Reopened,
        /// Merged into another.
        Merged,
    }
);
words!(
    /// How urgent, 1 first.
    Priority = model::Priority {
        /// At once.
        P1,
        /// Within minutes.
        P2,
        /// Within the hour.
        P3,
        /// When there is time.
        P4,
    }
);
words!(
    /// Whether the world is meant.
    Reality = model::Reality {
        /// It is so.
        Actual,
        /// A drill.
        Exercise,
        /// A test of the machinery.
        Test,
    }
);
words!(
    /// What an incident turned out to be.
    Verdict = model::incident::Verdict {
        /// Something had happened that asked for action.
        Genuine,
        /// Nothing had happened, or nothing that asked for action.
        FalseAlarm,
    }
);
words!(
    /// How far to trust a reading.
    Quality = model::Quality {
        /// Nothing speaks against it.
        Good,
        /// The source doubts it.
        Doubtful,
        /// Outside the plausible range of its kind.
        Implausible,
    }
);
words!(
    /// Where a reading comes from.
    Origin = model::Origin {
        /// From the city, now.
        Live,
        /// Recorded earlier, played again.
        Replayed,
        /// Made by a simulation.
        Simulated,
        /// Played by an exercise.
        Exercise,
    }
);
words!(
    /// The type every value of a kind has.
    ValueType = model::kind::ValueType {
        /// A finite number.
        Number,
        /// True or false.
        Boolean,
        /// Text or a category.
        Text,
    }
);
words!(
    /// What a door does when the platform cannot keep up.
    Overload = model::kind::Overload {
        /// The source waits.
        Wait,
        /// The newest are dropped, counted and shown.
        Shed,
    }
);
words!(
    /// Where a task stands.
    TaskState = model::TaskState {
        /// Its turn has not come.
        Waiting,
        /// Under way.
        Running,
        /// Done.
        Done,
        /// The system could not do it.
        Failed,
        /// Left out.
        Skipped,
        /// Its turn has come, but people must agree first.
        AwaitingApproval,
        /// A try has failed; the next one is due.
        Retrying,
        /// It was done, and is being undone.
        Compensating,
        /// It was done, and is undone.
        Compensated,
    }
);
words!(
    /// What an account or a token may do.
    Role = vigiles_trust::Role {
        /// Handles incidents.
        Operator,
        /// Leads operators; sets rules.
        Supervisor,
        /// Studies; sets rules.
        Analyst,
        /// Connects sources.
        Integrator,
        /// Reads the audit log.
        Auditor,
        /// Runs the platform.
        Administrator,
        /// Delivers observations of its own source.
        Device,
        /// Delivers observations of any source.
        Source,
    }
);

impl Default for Urgency {
    fn default() -> Self {
        model::alarm::Urgency::default().into()
    }
}

impl Default for Certainty {
    fn default() -> Self {
        model::alarm::Certainty::default().into()
    }
}

impl Default for Stage {
    fn default() -> Self {
        model::alarm::Stage::default().into()
    }
}

impl IncidentState {
    /// Every state, in the order of the lifecycle.
    pub const ALL: [Self; 7] =
        [Self::New, Self::Acknowledged, Self::InProgress, Self::Resolved, Self::Closed, Self::Reopened, Self::Merged];

    /// The states the lifecycle allows after this one.
    pub fn allowed(self) -> Vec<Self> {
        let from = model::IncidentState::from(self);
        Self::ALL.into_iter().filter(|next| from.may_become((*next).into())).collect()
    }
}
