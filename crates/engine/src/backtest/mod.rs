//! Rules tried on the past: the same judging as live, on observations from history, without the rest of the city.

mod coverage;
mod limit;
mod marks;
mod report;
mod suggest;
mod trial;
mod typical;
mod warm_up;

pub use coverage::{Coverage, Stretch};
pub use limit::NoSuggestion;
pub use marks::{Marked, Marks};
pub use report::{Bucket, KeyCount, PlaceCount, Report, Tried};
pub use suggest::{Suggestion, Suggestions};
pub use trial::{MAX_ALARMS, Setting, Trial};
