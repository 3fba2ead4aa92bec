//! From text to a typed tree, or to what is wrong and where.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo};
use cel::parser::Parser;
use compact_str::CompactString;

use super::scope::{Scope, Subject};
use super::shape::{check_shape, flaw_at, parse_span, place_at};
use super::syntax::syntax_flaw;
use super::types::Type;
use super::{
    Aggregate, Answered, Expression, Field, Flaw, Given, Holder, MAX_EXPRESSION_BYTES, MAX_NODES, MAX_WINDOWS, Mention,
    Node, Place, StepRead, UnitUse,
};

impl Expression {
    /// Compiles a boolean expression over a reading.
    pub(crate) fn compile(text: &str, scope: Scope<'_>) -> Result<Self, Flaw> {
        Self::compile_in(Subject::Reading(scope), text)
    }

    /// Compiles a boolean expression of a playbook: over an incident, and over answers and outcomes of its steps.
    pub(crate) fn compile_for_playbook(text: &str) -> Result<Self, Flaw> {
        Self::compile_in(Subject::Playbook, text)
    }

    fn compile_in(scope: Subject<'_>, text: &str) -> Result<Self, Flaw> {
        if text.len() > MAX_EXPRESSION_BYTES {
            return Err(flaw_at(
                text,
                0,
                format!("an expression has at most {MAX_EXPRESSION_BYTES} bytes, this one has {}", text.len()),
            ));
        }
        check_shape(text)?;
        let (root, source) = Parser::new().parse_with_source_info(text).map_err(|errors| syntax_flaw(text, &errors))?;
        let mut compiler = Compiler {
            text,
            source: &source,
            scope,
            nodes: 0,
            windows: Vec::new(),
            zones: false,
            assets: false,
            steps: Vec::new(),
            answered: Vec::new(),
            units: UnitUse::default(),
            mentions: Vec::new(),
            decided: Vec::new(),
        };
        let node = compiler.expect(&root, Type::TRUTH)?;
        Ok(Self {
            root: node,
            windows: compiler.windows,
            zones: compiler.zones,
            assets: compiler.assets,
            nodes: compiler.nodes,
            steps: compiler.steps,
            answered: compiler.answered,
            units: compiler.units,
            mentions: compiler.mentions,
            decided: compiler.decided,
        })
    }

    pub(super) fn root(&self) -> &Node {
        &self.root
    }
}

pub(super) struct Compiler<'a> {
    text: &'a str,
    source: &'a SourceInfo,
    pub(super) scope: Subject<'a>,
    nodes: usize,
    windows: Vec<i64>,
    pub(super) zones: bool,
    assets: bool,
    steps: Vec<StepRead>,
    pub(super) answered: Vec<Answered>,
    pub(super) units: UnitUse,
    pub(super) mentions: Vec<Mention>,
    pub(super) decided: Vec<(Place, String)>,
}

