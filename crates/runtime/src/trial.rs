//! What is remembered of back-tests. A trial is kept under what its rule means, so that whoever saves a rule that means the
//! same finds it: that a condition was tried is said by the platform, which tried it, and by nobody else.

use serde::{Deserialize, Serialize};
use vigiles_engine::Rule;
use vigiles_model::alarm::Stage;
use vigiles_model::{BoundingBox, Duration, PersonId, Timestamp};
use vigiles_store::{Draft, Expect, Query, Store, StoreError, Write};
use vigiles_trust::Context;

use crate::documents::{self, RULE, RULE_TRIAL, RULE_VERSION, RuleVersion};

/// In whose name trials are kept.
const KEEPER: Context = Context::system("back-test");
/// Most trials that are kept; the oldest go first. A version that was saved has its own copy.
const MOST: usize = 1_000;

/// What one condition was tried on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleTrial {
    /// When, in platform time.
    pub at: Timestamp,
    /// Who tried it; none for the platform itself.
    pub by: Option<PersonId>,
    /// First moment.
    pub from: Timestamp,
    /// Moment after the last that was judged.
    pub to: Timestamp,
    /// How much of that has readings.
    pub data: Duration,
    /// Readings judged.
    pub observations: u64,
    /// Alarms raised.
    pub alarms: u64,
    /// Where only readings of places in this box were judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<BoundingBox>,
}

/// What is known of the condition of a rule that is saved.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// What it had been tried on.
    pub tried: Option<RuleTrial>,
    /// Why it went live although it was neither tried nor ran before, in the words of who saved it.
    pub untried: Option<String>,
}

/// Keeps a trial, unless it found no readings or the same condition was tried on more of them before; gives the one that
/// is kept.
pub(crate) fn keep(store: &dyn Store, rule: &Rule, trial: RuleTrial) -> Result<Option<RuleTrial>, StoreError> {
    let id = rule.meaning();
    let known = kept(store, &id)?;
    if trial.observations == 0 || known.as_ref().is_some_and(|known| known.data > trial.data) {
        return Ok(known);
    }
    let document = Draft {
        kind: RULE_TRIAL,
        id,
        agency: Some(rule.agency.clone()),
        state: String::new(),
        place: None,
        time: trial.at,
        body: documents::json(&trial),
    };
    store.apply(&KEEPER, vec![Write::Put { document, expect: Expect::Any }])?;
    forget(store, MOST)?;
    Ok(Some(trial))
}

/// What the condition of a rule was tried on, as far as the platform knows: from the trials that are kept, and from the
/// rule's present version where that means the same.
pub fn of_rule(store: &dyn Store, rule: &Rule) -> Result<Option<RuleTrial>, StoreError> {
    let meaning = rule.meaning();
    let said = of_present_version(store, rule, &meaning)?;
    Ok(said.into_iter().chain(kept(store, &meaning)?).max_by_key(|trial| trial.data))
}

/// Whether a rule may be in the stage that it names: live only what was tried on the past, or ran in shadow or live before.
/// Words, severity and what its alarms open are no part of that.
pub fn may_go_live(store: &dyn Store, rule: &Rule) -> Result<bool, StoreError> {
    if rule.stage != Stage::Live || of_rule(store, rule)?.is_some() {
        return Ok(true);
    }
    let meaning = rule.meaning();
    let of = vec![("rule", vec![rule.id.to_string()])];
    for document in documents::matching(store, &KEEPER, Query { fields: of, ..Query::new(RULE_VERSION) })? {
        let version: RuleVersion = documents::read(&document)?;
        let ran = version.document.enabled && version.document.stage != Stage::Silent;
        if ran && version.document.meaning() == meaning {
            return Ok(true);
        }
    }
    Ok(false)
}

