//! What every package's manifest says: the workspace's lints, and dependencies from the workspace's one list.

use crate::Finding;

/// Checks one manifest, given as its text.
pub(crate) fn check(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut section = String::new();
    let mut linted = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
            if let Some(package) = dependency_table(name) {
                findings.push(finding(
                    file,
                    index,
                    &format!("`{package}` has its own table: write `{package}.workspace = true`"),
                ));
            }
            continue;
        }
        if section == "lints" && line.replace(' ', "") == "workspace=true" {
            linted = true;
        }
        if section.ends_with("dependencies") && section != "workspace.dependencies" && stray(line) {
            let name = line.split(['=', '.', ' ']).next().unwrap_or(line);
            findings.push(finding(file, index, &format!("`{name}` is not taken from [workspace.dependencies]")));
        }
    }
    if !linted && !text.is_empty() {
        findings.push(Finding::file(file, "add [lints] workspace = true"));
    }
    findings
}

/// The package of a section such as `[dependencies.serde]`.
fn dependency_table(section: &str) -> Option<&str> {
    let (kind, package) = section.rsplit_once('.')?;
    (kind.ends_with("dependencies") && !kind.starts_with("workspace")).then_some(package)
}

/// A dependency that names its own version, path or source. Naming itself (`path = "."`) is how a package switches on a
/// feature for its tests.
fn stray(line: &str) -> bool {
    let dense = line.replace(' ', "");
    !dense.is_empty()
        && !dense.starts_with('#')
        && dense.contains('=')
        && !dense.contains("workspace=true")
        && !dense.contains("path=\".\"")
}

fn finding(file: &str, index: usize, what: &str) -> Finding {
    Finding { file: file.to_owned(), line: index + 1, what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(text: &str, expected: &[(usize, &str)]) {
        let found = check("Cargo.toml", text);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, (line, what)) in found.iter().zip(expected) {
            assert_eq!(found.line, *line);
            assert!(found.what.contains(what), "{found} does not say {what}");
        }
    }

    #[test]
    fn lints_are_inherited() {
        check_text("[package]\nname = \"a\"\n[lints]\nworkspace = true\n", &[]);
        check_text("[package]\nname = \"a\"\n", &[(0, "[lints]")]);
    }

    #[test]
    fn dependencies_come_from_the_one_list() {
        let lints = "[lints]\nworkspace = true\n";
        check_text(
            &format!("{lints}[dependencies]\nserde.workspace = true\nx = {{ workspace = true, features = [\"a\"] }}\n"),
            &[],
        );
        check_text(&format!("{lints}[dependencies]\nserde = \"1\"\n"), &[(4, "`serde` is not taken")]);
        check_text(
            &format!("{lints}[target.'cfg(unix)'.dependencies]\nlibc = {{ version = \"1\" }}\n"),
            &[(4, "`libc`")],
        );
        check_text(&format!("{lints}[dependencies.serde]\nversion = \"1\"\n"), &[(3, "own table")]);
    }
}
