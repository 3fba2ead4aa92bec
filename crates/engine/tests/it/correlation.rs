//! Which alarms correlation rules bring together, and why.

use std::fmt::Write;

use vigiles_engine::command::CommandBody as Body;
use vigiles_engine::{CommandError, ConfigKind, Correlation};
use vigiles_model::incident::TimelineEvent;
use vigiles_model::{Incident, Relation};

use crate::rig::{Rig, rule};

/// Rules that raise an alarm for each reading over its limit, each with a type of incident of its own.
pub(crate) const RULES: [&str; 3] = [
    "id = 'power'\nkinds = ['air.pm25']\n[detector.threshold]\nabove = 50\n[alarm]\ntitle = 'Power cut at {asset}'\nseverity = 'severe'\n[incident]\nincident_type = 'power'\npriority = 'p2'",
    "id = 'dark'\nkinds = ['door.open']\n[detector.condition]\nexpression = 'value'\n[alarm]\ntitle = 'Signal {asset} dark'\nseverity = 'moderate'\n[incident]\nincident_type = 'signal'\npriority = 'p3'",
    "id = 'call'\nkinds = ['report']\nkey = 'source'\n[detector.condition]\nexpression = 'true'\n[alarm]\ntitle = 'Call: {value}'\nseverity = 'severe'\n[incident]\nincident_type = 'collision'\npriority = 'p1'",
];

pub(crate) const CHAIN: [&str; 4] = [
    "id = 'power-dark'\nname = 'Power cut darkens signals'\nrelation = 'cause'\nwithin_s = 900\nlate_s = 300\nweight = 1
     first = { incident_types = ['power'] }\nsecond = { incident_types = ['signal'] }\nshares = [{ what = { attribute = 'feeder' }, agree = 3.0 }]",
    "id = 'dark-dark'\nname = 'Signals of one feeder'\nrelation = 'same_event'\nwithin_s = 900\nweight = 1
     first = { incident_types = ['signal'] }\nshares = [{ what = { attribute = 'feeder' }, agree = 2.0 }]",
    "id = 'dark-collision'\nname = 'Collision at a dark signal'\nrelation = 'cause'\nwithin_s = 3600\nwithin_m = 120\nweight = 3
     first = { incident_types = ['signal'] }\nsecond = { kinds = ['report'] }",
    "id = 'calls'\nname = 'Calls about one collision'\nrelation = 'same_event'\nwithin_s = 1200\nwithin_m = 200\nweight = 4
     first = { incident_types = ['collision'] }\nshares = [{ what = { attribute = 'road' }, agree = 1.0, differ = -5.0 }]",
];

fn reasons(incident: &Incident) -> Vec<&str> {
    let events = incident.timeline.iter().map(|e| &e.event);
    events
        .filter_map(|e| if let TimelineEvent::AlarmJoined { why, .. } = e { Some(why.as_str()) } else { None })
        .collect()
}

/// Feeds readings and compares the incidents, as "type: alarms, witnesses".
fn check(correlations: &[&str], readings: &str, expected: &[&str]) -> Rig {
    let mut rig = Rig::with_correlations(&RULES, correlations);
    rig.feed(readings);
    let line = |i: &Incident| format!("{}: {} alarms, {} witnesses", i.incident_type, i.alarms.len(), i.witnesses);
    assert_eq!(rig.incidents().iter().map(line).collect::<Vec<_>>(), expected, "{readings}");
    rig
}

#[test]
fn a_chain_becomes_one_incident_with_cause_and_effect() {
    // The signals stand kilometres from the substation and from each other.
    let rig = check(
        &CHAIN,
        "0 a air.pm25 90 0.2 0.2 feeder=F12\n 20 b door.open true 0.25 0.2 feeder=F12
         30 c door.open true 0.3 0.2 feeder=F7\n 60 s1/- report collision 0.2505 0.2\n 70 s2/- report crash 0.2507 0.2",
        &["power: 4 alarms, 4 witnesses", "signal: 1 alarms, 1 witnesses"],
    );
    let incident = &rig.incidents()[0];
    assert_eq!(
        reasons(incident)[1..],
        [
            "score 0.939: effect of \"Power cut at Station a\", 5560 m away, 20 s after (of 900), same feeder F12; rule `power-dark`",
            "score 0.864: effect of \"Signal Station b dark\", 56 m away (of 120), 40 s after (of 3600); rule `dark-collision`",
            "score 0.94: 22 m away (of 200), 10 s after (of 1200); rule `calls`",
        ]
    );
    let number = |id: &vigiles_model::AlarmId| incident.alarms.iter().position(|a| a == id).unwrap();
    let links: Vec<_> =
        incident.links.iter().map(|l| (number(&l.cause), number(&l.effect), l.rule.as_str().to_owned())).collect();
    let expected = [(0, 1, "power-dark"), (1, 2, "dark-collision"), (1, 3, "dark-collision")];
    assert_eq!(links, expected.map(|(c, e, r)| (c, e, r.to_owned())));
}

