//! Puts the built pages of `web/dist` into the binary, compressed. Without them the binary carries a page that says
//! how to build them, so that `cargo build` needs no npm; `VIGILES_REQUIRE_CONSOLE=1` makes their absence an error.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Content types that shrink under gzip.
const COMPRESSIBLE: [&str; 6] = ["html", "js", "css", "svg", "json", "map"];

fn main() {
    println!("cargo::rerun-if-env-changed=VIGILES_REQUIRE_CONSOLE");
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(variable("OUT_DIR"));
    let dist = root.join("../../web/dist");
    let index = dist.join("index.html");
    // Cargo runs the script at every build for a path that is absent: an empty folder, which git ignores, gives it
    // something to watch until the pages are built.
    if !dist.exists()
        && let Err(error) = fs::create_dir(&dist)
    {
        println!("cargo::warning={}: {error}", dist.display());
    }
    println!("cargo::rerun-if-changed={}", dist.display());
    let required = std::env::var("VIGILES_REQUIRE_CONSOLE").is_ok_and(|v| v == "1");
    let table = if index.is_file() {
        let mut files = Vec::new();
        walk(&dist, &dist, &mut files);
        files.sort();
        embed(&dist, &files, &out)
    } else if required {
        println!(
            "cargo::error=VIGILES_REQUIRE_CONSOLE=1, but web/dist/index.html is absent: run `npm ci && npm run build` in web/"
        );
        return;
    } else {
        println!("cargo::warning=web/dist is not built: the binary will carry a placeholder instead of the console");
        embed(&root.join("src"), &["index.html".to_owned()], &out)
    };
    write(&out.join("assets.rs"), table.as_bytes());
}

/// One `Entry` literal for each file, sorted by path for a binary search.
fn embed(base: &Path, files: &[String], out: &Path) -> String {
    let mut table = String::from("&[\n");
    for (index, name) in files.iter().enumerate() {
        let path = base.join(name);
        let path = path.canonicalize().unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let gzip =
            COMPRESSIBLE.contains(&extension).then(|| compress(&bytes)).filter(|small| small.len() < bytes.len());
        let gzip = gzip.map_or_else(
            || "None".to_owned(),
            |small| {
                let file = out.join(format!("{index}.gz"));
                write(&file, &small);
                format!("Some(include_bytes!({:?}))", file.display().to_string())
            },
        );
        writeln!(
            table,
            "    ({name:?}, Asset {{ bytes: include_bytes!({:?}), gzip: {gzip}, content_type: {:?}, etag: {:?}, immutable: {} }}),",
            path.display().to_string(),
            content_type(extension),
            format!("\"{:016x}\"", fnv1a(&bytes)),
            name.starts_with("assets/"),
        )
        .expect("a String takes every write");
    }
    table.push(']');
    table
}

/// Paths of all files below `folder`, relative to `base`, with `/` between the parts.
fn walk(base: &Path, folder: &Path, files: &mut Vec<String>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let path = entry.unwrap_or_else(|e| panic!("{}: {e}", folder.display())).path();
        if path.is_dir() {
            walk(base, &path, files);
        } else if let Ok(relative) = path.strip_prefix(base) {
            files.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("a Vec takes every write");
    encoder.finish().expect("a Vec takes every write")
}

/// FNV-1a, 64 bits: tells versions of one file apart; nothing secret depends on it.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|e| panic!("{name}, which cargo sets: {e}"))
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}
