//! Accounts of people.

use serde::{Deserialize, Serialize};
use vigiles_model::{AgencyId, PersonId, Timestamp};
use vigiles_store::Expect;
use vigiles_trust::{Context, Role, password, random};

use super::agencies::check_name;
use super::{ACCOUNT, Directory, DirectoryError, Row};

/// Most bytes of a name.
const MAX_NAME_BYTES: usize = 128;
/// Most accounts.
const MAX_ACCOUNTS: usize = 10_000;

/// An account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Identity.
    pub id: PersonId,
    /// Name to sign in with; unique without regard to case.
    pub name: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// Agency.
    pub agency: AgencyId,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// PHC string; none for an account that signs in by link only.
    pub password: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Counts up with every change.
    pub version: u64,
}

/// An account to be made.
#[derive(Clone)]
pub struct NewAccount {
    /// Name to sign in with.
    pub name: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// Agency.
    pub agency: AgencyId,
    /// Password; none for one that is set by link.
    pub password: Option<String>,
}

/// Changes of an account; what is absent stays.
#[derive(Clone, Default)]
pub struct Change {
    /// Name to sign in with, and by which others see what the account did, also before.
    pub name: Option<String>,
    /// Roles.
    pub roles: Option<Vec<Role>>,
    /// Agency.
    pub agency: Option<AgencyId>,
    /// Whether it may not sign in.
    pub disabled: Option<bool>,
    /// A new password.
    pub password: Option<String>,
}

impl Directory {
    /// All accounts that the context may see, by name.
    pub fn accounts(&self, ctx: &Context) -> Vec<Account> {
        let accounts = self.accounts.read();
        let mut all: Vec<_> = accounts.values().filter(|a| ctx.may_see(Some(&a.agency))).cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// One account.
    pub fn account(&self, id: &str) -> Option<Account> {
        self.accounts.read().get(id).cloned()
    }

    /// The account of a name, without regard to case.
    pub fn account_by_name(&self, name: &str) -> Option<Account> {
        let wanted = name.trim().to_lowercase();
        self.accounts.read().values().find(|a| a.name.to_lowercase() == wanted).cloned()
    }

    /// Makes an account. Hashing a password takes some 70 ms.
    pub fn add_account(&self, ctx: &Context, new: NewAccount, now: Timestamp) -> Result<Account, DirectoryError> {
        let name = new.name.trim().to_owned();
        check_name("name", &name, MAX_NAME_BYTES)?;
        check_roles(&new.roles)?;
        self.check_agency(&new.agency)?;
        let password = new.password.as_deref().map(|p| password::hash(&name, p)).transpose()?;
        let _writing = self.writing.lock();
        if self.account_by_name(&name).is_some() {
            return Err(DirectoryError::Taken { what: "account", name });
        }
        if self.accounts.read().len() >= MAX_ACCOUNTS {
            return Err(DirectoryError::TooMany { what: "accounts", most: MAX_ACCOUNTS });
        }
        let account = Account {
            id: person_id()?,
            name,
            roles: new.roles,
            agency: new.agency,
            disabled: false,
            password,
            created: now,
            version: 1,
        };
        self.keep_account(ctx, account, Expect::Absent)
    }

    /// Changes an account; `expected` is its version, none to skip the check. Disabling it or giving it a
    /// password ends its sessions.
    pub fn change_account(
        &self,
        ctx: &Context,
        id: &str,
        expected: Option<u64>,
        change: Change,
    ) -> Result<Account, DirectoryError> {
        let name = match change.name {
            Some(name) => name.trim().to_owned(),
            None => self.account(id).ok_or_else(|| not_found(id))?.name,
        };
        check_name("name", &name, MAX_NAME_BYTES)?;
        let password = change.password.as_deref().map(|p| password::hash(&name, p)).transpose()?;
        let _writing = self.writing.lock();
        let mut account = self.account(id).ok_or_else(|| not_found(id))?;
        match expected {
            Some(expected) if expected != account.version => {
                return Err(DirectoryError::Version { expected, found: account.version });
            }
            _ => {}
        }
        if self.account_by_name(&name).is_some_and(|other| other.id != account.id) {
            return Err(DirectoryError::Taken { what: "account", name });
        }
        account.name = name;
        if let Some(roles) = change.roles {
            check_roles(&roles)?;
            account.roles = roles;
        }
        if let Some(agency) = change.agency {
            self.check_agency(&agency)?;
            account.agency = agency;
        }
        account.disabled = change.disabled.unwrap_or(account.disabled);
        let ends_sessions = account.disabled || password.is_some();
        account.password = password.or(account.password);
        account.version += 1;
        if !self.leaves_an_administrator(&account) {
            return Err(DirectoryError::LastAdministrator);
        }
        let account = self.keep_account(ctx, account, Expect::Any)?;
        if ends_sessions {
            self.end_sessions_of(&account.id)?;
        }
        Ok(account)
    }

    /// Whether there is an administrator who can sign in.
    pub fn has_administrator(&self) -> bool {
        self.accounts.read().values().any(is_administrator)
    }

    /// The account of a name, made where there is none; it signs in by link only.
    pub fn ensure_account(&self, ctx: &Context, new: NewAccount, now: Timestamp) -> Result<Account, DirectoryError> {
        match self.account_by_name(&new.name) {
            Some(account) => Ok(account),
            None => self.add_account(ctx, new, now),
        }
    }

    fn leaves_an_administrator(&self, changed: &Account) -> bool {
        let accounts = self.accounts.read();
        let was = accounts.get(changed.id.as_str()).is_some_and(is_administrator);
        !was || is_administrator(changed) || accounts.values().any(|a| a.id != changed.id && is_administrator(a))
    }

    fn check_agency(&self, agency: &AgencyId) -> Result<(), DirectoryError> {
        match self.agency(agency) {
            Some(_) => Ok(()),
            None => Err(DirectoryError::Invalid {
                field: "agency",
                why: format!("there is no agency {agency}; make it under /api/v1/agencies first"),
            }),
        }
    }

    fn keep_account(&self, ctx: &Context, account: Account, expect: Expect) -> Result<Account, DirectoryError> {
        let row = Row {
            kind: ACCOUNT,
            id: account.id.as_str(),
            agency: Some(&account.agency),
            created: account.created,
            body: &account,
        };
        self.put(ctx, &row, expect)?;
        self.accounts.write().insert(account.id.to_string(), account.clone());
        Ok(account)
    }
}

fn is_administrator(account: &Account) -> bool {
    !account.disabled && account.roles.contains(&Role::Administrator)
}

fn not_found(id: &str) -> DirectoryError {
    DirectoryError::NotFound { what: "account", id: id.to_owned() }
}

fn check_roles(roles: &[Role]) -> Result<(), DirectoryError> {
    let why = if roles.is_empty() {
        "an account needs at least one role"
    } else if roles.iter().any(|role| matches!(role, Role::Device | Role::Source)) {
        "device and source are roles of tokens, not of accounts"
    } else {
        return Ok(());
    };
    Err(DirectoryError::Invalid { field: "roles", why: why.to_owned() })
}

fn person_id() -> Result<PersonId, DirectoryError> {
    let number = u64::from_be_bytes(random::bytes()?);
    Ok(PersonId::new(format!("acc-{number:016x}")).expect("letters, digits and a dash are an id"))
}
