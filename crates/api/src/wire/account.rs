//! People, agencies, tokens, sessions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigiles_model as model;

use super::time::Time;
use super::words::Role;

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// The person.
    pub person: SessionPerson,
    /// When the session ends at the latest.
    pub expires: Time,
    /// The purpose of this request.
    pub purpose: String,
}

/// The person of a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionPerson {
    /// Identity.
    pub id: String,
    /// Name.
    pub name: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// Agency.
    pub agency: String,
    /// The agency's name.
    pub agency_name: String,
}

/// Signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The account's name.
    #[schema(max_length = 128)]
    pub name: String,
    /// Its password.
    #[schema(max_length = 1024, format = Password)]
    pub password: String,
}

/// Uses a one-time link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UseLink {
    /// The token of the link.
    #[schema(max_length = 256)]
    pub token: String,
    /// Name of the first administrator; for such a link only.
    #[serde(default)]
    #[schema(max_length = 128)]
    pub name: Option<String>,
    /// The password to set; for first-administrator links, and for an account that has none.
    #[serde(default)]
    #[schema(max_length = 1024, format = Password)]
    pub password: Option<String>,
}

/// What a one-time link is for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Link {
    /// Its use.
    #[serde(rename = "use")]
    pub use_: LinkUse,
    /// Whether using it needs a password to be set.
    pub needs_password: bool,
    /// When it ends.
    pub expires: Time,
}

/// Uses of one-time links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkUse {
    /// Makes the first administrator.
    FirstAdministrator,
    /// Signs in.
    SignIn,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Account {
    /// Identity.
    pub id: String,
    /// Name to sign in with.
    pub name: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// Agency.
    pub agency: String,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// Counts up with every change; the ETag.
    pub version: u64,
}

/// A new account; without a password a one-time link is made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// Name to sign in with.
    #[schema(min_length = 1, max_length = 128)]
    pub name: String,
    /// Roles.
    #[schema(min_items = 1)]
    pub roles: Vec<Role>,
    /// Agency.
    #[schema(value_type = String)]
    pub agency: model::AgencyId,
    /// Password, at least 12 characters.
    #[serde(default)]
    #[schema(min_length = 12, max_length = 1024, format = Password)]
    pub password: Option<String>,
}

/// An account that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountMade {
    /// The account.
    #[serde(flatten)]
    pub account: Account,
    /// Path of a one-time link by which its owner sets a password; null where a password was given.
    pub link: Option<String>,
}

/// Changes of an account; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    /// Name to sign in with, and by which others see what the account did, also before.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 128)]
    pub name: Option<String>,
    /// Roles.
    #[serde(default)]
    pub roles: Option<Vec<Role>>,
    /// Agency.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub agency: Option<model::AgencyId>,
    /// Disabling ends all its sessions.
    #[serde(default)]
    pub disabled: Option<bool>,
    /// A new password; ends all its sessions.
    #[serde(default)]
    #[schema(min_length = 12, max_length = 1024, format = Password)]
    pub password: Option<String>,
}

/// An agency.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Identity.
    #[schema(value_type = String)]
    pub id: model::AgencyId,
    /// Name for people.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
}

/// A bearer token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct Token {
    /// Identity.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The agency it acts for.
    pub agency: String,
    /// The source its observations carry.
    pub source: Option<String>,
    /// When it was made.
    pub created: Time,
    /// When it ends.
    pub expires: Option<Time>,
}

/// A token just made, with its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenMade {
    /// The token.
    #[serde(flatten)]
    pub token: Token,
    /// The bearer token; shown this once.
    pub secret: String,
}

/// A new token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Name for people.
    #[schema(min_length = 1, max_length = 128)]
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The source its observations carry; for devices.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub source: Option<model::SourceId>,
    /// When it ends.
    #[serde(default)]
    pub expires: Option<Time>,
}
