//! What acts outward: an action of a registered task kind, with its settings.

use std::fmt;

use serde::de::value::EnumAccessDeserializer;
use serde::de::{self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Largest whole number that a 64-bit float holds without a gap.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// An action of a registered kind. Which settings there are, and what may stand in them, says its
/// [`OutwardKind`](super::OutwardKind). Written `{kind: {setting: value}}`, as every other action is.
#[derive(Debug, Clone, PartialEq)]
pub struct Outward {
    /// Name of the kind.
    pub kind: String,
    /// Names and values; once checked, in the order of the kind and none missing.
    pub settings: Vec<(String, SettingValue)>,
}

/// What a setting holds.
#[derive(Debug, Clone, PartialEq)]
pub enum SettingValue {
    /// A text, a name, a choice.
    Text(String),
    /// Several of them.
    Texts(Vec<String>),
    /// A number, in the unit of the setting.
    Number(f64),
}

impl Outward {
    /// An action without settings.
    pub fn new(kind: &str) -> Self {
        Self { kind: kind.to_owned(), settings: Vec::new() }
    }

    /// The same with one more setting.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<SettingValue>) -> Self {
        self.settings.push((name.to_owned(), value.into()));
        self
    }

    /// A setting; none where it is not set.
    pub fn get(&self, name: &str) -> Option<&SettingValue> {
        self.settings.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// A text; empty where it is not set.
    pub fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(SettingValue::Text(text)) => text,
            _ => "",
        }
    }

    /// Several texts; none where they are not set.
    pub fn texts(&self, name: &str) -> &[String] {
        match self.get(name) {
            Some(SettingValue::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// A number.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name) {
            Some(SettingValue::Number(number)) => Some(*number),
            _ => None,
        }
    }
}

impl SettingValue {
    /// What it is, for a complaint.
    pub fn sort(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Texts(_) => "a list",
            Self::Number(_) => "a number",
        }
    }
}

impl From<&str> for SettingValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for SettingValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<String>> for SettingValue {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

impl From<f64> for SettingValue {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl Serialize for Outward {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(1))?;
        map.serialize_entry(&self.kind, &Settings(&self.settings))?;
        map.end()
    }
}

struct Settings<'a>(&'a [(String, SettingValue)]);

impl Serialize for Settings<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Serialize for SettingValue {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => to.serialize_str(text),
            Self::Texts(texts) => texts.serialize(to),
            // As people write it: 30, not 30.0.
            Self::Number(n) if n.fract() == 0.0 && n.abs() <= MAX_WHOLE => to.serialize_i64(*n as i64),
            Self::Number(n) => to.serialize_f64(*n),
        }
    }
}

impl<'de> Deserialize<'de> for SettingValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = SettingValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number or a list of texts")
    }

    fn visit_str<E>(self, text: &str) -> Result<SettingValue, E> {
        Ok(SettingValue::Text(text.to_owned()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<SettingValue, E> {
        Ok(SettingValue::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<SettingValue, E> {
        Ok(SettingValue::Number(number as f64))
    }

    /// What is no number in JSON could not stand in the log.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<SettingValue, E> {
        if number.is_finite() {
            return Ok(SettingValue::Number(number));
        }
        Err(E::invalid_value(de::Unexpected::Float(number), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<SettingValue, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = seq.next_element()? {
            texts.push(text);
        }
        Ok(SettingValue::Texts(texts))
    }
}

/// The settings in the order in which they are written.
struct Written(Vec<(String, SettingValue)>);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct WrittenVisitor;
        impl<'de> Visitor<'de> for WrittenVisitor {
            type Value = Written;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the settings of a task kind")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
                let mut settings: Vec<(String, SettingValue)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, SettingValue>()? {
                    if settings.iter().any(|(known, _)| *known == name) {
                        return Err(de::Error::custom(format_args!("the setting `{name}` stands twice")));
                    }
                    settings.push((name, value));
                }
                Ok(Written(settings))
            }
        }
        from.deserialize_map(WrittenVisitor)
    }
}

/// An action that was read: of a kind that `T` has a variant for, or of another one.
#[derive(Debug)]
pub enum OwnOrOutward<T> {
    /// A variant of `T`.
    Own(T),
    /// A registered kind.
    Outward(Outward),
}

impl<'de, T: Deserialize<'de>> OwnOrOutward<T> {
    /// Reads an action; `own` are the names of the variants of `T`.
    pub fn read<D: Deserializer<'de>>(from: D, own: &'static [&'static str]) -> Result<Self, D::Error> {
        from.deserialize_enum("Action", own, ActionVisitor { own, made: std::marker::PhantomData })
    }
}

struct ActionVisitor<T> {
    own: &'static [&'static str],
    made: std::marker::PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ActionVisitor<T> {
    type Value = OwnOrOutward<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a task kind, with its settings")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Self::Value, A::Error> {
        let (kind, rest) = access.variant::<String>()?;
        if self.own.contains(&kind.as_str()) {
            return T::deserialize(EnumAccessDeserializer::new(Named { kind, rest })).map(OwnOrOutward::Own);
        }
        let Written(settings) = rest.newtype_variant()?;
        Ok(OwnOrOutward::Outward(Outward { kind, settings }))
    }
}

/// A variant whose name was read already.
struct Named<V> {
    kind: String,
    rest: V,
}

impl<'de, V: VariantAccess<'de>> EnumAccess<'de> for Named<V> {
    type Error = V::Error;
    type Variant = V;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, V), V::Error> {
        Ok((seed.deserialize(self.kind.into_deserializer())?, self.rest))
    }
}
