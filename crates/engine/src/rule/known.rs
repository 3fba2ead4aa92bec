//! What rules and playbooks may name in the city, and what was probably meant by a name that is not there.

use strsim::levenshtein;
use vigiles_model::KindId;
use vigiles_model::kind::ValueType;

/// A sort of things that rules and playbooks name by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Observation kinds.
    Kind,
    /// Zones.
    Zone,
    /// Playbooks.
    Playbook,
    /// Agencies.
    Agency,
    /// Accounts of persons.
    Person,
    /// Roles of persons.
    Role,
}

impl Named {
    fn word(self) -> &'static str {
        match self {
            Self::Kind => "observation kind",
            Self::Zone => "zone",
            Self::Playbook => "playbook",
            Self::Agency => "agency",
            Self::Person => "person",
            Self::Role => "role",
        }
    }
}

/// What there is in the city when a rule or a playbook is saved.
pub trait Known {
    /// The UCUM code of a kind's unit, empty for booleans and texts; none where there is no such kind.
    fn unit(&self, kind: &KindId) -> Option<String>;

    /// The type of a kind's values; none where there is no such kind.
    fn value_type(&self, kind: &KindId) -> Option<ValueType>;

    /// The lowest and the highest plausible value of a kind, in its unit; none where there is no such end, or no such kind.
    fn range(&self, kind: &KindId) -> (Option<f64>, Option<f64>);

    /// Most steps that it takes to find the zones of a place, wherever it lies: [`zone_steps`](super::zone_steps) of them.
    fn zone_steps(&self) -> u32;

    /// Whether there is one of this id.
    fn has(&self, what: Named, id: &str) -> bool;

    /// All ids of a sort that may be told to who saves, in any order.
    fn ids(&self, what: Named) -> Vec<String>;
}

/// There is none of this id; `ids` are those that would do.
pub(crate) fn missing<'a>(what: Named, id: &str, ids: impl Iterator<Item = &'a str>) -> String {
    let meant = nearest(id, ids).map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
    format!("there is no {} `{id}`{meant}", what.word())
}

/// The id most like this one, if at least half of it is the same; of those as like the first in order.
pub(crate) fn nearest<'a>(id: &str, ids: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = |other: &&str| {
        let (short, long) = (id.len().min(other.len()), id.len().max(other.len()));
        short * 2 >= long && levenshtein(id, other) * 2 <= long
    };
    ids.filter(near).min_by_key(|other| (levenshtein(id, other), *other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, expected: Option<&str>) {
        assert_eq!(nearest(id, ["harbour", "old-town", "air.pm25", "air.pm10"].into_iter()), expected, "{id}");
    }

    #[test]
    fn a_slip_is_told_from_another_name() {
        check("harbor", Some("harbour"));
        check("harbuor", Some("harbour"));
        check("oldtown", Some("old-town"));
        check("pm25", Some("air.pm25"));
        check("air.pm1", Some("air.pm10"));
        check("air.pm", Some("air.pm10"));
        check("moon", None);
        check("", None);
    }
}
