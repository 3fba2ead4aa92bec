//! The part of `cargo metadata` that tidy looks at.

use std::path::Path;

use serde::Deserialize;

/// One package of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    /// Its name, such as `vigiles-model`.
    pub(crate) name: String,
    /// Its manifest, as a path from the root.
    pub(crate) manifest: String,
    /// The packages it names.
    pub(crate) dependencies: Vec<Dependency>,
}

/// One dependency of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The name of the package, before any renaming.
    pub(crate) name: String,
    /// Needed by tests only.
    pub(crate) dev: bool,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<RawPackage>,
}

#[derive(Deserialize)]
struct RawPackage {
    name: String,
    manifest_path: String,
    dependencies: Vec<RawDependency>,
}

#[derive(Deserialize)]
struct RawDependency {
    name: String,
    kind: Option<String>,
}

/// Reads what `cargo metadata --no-deps` wrote.
pub(crate) fn parse(bytes: &[u8], root: &Path) -> Result<Vec<Package>, serde_json::Error> {
    let metadata: Metadata = serde_json::from_slice(bytes)?;
    Ok(metadata.packages.into_iter().map(|raw| package(raw, root)).collect())
}

fn package(raw: RawPackage, root: &Path) -> Package {
    let manifest = Path::new(&raw.manifest_path);
    Package {
        name: raw.name,
        manifest: manifest.strip_prefix(root).unwrap_or(manifest).to_string_lossy().replace('\\', "/"),
        dependencies: raw
            .dependencies
            .into_iter()
            .map(|raw| Dependency { name: raw.name, dev: raw.kind.as_deref() == Some("dev") })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_places_and_kinds() {
        let text = r#"{"packages":[{"name":"a","manifest_path":"/r/crates/a/Cargo.toml","extra":1,
            "dependencies":[{"name":"b","kind":null},{"name":"c","kind":"dev"}]}]}"#;
        let packages = parse(text.as_bytes(), Path::new("/r")).unwrap();
        let dependency = |name: &str, dev| Dependency { name: name.to_owned(), dev };
        let expected = Package {
            name: "a".to_owned(),
            manifest: "crates/a/Cargo.toml".to_owned(),
            dependencies: vec![dependency("b", false), dependency("c", true)],
        };
        assert_eq!(packages, [expected]);
    }
}
