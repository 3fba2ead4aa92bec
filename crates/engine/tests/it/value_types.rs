//! What a rule may ask of readings that are numbers, true or false, or texts.

use vigiles_model::KindId;

use crate::findings::check_found;
use crate::rig::{City, rule};

/// Two kinds of numbers, one of texts, one of what is true or false.
fn check(text: &str, expected: &[&str]) {
    let unit = |kind: &KindId| match kind.as_str() {
        "dust" => Some("ug/m3".to_owned()),
        "share" => Some("%".to_owned()),
        "note" | "door.open" => Some(String::new()),
        _ => None,
    };
    check_found(text, &rule(text).check(&City(&unit)), expected);
}

/// A detector as it is written, and what it is called; none where it takes any readings.
const DETECTORS: [(&str, Option<&str>); 16] = [
    ("threshold]\nabove = 3", Some("a threshold")),
    ("rate_of_change]\nabove = 3", Some("a rate of change")),
    ("flat_line]\nfor_s = 60", Some("a flat line")),
    ("baseline]", Some("a baseline")),
    ("forecast]", Some("a forecast")),
    ("change_point]", Some("a change point")),
    ("drift]\nwithin_m = 100", Some("a drift")),
    ("anomaly]", Some("an anomaly")),
    ("silent]\nafter_s = 60", None),
    ("geofence]\nzones = ['harbour']\non = 'enter'", None),
    ("count]\nwindow_s = 60\nat_least = 3", None),
    ("count]\nwindow_s = 60\nat_least = 3\ndistinct = 'source'", None),
    ("out_of_range]", None),
    ("sequence]\nwithin_s = 60\nparts = [{ when = 'kind == \"dust\"' }, {}]", None),
    ("absence]\nwithin_s = 60\nfirst = { when = 'true' }\nthen = {}", None),
    ("cooccurrence]\nwithin_s = 60\nparts = [{}, {}]", None),
];

