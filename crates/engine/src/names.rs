//! Names as small numbers, so that states are found by comparing integers.

use compact_str::CompactString;
use rustc_hash::FxHashMap;

use crate::chunks::Chunks;
use crate::partition::{ScopeName, StateName};
use crate::slot::{Address, NONE, Scope};

/// Most names kept; a reading that would bring a new one beyond it is not judged, and counted.
pub(crate) const MAX_NAMES: usize = 4_000_000;

/// Large parts: names are only ever added.
pub(crate) type Texts = Chunks<CompactString, 1024>;

/// Every name seen, numbered in the order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: FxHashMap<CompactString, u32>,
    texts: Texts,
}

impl Names {
    /// The number of a name, a new one where it has none; none when the bound is reached.
    pub(crate) fn intern(&mut self, text: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        if self.texts.len() >= MAX_NAMES {
            return None;
        }
        let number = self.texts.len() as u32;
        self.texts.push(CompactString::from(text));
        self.numbers.insert(CompactString::from(text), number);
        Some(number)
    }

    /// The number of a name that has one.
    pub(crate) fn number(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    /// The name of a number; empty for one never given out.
    pub(crate) fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", CompactString::as_str)
    }

    /// Puts addresses into the order of their names.
    pub(crate) fn sort(&self, addresses: &mut [Address]) {
        if addresses.len() > 1 {
            addresses.sort_by_cached_key(|a| {
                let scope = match a.scope {
                    Scope::All => (0, ""),
                    Scope::Asset(name) => (1, self.text(name)),
                    Scope::Source(name) => (2, self.text(name)),
                    Scope::Zone(name) => (3, self.text(name)),
                    Scope::Cluster(_) => (4, ""),
                    Scope::Flood => (5, ""),
                };
                let cluster = if let Scope::Cluster(number) = a.scope { number } else { 0 };
                (self.text(a.rule), self.text(a.kind), scope, cluster, self.text(a.zone))
            });
        }
    }

    /// An address by its names.
    pub(crate) fn state(&self, address: Address) -> StateName {
        let text = |name| self.text(name).to_owned();
        StateName {
            rule: text(address.rule),
            kind: text(address.kind),
            scope: match address.scope {
                Scope::All => ScopeName::All,
                Scope::Asset(name) => ScopeName::Asset(text(name)),
                Scope::Source(name) => ScopeName::Source(text(name)),
                Scope::Zone(name) => ScopeName::Zone(text(name)),
                Scope::Cluster(number) => ScopeName::Cluster(number),
                Scope::Flood => ScopeName::Flood,
            },
            zone: text(address.zone),
        }
    }

    /// The address of a state; none when the bound on names is reached.
    pub(crate) fn address(&mut self, state: &StateName) -> Option<Address> {
        let mut number = |text: &str| if text.is_empty() { Some(NONE) } else { self.intern(text) };
        Some(Address {
            rule: number(&state.rule)?,
            kind: number(&state.kind)?,
            scope: match &state.scope {
                ScopeName::All => Scope::All,
                ScopeName::Asset(name) => Scope::Asset(number(name)?),
                ScopeName::Source(name) => Scope::Source(number(name)?),
                ScopeName::Zone(name) => Scope::Zone(number(name)?),
                ScopeName::Cluster(number) => Scope::Cluster(*number),
                ScopeName::Flood => Scope::Flood,
            },
            zone: number(&state.zone)?,
        })
    }

    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    pub(crate) fn from_texts(texts: Texts) -> Self {
        let numbers = texts.iter().zip(0..).map(|(text, number)| (text.clone(), number)).collect();
        Self { numbers, texts }
    }
}
