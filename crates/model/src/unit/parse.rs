//! The grammar of UCUM codes (The Unified Code for Units of Measure, version 2.2, section 2.2), case sensitive.
//!
//! A term is read from left to right: `a/b.c` is `(a/b).c`. A leading `/` divides one by the whole term.

use super::UnitError;
use super::atoms::{Dimension, Magnitude, Measure, Missing, Scale, find};

/// The longest code that is read, in bytes.
pub(super) const MAX_BYTES: usize = 64;
/// Parentheses inside each other.
pub(super) const MAX_DEPTH: usize = 8;
/// The largest exponent, up and down.
pub(super) const MAX_EXPONENT: i16 = 9;
/// Neither part of a magnitude may be larger, so that a conversion between any two is finite.
pub(super) const MAX_MAGNITUDE: f64 = 1e150;

const A_UNIT: &str = "a unit, a number, `{` or `(`";

/// Reads a code of at most [`MAX_BYTES`].
pub(super) fn parse(code: &str) -> Result<Measure, UnitError> {
    if code.len() > MAX_BYTES {
        let start = code.char_indices().take_while(|(at, c)| at + c.len_utf8() <= MAX_BYTES).map(|(_, c)| c).collect();
        return Err(UnitError::TooLong { start, bytes: code.len() });
    }
    let mut parser = Parser { code, at: 0, combined: false, special: None };
    let inverted = parser.take(b'/');
    parser.combined |= inverted;
    let term = parser.term(0)?;
    if parser.at < code.len() {
        return parser.unexpected("`.`, `/` or the end");
    }
    let scale = match parser.special {
        Some((at, symbol, _)) if parser.combined => {
            return Err(parser.malformed(
                at,
                &code[at..at + symbol],
                "it alone, since its numbers cannot be multiplied; differences of temperature are in K",
            ));
        }
        Some((_, _, scale)) => scale,
        None => Scale::Ratio,
    };
    let Product { magnitude, dimension } = if inverted { term.inverse() } else { term };
    Ok(Measure { magnitude, dimension, scale })
}

/// What a part of a code comes to.
#[derive(Clone, Copy)]
struct Product {
    magnitude: Magnitude,
    dimension: Dimension,
}

impl Product {
    const ONE: Self = Self { magnitude: Magnitude::ONE, dimension: [0; 7] };

    fn times(self, other: Self) -> Self {
        let mut dimension = self.dimension;
        for (sum, more) in dimension.iter_mut().zip(other.dimension) {
            *sum += more;
        }
        Self { magnitude: self.magnitude.times(other.magnitude), dimension }
    }

    fn inverse(self) -> Self {
        Self { magnitude: self.magnitude.inverse(), dimension: self.dimension.map(|exponent| -exponent) }
    }
}

struct Parser<'a> {
    code: &'a str,
    /// The next byte; everything before it is ASCII.
    at: usize,
    /// Whether there is more than one unit as it stands: an operator, an exponent or a parenthesis.
    combined: bool,
    /// Place, length and scale of the last unit whose scale is not a ratio.
    special: Option<(usize, usize, Scale)>,
}

impl<'a> Parser<'a> {
    fn term(&mut self, depth: usize) -> Result<Product, UnitError> {
        let mut product = self.component(depth)?;
        loop {
            let divides = match self.peek() {
                Some(b'.') => false,
                Some(b'/') => true,
                _ => return Ok(product),
            };
            self.at += 1;
            self.combined = true;
            let start = self.at;
            let next = self.component(depth)?;
            product = product.times(if divides { next.inverse() } else { next });
            self.check_magnitude(product, start)?;
        }
    }

    fn component(&mut self, depth: usize) -> Result<Product, UnitError> {
        match self.peek() {
            Some(b'(') if depth == MAX_DEPTH => self.unexpected("at most 8 parentheses inside each other"),
            Some(b'(') => {
                self.at += 1;
                self.combined = true;
                let term = self.term(depth + 1)?;
                if self.take(b')') { Ok(term) } else { self.unexpected("`.`, `/` or `)`") }
            }
            Some(b'{') => self.annotation().map(|()| Product::ONE),
            Some(b'0'..=b'9') if !self.is_ten() => self.factor(),
            _ => {
                let unit = self.unit()?;
                if self.peek() == Some(b'{') {
                    self.annotation()?;
                }
                Ok(unit)
            }
        }
    }

