//! The sea from the coastline. In OpenStreetMap a coastline runs with the land on its left and the water on
//! its right; an extract holds only the stretches inside its box, so the sea is closed along the box.

use super::geometry::{Point, Rect, area, clip_line, inside};

/// The sea as areas (an outer ring followed by its holes), and how many stretches ended inside the box.
#[derive(Debug, Default)]
pub(super) struct Sea {
    pub(super) areas: Vec<Vec<Vec<Point>>>,
    pub(super) loose_ends: u64,
}

/// A stretch with a loose end is passed over if it is shorter than this part of width and height of the box.
const SHORT: f64 = 0.02;

/// A stretch from edge to edge of the box, with the place of both ends on the edge.
struct Stretch {
    line: Vec<Point>,
    enters: f64,
    leaves: f64,
}

/// Closes the sea. `chains` are coastlines joined as far as they go, known inside `bounds`; the sea is drawn on to the
/// edge of `outer`, straight out from the edge of `bounds`.
pub(super) fn sea(chains: &[Vec<Point>], bounds: &Rect, outer: &Rect) -> Sea {
    let mut sea = Sea::default();
    let (mut stretches, mut islands, mut basins) = (Vec::new(), Vec::new(), Vec::new());
    for chain in chains {
        let closed = chain.len() > 3 && chain.first() == chain.last();
        if closed && chain.iter().all(|p| bounds.contains(*p)) {
            // With y to the south a positive area runs clockwise on the map: the water is inside.
            if area(chain) > 0.0 {
                basins.push(chain.clone());
            } else {
                islands.push(chain.clone());
            }
            continue;
        }
        for line in inner_parts(chain, closed, bounds) {
            let (Some(first), Some(last)) = (line.first().copied(), line.last().copied()) else { continue };
            let loose = [first, last].iter().filter(|p| off_edge(**p, bounds) > 1e-3).count() as u64;
            sea.loose_ends += loose;
            // Between a loose end and an edge close by there is no telling which side the long way round is.
            if loose > 0 && length(&line) < SHORT * (bounds.max[0] - bounds.min[0] + bounds.max[1] - bounds.min[1]) {
                continue;
            }
            stretches.push(Stretch { enters: edge_place(first, bounds), leaves: edge_place(last, bounds), line });
        }
    }
    let mut rings = if stretches.is_empty() && basins.is_empty() && !islands.is_empty() {
        vec![corners(outer, 0.0, 4.0)]
    } else {
        close(stretches, bounds, outer)
    };
    rings.append(&mut basins);
    for ring in rings {
        let holes = islands.extract_if(.., |island| island.first().is_some_and(|p| inside(&ring, *p)));
        let holes: Vec<_> = holes.collect();
        sea.areas.push(std::iter::once(ring).chain(holes).collect());
    }
    sea
}

/// The parts of a chain inside the box; a closed chain is not cut where it happens to start.
fn inner_parts(chain: &[Point], closed: bool, bounds: &Rect) -> Vec<Vec<Point>> {
    let mut parts = clip_line(chain, bounds);
    if closed && parts.len() > 1 && parts.last().and_then(|p| p.last()) == parts[0].first() {
        let head = parts.swap_remove(0);
        // swap_remove put the last part first; it runs on into the head.
        parts[0].extend(head.into_iter().skip(1));
    }
    parts
}

/// Follows each stretch, then the edge clockwise (the water stays on the right) to the next one, until the
/// ring closes. Rings run clockwise on the map.
fn close(mut stretches: Vec<Stretch>, bounds: &Rect, outer: &Rect) -> Vec<Vec<Point>> {
    let mut rings = Vec::new();
    while let Some(first) = stretches.pop() {
        let (start, mut at) = (first.enters, first.leaves);
        let mut ring = first.line;
        loop {
            let ahead = |place: f64| (place - at).rem_euclid(4.0);
            let home = ahead(start);
            let next = (0..stretches.len())
                .filter(|i| ahead(stretches[*i].enters) < home)
                .min_by(|a, b| ahead(stretches[*a].enters).total_cmp(&ahead(stretches[*b].enters)));
            let Some(next) = next else {
                ring.extend(along(bounds, outer, at, home));
                break;
            };
            let stretch = stretches.swap_remove(next);
            ring.extend(along(bounds, outer, at, ahead(stretch.enters)));
            at = stretch.leaves;
            ring.extend(stretch.line);
        }
        ring.extend(ring.first().copied());
        rings.push(ring);
    }
    rings
}

/// The way along the outer edge from one place to another `length` sides on.
fn along(bounds: &Rect, outer: &Rect, at: f64, length: f64) -> Vec<Point> {
    let mut way = vec![outward(bounds, outer, at)];
    way.extend(corners(outer, at, length));
    way.push(outward(bounds, outer, at + length));
    way
}

