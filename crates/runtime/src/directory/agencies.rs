//! Agencies: police, fire, traffic, environment office.

use serde::{Deserialize, Serialize};
use vigiles_model::{AgencyId, Timestamp};
use vigiles_store::Expect;
use vigiles_trust::Context;

use super::{AGENCY, Directory, DirectoryError, Row};

/// Most bytes of a name.
const MAX_NAME_BYTES: usize = 200;
/// Most agencies.
const MAX_AGENCIES: usize = 1000;

/// An agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agency {
    /// Identity.
    pub id: AgencyId,
    /// Name for people.
    pub name: String,
}

impl Directory {
    /// All agencies, by id.
    pub fn agencies(&self) -> Vec<Agency> {
        let mut all: Vec<_> = self.agencies.read().values().cloned().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// One agency.
    pub fn agency(&self, id: &AgencyId) -> Option<Agency> {
        self.agencies.read().get(id.as_str()).cloned()
    }

    /// Adds an agency; a taken id is an error.
    pub fn add_agency(&self, ctx: &Context, agency: Agency) -> Result<Agency, DirectoryError> {
        let _writing = self.writing.lock();
        if self.agency(&agency.id).is_some() {
            return Err(DirectoryError::Taken { what: "agency", name: agency.id.to_string() });
        }
        if self.agencies.read().len() >= MAX_AGENCIES {
            return Err(DirectoryError::TooMany { what: "agencies", most: MAX_AGENCIES });
        }
        check_name("name", &agency.name, MAX_NAME_BYTES)?;
        let row = Row { kind: AGENCY, id: agency.id.as_str(), agency: None, created: Timestamp(0), body: &agency };
        self.put(ctx, &row, Expect::Absent)?;
        self.agencies.write().insert(agency.id.to_string(), agency.clone());
        Ok(agency)
    }

    /// Adds an agency where there is none of that id.
    pub fn ensure_agency(&self, ctx: &Context, agency: Agency) -> Result<(), DirectoryError> {
        match self.add_agency(ctx, agency) {
            Ok(_) | Err(DirectoryError::Taken { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// A name for people: not empty, not long, no control characters.
pub(super) fn check_name(field: &'static str, name: &str, most: usize) -> Result<(), DirectoryError> {
    let why = if name.trim().is_empty() {
        "must not be empty".to_owned()
    } else if name.len() > most {
        format!("has at most {most} bytes, this one has {}", name.len())
    } else if name.chars().any(char::is_control) {
        "must not contain control characters".to_owned()
    } else {
        return Ok(());
    };
    Err(DirectoryError::Invalid { field, why })
}
