//! The query options: `$filter`, `$expand`, `$select`, `$orderby`, `$top`, `$skip`, `$count`, `$resultFormat`.

use std::collections::BTreeSet;
use std::fmt;

use percent_encoding::percent_decode_str;

use super::SyntaxError;
use super::entity::EntitySet;
use super::filter::{Expression, is_id};

/// Most levels of `$expand`.
const MAX_EXPAND_DEPTH: usize = 6;
/// Most ways expanded at one level.
const MAX_EXPANDS: usize = 32;

/// The options of a request, or of one expanded way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// Which entities.
    pub filter: Option<Expression>,
    /// What they lead to, inline.
    pub expand: Vec<Expand>,
    /// Their properties and ways wanted; empty for all.
    pub select: Vec<String>,
    /// In which order.
    pub order_by: Vec<Order>,
    /// At most so many.
    pub top: Option<u64>,
    /// Without the first so many.
    pub skip: u64,
    /// Whether the number of all is wanted.
    pub count: bool,
    /// Where the page before ended; from a next link.
    pub skip_token: Option<String>,
    /// Whether Observations are wanted as arrays.
    pub data_array: bool,
}

/// A way expanded.
#[derive(Debug, Clone, PartialEq)]
pub struct Expand {
    /// Its name.
    pub way: String,
    /// Its own options.
    pub query: Query,
}

/// One criterion of the order.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// By what.
    pub by: Expression,
    /// Largest first.
    pub descending: bool,
}

impl Query {
    /// Reads the query of a URL, undecoded and without its question mark, for entities of a set. Unknown options with a
    /// dollar sign are refused, others ignored.
    pub fn parse(text: &str, set: EntitySet) -> Result<Self, SyntaxError> {
        let mut query = Self::default();
        let mut seen = BTreeSet::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name)?;
            if !name.starts_with('$') {
                continue;
            }
            if !seen.insert(name.clone()) {
                return Err(SyntaxError::new(name, "is given twice"));
            }
            query.set(&name, &decode(value)?, 0)?;
        }
        query.check(set)?;
        Ok(query)
    }

    fn set(&mut self, name: &str, value: &str, depth: usize) -> Result<(), SyntaxError> {
        match name {
            "$filter" => self.filter = Some(Expression::parse(name, value)?),
            "$expand" => self.expand = expands(value, depth)?,
            "$select" => {
                self.select = split(value, ',').into_iter().map(|name| name.trim().to_owned()).collect();
                self.select.retain(|name| !name.is_empty());
            }
            "$orderby" => self.order_by = split(value, ',').into_iter().map(order).collect::<Result<_, _>>()?,
            "$top" => self.top = Some(number(name, value)?),
            "$skip" => self.skip = number(name, value)?,
            "$count" => {
                self.count = match value {
                    "true" => true,
                    "false" => false,
                    other => return Err(SyntaxError::new(name, format_args!("{other:?} is neither true nor false"))),
                }
            }
            "$skiptoken" => self.skip_token = Some(value.to_owned()),
            "$resultFormat" if value.eq_ignore_ascii_case("dataArray") && depth == 0 => self.data_array = true,
            "$resultFormat" => {
                return Err(SyntaxError::new(name, format_args!("{value:?} is not known; dataArray is")));
            }
            _ => return Err(SyntaxError::new(name, "there is no such option")),
        }
        Ok(())
    }

    /// Checks every name against the set.
    fn check(&self, set: EntitySet) -> Result<(), SyntaxError> {
        if let Some(filter) = &self.filter {
            filter.check("$filter", set)?;
        }
        for order in &self.order_by {
            order.by.check("$orderby", set)?;
        }
        for name in &self.select {
            let first = name.split('/').next().unwrap_or_default();
            if !(set.properties().contains(&first) || set.navigation(first).is_some() || is_id(first)) {
                return Err(SyntaxError::new(
                    "$select",
                    format_args!("a {} has no property or way {name:?}", set.singular()),
                ));
            }
        }
        for expand in &self.expand {
            let way = set.navigation(&expand.way).ok_or_else(|| {
                SyntaxError::new("$expand", format_args!("a {} has no way {:?}", set.singular(), expand.way))
            })?;
            expand.query.check(way.to)?;
        }
        if self.data_array && set != EntitySet::Observations {
            return Err(SyntaxError::new("$resultFormat", "dataArray is a form of Observations alone"));
        }
        Ok(())
    }

    /// Every set that answering the query reads, besides its own.
    pub fn sets(&self, set: EntitySet) -> BTreeSet<EntitySet> {
        let mut found = BTreeSet::new();
        self.gather(set, &mut found);
        found
    }

    fn gather(&self, set: EntitySet, found: &mut BTreeSet<EntitySet>) {
        let expressions = self.filter.iter().chain(self.order_by.iter().map(|order| &order.by));
        for expression in expressions {
            found.extend(expression.check("", set).unwrap_or_default());
        }
        for expand in &self.expand {
            if let Some(way) = set.navigation(&expand.way) {
                found.insert(way.to);
                expand.query.gather(way.to, found);
            }
        }
    }

    /// Whether a property or way belongs in the answer.
    pub fn selects(&self, name: &str) -> bool {
        self.select.is_empty() || self.select.iter().any(|s| s.split('/').next() == Some(name))
    }

    /// Whether the id belongs in the answer.
    pub fn selects_id(&self) -> bool {
        self.select.is_empty() || self.select.iter().any(|name| matches!(name.as_str(), "id" | "@iot.id"))
    }

    /// Whether the address belongs in the answer.
    pub fn selects_link(&self) -> bool {
        self.select.is_empty() || self.select.iter().any(|name| name == "@iot.selfLink")
    }
}

