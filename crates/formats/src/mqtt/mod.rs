//! MQTT topic names and filters (MQTT 5, section 4.7).

/// Longest topic name or filter, in bytes.
pub const MAX_TOPIC_BYTES: usize = 1024;
/// Most levels of a topic name or filter.
pub const MAX_LEVELS: usize = 64;

/// Whether a text is a topic name to publish to: not empty, no wildcard, no NUL, within the limits.
pub fn is_topic(text: &str) -> bool {
    is_sized(text) && !text.bytes().any(|byte| matches!(byte, b'+' | b'#' | 0))
}

/// Whether a text is a topic filter: `+` stands alone in its level, `#` alone in the last.
pub fn is_filter(text: &str) -> bool {
    if !is_sized(text) || text.contains('\0') {
        return false;
    }
    let last = text.split('/').count() - 1;
    text.split('/').enumerate().all(|(i, level)| match level {
        "+" => true,
        "#" => i == last,
        _ => !level.contains(['+', '#']),
    })
}

fn is_sized(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TOPIC_BYTES && text.bytes().filter(|byte| *byte == b'/').count() < MAX_LEVELS
}

/// Whether a filter covers a topic. Topics that start with `$` are not covered by a wildcard in the first level.
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        if wanted == "#" {
            return true;
        }
        match levels.next() {
            Some(level) if wanted == "+" || wanted == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(filter: &str, topic: &str, expected: bool) {
        assert!(is_filter(filter), "{filter}");
        assert!(is_topic(topic), "{topic}");
        assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
    }

    #[test]
    fn filters_cover_topics() {
        check("a/b", "a/b", true);
        check("a/+", "a/b", true);
        check("a/+", "a/b/c", false);
        check("a/#", "a", true);
        check("a/#", "a/b/c", true);
        check("#", "a/b", true);
        check("#", "$SYS/x", false);
        check("$SYS/#", "$SYS/x", true);
        check("+/+", "/finance", true);
        check("/+", "/finance", true);
        check("+", "/finance", false);
    }

    #[test]
    fn shapes() {
        for bad in ["", "a/#/b", "a#", "a+/b", "\0"] {
            assert!(!is_filter(bad), "{bad:?}");
        }
        assert!(!is_topic("a/+"));
        assert!(!is_topic(&"a/".repeat(200)));
    }
}
