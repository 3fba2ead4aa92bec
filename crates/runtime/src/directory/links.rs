//! One-time links: the first administrator, and signing in without a password.

use serde::{Deserialize, Serialize};
use vigiles_model::{AgencyId, Duration, PersonId, Timestamp};
use vigiles_store::{AuditNote, Expect, Outcome, StoreError};
use vigiles_trust::token::{self, SecretHash, Use};
use vigiles_trust::{Context, Role};

use super::{Account, Agency, Change, Directory, DirectoryError, FIRST_AGENCY, LINK, NewAccount, Row, SELF};
use crate::documents;

/// How long a link may be used.
const LIFE: Duration = Duration::from_secs(24 * 3600);

/// A one-time link as it is stored.
#[derive(Clone, Serialize, Deserialize)]
pub struct Link {
    id: String,
    hash: String,
    /// What it is for.
    pub use_: LinkUse,
    /// Whether using it needs a password to be set.
    pub needs_password: bool,
    /// When it ends.
    pub expires: Timestamp,
}

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkUse {
    /// Makes the first administrator.
    FirstAdministrator,
    /// Signs in as this account.
    SignIn(PersonId),
}

impl Directory {
    /// A link to make the first administrator; none where there is one. Earlier such links end.
    pub fn first_administrator_link(&self, now: Timestamp) -> Result<Option<String>, DirectoryError> {
        if self.has_administrator() {
            return Ok(None);
        }
        let _writing = self.writing.lock();
        for link in self.links()? {
            if link.use_ == LinkUse::FirstAdministrator {
                self.delete(&SELF, LINK, &link.id)?;
            }
        }
        self.add_link(&SELF, LinkUse::FirstAdministrator, true, now).map(Some)
    }

    /// A link that signs in as an account. It sets a password first where `needs_password`.
    pub fn sign_in_link(
        &self,
        ctx: &Context,
        account: &Account,
        needs_password: bool,
        now: Timestamp,
    ) -> Result<String, DirectoryError> {
        let made = AuditNote {
            action: "make_link".to_owned(),
            resource: format!("account/{}", account.id),
            outcome: Outcome::Allowed,
            detail: account.name.clone(),
        };
        self.store.record(ctx, made)?;
        self.add_link(ctx, LinkUse::SignIn(account.id.clone()), needs_password, now)
    }

    /// What a link is for; it is not used up by looking.
    pub fn look_at_link(&self, text: &str, now: Timestamp) -> Result<Link, DirectoryError> {
        let presented = token::present(Use::Link, text).map_err(|_| DirectoryError::Link)?;
        let document = self.store.get(&SELF, LINK, &presented.id)?.ok_or(DirectoryError::Link)?;
        let link: Link = documents::read(&document)?;
        let stored = SecretHash::from_hex(&link.hash).map_err(|_| DirectoryError::Link)?;
        let stands = match &link.use_ {
            LinkUse::FirstAdministrator => !self.has_administrator(),
            LinkUse::SignIn(account) => self.account(account.as_str()).is_some_and(|a| !a.disabled),
        };
        if stored.matches(&presented.hash) && link.expires > now && stands {
            Ok(link)
        } else {
            Err(DirectoryError::Link)
        }
    }

    /// Uses a link up; gives the account to start a session for. A name is needed for the first
    /// administrator only, a password where the link says so. A refused name or password leaves the link.
    pub fn use_link(
        &self,
        text: &str,
        name: Option<String>,
        password: Option<String>,
        now: Timestamp,
    ) -> Result<Account, DirectoryError> {
        let link = self.look_at_link(text, now)?;
        let password = match (link.needs_password, password) {
            (true, None) => {
                return Err(missing("password", "this link sets a password: give one of at least 12 characters"));
            }
            (true, given) => given,
            (false, _) => None,
        };
        let account = match &link.use_ {
            LinkUse::FirstAdministrator => {
                let name = name.ok_or_else(|| {
                    missing("name", "this link makes the first administrator: give the name to sign in with")
                })?;
                self.make_first_administrator(name, password, now)?
            }
            LinkUse::SignIn(id) => {
                let account = self.account(id.as_str()).ok_or(DirectoryError::Link)?;
                match password {
                    Some(password) => self.change_account(
                        &SELF,
                        id.as_str(),
                        None,
                        Change { password: Some(password), ..Change::default() },
                    )?,
                    None => account,
                }
            }
        };
        // Whoever deletes the link has used it: of two at once, one finds nothing to delete.
        let used = vigiles_store::Write::Delete { kind: LINK, id: link.id.clone(), expect: Expect::Version(1) };
        match self.store.apply(&SELF, vec![used]) {
            Ok(_) => Ok(account),
            Err(StoreError::Conflict { .. }) => Err(DirectoryError::Link),
            Err(error) => Err(error.into()),
        }
    }

    fn make_first_administrator(
        &self,
        name: String,
        password: Option<String>,
        now: Timestamp,
    ) -> Result<Account, DirectoryError> {
        let agency = AgencyId::new(FIRST_AGENCY).expect("the constant is an id");
        self.ensure_agency(&SELF, Agency { id: agency.clone(), name: "City".to_owned() })?;
        // A platform of one person must be usable; more people get fewer roles each.
        let roles = vec![Role::Administrator, Role::Supervisor, Role::Integrator];
        self.add_account(&SELF, NewAccount { name, roles, agency, password }, now)
    }

    fn add_link(
        &self,
        ctx: &Context,
        use_: LinkUse,
        needs_password: bool,
        now: Timestamp,
    ) -> Result<String, DirectoryError> {
        let minted = token::mint(Use::Link)?;
        let link = Link { id: minted.id, hash: minted.hash.to_hex(), use_, needs_password, expires: now + LIFE };
        let row = Row { kind: LINK, id: &link.id, agency: None, created: now, body: &link };
        self.put(ctx, &row, Expect::Absent)?;
        Ok(minted.text)
    }

    fn links(&self) -> Result<Vec<Link>, StoreError> {
        documents::all(&*self.store, LINK)?.iter().map(documents::read).collect()
    }

    /// Forgets links that are over.
    pub(super) fn forget_links(&self, now: Timestamp) -> Result<(), DirectoryError> {
        for link in self.links()?.into_iter().filter(|link| link.expires <= now) {
            self.delete(&SELF, LINK, &link.id)?;
        }
        Ok(())
    }
}

fn missing(field: &'static str, why: &str) -> DirectoryError {
    DirectoryError::Invalid { field, why: why.to_owned() }
}
