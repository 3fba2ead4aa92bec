//! What rules may cost together, and what is forgotten.

use vigiles_engine::CommandBody;

use crate::rig::{Rig, rule};

/// Costs 1,026 steps.
const PAIR: &str = "[detector.sequence]\nwithin_s = 60\nparts = [{}, {}, {}, {}, {}, {}, {}, {}]";

#[test]
fn the_rules_of_a_kind_have_a_budget() {
    let mut rig = Rig::new();
    let mut put = |id: &str, head: &str| {
        rig.command(CommandBody::PutRule(Box::new(rule(&format!("id = '{id}'\n{head}\n{PAIR}"))))).map(drop)
    };
    let cost = rule(PAIR).cost(&|_| None);
    let fit = 200_000 / cost;
    for i in 0..fit {
        put(&format!("r{i}"), "").unwrap();
    }
    let refused = put("more", "").unwrap_err().to_string();
    let sum = cost * (fit + 1);
    let expected = format!(
        "the rules of kind `air.pm25` would cost {sum} steps for a reading, the most is 200000; \
         the dearest are `more` ({cost}), `r0` ({cost}), `r1` ({cost})"
    );
    assert!(refused.contains("kinds[0]") && refused.contains(&expected), "{refused}");
    // Disabled it costs nothing; neither does another version of one that is there, nor one of another kind.
    put("more", "enabled = false").unwrap();
    put("r0", "description = 'x'").unwrap();
    put("other", "kinds = ['vehicle']").unwrap();
    put("r0", "enabled = false").unwrap();
    put("more", "").unwrap();
}

#[test]
fn a_rule_keyed_by_zone_costs_as_much_for_each() {
    let count =
        |key: &str| rule(&format!("key = '{key}'\n[detector.count]\nwindow_s = 60\nat_least = 50")).cost(&|_| None);
    assert_eq!((count("all"), count("zone")), (101, 801));
}

#[test]
fn what_rules_remember_of_a_series_goes_with_it() {
    let mut rig = Rig::with_rules(&[
        "id = 'rate'\n[detector.rate_of_change]\nabove = 20",
        "id = 'silent'\n[detector.silent]\nafter_s = 60",
        "id = 'usual'\nkinds = ['vehicle']\n[detector.change_point]",
        "id = 'count'\nkinds = ['report']\n[detector.count]\nwindow_s = 60\nat_least = 3",
    ]);
    rig.feed("0 a air.pm25 10\n 0 a vehicle 3\n 0 b report x");
    let held = |rig: &Rig| (rig.engine.statistics().series, rig.engine.statistics().states);
    assert_eq!(held(&rig), (3, 4));
    let day = 86_400;
    rig.feed(&format!("tick {}", 6 * day));
    assert_eq!(held(&rig), (3, 4));
    // What was learned of the vehicle stays longer, and the open alarm of the silence until it is over.
    rig.feed(&format!("tick {}", 8 * day));
    assert_eq!(held(&rig), (1, 2));
    rig.feed(&format!("tick {}", 32 * day));
    assert_eq!(held(&rig), (0, 1));
    assert_eq!(rig.alarms().iter().filter(|a| a.cleared.is_none()).count(), 1);
}
