//! Imports through real sockets: bad rows, kills and power cuts.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::watch;
use vigiles_connect::import::{ImportError, Options, Summary, Totals, import};
use vigiles_disk::simulated::{Chance, SimulatedDisk, seeds};
use vigiles_disk::{Disk, LocalDisk};
use vigiles_formats::mapping::Mapping;

use crate::platform::{FakePlatform, UNKNOWN};

const MAPPING: &str = "format='csv'\nasset='{station}'\ntime={from='{at}'}\n[[observations]]\nkind='{kind}'\nvalue='level'\n[[observations]]\nkind='battery'\nvalue='volt'\n";
const HEADER: &str = "at,station,kind,level,volt,note\r\n";

fn row(i: u64) -> String {
    let (day, hour, minute) = (1 + i / 1440 % 28, i / 60 % 24, i % 60);
    format!("2014-05-{day:02}T{hour:02}:{minute:02}:00Z,s{i},water,{i},,\r\n")
}

/// So long that some hundred fill a delivery.
fn long_row(i: u64) -> String {
    row(i).replace("\r\n", &("n".repeat(8000) + "\r\n"))
}

fn options(platform: &FakePlatform, mapping: Option<&str>) -> Options {
    Options {
        mapping: mapping.map(|text| Mapping::from_toml(text).unwrap()),
        url: format!("http://{}", platform.address),
        token: "vgl_1_x".into(),
        state: None,
    }
}

fn run(file: &Path, options: &Options, disk: &dyn Disk) -> Result<Summary, ImportError> {
    import(file, options, disk, &watch::channel(false).1, &mut |_| ())
}