fn of_present_version(store: &dyn Store, rule: &Rule, meaning: &str) -> Result<Option<RuleTrial>, StoreError> {
    let Some(document) = store.get(&KEEPER, RULE, rule.id.as_str())? else { return Ok(None) };
    let present = documents::rule(&document)?;
    if present.document.meaning() != meaning {
        return Ok(None);
    }
    let id = documents::rule_version_id(rule.id.as_str(), present.version);
    let Some(document) = store.get(&KEEPER, RULE_VERSION, &id)? else { return Ok(None) };
    Ok(documents::read::<RuleVersion>(&document)?.tried)
}

fn kept(store: &dyn Store, meaning: &str) -> Result<Option<RuleTrial>, StoreError> {
    store.get(&KEEPER, RULE_TRIAL, meaning)?.as_ref().map(documents::read).transpose()
}

/// Deletes all trials but the latest.
fn forget(store: &dyn Store, most: usize) -> Result<(), StoreError> {
    let latest = Query { limit: most, ..Query::new(RULE_TRIAL) };
    let Some(after) = store.list(&KEEPER, &latest)?.next else { return Ok(()) };
    let others = Query { limit: Query::MAX_LIMIT, cursor: Some(after), ..Query::new(RULE_TRIAL) };
    let surplus = store.list(&KEEPER, &others)?.documents;
    let delete = |id| Write::Delete { kind: RULE_TRIAL, id, expect: Expect::Any };
    store.apply(&KEEPER, surplus.into_iter().map(|document| delete(document.id)).collect()).map(drop)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vigiles_engine::rule::{AlarmText, Detector, Threshold};
    use vigiles_engine::{Command, CommandBody};
    use vigiles_model::{AgencyId, KindId, RuleId, Severity};
    use vigiles_store::SqliteStore;
    use vigiles_store::sqlite::Options;

    use super::*;
    use crate::record::{self, Asked};

    fn store(dir: &std::path::Path) -> SqliteStore {
        let options = Options { kinds: &crate::documents::KINDS, clock: Arc::new(|| Timestamp(0)), max_bytes: None };
        SqliteStore::open(dir, options).unwrap()
    }

    fn rule(above: f64) -> Rule {
        let detector = Detector::Threshold(Threshold { above: Some(above), ..Threshold::default() });
        let (agency, kinds) = (AgencyId::new("city").unwrap(), vec![KindId::new("air.pm25").unwrap()]);
        Rule::new(RuleId::new("r").unwrap(), agency, kinds, detector, AlarmText::new("t", Severity::Minor))
    }

    fn trial(at_s: i64, data_s: i64, alarms: u64) -> RuleTrial {
        RuleTrial {
            at: Timestamp::from_secs(at_s),
            by: Some(PersonId::new("ada").unwrap()),
            from: Timestamp(0),
            to: Timestamp::from_secs(data_s),
            data: Duration::from_secs(data_s),
            observations: data_s.unsigned_abs(),
            alarms,
            area: BoundingBox::new(7.0, 43.0, 8.0, 44.0).ok(),
        }
    }

    #[test]
    fn the_trial_that_rests_on_the_most_stays() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        let check = |tried: RuleTrial, expected: Option<RuleTrial>| {
            assert_eq!(keep(&store, &rule(1.0), tried).unwrap(), expected);
            assert_eq!(of_rule(&store, &rule(1.0)).unwrap(), expected);
            assert_eq!(of_rule(&store, &rule(2.0)).unwrap(), None, "another condition");
        };
        check(trial(1, 0, 0), None);
        check(trial(2, 50, 7), Some(trial(2, 50, 7)));
        check(trial(3, 49, 6), Some(trial(2, 50, 7)));
        check(trial(4, 50, 8), Some(trial(4, 50, 8)));
        check(trial(5, 90, 1), Some(trial(5, 90, 1)));
    }

    #[test]
    fn a_version_keeps_its_trial_after_the_trial_was_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        for n in 0..5 {
            keep(&store, &rule(f64::from(n)), trial(i64::from(n), 10, 1)).unwrap();
        }
        let saved = rule(0.0);
        let writes = [
            documents::config(&vigiles_engine::ConfigDocument::Rule(Box::new(saved.clone())), 3),
            documents::rule_version(
                &saved,
                3,
                Timestamp(0),
                &Known { tried: of_rule(&store, &saved).unwrap(), untried: None },
            ),
        ];
        store.apply(&KEEPER, writes.into()).unwrap();
        forget(&store, 2).unwrap();
        let known = |rule: &Rule| of_rule(&store, rule).unwrap().map(|trial| trial.at.0 / 1_000_000);
        assert_eq!([0.0, 1.0, 2.0, 3.0, 4.0].map(|n| known(&rule(n))), [Some(0), None, None, Some(3), Some(4)]);
        assert_eq!(known(&Rule { name: "Another name".to_owned(), ..saved.clone() }), Some(0));
        assert_eq!(known(&Rule { id: RuleId::new("copy").unwrap(), ..saved }), None);
        forget(&store, 2).unwrap();
        assert_eq!(known(&rule(4.0)), Some(4));
    }

    #[test]
    fn only_what_was_tried_or_ran_before_may_go_live() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        let staged = |above: f64, stage: Stage| Rule { stage, ..rule(above) };
        let check = |rule: &Rule, expected: bool| assert_eq!(may_go_live(&store, rule).unwrap(), expected, "{rule:?}");
        let save = |rule: &Rule, version: u64| {
            let write = documents::rule_version(rule, version, Timestamp(0), &Known::default());
            store.apply(&KEEPER, vec![write]).unwrap();
        };
        for stage in [Stage::Silent, Stage::Shadow] {
            check(&staged(1.0, stage), true);
        }
        check(&staged(1.0, Stage::Live), false);
        keep(&store, &rule(1.0), trial(1, 50, 7)).unwrap();
        check(&staged(1.0, Stage::Live), true);
        check(&staged(2.0, Stage::Live), false);
        // Silent it showed nobody anything, and disabled it did not run; in shadow it did, however it was called.
        save(&staged(2.0, Stage::Silent), 1);
        save(&Rule { enabled: false, ..staged(2.0, Stage::Shadow) }, 2);
        check(&staged(2.0, Stage::Live), false);
        save(&staged(2.0, Stage::Shadow), 3);
        save(&staged(3.0, Stage::Silent), 4);
        check(&Rule { name: "Another name".to_owned(), ..staged(2.0, Stage::Live) }, true);
        check(&staged(3.0, Stage::Live), false);
        check(&Rule { id: RuleId::new("copy").unwrap(), ..staged(2.0, Stage::Live) }, false);
    }

    #[test]
    fn what_was_tried_goes_through_the_log() {
        let (by, agency) = (None, AgencyId::new("city").unwrap());
        let command = Command { by, agency, expected_version: None, body: CommandBody::PutRule(Box::new(rule(1.0))) };
        for known in [
            Known::default(),
            Known { tried: Some(trial(1, 2, 3)), untried: None },
            Known { tried: None, untried: Some("the exercise begins".to_owned()) },
        ] {
            let asked = Asked { ticket: 7, once: None, known };
            let read = record::parse(&record::command(&asked, &command).unwrap()).unwrap();
            assert_eq!(read.asked, Some(asked));
        }
    }

    #[test]
    fn versions_of_before_trials_were_kept_are_read() {
        let old = r#"{"rule":"r","version":1,"since":0,"document":{"id":"r","name":"R","agency":"city","kinds":["air.pm25"],
            "detector":{"threshold":{"above":1.0}},"alarm":{"title":"t","severity":"minor"}}}"#;
        let version: RuleVersion = serde_json::from_str(old).unwrap();
        assert_eq!((version.tried, version.document.stage), (None, vigiles_model::alarm::Stage::Live));
    }
}
