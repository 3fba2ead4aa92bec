//! Drills: observations that are made up are judged beside the city, and nothing of it reaches the city.

use serde::{Deserialize, Serialize};

use crate::{ExerciseId, Timestamp};

/// An exercise under way. There is one at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exercise {
    /// Identity.
    pub id: ExerciseId,
    /// Name for people.
    pub name: String,
    /// When it began, in platform time.
    pub started: Timestamp,
}
