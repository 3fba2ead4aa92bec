//! Passwords: a small rule, argon2id, and the same time spent on an account that does not exist.

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};

use crate::random::{self, RandomError};

/// Fewest characters. Length beats rules about classes of characters (NIST SP 800-63B).
pub const MIN_CHARACTERS: usize = 12;
/// Most bytes, so that hashing cannot be made expensive by length.
pub const MAX_BYTES: usize = 1024;

/// Memory in KiB, passes and lanes of argon2id: the first choice of OWASP's password storage sheet.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

/// A hash that no password has, verified when there is no account, so that the time tells nothing.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$dmlnaWxlcy1ub2JvZHk$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a password is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("a password has at least {MIN_CHARACTERS} characters, this one has {0}")]
    TooShort(usize),
    /// Too long.
    #[error("a password has at most {MAX_BYTES} bytes, this one has {0}")]
    TooLong(usize),
    /// It contains the account's name, or the name contains it.
    #[error("the password must not contain the account's name")]
    Name,
    /// One or two characters over and over.
    #[error("the password repeats fewer than four different characters")]
    Repeated,
    /// The machine has no memory for the hash.
    #[error("the password cannot be hashed now: {0}")]
    Hash(String),
    /// The machine has no randomness for the salt.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// Checks a new password and hashes it into a PHC string (`$argon2id$...`). Takes some 70 ms and
/// 19 MiB: the caller bounds how many run at once.
pub fn hash(account: &str, password: &str) -> Result<String, PasswordError> {
    check(account, password)?;
    let salt = random::bytes::<SALT_BYTES>()?;
    let phc: PasswordHash = hasher()?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|e| PasswordError::Hash(e.to_string()))?;
    Ok(phc.to_string())
}

/// Whether the password is the one hashed. `stored` is none where there is no such account; the time
/// taken is the same. A stored text that is no PHC string matches nothing.
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    if password.len() > MAX_BYTES {
        return false;
    }
    let text = stored.unwrap_or(NOBODY);
    let (Ok(phc), Ok(argon)) = (PasswordHash::new(text), hasher()) else {
        return false;
    };
    let same = argon.verify_password(password.as_bytes(), &phc).is_ok();
    same && stored.is_some()
}

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| PasswordError::Hash(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn check(account: &str, password: &str) -> Result<(), PasswordError> {
    let characters = password.chars().count();
    if characters < MIN_CHARACTERS {
        return Err(PasswordError::TooShort(characters));
    }
    if password.len() > MAX_BYTES {
        return Err(PasswordError::TooLong(password.len()));
    }
    let (name, lower) = (account.to_lowercase(), password.to_lowercase());
    if name.chars().count() >= 3 && lower.contains(&name) {
        return Err(PasswordError::Name);
    }
    let mut seen: Vec<char> = lower.chars().collect();
    seen.sort_unstable();
    seen.dedup();
    if seen.len() < 4 {
        return Err(PasswordError::Repeated);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_rule(account: &str, password: &str, expected: &Result<(), PasswordError>) {
        assert_eq!(check(account, password), *expected, "{password}");
    }

    #[test]
    fn new_passwords_are_checked() {
        check_rule("ada", "correct horse", &Ok(()));
        check_rule("ada", "kurz", &Err(PasswordError::TooShort(4)));
        check_rule("ada", "öööööö", &Err(PasswordError::TooShort(6)));
        check_rule("ada", "my-name-is-ADA!", &Err(PasswordError::Name));
        check_rule("al", "al always pays", &Ok(()));
        check_rule("ada", "abababababab", &Err(PasswordError::Repeated));
        check_rule("ada", &"xyzw".repeat(257), &Err(PasswordError::TooLong(1028)));
    }

    #[test]
    fn only_the_right_password_matches() {
        let stored = hash("ada", "correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("correct horse", Some(&stored)));
        assert!(!verify("correct horsf", Some(&stored)));
        assert!(!verify("correct horse", None));
        assert!(!verify("correct horse", Some("plain text")));
        assert_ne!(stored, hash("ada", "correct horse").unwrap(), "each hash has its own salt");
    }

    #[test]
    fn the_hash_of_nobody_costs_as_much_as_any() {
        let phc = PasswordHash::new(NOBODY).unwrap();
        assert_eq!(phc.params.get_decimal("m"), Some(MEMORY_KIB));
        assert_eq!(phc.params.get_decimal("t"), Some(PASSES));
        assert_eq!(phc.hash.map(|h| h.len()), Some(32));
    }
}
