//! The whole policy in one place: which role may do what, to whose things, for which purpose.
//!
//! Invariant: deny by default. An action is allowed only where one role of the person lists it,
//! that same role may claim the purpose, and its reach covers the owning agency.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use vigiles_model::{AgencyId, PersonId};

use crate::context::{Context, Purpose};

/// What a person or a machine is here for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Handles incidents.
    Operator,
    /// Leads the control room; changes rules and playbooks too.
    Supervisor,
    /// Studies what happened; writes rules.
    Analyst,
    /// Connects sources and keeps assets, zones and kinds.
    Integrator,
    /// Reads the audit log.
    Auditor,
    /// Keeps accounts, agencies and settings.
    Administrator,
    /// One device: delivers observations under its own source.
    Device,
    /// A feed or gateway: delivers observations for many devices.
    Source,
}

/// What can be read or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Readings in the log and in history.
    Observations,
    /// Incidents with their timeline and tasks.
    Incidents,
    /// Alarms.
    Alarms,
    /// Assets.
    Assets,
    /// Zones.
    Zones,
    /// The registry of observation kinds.
    Kinds,
    /// Rules.
    Rules,
    /// Playbooks.
    Playbooks,
    /// Sources and their mappings.
    Sources,
    /// Accounts and their sessions.
    Accounts,
    /// Bearer tokens.
    Tokens,
    /// Agencies.
    Agencies,
    /// The audit log.
    Audit,
    /// Rates, queues and storage of the platform.
    System,
    /// Name, centre and map of the city.
    City,
    /// Exercises: what is played, and what they showed.
    Exercises,
}

/// A verb and what it is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Look at it.
    Read(Resource),
    /// Create, change or delete it.
    Write(Resource),
}

/// Why an action is not allowed, with what would be needed. The text is safe to send back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No role of the person allows it.
    #[error("to {action} one of these roles is needed: {}", words(needed))]
    Role {
        /// What was asked.
        action: Action,
        /// The roles that may.
        needed: Vec<Role>,
    },
    /// The role that allows it may not claim this purpose.
    #[error("to {action} the purpose `{purpose}` cannot be claimed by your roles; claim one of: {}", words(allowed))]
    Purpose {
        /// What was asked.
        action: Action,
        /// The purpose claimed.
        purpose: Purpose,
        /// Purposes that would do.
        allowed: Vec<Purpose>,
    },
    /// It belongs to another agency.
    #[error("to {action} of agency `{owner}` membership of that agency is needed")]
    Agency {
        /// What was asked.
        action: Action,
        /// Whose it is.
        owner: AgencyId,
    },
}

use Resource::{
    Accounts, Agencies, Alarms, Assets, Audit, City, Exercises, Incidents, Kinds, Observations, Playbooks, Rules,
    Sources, System, Tokens, Zones,
};

/// What every person reads: the setting in which the picture is shown.
const SETTING: &[Resource] = &[Assets, Zones, Kinds, Rules, Playbooks, Sources, Agencies, System, City];
/// The shared operational picture.
const PICTURE: &[Resource] = &[Observations, Alarms, Incidents, Exercises];

/// How far a role reaches beyond its holder's own agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Reads the shared picture of all agencies; changes only what is its own agency's or nobody's.
    OwnAgency,
    /// Everything, whosever it is.
    AllAgencies,
}

/// One row of the table.
struct Row {
    reads: &'static [&'static [Resource]],
    writes: &'static [Resource],
    purposes: &'static [Purpose],
    reach: Reach,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Operator,
        Self::Supervisor,
        Self::Analyst,
        Self::Integrator,
        Self::Auditor,
        Self::Administrator,
        Self::Device,
        Self::Source,
    ];

    /// The table. The first purpose of a row is the one assumed when none is claimed.
    const fn row(self) -> Row {
        use Purpose::{Administration, Investigation, Operations, Oversight, Planning};
        use Reach::{AllAgencies, OwnAgency};
        match self {
            Self::Operator => Row {
                reads: &[SETTING, PICTURE],
                writes: &[Incidents],
                purposes: &[Operations, Investigation],
                reach: OwnAgency,
            },
            Self::Supervisor => Row {
                reads: &[SETTING, PICTURE],
                writes: &[Incidents, Assets, Zones, Kinds, Rules, Playbooks, Exercises],
                purposes: &[Operations, Investigation, Planning],
                reach: OwnAgency,
            },
            Self::Analyst => Row {
                reads: &[SETTING, PICTURE],
                writes: &[Rules],
                purposes: &[Planning, Investigation],
                reach: OwnAgency,
            },
            Self::Integrator => Row {
                reads: &[SETTING, PICTURE, &[Tokens]],
                writes: &[Observations, Assets, Zones, Kinds, Playbooks, Sources, Tokens],
                purposes: &[Operations, Administration],
                reach: OwnAgency,
            },
            Self::Auditor => Row {
                reads: &[SETTING, &[Audit, Accounts, Tokens]],
                writes: &[],
                purposes: &[Oversight, Investigation],
                reach: AllAgencies,
            },
            Self::Administrator => Row {
                reads: &[SETTING, PICTURE, &[Accounts, Tokens, Audit]],
                writes: &[Assets, Zones, Kinds, Rules, Playbooks, Sources, Accounts, Tokens, Agencies, System, City],
                purposes: &[Administration, Operations],
                reach: AllAgencies,
            },
            Self::Device | Self::Source => {
                Row { reads: &[], writes: &[Observations], purposes: &[Operations], reach: OwnAgency }
            }
        }
    }

    /// Whether the table lists the action for this role, whatever the agency and purpose.
    pub fn may(self, action: Action) -> bool {
        let row = self.row();
        match action {
            Action::Read(resource) => row.reads.iter().any(|set| set.contains(&resource)),
            Action::Write(resource) => row.writes.contains(&resource),
        }
    }

    /// The purposes this role may claim; the first is assumed when none is claimed.
    pub const fn purposes(self) -> &'static [Purpose] {
        self.row().purposes
    }

    fn reaches(self, own: &AgencyId, action: Action, owner: Option<&AgencyId>) -> bool {
        self.row().reach == Reach::AllAgencies || owner.is_none_or(|owner| owner == own) || action.is_shared()
    }

    /// The word used in configuration, in the API and in audit.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
            Self::Analyst => "analyst",
            Self::Integrator => "integrator",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
            Self::Device => "device",
            Self::Source => "source",
        }
    }
}

