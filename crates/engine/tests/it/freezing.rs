//! What was frozen stays as it was while the stream goes on: of every part of the state.

use vigiles_engine::command::CommandBody as Body;
use vigiles_model::ExerciseId;

use crate::rig::{Rig, rule};

const RULES: [&str; 4] = [
    "id = 'high'\n[detector.threshold]\nabove = 95\n[incident]\nincident_type = 'air'\npriority = 'p3'\nradius_m = 300\nwindow_s = 50",
    "id = 'mean'\n[detector.condition]\nexpression = 'window(\"2h\").mean > 90'",
    "id = 'stuck'\nlateness_s = 60\n[detector.flat_line]\nfor_s = 3600\ntolerance = 0",
    "id = 'limit'\nkey = 'zone'\n[detector.count]\nwindow_s = 40\nat_least = 3\ndistinct = 'asset'",
];

/// More stations and readings than a part of any list holds, some of an exercise.
#[test]
fn what_was_frozen_stays_as_it_was() {
    let mut rig = Rig::with_rules(&RULES);
    let id = ExerciseId::new("drill").unwrap();
    rig.command(Body::StartExercise { id, name: "A dark evening".into() }).unwrap();
    let mut frozen = Vec::new();
    for second in 0..5_000 {
        if second % 900 == 899 {
            frozen.push((rig.engine.freeze(), rig.engine.snapshot()));
            change_documents(&mut rig, second);
        }
        let (station, value) = (second * 7 % 1_125, second * 31 % 100);
        let origin = if second % 10 == 0 { " exercise" } else { "" };
        rig.feed(&format!("{second} s{station} air.pm25 {value} 0.{station:04} 0.1{origin}"));
    }
    let statistics = rig.engine.statistics();
    assert!(statistics.series > 1_000 && statistics.states > 1_000 && statistics.incidents > 10, "{statistics:?}");
    for (n, (frozen, bytes)) in frozen.into_iter().enumerate() {
        assert!(frozen.to_bytes() == bytes, "the state frozen as number {n} changed");
    }
}

fn change_documents(rig: &mut Rig, second: usize) {
    let text = format!("id = 'rule-{second}'\n[detector.threshold]\nabove = 1000");
    rig.command(Body::PutRule(Box::new(rule(&text)))).unwrap();
    let incident = rig.incidents()[0].id.clone();
    rig.command(Body::AddNote { incident, text: format!("written in second {second}") }).unwrap();
}