/// The point of the outer edge straight out from a place on the edge of the box.
fn outward(bounds: &Rect, outer: &Rect, place: f64) -> Point {
    let place = place.rem_euclid(4.0);
    let side = place.floor();
    let on = |axis: usize, part: f64| bounds.min[axis] + part * (bounds.max[axis] - bounds.min[axis]);
    let part = place - side;
    match side as u8 {
        0 => [on(0, part), outer.min[1]],
        1 => [outer.max[0], on(1, part)],
        2 => [on(0, 1.0 - part), outer.max[1]],
        _ => [outer.min[0], on(1, 1.0 - part)],
    }
}

/// Corners passed on a way of `length` sides along the edge, clockwise from `at`. A full round is closed.
fn corners(bounds: &Rect, at: f64, length: f64) -> Vec<Point> {
    let [west, north] = bounds.min;
    let [east, south] = bounds.max;
    let all = [[west, north], [east, north], [east, south], [west, south]];
    let first = at.floor() as usize + 1;
    let mut passed: Vec<Point> = (first..first + 4).filter(|i| *i as f64 - at <= length).map(|i| all[i % 4]).collect();
    if length >= 4.0 {
        passed.extend(passed.first().copied());
    }
    passed
}

/// Where on the edge: 0 north-west, 1 north-east, 2 south-east, 3 south-west, clockwise up to 4.
/// A point off the edge counts as the nearest point of the edge.
fn edge_place(p: Point, bounds: &Rect) -> f64 {
    let part = |axis: usize| ((p[axis] - bounds.min[axis]) / (bounds.max[axis] - bounds.min[axis])).clamp(0.0, 1.0);
    let (x, y) = (part(0), part(1));
    let sides = [(y, x), (1.0 - x, 1.0 + y), (1.0 - y, 3.0 - x), (x, 4.0 - y)];
    let nearest = sides.iter().min_by(|a, b| a.0.total_cmp(&b.0));
    nearest.map_or(0.0, |side| side.1 % 4.0)
}

fn length(line: &[Point]) -> f64 {
    line.windows(2).map(|w| (w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1])).sum()
}

/// Distance from the edge as a part of the box.
fn off_edge(p: Point, bounds: &Rect) -> f64 {
    (0..2)
        .flat_map(|axis| {
            let size = bounds.max[axis] - bounds.min[axis];
            [(p[axis] - bounds.min[axis]).abs() / size, (bounds.max[axis] - p[axis]).abs() / size]
        })
        .fold(f64::MAX, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Rect = Rect { min: [0.0, 0.0], max: [10.0, 10.0] };

    const OUTER: Rect = Rect { min: [-5.0, -5.0], max: [15.0, 15.0] };

    /// Water at each probe, from the even-odd rule over all rings.
    fn check(chains: &[&[Point]], probes: &[(Point, bool)]) {
        let chains: Vec<_> = chains.iter().map(|c| c.to_vec()).collect();
        let sea = sea(&chains, &BOX, &OUTER);
        for (p, water) in probes {
            let odd = sea.areas.iter().flatten().filter(|ring| inside(ring, *p)).count() % 2 == 1;
            assert_eq!(odd, *water, "{p:?} with {chains:?}: {:?}", sea.areas);
        }
    }

    #[test]
    fn water_lies_right_of_the_coast() {
        // Walking east, the water is in the south.
        check(
            &[&[[-1.0, 5.0], [11.0, 5.0]]],
            &[([5.0, 8.0], true), ([5.0, 2.0], false), ([14.0, 14.0], true), ([-4.0, 1.0], false)],
        );
        check(&[&[[11.0, 5.0], [-1.0, 5.0]]], &[([5.0, 8.0], false), ([5.0, 2.0], true)]);
    }

    #[test]
    fn two_coasts_make_a_strait() {
        check(
            &[&[[-1.0, 3.0], [11.0, 3.0]], &[[11.0, 7.0], [-1.0, 7.0]]],
            &[([5.0, 1.0], false), ([5.0, 5.0], true), ([5.0, 9.0], false)],
        );
    }

    #[test]
    fn islands_are_holes() {
        let island: &[Point] = &[[4.0, 4.0], [4.0, 6.0], [6.0, 6.0], [6.0, 4.0], [4.0, 4.0]];
        check(&[island], &[([5.0, 5.0], false), ([1.0, 1.0], true)]);
        check(&[&[[-1.0, 2.0], [11.0, 2.0]], island], &[([5.0, 5.0], false), ([5.0, 8.0], true), ([5.0, 1.0], false)]);
    }

    #[test]
    fn a_coast_that_stops_is_counted() {
        assert_eq!(sea(&[vec![[-1.0, 5.0], [5.0, 5.0]]], &BOX, &OUTER).loose_ends, 1);
        assert!(sea(&[], &BOX, &OUTER).areas.is_empty());
    }
}
