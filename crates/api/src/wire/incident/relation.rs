//! What an incident's alarms, and other incidents, have to do with each other.

use serde::Serialize;
use utoipa::ToSchema;
use vigiles_model as model;

use crate::wire::NameOf;
use crate::wire::correlation::RelationWord;

/// One step of a chain: an alarm that brought about another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CauseLink {
    /// The alarm that came first.
    pub cause: String,
    /// The alarm that followed from it.
    pub effect: String,
    /// The correlation rule that says so.
    pub rule: String,
    /// How sure, from 0 to 1.
    pub score: f64,
    /// The evidence in words with its figures.
    pub why: String,
}

/// Another incident that this one has to do with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RelatedIncident {
    /// The other one.
    pub incident: String,
    /// What it is to this one.
    pub relation: RelationWord,
    /// The evidence, or the reason a person gave.
    pub why: String,
    /// Who linked them; null for a correlation rule.
    pub by: Option<String>,
    /// What they are called now; null where the account is gone.
    pub by_name: Option<String>,
}

impl From<&model::CauseLink> for CauseLink {
    fn from(link: &model::CauseLink) -> Self {
        Self {
            cause: link.cause.to_string(),
            effect: link.effect.to_string(),
            rule: link.rule.to_string(),
            score: link.score,
            why: link.why.clone(),
        }
    }
}

impl RelatedIncident {
    /// The relation with the name of whoever made it.
    pub(super) fn new(related: &model::RelatedIncident, name_of: NameOf<'_>) -> Self {
        Self {
            incident: related.incident.to_string(),
            relation: related.relation.into(),
            why: related.why.clone(),
            by: related.by.as_ref().map(ToString::to_string),
            by_name: related.by.as_ref().and_then(|by| name_of(by.as_str())),
        }
    }
}
