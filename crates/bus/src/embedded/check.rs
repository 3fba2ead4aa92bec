//! Verifying a log directory without changing it.

use std::path::Path;

use vigiles_disk::{Disk, LocalDisk};

use super::format::{self, Order};
use super::segment::{self, Frames};
use super::{open, small, upgrade};
use crate::{BusError, Finding};

/// Reads every byte of a log directory and says what is wrong and where. The log must not be in use. A torn write at
/// its very end, as a killed process leaves it, is not wrong: opening cuts it.
pub fn check(directory: &Path) -> Vec<Finding> {
    check_on(&LocalDisk, directory)
}

/// [`check`] on any file system.
pub fn check_on(disk: &dyn Disk, directory: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let names = match disk.list(directory) {
        Ok(names) => names,
        Err(e) => return vec![finding(&BusError::io("listing", directory, &e))],
    };
    match small::read(disk, &directory.join("format")) {
        Ok(Some(bytes)) => note(&mut findings, upgrade::check(&directory.join("format"), &bytes)),
        Ok(None) => findings.push(missing(&directory.join("format"), "the format version is missing")),
        Err(error) => findings.push(finding(&error)),
    }
    for name in names.iter().filter(|name| !matches!(name.as_str(), "format" | "format.new" | "lock")) {
        match crate::contract::check_name(name) {
            Ok(()) => check_topic(disk, &directory.join(name), name, &mut findings),
            Err(_) => findings.push(missing(&directory.join(name), "does not belong here")),
        }
    }
    findings
}

fn check_topic(disk: &dyn Disk, directory: &Path, name: &str, findings: &mut Vec<Finding>) {
    let tag = format::topic_tag(name);
    let marks = open::read_marks(disk, directory, tag).unwrap_or_else(|error| {
        findings.push(finding(&error));
        format::Marks::default()
    });
    let mut expected: Option<Order> = None;
    let mut bases = open::bases(disk, directory).unwrap_or_else(|error| {
        findings.push(finding(&error));
        Vec::new()
    });
    bases.drain(..open::trimmed(&bases, marks));
    if bases.first().is_some_and(|base| *base > marks.trimmed_to) {
        let what = format!("offsets {} to {} are missing", marks.trimmed_to, bases[0] - 1);
        findings.push(missing(directory, &what));
    }
    let newest = bases.last().copied();
    for base in bases {
        let path = directory.join(segment::name(base));
        if let Some(order) = expected.filter(|order| order.next != base) {
            let what = format!("offset {} should be the first of this segment", order.next);
            findings.push(missing(&path, &what));
        }
        match check_segment(disk, &path, tag, base) {
            Ok(order) => expected = Some(order),
            Err(error) => {
                let torn = (Some(base) == newest).then(|| before_tear(disk, &path, tag, base, marks)).flatten();
                findings.extend(torn.is_none().then(|| finding(&error)));
                expected = torn;
            }
        }
    }
    let end = expected.map(|order| order.next);
    if end.is_some_and(|end| end < marks.closed_at) || (end.is_none() && marks.closed_at > 0 && findings.is_empty()) {
        let what = format!("ends before offset {}, which was durable", marks.closed_at - 1);
        findings.push(missing(directory, &what));
    }
    check_cursors(disk, directory, tag, end, findings);
}

/// Checks one segment; gives what must follow it.
pub(crate) fn check_segment(disk: &dyn Disk, path: &Path, tag: u32, base: u64) -> Result<Order, BusError> {
    let io = |e: std::io::Error| BusError::io("reading", path, &e);
    let file = disk.open(path).map_err(io)?;
    let header = segment::read_header(&*file, path, tag, base)?;
    let mut order = Order::after(&header);
    let mut frames = Frames::new(&*file, path, format::HEADER_BYTES as u64, file.length().map_err(io)?);
    loop {
        let place = frames.position();
        let Some((frame, _)) = frames.next()? else {
            return Ok(order);
        };
        order.take(&frame).map_err(|fault| segment::damaged(path, place, &fault))?;
    }
}

/// What precedes the torn write of a process that was killed, where no more than that is wrong with the newest segment:
/// nobody was told that it was stored, and opening cuts it.
pub(crate) fn before_tear(disk: &dyn Disk, path: &Path, tag: u32, base: u64, marks: format::Marks) -> Option<Order> {
    let file = disk.open(path).ok()?;
    let scan = segment::scan(&*file, path, tag, base, u64::MAX).ok()?;
    let proof = segment::proof_of_damage(&*file, path, &scan).ok()?;
    (scan.next >= marks.closed_at && proof.is_none()).then_some(Order { next: scan.next, last_at: scan.last_at })
}

fn check_cursors(disk: &dyn Disk, directory: &Path, tag: u32, end: Option<u64>, findings: &mut Vec<Finding>) {
    for name in disk.list(directory).unwrap_or_default() {
        if Path::new(&name).extension().is_none_or(|e| e != "cursor") {
            continue;
        }
        let path = directory.join(&name);
        let cursor = small::read(disk, &path).and_then(|bytes| {
            format::parse_cursor(tag, &bytes.unwrap_or_default()).map_err(|f| segment::damaged(&path, 0, &f))
        });
        match cursor {
            Ok(offset) if end.is_some_and(|end| offset > end) => {
                findings.push(missing(&path, &format!("stands at offset {offset}, beyond the end of the topic")));
            }
            Ok(_) => {}
            Err(error) => findings.push(finding(&error)),
        }
    }
}

fn note(findings: &mut Vec<Finding>, result: Result<(), BusError>) {
    findings.extend(result.err().map(|error| finding(&error)));
}

fn missing(file: &Path, what: &str) -> Finding {
    Finding { file: file.to_owned(), place: "whole file".to_owned(), what: what.to_owned() }
}

fn finding(error: &BusError) -> Finding {
    let (file, place, what) = match error {
        BusError::Damaged { path, at, what } => (path.clone(), format!("byte {at}"), what.clone()),
        BusError::Io { path, .. } | BusError::DiskFull { path, .. } | BusError::Version { path, .. } => {
            (path.clone(), "whole file".to_owned(), error.to_string())
        }
        other => (std::path::PathBuf::new(), String::new(), other.to_string()),
    };
    Finding { file, place, what }
}
