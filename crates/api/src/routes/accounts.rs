//! Accounts.

use axum::http::{Method, StatusCode};
use vigiles_runtime::directory::{self, DirectoryError};
use vigiles_store::StoreError;
use vigiles_trust::password::PasswordError;
use vigiles_trust::{Action, Resource, Role};

use crate::call::{Call, json, ok, versioned};
use crate::endpoint::{Answer, Endpoint, IfMatch};
use crate::problem::{Code, Problem};
use crate::wire::account::{Account, AccountChange, AccountMade, NewAccount};
use crate::wire::list::{List, PageQuery};

const READ: Action = Action::Read(Resource::Accounts);
const WRITE: Action = Action::Write(Resource::Accounts);

pub(super) fn endpoints() -> Vec<Endpoint> {
    let all = vec![
        Endpoint::get("/api/v1/accounts", "list_accounts", "Lists accounts by name", list)
            .may(READ)
            .query::<PageQuery>()
            .answers_list::<Account>("A page of accounts."),
        Endpoint::post(
            "/api/v1/accounts",
            "make_account",
            "Makes an account, with a password or a one-time link",
            make,
        )
        .may(WRITE)
        .takes::<NewAccount>()
        .answers::<AccountMade>(201, "The account.")
        .also(&[409]),
        Endpoint::get("/api/v1/accounts/{id}", "get_account", "One account", get)
            .may(READ)
            .answers::<Account>(200, "The account.")
            .etag(),
        Endpoint::new(
            Method::PATCH,
            "/api/v1/accounts/{id}",
            "change_account",
            "Changes name, roles, agency, password, or disables it",
            change,
        )
        .may(WRITE)
        .takes::<AccountChange>()
        .if_match(IfMatch::Required)
        .answers::<Account>(200, "The account as it is now.")
        .etag()
        .also(&[409]),
        Endpoint::post(
            "/api/v1/accounts/{id}/link",
            "make_link",
            "Makes a one-time link by which its owner sets a new password",
            link,
        )
        .may(WRITE)
        .answers::<AccountMade>(201, "The link."),
    ];
    all.into_iter().map(|endpoint| endpoint.tag("accounts")).collect()
}

async fn list(call: Call) -> Answer {
    let accounts = call.platform().directory().accounts(&call.context()?);
    let page = page(accounts, &call.query()?, |account| account.name.clone())?;
    call.audit_read("accounts", String::new()).await?;
    ok(&List { items: page.items.iter().map(Account::from).collect(), next: page.next })
}

async fn get(call: Call) -> Answer {
    let account = visible(&call)?;
    call.audit_read("accounts", account.id.to_string()).await?;
    versioned(StatusCode::OK, &Account::from(&account), account.version)
}

async fn make(call: Call) -> Answer {
    let NewAccount { name, roles, agency, password } = call.json()?;
    let (ctx, now) = (call.context()?, call.platform().now());
    let _place = call.api.hashing.clone().acquire_owned().await.map_err(|e| Problem::internal(&e))?;
    let made = call
        .blocking(move |api| {
            let directory = api.platform.directory();
            let by_link = password.is_none();
            let roles = roles.into_iter().map(Role::from).collect();
            let account = directory.add_account(&ctx, directory::NewAccount { name, roles, agency, password }, now)?;
            let link = if by_link { Some(directory.sign_in_link(&ctx, &account, true, now)?) } else { None };
            Ok(AccountMade { account: Account::from(&account), link: link.map(|text| path_of(&text)) })
        })
        .await?;
    json(StatusCode::CREATED, &made)
}

async fn change(call: Call) -> Answer {
    let account = visible(&call)?;
    let expected = call.must_match()?;
    let AccountChange { name, roles, agency, disabled, password } = call.json()?;
    let ctx = call.context()?;
    let change = directory::Change {
        name,
        roles: roles.map(|roles| roles.into_iter().map(Role::from).collect()),
        agency,
        disabled,
        password,
    };
    let _place = call.api.hashing.clone().acquire_owned().await.map_err(|e| Problem::internal(&e))?;
    let changed = call
        .blocking(move |api| {
            Ok(api.platform.directory().change_account(&ctx, account.id.as_str(), expected, change)?)
        })
        .await?;
    versioned(StatusCode::OK, &Account::from(&changed), changed.version)
}

async fn link(call: Call) -> Answer {
    let account = visible(&call)?;
    let (ctx, now) = (call.context()?, call.platform().now());
    let made = call
        .blocking(move |api| {
            let text = api.platform.directory().sign_in_link(&ctx, &account, true, now)?;
            Ok(AccountMade { account: Account::from(&account), link: Some(path_of(&text)) })
        })
        .await?;
    json(StatusCode::CREATED, &made)
}

/// The page of the console that uses a link. The secret stands after `#`, which no browser sends or logs.
fn path_of(text: &str) -> String {
    format!("/sign-in#link={text}")
}

fn visible(call: &Call) -> Result<directory::Account, Problem> {
    let id = call.parameter("id");
    let ctx = call.context()?;
    let account = call.platform().directory().account(id).filter(|account| ctx.may_see(Some(&account.agency)));
    account.ok_or_else(|| Problem::not_found("account", id))
}

/// A page of what is in memory anyway; the cursor is the key of its last item.
pub(super) fn page<T>(items: Vec<T>, query: &PageQuery, key: impl Fn(&T) -> String) -> Result<List<T>, Problem> {
    let limit = crate::call::limit(query.limit)?;
    let start = match &query.cursor {
        None => 0,
        Some(cursor) => match items.iter().position(|item| key(item) == *cursor) {
            Some(index) => index + 1,
            None => {
                return Err(Problem::of(
                    Code::Malformed,
                    "cursor",
                    "is not one of this list; take it from the page before",
                ));
            }
        },
    };
    let more = items.len() > start + limit;
    let items: Vec<T> = items.into_iter().skip(start).take(limit).collect();
    let next = if more { items.last().map(&key) } else { None };
    Ok(List { items, next })
}

impl From<&directory::Account> for Account {
    fn from(account: &directory::Account) -> Self {
        Self {
            id: account.id.to_string(),
            name: account.name.clone(),
            roles: account.roles.iter().map(|role| (*role).into()).collect(),
            agency: account.agency.to_string(),
            disabled: account.disabled,
            version: account.version,
        }
    }
}

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        let text = error.to_string();
        match error {
            DirectoryError::Store(StoreError::Conflict { .. }) => Self::new(Code::Conflict, text),
            DirectoryError::Store(error) => error.into(),
            DirectoryError::Password(PasswordError::Hash(_) | PasswordError::Random(_)) | DirectoryError::Random(_) => {
                Self::internal(&text)
            }
            DirectoryError::Password(_) => Self::of(Code::Invalid, "password", text),
            DirectoryError::NotFound { .. } => Self::new(Code::NotFound, text),
            DirectoryError::Taken { .. } | DirectoryError::LastAdministrator | DirectoryError::TooMany { .. } => {
                Self::new(Code::Conflict, text)
            }
            DirectoryError::Invalid { field, why } => Self::of(Code::Invalid, field, why),
            DirectoryError::Version { .. } => Self::new(Code::VersionMismatch, text),
            DirectoryError::Credentials | DirectoryError::Link => Self::new(Code::Unauthenticated, text),
            DirectoryError::Role { .. } => Self::new(Code::Forbidden, text),
            DirectoryError::TooOften(wait) => {
                Self::later(Code::TooMany, text, u64::try_from(wait.as_millis() / 1000 + 1).unwrap_or(1))
            }
        }
    }
}
