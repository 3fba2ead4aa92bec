//! Sessions of signed-in browsers: on the server, so that they can be ended.

use serde::{Deserialize, Serialize};
use vigiles_model::{Duration, PersonId, Timestamp};
use vigiles_store::Expect;
use vigiles_trust::password;
use vigiles_trust::token::{self, SecretHash, Use};

use super::{Account, Directory, DirectoryError, Row, SELF, SESSION};

/// A session unused for so long is over.
pub const IDLE: Duration = Duration::from_secs(30 * 60);
/// A session is over after so long, used or not.
pub const ABSOLUTE: Duration = Duration::from_secs(12 * 3600);
/// How old the stored time of use may be before it is stored again.
const SAVE_EVERY: Duration = Duration::from_secs(60);
/// Most sessions of one account; the oldest ends when there is one more.
const MAX_PER_ACCOUNT: usize = 20;

/// A session as it is stored.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    hash: String,
    account: PersonId,
    created: Timestamp,
    used: Timestamp,
    /// When `used` was last written to the store.
    #[serde(skip)]
    saved: Timestamp,
}

/// Who a session belongs to.
#[derive(Clone)]
pub struct SignedIn {
    /// The session's id; not a secret.
    pub session: String,
    /// The account.
    pub account: Account,
    /// When it ends at the latest.
    pub expires: Timestamp,
    /// Whether [`Directory::save_session`] is due.
    pub unsaved: bool,
}

impl Session {
    pub(super) fn was_used_elsewhere(&mut self, stored: &Self) {
        self.used = self.used.max(stored.used);
    }

    fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.used) > IDLE || now.since(self.created) > ABSOLUTE
    }
}

impl Directory {
    /// Checks a name and a password; the time taken is the same for a name that nobody has. The caller
    /// bounds how many run at once and how often.
    pub fn check_password(&self, name: &str, password: &str) -> Result<Account, DirectoryError> {
        let account = self.account_by_name(name);
        let stored = account.as_ref().and_then(|a| a.password.as_deref());
        let same = password::verify(password, stored);
        account.filter(|a| same && !a.disabled).ok_or(DirectoryError::Credentials)
    }

    /// Starts a session; gives the secret for the cookie. Always a new one, never one the browser proposed.
    pub fn start_session(&self, account: &Account, now: Timestamp) -> Result<(String, SignedIn), DirectoryError> {
        let minted = token::mint(Use::Session)?;
        let session = Session {
            id: minted.id.clone(),
            hash: minted.hash.to_hex(),
            account: account.id.clone(),
            created: now,
            used: now,
            saved: now,
        };
        self.put(&SELF, &row(&session, account), Expect::Absent)?;
        let over = {
            let mut sessions = self.sessions.lock();
            sessions.insert(session.id.clone(), session);
            surplus(&mut sessions, &account.id, now)
        };
        for id in over {
            self.delete(&SELF, SESSION, &id)?;
        }
        let signed_in =
            SignedIn { session: minted.id, account: account.clone(), expires: now + ABSOLUTE, unsaved: false };
        Ok((minted.text, signed_in))
    }

    /// Whose session the cookie is, if it is one; counts as use. Only memory is touched.
    pub fn session(&self, text: &str, now: Timestamp) -> Option<SignedIn> {
        let presented = token::present(Use::Session, text).ok()?;
        let (id, expires, unsaved) = {
            let mut sessions = self.sessions.lock();
            let session = sessions.get_mut(&presented.id)?;
            let stored = SecretHash::from_hex(&session.hash).ok()?;
            if !stored.matches(&presented.hash) || session.is_over(now) {
                return None;
            }
            session.used = session.used.max(now);
            let unsaved = now.since(session.saved) > SAVE_EVERY;
            if unsaved {
                session.saved = now;
            }
            (session.account.clone(), session.created + ABSOLUTE, unsaved)
        };
        let account = self.account(id.as_str()).filter(|account| !account.disabled)?;
        Some(SignedIn { session: presented.id, account, expires, unsaved })
    }

    /// Whether the session still stands, without counting as use: for streams that stay open.
    pub fn session_stands(&self, id: &str, now: Timestamp) -> bool {
        self.sessions.lock().get(id).is_some_and(|session| now.since(session.created) <= ABSOLUTE)
    }

    /// Stores when a session was last used, so that a restart does not forget it.
    pub fn save_session(&self, signed_in: &SignedIn) -> Result<(), DirectoryError> {
        let session = self.sessions.lock().get(&signed_in.session).cloned();
        match session {
            Some(session) => Ok(self.put(&SELF, &row(&session, &signed_in.account), Expect::Any)?),
            None => Ok(()),
        }
    }

    /// Ends a session.
    pub fn end_session(&self, id: &str) -> Result<(), DirectoryError> {
        self.sessions.lock().remove(id);
        Ok(self.delete(&SELF, SESSION, id)?)
    }

    /// Ends all sessions of an account.
    pub fn end_sessions_of(&self, account: &PersonId) -> Result<(), DirectoryError> {
        let ids: Vec<_> = {
            let sessions = self.sessions.lock();
            sessions.values().filter(|s| s.account == *account).map(|s| s.id.clone()).collect()
        };
        ids.iter().try_for_each(|id| self.end_session(id))
    }

    /// Forgets sessions, links and tokens that are over. For once in a while.
    pub fn forget_expired(&self, now: Timestamp) -> Result<(), DirectoryError> {
        let over: Vec<_> = {
            let sessions = self.sessions.lock();
            sessions.values().filter(|s| s.is_over(now)).map(|s| s.id.clone()).collect()
        };
        over.iter().try_for_each(|id| self.end_session(id))?;
        self.forget_links(now)
    }
}

fn row<'a>(session: &'a Session, account: &'a Account) -> Row<'a, Session> {
    Row { kind: SESSION, id: &session.id, agency: Some(&account.agency), created: session.created, body: session }
}

/// Takes out the sessions of an account that are over or too many; gives their ids.
fn surplus(sessions: &mut rustc_hash::FxHashMap<String, Session>, account: &PersonId, now: Timestamp) -> Vec<String> {
    let mut own: Vec<_> =
        sessions.values().filter(|s| s.account == *account).map(|s| (s.is_over(now), s.used, s.id.clone())).collect();
    own.sort_by_key(|(over, used, _)| (*over, std::cmp::Reverse(*used)));
    let ids: Vec<_> = own
        .into_iter()
        .enumerate()
        .filter(|(i, (over, ..))| *over || *i >= MAX_PER_ACCOUNT)
        .map(|(_, s)| s.2)
        .collect();
    for id in &ids {
        sessions.remove(id);
    }
    ids
}
