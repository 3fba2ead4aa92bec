//! The types that the parts of an expression have.

use vigiles_model::kind::ValueType;

/// What a part may be: one type, or of `value` those of all kinds whose readings are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Type(u8);

impl Type {
    pub(crate) const NUMBER: Self = Self(1);
    pub(crate) const TRUTH: Self = Self(2);
    pub(crate) const TEXT: Self = Self(4);
    /// Known when the reading is.
    pub(crate) const ANY: Self = Self(7);

    /// What readings of these types may be; anything where nothing is known of one of their kinds, or there is none.
    pub(crate) fn of(kinds: impl Iterator<Item = Option<ValueType>>) -> Self {
        let one = |kind: Option<ValueType>| match kind {
            Some(ValueType::Number) => Self::NUMBER,
            Some(ValueType::Boolean) => Self::TRUTH,
            Some(ValueType::Text) => Self::TEXT,
            None => Self::ANY,
        };
        kinds.map(one).reduce(|all, one| Self(all.0 | one.0)).unwrap_or(Self::ANY)
    }

    /// What is left of it beside one that may be this.
    pub(super) fn narrowed(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is a value that is both.
    pub(super) fn fits(self, wanted: Self) -> bool {
        self.narrowed(wanted).0 != 0
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::NUMBER => "a number",
            Self::TRUTH => "true or false",
            Self::TEXT => "a text",
            Self(3) => "a number, true or false",
            Self(5) => "a number or a text",
            Self(6) => "a text, true or false",
            _ => "a value",
        }
    }
}
