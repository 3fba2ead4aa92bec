//! Which room may know which, and which outside packages a room must do without.

use crate::Finding;
use crate::metadata::Package;

/// The rooms from the ground up. A room may name the rooms of every row below its own, and none of its own row.
const ROWS: [&[&str]; 7] = [
    &["model"],
    &["disk", "formats", "engine", "trust", "postgres"],
    &["bus", "history", "store", "roads"],
    &["runtime"],
    &["backup", "connect", "sim"],
    &["api"],
    &["vigiles", "bench"],
];

/// Rooms that only these may name, whatever the rows say: the pages are embedded for whoever serves them.
const ONLY_FOR: [(&str, &[&str]); 1] = [("console", &["api", "vigiles"])];

/// Outside packages that mean reading, writing or waiting: the pure rooms do without them.
const WORLD: &[&str] = &[
    "async-std",
    "axum",
    "hyper",
    "lettre",
    "mio",
    "postgres",
    "reqwest",
    "rumqttc",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "tokio",
    "tokio-stream",
    "tokio-tungstenite",
    "ureq",
];
const PURE: &[&str] = &["model", "formats", "engine", "trust"];

/// Outside packages that belong to few rooms: HTTP is known to the API and the doors, SQL to the store.
const KEPT: [(&str, &[&str]); 4] = [
    ("axum", &["api", "connect", "vigiles"]),
    ("postgres", &["postgres", "store", "history"]),
    ("rusqlite", &["store", "history"]),
    ("utoipa", &["api", "vigiles"]),
];

/// Checks every arrow of the workspace.
pub(crate) fn check(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(of_package).collect()
}

fn of_package(package: &Package) -> Vec<Finding> {
    let Some(from) = room(&package.name) else {
        return if package.name == "xtask" { chore(package) } else { unknown(package) };
    };
    let mut findings = Vec::new();
    // A package may name itself for its tests, to switch on a feature that only they use.
    let others = package.dependencies.iter().filter(|dependency| dependency.name != package.name);
    for dependency in others {
        let name = dependency.name.as_str();
        let wrong = match room(name) {
            Some(to) => arrow(from, to),
            None => outside(from, name, dependency.dev),
        };
        findings.extend(wrong.map(|what| Finding::file(&package.manifest, what)));
    }
    findings
}

/// The room of a package of this workspace; `None` for one from outside and for xtask.
fn room(package: &str) -> Option<&str> {
    let name = if package == "vigiles" { package } else { package.strip_prefix("vigiles-")? };
    (row(name).is_some() || ONLY_FOR.iter().any(|(kept, _)| *kept == name)).then_some(name)
}

fn row(room: &str) -> Option<usize> {
    ROWS.iter().position(|rooms| rooms.contains(&room))
}

fn arrow(from: &str, to: &str) -> Option<String> {
    if let Some((_, may)) = ONLY_FOR.iter().find(|(kept, _)| *kept == to) {
        return (!may.contains(&from)).then(|| format!("`{from}` may not know `{to}`: only {} may", may.join(" and ")));
    }
    // A room without a row (console) knows no other room.
    let allowed = matches!((row(from), row(to)), (Some(above), Some(below)) if above > below);
    (!allowed).then(|| {
        format!("`{from}` may not know `{to}`: arrows point from later rows to earlier ones (docs/architecture.md)")
    })
}

fn outside(from: &str, name: &str, dev: bool) -> Option<String> {
    if dev {
        return None;
    }
    if PURE.contains(&from) && WORLD.contains(&name) {
        return Some(format!("`{from}` is a pure room and does without `{name}`"));
    }
    let (_, may) = KEPT.iter().find(|(kept, _)| *kept == name)?;
    (!may.contains(&from)).then(|| format!("`{name}` is kept to {}; `{from}` does without it", may.join(", ")))
}

fn chore(package: &Package) -> Vec<Finding> {
    let rooms = package.dependencies.iter().filter(|dependency| room(&dependency.name).is_some());
    rooms.map(|to| Finding::file(&package.manifest, format!("xtask knows no room, also not `{}`", to.name))).collect()
}

fn unknown(package: &Package) -> Vec<Finding> {
    let what = format!(
        "`{}` is in no row: give the room its place in xtask/src/arrows.rs and docs/architecture.md",
        package.name
    );
    vec![Finding::file(&package.manifest, what)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Dependency;

    fn check_one(from: &str, to: &str, dev: bool, expected: &[&str]) {
        let package = Package {
            name: from.to_owned(),
            manifest: "Cargo.toml".to_owned(),
            dependencies: vec![Dependency { name: to.to_owned(), dev }],
        };
        let found: Vec<String> = check(&[package]).into_iter().map(|finding| finding.what).collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{found} does not say {expected}");
        }
    }

    #[test]
    fn arrows_point_down() {
        check_one("vigiles-engine", "vigiles-model", false, &[]);
        check_one("vigiles-runtime", "vigiles-store", false, &[]);
        check_one("vigiles", "vigiles-api", false, &[]);
        check_one("vigiles-model", "vigiles-engine", false, &["`model` may not know `engine`"]);
        check_one("vigiles-store", "vigiles-bus", false, &["`store` may not know `bus`"]);
        check_one("vigiles-store", "vigiles-bus", true, &["`store` may not know `bus`"]);
        check_one("vigiles-connect", "vigiles-api", false, &["may not know `api`"]);
    }

    #[test]
    fn the_console_is_for_who_serves_it() {
        check_one("vigiles-api", "vigiles-console", false, &[]);
        check_one("vigiles-connect", "vigiles-console", false, &["only api and vigiles may"]);
        check_one("vigiles-console", "vigiles-model", false, &["`console` may not know `model`"]);
    }

    #[test]
    fn pure_rooms_do_without_the_world() {
        check_one("vigiles-engine", "tokio", false, &["pure room"]);
        check_one("vigiles-engine", "tokio", true, &[]);
        check_one("vigiles-engine", "cel", false, &[]);
        check_one("vigiles-runtime", "axum", false, &["kept to api"]);
        check_one("vigiles-connect", "rusqlite", false, &["kept to store"]);
    }

    #[test]
    fn every_room_has_a_row() {
        check_one("vigiles-weather", "serde", false, &["is in no row"]);
        check_one("xtask", "vigiles-model", false, &["xtask knows no room"]);
        check_one("xtask", "serde", false, &[]);
    }
}
