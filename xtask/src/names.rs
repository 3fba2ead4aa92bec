//! What a file may be called. A name says what the file holds; these words say only that something had no place.

use crate::Finding;

const EMPTY_WORDS: [&str; 11] =
    ["util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "service", "services", "stuff"];
const SOURCE: [&str; 7] = ["rs", "ts", "js", "svelte", "py", "sh", "css"];

/// Checks each part of one path, folders and the file itself, where it is source.
pub(crate) fn check(path: &str) -> Vec<Finding> {
    let Some((stem, ending)) = path.rsplit_once('.') else {
        return Vec::new();
    };
    if !SOURCE.contains(&ending) {
        return Vec::new();
    }
    let empty = stem.split('/').flat_map(words).find(|word| EMPTY_WORDS.contains(&word.as_str()));
    empty
        .map(|word| Finding::file(path, format!("`{word}` names nothing: say what the file holds")))
        .into_iter()
        .collect()
}

/// The words of a part such as `line_util`, `LineUtil` or `line-util`, in small letters.
fn words(part: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in part.chars() {
        if !letter.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        if letter.is_uppercase() {
            words.push(String::new());
        }
        words.last_mut().expect("a list that starts with one word and only grows").extend(letter.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_path(path: &str, fine: bool) {
        assert_eq!(check(path).is_empty(), fine, "{path}");
    }

    #[test]
    fn names_say_what_a_file_holds() {
        check_path("crates/engine/src/window.rs", true);
        check_path("crates/engine/src/window_util.rs", false);
        check_path("crates/common/src/lib.rs", false);
        check_path("web/src/MapHelper.svelte", false);
        check_path("web/src/lib/utils.ts", false);
        check_path("docs/services.md", true);
        check_path("web/src/utility.ts", true);
        check_path("Makefile", true);
    }
}
