//! How sure it is that two alarms belong together.
//!
//! Record linkage after Fellegi and Sunter ("A Theory for Record Linkage", J. Am. Stat. Assoc. 64, 1969): each field
//! that two records have in common adds log2(m/u) to the evidence, m being how often it agrees for records of one
//! event and u how often for any two; one that differs adds log2((1-m)/(1-u)), which is negative. A field that one of
//! them lacks says nothing. The sum is the logarithm of the odds, and the score the probability that follows from it:
//!
//! ```text
//! bits  = weight - FADE * how far and how late they are + sum of agree or differ over what both have
//! score = 1 / (1 + 2^-bits)
//! ```
//!
//! `weight` holds the prior odds and the agreement in type. With a reach in metres, "how far and how late" is
//! ((d / within_m)^2 + dt / within_s) / 2: the logarithm of a normal density falls with the square of the distance
//! (places of reports scatter normally around an event), that of an exponential one with the delay. Without a reach
//! it is dt / within_s.

use super::{Correlation, Fact, tag};

/// The least score at which an alarm joins an incident: as likely as not.
pub const JOIN_AT: f64 = 0.5;
/// Bits lost at the edge of a rule's reach, compared to the same place and time.
pub const FADE: f64 = 3.0;
/// Bits of evidence of the same type and the same asset, whatever the time between.
pub(crate) const SAME_ASSET: f64 = 4.0;

/// A correlation rule with the numbers of what it compares.
#[derive(Debug)]
pub(crate) struct Ready<'a> {
    pub(crate) rule: &'a Correlation,
    tags: Vec<u32>,
}

/// Two alarms as a rule compares them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    /// Metres between them; none where one has no place.
    pub(crate) distance_m: Option<f64>,
    /// Seconds between them, not negative.
    pub(crate) gap_s: f64,
    /// What one of them has to do with, in order.
    pub(crate) ours: &'a [Fact],
    /// What the other has, in order.
    pub(crate) theirs: &'a [Fact],
}

impl<'a> Ready<'a> {
    pub(crate) fn new(rule: &'a Correlation) -> Self {
        Self { rule, tags: rule.shares.iter().map(|share| tag(&share.what)).collect() }
    }

    /// Whether the rule compares this sort of thing.
    pub(crate) fn compares(&self, tag: u32) -> bool {
        self.tags.contains(&tag)
    }

    /// The evidence in bits that the two belong together; none where they are out of the rule's reach.
    pub(crate) fn bits(&self, pair: Pair<'_>) -> Option<f64> {
        let late = pair.gap_s / self.rule.within_s;
        if late > 1.0 {
            return None;
        }
        let anywhere = self.rule.within_m <= 0.0;
        let far = if anywhere { late } else { squared(pair.distance_m? / self.rule.within_m) };
        if far > 1.0 {
            return None;
        }
        let mut bits = self.rule.weight - FADE * f64::midpoint(far, late);
        let mut shared = false;
        for (share, tag) in self.rule.shares.iter().zip(&self.tags) {
            match agreement(*tag, pair.ours, pair.theirs) {
                Some(true) => {
                    bits += share.agree;
                    shared = true;
                }
                Some(false) => bits += share.differ,
                None => {}
            }
        }
        (shared || !anywhere).then_some(bits)
    }
}

/// The evidence in bits of the radius and window in a rule's own incident settings: all in reach join.
pub(crate) fn builtin_bits(distance_m: f64, radius_m: f64, gap_s: f64, window_s: f64) -> Option<f64> {
    // A window of no length takes what comes at the same moment.
    let late = if gap_s <= 0.0 { 0.0 } else { gap_s / window_s };
    let far = squared(distance_m / radius_m);
    (far <= 1.0 && late <= 1.0).then(|| FADE - FADE * f64::midpoint(far, late))
}

/// The probability that follows from the evidence, in thousandths.
pub(crate) fn score(bits: f64) -> f64 {
    let exact = 1.0 / (1.0 + (-bits).exp2());
    (exact * 1000.0).round() / 1000.0
}

fn squared(x: f64) -> f64 {
    x * x
}

/// Whether both have a fact of this sort, and if so, whether one of them is the same.
fn agreement(tag: u32, ours: &[Fact], theirs: &[Fact]) -> Option<bool> {
    let mut mine = ours.iter().filter(|f| f.tag == tag).peekable();
    let has = theirs.iter().any(|f| f.tag == tag);
    (has && mine.peek().is_some()).then(|| mine.any(|f| theirs.binary_search(f).is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlation::value_of;

    fn rule(within_m: f64, weight: f64) -> Correlation {
        let text = format!(
            "id = 'r'\nname = 'R'\nrelation = 'same_event'\nwithin_s = 600\nwithin_m = {within_m}\nweight = {weight}
             shares = [{{ what = {{ attribute = 'road' }}, agree = 2.0, differ = -4.0 }}]"
        );
        toml::from_str(&text).unwrap()
    }

    fn road(name: &str) -> Vec<Fact> {
        let tag = tag(&super::super::Shared::Attribute("road".into()));
        if name.is_empty() { vec![] } else { vec![Fact { tag, value: value_of(name) }] }
    }

    fn check(within_m: f64, (distance_m, gap_s): (Option<f64>, f64), roads: [&str; 2], expected: Option<f64>) {
        let rule = rule(within_m, 3.0);
        let (ours, theirs) = (road(roads[0]), road(roads[1]));
        let pair = Pair { distance_m, gap_s, ours: &ours, theirs: &theirs };
        assert_eq!(Ready::new(&rule).bits(pair), expected, "{distance_m:?} m, {gap_s} s, {roads:?}");
    }

    #[test]
    fn evidence_fades_and_adds_up() {
        check(100.0, (Some(0.0), 0.0), ["", ""], Some(3.0));
        check(100.0, (Some(100.0), 600.0), ["", ""], Some(0.0));
        check(100.0, (Some(50.0), 0.0), ["", "b"], Some(2.625));
        check(100.0, (Some(0.0), 300.0), ["a", "a"], Some(4.25));
        check(100.0, (Some(0.0), 0.0), ["a", "b"], Some(-1.0));
        check(100.0, (Some(101.0), 0.0), ["a", "a"], None);
        check(100.0, (Some(0.0), 601.0), ["a", "a"], None);
        check(100.0, (None, 0.0), ["a", "a"], None);
    }

    #[test]
    fn without_a_reach_something_must_be_shared() {
        check(0.0, (None, 0.0), ["a", "a"], Some(5.0));
        check(0.0, (Some(9e6), 600.0), ["a", "a"], Some(2.0));
        check(0.0, (None, 0.0), ["a", "b"], None);
        check(0.0, (None, 0.0), ["", "b"], None);
    }

    #[test]
    fn all_in_reach_of_the_builtin_rule_join() {
        assert_eq!(builtin_bits(100.0, 100.0, 60.0, 60.0).map(score), Some(JOIN_AT));
        assert_eq!(builtin_bits(100.1, 100.0, 0.0, 60.0), None);
        assert_eq!(builtin_bits(0.0, 100.0, 0.0, 0.0).map(score), Some(0.889));
    }
}
