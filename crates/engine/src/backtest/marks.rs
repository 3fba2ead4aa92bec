//! How a rule does against incidents that people have marked.

use serde::{Deserialize, Serialize};
use vigiles_model::{Alarm, AssetId, Duration, Geometry, Position, Timestamp};

/// Alarms this long before an incident was opened still belong to it.
const BEFORE: Duration = Duration::from_secs(3_600);
/// Alarms this near to an incident belong to it, in metres.
const NEAR_M: f64 = 1_000.0;

/// An incident of the past of which people said what it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Marked {
    /// When it was opened.
    pub from: Timestamp,
    /// When it was resolved.
    pub to: Timestamp,
    /// Where.
    pub place: Option<Position>,
    /// What it concerned.
    pub assets: Vec<AssetId>,
    /// Whether it was one.
    pub genuine: bool,
}

/// What came of the comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Marks {
    /// Genuine incidents in the span.
    pub genuine: u64,
    /// Those of them that an alarm of the rule belongs to.
    pub found: u64,
    /// Incidents marked as false in the span.
    pub false_alarms: u64,
    /// Those of them that an alarm of the rule belongs to.
    pub repeated: u64,
    /// Alarms that belong to no marked incident: nobody has said what they are.
    pub unmarked: u64,
}

impl Marks {
    /// Compares alarms with marked incidents. Each alarm belongs to every incident near it in time and place.
    pub fn compare(alarms: &[Alarm], marked: &[Marked]) -> Self {
        let mut marks = Self::default();
        for incident in marked {
            let met = alarms.iter().any(|alarm| incident.takes(alarm));
            if incident.genuine {
                marks.genuine += 1;
                marks.found += u64::from(met);
            } else {
                marks.false_alarms += 1;
                marks.repeated += u64::from(met);
            }
        }
        marks.unmarked = alarms.iter().filter(|alarm| !marked.iter().any(|m| m.takes(alarm))).count() as u64;
        marks
    }

    /// Of the marked incidents that the rule would have told, the share that was genuine.
    pub fn precision(&self) -> Option<f64> {
        let told = self.found + self.repeated;
        (told > 0).then(|| self.found as f64 / told as f64)
    }

    /// Of the genuine incidents, the share that the rule would have told.
    pub fn recall(&self) -> Option<f64> {
        (self.genuine > 0).then(|| self.found as f64 / self.genuine as f64)
    }
}

impl Marked {
    fn takes(&self, alarm: &Alarm) -> bool {
        // One that never cleared stood to the end of the span.
        let end = alarm.cleared.unwrap_or(Timestamp(i64::MAX));
        if alarm.raised > self.to || end.0.saturating_add(BEFORE.0) < self.from.0 {
            return false;
        }
        if alarm.asset.as_ref().is_some_and(|asset| self.assets.contains(asset)) {
            return true;
        }
        match (self.place, alarm.place.as_ref().map(Geometry::centre)) {
            (Some(a), Some(b)) => a.distance_m(b) <= NEAR_M,
            _ => self.assets.is_empty() && self.place.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use vigiles_model::{AgencyId, AlarmId, AlarmState, RuleId, Severity};

    use super::*;

    const MINUTE: i64 = 60;

    fn alarm(minute: i64, asset: &str, lon: f64) -> Alarm {
        let place = Some(Geometry::Point(Position { lon, lat: 0.0 }));
        let json = serde_json::json!({
            "id": AlarmId::new(format!("alm-{minute}-{asset}")).unwrap(),
            "rule": RuleId::new("r").unwrap(), "rule_version": 1, "key": asset, "title": "", "reason": "",
            "severity": Severity::Minor, "state": "cleared", "kind": null, "asset": asset, "place": place,
            "agency": AgencyId::new("city").unwrap(), "raised": Timestamp::from_secs(minute * MINUTE),
            "cleared": Timestamp::from_secs((minute + 5) * MINUTE), "causes": [], "support": 1, "incident": null,
            "version": 1
        });
        serde_json::from_value(json).unwrap()
    }

    fn marked(from: i64, to: i64, asset: &str, lon: f64, genuine: bool) -> Marked {
        Marked {
            from: Timestamp::from_secs(from * MINUTE),
            to: Timestamp::from_secs(to * MINUTE),
            place: Some(Position { lon, lat: 0.0 }),
            assets: vec![AssetId::new(asset).unwrap()],
            genuine,
        }
    }

    fn check(alarms: &[Alarm], expected: (u64, u64, u64), precision: Option<f64>, recall: Option<f64>) {
        let incidents = [
            marked(100, 200, "a", 0.0, true),
            marked(1_000, 1_100, "b", 1.0, true),
            marked(2_000, 2_100, "c", 2.0, false),
        ];
        let marks = Marks::compare(alarms, &incidents);
        assert_eq!((marks.found, marks.repeated, marks.unmarked), expected);
        assert_eq!((marks.precision(), marks.recall()), (precision, recall));
    }

    #[test]
    fn alarms_belong_to_what_is_near_in_time_and_place() {
        check(&[], (0, 0, 0), None, Some(0.0));
        // By its asset; up to an hour before; by place; neither.
        check(&[alarm(150, "a", 50.0)], (1, 0, 0), Some(1.0), Some(0.5));
        check(&[alarm(45, "a", 0.0)], (1, 0, 0), Some(1.0), Some(0.5));
        check(&[alarm(30, "a", 0.0)], (0, 0, 1), None, Some(0.0));
        check(&[alarm(1_050, "x", 1.005)], (1, 0, 0), Some(1.0), Some(0.5));
        check(&[alarm(1_050, "x", 1.5)], (0, 0, 1), None, Some(0.0));
        check(&[alarm(150, "a", 0.0), alarm(2_050, "c", 2.0)], (1, 1, 0), Some(0.5), Some(0.5));
        // One that stands for hours meets what is opened while it does; one that cleared long before does not.
        let stands = Alarm { cleared: None, state: AlarmState::Active, ..alarm(700, "b", 1.0) };
        check(&[stands], (1, 0, 0), Some(1.0), Some(0.5));
        check(&[alarm(700, "b", 1.0)], (0, 0, 1), None, Some(0.0));
        // Two of two genuine incidents, one false alarm told again, one alarm that nobody marked.
        let mixed = [alarm(150, "a", 0.0), alarm(1_050, "b", 1.0), alarm(2_050, "c", 2.0), alarm(5_000, "d", 3.0)];
        check(&mixed, (2, 1, 1), Some(2.0 / 3.0), Some(1.0));
    }
}
