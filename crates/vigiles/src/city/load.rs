//! Taking a city directory over into the platform.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use futures_util::future::join_all;
use vigiles_engine::{Command, CommandBody, Diagnostic};
use vigiles_formats::place;
use vigiles_runtime::directory::Agency;
use vigiles_runtime::{CommandFailure, Platform};
use vigiles_trust::Context;

use super::{City, CityDocument};

/// Who acts in the audit log.
const ACTOR: Context = Context::system("city-config");
/// Remembers what was taken, so that an unchanged file does not undo what the console changed.
const TAKEN: &str = "city-taken.json";
/// Its entry that says that a rule without a stage was silent when what it holds was taken.
const STAGES: &str = "stages";

/// Takes over what changed since the last start. Gives how many documents were taken.
pub(crate) async fn take_over(city: &City, platform: &Arc<Platform>, data: &Path) -> Result<usize> {
    for agency in &city.file.agency {
        let agency = Agency { id: agency.id.clone(), name: agency.name.clone() };
        platform.directory().ensure_agency(&ACTOR, agency)?;
    }
    let remembered = data.join(TAKEN);
    let mut taken = read_taken(&remembered)?;
    let learned = learn_stages(&city.documents, &mut taken)?;
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
    if count > 0 || learned {
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
        let key = document.key();
        let print = serde_json::to_string(&document.body)?;
        if taken.get(&key) == Some(&print) {
            continue;
        }
        match &document.body {
            CommandBody::PutRule(rule) => refuse(city, document, &platform.check_rule(rule, None))?,
            CommandBody::PutPlaybook(playbook) => platform
                .check_playbook(playbook, None)
                .with_context(|| city.dir.join(&document.file).display().to_string())?,
            _ => {}
        }
        let body = document.explained();
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

/// Refuses a rule with its faults, and where each stands in its file.
fn refuse(city: &City, document: &CityDocument, faults: &[Diagnostic]) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    let path = city.dir.join(&document.file);
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let said = |fault: &Diagnostic| {
        let in_file =
            place::in_toml(&text, &fault.field).map(|(line, column)| format!("line {line}, column {column}: "));
        let in_field = fault.at.map(|(line, column)| format!(" (line {line}, column {column} of it)"));
        let [in_file, in_field] = [in_file, in_field].map(Option::unwrap_or_default);
        format!("{}: {in_file}{}{in_field}: {}", path.display(), fault.field, fault.message)
    };
    bail!("{}", faults.iter().map(said).collect::<Vec<_>>().join("\n"))
}

/// Remembers what was taken when a rule that says no stage was live as what its file means now, once: the rule stays live
/// until the file changes. Whether that was still to be done.
fn learn_stages(documents: &[CityDocument], taken: &mut BTreeMap<String, String>) -> Result<bool> {
    if taken.insert(STAGES.to_owned(), String::new()).is_some() {
        return Ok(false);
    }
    for document in documents {
        let (Some(before), Some(print)) = (&document.before, taken.get_mut(&document.key())) else { continue };
        if serde_json::from_str::<CommandBody>(print).is_ok_and(|taken| taken == *before) {
            tracing::warn!(
                rule = document.id,
                "its file says no stage: it stays live, and is silent once the file changes"
            );
            *print = serde_json::to_string(&document.body)?;
        }
    }
    Ok(true)
}

impl CityDocument {
    /// What it is remembered under.
    fn key(&self) -> String {
        format!("{}/{}", self.what.as_str(), self.id)
    }

    /// The command that takes it over; a rule that says no reason comes from its file.
    fn explained(&self) -> CommandBody {
        let mut body = self.body.clone();
        if let CommandBody::PutRule(rule) = &mut body
            && rule.reason.trim().is_empty()
        {
            rule.reason = format!("loaded from {}", self.file.display());
        }
        body
    }
}

fn read_taken(path: &Path) -> Result<BTreeMap<String, String>> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("in {}", path.display())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(e) => Err(e).with_context(|| format!("reading {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rules of a directory whose one rule says this beside what it must say.
    fn written(stage: &str, above: u32) -> CityDocument {
        let dir = tempfile::tempdir().unwrap();
        let city = "name = \"X\"\ncentre = [0.0, 0.0]\nzoom = 10.0\n";
        let rule = format!(
            "id = \"r\"\nname = \"R\"\nagency = \"city\"\n{stage}\nkinds = [\"air.pm25\"]\n\
             [detector.threshold]\nabove = {above}\n[alarm]\ntitle = \"t\"\nseverity = \"minor\"\n"
        );
        std::fs::create_dir(dir.path().join("rules")).unwrap();
        std::fs::write(dir.path().join("city.toml"), city).unwrap();
        std::fs::write(dir.path().join("rules/r.toml"), rule).unwrap();
        City::read(dir.path()).unwrap().documents.remove(0)
    }

    /// Whether a rule that was taken as `then`, by a version that knew the stage or by one that did not, is taken again.
    fn check(then: (&str, u32), knew_stages: bool, now: (&str, u32), again: bool) {
        let (then, now) = (written(then.0, then.1), written(now.0, now.1));
        // Before there were stages a rule that says none had none; after that, and before this entry, it was live.
        let mut print = serde_json::to_string(then.before.as_ref().unwrap_or(&then.body)).unwrap();
        if !knew_stages {
            let with_stage = print.len();
            print = print.replace("\"stage\":\"live\",", "");
            assert!(print.len() < with_stage);
        }
        let mut taken = BTreeMap::from([(now.key(), print.clone())]);
        let meant = serde_json::to_string(&now.body).unwrap();
        assert!(learn_stages(std::slice::from_ref(&now), &mut taken).unwrap());
        assert_eq!(taken[&now.key()] != meant, again, "{print} and then {meant}");
        assert!(!learn_stages(std::slice::from_ref(&now), &mut taken).unwrap());
    }

    #[test]
    fn faults_of_a_rule_name_the_place_in_its_file() {
        let text = "id = \"r\"\nname = \"R\"\nagency = \"city\"\nkinds = [\"air.pm25\"]\nwhen = \"valeu > 1\"\n\
                    [detector.threshold]\nabove = 3\nclear = 4\n[alarm]\ntitle = \"t\"\nseverity = \"minor\"\n";
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("rules")).unwrap();
        std::fs::write(dir.path().join("city.toml"), "name = \"X\"\ncentre = [0.0, 0.0]\nzoom = 10.0\n").unwrap();
        std::fs::write(dir.path().join("rules/r.toml"), text).unwrap();
        let city = City::read(dir.path()).unwrap();
        let document = &city.documents[0];
        let CommandBody::PutRule(rule) = &document.body else { panic!("another command") };
        let said = refuse(&city, document, &rule.check(&city)).unwrap_err().to_string();
        let path = dir.path().join("rules/r.toml");
        for (line, expected) in said.lines().zip([
            "line 3, column 10: agency: there is no agency `city`",
            "line 4, column 10: kinds[0]: there is no observation kind `air.pm25`",
            "line 5, column 8: when (line 1, column 1 of it): unknown name `valeu`",
            "line 8, column 9: detector.threshold.clear: expected a number",
        ]) {
            assert!(line.starts_with(&format!("{}: {expected}", path.display())), "{line}");
        }
        assert_eq!(said.lines().count(), 4, "{said}");
    }

    #[test]
    fn a_rule_that_says_no_reason_comes_from_its_file() {
        let check = |said: &str, expected: &str| {
            let CommandBody::PutRule(rule) = written(said, 3).explained() else { panic!("another command") };
            assert_eq!(rule.reason, expected);
        };
        check("", "loaded from rules/r.toml");
        check("reason = \" \"", "loaded from rules/r.toml");
        check("reason = \"as the office asked\"", "as the office asked");
    }

    #[test]
    fn a_file_that_says_no_stage_leaves_its_rule_live_until_it_changes() {
        let (none, live, silent) = ("", "stage = \"live\"", "stage = \"silent\"");
        for knew_stages in [true, false] {
            check((none, 3), knew_stages, (none, 3), false);
            check((none, 3), knew_stages, (none, 4), true);
            check((none, 3), knew_stages, (silent, 3), true);
        }
        check((live, 3), true, (live, 3), false);
        check((live, 3), true, (silent, 3), true);
    }

    #[test]
    fn who_takes_the_stage_out_of_a_file_silences_its_rule() {
        let (live, none) = (written("stage = \"live\"", 3), written("", 3));
        let print = serde_json::to_string(&live.body).unwrap();
        let mut taken = BTreeMap::from([(STAGES.to_owned(), String::new()), (live.key(), print.clone())]);
        assert!(!learn_stages(&[none], &mut taken).unwrap());
        assert_eq!(taken[&live.key()], print);
    }
}
