//! The unit atoms and prefixes of UCUM that a city needs (The Unified Code for Units of Measure, version 2.2, section 4).
//!
//! Magnitudes are fractions of whole numbers wherever the definition is one, so that 36 km/h are 10 m/s to the last bit.

use std::f64::consts::PI;

/// Exponents of the base units in UCUM's order: m, s, g, rad, K, C, cd.
pub(super) type Dimension = [i16; 7];

/// How many of the coherent unit of its dimension one of a unit is: `over / under`, both at least 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Magnitude {
    pub(super) over: f64,
    pub(super) under: f64,
}

/// What numbers in a unit mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scale {
    /// Zero means none of it.
    Ratio,
    /// The zero point lies so many of the unit above that of the dimension (UCUM section 3.1: 273.15 for Cel).
    Interval(f64),
    /// A level, or another logarithm, named by its atom: no other scale can be converted to it.
    Level(&'static str),
}

/// What a unit code stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measure {
    pub(super) magnitude: Magnitude,
    pub(super) dimension: Dimension,
    pub(super) scale: Scale,
}

/// Why a symbol is no unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// No atom, and no prefix with one.
    Unknown,
    /// A prefix before an atom that takes none (UCUM section 2.3: not metric).
    Prefixed,
}

type Row = (&'static str, f64, f64, Dimension);

const NUMBER: Dimension = [0; 7];
const LENGTH: Dimension = [1, 0, 0, 0, 0, 0, 0];
const AREA: Dimension = [2, 0, 0, 0, 0, 0, 0];
const VOLUME: Dimension = [3, 0, 0, 0, 0, 0, 0];
const TIME: Dimension = [0, 1, 0, 0, 0, 0, 0];
const RATE: Dimension = [0, -1, 0, 0, 0, 0, 0];
const MASS: Dimension = [0, 0, 1, 0, 0, 0, 0];
const ANGLE: Dimension = [0, 0, 0, 1, 0, 0, 0];
const TEMPERATURE: Dimension = [0, 0, 0, 0, 1, 0, 0];
const FORCE: Dimension = [1, -2, 1, 0, 0, 0, 0];
const PRESSURE: Dimension = [-1, -2, 1, 0, 0, 0, 0];
const ENERGY: Dimension = [2, -2, 1, 0, 0, 0, 0];
const DOSE: Dimension = [2, -2, 0, 0, 0, 0, 0];

/// Atoms that take prefixes: code, over, under, dimension.
const METRIC: &[Row] = &[
    ("m", 1.0, 1.0, LENGTH),
    ("s", 1.0, 1.0, TIME),
    ("g", 1.0, 1.0, MASS),
    ("rad", 1.0, 1.0, ANGLE),
    ("K", 1.0, 1.0, TEMPERATURE),
    ("C", 1.0, 1.0, [0, 0, 0, 0, 0, 1, 0]),
    ("cd", 1.0, 1.0, [0, 0, 0, 0, 0, 0, 1]),
    ("mol", 6.022_136_7e23, 1.0, NUMBER),
    ("sr", 1.0, 1.0, [0, 0, 0, 2, 0, 0, 0]),
    ("Hz", 1.0, 1.0, RATE),
    ("N", 1e3, 1.0, FORCE),
    ("Pa", 1e3, 1.0, PRESSURE),
    ("J", 1e3, 1.0, ENERGY),
    ("W", 1e3, 1.0, [2, -3, 1, 0, 0, 0, 0]),
    ("A", 1.0, 1.0, [0, -1, 0, 0, 0, 1, 0]),
    ("V", 1e3, 1.0, [2, -2, 1, 0, 0, -1, 0]),
    ("F", 1.0, 1e3, [-2, 2, -1, 0, 0, 2, 0]),
    ("Ohm", 1e3, 1.0, [2, -1, 1, 0, 0, -2, 0]),
    ("S", 1.0, 1e3, [-2, 1, -1, 0, 0, 2, 0]),
    ("Wb", 1e3, 1.0, [2, -1, 1, 0, 0, -1, 0]),
    ("T", 1e3, 1.0, [0, -1, 1, 0, 0, -1, 0]),
    ("H", 1e3, 1.0, [2, 0, 1, 0, 0, -2, 0]),
    ("lm", 1.0, 1.0, [0, 0, 0, 2, 0, 0, 1]),
    ("lx", 1.0, 1.0, [-2, 0, 0, 2, 0, 0, 1]),
    ("Bq", 1.0, 1.0, RATE),
    ("Gy", 1.0, 1.0, DOSE),
    ("Sv", 1.0, 1.0, DOSE),
    ("kat", 6.022_136_7e23, 1.0, RATE),
    ("l", 1.0, 1e3, VOLUME),
    ("L", 1.0, 1e3, VOLUME),
    ("ar", 100.0, 1.0, AREA),
    ("t", 1e6, 1.0, MASS),
    ("bar", 1e8, 1.0, PRESSURE),
    ("[g]", 980_665.0, 1e5, [1, -2, 0, 0, 0, 0, 0]),
    ("m[Hg]", 133_322e3, 1.0, PRESSURE),
    ("m[H2O]", 9_806_650.0, 1.0, PRESSURE),
    ("cal", 4184.0, 1.0, ENERGY),
    ("bit", 1.0, 1.0, NUMBER),
    ("By", 8.0, 1.0, NUMBER),
    ("Bd", 1.0, 1.0, RATE),
];

/// Atoms that take none. Years and months are the mean Julian ones, as UCUM has it.
const PLAIN: &[Row] = &[
    ("10*", 10.0, 1.0, NUMBER),
    ("10^", 10.0, 1.0, NUMBER),
    ("[pi]", PI, 1.0, NUMBER),
    ("%", 1.0, 100.0, NUMBER),
    ("[ppth]", 1.0, 1e3, NUMBER),
    ("[ppm]", 1.0, 1e6, NUMBER),
    ("[ppb]", 1.0, 1e9, NUMBER),
    ("[pptr]", 1.0, 1e12, NUMBER),
    ("gon", PI, 200.0, ANGLE),
    ("deg", PI, 180.0, ANGLE),
    ("'", PI, 10_800.0, ANGLE),
    ("''", PI, 648_000.0, ANGLE),
    ("min", 60.0, 1.0, TIME),
    ("h", 3600.0, 1.0, TIME),
    ("d", 86_400.0, 1.0, TIME),
    ("wk", 604_800.0, 1.0, TIME),
    ("mo", 2_629_800.0, 1.0, TIME),
    ("a", 31_557_600.0, 1.0, TIME),
    ("atm", 101_325e3, 1.0, PRESSURE),
    ("[in_i]", 254.0, 1e4, LENGTH),
    ("[ft_i]", 3048.0, 1e4, LENGTH),
    ("[yd_i]", 9144.0, 1e4, LENGTH),
    ("[mi_i]", 1_609_344.0, 1e3, LENGTH),
    ("[nmi_i]", 1852.0, 1.0, LENGTH),
    ("[kn_i]", 1852.0, 3600.0, [1, -1, 0, 0, 0, 0, 0]),
    ("[sin_i]", 64_516.0, 1e8, AREA),
    ("[sft_i]", 9_290_304.0, 1e8, AREA),
    ("[cft_i]", 28_316_846_592.0, 1e12, VOLUME),
    ("[gal_us]", 3_785_411_784.0, 1e12, VOLUME),
    ("[lb_av]", 45_359_237.0, 1e5, MASS),
    ("[oz_av]", 45_359_237.0, 1_600_000.0, MASS),
    ("[lbf_av]", 44_482_216_152_605.0, 1e10, FORCE),
    ("[psi]", 44_482_216_152_605.0, 6_451_600.0, PRESSURE),
    ("[in_i'Hg]", 33_863_788.0, 10.0, PRESSURE),
];

/// Atoms of a scale of their own (UCUM section 3.1): code, whether they take prefixes, over, under, dimension, scale.
const SPECIAL: &[(&str, bool, f64, f64, Dimension, Scale)] = &[
    ("Cel", true, 1.0, 1.0, TEMPERATURE, Scale::Interval(273.15)),
    ("[degF]", false, 5.0, 9.0, TEMPERATURE, Scale::Interval(459.67)),
    ("B", true, 1.0, 1.0, NUMBER, Scale::Level("B")),
    ("B[SPL]", true, 1.0, 1.0, NUMBER, Scale::Level("B[SPL]")),
    ("[pH]", false, 1.0, 1.0, NUMBER, Scale::Level("[pH]")),
];

/// Prefixes: code, over, under.
const PREFIXES: &[(&str, f64, f64)] = &[
    ("Y", 1e24, 1.0),
    ("Z", 1e21, 1.0),
    ("E", 1e18, 1.0),
    ("P", 1e15, 1.0),
    ("T", 1e12, 1.0),
    ("G", 1e9, 1.0),
    ("M", 1e6, 1.0),
    ("k", 1e3, 1.0),
    ("h", 1e2, 1.0),
    ("da", 1e1, 1.0),
    ("d", 1.0, 1e1),
    ("c", 1.0, 1e2),
    ("m", 1.0, 1e3),
    ("u", 1.0, 1e6),
    ("n", 1.0, 1e9),
    ("p", 1.0, 1e12),
    ("f", 1.0, 1e15),
    ("a", 1.0, 1e18),
    ("z", 1.0, 1e21),
    ("y", 1.0, 1e24),
    ("Ki", 1024.0, 1.0),
    ("Mi", 1_048_576.0, 1.0),
    ("Gi", 1_073_741_824.0, 1.0),
    ("Ti", 1_099_511_627_776.0, 1.0),
];

/// The unit that a symbol stands for: an atom, or a prefix and an atom that takes one. An atom goes before a prefix with
/// another (`cd` is the candela).
pub(super) fn find(symbol: &str) -> Result<Measure, Missing> {
    if let Some((measure, _)) = atom(symbol) {
        return Ok(measure);
    }
    let mut missing = Missing::Unknown;
    for (code, over, under) in PREFIXES {
        match symbol.strip_prefix(code).and_then(atom) {
            Some((measure, true)) => return Ok(measure.prefixed(Magnitude { over: *over, under: *under })),
            Some((_, false)) => missing = Missing::Prefixed,
            None => {}
        }
    }
    Err(missing)
}

/// An atom, and whether it takes prefixes.
fn atom(symbol: &str) -> Option<(Measure, bool)> {
    let ratio = |rows: &[Row], metric: bool| {
        rows.iter().find(|row| row.0 == symbol).map(|&(_, over, under, dimension)| {
            (Measure { magnitude: Magnitude { over, under }, dimension, scale: Scale::Ratio }, metric)
        })
    };
    ratio(METRIC, true).or_else(|| ratio(PLAIN, false)).or_else(|| {
        SPECIAL.iter().find(|row| row.0 == symbol).map(|&(_, metric, over, under, dimension, scale)| {
            (Measure { magnitude: Magnitude { over, under }, dimension, scale }, metric)
        })
    })
}

impl Measure {
    fn prefixed(self, prefix: Magnitude) -> Self {
        let scale = match self.scale {
            Scale::Interval(zero) => Scale::Interval(zero * prefix.under / prefix.over),
            other => other,
        };
        Self { magnitude: self.magnitude.times(prefix), scale, ..self }
    }
}

impl Magnitude {
    /// One of the coherent unit.
    pub(super) const ONE: Self = Self { over: 1.0, under: 1.0 };

    /// The product of two.
    pub(super) fn times(self, other: Self) -> Self {
        Self { over: self.over * other.over, under: self.under * other.under }
    }

    /// One divided by it.
    pub(super) fn inverse(self) -> Self {
        Self { over: self.under, under: self.over }
    }

    /// The same fraction, as a whole number or its inverse where it is one: a value is then rounded once, not twice.
    pub(super) fn reduced(self) -> Self {
        if self.over % self.under == 0.0 {
            Self { over: self.over / self.under, under: 1.0 }
        } else if self.under % self.over == 0.0 {
            Self { over: 1.0, under: self.under / self.over }
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_symbol_has_two_meanings_by_its_prefix() {
        let codes = || METRIC.iter().map(|row| row.0).chain(SPECIAL.iter().filter(|row| row.1).map(|row| row.0));
        let mut symbols: Vec<String> =
            PREFIXES.iter().flat_map(|prefix| codes().map(move |code| format!("{}{code}", prefix.0))).collect();
        symbols.sort_unstable();
        let all = symbols.len();
        symbols.dedup();
        assert_eq!(symbols.len(), all, "two prefixes with two atoms are written the same");
        let shadowed: Vec<_> = symbols.iter().filter(|symbol| atom(symbol).is_some()).collect();
        assert_eq!(shadowed, Vec::<&String>::new(), "an atom hides a prefix with another atom");
    }
}