#[test]
fn a_detector_of_numbers_names_each_kind_that_gives_none() {
    for (detector, reads) in DETECTORS {
        check(&format!("kinds = ['dust']\n[detector.{detector}"), &[]);
        let of = |kinds: &str| format!("kinds = [{kinds}]\n[detector.{}", detector.replace("\"dust\"", "\"note\""));
        let texts = reads.map(|reads| format!("`note` gives texts, and {reads} reads numbers: a condition"));
        let doors =
            reads.map(|reads| format!("`door.open` gives true or false, and {reads} reads numbers: a condition"));
        let at = |place: &str, said: &Option<String>| said.as_ref().map(|said| format!("{place} {said}"));
        let found = |all: &[Option<String>]| all.iter().flatten().cloned().collect::<Vec<_>>();
        let alone = found(&[at("kinds[0]", &texts)]);
        check(&of("'note'"), &alone.iter().map(String::as_str).collect::<Vec<_>>());
        // What differs is not the unit: that is not asked beside it.
        let beside = found(&[at("kinds[1]", &doors), at("kinds[2]", &texts)]);
        check(&of("'dust', 'door.open', 'note'"), &beside.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

fn on(kinds: &str, expression: &str) -> String {
    format!("kinds = [{kinds}]\n[detector.condition]\nexpression = '''{expression}'''")
}

#[test]
fn value_is_what_the_kinds_give() {
    let refused = |column: u32, message: &str| format!("detector.condition.expression 1:{column} {message}");
    let wrong = |kinds: &str, e: &str, column: u32, message: &str| check(&on(kinds, e), &[&refused(column, message)]);
    check(&on("'door.open'", "value"), &[]);
    check(&on("'door.open'", "value == true || !value && time.hour > 6"), &[]);
    check(&on("'note'", "value == 'smoke' || value in ['fire', 'flood'] || value.contains('gas')"), &[]);
    check(&on("'note'", "value < 'm' && size(value) > 3 && double(value) > 3"), &[]);
    check(&on("'note'", "value == attributes.last || value in zones"), &[]);
    wrong("'door.open'", "value == 'dark'", 10, "expected true or false, found a text");
    wrong("'door.open'", "time.hour > 6 && value != 1", 27, "expected true or false, found a number");
    wrong("'door.open'", "'dark' == value", 11, "expected a text, found true or false");
    wrong("'door.open'", "value in [true, 'open']", 17, "expected true or false, found a text");
    wrong("'door.open'", "value > false", 1, "true and false have no order");
    wrong("'door.open'", "value + 1 > 3", 1, "expected a number, found true or false");
    wrong("'door.open'", "size(value) > 3", 6, "expected a text, found true or false");
    wrong("'note'", "value > 3.0", 9, "expected a text, found a number");
    wrong("'note'", "value == true", 10, "expected a text, found true or false");
    wrong("'note'", "value", 1, "expected true or false, found a text");
    wrong("'note'", "-value < 3", 2, "expected a number, found a text");
    wrong("'note'", "window('10m').mean > 3", 1, "a window gathers numbers, and each reading here is a text");
    wrong("'door.open'", "value && window('10m').count > 3", 10, "a window gathers numbers, and each reading here");
    wrong("'dust', 'share'", "value == 'x'", 10, "expected a number, found a text");
}

#[test]
fn several_types_are_refused_only_what_fits_none() {
    let wrong = |kinds: &str, e: &str, column: u32, message: &str| {
        check(&on(kinds, e), &[&format!("detector.condition.expression 1:{column} {message}")]);
    };
    let two = "'dust', 'note'";
    check(&on(two, "value > 30 || value == 'smoke' || window('1h').mean > 30"), &[]);
    check(&on(two, "(time.hour > 6 ? value : 'none') == 'smoke'"), &[]);
    wrong(two, "value > 30 && value == true", 24, "expected a number or a text, found true or false");
    wrong(two, "(time.hour > 6 ? value : 'none') == 3", 37, "expected a text, found a number");
    wrong("'note', 'door.open'", "value > 3", 9, "expected a text, true or false, found a number");
    wrong(
        "'note', 'door.open'",
        "window('1h').sum > 3",
        1,
        "a window gathers numbers, and each reading here is a text, true",
    );
    wrong("'dust', 'door.open'", "value == 'x'", 10, "expected a number, true or false, found a text");
    wrong("'dust', 'door.open'", "value > true", 1, "true and false have no order");
    check(&on("'dust', 'note', 'door.open'", "value == true || value == 'x' || value > 3"), &[]);
    // Of a kind that is not there nothing is known.
    let unknown = "kinds[1] there is no observation kind `unknown`";
    check(&on("'note', 'unknown'", "value > 3"), &[unknown]);
}

#[test]
fn a_when_and_a_part_mean_their_own_kinds() {
    check(
        "kinds = ['note']\nwhen = 'value > 3'\n[detector.count]\nwindow_s = 60\nat_least = 3",
        &["when 1:9 expected a text, found a number"],
    );
    let parts = |detector: &str, first: &str, then: &str| {
        let (first, then) =
            (format!("{{ kinds = ['door.open'], when = '{first}' }}"), format!("{{ when = '{then}' }}"));
        let fields = match detector {
            "absence" => format!("first = {first}\nthen = {then}"),
            _ => format!("parts = [{first}, {then}]"),
        };
        format!("kinds = ['door.open', 'dust']\n[detector.{detector}]\nwithin_s = 60\n{fields}")
    };
    for (detector, first, then) in
        [("sequence", "parts[0]", "parts[1]"), ("cooccurrence", "parts[0]", "parts[1]"), ("absence", "first", "then")]
    {
        check(&parts(detector, "value", "value == true || value > 3"), &[]);
        check(
            &parts(detector, "value > 3", "value == \"x\""),
            &[
                &format!("detector.{detector}.{first}.when 1:9 expected true or false, found a number"),
                &format!("detector.{detector}.{then}.when 1:10 expected a number, true or false, found a text"),
            ],
        );
    }
}
