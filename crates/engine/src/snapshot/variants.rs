//! Which sorts of memory the fixture of format 2 holds: all of them, so that none changes its layout unnoticed.

use std::collections::BTreeSet;

use crate::engine::Engine;
use crate::slot::Memory;
use crate::statistic::Kernel;

/// A variant that is not in the fixture comes with a format or a fixture of its own.
fn name(memory: &Memory) -> &'static str {
    match memory {
        Memory::Nothing => "nothing",
        Memory::Previous { .. } => "previous",
        Memory::Last { .. } => "last",
        Memory::Inside { .. } => "inside",
        Memory::Windows(_) => "windows",
        Memory::Counter(_) => "counter",
        Memory::Clusters { .. } => "clusters",
        Memory::LargeCounter(_) => "large counter",
        Memory::Level(_) => "level",
        Memory::Pattern(_) => "pattern",
        Memory::Statistic(statistic) => match statistic.kernel {
            Kernel::Baseline(_) => "baseline",
            Kernel::Forecast(_) => "forecast",
            Kernel::ChangePoint(_) => "change point",
            Kernel::Anomaly(_) => "anomaly",
            Kernel::Drift(_) => "drift",
        },
        Memory::Neighbourhood(_) => "neighbourhood",
        Memory::Unanswered(_) => "unanswered",
    }
}

#[test]
fn the_fixture_has_every_sort_of_memory_of_the_rule_it_belongs_to() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/snapshot-2-all");
    let engine = Engine::restore(&std::fs::read(path).unwrap()).unwrap();
    let live = &engine.live;
    let found: BTreeSet<_> =
        live.slots().iter().map(|slot| (live.names.text(slot.address.rule), name(&slot.memory))).collect();
    let expected = [
        ("rule-0", "nothing"),
        ("rule-1", "previous"),
        ("rule-2", "last"),
        ("rule-3", "inside"),
        ("rule-4", "counter"),
        ("rule-5", "clusters"),
        ("rule-6", "large counter"),
        ("rule-7", "windows"),
        ("rule-8", "level"),
        ("rule-10", "pattern"),
        ("rule-11", "unanswered"),
        ("rule-12", "pattern"),
        ("rule-13", "baseline"),
        ("rule-14", "forecast"),
        ("rule-15", "change point"),
        ("rule-16", "drift"),
        ("rule-16", "neighbourhood"),
        ("rule-17", "anomaly"),
    ];
    let missing: Vec<_> = expected.iter().filter(|pair| !found.contains(pair)).collect();
    assert!(missing.is_empty(), "missing {missing:?} of {found:?}");
}
