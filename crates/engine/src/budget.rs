//! What all rules of a kind cost together for one of its readings.
//!
//! A rule by itself is bounded by [`crate::rule::MAX_COST`]; without a bound on the sum, many rules stall the engine.

use std::collections::BTreeMap;

use vigiles_model::{KindId, RuleId};

use crate::rule::{Diagnostic, MAX_KIND_COST, Rule, UnitOf};

/// How many of the dearest rules an error names.
const NAMED: usize = 3;

/// The cost of each rule that judges, and the sum for each kind. Made from the rules, so not part of the snapshot.
#[derive(Debug, Clone, Default)]
pub struct Budget {
    rules: BTreeMap<RuleId, (u64, Vec<KindId>)>,
    kinds: BTreeMap<KindId, u64>,
}

impl Budget {
    /// Of these rules.
    pub fn of<'a>(rules: impl Iterator<Item = &'a Rule>, units: UnitOf<'_>) -> Self {
        let mut budget = Self::default();
        rules.for_each(|rule| budget.put(rule, units));
        budget
    }

    /// Takes the rule of this id anew.
    pub fn put(&mut self, rule: &Rule, units: UnitOf<'_>) {
        self.delete(rule.id.as_str());
        if !rule.enabled {
            return;
        }
        let cost = u64::from(rule.cost(units));
        let mut kinds = rule.kinds.clone();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in &kinds {
            *self.kinds.entry(kind.clone()).or_default() += cost;
        }
        self.rules.insert(rule.id.clone(), (cost, kinds));
    }

    /// Takes the rule of this id out.
    pub fn delete(&mut self, id: &str) {
        let Some((cost, kinds)) = RuleId::new(id).ok().and_then(|id| self.rules.remove(&id)) else { return };
        for kind in kinds {
            if let Some(sum) = self.kinds.get_mut(&kind) {
                *sum -= cost;
                if *sum == 0 {
                    self.kinds.remove(&kind);
                }
            }
        }
    }

    /// What is wrong with a rule with which the rules of one of its kinds would cost more than they may. One that
    /// becomes no dearer is taken, also where rules of an earlier version cost too much already.
    pub fn check(&self, rule: &Rule, units: UnitOf<'_>) -> Option<Diagnostic> {
        if !rule.enabled {
            return None;
        }
        let cost = u64::from(rule.cost(units));
        let before = self.rules.get(&rule.id);
        for (i, kind) in rule.kinds.iter().enumerate() {
            let own = before.filter(|(_, kinds)| kinds.contains(kind)).map_or(0, |(cost, _)| *cost);
            let sum = self.kinds.get(kind).copied().unwrap_or(0) - own + cost;
            if sum > MAX_KIND_COST && cost > own {
                let message = self.too_dear(rule, kind, (cost, sum));
                return Some(Diagnostic { field: format!("kinds[{i}]"), at: None, message });
            }
        }
        None
    }

    fn too_dear(&self, rule: &Rule, kind: &KindId, (cost, sum): (u64, u64)) -> String {
        let others = self.rules.iter().filter(|(id, (_, kinds))| **id != rule.id && kinds.contains(kind));
        let mut dearest: Vec<(u64, &RuleId)> = others.map(|(id, (cost, _))| (*cost, id)).collect();
        dearest.push((cost, &rule.id));
        dearest.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        let named: Vec<String> = dearest.iter().take(NAMED).map(|(cost, id)| format!("`{id}` ({cost})")).collect();
        format!(
            "the rules of kind `{kind}` would cost {sum} steps for a reading, the most is {MAX_KIND_COST}; the dearest are {}",
            named.join(", ")
        )
    }
}
