//! Whether a rule's kinds give what its detector reads.

use vigiles_model::kind::ValueType;

use super::findings::Findings;
use super::{Detector, Rule};

impl Rule {
    /// Names each kind of whose readings the detector would take none, since they are no numbers. True where there is none.
    pub(super) fn check_values(&self, found: &mut Findings<'_>) -> bool {
        let Some(detector) = self.detector.of_numbers() else { return true };
        let mut fits = true;
        for (i, kind) in self.kinds.iter().enumerate() {
            let (values, example) = match found.value_type(kind) {
                None | Some(ValueType::Number) => continue,
                Some(ValueType::Boolean) => ("true or false", "value == true"),
                Some(ValueType::Text) => ("texts", "value == \"open\""),
            };
            let message = format!(
                "`{kind}` gives {values}, and {detector} reads numbers: a condition compares them, as in `{example}`"
            );
            found.say(&format!("kinds[{i}]"), message);
            fits = false;
        }
        fits
    }
}

impl Detector {
    /// What it is in a sentence, where numbers are all that it reads. An `out_of_range` goes by the quality, which the source may
    /// have stated of a text too.
    fn of_numbers(&self) -> Option<&'static str> {
        match self {
            Self::Threshold(_) => Some("a threshold"),
            Self::RateOfChange(_) => Some("a rate of change"),
            Self::FlatLine(_) => Some("a flat line"),
            Self::Baseline(_) => Some("a baseline"),
            Self::Forecast(_) => Some("a forecast"),
            Self::ChangePoint(_) => Some("a change point"),
            Self::Drift(_) => Some("a drift"),
            Self::Anomaly(_) => Some("an anomaly"),
            Self::Silent(_)
            | Self::Geofence(_)
            | Self::Count(_)
            | Self::Condition(_)
            | Self::OutOfRange(_)
            | Self::Sequence(_)
            | Self::Absence(_)
            | Self::Cooccurrence(_) => None,
        }
    }
}
