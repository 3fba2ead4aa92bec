//! The peer: an alarm joins the group of the nearest earlier alarm within a radius and a window, else it begins one.

use vigiles_model::Alarm;

use crate::pairs::Pairs;
use crate::run::Judged;

/// Settings of the plain rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plain {
    pub(crate) radius_m: f64,
    pub(crate) window_s: f64,
    /// Whether only alarms of the same incident type join.
    pub(crate) same_type: bool,
}

/// The alarms of one scenario as the plain rule sees them, in order.
pub(crate) struct Stream(Vec<Seen>);

struct Seen {
    event: u32,
    incident_type: String,
    at_s: f64,
    /// Metres east and north on a plane, good enough for a town.
    plane: (f64, f64),
}

const METRES_PER_DEGREE: f64 = 111_195.0;

impl Stream {
    pub(crate) fn of(judged: &[Judged]) -> Self {
        let plane = |alarm: &Alarm| {
            let place = alarm.place.as_ref().map(vigiles_model::Geometry::centre);
            place.map_or((0.0, 0.0), |p| {
                (p.lon * METRES_PER_DEGREE * p.lat.to_radians().cos(), p.lat * METRES_PER_DEGREE)
            })
        };
        let seen = |j: &Judged| Seen {
            event: j.event,
            incident_type: j.incident_type.clone(),
            at_s: j.alarm.raised.0 as f64 / 1e6,
            plane: plane(&j.alarm),
        };
        Self(judged.iter().map(seen).collect())
    }

    /// Groups the alarms by the plain rule.
    pub(crate) fn group(&self, rule: Plain) -> Pairs {
        let mut groups: Vec<u64> = Vec::with_capacity(self.0.len());
        let mut first = 0;
        for (i, own) in self.0.iter().enumerate() {
            while self.0[first].at_s < own.at_s - rule.window_s {
                first += 1;
            }
            let near = |j: &usize| {
                let other = &self.0[*j];
                let distance = (own.plane.0 - other.plane.0).hypot(own.plane.1 - other.plane.1);
                let fits = distance <= rule.radius_m && (!rule.same_type || own.incident_type == other.incident_type);
                fits.then_some((distance, *j))
            };
            let nearest = (first..i).filter_map(|j| near(&j)).min_by(|a, b| a.0.total_cmp(&b.0));
            groups.push(nearest.map_or(i as u64, |(_, j)| groups[j]));
        }
        Pairs::of(&self.0.iter().zip(groups).map(|(seen, group)| (seen.event, group)).collect::<Vec<_>>())
    }
}

/// The best settings on the training scenarios, with what they reach there.
pub(crate) fn best(training: &[Stream]) -> (Plain, f64) {
    const RADII_M: [f64; 14] =
        [50.0, 75.0, 100.0, 125.0, 150.0, 200.0, 250.0, 300.0, 400.0, 500.0, 700.0, 1000.0, 2000.0, 4000.0];
    const WINDOWS_S: [f64; 10] = [120.0, 300.0, 450.0, 600.0, 900.0, 1200.0, 1800.0, 2700.0, 3600.0, 7200.0];
    let mut best = (Plain { radius_m: 0.0, window_s: 0.0, same_type: false }, -1.0);
    for same_type in [false, true] {
        for (radius_m, window_s) in RADII_M.iter().flat_map(|r| WINDOWS_S.iter().map(move |w| (*r, *w))) {
            let rule = Plain { radius_m, window_s, same_type };
            let f1 = over(training, rule).f1();
            if f1 > best.1 {
                best = (rule, f1);
            }
        }
    }
    best
}

/// All scenarios together.
pub(crate) fn over(streams: &[Stream], rule: Plain) -> Pairs {
    let mut all = Pairs::default();
    for stream in streams {
        all.add(stream.group(rule));
    }
    all
}
