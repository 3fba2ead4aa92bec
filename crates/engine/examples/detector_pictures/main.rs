//! Draws each detector at work on a recorded series: `cargo run -p vigiles-engine --example detector_pictures -- DIR`.
//! The series lie in ../shared/data beside the repository, the ride of the geofence in the fixtures of the tests; what is
//! drawn is what the engine said of them.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example prints what it did and may fail loudly")]

mod draw;
mod map;
mod ride;
mod series;

use std::path::PathBuf;

use serde_json::json;
use vigiles_engine::Rule;
use vigiles_engine::backtest::{Setting, Trial};
use vigiles_model::{Alarm, Timestamp};

use crate::draw::Picture;
use crate::map::{Crossings, Map};
use crate::series::Recorded;

/// A detector, what it is shown on, and from which to which reading of the first series the picture goes.
struct Scene {
    name: &'static str,
    detector: serde_json::Value,
    recorded: Vec<Recorded>,
    shown: (usize, usize),
}

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "docs/images/detectors".to_owned()));
    std::fs::create_dir_all(&folder).unwrap();
    for scene in scenes() {
        let alarms = run(&scene);
        let (first, last) = scene.shown;
        let readings = &scene.recorded[0].readings;
        let span = (readings[first].0, readings[last.min(readings.len() - 1)].0);
        let within = alarms.iter().filter(|a| a.raised >= span.0 && a.raised <= span.1).count();
        let picture = Picture { name: scene.name, recorded: &scene.recorded, alarms: &alarms, span };
        std::fs::write(folder.join(format!("{}.svg", scene.name)), picture.svg()).unwrap();
        println!("{}: {} alarms in all, {within} in the picture", scene.name, alarms.len());
    }
    std::fs::write(folder.join("geofence.svg"), geofence()).unwrap();
}

/// The geofence has a map of its own instead of a line.
fn geofence() -> String {
    let (readings, zones) = (ride::readings(), ride::zones());
    let looks = [("enter", "#2e7d32"), ("leave", "#8a5a00"), ("inside for 45 s (dwell time)", "#b3261e")];
    let crossings = ride::rules().into_iter().zip(looks).map(|(rule, (title, colour))| {
        let setting = Setting {
            kinds: [(ride::kind().id, ride::kind())].into(),
            zones: zones.iter().map(|zone| (zone.id.clone(), zone.clone())).collect(),
            ..Setting::default()
        };
        let mut trial = Trial::new(setting, &rule).unwrap();
        for o in &readings {
            assert!(trial.take(0, o), "too many alarms");
        }
        let alarms = trial.finish(Timestamp(0));
        println!("geofence, {}: {} alarms", rule.id, alarms.len());
        Crossings { title, colour, alarms }
    });
    let crossings: Vec<Crossings> = crossings.collect();
    let title = "geofence: a bus of Aracaju on its line, a place about every ten seconds";
    Map { title, readings: &readings, zones: &zones, crossings: &crossings }.svg()
}

fn scenes() -> Vec<Scene> {
    let scene = |name, detector, recorded, shown| Scene { name, detector, recorded, shown };
    let speed = || vec![series::nab("speed_7578", "traffic.speed", "[mi_i]/h")];
    let both = || {
        vec![
            series::nab("occupancy_t4013", "traffic.occupancy", "%"),
            series::nab("speed_t4013", "traffic.speed", "[mi_i]/h"),
        ]
    };
    let taxi = || vec![series::nab("nyc_taxi", "transport.passengers", "{count}")];
    let (full, slow) = (
        json!({"kinds": ["traffic.occupancy"], "when": "value > 20.0"}),
        json!({"kinds": ["traffic.speed"], "when": "value < 50.0"}),
    );
    vec![
        scene("threshold", json!({"threshold": {"below": 40, "clear": 55, "for_s": 600}}), speed(), (400, 1000)),
        scene("rate_of_change", json!({"rate_of_change": {"per_s": 300, "below": -20}}), speed(), (400, 1000)),
        scene("silent", json!({"silent": {"after_s": 3600}}), speed(), (0, 400)),
        scene("condition", json!({"condition": {"expression": "window(\"30m\").mean < 45.0"}}), speed(), (400, 1000)),
        scene("count", json!({"count": {"window_s": 7200, "at_least": 12}}), speed(), (400, 1000)),
        scene("anomaly", json!({"anomaly": {"clear_for_s": 3600}}), speed(), (400, 1100)),
        scene("flat_line", json!({"flat_line": {"for_s": 900, "tolerance": 0.0}}), speed(), (0, 500)),
        scene("out_of_range", json!({"out_of_range": {"for_s": 3600}}), vec![series::benzene()], (300, 700)),
        scene("sequence", json!({"sequence": {"within_s": 1800, "parts": [full, slow]}}), both(), (0, 900)),
        scene("cooccurrence", json!({"cooccurrence": {"within_s": 900, "parts": [full, slow]}}), both(), (0, 900)),
        scene("absence", json!({"absence": {"within_s": 900, "first": full, "then": slow}}), both(), (0, 900)),
        scene("baseline", json!({"baseline": {"season": "week", "sigmas": 6}}), taxi(), (5200, 6100)),
        scene("forecast", json!({"forecast": {"season": "week", "sigmas": 6, "learning": 1000}}), taxi(), (5200, 6100)),
        scene("change_point", json!({"change_point": {"clear_for_s": 43200}}), speed(), (0, 1100)),
        scene(
            "drift",
            json!({"drift": {"within_m": 60000, "learning": 240, "at_least": 10}}),
            series::drifting(),
            (0, 743),
        ),
    ]
}

fn run(scene: &Scene) -> Vec<Alarm> {
    let kinds: Vec<&str> = scene.recorded.iter().map(|r| r.kind).collect();
    let pattern = ["sequence", "cooccurrence", "absence"].contains(&scene.name);
    let mut rule: Rule = serde_json::from_value(json!({
        "id": scene.name, "name": scene.name, "agency": "city", "kinds": kinds, "detector": scene.detector,
        "key": if pattern { "all" } else { "asset" },
        "alarm": {"title": scene.name, "severity": "moderate"},
    }))
    .unwrap();
    if scene.name == "count" {
        rule.when = Some("value < 50.0".to_owned());
    }
    if !pattern {
        rule.kinds.truncate(1);
    }
    rule.kinds.dedup();
    let setting = Setting { kinds: scene.recorded.iter().map(Recorded::kind_entry).collect(), ..Setting::default() };
    let mut trial = Trial::new(setting, &rule).unwrap_or_else(|e| panic!("{}: {e}", scene.name));
    for (series, o) in series::in_order(&scene.recorded) {
        assert!(trial.take(series, &o), "too many alarms");
    }
    trial.finish(Timestamp(0))
}