#[test]
fn many_reports_of_one_event_are_one_incident_with_many_witnesses() {
    let mut readings = String::new();
    for i in 0..12 {
        let lon = 0.2 + f64::from(i % 5) * 0.0003;
        writeln!(readings, "{} s{i}/- report crash {lon} 0.2", i * 30).unwrap();
    }
    // One who calls twice is one witness, and one on another road means something else.
    readings += "400 s3/- report crash 0.2003 0.2\n 410 s20/- report crash 0.2 0.2 road=Elm\n 420 s21/- report crash 0.2 0.2 road=Oak";
    let rig = check(&CHAIN, &readings, &["collision: 14 alarms, 14 witnesses"]);
    assert!(rig.incidents()[0].links.is_empty());
    check(
        &CHAIN,
        "0 s1/- report crash 0.2 0.2 road=Elm\n10 s2/- report crash 0.2 0.2 road=Oak\n20 s3/- report crash 0.2 0.2 road=Elm",
        &["collision: 2 alarms, 2 witnesses", "collision: 1 alarms, 1 witnesses"],
    );
}

#[test]
fn a_witness_of_an_alarm_that_many_share_counts_too() {
    let cluster = "id = 'cluster'\nkinds = ['report']\nkey = 'all'\n[detector.count]\nwindow_s = 100\nat_least = 3\nradius_m = 500\n[incident]\nincident_type = 'water'\npriority = 'p2'";
    let mut rig = Rig::with_rules(&[cluster]);
    let mut readings = String::new();
    for i in 0..8 {
        writeln!(readings, "{i} feed/- report burst 0.2 0.2 reporter=r{}", i % 6).unwrap();
    }
    rig.feed(&readings);
    // Shown when the number doubles: three opened it, the fourth was shown, six are known.
    assert_eq!(rig.incidents()[0].witnesses, 4);
    rig.feed("60 feed/- report burst 0.2 0.2 reporter=r6\n61 feed/- report burst 0.2 0.2 reporter=r7");
    assert_eq!(rig.incidents()[0].witnesses, 8);
}

#[test]
fn a_cause_that_is_seen_late_is_linked() {
    // The signal had its own incident, and so had the power cut: the second power alarm has its home by its key.
    let rig = check(
        &CHAIN,
        "0 a air.pm25 90 0.2 0.2 feeder=F1\n 10 b door.open true 0.25 0.2 feeder=F2\n 20 a air.pm25 1\n
         30 a air.pm25 90 0.2 0.2 feeder=F2",
        &["power: 2 alarms, 1 witnesses", "signal: 1 alarms, 1 witnesses"],
    );
    let all = rig.incidents();
    let relation = |i: &Incident| (i.related[0].incident.clone(), i.related[0].relation);
    assert_eq!(relation(&all[0]), (all[1].id.clone(), Relation::Effect));
    assert_eq!(relation(&all[1]), (all[0].id.clone(), Relation::Cause));
    assert_eq!(all[0].related[0].by, None);
    assert!(all[1].related[0].why.contains("cause of \"Signal Station b dark\""), "{}", all[1].related[0].why);
    // Without an incident of its own it joins that of its effect.
    check(
        &CHAIN,
        "0 b door.open true 0.25 0.2 feeder=F2\n 30 a air.pm25 90 0.2 0.2 feeder=F2",
        &["signal: 2 alarms, 2 witnesses"],
    );
    check(
        &CHAIN,
        "0 b door.open true 0.25 0.2 feeder=F2\n 301 a air.pm25 90 0.2 0.2 feeder=F2",
        &["signal: 1 alarms, 1 witnesses", "power: 1 alarms, 1 witnesses"],
    );
    // A rule that does not expect causes late relates them: what was seen from 0 s on became an alarm at 20 s.
    let count = "id = 'count'\nkinds = ['report']\nkey = 'all'\n[detector.count]\nwindow_s = 100\nat_least = 2\n[incident]\nincident_type = 'water'\npriority = 'p2'";
    let cause = "id = 'c'\nname = 'C'\nrelation = 'cause'\nwithin_s = 600\nwithin_m = 500\nweight = 3\nfirst = { incident_types = ['water'] }\nsecond = { incident_types = ['signal'] }";
    let mut rig = Rig::with_correlations(&[RULES[1], count], &[cause]);
    rig.feed("0 s1/- report wet 0.2 0.2\n10 b door.open true 0.2 0.2\n20 s2/- report wet 0.2 0.2");
    let all = rig.incidents();
    assert_eq!((all.len(), &all[0].related[0].incident, all[0].related[0].relation), (2, &all[1].id, Relation::Cause));
}

#[test]
fn what_rules_ask_for_may_stand_at_the_asset_or_be_a_zone() {
    let zone = "id = 'z'\nname = 'Z'\nrelation = 'same_event'\nwithin_s = 60\nweight = 0\nshares = [{ what = 'zone' }]";
    let mut rig =
        check(&[zone], "0 a air.pm25 90 0.2 0.2\n 10 b door.open true 0.4 0.4", &["power: 2 alarms, 2 witnesses"]);
    assert_eq!(
        reasons(&rig.incidents()[0])[1],
        "score 0.739: 31450 m away, 10 s after (of 60), same zone The harbour; rule `z`"
    );
    let off = Body::PutCorrelation(Box::new(Correlation { enabled: false, ..toml::from_str(zone).unwrap() }));
    rig.command(off).unwrap();
    rig.feed("20 c door.open true 0.4 0.4");
    assert_eq!(rig.incidents().len(), 2, "a rule that is off is not looked at");
}

