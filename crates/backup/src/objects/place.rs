//! Where a repository lies, as people write it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::s3::Settings;
use super::{DirectoryObjects, Objects, S3Objects};
use crate::error::BackupError;

/// The region of servers that have none.
const DEFAULT_REGION: &str = "us-east-1";

/// Where a repository lies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// A directory, or `s3://bucket/prefix`.
    pub to: String,
    /// The S3-compatible server, such as `https://s3.city.example`; Amazon's of the region if not given.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// File with two lines: the access key's id, and its secret.
    pub credentials_file: Option<PathBuf>,
}

/// The secret of an access key. `Debug` does not show it.
#[derive(Clone)]
pub struct AccessSecret(String);

impl AccessSecret {
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessSecret(…)")
    }
}

impl Place {
    /// Checks what is written, and names the place; nothing is asked of it yet.
    pub fn objects(&self) -> Result<Arc<dyn Objects>, BackupError> {
        let wrong = |why: String| BackupError::Place(format!("the repository {:?}: {why}", self.to));
        let Some((scheme, rest)) = self.to.split_once("://") else {
            if self.to.is_empty() {
                return Err(wrong("a directory or s3://bucket/prefix is needed".to_owned()));
            }
            if self.endpoint.is_some() || self.region.is_some() || self.credentials_file.is_some() {
                return Err(wrong("a directory has no endpoint, region or credentials".to_owned()));
            }
            return Ok(Arc::new(DirectoryObjects::new(Path::new(&self.to))));
        };
        if scheme != "s3" {
            return Err(wrong(format!("the scheme {scheme:?} is not known: s3:// is, and directories are")));
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let (key_id, secret) = self.credentials()?;
        let settings = Settings {
            bucket: bucket.to_owned(),
            prefix,
            endpoint: self.endpoint.clone(),
            region: self.region.clone().unwrap_or_else(|| DEFAULT_REGION.to_owned()),
            key_id,
            secret,
        };
        Ok(Arc::new(S3Objects::new(&settings).map_err(wrong)?))
    }

    fn credentials(&self) -> Result<(String, AccessSecret), BackupError> {
        let Some(file) = &self.credentials_file else {
            return Err(BackupError::Place(format!("the repository {:?} needs a credentials file", self.to)));
        };
        let text = std::fs::read_to_string(file).map_err(BackupError::io("reading", file))?;
        match text.lines().map(str::trim).collect::<Vec<_>>()[..] {
            [id, secret, ..] if !id.is_empty() && !secret.is_empty() => {
                Ok((id.to_owned(), AccessSecret(secret.to_owned())))
            }
            _ => {
                Err(BackupError::Key(format!("{}: two lines are needed, the key's id and its secret", file.display())))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(place: &Place, expected: Result<&str, &str>) {
        match (place.objects().map(|objects| objects.place()), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, _) => panic!("{place:?}: {found:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn a_place_is_a_directory_or_a_bucket() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        std::fs::write(&file, "id\ngeheim\n").unwrap();
        let at = |to: &str| Place { to: to.to_owned(), ..Place::default() };
        let with = |to: &str| Place { credentials_file: Some(file.clone()), ..at(to) };
        check(&at("/mnt/backup"), Ok("/mnt/backup"));
        check(&with("s3://city/vigiles/"), Ok("s3://city/vigiles/"));
        check(&with("s3://city"), Ok("s3://city/"));
        check(&at("s3://city"), Err("needs a credentials file"));
        check(&with("/mnt/backup"), Err("a directory has no"));
        check(&with("ftp://city"), Err("\"ftp\" is not known"));
        check(&at(""), Err("is needed"));
        check(&Place { endpoint: Some("geheim".to_owned()), ..with("s3://city") }, Err("no address"));
        std::fs::write(&file, "geheim").unwrap();
        check(&with("s3://city"), Err("two lines are needed"));
        assert!(!with("s3://city").objects().err().unwrap().to_string().contains("geheim"));
    }
}
