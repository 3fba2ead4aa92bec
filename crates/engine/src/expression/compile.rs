//! From text to a typed tree, or to what is wrong and where.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators};
use cel::parser::Parser;
use compact_str::CompactString;

use super::scope::{Scope, Subject};
use super::{
    Aggregate, Arithmetic, Comparison, Expression, Field, Flaw, Holder, MAX_EXPRESSION_BYTES, MAX_NODES, MAX_WINDOW_S,
    MAX_WINDOWS, Node, TextTest,
};

/// Deepest nesting of parentheses, brackets and braces. The parser calls itself a dozen times for each, with large
/// frames, and must not meet the end of the stack.
const MAX_NESTING: usize = 8;
/// Most of `? :`, `!` and `-`, for the same reason.
const MAX_RECURSING: usize = 16;
/// Most signs in all (`>=` is two), and most `in`: the parser walks long chains by calling itself.
const MAX_SIGNS: usize = 128;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Number,
    Truth,
    Text,
    /// `value`: known when the reading is.
    Any,
}

impl Type {
    fn word(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Truth => "true or false",
            Self::Text => "a text",
            Self::Any => "a value",
        }
    }

    fn fits(self, wanted: Self) -> bool {
        self == wanted || self == Self::Any || wanted == Self::Any
    }
}

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
        };
        let node = compiler.expect(&root, Type::Truth)?;
        Ok(Self {
            root: node,
            windows: compiler.windows,
            zones: compiler.zones,
            assets: compiler.assets,
            nodes: compiler.nodes,
            steps: compiler.steps,
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
    zones: bool,
    assets: bool,
    steps: Vec<CompactString>,
}

impl Compiler<'_> {
    pub(super) fn flaw<T>(&self, at: &IdedExpr, message: impl Into<String>) -> Result<T, Flaw> {
        let first = leftmost(at);
        let offset = self.source.offset_for(first.id).map_or(0, |(start, _)| start as usize);
        // The grammar puts a function call at its parenthesis.
        let name = match &first.expr {
            Expr::Call(call) if self.text.get(..offset).is_some_and(|t| t.ends_with(&call.func_name)) => {
                call.func_name.len()
            }
            _ => 0,
        };
        Err(flaw_at(self.text, offset - name, message.into()))
    }

    fn expect(&mut self, e: &IdedExpr, wanted: Type) -> Result<Node, Flaw> {
        let (node, found) = self.node(e)?;
        if found.fits(wanted) {
            Ok(node)
        } else {
            self.flaw(e, format!("expected {}, found {}", wanted.word(), found.word()))
        }
    }

    fn boxed(&mut self, e: &IdedExpr, wanted: Type) -> Result<Box<Node>, Flaw> {
        self.expect(e, wanted).map(Box::new)
    }

    fn node(&mut self, e: &IdedExpr) -> Result<(Node, Type), Flaw> {
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
            LiteralValue::Boolean(b) => (Node::Truth(*b.inner()), Type::Truth),
            LiteralValue::Double(n) => (Node::Number(*n.inner()), Type::Number),
            LiteralValue::Int(n) => (Node::Number(*n.inner() as f64), Type::Number),
            LiteralValue::UInt(n) => (Node::Number(*n.inner() as f64), Type::Number),
            LiteralValue::String(s) => (Node::Text(CompactString::from(s.inner())), Type::Text),
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
            self.note_step(holder, &name);
            return Ok(if select.test {
                (Node::Has(holder, name), Type::Truth)
            } else {
                (Node::Attribute(holder, name), Type::Text)
            });
        }
        if select.test {
            return self.flaw(e, "has() asks for an attribute: has(attributes.category), has(asset.attributes.road)");
        }
        if let Expr::Call(call) = &select.operand.expr
            && call.func_name == "window"
        {
            return self.window(&select.operand, call, &select.field);
        }
        let Expr::Ident(object) = &select.operand.expr else {
            return self.flaw(e, format!("unknown field `{}`; known are: {}", select.field, self.scope.names()));
        };
        if self.scope == Subject::Playbook {
            let (field, known) = (&select.field, self.scope.names());
            return self.flaw(e, format!("unknown name `{object}.{field}`; known are: {known}"));
        }
        self.assets |= object == "asset";
        let (field, found) = match (object.as_str(), select.field.as_str()) {
            ("asset", "id") => (Field::AssetId, Type::Text),
            ("asset", "class") => (Field::AssetClass, Type::Text),
            ("asset", "name") => (Field::AssetName, Type::Text),
            ("asset", "agency") => (Field::AssetAgency, Type::Text),
            ("place", "lon") => (Field::Lon, Type::Number),
            ("place", "lat") => (Field::Lat, Type::Number),
            ("time", "hour") => (Field::Hour, Type::Number),
            ("time", "minute") => (Field::Minute, Type::Number),
            ("time", "weekday") => (Field::Weekday, Type::Number),
            (object, field) => {
                return self.flaw(e, format!("unknown name `{object}.{field}`; known are: {}", self.scope.names()));
            }
        };
        Ok((Node::Field(field), found))
    }

    fn window(&mut self, at: &IdedExpr, call: &CallExpr, aggregate: &str) -> Result<(Node, Type), Flaw> {
        if !matches!(self.scope, Subject::Reading(Scope { windows: true, .. })) {
            return self.flaw(at, "window() can only be used in the expression of a rule's condition, not in `when`");
        }
        let aggregate = match aggregate {
            "mean" => Aggregate::Mean,
            "min" => Aggregate::Min,
            "max" => Aggregate::Max,
            "sum" => Aggregate::Sum,
            "count" => Aggregate::Count,
            other => {
                return self.flaw(at, format!("a window has mean, min, max, sum and count, not `{other}`"));
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
        Ok((Node::Window(index, aggregate), Type::Number))
    }

    fn call(&mut self, e: &IdedExpr, call: &CallExpr) -> Result<(Node, Type), Flaw> {
        let name = call.func_name.as_str();
        match (&call.target, call.args.as_slice()) {
            (None, [a]) => self.unary(e, name, a),
            (None, [a, b]) => self.binary(e, name, a, b),
            (None, [a, b, c]) if name == operators::CONDITIONAL => {
                let condition = self.boxed(a, Type::Truth)?;
                let (yes, found) = self.node(b)?;
                let (no, other) = self.node(c)?;
                if !found.fits(other) {
                    return self.flaw(
                        c,
                        format!("both sides of `? :` need one type: expected {}, found {}", found.word(), other.word()),
                    );
                }
                let found = if found == Type::Any { other } else { found };
                Ok((Node::If(condition, Box::new(yes), Box::new(no)), found))
            }
            (Some(target), [argument]) => {
                let test = match name {
                    "contains" => TextTest::Contains,
                    "startsWith" => TextTest::StartsWith,
                    "endsWith" => TextTest::EndsWith,
                    _ => return self.unknown_function(e, name),
                };
                Ok((Node::Test(test, self.boxed(target, Type::Text)?, self.boxed(argument, Type::Text)?), Type::Truth))
            }
            _ => self.unknown_function(e, name),
        }
    }

    fn unknown_function<T>(&self, e: &IdedExpr, name: &str) -> Result<T, Flaw> {
        self.flaw(e, format!("`{name}` is not a function of rules with these arguments; there are quantity(50, \"ug/m3\"), size(text), text.contains(text), text.startsWith(text), text.endsWith(text), has(attributes.name) and window(\"10m\").mean"))
    }

    fn unary(&mut self, e: &IdedExpr, name: &str, a: &IdedExpr) -> Result<(Node, Type), Flaw> {
        match name {
            operators::LOGICAL_NOT => Ok((Node::Not(self.boxed(a, Type::Truth)?), Type::Truth)),
            operators::NEGATE => Ok((Node::Negate(self.boxed(a, Type::Number)?), Type::Number)),
            "size" => Ok((Node::Size(self.boxed(a, Type::Text)?), Type::Number)),
            "window" => self.flaw(e, "a window needs an aggregate: window(\"10m\").mean, .min, .max, .sum or .count"),
            _ => self.unknown_function(e, name),
        }
    }

    fn binary(&mut self, e: &IdedExpr, name: &str, a: &IdedExpr, b: &IdedExpr) -> Result<(Node, Type), Flaw> {
        let compare = match name {
            operators::EQUALS => Some(Comparison::Equal),
            operators::NOT_EQUALS => Some(Comparison::Unequal),
            operators::LESS => Some(Comparison::Less),
            operators::LESS_EQUALS => Some(Comparison::LessEqual),
            operators::GREATER => Some(Comparison::Greater),
            operators::GREATER_EQUALS => Some(Comparison::GreaterEqual),
            _ => None,
        };
        if let Some(comparison) = compare {
            return self.comparison(comparison, a, b);
        }
        match name {
            "quantity" => self.quantity(e, a, b),
            operators::LOGICAL_AND => {
                Ok((Node::And(self.boxed(a, Type::Truth)?, self.boxed(b, Type::Truth)?), Type::Truth))
            }
            operators::LOGICAL_OR => {
                Ok((Node::Or(self.boxed(a, Type::Truth)?, self.boxed(b, Type::Truth)?), Type::Truth))
            }
            operators::ADD => self.arithmetic(Arithmetic::Add, a, b),
            operators::SUBSTRACT => self.arithmetic(Arithmetic::Subtract, a, b),
            operators::MULTIPLY => self.arithmetic(Arithmetic::Multiply, a, b),
            operators::DIVIDE => self.arithmetic(Arithmetic::Divide, a, b),
            operators::IN => self.membership(a, b),
            operators::INDEX => self.index(e, a, b),
            _ => self.unknown_function(e, name),
        }
    }

    fn comparison(&mut self, comparison: Comparison, a: &IdedExpr, b: &IdedExpr) -> Result<(Node, Type), Flaw> {
        let (left, found) = self.node(a)?;
        let right = self.boxed(b, found)?;
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::Unequal);
        if ordered && found == Type::Truth {
            return self.flaw(a, "true and false have no order; expected a number or a text");
        }
        Ok((Node::Compare(comparison, Box::new(left), right), Type::Truth))
    }

    fn arithmetic(&mut self, operation: Arithmetic, a: &IdedExpr, b: &IdedExpr) -> Result<(Node, Type), Flaw> {
        Ok((Node::Compute(operation, self.boxed(a, Type::Number)?, self.boxed(b, Type::Number)?), Type::Number))
    }

    fn membership(&mut self, a: &IdedExpr, b: &IdedExpr) -> Result<(Node, Type), Flaw> {
        match &b.expr {
            Expr::Ident(name) if name == "zones" && self.scope != Subject::Playbook => {
                self.zones = true;
                Ok((Node::InZones(self.boxed(a, Type::Text)?), Type::Truth))
            }
            Expr::List(list) => {
                let (item, found) = self.node(a)?;
                let elements =
                    list.elements.iter().map(|element| self.expect(element, found)).collect::<Result<_, _>>()?;
                Ok((Node::InList(Box::new(item), elements), Type::Truth))
            }
            _ => self.flaw(b, "`in` needs `zones` or a list: kind in [\"air.pm25\", \"air.pm10\"]"),
        }
    }

    fn index(&mut self, e: &IdedExpr, a: &IdedExpr, b: &IdedExpr) -> Result<(Node, Type), Flaw> {
        match (self.holder(a), &b.expr) {
            (Some(holder), Expr::Literal(LiteralValue::String(name))) => {
                self.note_step(holder, name.inner());
                Ok((Node::Attribute(holder, CompactString::from(name.inner())), Type::Text))
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
    fn note_step(&mut self, holder: Holder, name: &str) {
        if matches!(holder, Holder::Answer | Holder::Outcome) && !self.steps.iter().any(|step| step == name) {
            self.steps.push(CompactString::from(name));
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

/// "90s", "10m", "24h" or "7d" in microseconds.
fn parse_span(text: &str) -> Option<i64> {
    let (digits, factor) = match text.as_bytes().last()? {
        b's' => (&text[..text.len() - 1], 1.0),
        b'm' => (&text[..text.len() - 1], 60.0),
        b'h' => (&text[..text.len() - 1], 3600.0),
        b'd' => (&text[..text.len() - 1], 86_400.0),
        _ => return None,
    };
    let seconds = digits.parse::<u32>().ok().map(|n| f64::from(n) * factor)?;
    (1.0..=MAX_WINDOW_S).contains(&seconds).then_some((seconds * 1e6) as i64)
}

/// Refuses what the parser should not see: brackets too deep, too many signs that make it call itself. What would make
/// it unclear where a text begins and ends (backslashes, tripled quotes, comments) is refused too, or brackets could hide.
fn check_shape(text: &str) -> Result<(), Flaw> {
    for (part, name) in
        [("\\", "a backslash"), ("\"\"\"", "a tripled quote"), ("'''", "a tripled quote"), ("//", "a comment")]
    {
        if let Some(offset) = text.find(part) {
            return Err(flaw_at(text, offset, format!("{name} is not part of rules")));
        }
    }
    let (mut depth, mut recursing, mut signs, mut quote) = (0usize, 0usize, text.matches("in").count(), None);
    for (offset, c) in text.char_indices() {
        match (quote, c) {
            (Some((_, start)), '\n' | '\r') => return Err(unclosed(text, start)),
            (Some((open, _)), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some((c, offset)),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, '?' | '!' | '-') => recursing += 1,
            _ => {}
        }
        signs += usize::from(quote.is_none() && c.is_ascii_punctuation() && !matches!(c, '_' | ',' | ')' | ']'));
        if signs > MAX_SIGNS {
            return Err(flaw_at(text, offset, format!("an expression has at most {MAX_SIGNS} signs")));
        }
        if depth > MAX_NESTING {
            return Err(flaw_at(text, offset, format!("brackets are nested at most {MAX_NESTING} deep")));
        }
        if recursing > MAX_RECURSING {
            let message = format!("`?`, `!` and `-` stand at most {MAX_RECURSING} times in one expression");
            return Err(flaw_at(text, offset, message));
        }
    }
    quote.map_or(Ok(()), |(_, start)| Err(unclosed(text, start)))
}

fn unclosed(text: &str, start: usize) -> Flaw {
    flaw_at(text, start, "the text that begins here has no closing quote on its line".to_owned())
}

fn flaw_at(text: &str, offset: usize, message: String) -> Flaw {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() as u32 + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() as u32 + 1;
    Flaw { line, column, message }
}

fn syntax_flaw(text: &str, errors: &cel::ParseErrors) -> Flaw {
    let Some(first) = errors.errors.first() else {
        return flaw_at(text, 0, "not an expression".to_owned());
    };
    let message = first.msg.lines().next().unwrap_or("not an expression");
    let (line, column) = (first.pos.0.max(1) as u32, first.pos.1.max(1) as u32);
    Flaw { line, column, message: format!("not an expression: {message}") }
}