#[test]
fn one_track_seen_by_two_cameras_is_one_incident_however_far_apart_they_stand() {
    let speed = "id = 'fast'\nkinds = ['vehicle']\n[detector.threshold]\nabove = 50\n[incident]\nincident_type = 'chase'\npriority = 'p2'";
    let track = "id = 'track'\nname = 'One vehicle'\nrelation = 'same_event'\nwithin_s = 600\nweight = 0\nshares = [{ what = 'track', agree = 4.0, differ = -4.0 }]";
    let mut rig = Rig::with_correlations(&[speed], &[track]);
    // The second camera stands 22 km from the first. The third sees another vehicle where the first stands, the fourth one
    // that no track is known of.
    rig.feed(
        "0 a vehicle 90 0.2 0.2 track=T17\n 60 b vehicle 95 0.4 0.2 track=T17
         70 c vehicle 80 0.2 0.2 track=T18\n 80 d vehicle 80 0.2 0.2",
    );
    let all = rig.incidents();
    assert_eq!(all.iter().map(|i| i.alarms.len()).collect::<Vec<_>>(), [2, 1, 1]);
    // 4 bits, less 3 for the whole of the time, of which a tenth has passed: 1 / (1 + 2^-3.7).
    assert_eq!(reasons(&all[0])[1], "score 0.929: 22239 m away, 60 s after (of 600), same track T17; rule `track`");
    // Past ten minutes the rule says nothing any more.
    rig.feed("661 d vehicle 10\n662 d vehicle 90 0.4 0.2 track=T17");
    assert_eq!(rig.incidents().iter().map(|i| i.alarms.len()).collect::<Vec<_>>(), [2, 1, 2]);
}

#[test]
fn a_rule_is_checked_and_keeps_what_it_names() {
    let mut rig = Rig::with_rules(&RULES);
    let mut check = |text: &str, field: &str| {
        let rule: Correlation =
            toml::from_str(&format!("id = 'c'\nname = 'C'\nrelation = 'same_event'\n{text}")).unwrap();
        match rig.command(Body::PutCorrelation(Box::new(rule))) {
            Err(CommandError::Invalid { field: found, .. }) => assert_eq!(found, field, "{text}"),
            other => assert!(other.is_ok() && field.is_empty(), "{text}: {other:?}"),
        }
    };
    check("within_s = 10\nwithin_m = 10\nweight = 1", "");
    check("within_s = 0\nwithin_m = 10\nweight = 1", "within_s");
    check("within_s = 10\nwithin_m = 1e6\nweight = 1", "within_m");
    check("within_s = 10\nwithin_m = 10\nweight = nan", "weight");
    check("within_s = 10\nweight = 1", "shares");
    check("within_s = 10\nwithin_m = 10\nlate_s = 5\nweight = 1", "late_s");
    check("within_s = 10\nwithin_m = 10\nweight = 1\nfirst = { kinds = ['none'] }", "first.kinds[0]");
    check("within_s = 10\nweight = 1\nshares = [{ what = 'asset', differ = 1.0 }]", "shares[0].differ");
    check("within_s = 10\nweight = 1\nshares = [{ what = 'asset' }, { what = 'asset' }]", "shares[1].what");
    check("within_s = 10\nwithin_m = 10\nweight = 1\nsecond = { kinds = ['door.open'] }", "");
    let delete = |what, id: &str| Body::Delete { what, id: id.into(), reason: None };
    assert!(rig.command(delete(ConfigKind::Rule, "dark")).is_ok());
    assert!(matches!(rig.command(delete(ConfigKind::Kind, "door.open")), Err(CommandError::NotAllowed { .. })));
    assert!(rig.command(delete(ConfigKind::Correlation, "c")).is_ok());
    assert!(rig.command(delete(ConfigKind::Kind, "door.open")).is_ok());
}

#[test]
fn correlation_rules_are_the_same_in_json_and_in_a_snapshot() {
    for text in CHAIN {
        let rule: Correlation = toml::from_str(text).unwrap();
        let json = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<Correlation>(&json).unwrap(), rule);
    }
    let rig = check(&CHAIN, "0 a air.pm25 90 0.2 0.2 feeder=F1", &["power: 1 alarms, 1 witnesses"]);
    let mut again =
        Rig { engine: crate::kinds::restore(&rig.engine.snapshot()).unwrap(), effects: Vec::new(), now: rig.now };
    again.feed("10 b door.open true 0.25 0.2 feeder=F1");
    assert_eq!(again.incidents()[0].alarms.len(), 2, "sightings and rules are in the snapshot");
    assert!(rule(RULES[0]).incident.is_some());
}
