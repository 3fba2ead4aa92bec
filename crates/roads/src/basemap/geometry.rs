//! Plane geometry in Web Mercator (the unit square, x east, y south) and in tile units.

/// A point: x east, y south.
pub(super) type Point = [f64; 2];

/// Northernmost latitude of Web Mercator, in degrees.
const MAX_LATITUDE: f64 = 85.051_128_779_806_59;

/// A rectangle with its smallest and largest corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub(super) min: Point,
    pub(super) max: Point,
}

impl Rect {
    pub(super) fn around(points: impl IntoIterator<Item = Point>) -> Self {
        let mut rect = Self { min: [f64::MAX; 2], max: [f64::MIN; 2] };
        for p in points {
            rect.min = [rect.min[0].min(p[0]), rect.min[1].min(p[1])];
            rect.max = [rect.max[0].max(p[0]), rect.max[1].max(p[1])];
        }
        rect
    }

    pub(super) fn contains(&self, p: Point) -> bool {
        (0..2).all(|axis| p[axis] >= self.min[axis] && p[axis] <= self.max[axis])
    }
}

/// Projects 1e-7 degrees to the unit square.
pub(super) fn project(lon_e7: i32, lat_e7: i32) -> Point {
    let lat = (f64::from(lat_e7) * 1e-7).clamp(-MAX_LATITUDE, MAX_LATITUDE).to_radians();
    let x = (f64::from(lon_e7) * 1e-7 + 180.0) / 360.0;
    let y = 0.5 - (std::f64::consts::FRAC_PI_4 + lat / 2.0).tan().ln() / std::f64::consts::TAU;
    [x, y]
}

/// Length in metres of one unit of the square at the latitude of `y`.
pub(super) fn metres_per_unit(y: f64) -> f64 {
    let lat = ((0.5 - y) * std::f64::consts::TAU).sinh().atan();
    40_075_016.7 * lat.cos()
}

/// Twice-signed area of a closed ring halved: positive where it runs clockwise on a map (y south).
pub(super) fn area(ring: &[Point]) -> f64 {
    let Some(o) = ring.first() else { return 0.0 };
    // Relative to the first point: the unit square leaves too few digits for the area of a house.
    let cross = |a: &Point, b: &Point| (a[0] - o[0]) * (b[1] - o[1]) - (b[0] - o[0]) * (a[1] - o[1]);
    ring.windows(2).map(|w| cross(&w[0], &w[1])).sum::<f64>() / 2.0
}

/// Whether the point lies in the closed ring (even-odd).
pub(super) fn inside(ring: &[Point], p: Point) -> bool {
    ring.windows(2).fold(false, |odd, w| {
        let crosses = (w[0][1] > p[1]) != (w[1][1] > p[1])
            && p[0] < (w[1][0] - w[0][0]) * (p[1] - w[0][1]) / (w[1][1] - w[0][1]) + w[0][0];
        odd ^ crosses
    })
}

/// A point inside the polygon: the middle of the widest stretch at half its height.
pub(super) fn point_inside(rings: &[Vec<Point>]) -> Option<Point> {
    let rect = Rect::around(rings.first()?.iter().copied());
    let y = f64::midpoint(rect.min[1], rect.max[1]);
    let mut crossings: Vec<f64> = rings
        .iter()
        .flat_map(|ring| ring.windows(2))
        .filter(|w| (w[0][1] > y) != (w[1][1] > y))
        .map(|w| w[0][0] + (w[1][0] - w[0][0]) * (y - w[0][1]) / (w[1][1] - w[0][1]))
        .collect();
    crossings.sort_by(f64::total_cmp);
    let widest = crossings.chunks_exact(2).max_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0])))?;
    Some([f64::midpoint(widest[0], widest[1]), y])
}

/// Leaves out points that lie within `tolerance` of the line between their neighbours
/// (Douglas-Peucker). First and last point stay.
pub(super) fn simplify(points: &[Point], tolerance: f64) -> Vec<Point> {
    if points.len() < 3 || tolerance <= 0.0 {
        return points.to_vec();
    }
    let mut keep = vec![false; points.len()];
    keep[0] = true;
    keep[points.len() - 1] = true;
    let mut open = vec![(0, points.len() - 1)];
    while let Some((from, to)) = open.pop() {
        let far = (from + 1..to)
            .map(|i| (i, distance_squared(points[i], points[from], points[to])))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((i, d)) = far
            && d > tolerance * tolerance
        {
            keep[i] = true;
            open.push((from, i));
            open.push((i, to));
        }
    }
    points.iter().zip(keep).filter(|(_, keep)| *keep).map(|(p, _)| *p).collect()
}

fn distance_squared(p: Point, from: Point, to: Point) -> f64 {
    let along = [to[0] - from[0], to[1] - from[1]];
    let away = [p[0] - from[0], p[1] - from[1]];
    let length = along[0] * along[0] + along[1] * along[1];
    let dot = away[0] * along[0] + away[1] * along[1];
    let part = if length > 0.0 { (dot / length).clamp(0.0, 1.0) } else { 0.0 };
    (away[0] - part * along[0]).powi(2) + (away[1] - part * along[1]).powi(2)
}

/// The parts of a line inside the rectangle.
pub(super) fn clip_line(line: &[Point], rect: &Rect) -> Vec<Vec<Point>> {
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let mut open = false;
    for w in line.windows(2) {
        let Some((a, b, cut)) = clip_segment(w[0], w[1], rect) else {
            open = false;
            continue;
        };
        match parts.last_mut().filter(|_| open) {
            Some(part) => part.push(b),
            None => parts.push(vec![a, b]),
        }
        open = !cut;
    }
    parts
}

