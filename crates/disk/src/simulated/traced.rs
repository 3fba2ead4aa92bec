//! A real process on a real disk, replayed on the disk in memory: what it wrote, synced and renamed below a directory, and
//! what it said meanwhile, as `strace` saw it. For what has a file layer of its own, as SQLite has.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::SimulatedDisk;
use crate::Disk;

/// The calls of the kernel that change files, or say something.
const CALLS: &str = "trace=openat,write,pwrite64,ftruncate,fallocate,fsync,fdatasync,rename,unlink,mkdir";
/// Longer than any write.
const MAX_BYTES: &str = "16777216";

/// One thing that the process did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Opened a file to write, which is made where it is missing.
    Create(PathBuf),
    /// Wrote bytes at a place.
    Write(PathBuf, u64, Vec<u8>),
    /// Cut or lengthened a file.
    Length(PathBuf, u64),
    /// Made a file or a directory durable.
    Sync(PathBuf),
    /// Put a file in the place of another.
    Rename(PathBuf, PathBuf),
    /// Removed a file.
    Remove(PathBuf),
    /// Made a directory.
    Directory(PathBuf),
    /// Wrote this on its standard output.
    Said(String),
}

/// Runs a process to its end under `strace` and gives what it did below `root`, in order. A sync counts from its beginning,
/// which is one of the moments at which it may have happened; what the process says after it comes after it.
pub fn trace(process: &Command, root: &Path) -> io::Result<Vec<Deed>> {
    let file = root.with_extension("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-xx", "-qq", "-s", MAX_BYTES, "-e", CALLS, "-e", "signal=none", "-o"]).arg(&file);
    strace.arg(process.get_program()).args(process.get_args()).stdout(Stdio::null());
    strace.envs(process.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ended =
        strace.status().map_err(|e| io::Error::new(e.kind(), format!("strace: {e}; run make test STEP=setup")))?;
    if !ended.success() {
        return Err(io::Error::other(format!("the traced process ended with {ended}")));
    }
    parse(&std::fs::read_to_string(&file)?, root)
}

/// The deeds below `root` in what `strace` wrote.
fn parse(text: &str, root: &Path) -> io::Result<Vec<Deed>> {
    let mut deeds = Vec::new();
    // Calls of other threads may come between the two halves of a call.
    let mut unfinished: std::collections::HashMap<&str, (usize, String)> = std::collections::HashMap::new();
    for line in text.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        let (place, whole) = if let Some(begun) = call.strip_suffix(" <unfinished ...>") {
            deeds.push(None);
            unfinished.insert(thread, (deeds.len() - 1, begun.to_owned()));
            continue;
        } else if let Some((_, rest)) = call.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            let Some((place, begun)) = unfinished.remove(thread) else { continue };
            (place, begun + rest)
        } else {
            deeds.push(None);
            (deeds.len() - 1, call.to_owned())
        };
        let deed = deed(&whole).map_err(|what| io::Error::other(format!("{what}: {}", cut(&whole))))?;
        deeds[place] = deed.filter(|deed| deed.is_below(root));
    }
    Ok(deeds.into_iter().flatten().collect())
}

fn cut(line: &str) -> &str {
    &line[..line.floor_char_boundary(200)]
}