    /// What stands in braces is for people and says nothing of the quantity: `{vehicle}/h` is `/h`.
    fn annotation(&mut self) -> Result<(), UnitError> {
        self.at += 1;
        self.skip(|byte| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}'));
        if self.take(b'}') { Ok(()) } else { self.unexpected("`}`; annotations are of printable ASCII without blanks") }
    }

    fn factor(&mut self) -> Result<Product, UnitError> {
        let start = self.at;
        let digits = self.skip(|byte| byte.is_ascii_digit());
        match digits.parse::<f64>() {
            Ok(over) if over > 0.0 => Ok(Product { magnitude: Magnitude { over, under: 1.0 }, ..Product::ONE }),
            _ => Err(self.malformed(start, digits, "a number above zero")),
        }
    }

    /// A prefix, an atom and an exponent.
    fn unit(&mut self) -> Result<Product, UnitError> {
        let start = self.at;
        let symbol = self.symbol()?;
        let measure = find(symbol).map_err(|missing| match missing {
            Missing::Unknown => {
                UnitError::Unknown { unit: symbol.to_owned(), column: start + 1, code: self.code.to_owned() }
            }
            Missing::Prefixed => self.malformed(start, symbol, "a prefix only before units such as m, g, s, Pa, W, By"),
        })?;
        if measure.scale != Scale::Ratio {
            self.special = Some((start, symbol.len(), measure.scale));
        }
        let one = Product { magnitude: measure.magnitude, dimension: measure.dimension };
        let Some(exponent) = self.exponent()? else { return Ok(one) };
        self.combined = true;
        let base = if exponent < 0 { one.inverse() } else { one };
        // Not `powi`, whose last bit may differ from machine to machine.
        let power = (0..exponent.abs()).fold(Product::ONE, |power, _| power.times(base));
        self.check_magnitude(power, start)?;
        Ok(power)
    }

    /// The letters of a unit; what stands in brackets belongs to them, digits and all (`m[H2O]`).
    fn symbol(&mut self) -> Result<&'a str, UnitError> {
        let start = self.at;
        if self.is_ten() {
            self.at += 3;
            return Ok(&self.code[start..self.at]);
        }
        loop {
            self.skip(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'%' | b'\'' | b'_'));
            if !self.take(b'[') {
                break;
            }
            self.skip(|byte| byte.is_ascii_graphic() && !matches!(byte, b'[' | b']' | b'{' | b'}'));
            if !self.take(b']') {
                return self.unexpected("`]`");
            }
        }
        if self.at == start { self.unexpected(A_UNIT) } else { Ok(&self.code[start..self.at]) }
    }

    fn exponent(&mut self) -> Result<Option<i16>, UnitError> {
        let start = self.at;
        let signed = self.take(b'-') || self.take(b'+');
        let digits = self.skip(|byte| byte.is_ascii_digit());
        if digits.is_empty() {
            return if signed { self.unexpected("a digit") } else { Ok(None) };
        }
        let text = &self.code[start..self.at];
        match text.parse::<i16>() {
            // Not `abs`: the smallest of all has none.
            Ok(exponent) if (-MAX_EXPONENT..=MAX_EXPONENT).contains(&exponent) => Ok(Some(exponent)),
            _ => Err(self.malformed(start, text, "an exponent from -9 to 9")),
        }
    }

    fn check_magnitude(&self, product: Product, start: usize) -> Result<(), UnitError> {
        let Magnitude { over, under } = product.magnitude;
        if over <= MAX_MAGNITUDE && under <= MAX_MAGNITUDE {
            return Ok(());
        }
        Err(self.malformed(start, &self.code[start..self.at], "a magnitude between 1e-150 and 1e150"))
    }

    /// Whether UCUM's ten for powers stands next.
    fn is_ten(&self) -> bool {
        let rest = &self.code.as_bytes()[self.at..];
        rest.starts_with(b"10*") || rest.starts_with(b"10^")
    }

    fn peek(&self) -> Option<u8> {
        self.code.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip(&mut self, belongs: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(&belongs) {
            self.at += 1;
        }
        &self.code[start..self.at]
    }

    fn unexpected<T>(&self, expected: &'static str) -> Result<T, UnitError> {
        let found = match self.code[self.at..].chars().next() {
            Some(c) => c.to_string(),
            None => String::new(),
        };
        Err(self.malformed(self.at, &found, expected))
    }

    fn malformed(&self, at: usize, found: &str, expected: &'static str) -> UnitError {
        let found = if found.is_empty() { "the end".to_owned() } else { format!("`{found}`") };
        UnitError::Malformed { found, column: at + 1, code: self.code.to_owned(), expected }
    }
}
