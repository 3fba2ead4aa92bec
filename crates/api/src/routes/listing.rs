//! What lists of documents share: their window of place and time, closed words, pages.

use vigiles_model::Reality;
use vigiles_store::{Document, Kind, Query};

use crate::call::{Call, area, limit, moment, ok, words};
use crate::endpoint::Answer;
use crate::problem::{Code, Problem};
use crate::state::Api;
use crate::wire::list::List;

/// The parameters that lists of documents have in common, as they were sent.
#[derive(Debug, Default)]
pub(super) struct Window {
    pub(super) bbox: Option<String>,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) q: Option<String>,
    pub(super) limit: Option<u32>,
    pub(super) cursor: Option<String>,
}

impl Window {
    /// A query for documents of a kind in this window.
    pub(super) fn query(self, kind: Kind) -> Result<Query, Problem> {
        Ok(Query {
            area: area(self.bbox.as_deref())?,
            from: moment("from", self.from.as_deref())?,
            to: moment("to", self.to.as_deref())?,
            text: self.q.filter(|q| !q.is_empty()),
            limit: limit(self.limit)?,
            cursor: self.cursor,
            ..Query::new(kind)
        })
    }
}

/// Words of the query, separated by commas, each of a closed list.
pub(super) fn words_of(name: &str, given: Option<&str>, known: &[&str]) -> Result<Vec<String>, Problem> {
    let given = words(given);
    match given.iter().find(|word| !known.contains(&word.as_str())) {
        Some(word) => Err(Problem::of(Code::Malformed, name, format!("{word:?} is none of {}", known.join(", ")))),
        None => Ok(given),
    }
}

/// Which incidents are meant, by what they are: nobody meets an exercise or a test without asking.
pub(crate) fn realities(given: Option<&str>) -> Result<Vec<Reality>, Problem> {
    let found: Vec<_> = words_of("reality", given, &["actual", "exercise", "test"])?
        .iter()
        .map(|word| match word.as_str() {
            "exercise" => Reality::Exercise,
            "test" => Reality::Test,
            _ => Reality::Actual,
        })
        .collect();
    Ok(if found.is_empty() { vec![Reality::Actual] } else { found })
}

/// Answers a page of documents as `show` makes of them.
pub(super) async fn page<T, F>(call: &Call, query: Query, show: F) -> Answer
where
    T: serde::Serialize + Send + 'static,
    F: FnOnce(&Api, &[Document]) -> Result<Vec<T>, Problem> + Send + 'static,
{
    let ctx = call.context()?;
    let list = call
        .blocking(move |api| {
            let page = api.platform.store().list(&ctx, &query)?;
            Ok(List { items: show(api, &page.documents)?, next: page.next })
        })
        .await?;
    ok(&list)
}
