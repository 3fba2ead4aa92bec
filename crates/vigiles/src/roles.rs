//! What a process does: `roles` in `vigiles.toml`, or `--roles`.

use std::str::FromStr;

use anyhow::{Result, bail};
use serde::Deserialize;

/// One role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// Takes observations: HTTP deliveries and the MQTT broker.
    Ingest,
    /// The console, REST, events.
    Api,
    /// Steps the engine, stores what comes of it, carries out automatic tasks; one process at a time.
    Engine,
}

/// The roles of a process; all of them unless said.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<Role>")]
pub(crate) struct Roles(Vec<Role>);

impl Default for Roles {
    fn default() -> Self {
        Self(vec![Role::Ingest, Role::Api, Role::Engine])
    }
}

impl TryFrom<Vec<Role>> for Roles {
    type Error = anyhow::Error;

    /// In one order, each once.
    fn try_from(roles: Vec<Role>) -> Result<Self> {
        if roles.is_empty() {
            bail!("a process has at least one role: ingest, api, engine");
        }
        let Self(all) = Self::default();
        Ok(Self(all.into_iter().filter(|role| roles.contains(role)).collect()))
    }
}

impl FromStr for Roles {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let roles: Result<Vec<Role>, String> =
            text.split(',').map(|role| clap::ValueEnum::from_str(role.trim(), false)).collect();
        match roles {
            Ok(roles) => roles.try_into(),
            Err(unknown) => bail!("there is no role {unknown:?}: ingest, api, engine"),
        }
    }
}

impl Roles {
    /// Whether the process has it.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read() {
        let check = |text: &str, expected: &str| {
            let read = text.parse::<Roles>().map_or_else(|error| error.to_string(), |roles| format!("{:?}", roles.0));
            assert!(read.contains(expected), "{text}: {read}");
        };
        check("engine", "[Engine]");
        check("api, ingest", "[Ingest, Api]");
        check("engine,api,ingest,api", "[Ingest, Api, Engine]");
        check("", "there is no role");
        check("vision", "there is no role");
    }
}
