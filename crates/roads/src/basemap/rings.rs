//! Joins pieces of lines at their ends: ways to the rings of an area, roads to longer roads.

use rustc_hash::FxHashMap;

/// Joins pieces end to end where their end points are equal. `reversible` says whether a piece may be
/// turned round. The first piece of the input starts the first chain, so the result does not depend
/// on anything but the order of the input.
pub(super) fn join<T: Clone + Eq + std::hash::Hash>(pieces: Vec<Vec<T>>, reversible: bool) -> Vec<Vec<T>> {
    let mut ends: FxHashMap<T, Vec<usize>> = FxHashMap::default();
    for (i, piece) in pieces.iter().enumerate() {
        for end in [piece.first(), piece.last()].into_iter().flatten() {
            ends.entry(end.clone()).or_default().push(i);
        }
    }
    let mut pieces: Vec<Option<Vec<T>>> = pieces.into_iter().map(Some).collect();
    let mut chains = Vec::new();
    for i in 0..pieces.len() {
        let Some(mut chain) = pieces[i].take() else { continue };
        grow(&mut chain, &mut pieces, &ends, reversible, false);
        grow(&mut chain, &mut pieces, &ends, reversible, true);
        chains.push(chain);
    }
    chains
}

/// Adds pieces at the end of the chain (or, `backwards`, at its start) until none fits or it closes.
fn grow<T: Clone + Eq + std::hash::Hash>(
    chain: &mut Vec<T>,
    pieces: &mut [Option<Vec<T>>],
    ends: &FxHashMap<T, Vec<usize>>,
    reversible: bool,
    backwards: bool,
) {
    if backwards {
        chain.reverse();
    }
    while chain.len() < 3 || chain.first() != chain.last() {
        let Some(end) = chain.last() else { break };
        let fits = |piece: &Vec<T>| {
            let along = if backwards { piece.last() } else { piece.first() };
            along == Some(end) || (reversible && (piece.first() == Some(end) || piece.last() == Some(end)))
        };
        let candidates = ends.get(end).into_iter().flatten();
        let Some(next) = candidates.copied().find(|i| pieces[*i].as_ref().is_some_and(fits)) else { break };
        let Some(mut piece) = pieces[next].take() else { break };
        if piece.first() != Some(end) {
            piece.reverse();
        }
        chain.extend(piece.into_iter().skip(1));
    }
    if backwards {
        chain.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&[i32]], reversible: bool, expected: &[&[i32]]) {
        assert_eq!(join(pieces.iter().map(|p| p.to_vec()).collect(), reversible), expected, "{pieces:?}");
    }

    #[test]
    fn pieces_join_end_to_end() {
        check(&[&[1, 2], &[2, 3]], false, &[&[1, 2, 3]]);
        check(&[&[2, 3], &[1, 2]], false, &[&[1, 2, 3]]);
        check(&[&[1, 2], &[3, 2]], false, &[&[1, 2], &[3, 2]]);
        check(&[&[1, 2], &[3, 2]], true, &[&[1, 2, 3]]);
        check(&[&[1, 2, 3], &[3, 4, 1], &[7, 8]], true, &[&[1, 2, 3, 4, 1], &[7, 8]]);
        check(&[&[], &[5]], true, &[&[], &[5]]);
    }
}
