//! Relations between incidents: found by correlation, or said by a person.

use std::collections::BTreeSet;

use vigiles_model::incident::TimelineEvent;
use vigiles_model::relation::{MAX_REASON_BYTES, MAX_RELATED};
use vigiles_model::{IncidentId, PersonId, RelatedIncident, Relation, Timestamp};

use super::lifecycle::{Answer, Asked};
use super::ties::Tie;
use super::{Case, Cases};
use crate::command::CommandError;
use crate::config::{invalid, text};
use crate::turn::Turn;

/// Most incidents remembered as unlinked by people, of one incident; beyond, the oldest is forgotten.
const MAX_UNLINKED: usize = 200;

/// One side of a relation, ready to be written down.
#[derive(Clone, Copy)]
struct Entry<'a> {
    other: u64,
    relation: Relation,
    why: &'a str,
    by: Option<&'a PersonId>,
    at: Timestamp,
}

fn check_reason(reason: &str) -> Result<(), CommandError> {
    text("reason", reason)?;
    if reason.len() > MAX_REASON_BYTES {
        return Err(invalid("reason", &format!("expected at most {MAX_REASON_BYTES} bytes, found {}", reason.len())));
    }
    Ok(())
}

impl Turn<'_> {
    /// A person says that two incidents have to do with each other: `relation` is what `to` is to the incident.
    pub(crate) fn link(
        &mut self,
        asked: Asked<'_>,
        id: &IncidentId,
        to: &IncidentId,
        relation: Relation,
        reason: &str,
    ) -> Answer {
        check_reason(reason)?;
        let (number, other) = self.both(asked, id, to)?;
        let known = |case: &Case| case.incident.related.iter().any(|r| r.incident == *to);
        let full = |n: u64| self.live.cases.get(n).is_some_and(|c| c.incident.related.len() >= MAX_RELATED);
        if self.live.cases.get(number).is_some_and(known) {
            return Err(CommandError::NotAllowed { why: format!("{to} is related already; unlink it first") });
        }
        if full(number) || full(other) {
            return Err(CommandError::NotAllowed { why: format!("an incident is related to at most {MAX_RELATED}") });
        }
        self.live.cases.relate(number, Entry { other, relation, why: reason, by: asked.by, at: asked.at });
        self.live.cases.edit(number, |case| case.unlinked.remove(&other));
        self.live.cases.edit(other, |case| case.unlinked.remove(&number));
        self.show_case(other);
        self.show_case(number);
        self.answer(number)
    }

    /// Takes a relation away. The engine does not find it again by itself.
    pub(crate) fn unlink(
        &mut self,
        asked: Asked<'_>,
        id: &IncidentId,
        from: &IncidentId,
        reason: Option<&str>,
    ) -> Answer {
        if let Some(reason) = reason {
            check_reason(reason)?;
        }
        let (number, other) = self.both(asked, id, from)?;
        if !self.live.cases.get(number).is_some_and(|c| c.incident.related.iter().any(|r| r.incident == *from)) {
            return Err(CommandError::NotFound { what: "related incident".to_owned(), id: from.to_string() });
        }
        for (of, with, gone) in [(number, other, from), (other, number, id)] {
            let callers = self.live.cases.get(with).map(|case| case.callers.clone()).unwrap_or_default();
            self.live.cases.edit(of, |case| {
                case.incident.related.retain(|r| r.incident != *gone);
                case.discount(&callers);
                case.never_relate(with);
                let reason = reason.map(ToOwned::to_owned);
                case.note(asked.at, asked.by, TimelineEvent::Unrelated { incident: gone.clone(), reason });
                case.touch(asked.at);
            });
        }
        self.show_case(other);
        self.show_case(number);
        self.answer(number)
    }

    /// Writes down what correlation found, unless it is known, people spoke against it, or there is no room.
    pub(super) fn find_relation(&mut self, number: u64, tie: &Tie, at: Timestamp) {
        let (other, relation, why) = (tie.case, tie.relation(), tie.why.as_str());
        let (Some(one), Some(two)) = (self.live.cases.get(number), self.live.cases.get(other)) else { return };
        let against = one.unlinked.contains(&other) || one.is_apart_from(two);
        let known = one.incident.related.iter().any(|r| r.incident == two.incident.id);
        let full = [one, two].iter().any(|case| case.incident.related.len() >= MAX_RELATED);
        if against || known || full {
            return;
        }
        self.live.cases.relate(number, Entry { other, relation, why, by: None, at });
        self.show_case(other);
        self.show_case(number);
    }

    /// A call came to the incident or left it: those that are related as the same event count it too.
    pub(super) fn recount_elsewhere(&mut self, number: u64, call: u64, came: bool) {
        let Some(case) = self.live.cases.get(number) else { return };
        let same = case.incident.related.iter().filter(|r| r.relation == Relation::SameEvent);
        let others: Vec<u64> = same.filter_map(|r| self.live.cases.number(&r.incident)).collect();
        for other in others {
            let callers = BTreeSet::from([call]);
            self.live.cases.edit(other, |case| {
                if came {
                    case.count_elsewhere(&callers);
                } else {
                    case.discount(&callers);
                }
                case.incident.version += 1;
            });
            self.show_case(other);
        }
    }

    /// Points the relations of a merged incident at the one that it was merged into.
    pub(super) fn move_relations(&mut self, target: u64, source: u64) {
        let (Some(into), Some(from)) = (self.live.cases.get(target), self.live.cases.get(source)) else { return };
        let (into, from) = (into.incident.id.clone(), from.incident.clone());
        self.live.cases.edit(target, |case| case.incident.related.retain(|r| r.incident != from.id));
        self.live.cases.edit(source, |case| case.incident.related.clear());
        for related in from.related.iter().filter(|r| r.incident != into) {
            let Some(third) = self.live.cases.number(&related.incident) else { continue };
            self.live.cases.edit(third, |case| {
                let known = case.incident.related.iter().any(|r| r.incident == into);
                case.incident.related.retain(|r| !known || r.incident != from.id);
                case.incident.related.iter_mut().filter(|r| r.incident == from.id).for_each(|r| {
                    r.incident.clone_from(&into);
                });
                case.incident.version += 1;
            });
            self.live.cases.edit(target, |case| {
                let known = case.incident.related.iter().any(|r| r.incident == related.incident);
                if !known && case.incident.related.len() < MAX_RELATED {
                    case.incident.related.push(related.clone());
                }
            });
            self.show_case(third);
        }
    }

    fn both(&self, asked: Asked<'_>, id: &IncidentId, other: &IncidentId) -> Result<(u64, u64), CommandError> {
        let (number, other) = (self.number_of(id, asked.expected)?, self.number_of(other, None)?);
        if number == other {
            return Err(CommandError::NotAllowed { why: "an incident is not related to itself".to_owned() });
        }
        for case in [number, other].iter().filter_map(|n| self.live.cases.get(*n)) {
            if let Some(into) = &case.incident.merged_into {
                return Err(CommandError::NotAllowed {
                    why: format!("incident {} was merged into {into}", case.incident.number),
                });
            }
        }
        Ok((number, other))
    }
}

