//! Values of all types that WAMP has, generated at random.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize};

use crate::codec::de::MAX_INTEGRAL;
use crate::codec::value::Format;

/// A value of any type that WAMP has.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Unsigned(u64),
    Negative(i64),
    /// A float by its bits, so that NaN equals itself.
    Float(u64),
    Text(String),
    Binary(Vec<u8>),
    List(Vec<Tree>),
    Dict(Vec<(String, Tree)>),
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Negative(value) => serializer.serialize_i64(*value),
            Self::Float(bits) => serializer.serialize_f64(f64::from_bits(*bits)),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Binary(bytes) => serializer.serialize_bytes(bytes),
            Self::List(list) => list.serialize(serializer),
            Self::Dict(dict) => {
                let mut map = serializer.serialize_map(Some(dict.len()))?;
                for (key, value) in dict {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Tree;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("anything")
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Bool(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Unsigned(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Negative(value))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Float(value.to_bits()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Tree, E> {
                Ok(Tree::Text(text.to_owned()))
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Tree, E> {
                Ok(Tree::Binary(bytes.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Tree::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
                let mut dict = Vec::new();
                while let Some(entry) = items.next_entry()? {
                    dict.push(entry);
                }
                Ok(Tree::Dict(dict))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl Tree {
    /// Applies a function to each leaf of the tree.
    fn map(self, leaf: &impl Fn(Self) -> Self) -> Self {
        match self {
            Self::List(list) => Self::List(list.into_iter().map(|value| value.map(leaf)).collect()),
            Self::Dict(dict) => {
                Self::Dict(dict.into_iter().map(|(key, value)| (key, value.map(leaf))).collect())
            }
            value => leaf(value),
        }
    }

    /// Returns the tree that is read from this one in `format`: JSON has bytes in strings
    /// and only finite floats, and integral floats are integers (decision 6).
    pub(super) fn read_from(self, format: Format) -> Self {
        self.map(&|leaf| match leaf {
            Self::Text(text) if format == Format::Json => {
                let hidden =
                    text.strip_prefix('\0').and_then(|base64| STANDARD.decode(base64).ok());
                hidden.map_or(Self::Text(text), Self::Binary)
            }
            Self::Float(bits) => match f64::from_bits(bits) {
                float if format == Format::Json && !float.is_finite() => Self::Null,
                float if float.trunc() != float || float.abs() > MAX_INTEGRAL as f64 => leaf,
                float if float == 0.0 && float.is_sign_negative() => leaf,
                float if float < 0.0 => Self::Negative(float as i64),
                float => Self::Unsigned(float as u64),
            },
            leaf => leaf,
        })
    }

    /// Removes the values that JSON cannot tell apart from others.
    pub(super) fn survives_json(self) -> Self {
        self.map(&|leaf| match leaf {
            Self::Float(bits) if !f64::from_bits(bits).is_finite() => Self::Null,
            Self::Text(text) if text.starts_with('\0') => Self::Text(text.replace('\0', "0")),
            leaf => leaf,
        })
    }
}

pub(super) fn tree() -> impl Strategy<Value = Tree> {
    let text =
        || prop_oneof![any::<String>(), "[a-z\\\\\"\n\0é😀/]{0,40}", Just("\0AAAA".to_owned())];
    let float = prop_oneof![
        any::<f64>(),
        (-1000_i32..1000).prop_map(f64::from),
        Just(-0.0),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(9_007_199_254_740_992.0),
        Just(9_007_199_254_740_994.0),
    ];
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        any::<u64>().prop_map(Tree::Unsigned),
        (0..300_u64).prop_map(Tree::Unsigned),
        (i64::MIN..0).prop_map(Tree::Negative),
        (-300..0_i64).prop_map(Tree::Negative),
        float.prop_map(|float| Tree::Float(float.to_bits())),
        text().prop_map(Tree::Text),
        any::<Vec<u8>>().prop_map(Tree::Binary),
    ];
    leaf.prop_recursive(5, 64, 20, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Tree::List),
            prop::collection::vec((text(), inner), 0..20).prop_map(Tree::Dict),
        ]
    })
}

/// Generates values that are nearly of the types of the tests.
pub(super) fn nearly_typed() -> impl Strategy<Value = Tree> {
    let key = || {
        prop::sample::select(vec!["a", "b", "c", "A", "B", "C", "D", "1", "-1", "true", "1.0", ""])
    };
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        (0..300_u64).prop_map(Tree::Unsigned),
        (-300..0_i64).prop_map(Tree::Negative),
        any::<u64>().prop_map(Tree::Unsigned),
        any::<f64>()
            .prop_filter("finite", |float| float.is_finite())
            .prop_map(|float| Tree::Float(float.to_bits())),
        (-1000_i32..1000).prop_map(|integral| Tree::Float(f64::from(integral).to_bits())),
        key().prop_map(|text| Tree::Text(text.to_owned())),
    ];
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::List),
            prop::collection::vec((key().prop_map(str::to_owned), inner), 0..4)
                .prop_map(Tree::Dict),
        ]
    })
}
