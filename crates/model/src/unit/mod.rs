//! Units of measure by their code in The Unified Code for Units of Measure (UCUM, version 2.2, <https://ucum.org>), case
//! sensitive, with conversion between units of one dimension.
//!
//! Two units can be converted where their exponents over UCUM's seven base units agree. So a volume fraction (`[ppm]`) is
//! never taken for a density (`ug/m3`). Scales with a zero point (`Cel`, `[degF]`) and levels (`dB[SPL]`, `dB`, `[pH]`)
//! stand alone in a code; a level is converted to no other scale.

mod atoms;
mod parse;

use self::atoms::{Magnitude, Measure, Scale};
use self::parse::parse;

/// Why a value cannot be taken in a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// A part of the code is no unit.
    #[error("unknown unit `{unit}` at column {column} of `{code}`; expected a UCUM code, such as ug/m3, Cel, km/h, %")]
    Unknown {
        /// The part.
        unit: String,
        /// Where it starts, from 1.
        column: usize,
        /// All of the code.
        code: String,
    },
    /// The code does not follow UCUM's grammar, or goes beyond what is read of it.
    #[error("unit code: {found} at column {column} of `{code}`; expected {expected}")]
    Malformed {
        /// What stands there.
        found: String,
        /// Where, from 1.
        column: usize,
        /// All of the code.
        code: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// The code is too long to be read.
    #[error("unit code: {bytes} bytes in `{start}…`; expected at most 64")]
    TooLong {
        /// The first 64 bytes, or a few less.
        start: String,
        /// How long it is.
        bytes: usize,
    },
    /// The two units measure different things.
    #[error("unit {from:?} measures another quantity than {to:?} and cannot be converted")]
    Dimension {
        /// The unit given.
        from: String,
        /// The unit wanted.
        to: String,
    },
}

impl UnitError {
    /// Where in the code the fault is, from 1; none where it is no single place.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        match self {
            Self::Unknown { column, .. } | Self::Malformed { column, .. } => Some(*column),
            Self::TooLong { .. } | Self::Dimension { .. } => None,
        }
    }
}

/// Checks that a code is one that can be read.
///
/// # Errors
/// [`UnitError`] but [`UnitError::Dimension`].
pub fn check(code: &str) -> Result<(), UnitError> {
    parse(code).map(|_| ())
}

/// Whether a figure in this unit is a plain number, such as a count or a percentage. False for what is no unit.
pub fn is_plain(code: &str) -> bool {
    parse(code).is_ok_and(|of| of.dimension == [0; 7] && of.scale == Scale::Ratio)
}

/// Whether its zero is not none of what it measures, as that of `Cel` is not. False for what is no unit.
pub fn has_zero_point(code: &str) -> bool {
    parse(code).is_ok_and(|of| matches!(of.scale, Scale::Interval(_)))
}

/// Converts `value` from one UCUM unit to another of the same dimension. The same code gives the same value, whatever it is.
///
/// # Errors
/// [`UnitError`] where one of the two cannot be read, or they measure different things.
pub fn convert(value: f64, from: &str, to: &str) -> Result<f64, UnitError> {
    if from == to {
        return Ok(value);
    }
    Conversion::between(from, to).map(|conversion| conversion.apply(value))
}

/// The way from one unit to another, looked up once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    magnitude: Magnitude,
    /// What is added before, in the unit given, and taken away after, in the unit wanted.
    zeros: (f64, f64),
}

impl Conversion {
    /// From one UCUM unit to another of the same dimension.
    ///
    /// # Errors
    /// [`UnitError`] where one of the two cannot be read, or they measure different things.
    pub fn between(from: &str, to: &str) -> Result<Self, UnitError> {
        let (given, wanted) = (parse(from)?, parse(to)?);
        if !given.measures_like(&wanted) {
            return Err(UnitError::Dimension { from: from.to_owned(), to: to.to_owned() });
        }
        let magnitude = given.magnitude.reduced().times(wanted.magnitude.reduced().inverse()).reduced();
        Ok(Self { magnitude, zeros: (given.zero(), wanted.zero()) })
    }

    /// The value in the other unit.
    pub fn apply(self, value: f64) -> f64 {
        self.apply_to_difference(value + self.zeros.0) - self.zeros.1
    }

    /// A difference of two values in the other unit: the zero points do not matter, so 5 K apart is 5 Cel apart.
    pub fn apply_to_difference(self, difference: f64) -> f64 {
        difference * self.magnitude.over / self.magnitude.under
    }
}

impl Measure {
    fn measures_like(&self, other: &Self) -> bool {
        let level = |scale| match scale {
            Scale::Level(name) => Some(name),
            Scale::Ratio | Scale::Interval(_) => None,
        };
        self.dimension == other.dimension && level(self.scale) == level(other.scale)
    }

    /// Its zero point above that of the dimension, in itself.
    fn zero(&self) -> f64 {
        match self.scale {
            Scale::Interval(zero) => zero,
            Scale::Ratio | Scale::Level(_) => 0.0,
        }
    }
}

#[cfg(test)]
mod tests;