impl Compiler<'_> {
    pub(super) fn flaw<T>(&self, at: &IdedExpr, message: impl Into<String>) -> Result<T, Flaw> {
        let (line, column) = self.place(at);
        Err(Flaw { line, column, message: message.into() })
    }

    /// Where a part begins.
    pub(super) fn place(&self, at: &IdedExpr) -> Place {
        let first = leftmost(at);
        let offset = self.source.offset_for(first.id).map_or(0, |(start, _)| start as usize);
        let before = self.text.get(..offset).unwrap_or_default();
        // The grammar puts a function call at its parenthesis, and a number behind its sign.
        let name = match &first.expr {
            Expr::Call(call) if before.ends_with(&call.func_name) => call.func_name.len(),
            Expr::Literal(LiteralValue::Int(n)) if *n.inner() < 0 && before.ends_with('-') => 1,
            Expr::Literal(LiteralValue::Double(n)) if *n.inner() < 0.0 && before.ends_with('-') => 1,
            _ => 0,
        };
        place_at(self.text, offset - name)
    }

    /// What is wrong with an operator, where its sign stands.
    pub(super) fn flaw_at_sign<T>(&self, call: &IdedExpr, message: impl Into<String>) -> Result<T, Flaw> {
        let offset = self.source.offset_for(call.id).map_or(0, |(start, _)| start as usize);
        let (line, column) = place_at(self.text, offset);
        Err(Flaw { line, column, message: message.into() })
    }

    /// What is wrong with the field behind a dot.
    fn field_flaw<T>(&self, select: &IdedExpr, message: impl Into<String>) -> Result<T, Flaw> {
        let offset = self.source.offset_for(select.id).map_or(0, |(start, _)| start as usize);
        let rest = self.text.get(offset..).unwrap_or_default();
        // The grammar puts it at its dot.
        let name = rest.trim_start_matches(|c: char| c == '.' || c.is_whitespace());
        let (line, column) = place_at(self.text, offset + (rest.len() - name.len()));
        Err(Flaw { line, column, message: message.into() })
    }

    pub(super) fn expect(&mut self, e: &IdedExpr, wanted: Type) -> Result<Node, Flaw> {
        let (node, found) = self.node(e)?;
        if found.fits(wanted) {
            Ok(node)
        } else {
            self.flaw(e, format!("expected {}, found {}", wanted.word(), found.word()))
        }
    }

    pub(super) fn boxed(&mut self, e: &IdedExpr, wanted: Type) -> Result<Box<Node>, Flaw> {
        self.expect(e, wanted).map(Box::new)
    }

    pub(super) fn node(&mut self, e: &IdedExpr) -> Result<(Node, Type), Flaw> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return self.flaw(e, format!("an expression has at most {MAX_NODES} parts"));
        }
        match &e.expr {
            Expr::Literal(literal) => self.literal(e, literal),
            Expr::Ident(name) => self.variable(e, name),
            Expr::Select(select) => self.select(e, select),
            Expr::Call(call) => self.call(e, call),
            Expr::Comprehension(_) => self.flaw(e, "loops over lists (exists, all, map, filter) are not part of rules; use `\"id\" in zones` or a list of alternatives"),
            Expr::List(_) => self.flaw(e, "a list can only stand after `in`"),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => self.flaw(e, "maps and messages are not part of rules"),
        }
    }

    fn literal(&self, e: &IdedExpr, literal: &LiteralValue) -> Result<(Node, Type), Flaw> {
        Ok(match literal {
            LiteralValue::Boolean(b) => (Node::Truth(*b.inner()), Type::TRUTH),
            LiteralValue::Double(n) => (Node::Number(*n.inner(), Given::Plain), Type::NUMBER),
            LiteralValue::Int(n) => (Node::Number(*n.inner() as f64, Given::Plain), Type::NUMBER),
            LiteralValue::UInt(n) => (Node::Number(*n.inner() as f64, Given::Plain), Type::NUMBER),
            LiteralValue::String(s) => (Node::Text(CompactString::from(s.inner())), Type::TEXT),
            LiteralValue::Bytes(_) | LiteralValue::Null => {
                return self.flaw(e, "expected a number, a text in quotes, true or false");
            }
        })
    }

    fn variable(&self, e: &IdedExpr, name: &str) -> Result<(Node, Type), Flaw> {
        let Some((field, found)) = self.scope.field(name) else {
            let known = self.scope.names();
            return match (self.scope, name) {
                (Subject::Reading(_), "zones") => {
                    self.flaw(e, "`zones` can only stand after `in`: \"harbour\" in zones")
                }
                (Subject::Reading(_), "asset" | "attributes" | "place" | "time")
                | (Subject::Playbook, "answers" | "outcomes") => {
                    self.flaw(e, format!("`{name}` needs a field; known are: {known}"))
                }
                _ => self.flaw(e, format!("unknown name `{name}`; known are: {known}")),
            };
        };
        Ok((Node::Field(field), found))
    }

    fn select(&mut self, e: &IdedExpr, select: &SelectExpr) -> Result<(Node, Type), Flaw> {
        if let Some(holder) = self.holder(&select.operand) {
            let name = CompactString::from(select.field.as_str());
            self.assets |= holder == Holder::Asset;
            // The grammar puts has() at its parenthesis.
            self.note_step(if select.test { &select.operand } else { e }, holder, &name);
            return Ok(if select.test {
                (Node::Has(holder, name), Type::TRUTH)
            } else {
                (Node::Attribute(holder, name), Type::TEXT)
            });
        }
        if select.test {
            return self.flaw(e, "has() asks for an attribute: has(attributes.category), has(asset.attributes.road)");
        }
        if let Expr::Call(call) = &select.operand.expr
            && call.func_name == "window"
        {
            return self.window(e, (&select.operand, call), &select.field);
        }
        let Expr::Ident(object) = &select.operand.expr else {
            return self.field_flaw(e, format!("unknown field `{}`; known are: {}", select.field, self.scope.names()));
        };
        if self.scope == Subject::Playbook {
            let (field, known) = (&select.field, self.scope.names());
            return self.flaw(e, format!("unknown name `{object}.{field}`; known are: {known}"));
        }
        self.assets |= object == "asset";
        let (field, found) = match (object.as_str(), select.field.as_str()) {
            ("asset", "id") => (Field::AssetId, Type::TEXT),
            ("asset", "class") => (Field::AssetClass, Type::TEXT),
            ("asset", "name") => (Field::AssetName, Type::TEXT),
            ("asset", "agency") => (Field::AssetAgency, Type::TEXT),
            ("place", "lon") => (Field::Lon, Type::NUMBER),
            ("place", "lat") => (Field::Lat, Type::NUMBER),
            ("time", "hour") => (Field::Hour, Type::NUMBER),
            ("time", "minute") => (Field::Minute, Type::NUMBER),
            ("time", "weekday") => (Field::Weekday, Type::NUMBER),
            ("asset" | "place" | "time", field) => {
                let known = self.scope.names();
                return self.field_flaw(e, format!("unknown name `{object}.{field}`; known are: {known}"));
            }
            (object, field) => {
                return self.flaw(e, format!("unknown name `{object}.{field}`; known are: {}", self.scope.names()));
            }
        };
        Ok((Node::Field(field), found))
    }

    fn window(
        &mut self,
        member: &IdedExpr,
        (at, call): (&IdedExpr, &CallExpr),
        aggregate: &str,
    ) -> Result<(Node, Type), Flaw> {
        let Subject::Reading(Scope { windows: true, value, .. }) = self.scope else {
            return self.flaw(at, "window() can only be used in the expression of a rule's condition, not in `when`");
        };
        if !value.fits(Type::NUMBER) {
            return self.flaw(at, format!("a window gathers numbers, and each reading here is {}", value.word()));
        }
        let aggregate = match aggregate {
            "mean" => Aggregate::Mean,
            "min" => Aggregate::Min,
            "max" => Aggregate::Max,
            "sum" => Aggregate::Sum,
            "count" => Aggregate::Count,
            other => {
                return self.field_flaw(member, format!("a window has mean, min, max, sum and count, not `{other}`"));
            }
        };
        let length = match call.args.as_slice() {
            [IdedExpr { expr: Expr::Literal(LiteralValue::String(text)), .. }] => parse_span(text.inner()),
            _ => None,
        };
        let Some(length) = length else {
            return self.flaw(
                at,
                "window() takes one span in quotes, up to 7d: window(\"90s\"), window(\"10m\"), window(\"24h\")",
            );
        };
        let index = match self.windows.iter().position(|w| *w == length) {
            Some(index) => index,
            None if self.windows.len() == MAX_WINDOWS => {
                return self.flaw(at, format!("an expression has at most {MAX_WINDOWS} windows"));
            }
            None => {
                self.windows.push(length);
                self.windows.len() - 1
            }
        };
        Ok((Node::Window(index, aggregate), Type::NUMBER))
    }

    pub(super) fn index(&mut self, e: &IdedExpr, a: &IdedExpr, b: &IdedExpr) -> Result<(Node, Type), Flaw> {
        match (self.holder(a), &b.expr) {
            (Some(holder), Expr::Literal(LiteralValue::String(name))) => {
                self.note_step(e, holder, name.inner());
                Ok((Node::Attribute(holder, CompactString::from(name.inner())), Type::TEXT))
            }
            (Some(_), _) => self.flaw(b, "an attribute's name stands in quotes: attributes[\"category\"]"),
            (None, _) => self.flaw(e, "only attributes[\"...\"] and asset.attributes[\"...\"] can be indexed"),
        }
    }

    fn holder(&self, e: &IdedExpr) -> Option<Holder> {
        match &e.expr {
            Expr::Ident(name) => self.scope.holder(name),
            Expr::Select(select) if select.field == "attributes" && !select.test && self.scope != Subject::Playbook => {
                match &select.operand.expr {
                    Expr::Ident(name) if name == "asset" => Some(Holder::Asset),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Remembers that a step is read.
    fn note_step(&mut self, e: &IdedExpr, holder: Holder, name: &str) {
        if matches!(holder, Holder::Answer | Holder::Outcome) {
            let place = self.place(e);
            self.steps.push(StepRead { place, holder, step: CompactString::from(name) });
        }
    }
}

/// The grammar marks an operator's or field's place; people look for where the part begins.
fn leftmost(e: &IdedExpr) -> &IdedExpr {
    match &e.expr {
        Expr::Select(select) if !select.test => leftmost(&select.operand),
        Expr::Comprehension(loop_) => leftmost(&loop_.iter_range),
        Expr::Call(call) => match (&call.target, call.args.as_slice()) {
            (Some(target), _) => leftmost(target),
            (None, [a, _]) if call.func_name.starts_with(['_', '@']) => leftmost(a),
            _ => e,
        },
        _ => e,
    }
}