impl Cases {
    /// Writes the relation down on both sides. Of one event each incident counts the callers of the other.
    fn relate(&mut self, number: u64, entry: Entry<'_>) {
        if entry.relation == Relation::SameEvent {
            let told = |number: u64| self.get(number).map(|case| case.callers.clone()).unwrap_or_default();
            let (ours, theirs) = (told(number), told(entry.other));
            self.edit(number, |case| case.count_elsewhere(&theirs));
            self.edit(entry.other, |case| case.count_elsewhere(&ours));
        }
        let back = Entry { other: number, relation: entry.relation.inverse(), ..entry };
        for (of, entry) in [(number, &entry), (entry.other, &back)] {
            let Some(incident) = self.get(entry.other).map(|c| c.incident.id.clone()) else { continue };
            self.edit(of, |case| {
                let (relation, why) = (entry.relation, entry.why.to_owned());
                case.incident.related.push(RelatedIncident {
                    incident: incident.clone(),
                    relation,
                    why: why.clone(),
                    by: entry.by.cloned(),
                });
                case.note(entry.at, entry.by, TimelineEvent::Related { incident, relation, why });
                case.touch(entry.at);
            });
        }
    }
}

impl Case {
    /// Counts who told of the same event elsewhere.
    fn count_elsewhere(&mut self, callers: &BTreeSet<u64>) {
        self.callers_elsewhere.extend(callers);
        self.count_callers();
    }

    /// They told of another event, as people say now.
    fn discount(&mut self, callers: &BTreeSet<u64>) {
        for caller in callers.iter().filter(|caller| !self.callers.contains(caller)) {
            if self.callers_elsewhere.remove(caller) {
                self.witnesses.remove(caller);
            }
        }
        self.count_witnesses();
    }

    fn never_relate(&mut self, other: u64) {
        if self.unlinked.len() >= MAX_UNLINKED {
            self.unlinked.pop_first();
        }
        self.unlinked.insert(other);
    }
}