/// The stretch of a segment inside the rectangle (Liang-Barsky), and whether its end is cut off.
fn clip_segment(a: Point, b: Point, rect: &Rect) -> Option<(Point, Point, bool)> {
    let (mut t0, mut t1) = (0.0f64, 1.0f64);
    for axis in 0..2 {
        let d = b[axis] - a[axis];
        if d == 0.0 {
            if a[axis] < rect.min[axis] || a[axis] > rect.max[axis] {
                return None;
            }
            continue;
        }
        let (mut near, mut far) = ((rect.min[axis] - a[axis]) / d, (rect.max[axis] - a[axis]) / d);
        if near > far {
            std::mem::swap(&mut near, &mut far);
        }
        t0 = t0.max(near);
        t1 = t1.min(far);
    }
    let at = |t: f64| [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
    // The ends are kept exactly, so that the pieces of a line join.
    let start = if t0 > 0.0 { at(t0) } else { a };
    let end = if t1 < 1.0 { at(t1) } else { b };
    (t0 <= t1).then_some((start, end, t1 < 1.0))
}

/// The part of a closed ring inside the rectangle (Sutherland-Hodgman), closed; empty where nothing
/// is left. Where the ring leaves and enters again it runs along the edge, which the buffer hides.
pub(super) fn clip_ring(ring: &[Point], rect: &Rect) -> Vec<Point> {
    let mut points = ring.to_vec();
    points.pop();
    for (axis, edge, sign) in
        [(0, rect.min[0], 1.0), (0, rect.max[0], -1.0), (1, rect.min[1], 1.0), (1, rect.max[1], -1.0)]
    {
        let within = |p: &Point| (p[axis] - edge) * sign >= 0.0;
        let mut kept = Vec::with_capacity(points.len() + 4);
        for (i, b) in points.iter().enumerate() {
            let a = &points[(i + points.len() - 1) % points.len()];
            if within(a) != within(b) {
                let t = (edge - a[axis]) / (b[axis] - a[axis]);
                let mut cut = [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];
                cut[axis] = edge;
                kept.push(cut);
            }
            if within(b) {
                kept.push(*b);
            }
        }
        points = kept;
    }
    points.extend(points.first().copied());
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECT: Rect = Rect { min: [0.0, 0.0], max: [10.0, 10.0] };

    fn check_line(line: &[Point], expected: &[&[Point]]) {
        assert_eq!(clip_line(line, &RECT), expected, "{line:?}");
    }

    #[test]
    fn lines_are_cut_at_the_edge() {
        check_line(&[[1.0, 1.0], [2.0, 2.0]], &[&[[1.0, 1.0], [2.0, 2.0]]]);
        check_line(&[[-5.0, 5.0], [15.0, 5.0]], &[&[[0.0, 5.0], [10.0, 5.0]]]);
        check_line(
            &[[5.0, 5.0], [15.0, 5.0], [15.0, 6.0], [5.0, 6.0]],
            &[&[[5.0, 5.0], [10.0, 5.0]], &[[10.0, 6.0], [5.0, 6.0]]],
        );
        check_line(&[[20.0, 20.0], [30.0, 20.0]], &[]);
    }

    #[test]
    fn rings_are_cut_and_stay_closed() {
        let square = [[-5.0, -5.0], [5.0, -5.0], [5.0, 5.0], [-5.0, 5.0], [-5.0, -5.0]];
        let cut = clip_ring(&square, &RECT);
        assert_eq!(cut.first(), cut.last());
        assert!((area(&cut).abs() - 25.0).abs() < 1e-9);
        let around = [[-5.0, -5.0], [15.0, -5.0], [15.0, 15.0], [-5.0, 15.0], [-5.0, -5.0]];
        assert!((area(&clip_ring(&around, &RECT)).abs() - 100.0).abs() < 1e-9);
        let away = [[20.0, 20.0], [30.0, 20.0], [30.0, 30.0], [20.0, 20.0]];
        assert!(clip_ring(&away, &RECT).is_empty());
    }

    #[test]
    fn straight_points_are_left_out() {
        let line = [[0.0, 0.0], [1.0, 0.01], [2.0, 0.0], [3.0, 2.0]];
        assert_eq!(simplify(&line, 0.1), [[0.0, 0.0], [2.0, 0.0], [3.0, 2.0]]);
        assert_eq!(simplify(&line, 0.0).len(), 4);
    }

    #[test]
    fn label_points_lie_inside() {
        let c = vec![
            [0.0, 0.0],
            [9.0, 0.0],
            [9.0, 2.0],
            [2.0, 2.0],
            [2.0, 6.0],
            [9.0, 6.0],
            [9.0, 9.0],
            [0.0, 9.0],
            [0.0, 0.0],
        ];
        let p = point_inside(std::slice::from_ref(&c)).unwrap();
        assert!(inside(&c, p), "{p:?}");
        assert!(point_inside(&[]).is_none());
    }

    #[test]
    fn projection_of_known_points() {
        let p = project(0, 0);
        assert!((p[0] - 0.5).abs() < 1e-12 && (p[1] - 0.5).abs() < 1e-12, "{p:?}");
        let p = project(1_800_000_000, 900_000_000);
        assert!((p[0] - 1.0).abs() < 1e-12 && p[1].abs() < 1e-9, "{p:?}");
        assert!((metres_per_unit(0.5) - 40_075_016.7).abs() < 1.0);
    }
}
