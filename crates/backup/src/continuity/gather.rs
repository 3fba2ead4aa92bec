//! What the pack holds: what is open, what is planned, what stands where, and whom to call.

use std::collections::BTreeMap;

use vigiles_model::playbook::{Assignee, OutwardKinds};
use vigiles_model::{Asset, Incident, IncidentState, Playbook, Reality, Timestamp};
use vigiles_runtime::Platform;
use vigiles_runtime::directory::Agency;
use vigiles_runtime::documents::{self, ASSET, INCIDENT, PLAYBOOK, Versioned};
use vigiles_store::{Query, StoreError};
use vigiles_trust::{Context, Role};

/// In whose name it is read.
const CONTINUITY: Context = Context::system("continuity");
/// Most incidents, assets and plans on a page: a page that no phone opens helps nobody.
const MOST: usize = 2000;

/// Somebody of the control room or an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Agency.
    pub agency: String,
    /// What they do.
    pub roles: Vec<String>,
}

/// The contents of a page.
#[derive(Debug, Clone, Default)]
pub struct Pack {
    /// The city; empty where nobody gave it a name.
    pub city: String,
    /// When it was gathered, in platform time.
    pub at: Timestamp,
    /// When the next one is due.
    pub next: Timestamp,
    /// Open incidents, the most urgent first. Exercises and tests are left out.
    pub incidents: Vec<Incident>,
    /// Playbooks, by name.
    pub plans: Vec<Playbook>,
    /// Assets, by class and name.
    pub assets: Vec<Asset>,
    /// Agencies.
    pub agencies: Vec<Agency>,
    /// People who may sign in.
    pub contacts: Vec<Contact>,
    /// What people that incidents are given to are called, by id.
    pub people: BTreeMap<String, String>,
    /// The task kinds that act outward.
    pub task_kinds: OutwardKinds,
    /// How many entries had no room on the page.
    pub left_out: usize,
}

impl Pack {
    /// Who is to do it, as people say it.
    pub(super) fn assignee(&self, to: &Assignee) -> String {
        match to {
            Assignee::Person(id) => self.people.get(id.as_str()).cloned().unwrap_or_else(|| to.to_string()),
            Assignee::Agency(id) => self.agency(id.as_str()),
            Assignee::Role(role) => role.clone(),
        }
    }

    /// An agency's name.
    pub(super) fn agency(&self, id: &str) -> String {
        let found = self.agencies.iter().find(|agency| agency.id.as_str() == id);
        found.map_or_else(|| id.to_owned(), |agency| agency.name.clone())
    }
}

/// Reads it from a platform.
pub fn gather(platform: &Platform, city: &str, every: vigiles_model::Duration) -> Result<Pack, StoreError> {
    let at = platform.now();
    let mut pack = Pack {
        city: city.to_owned(),
        at,
        next: at + every,
        task_kinds: platform.task_kinds().clone(),
        ..Pack::default()
    };
    let states = [IncidentState::New, IncidentState::Acknowledged, IncidentState::InProgress, IncidentState::Reopened];
    let states = states.iter().map(documents::word).collect();
    let incidents: Vec<Incident> = read_all(platform, Query { states, ..Query::new(INCIDENT) })?;
    pack.incidents = incidents.into_iter().filter(|incident| incident.reality == Reality::Actual).collect();
    pack.incidents.sort_by_key(|incident| (incident.priority, incident.opened));
    let plans: Vec<Versioned<Playbook>> = read_all(platform, Query::new(PLAYBOOK))?;
    pack.plans = plans.into_iter().map(|plan| plan.document).collect();
    pack.plans.sort_by(|a, b| a.name.cmp(&b.name));
    let assets: Vec<Versioned<Asset>> = read_all(platform, Query::new(ASSET))?;
    pack.assets = assets.into_iter().map(|asset| asset.document).collect();
    pack.assets.sort_by(|a, b| (&a.class, &a.name).cmp(&(&b.class, &b.name)));
    for count in [cut(&mut pack.incidents), cut(&mut pack.plans), cut(&mut pack.assets)] {
        pack.left_out += count;
    }
    people(platform, &mut pack);
    Ok(pack)
}

fn people(platform: &Platform, pack: &mut Pack) {
    let directory = platform.directory();
    pack.agencies = directory.agencies();
    for incident in &pack.incidents {
        if let Some(Assignee::Person(id)) = &incident.assigned
            && let Some(name) = directory.name_of(id.as_str())
        {
            pack.people.insert(id.to_string(), name);
        }
    }
    let handles = |role: &&Role| !matches!(role, Role::Auditor | Role::Device | Role::Source);
    for account in directory.accounts(&CONTINUITY).into_iter().filter(|account| !account.disabled) {
        let roles: Vec<String> = account.roles.iter().filter(handles).map(documents::word).collect();
        // Only those who act: names of others are nobody's business here.
        if !roles.is_empty() {
            pack.contacts.push(Contact { name: account.name, agency: pack.agency(account.agency.as_str()), roles });
        }
    }
}

fn cut<T>(list: &mut Vec<T>) -> usize {
    let over = list.len().saturating_sub(MOST);
    list.truncate(MOST);
    over
}

fn read_all<T: serde::de::DeserializeOwned>(platform: &Platform, query: Query) -> Result<Vec<T>, StoreError> {
    let mut query = Query { limit: Query::MAX_LIMIT, ..query };
    let mut all = Vec::new();
    loop {
        let page = platform.store().list(&CONTINUITY, &query)?;
        for document in &page.documents {
            all.push(documents::read(document)?);
        }
        match page.next {
            Some(next) => query.cursor = Some(next),
            None => return Ok(all),
        }
    }
}
