//! What an expression read besides the reading itself: for whoever asks why it held.
//!
//! The causes of an alarm keep its readings with all that these say. Not there are what the windows answered, what the
//! register says of the asset, the time of day and the zones, all of which may be otherwise by the time someone asks.

use super::{Aggregate, Env, Expression, Facts, Field, Found, Holder, Node};
use crate::alarms::{figure_text, span_text};

/// Longest text of the register that a reason repeats, in characters.
const MAX_TEXT: usize = 64;

impl Expression {
    /// "mean over 60 s 34.2 ug/m3", "hour 23", each once in the order of the text; without those that there are not.
    pub(crate) fn besides(&self, env: &Env<'_>) -> Vec<String> {
        let mut said: Vec<String> = Vec::new();
        self.root.visit(&mut |node| {
            if let Some(text) = self.answer(node, env).filter(|text| !said.contains(text)) {
                said.push(text);
            }
        });
        said
    }

    fn answer(&self, node: &Node, env: &Env<'_>) -> Option<String> {
        match node {
            Node::Window(index, aggregate) => {
                let figure = figure_text(env.window(*index, *aggregate).ok()?);
                let span = span_text(*self.windows.get(*index)?);
                let measured = |what: &str| format!("{what} {span} {figure} {}", env.unit).trim_end().to_owned();
                Some(match aggregate {
                    Aggregate::Mean => measured("mean over"),
                    Aggregate::Min => measured("lowest in"),
                    Aggregate::Max => measured("highest in"),
                    Aggregate::Sum => measured("sum over"),
                    Aggregate::Count => format!("{figure} readings in {span}"),
                })
            }
            Node::Field(field) => {
                let name = besides_the_reading(*field)?;
                match env.field(*field).ok()? {
                    Found::Number(n) => Some(format!("{name} {}", figure_text(n))),
                    Found::Text(text) => Some(format!("{name} {}", shortened(text))),
                    Found::Truth(_) => None,
                }
            }
            Node::Attribute(Holder::Asset, name) => {
                Some(format!("{name} of the asset {}", shortened(env.attribute(Holder::Asset, name)?)))
            }
            Node::InZones(zone) => match &**zone {
                Node::Text(zone) if env.is_in_zone(zone) => Some(format!("in {zone}")),
                Node::Text(zone) => Some(format!("not in {zone}")),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What a name is called that no reading says itself.
fn besides_the_reading(field: Field) -> Option<&'static str> {
    match field {
        Field::Hour => Some("hour"),
        Field::Minute => Some("minute"),
        Field::Weekday => Some("weekday"),
        Field::AssetClass => Some("class of the asset"),
        Field::AssetAgency => Some("agency of the asset"),
        _ => None,
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Node {
    /// Calls for this node and all below it, in the order of the text.
    fn visit(&self, each: &mut impl FnMut(&Self)) {
        each(self);
        match self {
            Self::Number(..)
            | Self::Truth(_)
            | Self::Text(_)
            | Self::Field(_)
            | Self::Attribute(..)
            | Self::Has(..)
            | Self::Window(..) => {}
            Self::Not(a) | Self::Negate(a) | Self::InZones(a) | Self::Size(a) | Self::Double(a) => a.visit(each),
            Self::And(a, b)
            | Self::Or(a, b)
            | Self::Compare(_, a, b)
            | Self::Compute(_, a, b)
            | Self::Test(_, a, b) => {
                a.visit(each);
                b.visit(each);
            }
            Self::If(a, b, c) => {
                a.visit(each);
                b.visit(each);
                c.visit(each);
            }
            Self::InList(a, list) => {
                a.visit(each);
                for node in list {
                    node.visit(each);
                }
            }
        }
    }
}
