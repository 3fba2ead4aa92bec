//! Which kinds and zones an expression names in so many words: one that does not exist makes it true never or always.

use cel::common::ast::IdedExpr;
use compact_str::CompactString;

use super::compile::Compiler;
use super::{Field, Node, Place};

/// A name in quotes, and what it is the name of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention {
    /// Where it stands.
    pub(crate) place: Place,
    /// Of what.
    pub(crate) what: Mentioned,
    /// The name.
    pub(crate) id: CompactString,
}

/// What an expression can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mentioned {
    /// `kind == "air.pm25"`
    Kind,
    /// `"harbour" in zones`
    Zone,
}

impl Compiler<'_> {
    /// Two sides are the same or not, of which one may be `kind` and the other a text.
    pub(super) fn note_kind(&mut self, (at_a, a): (&IdedExpr, &Node), (at_b, b): (&IdedExpr, &Node)) {
        match (a, b) {
            (Node::Field(Field::Kind), name) => self.note(at_b, Mentioned::Kind, name),
            (name, Node::Field(Field::Kind)) => self.note(at_a, Mentioned::Kind, name),
            _ => {}
        }
    }

    /// A text is looked for in `zones`.
    pub(super) fn note_zone(&mut self, at: &IdedExpr, zone: &Node) {
        self.note(at, Mentioned::Zone, zone);
    }

    /// A text that begins at a place, or one of two of which a condition chooses. What a reading says names nothing.
    fn note(&mut self, at: &IdedExpr, what: Mentioned, name: &Node) {
        match name {
            Node::Text(id) => {
                let place = self.place(at);
                self.mentions.push(Mention { place, what, id: id.clone() });
            }
            Node::If(_, yes, no) => {
                self.note(at, what, yes);
                self.note(at, what, no);
            }
            _ => {}
        }
    }
}
