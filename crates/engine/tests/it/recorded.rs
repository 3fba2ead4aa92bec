//! Rules on a recorded series: speeds of a road detector (see `tests/fixtures/README.md`).

use vigiles_engine::Input;
use vigiles_model::Timestamp;

use crate::rig::{Rig, reading};

fn play(rule: &str) -> String {
    let mut rig = Rig::with_rules(&[rule]);
    let text = include_str!("../fixtures/speed_7578.csv");
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    for row in rows.records() {
        let row = row.unwrap();
        let time: Timestamp = format!("{}Z", row[0].replace(' ', "T")).parse().unwrap();
        rig.now = time.0 / 1_000_000;
        let o = reading(&format!("{} a vehicle {}", rig.now, &row[1]));
        rig.step(&Input::Observations(vec![o]));
    }
    let line = |a: &vigiles_model::Alarm| {
        let cleared = a.cleared.map(|t| t.to_string()).unwrap_or_default();
        format!("{}..{} {} ({} readings)\n", a.raised, cleared, a.reason, a.support)
    };
    rig.alarms().iter().map(line).collect()
}

#[test]
fn standing_traffic() {
    let story = play("kinds = ['vehicle']\n[detector.threshold]\nbelow = 20\nclear = 45\nfor_s = 300");
    assert_eq!(story, include_str!("../fixtures/standing_traffic.txt"));
}

#[test]
fn slow_half_hours() {
    let rule = "kinds = ['vehicle']\nwhen = 'time.weekday <= 5'\n[detector.condition]
expression = 'window(\"30m\").count >= 3 && window(\"30m\").mean < 35'";
    assert_eq!(play(rule), include_str!("../fixtures/slow_half_hours.txt"));
}
