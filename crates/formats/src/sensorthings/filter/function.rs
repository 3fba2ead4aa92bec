//! The functions of filters.

use crate::sensorthings::place::Relation;

/// A function: those of OGC 18-088, table 23, and the comparisons of times that FROST has beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the standard")]
pub enum Function {
    SubstringOf,
    Contains,
    StartsWith,
    EndsWith,
    Length,
    IndexOf,
    Substring,
    ToLower,
    ToUpper,
    Trim,
    Concat,
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    FractionalSeconds,
    Date,
    Time,
    TotalOffsetMinutes,
    Now,
    MinDateTime,
    MaxDateTime,
    Before,
    After,
    Meets,
    During,
    OverlapsInTime,
    Starts,
    Finishes,
    Round,
    Floor,
    Ceiling,
    Distance,
    GeoLength,
    GeoIntersects,
    Relates(Relation),
    Relate,
}

use Function as F;

/// Name, function, fewest and most arguments.
const TABLE: [(&str, Function, usize, usize); 46] = [
    ("substringof", F::SubstringOf, 2, 2),
    ("contains", F::Contains, 2, 2),
    ("startswith", F::StartsWith, 2, 2),
    ("endswith", F::EndsWith, 2, 2),
    ("length", F::Length, 1, 1),
    ("indexof", F::IndexOf, 2, 2),
    ("substring", F::Substring, 2, 3),
    ("tolower", F::ToLower, 1, 1),
    ("toupper", F::ToUpper, 1, 1),
    ("trim", F::Trim, 1, 1),
    ("concat", F::Concat, 2, 2),
    ("year", F::Year, 1, 1),
    ("month", F::Month, 1, 1),
    ("day", F::Day, 1, 1),
    ("hour", F::Hour, 1, 1),
    ("minute", F::Minute, 1, 1),
    ("second", F::Second, 1, 1),
    ("fractionalseconds", F::FractionalSeconds, 1, 1),
    ("date", F::Date, 1, 1),
    ("time", F::Time, 1, 1),
    ("totaloffsetminutes", F::TotalOffsetMinutes, 1, 1),
    ("now", F::Now, 0, 0),
    ("mindatetime", F::MinDateTime, 0, 0),
    ("maxdatetime", F::MaxDateTime, 0, 0),
    ("before", F::Before, 2, 2),
    ("after", F::After, 2, 2),
    ("meets", F::Meets, 2, 2),
    ("during", F::During, 2, 2),
    ("overlaps", F::OverlapsInTime, 2, 2),
    ("starts", F::Starts, 2, 2),
    ("finishes", F::Finishes, 2, 2),
    ("round", F::Round, 1, 1),
    ("floor", F::Floor, 1, 1),
    ("ceiling", F::Ceiling, 1, 1),
    ("geo.distance", F::Distance, 2, 2),
    ("geo.length", F::GeoLength, 1, 1),
    ("geo.intersects", F::GeoIntersects, 2, 2),
    ("st_equals", F::Relates(Relation::Equals), 2, 2),
    ("st_disjoint", F::Relates(Relation::Disjoint), 2, 2),
    ("st_touches", F::Relates(Relation::Touches), 2, 2),
    ("st_within", F::Relates(Relation::Within), 2, 2),
    ("st_overlaps", F::Relates(Relation::Overlaps), 2, 2),
    ("st_crosses", F::Relates(Relation::Crosses), 2, 2),
    ("st_intersects", F::Relates(Relation::Intersects), 2, 2),
    ("st_contains", F::Relates(Relation::Contains), 2, 2),
    ("st_relate", F::Relate, 3, 3),
];

impl Function {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.1)
    }

    /// A function by its name, whatever the case of its letters.
    pub fn find(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.0.eq_ignore_ascii_case(name)).map(|row| row.1)
    }

    fn row(self) -> &'static (&'static str, Self, usize, usize) {
        TABLE.iter().find(|row| row.1 == self).expect("the table has every function")
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// Fewest and most arguments.
    pub fn arguments(self) -> (usize, usize) {
        (self.row().2, self.row().3)
    }
}