/// Undoes percent signs and the plus sign of a space.
fn decode(text: &str) -> Result<String, SyntaxError> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| SyntaxError::new("query", "is not UTF-8"))
}

fn number(name: &str, value: &str) -> Result<u64, SyntaxError> {
    value.trim().parse().map_err(|_| SyntaxError::new(name, format_args!("{value:?} is no whole number from 0")))
}

/// The parts between separators that stand neither in quotes nor in parentheses.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_i32, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            c if c == separator && depth == 0 && !quoted => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn order(text: &str) -> Result<Order, SyntaxError> {
    let text = text.trim();
    let word = |word: &str| {
        let at = text.len().checked_sub(word.len())?;
        let (before, last) = (text.get(..at)?, text.get(at..)?);
        (last.eq_ignore_ascii_case(word) && before.ends_with(char::is_whitespace)).then_some(before)
    };
    let (by, descending) = match (word("desc"), word("asc")) {
        (Some(by), _) => (by, true),
        (None, Some(by)) => (by, false),
        (None, None) => (text, false),
    };
    Ok(Order { by: Expression::parse("$orderby", by)?, descending })
}

fn expands(text: &str, depth: usize) -> Result<Vec<Expand>, SyntaxError> {
    if depth >= MAX_EXPAND_DEPTH {
        return Err(SyntaxError::new("$expand", format_args!("at most {MAX_EXPAND_DEPTH} levels")));
    }
    let mut found: Vec<Expand> = Vec::new();
    for part in split(text, ',') {
        merge(&mut found, expand(part.trim(), depth)?);
        if found.len() > MAX_EXPANDS {
            return Err(SyntaxError::new("$expand", format_args!("at most {MAX_EXPANDS} ways at a level")));
        }
    }
    Ok(found)
}

/// `Way`, `Way(options)`, `Way/Further(options)`.
fn expand(text: &str, depth: usize) -> Result<Expand, SyntaxError> {
    let end = text.find(['(', '/']).unwrap_or(text.len());
    let (way, rest) = (text[..end].trim(), &text[end..]);
    if way.is_empty() {
        return Err(SyntaxError::new("$expand", "the name of a way is missing"));
    }
    let mut query = Query::default();
    if let Some(further) = rest.strip_prefix('/') {
        if depth + 1 >= MAX_EXPAND_DEPTH {
            return Err(SyntaxError::new("$expand", format_args!("at most {MAX_EXPAND_DEPTH} levels")));
        }
        query.expand = vec![expand(further, depth + 1)?];
    } else if let Some(inner) = rest.strip_prefix('(') {
        let inner = inner
            .strip_suffix(')')
            .ok_or_else(|| SyntaxError::new("$expand", format_args!("the options of {way} have no end")))?;
        for option in split(inner, ';').into_iter().filter(|option| !option.trim().is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            query.set(name.trim(), value.trim(), depth + 1)?;
        }
    }
    Ok(Expand { way: way.to_owned(), query })
}

/// `A,A/B` and `A/B,A/C` mean one way.
fn merge(found: &mut Vec<Expand>, new: Expand) {
    match found.iter_mut().find(|old| old.way == new.way) {
        None => found.push(new),
        Some(old) => {
            let Query { filter, expand, select, order_by, top, skip, count, .. } = new.query;
            let query = &mut old.query;
            query.filter = query.filter.take().or(filter);
            query.top = query.top.or(top);
            query.skip = query.skip.max(skip);
            query.count |= count;
            query.select.extend(select);
            query.order_by.extend(order_by);
            for further in expand {
                merge(&mut query.expand, further);
            }
        }
    }
}

/// The options as they stand in the parentheses of an expanded way, or between `&`s.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.options().join(";"))
    }
}