/// Decides, and on success gives the proof that every call of a store takes.
///
/// `agency` is the person's own; `owner` the agency of the thing acted on, none where it has none or
/// where a list is asked (its rows are filtered by [`Context::may_see`]). Without a claimed purpose the
/// usual one of the role that allows the action is taken.
pub fn authorise(
    actor: &PersonId,
    roles: &[Role],
    agency: &AgencyId,
    purpose: Option<Purpose>,
    action: Action,
    owner: Option<&AgencyId>,
) -> Result<Context, Refusal> {
    let purpose = purpose.unwrap_or_else(|| usual_purpose(roles, action));
    decide(roles, agency, purpose, action, owner)?;
    Ok(Context::granted(actor, roles, agency, purpose, action))
}

/// The purpose assumed when none is claimed: the first of the first role that allows the action.
fn usual_purpose(roles: &[Role], action: Action) -> Purpose {
    roles.iter().find(|role| role.may(action)).map_or(Purpose::Operations, |role| role.purposes()[0])
}

pub(crate) fn decide(
    roles: &[Role],
    agency: &AgencyId,
    purpose: Purpose,
    action: Action,
    owner: Option<&AgencyId>,
) -> Result<(), Refusal> {
    let able = || roles.iter().copied().filter(|role| role.may(action));
    if able().next().is_none() {
        return Err(Refusal::Role { action, needed: Role::ALL.into_iter().filter(|role| role.may(action)).collect() });
    }
    let fitting = || able().filter(|role| role.purposes().contains(&purpose));
    if fitting().next().is_none() {
        let allowed = Purpose::ALL.into_iter().filter(|p| able().any(|role| role.purposes().contains(p))).collect();
        return Err(Refusal::Purpose { action, purpose, allowed });
    }
    match owner {
        Some(owner) if !fitting().any(|role| role.reaches(agency, action, Some(owner))) => {
            Err(Refusal::Agency { action, owner: owner.clone() })
        }
        _ => Ok(()),
    }
}

impl Action {
    /// What it is done to.
    pub const fn resource(self) -> Resource {
        match self {
            Self::Read(resource) | Self::Write(resource) => resource,
        }
    }

    /// Every action there is.
    pub fn all() -> impl Iterator<Item = Self> {
        Resource::ALL.into_iter().flat_map(|resource| [Self::Read(resource), Self::Write(resource)])
    }

    /// Whether agencies share it: the picture and its setting are read by all of them.
    fn is_shared(self) -> bool {
        match self {
            Self::Read(resource) => PICTURE.contains(&resource) || SETTING.contains(&resource),
            Self::Write(_) => false,
        }
    }
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Observations,
        Incidents,
        Alarms,
        Assets,
        Zones,
        Kinds,
        Rules,
        Playbooks,
        Sources,
        Accounts,
        Tokens,
        Agencies,
        Audit,
        System,
        City,
        Exercises,
    ];

    /// The word used in audit and in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Observations => "observations",
            Incidents => "incidents",
            Alarms => "alarms",
            Assets => "assets",
            Zones => "zones",
            Kinds => "kinds",
            Rules => "rules",
            Playbooks => "playbooks",
            Sources => "sources",
            Accounts => "accounts",
            Tokens => "tokens",
            Agencies => "agencies",
            Audit => "audit",
            System => "system",
            City => "city",
            Exercises => "exercises",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(resource) => write!(f, "read {resource}"),
            Self::Write(resource) => write!(f, "change {resource}"),
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not a role; the roles are {}", words(&Role::ALL))]
pub struct UnknownRole {
    /// The word.
    pub word: String,
}

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| UnknownRole { word: text.to_owned() })
    }
}

fn words<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
