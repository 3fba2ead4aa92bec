//! What a new alarm or call is compared with: the state, looked at without changing it.

use vigiles_model::Reality;

use crate::book::Book;
use crate::config::Config;
use crate::engine::Engine;
use crate::live::Live;
use crate::turn::Turn;
use crate::zones::ZoneIndex;

/// The city, or the exercise, as it is now.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(super) config: &'a Config,
    pub(super) book: &'a Book,
    pub(super) zones: &'a ZoneIndex,
    pub(super) live: &'a Live,
}

impl Turn<'_> {
    pub(super) fn view(&self) -> View<'_> {
        View { config: self.config, book: self.book, zones: self.zones, live: self.live }
    }
}

impl Engine {
    /// What incidents of a reality are compared with; none for an exercise where none is under way, and for tests, which
    /// nothing joins by itself.
    pub(super) fn view(&self, reality: Reality) -> Option<View<'_>> {
        let (book, live) = match reality {
            Reality::Actual => (self.book(), &self.live),
            Reality::Exercise => self.drill.as_deref().map(|drill| (&drill.book, &drill.live))?,
            Reality::Test => return None,
        };
        Some(View { config: &self.config, book, zones: &self.zones, live })
    }
}