fn file(dir: &tempfile::TempDir, name: &str, text: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn totals(rows: u64, rejected_rows: u64, accepted: u64, duplicates: u64) -> Totals {
    Totals { rows, rejected_rows, accepted, duplicates }
}

/// Imports a CSV of these rows; expects of it what was rejected, and why.
fn check_rejected(rows: &[u8], good: u64, rejected: &[u8], reasons: &[&str]) {
    let (dir, platform) = (tempfile::tempdir().unwrap(), FakePlatform::start());
    let file = file(&dir, "day.csv", &[HEADER.as_bytes(), rows].concat());
    let summary = run(&file, &options(&platform, Some(MAPPING)), &LocalDisk).unwrap();
    assert_eq!((summary.totals.accepted, platform.taken().lines.len() as u64), (good, good));
    let read = |path: &Path| std::fs::read(path).unwrap();
    assert!(read(&summary.paths.rejected) == [HEADER.as_bytes(), rejected].concat());
    let found = String::from_utf8(read(&summary.paths.reasons)).unwrap();
    let found: Vec<&str> = found.lines().map(|l| l.strip_prefix(&format!("{}:", file.display())).unwrap()).collect();
    assert_eq!(found, reasons);
}

#[test]
fn one_bad_row_in_the_middle_of_many() {
    let bad = "2014-05-01T00:00:00Z,s1,water,wet,,\r\n";
    let rows: String = (0..50_000).map(row).chain([bad.to_owned()]).chain((50_000..100_000).map(row)).collect();
    check_rejected(rows.as_bytes(), 100_000, bad.as_bytes(), &["50002: level: \"wet\" is not a number"]);
}

#[test]
fn each_way_to_be_bad_is_told() {
    let long = format!("2014-05-01T00:00:00Z,s1,water,1,,{}\r\n", "x".repeat(200_000));
    let bad: [(&[u8], &str); 9] = [
        (b"2014-05-01T00:00:00Z,s1,water\n", "2: row: 3 fields, the header has 6"),
        (
            b"2014-05-01T00:00:00Z,s1,water,1,\xff,\n",
            "4: row: invalid utf-8: invalid UTF-8 in field 4 near byte index 0",
        ),
        (b"\"2014-05-01T00:00:00Z,\ns1\",water,1,\n", "6: row: 4 fields, the header has 6"),
        (b",s1,water,1,,\n", "9: time: the record has no at"),
        (b"2014-05-01T00:00:00Z,s1,no.such,1,,\n", "11: kind: unknown kind"),
        (long.as_bytes(), "13: row: longer than 65536 bytes"),
        (b"2014-05-01T00:00:00Z,\"s1,water,1,\n", "15: row: longer than 65536 bytes: a quote is not closed"),
        (b"2014-05-01T00:00:00Z,s1,water,dry,,\n", "2017: level: \"dry\" is not a number"),
        (b"2014-05-01T00:00:00Z,s1,water,inf,,\n", "2019: value: inf is no finite number; leave a missing reading out"),
    ];
    let (mut rows, mut rejected, mut good) = (Vec::new(), Vec::new(), 0);
    for (i, (raw, _)) in bad.iter().enumerate() {
        rows.extend_from_slice(raw);
        rejected.extend_from_slice(raw);
        // Behind the quote that is not closed stand so many that they would not fit into a row.
        for _ in 0..if i == 6 { 2001 } else { 1 } {
            rows.extend_from_slice(row(good).as_bytes());
            good += 1;
        }
    }
    check_rejected(&rows, good, &rejected, &bad.map(|(_, why)| why));
}

#[test]
fn what_was_rejected_is_mended_and_imported() {
    let (dir, platform) = (tempfile::tempdir().unwrap(), FakePlatform::start());
    // More than the platform names in one answer, and whole deliveries of them.
    let of = |kind: &str, i| row(i).replace("water", kind);
    let rows: String = (0..6000).map(|i| of(if i % 1000 < 900 { UNKNOWN } else { "water" }, i)).collect();
    let path = file(&dir, "day.csv", (HEADER.to_owned() + &rows).as_bytes());
    let options = options(&platform, Some(MAPPING));
    let summary = run(&path, &options, &LocalDisk).unwrap();
    assert_eq!(summary.totals, totals(6000, 5400, 600, 0));
    assert_eq!(std::fs::read_to_string(&summary.paths.reasons).unwrap().lines().count(), 5400);

    let again = run(&path, &options, &LocalDisk).unwrap();
    assert_eq!(again, Summary { was_done: true, ..summary.clone() });
    std::fs::remove_file(&summary.paths.state).unwrap();
    let refused = run(&path, &options, &LocalDisk).unwrap_err().to_string();
    assert!(refused.ends_with("is of an earlier import: mend and import it, or move it away"), "{refused}");

    let mended = std::fs::read_to_string(&summary.paths.rejected).unwrap().replace(UNKNOWN, "water");
    std::fs::write(&summary.paths.rejected, mended).unwrap();
    let mended = run(&summary.paths.rejected, &options, &LocalDisk).unwrap();
    assert_eq!(mended.totals, totals(5400, 0, 5400, 0));
    assert!(!mended.paths.rejected.exists() && platform.taken().lines.len() == 6000);
}

#[test]
fn what_is_dropped_because_of_overload_is_sent_again() {
    let (dir, platform) = (tempfile::tempdir().unwrap(), FakePlatform::start());
    platform.taken().sheds = 1;
    let line = |i| format!("{{\"kind\":\"water\",\"value\":{i},\"time\":\"2014-05-01T00:00:00Z\"}}\n");
    let text = (0..10).map(line).collect::<Vec<_>>().concat();
    let path = file(&dir, "day.ndjson", text.as_bytes());
    let summary = run(&path, &options(&platform, None), &LocalDisk).unwrap();
    assert_eq!((summary.totals, platform.taken().lines.len()), (totals(10, 0, 5, 5), 10));
}

#[test]
fn lines_of_ndjson_are_rejected_as_they_stand() {
    let (dir, platform) = (tempfile::tempdir().unwrap(), FakePlatform::start());
    let good = "{\"kind\":\"water\",\"value\":1,\"time\":\"2014-05-01T00:00:00Z\"}\n";
    let bad = [
        "{\"kind\":\"water\",\"value\":NaN}\n".to_owned(),
        "{\"kind\":\"water\",\"value\":1}\n".into(),
        format!("{}\n", "y".repeat(70_000)),
    ];
    let text = format!("{good}\n{}{}{}{good}not json", bad[0], bad[1], bad[2]);
    let path = file(&dir, "day.ndjson", text.as_bytes());
    let summary = run(&path, &options(&platform, None), &LocalDisk).unwrap();
    assert_eq!(summary.totals, totals(6, 4, 1, 1));
    assert_eq!(std::fs::read_to_string(&summary.paths.rejected).unwrap(), bad.concat() + "not json\n");
    let reasons = std::fs::read_to_string(&summary.paths.reasons).unwrap();
    let lines: Vec<&str> = reasons.lines().map(|l| l.rsplit_once("day.ndjson:").unwrap().1).collect();
    assert!(lines[0].starts_with("3: value: expected value at column 25: JSON has no NaN"), "{reasons}");
    assert!(lines[1].starts_with("4: time: missing"), "{reasons}");
    assert_eq!(lines[2], "5: row: longer than 65536 bytes");
    assert!(lines[3].starts_with("7: body: "), "{reasons}");
}

#[test]
fn another_file_or_mapping_is_noticed() {
    let (dir, platform) = (tempfile::tempdir().unwrap(), FakePlatform::start());
    let path = file(&dir, "day.csv", (HEADER.to_owned() + &row(1)).as_bytes());
    let first = options(&platform, Some(MAPPING));
    run(&path, &first, &LocalDisk).unwrap();
    let refused = |options: &Options| run(&path, options, &LocalDisk).unwrap_err().to_string();
    let check = |text: String, why: &str| assert!(text.contains(why), "{text}");
    check(refused(&options(&platform, Some(&MAPPING.replace("battery", "power")))), "the mapping is another");
    check(refused(&options(&FakePlatform::start(), Some(MAPPING))), "it went to http://");
    file(&dir, "day.csv", (HEADER.to_owned() + &row(2)).as_bytes());
    check(refused(&first), "the file begins otherwise than it did");
    file(&dir, "day.csv", (HEADER.to_owned() + &row(1) + &row(2)).as_bytes());
    check(refused(&first), "bytes, and had");
    let _other = {
        let held = std::fs::File::open(&path).unwrap();
        held.lock().unwrap();
        held
    };
    check(refused(&first), "is being imported by another process");
}

/// Three deliveries, with two bad rows and one that is cut.
fn recording() -> (String, String) {
    let bad = |i: u64| long_row(i).replace("water", UNKNOWN);
    let cut = row(999).replace("\r\n", &("x".repeat(70_000) + "\r\n"));
    let rows = |from, to| (from..to).map(long_row).collect::<String>();
    let all = [HEADER, &rows(0, 60), &bad(0), &rows(60, 140), &cut, &rows(140, 160), &bad(1)];
    (all.concat(), [HEADER, &bad(0), &cut, &bad(1)].concat())
}

/// Kills an import after so many changes of the disk, goes on with the disk that `after` makes of that, and kills it again
/// after as many as `after` says; expects each row exactly once. Says how often it was killed.
fn check_killed(changes: u64, after: &mut dyn FnMut(&SimulatedDisk) -> (SimulatedDisk, u64)) -> usize {
    let (dir, platform) = (tempfile::tempdir().unwrap(), FakePlatform::start());
    let (text, rejected) = recording();
    let mut path = file(&dir, "day.csv", text.as_bytes());
    if changes % 2 == 1 {
        let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
        gz.write_all(text.as_bytes()).unwrap();
        path = file(&dir, "day.csv.gz", &gz.finish().unwrap());
    }
    let options = Options { state: Some("/state".into()), ..options(&platform, Some(MAPPING)) };
    let mut disk = SimulatedDisk::default();
    vigiles_disk::make_directory(&disk, Path::new("/state")).unwrap();
    disk.stop_after(changes);
    let mut kills = 0;
    let summary = loop {
        match run(&path, &options, &disk) {
            Ok(summary) => break summary,
            Err(error) => assert!(disk.has_stopped(), "{error}"),
        }
        kills += 1;
        let (next, changes) = after(&disk);
        next.stop_after(changes);
        disk = next;
    };
    disk = disk.after_kill();
    assert_eq!((platform.taken().lines.len(), summary.totals.rejected_rows, summary.totals.rows), (160, 3, 163));
    let read = |path| String::from_utf8(vigiles_disk::read(&disk, path, 1 << 20).unwrap().unwrap()).unwrap();
    assert!(read(&summary.paths.rejected) == rejected, "{}", read(&summary.paths.rejected).len());
    assert_eq!(read(&summary.paths.reasons).lines().count(), 3);
    kills
}

#[test]
fn killed_between_any_two_writes_it_goes_on() {
    let killed = |changes| check_killed(changes, &mut |disk| (disk.after_kill(), u64::MAX)) > 0;
    let writes = (0..200).take_while(|changes| killed(*changes)).count();
    assert!((20..200).contains(&writes), "{writes}");
}

#[test]
fn the_power_may_go_at_any_write_and_again() {
    seeds(8, |seed| {
        let mut chance = Chance::new(seed);
        let first = chance.below(30) as u64;
        let mut more = 0;
        let kills = check_killed(first, &mut |disk| {
            // Later each time: a start takes some changes, and would never come further.
            more += 5;
            (disk.after_power_cut(&mut chance), more + chance.below(10) as u64)
        });
        assert!(kills > 0);
    });
}
