//! Who subscribes to what: a tree by topic level, so that a message finds its subscribers without
//! asking each of them.

use rustc_hash::FxHashMap;

use super::packet::Qos;

/// One client's subscription to one filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subscription {
    pub(super) client: u64,
    pub(super) qos: Qos,
    pub(super) no_local: bool,
    pub(super) keep_retain: bool,
}

#[derive(Debug, Default)]
pub(super) struct Tree {
    root: Node,
}

/// A level. `+` and `#` are children like any other: a topic cannot contain them.
#[derive(Debug, Default)]
struct Node {
    children: FxHashMap<Box<str>, Node>,
    here: Vec<Subscription>,
}

impl Tree {
    /// Adds a subscription, or replaces the client's one to the same filter.
    pub(super) fn insert(&mut self, filter: &str, subscription: Subscription) {
        let mut node = &mut self.root;
        for level in filter.split('/') {
            node = node.children.entry(level.into()).or_default();
        }
        node.here.retain(|s| s.client != subscription.client);
        node.here.push(subscription);
    }

    /// Whether the client had subscribed to the filter; it has not any more.
    pub(super) fn remove(&mut self, filter: &str, client: u64) -> bool {
        let levels: Vec<&str> = filter.split('/').collect();
        self.root.remove(&levels, client)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.root.children.is_empty()
    }

    /// The subscriptions that cover a topic; one client may have several.
    pub(super) fn find(&self, topic: &str) -> Vec<Subscription> {
        let levels: Vec<&str> = topic.split('/').collect();
        let mut found = Vec::new();
        self.root.find(&levels, topic.starts_with('$'), &mut found);
        found
    }
}

impl Node {
    fn remove(&mut self, levels: &[&str], client: u64) -> bool {
        let Some((first, rest)) = levels.split_first() else {
            let before = self.here.len();
            self.here.retain(|s| s.client != client);
            return self.here.len() < before;
        };
        let Some(child) = self.children.get_mut(*first) else { return false };
        let removed = child.remove(rest, client);
        if child.here.is_empty() && child.children.is_empty() {
            self.children.remove(*first);
        }
        removed
    }

    fn find(&self, levels: &[&str], only_exact: bool, found: &mut Vec<Subscription>) {
        if !only_exact && let Some(all) = self.children.get("#") {
            found.extend_from_slice(&all.here);
        }
        let Some((first, rest)) = levels.split_first() else {
            found.extend_from_slice(&self.here);
            return;
        };
        for name in [*first, "+"].iter().take(if only_exact { 1 } else { 2 }) {
            if let Some(child) = self.children.get(*name) {
                child.find(rest, false, found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigiles_formats::mqtt;

    use super::*;

    fn subscription(client: u64) -> Subscription {
        Subscription { client, qos: Qos::AtMostOnce, no_local: false, keep_retain: false }
    }

    proptest! {
        #[test]
        fn the_tree_finds_what_the_filters_cover(
            filters in proptest::collection::vec("(\\$?[ab]|\\+|)(/[ab]|/\\+|/){0,3}(/#)?", 1..12),
            topic in "\\$?[ab](/[ab]|/){0,4}",
        ) {
            let filters: Vec<String> = filters.into_iter().filter(|f| mqtt::is_filter(f)).collect();
            let mut tree = Tree::default();
            for (i, filter) in filters.iter().enumerate() {
                tree.insert(filter, subscription(i as u64));
            }
            let mut found: Vec<u64> = tree.find(&topic).iter().map(|s| s.client).collect();
            found.sort_unstable();
            let expected: Vec<u64> = (0..filters.len()).filter(|i| mqtt::matches(&filters[*i], &topic)).map(|i| i as u64).collect();
            prop_assert_eq!(found, expected);
            for (i, filter) in filters.iter().enumerate() {
                prop_assert!(tree.remove(filter, i as u64));
            }
            prop_assert!(tree.is_empty());
        }
    }
}
