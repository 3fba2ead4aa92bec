//! Whether the counts of a snapshot can have been reached by counting: one that would run over is damage.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::damaged;
use super::live::LiveImage;
use crate::alarms::Record;
use crate::effect::SnapshotError;
use crate::incidents::Case;

/// More than is ever counted: a million a second for 285 years.
const MOST: u64 = 1 << 53;
/// The same of what is counted in 32 bits: starts of playbooks and tries of their tasks.
const MOST_SHORT: u64 = 1 << 31;

/// Those of what changes with every reading.
pub(super) fn of_live(live: &LiveImage) -> Result<(), SnapshotError> {
    let c = &live.counters;
    let own = [
        ("observations", c.observations),
        ("evaluated", c.evaluated),
        ("duplicates", c.duplicates),
        ("out_of_order", c.out_of_order),
        ("late", c.late),
        ("implausible", c.implausible),
        ("refused", c.refused),
        ("next_alarm", live.next_alarm),
        ("last_case", live.last_case),
    ];
    let by_rule = c.rule_errors.values().map(|n| ("rule_errors", *n));
    let by_rule = by_rule.chain(c.rule_alarms.values().map(|n| ("rule_alarms", *n)));
    own.into_iter().chain(by_rule).try_for_each(|(name, count)| at_most(MOST, name, count))
}

/// Those of what people handle.
pub(super) fn of_documents(
    alarms: &BTreeMap<u64, Arc<Record>>,
    cases: &BTreeMap<u64, Arc<Case>>,
) -> Result<(), SnapshotError> {
    for alarm in alarms.values().map(|record| &record.alarm) {
        at_most(MOST, "version of an alarm", alarm.version)?;
        at_most(MOST, "support of an alarm", alarm.support)?;
    }
    for incident in cases.values().map(|case| &case.incident) {
        at_most(MOST, "version of an incident", incident.version)?;
        for task in &incident.tasks {
            at_most(MOST_SHORT, "run of a task", task.run.into())?;
            at_most(MOST_SHORT, "order of a task", task.order.into())?;
            at_most(MOST_SHORT, "attempts of a task", task.attempts.into())?;
        }
    }
    Ok(())
}

fn at_most(most: u64, name: &str, count: u64) -> Result<(), SnapshotError> {
    if count <= most { Ok(()) } else { Err(damaged(format!("{name}: expected at most {most}, found {count}"))) }
}
