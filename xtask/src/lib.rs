//! The shape of the repository, checked: which room may know which, what a file may be called and how long it may be,
//! and the few texts that must never be committed.
//!
//! Each check is a function from data (a package, a file's path and text) to findings, so that it is tested without a
//! repository; [`tidy`] reads the real one.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail loudly"))]

mod arrows;
mod manifest;
mod metadata;
mod names;
mod text;

use std::fmt;
use std::path::Path;
use std::process::Command;

/// Something to mend, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// A path from the root of the repository.
    pub file: String,
    /// The line, counted from 1; 0 where the finding is about the whole file.
    pub line: usize,
    /// What is wrong and how to mend it.
    pub what: String,
}

impl Finding {
    fn file(file: &str, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 0, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.what),
            line => write!(f, "{}:{line}: {}", self.file, self.what),
        }
    }
}

/// Why the repository could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum TidyError {
    /// xtask does not stand inside a workspace.
    #[error("no folder above xtask")]
    NoRoot,
    /// A command that tidy needs did not run or did not succeed.
    #[error("`{command}` failed: {why}")]
    Command {
        /// The command as typed.
        command: &'static str,
        /// Its own words.
        why: String,
    },
    /// `cargo metadata` wrote something that is not its format.
    #[error("cargo metadata is not understood: {0}")]
    Metadata(#[from] serde_json::Error),
}

/// Checks the repository at `root`; findings come in order of file and line.
pub fn tidy(root: &Path) -> Result<Vec<Finding>, TidyError> {
    let mut findings = Vec::new();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--format-version=1", "--no-deps", "--offline"];
    let written = output(Command::new(cargo).args(arguments).current_dir(root), "cargo metadata")?;
    let packages = metadata::parse(&written, root)?;
    findings.extend(arrows::check(&packages));
    for package in &packages {
        let text = std::fs::read_to_string(root.join(&package.manifest)).unwrap_or_default();
        findings.extend(manifest::check(&package.manifest, &text));
    }
    for file in files(root)? {
        findings.extend(names::check(&file));
        // What is not UTF-8 is a picture or a recording; a file deleted but still listed has nothing to say.
        if let Ok(text) = std::fs::read_to_string(root.join(&file)) {
            findings.extend(text::check(&file, &text));
        }
    }
    findings.sort();
    Ok(findings)
}

/// The files that git has or would add, as paths from the root with forward slashes.
fn files(root: &Path) -> Result<Vec<String>, TidyError> {
    let arguments = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let written = output(Command::new("git").args(arguments).current_dir(root), "git ls-files")?;
    let text = String::from_utf8_lossy(&written);
    Ok(text.lines().map(str::to_owned).collect())
}

fn output(command: &mut Command, named: &'static str) -> Result<Vec<u8>, TidyError> {
    let run = command.output().map_err(|error| TidyError::Command { command: named, why: error.to_string() })?;
    if run.status.success() {
        return Ok(run.stdout);
    }
    let why = String::from_utf8_lossy(&run.stderr).trim().to_owned();
    Err(TidyError::Command { command: named, why })
}
