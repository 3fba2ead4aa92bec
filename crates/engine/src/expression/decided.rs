//! Comparisons that are decided before any reading comes: an hour is never 25, a quality never `bad`. Such a condition raises
//! nothing for good, or all the time, and nobody would be told.

use cel::common::ast::IdedExpr;
use compact_str::CompactString;

use super::compile::Compiler;
use super::extent::{Bounded, Extent, literal_text};
use super::{Comparison, Holder, Node, Place};

/// A text that the answer of a step is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    /// Where the text stands.
    pub(crate) place: Place,
    /// Whose answer.
    pub(crate) step: CompactString,
    /// The answer that is looked for.
    pub(crate) text: CompactString,
}

impl Compiler<'_> {
    /// Two sides are compared, of which one may be a literal.
    pub(super) fn note_decided(
        &mut self,
        comparison: Comparison,
        (at_a, a): (&IdedExpr, &Node),
        (at_b, b): (&IdedExpr, &Node),
    ) {
        let is_same_or_not = matches!(comparison, Comparison::Equal | Comparison::Unequal);
        for (comparison, node, at, literal) in [(comparison, a, at_b, b), (mirrored(comparison), b, at_a, a)] {
            if is_same_or_not {
                self.note_answer(node, at, literal);
            }
            let Some(bounded) = Bounded::of(node, self.scope) else { continue };
            if let (false, Extent::Words(words), Node::Text(_)) = (is_same_or_not, &bounded.extent, literal) {
                let (place, message) = (self.place(at), by_alphabet(&bounded.name, words));
                self.decided.push((place, message));
                continue;
            }
            let Some(answer) = bounded.extent.decides(comparison, literal) else { continue };
            let message = if is_same_or_not { never(&bounded, literal) } else { always(&bounded, answer) };
            let place = self.place(at);
            self.decided.push((place, message));
        }
    }

    /// Something is looked for in a list that begins at a place.
    pub(super) fn note_listed(&mut self, item: &Node, at: &IdedExpr, elements: &[(&IdedExpr, &Node)]) {
        for (at, element) in elements {
            self.note_answer(item, at, element);
        }
        let Some(bounded) = Bounded::of(item, self.scope) else { return };
        let (has, lacks): (Vec<_>, Vec<_>) = elements.iter().partition(|(_, element)| bounded.extent.has(element));
        for (at, element) in lacks {
            let (place, message) = (self.place(at), never(&bounded, element));
            self.decided.push((place, message));
        }
        let mut different: Vec<&Node> = Vec::new();
        for (_, element) in has.iter().filter(|(_, element)| literal_text(element).is_some()) {
            if !different.contains(element) {
                different.push(element);
            }
        }
        if bounded.extent.count().is_some_and(|count| count == different.len()) {
            let (place, message) = (self.place(at), always(&bounded, true));
            self.decided.push((place, message));
        }
    }

    /// The answer of a step is looked for: which there are knows its playbook.
    fn note_answer(&mut self, node: &Node, at: &IdedExpr, literal: &Node) {
        if let (Node::Attribute(Holder::Answer, step), Node::Text(text)) = (node, literal) {
            let (place, step, text) = (self.place(at), step.clone(), text.clone());
            self.answered.push(Answered { place, step, text });
        }
    }
}

/// The same comparison with its sides changed over.
fn mirrored(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal | Comparison::Unequal => comparison,
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
    }
}

fn by_alphabet(name: &str, words: &[&str]) -> String {
    let (one, other) = (words[0], words[1]);
    format!(
        "`{name}` is a text, and texts are ordered by the alphabet: list those that are meant, as in \
         `{name} in ['{one}', '{other}']`; there are {}",
        words.join(", ")
    )
}

fn never(Bounded { name, extent, why }: &Bounded, literal: &Node) -> String {
    let found = literal_text(literal).unwrap_or_default();
    format!("`{name}` is never {found}: expected {}{why}", extent.words())
}

fn always(Bounded { name, extent, why }: &Bounded, answer: bool) -> String {
    let ever = if answer { "always" } else { "never" };
    format!("this {ever} holds: `{name}` is {}{why}", extent.words())
}
