//! Rules tried on the past: the same judging as live, on observations from history, without the rest of the city.

mod marks;
mod report;
mod suggest;
mod trial;
mod typical;

pub use marks::{Marked, Marks};
pub use report::{Bucket, KeyCount, PlaceCount, Report};
pub use suggest::{Suggestion, Suggestions};
pub use trial::{MAX_ALARMS, Setting, Trial};
