//! A reading of its own for each part: the largest matching of parts and readings, by augmenting paths.
//!
//! Kuhn, "The Hungarian Method for the Assignment Problem", Naval Research Logistics Quarterly 2, 1955; the search for an
//! augmenting path in a bipartite graph. There are at most eight parts, each with at most eight readings to choose from.

use vigiles_model::ObservationId;

/// Of the parts but `own`, each with the readings it would take, the best first: which of these it gets. As many parts
/// as possible get one, and no reading is given to two.
pub(crate) fn assign(wanted: &[Vec<ObservationId>], own: usize) -> Vec<Option<usize>> {
    let mut chosen = vec![None; wanted.len()];
    for part in (0..wanted.len()).filter(|part| *part != own) {
        augment(wanted, part, &mut chosen, &mut Vec::new());
    }
    chosen
}

/// Most steps for the parts of a pattern, whichever of them the new reading is.
pub(crate) fn cost(parts: usize) -> usize {
    // For each choice of the new reading's part each other part looks at each edge once, and at who has the reading.
    parts.pow(4)
}

/// Gives the part a reading, moving others to their next choices where that is needed; false where it cannot be.
fn augment(
    wanted: &[Vec<ObservationId>],
    part: usize,
    chosen: &mut [Option<usize>],
    tried: &mut Vec<ObservationId>,
) -> bool {
    for (choice, id) in wanted[part].iter().enumerate() {
        if tried.contains(id) {
            continue;
        }
        tried.push(*id);
        let has = |(other, choice): (usize, &Option<usize>)| choice.is_some_and(|c| wanted[other][c] == *id);
        let holder = chosen.iter().enumerate().position(has);
        if holder.is_none_or(|holder| augment(wanted, holder, chosen, tried)) {
            chosen[part] = Some(choice);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: &[&[u128]], own: usize, expected: &[Option<usize>]) {
        let wanted: Vec<Vec<ObservationId>> =
            wanted.iter().map(|ids| ids.iter().map(|id| ObservationId(*id)).collect()).collect();
        assert_eq!(assign(&wanted, own), expected);
    }

    #[test]
    fn no_reading_stands_for_two_parts() {
        check(&[&[1, 2], &[1], &[]], 2, &[Some(1), Some(0), None]);
        check(&[&[1], &[1], &[2]], 2, &[Some(0), None, None]);
        check(&[&[1, 2], &[1, 3], &[1], &[3, 4], &[9]], 4, &[Some(1), Some(1), Some(0), Some(1), None]);
    }
}
