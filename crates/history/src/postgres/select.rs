//! The conditions of a query as SQL.

use std::fmt::Write as _;

use postgres::types::ToSql;
use vigiles_model::{BoundingBox, Timestamp};

use super::cells;
use crate::{Cursor, Query};

/// SQL text with its values in order.
pub(super) struct Select {
    pub(super) text: String,
    values: Vec<Box<dyn ToSql + Sync>>,
}

impl Select {
    /// From the text up to `WHERE true`.
    pub(super) fn new(text: String) -> Self {
        Self { text, values: Vec::new() }
    }

    pub(super) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(AsRef::as_ref).collect()
    }

    /// Adds a value where the text ends.
    pub(super) fn bind(&mut self, value: impl ToSql + Sync + 'static) {
        self.values.push(Box::new(value));
        let _ = write!(self.text, "${}", self.values.len());
    }

    /// Adds a condition that ends with a value.
    pub(super) fn and(&mut self, condition: &str, value: impl ToSql + Sync + 'static) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
        self.bind(value);
    }

    fn any(&mut self, column: &str, names: Vec<String>) {
        if !names.is_empty() {
            self.and(&format!("{column} = ANY("), names);
            self.text.push(')');
        }
    }

    /// The filters of a query, its cursor apart.
    pub(super) fn narrow(&mut self, query: &Query) {
        self.any("kind", query.kinds.iter().map(ToString::to_string).collect());
        self.any("source", query.sources.iter().map(ToString::to_string).collect());
        if !query.assets.is_empty() {
            // The series of what has an asset is the asset, and has an index.
            let assets: Vec<String> = query.assets.iter().map(ToString::to_string).collect();
            self.any("asset", assets.clone());
            self.any("series", assets);
        }
        if let Some(area) = &query.area {
            self.within(area);
        }
        if let Some(Timestamp(from)) = query.from {
            self.and("time >= ", from);
        }
        if let Some(Timestamp(to)) = query.to {
            self.and("time < ", to);
        }
    }

    /// Places whose box meets this one; exact, behind the cells that it can only be in.
    fn within(&mut self, area: &BoundingBox) {
        self.and("east >= ", area.west);
        self.and("west <= ", area.east);
        self.and("north >= ", area.south);
        self.and("south <= ", area.north);
        if let Some((first, last)) = cells::cover(area) {
            self.text.push_str(" AND (");
            for (i, (first, last)) in first.into_iter().zip(last).enumerate() {
                self.text.push_str(if i == 0 { "cell BETWEEN " } else { " OR cell BETWEEN " });
                // Numbers of our own making: written out, the planner sees how many cells they are.
                let _ = write!(self.text, "{first} AND {last}");
            }
            self.text.push(')');
        }
    }

    /// What comes after a position, in one direction or the other.
    pub(super) fn after(&mut self, position: Option<Cursor>, is_rising: bool) {
        let Some(Cursor { time, id }) = position else { return };
        // The single comparison lets whole days be left out.
        self.and(if is_rising { "time >= " } else { "time <= " }, time.0);
        self.and(if is_rising { "(time, id) > (" } else { "(time, id) < (" }, time.0);
        self.text.push_str(", ");
        self.bind(id.0.to_be_bytes().to_vec());
        self.text.push(')');
    }
}
