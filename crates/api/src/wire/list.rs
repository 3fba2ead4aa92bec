//! Pages of lists.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// Most items of one page.
pub const MAX_LIMIT: u32 = 1000;
/// Items of a page that asks for no number.
pub const DEFAULT_LIMIT: u32 = 100;

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct List<T> {
    /// The items, newest first where they have a time.
    pub items: Vec<T>,
    /// Give it as `cursor` to get the next page; null on the last.
    pub next: Option<String>,
}

impl<T> List<T> {
    /// A list that is whole on one page.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// Where to read on.
#[derive(Debug, Clone, Default, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// Items wanted, 1 to 1000; 100 where absent.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}
