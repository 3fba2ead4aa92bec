//! Resource paths: `Things('a1')/Datastreams('a1,air.pm25')/Observations/$ref`.

use super::SyntaxError;
use super::entity::EntitySet;

/// Most segments of a path.
const MAX_SEGMENTS: usize = 16;

/// One step to a set or an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The name in the path: a set, or a way such as `Thing`.
    pub name: &'static str,
    /// What it leads to.
    pub set: EntitySet,
    /// Which one; none for all of a set, or the only one.
    pub id: Option<String>,
    /// Whether it leads to many, as far as no id is given.
    pub many: bool,
}

/// What is asked of what the steps lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tail {
    /// Itself.
    Entity,
    /// Its links.
    Reference,
    /// A property of it, and further names inside; whether as bare value.
    Property(Vec<String>, bool),
}

/// A path below the root of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourcePath {
    /// The steps; at least one.
    pub steps: Vec<Step>,
    /// What is asked.
    pub tail: Tail,
}

impl ResourcePath {
    /// Reads a path without the root of the service and with percent signs resolved.
    pub fn parse(path: &str) -> Result<Self, SyntaxError> {
        let segments = segments(path.trim_matches('/'))?;
        let mut steps: Vec<Step> = Vec::new();
        let mut rest = segments.as_slice();
        while let Some((segment, further)) = rest.split_first() {
            let Some(step) = step(steps.last(), segment)? else { break };
            steps.push(step);
            rest = further;
        }
        if steps.is_empty() {
            return Err(SyntaxError::new(path, "a path begins with one of the eight entity sets"));
        }
        let tail = tail(&steps, rest)?;
        Ok(Self { steps, tail })
    }

    /// The last step.
    pub fn last(&self) -> &Step {
        self.steps.last().expect("a path has a step")
    }

    /// Whether it leads to a collection.
    pub fn is_collection(&self) -> bool {
        self.last().many && self.last().id.is_none()
    }
}

/// The parts between slashes; a slash between quotes is none.
fn segments(path: &str) -> Result<Vec<&str>, SyntaxError> {
    let mut found = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'\'' => quoted = !quoted,
            b'/' if !quoted => {
                found.push(&path[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&path[start..]);
    if found.len() > MAX_SEGMENTS {
        return Err(SyntaxError::new("path", format_args!("has more than {MAX_SEGMENTS} segments")));
    }
    Ok(found)
}

/// A segment as a step from the one before; none where it is no step.
fn step(from: Option<&Step>, segment: &str) -> Result<Option<Step>, SyntaxError> {
    let (name, id) = match segment.split_once('(') {
        None => (segment, None),
        Some((name, rest)) => {
            let inner = rest
                .strip_suffix(')')
                .ok_or_else(|| SyntaxError::new(segment, "an id stands between parentheses, such as Things('a1')"))?;
            (name, Some(id(segment, inner)?))
        }
    };
    let step = match from {
        None => {
            let set: EntitySet = name.parse().map_err(|_| SyntaxError::new(segment, "there is no such entity set"))?;
            Step { name: set.as_str(), set, id, many: true }
        }
        Some(from) if from.many && from.id.is_none() => return Ok(None),
        Some(from) => match from.set.navigation(name) {
            None => return Ok(None),
            Some(way) if !way.many && id.is_some() => {
                return Err(SyntaxError::new(segment, "leads to one entity and takes no id"));
            }
            Some(way) => Step { name: way.name, set: way.to, id, many: way.many },
        },
    };
    Ok(Some(step))
}

/// `'text'` with doubled quotes inside, or a bare word.
fn id(segment: &str, inner: &str) -> Result<String, SyntaxError> {
    let text = match inner.strip_prefix('\'') {
        None => inner.to_owned(),
        Some(rest) => rest
            .strip_suffix('\'')
            .filter(|text| text.replace("''", "").find('\'').is_none())
            .ok_or_else(|| SyntaxError::new(segment, "the quotes around the id do not match"))?
            .replace("''", "'"),
    };
    if text.is_empty() { Err(SyntaxError::new(segment, "the id is empty")) } else { Ok(text) }
}

fn tail(steps: &[Step], rest: &[&str]) -> Result<Tail, SyntaxError> {
    let last = steps.last().expect("the caller has a step");
    let Some((first, further)) = rest.split_first() else { return Ok(Tail::Entity) };
    if *first == "$ref" && further.is_empty() {
        return Ok(Tail::Reference);
    }
    if last.many && last.id.is_none() {
        return Err(SyntaxError::new(*first, "a collection has neither properties nor ways; name one by its id"));
    }
    let known = last.set.properties().contains(first) || matches!(*first, "@iot.id" | "id" | "@iot.selfLink");
    if !known {
        return Err(SyntaxError::new(*first, format_args!("a {} has no such property or way", last.set.singular())));
    }
    let bare = further.last() == Some(&"$value");
    let names = if bare { &rest[..rest.len() - 1] } else { rest };
    if let Some(wrong) = names.iter().find(|name| name.is_empty() || name.starts_with('$')) {
        return Err(SyntaxError::new(*wrong, "is not the name of a property"));
    }
    Ok(Tail::Property(names.iter().map(|name| (*name).to_owned()).collect(), bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &str) {
        let shown = match ResourcePath::parse(path) {
            Err(error) => format!("! {error}"),
            Ok(path) => {
                let one = |s: &Step| match &s.id {
                    Some(id) => format!("{}[{id}]", s.name),
                    None => s.name.to_owned(),
                };
                let steps: Vec<_> = path.steps.iter().map(one).collect();
                format!("{} {:?}", steps.join(" "), path.tail)
            }
        };
        assert!(shown.starts_with(expected), "{path}: {shown}");
    }

    #[test]
    fn paths() {
        check("Things", "Things Entity");
        check("/Things('a1')/", "Things[a1] Entity");
        check("Things(1)/Datastreams", "Things[1] Datastreams Entity");
        check(
            "Things('o''b/c')/Datastreams('x,y')/Observations/$ref",
            "Things[o'b/c] Datastreams[x,y] Observations Reference",
        );
        check("Datastreams('x')/Thing/Locations", "Datastreams[x] Thing Locations Entity");
        check(
            "Datastreams('x')/unitOfMeasurement/name",
            "Datastreams[x] Property([\"unitOfMeasurement\", \"name\"], false)",
        );
        check("Observations('x')/result/$value", "Observations[x] Property([\"result\"], true)");
        check("Datastreams('x')/Thing('y')", "! Thing('y'): leads to one entity");
        check("Nothing", "! Nothing: there is no such entity set");
        check("", "! : there is no such entity set");
        check("Things/name", "! name: a collection");
        check("Things('a1", "! Things('a1: an id stands");
        check("Things('a'b')", "! Things('a'b'): the quotes");
        check("Things()", "! Things(): the id is empty");
        check("Things('a1')/Sensor", "! Sensor: a Thing has no such");
        check("Things('a1')/name/$ref", "! $ref: is not the name");
        check(&"Things(1)/".repeat(20), "! path: has more than 16");
    }
}
