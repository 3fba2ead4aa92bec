//! Which step comes after which.

use std::collections::BTreeSet;

use vigiles_model::StepId;
use vigiles_model::playbook::Step;

/// A name after which a step would come, but which no step has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown {
    /// Place of the step.
    pub(super) step: usize,
    /// Place in its `after`.
    pub(super) place: usize,
    /// The name.
    pub(super) id: StepId,
}

/// The places of the steps that each step directly comes after.
pub(super) fn direct(steps: &[Step]) -> Result<Vec<Vec<usize>>, Unknown> {
    let ids: Vec<StepId> = steps.iter().enumerate().map(|(i, step)| step.id_at(i)).collect();
    let before = |(i, step): (usize, &Step)| match &step.after {
        None => Ok(i.checked_sub(1).into_iter().collect()),
        Some(after) => after
            .iter()
            .enumerate()
            .map(|(place, id)| {
                let unknown = || Unknown { step: i, place, id: id.clone() };
                ids.iter().position(|known| known == id).ok_or_else(unknown)
            })
            .collect(),
    };
    steps.iter().enumerate().map(before).collect()
}

/// The places of all steps that each step comes after, directly or not; else the places of steps that wait for each
/// other, in a circle.
pub(super) fn all(direct: &[Vec<usize>]) -> Result<Vec<BTreeSet<usize>>, Vec<usize>> {
    let mut all: Vec<Option<BTreeSet<usize>>> = vec![None; direct.len()];
    loop {
        let is_ready = |i: &usize| all[*i].is_none() && direct[*i].iter().all(|d| all[*d].is_some());
        let Some(next) = (0..direct.len()).find(is_ready) else { break };
        let mut before = BTreeSet::new();
        for d in &direct[next] {
            before.insert(*d);
            before.extend(all[*d].iter().flatten());
        }
        all[next] = Some(before);
    }
    match all.iter().position(Option::is_none) {
        None => Ok(all.into_iter().flatten().collect()),
        Some(stuck) => Err(circle(direct, &all, stuck)),
    }
}

/// Walks back from a stuck step, always to a stuck one, until a step comes again; the circle begins at its first step.
fn circle(direct: &[Vec<usize>], all: &[Option<BTreeSet<usize>>], stuck: usize) -> Vec<usize> {
    let mut path = vec![stuck];
    loop {
        let last = path[path.len() - 1];
        let Some(back) = direct[last].iter().find(|d| all[**d].is_none()) else { return path };
        if let Some(start) = path.iter().position(|seen| seen == back) {
            let mut circle = path.split_off(start);
            circle.reverse();
            let least = (0..circle.len()).min_by_key(|place| circle[*place]).unwrap_or(0);
            circle.rotate_left(least);
            return circle;
        }
        path.push(*back);
    }
}

#[cfg(test)]
mod tests {
    use vigiles_model::playbook::Action;

    use super::*;

    /// Steps as "a b:a c:a,b"; a name alone comes after the step before it, `b:` after none.
    fn steps(text: &str) -> Vec<Step> {
        let id = |text: &str| StepId::new(text).unwrap();
        let step = |word: &str| {
            let (name, after) = word.split_once(':').map_or((word, None), |(name, after)| (name, Some(after)));
            let after = after.map(|after| after.split(',').filter(|a| !a.is_empty()).map(id).collect());
            Step { id: Some(id(name)), after, ..Step::new(name, Action::Manual) }
        };
        text.split_whitespace().map(step).collect()
    }

    fn check(text: &str, expected: &Result<Vec<Vec<usize>>, Vec<usize>>) {
        let found = all(&direct(&steps(text)).unwrap());
        let found = found.map(|all| all.into_iter().map(|before| before.into_iter().collect::<Vec<_>>()).collect());
        assert_eq!(&found, expected, "{text}");
    }

    #[test]
    fn what_comes_before_is_found() {
        check("a b c", &Ok(vec![vec![], vec![0], vec![0, 1]]));
        check("a b: c:a,b d", &Ok(vec![vec![], vec![], vec![0, 1], vec![0, 1, 2]]));
        check("a:c b:a c:", &Ok(vec![vec![2], vec![0, 2], vec![]]));
    }

    #[test]
    fn circles_are_named_in_order() {
        check("a:a", &Err(vec![0]));
        check("a: b:d c:b d:c e:d", &Err(vec![1, 2, 3]));
    }

    #[test]
    fn unknown_steps_are_named() {
        let unknown = Unknown { step: 1, place: 1, id: StepId::new("x").unwrap() };
        assert_eq!(direct(&steps("a: b:a,x")), Err(unknown));
    }
}