impl Query {
    /// Each option given, as text.
    fn options(&self) -> Vec<String> {
        let mut all = Vec::new();
        all.extend(self.filter.iter().map(|filter| format!("$filter={filter}")));
        let ways = self.expand.iter().map(|expand| {
            let options = expand.query.to_string();
            if options.is_empty() { expand.way.clone() } else { format!("{}({options})", expand.way) }
        });
        let joined =
            |parts: Vec<String>, name: &str| (!parts.is_empty()).then(|| format!("{name}={}", parts.join(",")));
        all.extend(joined(ways.collect(), "$expand"));
        all.extend(joined(self.select.clone(), "$select"));
        let orders = self.order_by.iter().map(|o| format!("{}{}", o.by, if o.descending { " desc" } else { "" }));
        all.extend(joined(orders.collect(), "$orderby"));
        all.extend(self.top.map(|top| format!("$top={top}")));
        all.extend((self.skip > 0).then(|| format!("$skip={}", self.skip)));
        all.extend(self.count.then(|| "$count=true".to_owned()));
        all.extend(self.skip_token.iter().map(|token| format!("$skiptoken={token}")));
        all.extend(self.data_array.then(|| "$resultFormat=dataArray".to_owned()));
        all
    }

    /// The query of a URL that asks for the same, encoded.
    pub fn to_url(&self) -> String {
        let encoded = |option: String| {
            let (name, value) = option.split_once('=').unwrap_or((&option, ""));
            let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            format!("{name}={value}")
        };
        self.options().into_iter().map(encoded).collect::<Vec<_>>().join("&")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expected: &str) {
        let found = Query::parse(query, EntitySet::Things);
        let shown = found.as_ref().map_or_else(|e| format!("! {e}"), ToString::to_string);
        assert!(
            if expected.starts_with('!') { shown.starts_with(expected) } else { shown == expected },
            "{query}: {shown}"
        );
        if let Ok(query) = found {
            assert_eq!(Query::parse(&query.to_url(), EntitySet::Things), Ok(query.clone()), "{}", query.to_url());
        }
    }

    #[test]
    fn options() {
        check("", "");
        check("$top=5&$skip=10&$count=true&other=1", "$top=5;$skip=10;$count=true");
        check("%24filter=name%20eq%20%27a%26b%27", "$filter=(name eq 'a&b')");
        check("$filter=name+eq+'a+b'", "$filter=(name eq 'a b')");
        check("$select=name,id&$orderby=name+desc,id", "$select=name,id;$orderby=name desc,id");
        check("$orderby=length(name) asc", "$orderby=length(name)");
        check(
            "$expand=Datastreams($select=name;$expand=Observations($top=1;$orderby=phenomenonTime desc)),Locations",
            "$expand=Datastreams($expand=Observations($orderby=phenomenonTime desc;$top=1);$select=name),Locations",
        );
        check(
            "$expand=Datastreams/Sensor,Datastreams/ObservedProperty($select=name)",
            "$expand=Datastreams($expand=Sensor,ObservedProperty($select=name))",
        );
        check("$expand=Datastreams($filter=name eq 'a;b),(')", "$expand=Datastreams($filter=(name eq 'a;b),('))");
        check("$skiptoken=0%2Cx", "$skiptoken=0,x");
    }

    #[test]
    fn faults() {
        check("$top=-1", "! $top: \"-1\" is no whole number");
        check("$count=yes", "! $count:");
        check("$top=1&$top=2", "! $top: is given twice");
        check("$search=x", "! $search: there is no such option");
        check("$select=colour", "! $select: a Thing has no property or way");
        check("$expand=Sensors", "! $expand: a Thing has no way");
        check("$expand=Datastreams($expand=Locations)", "! $expand: a Datastream has no way");
        check("$expand=Datastreams($top=1", "! $expand: the options of Datastreams have no end");
        check("$expand=", "! $expand: the name of a way is missing");
        check("$filter=x eq 1", "! $filter: a Thing has no");
        check("$orderby=", "! $orderby: column 1");
        check("$resultFormat=dataArray", "! $resultFormat: dataArray is a form of Observations alone");
        check("$resultFormat=CSV", "! $resultFormat: \"CSV\" is not known");
        check("$filter=%ff", "! query: is not UTF-8");
        let deep = "Datastreams/Thing/".repeat(5);
        check(&format!("$expand={deep}Datastreams"), "! $expand: at most 6 levels");
    }

    #[test]
    fn what_is_read_for_a_query() {
        let query = "$expand=Datastreams/Observations&$filter=Locations/name eq 'x'&$orderby=name";
        let sets = Query::parse(query, EntitySet::Things).unwrap().sets(EntitySet::Things);
        let expected = [EntitySet::Locations, EntitySet::Datastreams, EntitySet::Observations];
        assert_eq!(sets, expected.into_iter().collect());
    }
}
