//! Conditions that no reading meets, or that every reading meets, are not saved.

use vigiles_engine::CommandBody;
use vigiles_model::KindId;

use crate::findings::check_found;
use crate::rig::{City, Rig, rule};

/// Expected as "column message" of the condition.
fn check(expression: &str, expected: &[&str]) {
    let unit = |kind: &KindId| (kind.as_str() == "dust").then(|| "ug/m3".to_owned());
    let text = format!("kinds = ['dust']\n[detector.condition]\nexpression = '''{expression}'''");
    let expected: Vec<String> = expected.iter().map(|said| format!("detector.condition.expression 1:{said}")).collect();
    check_found(&text, &rule(&text).check(&City(&unit)), &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn clocks_and_places_have_ends() {
    let hour = "`time.hour` is a whole number from 0 to 23";
    let (never, always) = (format!("this never holds: {hour}"), format!("this always holds: {hour}"));
    for fine in [
        "time.hour > 22",
        "time.hour >= 23",
        "time.hour < 1",
        "time.hour <= 0",
        "time.hour == 0 || time.hour != 23",
        "0 < time.hour && 23 > time.hour",
        "time.hour > 5.5",
        "time.weekday == 7 && time.minute == 59",
        "place.lon > 7.4 && place.lat < -33.9",
        "window('10m').count >= 1 && size(kind) > 0",
        "time.hour > time.weekday",
        "time.hour in [0, 6, 23] || value > 1e9",
    ] {
        check(fine, &[]);
    }
    check("time.hour > 25", &[&format!("13 {never}")]);
    check("time.hour > 23", &[&format!("13 {never}")]);
    check("time.hour >= 24", &[&format!("14 {never}")]);
    check("time.hour < 0", &[&format!("13 {never}")]);
    check("time.hour <= -1", &[&format!("14 {never}")]);
    check("24 <= time.hour", &[&format!("1 {never}")]);
    check("value > 3 && time.hour >= 0", &[&format!("27 {always}")]);
    check("time.hour < 24", &[&format!("13 {always}")]);
    check("time.hour <= 23", &[&format!("14 {always}")]);
    check("-1 < time.hour", &[&format!("1 {always}")]);
    check("time.hour == 24", &["14 `time.hour` is never 24: expected a whole number from 0 to 23"]);
    check("time.hour != 6.5", &["14 `time.hour` is never 6.5: expected a whole number from 0 to 23"]);
    check("time.weekday == 0", &["17 `time.weekday` is never 0: expected a whole number from 1 to 7"]);
    check("time.minute >= 60", &["16 this never holds: `time.minute` is a whole number from 0 to 59"]);
    check("place.lat > 90", &["13 this never holds: `place.lat` is a number from -90 to 90"]);
    check("place.lon == -181", &["14 `place.lon` is never -181: expected a number from -180 to 180"]);
    check("window('10m').count < 0", &["23 this never holds: `window(...).count` is a whole number from 0 on"]);
    check("size(kind) >= 0", &["15 this always holds: `size(...)` is a whole number from 0 on"]);
    check("time.hour == 'x'", &["14 expected a number, found a text"]);
    check(
        "time.hour > 25 || time.weekday < 1",
        &[&format!("13 {never}"), "34 this never holds: `time.weekday` is a whole number from 1 to 7"],
    );
}

#[test]
fn a_quality_is_one_of_two_words() {
    let expected = "expected one of good, doubtful; an implausible reading comes to an `out_of_range` only";
    check("quality == 'good' || quality != 'doubtful'", &[]);
    check("quality in ['good']", &[]);
    check("quality == 'implausible'", &[&format!("12 `quality` is never \"implausible\": {expected}")]);
    check("quality != 'implausible'", &[&format!("12 `quality` is never \"implausible\": {expected}")]);
    check("quality == attributes.quality || source == 'bad'", &[]);
    check("quality == 'bad'", &[&format!("12 `quality` is never \"bad\": {expected}")]);
    check("'Good' != quality", &[&format!("1 `quality` is never \"Good\": {expected}")]);
    check(
        "quality in ['good', 'bad', '']",
        &[&format!("21 `quality` is never \"bad\": {expected}"), &format!("28 `quality` is never \"\": {expected}")],
    );
    let listed = "`quality` is a text, and texts are ordered by the alphabet: list those that are meant, as in \
                  `quality in ['good', 'doubtful']`; there are good, doubtful";
    check("quality > 'doubtful'", &[&format!("11 {listed}")]);
    check("'z' <= quality", &[&format!("1 {listed}")]);
}

#[test]
fn a_list_names_what_can_be_and_not_all_of_it() {
    check("time.weekday in [1, 2, 3, 4, 5, 5, 6]", &[]);
    check("time.weekday in [0, 6, 7]", &["18 `time.weekday` is never 0: expected a whole number from 1 to 7"]);
    check(
        "time.weekday in [7, 1, 2, 3, 4, 5, 6]",
        &["17 this always holds: `time.weekday` is a whole number from 1 to 7"],
    );
    check(
        "quality in ['good', 'doubtful']",
        &["12 this always holds: `quality` is one of good, doubtful; an implausible reading comes to"],
    );
}

/// A rule of before the check is replayed as it was.
#[test]
fn the_log_takes_them_as_before() {
    let mut rig = Rig::new();
    let old = rule("[detector.condition]\nexpression = 'value > 3 && time.hour < 25'");
    rig.command(CommandBody::PutRule(Box::new(old))).unwrap();
    rig.feed("1 a air.pm25 9");
    assert_eq!(rig.alarms().len(), 1);
}
