//! Calls of an expression: operators, functions, lists.

use cel::common::ast::{CallExpr, Expr, IdedExpr, operators};

use super::compile::Compiler;
use super::operands::is_operator;
use super::scope::Subject;
use super::types::Type;
use super::{Arithmetic, Comparison, Flaw, Given, Node, TextTest};

impl Compiler<'_> {
    pub(super) fn call(&mut self, e: &IdedExpr, call: &CallExpr) -> Result<(Node, Type), Flaw> {
        let name = call.func_name.as_str();
        match (&call.target, call.args.as_slice()) {
            (None, [a]) => self.unary(e, name, a),
            (None, [a, b]) => self.binary(e, name, a, b),
            (None, [a, b, c]) if name == operators::CONDITIONAL => {
                let condition = self.operand(name, a, Type::TRUTH)?;
                let (yes, found) = self.node(b)?;
                let (no, other) = self.node(c)?;
                if !found.fits(other) {
                    return self.flaw(
                        c,
                        format!("both sides of `? :` need one type: expected {}, found {}", found.word(), other.word()),
                    );
                }
                self.note_measures(c, None, &yes, &no);
                Ok((Node::If(condition, Box::new(yes), Box::new(no)), found.narrowed(other)))
            }
            (Some(target), [argument]) => {
                let test = match name {
                    "contains" => TextTest::Contains,
                    "startsWith" => TextTest::StartsWith,
                    "endsWith" => TextTest::EndsWith,
                    _ => return self.unknown_function(e, name),
                };
                Ok((Node::Test(test, self.boxed(target, Type::TEXT)?, self.boxed(argument, Type::TEXT)?), Type::TRUTH))
            }
            _ => self.unknown_function(e, name),
        }
    }

    pub(super) fn unknown_function<T>(&self, e: &IdedExpr, name: &str) -> Result<T, Flaw> {
        self.flaw(e, format!("`{name}` is not a function of rules with these arguments; there are quantity(50, \"ug/m3\"), difference(5, \"K\"), double(text), size(text), text.contains(text), text.startsWith(text), text.endsWith(text), has(attributes.name) and window(\"10m\").mean"))
    }

    pub(super) fn unary(&mut self, e: &IdedExpr, name: &str, a: &IdedExpr) -> Result<(Node, Type), Flaw> {
        match name {
            operators::LOGICAL_NOT => Ok((Node::Not(self.operand(name, a, Type::TRUTH)?), Type::TRUTH)),
            operators::NEGATE => Ok((Node::Negate(self.operand(name, a, Type::NUMBER)?), Type::NUMBER)),
            "double" => Ok((Node::Double(self.boxed(a, Type::TEXT)?), Type::NUMBER)),
            "size" => Ok((Node::Size(self.boxed(a, Type::TEXT)?), Type::NUMBER)),
            "window" => self.flaw(e, "a window needs an aggregate: window(\"10m\").mean, .min, .max, .sum or .count"),
            _ => self.unknown_function(e, name),
        }
    }

    pub(super) fn binary(
        &mut self,
        e: &IdedExpr,
        name: &str,
        a: &IdedExpr,
        b: &IdedExpr,
    ) -> Result<(Node, Type), Flaw> {
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
            "quantity" => self.quantity(e, a, b, Given::Reading),
            "difference" => self.quantity(e, a, b, Given::Difference),
            operators::LOGICAL_AND => {
                let (left, right) = self.operands(name, (a, b), Type::TRUTH)?;
                Ok((Node::And(left, right), Type::TRUTH))
            }
            operators::LOGICAL_OR => {
                let (left, right) = self.operands(name, (a, b), Type::TRUTH)?;
                Ok((Node::Or(left, right), Type::TRUTH))
            }
            operators::ADD => self.arithmetic(name, Arithmetic::Add, a, b),
            operators::SUBSTRACT => self.arithmetic(name, Arithmetic::Subtract, a, b),
            operators::MULTIPLY => self.arithmetic(name, Arithmetic::Multiply, a, b),
            operators::DIVIDE => self.arithmetic(name, Arithmetic::Divide, a, b),
            operators::IN => self.membership(a, b),
            operators::INDEX => self.index(e, a, b),
            _ if is_operator(name) => self.unknown_operator(e, name, [a, b]),
            _ => self.unknown_function(e, name),
        }
    }

    pub(super) fn comparison(
        &mut self,
        comparison: Comparison,
        a: &IdedExpr,
        b: &IdedExpr,
    ) -> Result<(Node, Type), Flaw> {
        let (left, found) = self.node(a)?;
        let (right, other) = self.node(b)?;
        if !other.fits(found) {
            return self.flaw(b, format!("expected {}, found {}", found.word(), other.word()));
        }
        self.note_units(a, (&left, found), (&right, other));
        self.note_measures(b, None, &left, &right);
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::Unequal);
        if !ordered {
            self.note_kind((a, &left), (b, &right));
        }
        self.note_decided(comparison, (a, &left), (b, &right));
        if ordered && (found == Type::TRUTH || self.is_truth(found, other)) {
            return self.flaw(a, "true and false have no order; expected a number or a text");
        }
        Ok((Node::Compare(comparison, Box::new(left), Box::new(right)), Type::TRUTH))
    }

    /// Whether two sides that fit can only both be true or false. Of a rule that was saved before not asked.
    fn is_truth(&self, a: Type, b: Type) -> bool {
        let known = matches!(self.scope, Subject::Reading(scope) if scope.value != Type::ANY);
        known && a.narrowed(b) == Type::TRUTH
    }

    pub(super) fn arithmetic(
        &mut self,
        name: &str,
        operation: Arithmetic,
        a: &IdedExpr,
        b: &IdedExpr,
    ) -> Result<(Node, Type), Flaw> {
        let (left, right) = self.operands(name, (a, b), Type::NUMBER)?;
        if matches!(operation, Arithmetic::Add | Arithmetic::Subtract) {
            self.note_units(a, (&left, Type::NUMBER), (&right, Type::NUMBER));
            self.note_measures(b, Some(operation), &left, &right);
        }
        Ok((Node::Compute(operation, left, right), Type::NUMBER))
    }

    pub(super) fn membership(&mut self, a: &IdedExpr, b: &IdedExpr) -> Result<(Node, Type), Flaw> {
        match &b.expr {
            Expr::Ident(name) if name == "zones" && self.scope != Subject::Playbook => {
                self.zones = true;
                let zone = self.boxed(a, Type::TEXT)?;
                self.note_zone(a, &zone);
                Ok((Node::InZones(zone), Type::TRUTH))
            }
            Expr::List(list) => {
                let (item, found) = self.node(a)?;
                let mut elements = Vec::with_capacity(list.elements.len());
                for e in &list.elements {
                    let (element, other) = self.node(e)?;
                    if !other.fits(found) {
                        return self.flaw(e, format!("expected {}, found {}", found.word(), other.word()));
                    }
                    self.note_units(e, (&item, found), (&element, other));
                    self.note_measures(e, None, &item, &element);
                    self.note_kind((a, &item), (e, &element));
                    elements.push(element);
                }
                let listed: Vec<_> = list.elements.iter().zip(&elements).collect();
                self.note_listed(&item, b, &listed);
                Ok((Node::InList(Box::new(item), elements), Type::TRUTH))
            }
            _ => self.flaw(b, "`in` needs `zones` or a list: kind in [\"air.pm25\", \"air.pm10\"]"),
        }
    }
}
