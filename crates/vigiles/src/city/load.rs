//! Taking a city directory over into the platform.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use futures_util::future::join_all;
use vigiles_engine::{Command, CommandBody};
use vigiles_runtime::directory::Agency;
use vigiles_runtime::{CommandFailure, Platform};
use vigiles_trust::Context;

use super::{City, CityDocument};

/// Who acts in the audit log.
const ACTOR: Context = Context::system("city-config");
/// Remembers what was taken, so that an unchanged file does not undo what the console changed.
const TAKEN: &str = "city-taken.json";

/// Takes over what changed since the last start. Gives how many documents were taken.
pub(crate) async fn take_over(city: &City, platform: &Arc<Platform>, data: &Path) -> Result<usize> {
    for agency in &city.file.agency {
        let agency = Agency { id: agency.id.clone(), name: agency.name.clone() };
        platform.directory().ensure_agency(&ACTOR, agency)?;
    }
    let remembered = data.join(TAKEN);
    let mut taken = read_taken(&remembered)?;
    let mut count = 0;
    // Each sort at once, one sort after the other: rules name kinds and playbooks.
    for group in city.documents.chunk_by(|a, b| a.what == b.what) {
        count += take_group(group, city, platform, &mut taken).await?;
    }
    for source in &city.sources {
        let key = format!("source/{}", source.id);
        let print = serde_json::to_string(source)?;
        if taken.get(&key) != Some(&print) {
            platform.directory().put_source(&ACTOR, source.clone(), None).with_context(|| key.clone())?;
            taken.insert(key, print);
            count += 1;
        }
    }
    if count > 0 {
        std::fs::write(&remembered, serde_json::to_vec_pretty(&taken)?)
            .with_context(|| format!("writing {}", remembered.display()))?;
    }
    Ok(count)
}

async fn take_group(
    group: &[CityDocument],
    city: &City,
    platform: &Arc<Platform>,
    taken: &mut BTreeMap<String, String>,
) -> Result<usize> {
    let agency = city.agency()?;
    let mut asked = Vec::new();
    for document in group {
        let key = format!("{}/{}", document.what.as_str(), document.id);
        let print = serde_json::to_string(&document.body)?;
        if taken.get(&key) == Some(&print) {
            continue;
        }
        let mut body = document.body.clone();
        if let CommandBody::PutRule(rule) = &mut body
            && rule.reason.trim().is_empty()
            && taken.contains_key(&key)
        {
            "its file in the city's directory changed".clone_into(&mut rule.reason);
        }
        let command = Command { by: None, agency: agency.clone(), expected_version: None, body };
        let platform = platform.clone();
        asked.push(async move { (key, print, platform.command(&ACTOR, command).await) });
    }
    let count = asked.len();
    for (key, print, outcome) in join_all(asked).await {
        match outcome {
            Ok(_) => drop(taken.insert(key, print)),
            Err(CommandFailure::Refused(error)) => bail!("{}: {key}: {error}", city.dir.display()),
            Err(error) => bail!("{key}: {error}"),
        }
    }
    Ok(count)
}

fn read_taken(path: &Path) -> Result<BTreeMap<String, String>> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("in {}", path.display())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(e) => Err(e).with_context(|| format!("reading {}", path.display())),
    }
}
