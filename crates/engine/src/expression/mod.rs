//! Expressions of rules and playbooks: the part of CEL that has no loops, compiled to a small tree.
//!
//! The text is parsed by the CEL grammar. What is accepted is typed, bounded in length and size, and runs in time
//! proportional to its size: comprehension macros (`exists`, `map`) and regular expressions are refused when the rule
//! is saved. All numbers are doubles. Errors follow CEL: `&&` and `||` absorb an error where the other side decides.

mod besides;
mod compile;
mod conjunction;
mod decided;
mod evaluate;
mod extent;
mod measure;
mod mention;
mod operands;
mod operators;
mod quantity;
mod scope;
mod shape;
mod syntax;
mod types;
mod unit_use;

use compact_str::CompactString;

pub(crate) use conjunction::Conjunction;
pub(crate) use decided::Answered;
pub(crate) use evaluate::{Env, Facts, Fault, Found};
pub(crate) use mention::{Mention, Mentioned};
pub(crate) use scope::Scope;
pub(crate) use shape::place_at;
pub(crate) use types::Type;

/// Longest expression, in bytes.
const MAX_EXPRESSION_BYTES: usize = 4096;
/// Most nodes of an expression.
const MAX_NODES: usize = 256;
/// Most windows of one expression.
const MAX_WINDOWS: usize = 4;
/// Longest window in seconds: one week.
pub(crate) const MAX_WINDOW_S: f64 = 604_800.0;

/// A compiled boolean expression.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    root: Node,
    /// Lengths in microseconds of the windows it reads, in order of first use.
    pub(crate) windows: Vec<i64>,
    /// Whether it reads the zones of the place.
    pub(crate) zones: bool,
    /// Whether it reads the registered asset.
    pub(crate) assets: bool,
    /// Where it reads the answer or outcome of which step of its playbook.
    pub(crate) steps: Vec<StepRead>,
    /// The texts that it compares answers with, for the check.
    pub(crate) answered: Vec<Answered>,
    /// How it reads units, for the check.
    pub(crate) units: UnitUse,
    /// The kinds and zones that it names, for the check.
    pub(crate) mentions: Vec<Mention>,
    /// Where a comparison comes out the same whatever is read, and what was expected, for the check.
    pub(crate) decided: Vec<(Place, String)>,
    /// How many nodes it has.
    nodes: usize,
}

/// Line and column, both from 1.
pub(crate) type Place = (u32, u32);

/// What an expression reads of a step.
#[derive(Debug, Clone)]
pub(crate) struct StepRead {
    /// Where.
    pub(crate) place: Place,
    /// Its answer or its outcome.
    pub(crate) holder: Holder,
    /// The name of the step.
    pub(crate) step: CompactString,
}

/// What an expression says that depends on the units of the readings.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnitUse {
    /// Where a reading first meets a plain number.
    pub(crate) figure: Option<Place>,
    /// The texts that `unit` is compared with.
    pub(crate) codes: Vec<(Place, CompactString)>,
    /// Where two numbers meet that measure different things, and what was expected. Only of a rule that is to be saved.
    pub(crate) clashes: Vec<(Place, String)>,
}

impl Expression {
    /// How many nodes are visited at most.
    pub(crate) fn nodes(&self) -> usize {
        self.nodes
    }
}

/// Most steps that computing an expression takes; of one that does not compile, the nodes it may have.
pub(crate) fn cost(text: &str, unit: Option<&str>) -> u32 {
    let Ok(e) = Expression::compile(text, Scope::stored(true, unit)) else {
        return MAX_NODES as u32;
    };
    (e.nodes + e.windows.len() * crate::window::MAX_ENTRIES) as u32
}

/// What is wrong with the text of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Line, from 1.
    pub(crate) line: u32,
    /// Column in characters, from 1.
    pub(crate) column: u32,
    /// What was wrong and what was expected.
    pub(crate) message: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Number(f64, Given),
    Truth(bool),
    Text(CompactString),
    Field(Field),
    Attribute(Holder, CompactString),
    Has(Holder, CompactString),
    Window(usize, Aggregate),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    Compute(Arithmetic, Box<Node>, Box<Node>),
    InList(Box<Node>, Vec<Node>),
    InZones(Box<Node>),
    Size(Box<Node>),
    /// The number that a text says.
    Double(Box<Node>),
    Test(TextTest, Box<Node>, Box<Node>),
}

/// How a number of the text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    /// As it stands.
    Plain,
    /// `quantity(50, "ug/m3")`
    Reading,
    /// `difference(5, "K")`
    Difference,
}

/// Something an expression reads: of a reading down to `Lat`, of an incident from `Severity` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Value,
    Unit,
    Kind,
    Source,
    Quality,
    Hour,
    Minute,
    Weekday,
    AssetId,
    AssetClass,
    AssetName,
    AssetAgency,
    Lon,
    Lat,
    Severity,
    Priority,
    IncidentType,
    Title,
    State,
    Reality,
    Agency,
    Alarms,
    ActiveAlarms,
}

/// Whose attributes are read, or what of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    Asset,
    Observation,
    Answer,
    Outcome,
}

/// What a window answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregate {
    Mean,
    Min,
    Max,
    Sum,
    Count,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
}

#[cfg(test)]
mod tests;
