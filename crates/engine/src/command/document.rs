//! Configuration documents: what people write, and the sorts there are.

use serde::{Deserialize, Serialize};
use vigiles_model::{Asset, ObservationKind, Playbook, Zone};

use crate::correlation::Correlation;
use crate::rule::{Rule, stored};

/// The sorts of configuration documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigKind {
    /// An observation kind.
    Kind,
    /// An asset.
    Asset,
    /// A zone.
    Zone,
    /// A rule.
    Rule,
    /// A playbook.
    Playbook,
    /// A correlation rule.
    Correlation,
}

impl ConfigKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Asset => "asset",
            Self::Zone => "zone",
            Self::Rule => "rule",
            Self::Playbook => "playbook",
            Self::Correlation => "correlation",
        }
    }
}

/// A configuration document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigDocument {
    /// An observation kind.
    Kind(Box<ObservationKind>),
    /// An asset.
    Asset(Box<Asset>),
    /// A zone.
    Zone(Box<Zone>),
    /// A rule.
    Rule(#[serde(deserialize_with = "stored::boxed")] Box<Rule>),
    /// A playbook.
    Playbook(Box<Playbook>),
    /// A correlation rule.
    Correlation(Box<Correlation>),
}

impl ConfigDocument {
    /// Which sort it is.
    pub fn what(&self) -> ConfigKind {
        match self {
            Self::Kind(_) => ConfigKind::Kind,
            Self::Asset(_) => ConfigKind::Asset,
            Self::Zone(_) => ConfigKind::Zone,
            Self::Rule(_) => ConfigKind::Rule,
            Self::Playbook(_) => ConfigKind::Playbook,
            Self::Correlation(_) => ConfigKind::Correlation,
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Kind(d) => d.id.as_str(),
            Self::Asset(d) => d.id.as_str(),
            Self::Zone(d) => d.id.as_str(),
            Self::Rule(d) => d.id.as_str(),
            Self::Playbook(d) => d.id.as_str(),
            Self::Correlation(d) => d.id.as_str(),
        }
    }
}
