//! The alarms that stand for all others: medoids.
//!
//! K-medoids by the simple and fast algorithm of Park & Jun (2009), on at most [`SAMPLE`] alarms evenly taken, with the
//! distance of hour of day, duration, support and place, each divided by its spread.

use vigiles_model::{Alarm, Geometry};

/// Most alarms that are compared with each other.
const SAMPLE: usize = 400;
const ROUNDS: usize = 20;
const DAY: f64 = 86_400e6;

type Point = [f64; 6];

/// Positions of the `count` most typical alarms, those that stand for most first.
pub(super) fn typical(alarms: &[Alarm], count: usize) -> Vec<usize> {
    let step = alarms.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<usize> = (0..alarms.len()).step_by(step).collect();
    let points = standardised(sample.iter().map(|i| point(&alarms[*i])).collect());
    if points.len() <= count {
        return sample;
    }
    let mut medoids = first_medoids(&points, count);
    for _ in 0..ROUNDS {
        let groups = groups(&points, &medoids);
        let next: Vec<usize> = groups.iter().zip(&medoids).map(|(group, old)| centre(&points, group, *old)).collect();
        if next == medoids {
            break;
        }
        medoids = next;
    }
    let mut sized: Vec<(usize, usize)> =
        groups(&points, &medoids).iter().zip(&medoids).map(|(group, medoid)| (group.len(), *medoid)).collect();
    sized.sort_by_key(|(size, medoid)| (std::cmp::Reverse(*size), *medoid));
    sized.into_iter().map(|(_, medoid)| sample[medoid]).collect()
}

fn point(alarm: &Alarm) -> Point {
    let turn = (alarm.raised.0 as f64).rem_euclid(DAY) / DAY * std::f64::consts::TAU;
    let duration = alarm.cleared.map_or(DAY, |end| (end.0 - alarm.raised.0) as f64) / 1e6;
    let place = alarm.place.as_ref().map(Geometry::centre);
    let (lon, lat) = place.map_or((0.0, 0.0), |p| (p.lon, p.lat));
    [turn.sin(), turn.cos(), duration.max(1.0).ln(), (alarm.support as f64).max(1.0).ln(), lon, lat]
}

fn standardised(mut points: Vec<Point>) -> Vec<Point> {
    let n = points.len().max(1) as f64;
    for d in 0..6 {
        let mean = points.iter().map(|p| p[d]).sum::<f64>() / n;
        let variance = points.iter().map(|p| (p[d] - mean).powi(2)).sum::<f64>() / n;
        let spread = variance.sqrt().max(1e-9);
        for p in &mut points {
            p[d] = (p[d] - mean) / spread;
        }
    }
    points
}

fn distance(a: &Point, b: &Point) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// The one with the least sum of distances, then each time the one farthest from those chosen.
fn first_medoids(points: &[Point], count: usize) -> Vec<usize> {
    let all: Vec<usize> = (0..points.len()).collect();
    let mut medoids = vec![centre(points, &all, 0)];
    while medoids.len() < count {
        let nearest = |i: usize| medoids.iter().map(|m| distance(&points[i], &points[*m])).fold(f64::MAX, f64::min);
        let farthest = all.iter().copied().max_by(|a, b| nearest(*a).total_cmp(&nearest(*b)).then(b.cmp(a)));
        match farthest {
            Some(next) if !medoids.contains(&next) => medoids.push(next),
            _ => break,
        }
    }
    medoids
}

fn groups(points: &[Point], medoids: &[usize]) -> Vec<Vec<usize>> {
    let mut groups = vec![Vec::new(); medoids.len()];
    for (i, point) in points.iter().enumerate() {
        let near = |m: &usize| distance(point, &points[medoids[*m]]);
        let group = (0..medoids.len()).min_by(|a, b| near(a).total_cmp(&near(b))).unwrap_or(0);
        groups[group].push(i);
    }
    groups
}

/// The member with the least sum of distances to the others.
fn centre(points: &[Point], group: &[usize], otherwise: usize) -> usize {
    let sum = |i: usize| group.iter().map(|j| distance(&points[i], &points[*j])).sum::<f64>();
    let sums = group.iter().map(|i| (sum(*i), *i));
    sums.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map_or(otherwise, |(_, i)| i)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(groups: &[(f64, usize)]) -> Vec<Point> {
        let spread = |(centre, count): &(f64, usize)| -> Vec<Point> {
            (0..*count).map(|i| [0.0, 0.0, centre + i as f64 / 100.0, 0.0, 0.0, 0.0]).collect()
        };
        groups.iter().flat_map(spread).collect()
    }

    #[test]
    fn each_group_has_its_middle() {
        let points = points(&[(0.0, 5), (10.0, 3), (20.0, 1)]);
        let mut medoids = first_medoids(&points, 3);
        for _ in 0..3 {
            let found = groups(&points, &medoids);
            medoids = found.iter().zip(&medoids).map(|(group, old)| centre(&points, group, *old)).collect();
        }
        medoids.sort_unstable();
        assert_eq!(medoids, [2, 6, 8]);
    }

    /// Alarms at an hour of a day, from a place, that stood for so many minutes.
    fn alarms(hour: i64, lon: f64, minutes: i64, count: i64) -> Vec<Alarm> {
        let one = |day: i64| {
            let raised = day * 86_400 + hour * 3_600 + day * 7;
            let at = |second: i64| vigiles_model::Timestamp::from_secs(second);
            let json = serde_json::json!({
                "id": format!("alm-{hour}-{day}"), "rule": "r", "rule_version": 1, "key": "k", "title": "", "reason": "",
                "severity": "minor", "state": "cleared", "kind": null, "asset": null,
                "place": Geometry::Point(vigiles_model::Position { lon, lat: 0.0 }), "agency": "city",
                "raised": at(raised), "cleared": at(raised + minutes * 60), "causes": [], "support": 1,
                "incident": null, "version": 1
            });
            serde_json::from_value(json).unwrap()
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn a_month_of_three_sorts_shows_each_and_the_most_frequent_first() {
        let sorts = [(3, 0.0, 5, 600), (12, 1.0, 60, 300), (20, 2.0, 600, 30)];
        let month: Vec<Alarm> =
            sorts.iter().flat_map(|(hour, lon, minutes, count)| alarms(*hour, *lon, *minutes, *count)).collect();
        let found = typical(&month, 3);
        let hours: Vec<i64> = found.iter().map(|i| month[*i].raised.0 / 3_600_000_000 % 24).collect();
        assert_eq!(hours, [3, 12, 20]);
        let ten = typical(&month, 10);
        assert_eq!(ten.len(), 10);
        let apart: std::collections::BTreeSet<usize> = ten.iter().copied().collect();
        assert_eq!(apart.len(), 10, "no alarm is shown twice");
        // Alarms that are all alike stand for each other: one is enough.
        assert_eq!(typical(&vec![month[0].clone(); 25], 10).len(), 1);
    }

    #[test]
    fn fewer_than_asked_are_all_shown() {
        assert_eq!(typical(&[], 10), Vec::<usize>::new());
    }
}
