//! Limits that no plausible reading of a rule's kinds passes, or that all of them pass: such a rule raises nothing for good, or
//! goes on raising. An implausible reading comes to an `out_of_range` and to no other detector.

use vigiles_model::KindId;
use vigiles_model::unit::Conversion;

use super::Threshold;
use super::findings::{Findings, Read};
use super::known::Known;

/// Where plausible readings lie, both ends included; without an end where it is infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Range {
    /// Where plausible readings of any of these kinds lie, in the unit of the rule's figures; none where that may be anywhere.
    pub(super) fn of(known: &dyn Known, kinds: &[KindId], unit: &str) -> Option<Self> {
        let one = |kind: &KindId| {
            let conversion = Conversion::between(&known.unit(kind)?, unit).ok()?;
            let (least, most) = known.range(kind);
            // Converted as a reading is: what a rounding does to the one it does to the other.
            let end = |end: Option<f64>, open| end.map_or(open, |end| conversion.apply(end));
            Some(Self { least: end(least, f64::NEG_INFINITY), most: end(most, f64::INFINITY) })
        };
        let all = kinds.iter().map(one).collect::<Option<Vec<_>>>()?;
        let all = all.into_iter().reduce(|a, b| Self { least: a.least.min(b.least), most: a.most.max(b.most) })?;
        (all.least.is_finite() || all.most.is_finite()).then_some(all)
    }

    /// In words, with the unit.
    pub(crate) fn words(self, unit: &str) -> String {
        let Self { least, most } = self;
        let span = match (least.is_finite(), most.is_finite()) {
            (true, true) => format!("from {least} to {most}"),
            (true, false) => format!("from {least} on"),
            _ => format!("up to {most}"),
        };
        format!("{span} {unit}")
    }
}

impl Findings<'_> {
    /// Where the plausible ones of these readings lie; none for a rule in the log.
    pub(super) fn range(&self, read: &Read<'_>) -> Option<Range> {
        let (known, unit) = (self.known()?, read.unit?);
        if read.implausible { None } else { Range::of(known, read.kinds, unit) }
    }

    /// Refuses limits beyond what is plausible.
    pub(super) fn plausible(&mut self, t: &Threshold, read: &Read<'_>) {
        let (Some(range), Some(unit)) = (self.range(read), read.unit) else { return };
        let Range { least, most } = range;
        let words = range.words(unit);
        let mut refuse = |name: &str, expected: String, found: f64, how_many: &str| {
            let message = format!(
                "expected {expected} {unit}, found {found}: {how_many} plausible reading raises the alarm, they are {words}"
            );
            self.say(&format!("detector.threshold.{name}"), message);
        };
        match t.above {
            Some(above) if above >= most => refuse("above", format!("less than {most}"), above, "no"),
            Some(above) if above < least => refuse("above", format!("at least {least}"), above, "every"),
            _ => {}
        }
        match t.below {
            Some(below) if below <= least => refuse("below", format!("more than {least}"), below, "no"),
            Some(below) if below > most => refuse("below", format!("at most {most}"), below, "every"),
            _ => {}
        }
    }
}
