//! What a file may hold: its length, and the texts that must not be committed.

use crate::Finding;

/// More than this and a file holds more than one thing.
const LONGEST: usize = 800;

/// Paths of one person's machine. Written in halves, so that this file does not find itself.
const MACHINE_PATHS: [&str; 6] = [
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/shared"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("C:\\", "Users"),
];

/// Code that was not written yet.
const STUBS: [&str; 4] =
    [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("FIX", "ME"), concat!("XX", "X:")];

const KEYS: [&str; 3] =
    [concat!("BEGIN RSA ", "PRIVATE KEY"), concat!("BEGIN ", "PRIVATE KEY"), concat!("BEGIN OPENSSH ", "PRIVATE KEY")];

/// Checks one file, given as its path and text.
pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if counts_lines(path) && text.lines().count() > LONGEST {
        findings.push(Finding::file(path, format!("{} lines, at most {LONGEST}: split it", text.lines().count())));
    }
    if data(path) {
        return findings;
    }
    let rust = ending(path) == "rs";
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let mut say = |what: String| {
            findings.push(Finding { file: path.to_owned(), line: index + 1, what });
        };
        if let Some(found) = first(&MACHINE_PATHS, line) {
            say(format!("`{found}` is a path of one machine"));
        }
        if let Some(found) = first(&KEYS, line) {
            say(format!("`{found}`: a secret does not belong here"));
        }
        if line.starts_with(concat!("<<<<", "<<< ")) || line.starts_with(concat!(">>>>", ">>> ")) {
            say("a conflict was left unsettled".to_owned());
        }
        if let Some(found) = first(&STUBS, line) {
            say(format!("`{found}` says that something is missing: write it, or open an issue"));
        }
        if rust && attribute_lacks_reason(&lines[index..]) {
            say("give `reason = \"...\"`".to_owned());
        }
    }
    findings
}

fn first<'a>(needles: &[&'a str], line: &str) -> Option<&'a str> {
    needles.iter().find(|needle| line.contains(**needle)).copied()
}

fn ending(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

/// Source counts; what a program wrote, and tests and their tables, may be as long as they need.
fn counts_lines(path: &str) -> bool {
    let source = ["rs", "ts", "js", "svelte", "py", "sh", "css"].contains(&ending(path));
    source
        && !path.contains("/tests/")
        && !path.contains("/gen/")
        && !path.contains("generated")
        && !path.contains(".gen.")
        && !path.contains(".test.")
}

/// Recordings, lists of exact versions and seeds: not written by hand, so not read for words.
fn data(path: &str) -> bool {
    let written = ["testdata/", "fixtures/", "fuzz/seeds/", "/gen/", "demo/data/"];
    ending(path) == "lock" || path.ends_with("package-lock.json") || written.iter().any(|part| path.contains(part))
}

/// An `allow`, `expect` or `ignore` attribute that starts on the first of `lines` and gives no reason before it ends.
fn attribute_lacks_reason(lines: &[&str]) -> bool {
    let line = lines[0].trim_start();
    let Some(rest) = line.strip_prefix("#[").or_else(|| line.strip_prefix("#![")) else {
        return false;
    };
    let starts = |word: &str| rest.starts_with(&format!("{word}(")) || rest.contains(&format!(", {word}("));
    if rest.starts_with("ignore]") {
        return true;
    }
    if !starts("allow") && !starts("expect") {
        return false;
    }
    let mut attribute = String::new();
    for line in lines.iter().take(20) {
        attribute.push_str(line);
        if line.trim_end().ends_with(']') {
            break;
        }
    }
    !attribute.contains("reason")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(path: &str, text: &str, expected: &[(usize, &str)]) {
        let found = check(path, text);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, (line, what)) in found.iter().zip(expected) {
            assert_eq!(found.line, *line, "{found}");
            assert!(found.what.contains(what), "{found} does not say {what}");
        }
    }

    #[test]
    fn long_source_is_split() {
        let long = "a\n".repeat(LONGEST + 1);
        check_text("src/a.rs", &long, &[(0, "801 lines")]);
        check_text("src/a.rs", &"a\n".repeat(LONGEST), &[]);
        check_text("tests/it/../tests/a.rs", &long, &[]);
        check_text("web/src/gen/api.ts", &long, &[]);
        check_text("web/src/lib/api.gen.ts", &long, &[]);
        check_text("docs/a.md", &long, &[]);
    }

    #[test]
    fn exceptions_give_their_reason() {
        check_text("a.rs", "#[allow(dead_code)]\nfn a() {}\n", &[(1, "reason")]);
        check_text("a.rs", "fn a() {}\n#![cfg_attr(test, allow(clippy::unwrap_used))]\n", &[(2, "reason")]);
        check_text("a.rs", "#[expect(\n    dead_code,\n    reason = \"shown\"\n)]\n", &[]);
        check_text("a.rs", "#[ignore]\n", &[(1, "reason")]);
        check_text("a.rs", "#[ignore = \"needs a disk\"]\n#[derive(Debug)]\n", &[]);
        check_text("a.md", "#[allow(dead_code)]\n", &[]);
    }

    #[test]
    fn some_texts_are_never_committed() {
        check_text("a.rs", &format!("// see /{}/me/x\n", "home"), &[(1, "one machine")]);
        check_text("a.rs", &format!("fn a() {{ {}!() }}\n", "todo"), &[(1, "missing")]);
        check_text("a.txt", &format!("x\n{}\n", "<<<<<<< ours"), &[(2, "conflict")]);
        check_text("a.pem", &format!("-----BEGIN {}-----\n", "PRIVATE KEY"), &[(1, "secret")]);
        check_text("crates/a/testdata/x.json", &format!("/{}/me", "home"), &[]);
    }
}
