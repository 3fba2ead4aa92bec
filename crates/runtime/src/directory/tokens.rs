//! Bearer tokens of devices, sources and scripts.

use serde::{Deserialize, Serialize};
use vigiles_model::{AgencyId, PersonId, SourceId, Timestamp};
use vigiles_store::Expect;
use vigiles_trust::token::{self, SecretHash, Use};
use vigiles_trust::{Context, Role};

use super::agencies::check_name;
use super::{Directory, DirectoryError, FIRST_AGENCY, Row, TOKEN};
use crate::door::{Grant, Refusal};

/// Most tokens: they are kept in memory.
pub const MAX_TOKENS: usize = 100_000;
/// Before the id of a token, where it acts as a person does.
pub(super) const PRINCIPAL: &str = "tok-";
/// Most bytes of a name.
const MAX_NAME_BYTES: usize = 128;

/// A token, without its secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Identity; part of the bearer text.
    pub id: String,
    /// SHA-256 of the bearer text.
    hash: String,
    /// Name for people.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The agency it acts for.
    pub agency: AgencyId,
    /// The source its observations carry.
    pub source: Option<SourceId>,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Name for people.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The agency it acts for; the maker's own where absent.
    pub agency: Option<AgencyId>,
    /// The source its observations carry.
    pub source: Option<SourceId>,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

impl Token {
    /// What it lets its bearer do.
    pub fn grant(&self) -> Grant {
        Grant {
            principal: PersonId::new(format!("{PRINCIPAL}{}", self.id)).expect("hexadecimal digits are an id"),
            agency: self.agency.clone(),
            roles: vec![self.role],
            source: self.source.clone(),
        }
    }

    /// Whether its time is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

impl Directory {
    /// All tokens that the context may see, newest first.
    pub fn tokens(&self, ctx: &Context) -> Vec<Token> {
        let tokens = self.tokens.read();
        let mut all: Vec<_> = tokens.values().filter(|t| ctx.may_see(Some(&t.agency))).cloned().collect();
        all.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        all
    }

    /// Makes a token; gives the bearer text, which is shown this once.
    pub fn add_token(&self, ctx: &Context, new: NewToken, now: Timestamp) -> Result<(Token, String), DirectoryError> {
        check_name("name", &new.name, MAX_NAME_BYTES)?;
        if !may_give(ctx, new.role) {
            return Err(DirectoryError::Role { role: new.role });
        }
        if new.role == Role::Device && new.source.is_none() {
            return Err(DirectoryError::Invalid {
                field: "source",
                why: "a device token needs the source it speaks for".to_owned(),
            });
        }
        if new.expires.is_some_and(|expires| expires <= now) {
            return Err(DirectoryError::Invalid { field: "expires", why: "lies in the past".to_owned() });
        }
        let first = || AgencyId::new(FIRST_AGENCY).expect("the constant is an id");
        let minted = token::mint(Use::Bearer)?;
        let token = Token {
            id: minted.id,
            hash: minted.hash.to_hex(),
            name: new.name,
            role: new.role,
            agency: new.agency.or_else(|| ctx.agency().cloned()).unwrap_or_else(first),
            source: new.source,
            created: now,
            expires: new.expires,
        };
        let _writing = self.writing.lock();
        if self.tokens.read().len() >= MAX_TOKENS {
            return Err(DirectoryError::TooMany { what: "tokens", most: MAX_TOKENS });
        }
        let row = Row { kind: TOKEN, id: &token.id, agency: Some(&token.agency), created: now, body: &token };
        self.put(ctx, &row, Expect::Absent)?;
        self.tokens.write().insert(token.id.clone(), token.clone());
        Ok((token, minted.text))
    }

    /// Revokes a token; it is refused from now on.
    pub fn revoke_token(&self, ctx: &Context, id: &str) -> Result<(), DirectoryError> {
        let _writing = self.writing.lock();
        let visible = self.tokens.read().get(id).is_some_and(|t| ctx.may_see(Some(&t.agency)));
        if !visible {
            return Err(DirectoryError::NotFound { what: "token", id: id.to_owned() });
        }
        self.delete(ctx, TOKEN, id)?;
        self.tokens.write().remove(id);
        Ok(())
    }

    /// Checks a bearer text. Only memory is touched.
    pub fn authenticate(&self, text: &str, now: Timestamp) -> Result<Grant, Refusal> {
        let presented = token::present(Use::Bearer, text).map_err(|_| Refusal::Unknown)?;
        let tokens = self.tokens.read();
        let token = tokens.get(&presented.id).ok_or(Refusal::Unknown)?;
        let stored = SecretHash::from_hex(&token.hash).map_err(|_| Refusal::Unknown)?;
        if !stored.matches(&presented.hash) {
            return Err(Refusal::Unknown);
        }
        if token.is_over(now) {
            return Err(Refusal::Expired);
        }
        Ok(token.grant())
    }
}

/// Nobody gives by a token more than they may themselves; delivering is less than any of it.
fn may_give(ctx: &Context, role: Role) -> bool {
    matches!(role, Role::Device | Role::Source)
        || ctx.is_system()
        || ctx.roles().contains(&Role::Administrator)
        || ctx.roles().contains(&role)
}