/// One call; `None` where it failed or changes nothing.
fn deed(call: &str) -> Result<Option<Deed>, &'static str> {
    let Some((name, rest)) = call.split_once('(') else { return Ok(None) };
    // Short lines are padded before the result.
    let Some((arguments, result)) = rest.rsplit_once(" = ") else { return Ok(None) };
    let arguments = arguments.trim_end().strip_suffix(')').ok_or("no end of the arguments")?;
    let texts = arguments.split('"').skip(1).step_by(2).map(bytes).collect::<Option<Vec<_>>>().ok_or("no text")?;
    let number = || arguments.rsplit(", ").next().and_then(|last| last.parse::<u64>().ok()).ok_or("no number");
    let open = || path_in_brackets(arguments).ok_or("no path of an open file");
    let text = |place: usize| texts.get(place).cloned().ok_or("no text");
    if result.starts_with('-') || result.starts_with('?') {
        return Ok(None);
    }
    Ok(Some(match name {
        "openat" if arguments.contains("O_CREAT") => Deed::Create(path_in_brackets(result).ok_or("no path")?),
        "write" if arguments.starts_with("1<") => Deed::Said(String::from_utf8_lossy(&text(0)?).into_owned()),
        "openat" | "write" => return Ok(None),
        "pwrite64" => Deed::Write(open()?, number()?, text(0)?),
        "ftruncate" => Deed::Length(open()?, number()?),
        "fsync" | "fdatasync" => Deed::Sync(open()?),
        "rename" => Deed::Rename(path(&text(0)?), path(&text(1)?)),
        "unlink" => Deed::Remove(path(&text(0)?)),
        "mkdir" => Deed::Directory(path(&text(0)?)),
        _ => return Err("a call that is not understood"),
    }))
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// `5</the/path>`, its bytes written in hexadecimal.
fn path_in_brackets(text: &str) -> Option<PathBuf> {
    let (_, rest) = text.split_once('<')?;
    Some(path(&bytes(rest.split_once('>')?.0)?))
}

/// `\x5a` for each byte.
fn bytes(text: &str) -> Option<Vec<u8>> {
    text.split("\\x").skip(1).map(|digits| u8::from_str_radix(digits, 16).ok()).collect()
}

impl Deed {
    fn is_below(&self, root: &Path) -> bool {
        match self {
            Self::Create(path)
            | Self::Write(path, ..)
            | Self::Length(path, _)
            | Self::Sync(path)
            | Self::Rename(path, _)
            | Self::Remove(path)
            | Self::Directory(path) => path.starts_with(root),
            Self::Said(_) => true,
        }
    }

    /// Does it on the disk in memory, where `root` is the top.
    pub fn replay(&self, disk: &SimulatedDisk, root: &Path) -> io::Result<()> {
        let inside = |path: &Path| Path::new("/").join(path.strip_prefix(root).unwrap_or(path));
        match self {
            Self::Create(path) => match disk.create(&inside(path)) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                made => made.map(drop),
            },
            Self::Write(path, at, bytes) => disk.open_to_write(&inside(path))?.write_at(bytes, *at),
            Self::Length(path, length) => disk.open_to_write(&inside(path))?.set_length(*length),
            Self::Sync(path) => match disk.open(&inside(path)) {
                Ok(file) => file.sync(),
                Err(_directory) => disk.sync_directory(&inside(path)),
            },
            Self::Rename(from, to) => disk.rename(&inside(from), &inside(to)),
            Self::Remove(path) => disk.remove(&inside(path)),
            Self::Directory(path) => disk.create_directory(&inside(path)),
            Self::Said(_) => Ok(()),
        }
    }
}

impl SimulatedDisk {
    /// Puts everything there is below a directory of the machine.
    pub fn write_out(&self, directory: &Path) -> io::Result<()> {
        let outside = |path: &Path| directory.join(path.strip_prefix("/").unwrap_or(path));
        self.directories().iter().try_for_each(|path| std::fs::create_dir_all(outside(path)))?;
        self.files().iter().try_for_each(|(path, bytes)| std::fs::write(outside(path), bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_calls_are_joined_and_padding_is_no_matter() {
        let text = concat!(
            "7 fsync(4<\\x2f\\x61> <unfinished ...>\n",
            "8 pwrite64(5<\\x2f\\x61\\x2f\\x62>, \"\\x01\\x02\", 2, 40) = 2\n",
            "7 <... fsync resumed>)             = 0\n",
            "8 unlink(\"\\x2f\\x61\\x2f\\x63\") = -1 ENOENT (No such file or directory)\n",
            "8 write(1<\\x70>, \"\\x6f\\x6b\", 2)         = 2\n",
            "8 fsync(9<\\x2f\\x7a>)                 = 0\n",
        );
        let expected =
            [Deed::Sync("/a".into()), Deed::Write("/a/b".into(), 40, vec![1, 2]), Deed::Said("ok".to_owned())];
        assert_eq!(parse(text, Path::new("/a")).unwrap(), expected);
    }
}
