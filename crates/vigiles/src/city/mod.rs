//! A city directory: the configuration of one city as files, taken over at the start.
//!
//! A file that changed since it was last taken wins over what the console made of it; one that did not,
//! does not.

#[cfg(test)]
mod exercises;
mod files;
mod load;
#[cfg(test)]
mod rehearsal;
mod replay;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;
use vigiles_engine::rule::Rule;
use vigiles_engine::rule::stored::Stored;
use vigiles_engine::{CommandBody, ConfigKind, Correlation};
use vigiles_model::{AgencyId, ObservationKind, Playbook};
use vigiles_runtime::directory::SourceSetting;

pub(crate) use files::{CityFile, TourStepFile, Via};
pub(crate) use load::take_over;
pub(crate) use replay::{Addresses, demo_account, start_replays};

use files::{AssetProperties, Features, KindsFile, TourFile, ZoneProperties};

/// A city directory, read and checked for form.
#[derive(Debug)]
pub(crate) struct City {
    /// The directory.
    pub dir: PathBuf,
    /// `city.toml`.
    pub file: CityFile,
    /// Steps of the guided tour.
    pub tour: Vec<TourStepFile>,
    /// Configuration documents, in the order in which they build on each other.
    pub documents: Vec<CityDocument>,
    /// Sources.
    pub sources: Vec<SourceSetting>,
}

/// A configuration document of a city directory.
#[derive(Debug)]
pub(crate) struct CityDocument {
    /// Which sort.
    pub what: ConfigKind,
    /// Its id.
    pub id: String,
    /// The file that it stands in, from the city's directory on.
    pub file: PathBuf,
    /// The command that takes it over.
    pub body: CommandBody,
    /// What it meant to versions of the platform for which a rule that says no stage was live; none where it means the
    /// same.
    pub before: Option<CommandBody>,
}

impl City {
    /// Reads a city directory. Errors name the file and the place in it.
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        let file: CityFile = toml_file(&dir.join("city.toml"))?;
        let default = file.agency.first().map_or_else(default_agency, |a| Ok(a.id.clone()))?;
        let mut city = Self { dir: dir.to_owned(), file, tour: Vec::new(), documents: Vec::new(), sources: Vec::new() };
        city.read_kinds()?;
        city.read_places(&default)?;
        let elsewhere: Vec<PathBuf> = city.file.playbooks.iter().map(|path| dir.join(path)).collect();
        for path in files_in(&dir.join("playbooks"))?.into_iter().chain(elsewhere) {
            let playbook: Playbook = toml_file(&path)?;
            let id = playbook.id.to_string();
            city.push(ConfigKind::Playbook, id, &path, CommandBody::PutPlaybook(Box::new(playbook)));
        }
        for path in files_in(&dir.join("rules"))? {
            let (rule, Stored(before)): (Rule, Stored) = (toml_file(&path)?, toml_file(&path)?);
            let before = (before != rule).then(|| CommandBody::PutRule(Box::new(before)));
            let id = rule.id.to_string();
            let document = city.document(ConfigKind::Rule, id, &path, CommandBody::PutRule(Box::new(rule)));
            city.documents.push(CityDocument { before, ..document });
        }
        for path in files_in(&dir.join("correlations"))? {
            let rule: Correlation = toml_file(&path)?;
            let id = rule.id.to_string();
            city.push(ConfigKind::Correlation, id, &path, CommandBody::PutCorrelation(Box::new(rule)));
        }
        for path in files_in(&dir.join("sources"))? {
            city.sources.push(toml_file(&path)?);
        }
        let tour = dir.join("tour.toml");
        if tour.exists() {
            city.tour = toml_file::<TourFile>(&tour)?.step;
        }
        Ok(city)
    }

    /// The default agency of the city.
    pub(crate) fn agency(&self) -> Result<AgencyId> {
        self.file.agency.first().map_or_else(default_agency, |a| Ok(a.id.clone()))
    }

    fn read_kinds(&mut self) -> Result<()> {
        let path = self.dir.join("kinds.toml");
        if path.exists() {
            for kind in toml_file::<KindsFile>(&path)?.kind {
                let kind = ObservationKind::from(kind);
                self.push(ConfigKind::Kind, kind.id.to_string(), &path, CommandBody::PutKind(Box::new(kind)));
            }
        }
        Ok(())
    }

    fn read_places(&mut self, default: &AgencyId) -> Result<()> {
        let zones = self.dir.join("zones.geojson");
        if zones.exists() {
            for feature in json_file::<Features<ZoneProperties>>(&zones)?.features {
                let id = feature.id.clone();
                let zone = feature.zone(default).with_context(|| format!("{}: {id}", zones.display()))?;
                self.push(ConfigKind::Zone, id, &zones, CommandBody::PutZone(Box::new(zone)));
            }
        }
        let assets = self.dir.join("assets.geojson");
        if assets.exists() {
            for feature in json_file::<Features<AssetProperties>>(&assets)?.features {
                let id = feature.id.clone();
                let asset = feature.asset(default).with_context(|| format!("{}: {id}", assets.display()))?;
                self.push(ConfigKind::Asset, id, &assets, CommandBody::PutAsset(Box::new(asset)));
            }
        }
        Ok(())
    }

    fn push(&mut self, what: ConfigKind, id: String, path: &Path, body: CommandBody) {
        let document = self.document(what, id, path, body);
        self.documents.push(document);
    }

    fn document(&self, what: ConfigKind, id: String, path: &Path, body: CommandBody) -> CityDocument {
        let file = path.strip_prefix(&self.dir).unwrap_or(path).to_owned();
        CityDocument { what, id, file, body, before: None }
    }
}

fn default_agency() -> Result<AgencyId> {
    Ok(AgencyId::new(vigiles_runtime::directory::FIRST_AGENCY)?)
}

/// The `.toml` files of a directory by name; none where it does not exist.
fn files_in(dir: &Path) -> Result<Vec<PathBuf>> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn toml_file<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("in {}", path.display()))
}

fn json_file<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))
}
