//! Differential tests: one value or message means the same in all three formats.

use std::collections::BTreeMap;
use std::fmt::Debug;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bumpalo::Bump;
use bytes::Bytes;
use proptest::prelude::*;
use serde::de::{self, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize};

use crate::codec::encoded::{Encoded, Format, Shared};
use crate::codec::format::{MAX_ELEMENTS, MAX_INTEGRAL};
use crate::codec::payload::Payload;
use crate::message::{Message, decode};

const FORMATS: [Format; 3] = [Format::Json, Format::MsgPack, Format::Cbor];

/// A value of any type that WAMP has.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
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
    fn read_from(self, format: Format) -> Self {
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
    fn survives_json(self) -> Self {
        self.map(&|leaf| match leaf {
            Self::Float(bits) if !f64::from_bits(bits).is_finite() => Self::Null,
            Self::Text(text) if text.starts_with('\0') => Self::Text(text.replace('\0', "0")),
            leaf => leaf,
        })
    }
}

fn tree() -> impl Strategy<Value = Tree> {
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

fn written(format: Format, value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    format.write(&mut out, value).unwrap();
    out
}

fn encoded(format: Format, bytes: &[u8]) -> Encoded<'_> {
    match format {
        Format::Json => Encoded::Json(std::str::from_utf8(bytes).unwrap()),
        Format::MsgPack => Encoded::MsgPack(bytes),
        Format::Cbor => Encoded::Cbor(bytes),
    }
}

fn shared(format: Format, bytes: Vec<u8>) -> Shared {
    match format {
        Format::Json => Shared::Json(String::from_utf8(bytes).unwrap().into()),
        Format::MsgPack => Shared::MsgPack(Bytes::from(bytes)),
        Format::Cbor => Shared::Cbor(Bytes::from(bytes)),
    }
}

/// Reads a value, or returns the error without its offset.
fn read<T: DeserializeOwned>(format: Format, bytes: &[u8]) -> Result<T, String> {
    let arena = Bump::new();
    encoded(format, bytes).reader(&arena).read().map_err(|error| error.what().to_owned())
}

fn transcoded(from: Format, bytes: &[u8], into: Format) -> Vec<u8> {
    let mut out = Vec::new();
    encoded(from, bytes).write(into, &mut out).unwrap();
    out
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "shown")]
struct Record {
    a: u8,
    b: Option<i16>,
    #[serde(default)]
    c: Vec<f64>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "shown")]
enum Choice {
    A,
    B(u8),
    C(i8, String),
    D { a: bool },
}

/// Generates values that are nearly of the types above.
fn nearly_typed() -> impl Strategy<Value = Tree> {
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

fn same<T: DeserializeOwned + Debug>(tree: &Tree) -> Result<(), TestCaseError> {
    let [json, msgpack, cbor] =
        FORMATS.map(|format| format!("{:?}", read::<T>(format, &written(format, tree))));
    prop_assert_eq!(&json, &msgpack);
    prop_assert_eq!(&json, &cbor);
    Ok(())
}

/// Generates elements that are nearly those of a message.
fn message() -> impl Strategy<Value = Tree> {
    let code =
        prop::sample::select(vec![1_u64, 2, 3, 5, 6, 8, 16, 32, 34, 48, 49, 64, 66, 70, 7, 337]);
    let id = prop_oneof![
        Just(Tree::Unsigned(1)),
        Just(Tree::Float(1.0_f64.to_bits())),
        Just(Tree::Unsigned(MAX_INTEGRAL)),
        Just(Tree::Unsigned(MAX_INTEGRAL + 1)),
        Just(Tree::Float(1.5_f64.to_bits())),
        Just(Tree::Unsigned(0)),
    ];
    let option = prop::sample::select(vec![
        "acknowledge",
        "exclude_me",
        "exclude",
        "eligible_authid",
        "match",
        "mode",
        "timeout",
        "receive_progress",
        "roles",
        "caller",
        "authmethods",
        "_mine",
    ]);
    let value = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        Just(Tree::Unsigned(7)),
        Just(Tree::Float(7.0_f64.to_bits())),
        Just(Tree::Text("prefix".to_owned())),
        Just(Tree::Text("kill".to_owned())),
        Just(Tree::List(vec![Tree::Unsigned(7)])),
        Just(Tree::List(vec![Tree::Text("joe".to_owned())])),
        Just(Tree::Dict(vec![("caller".to_owned(), Tree::Dict(vec![]))])),
    ];
    let options = || {
        prop::collection::vec((option.clone().prop_map(str::to_owned), value.clone()), 0..3)
            .prop_map(Tree::Dict)
    };
    let element = prop_oneof![
        3 => id,
        3 => options(),
        3 => Just(Tree::Text("com.example.uri".to_owned())),
        2 => prop::collection::vec(nearly_typed(), 0..3).prop_map(Tree::List),
        1 => nearly_typed(),
    ];
    let anything = (code.clone(), prop::collection::vec(element, 0..7))
        .prop_map(|(code, elements)| Tree::List([vec![Tree::Unsigned(code)], elements].concat()));
    let uri = || Tree::Text("com.example.uri".to_owned());
    let likely = (
        prop::sample::select(vec![16_u64, 32, 48, 64]),
        options(),
        prop::collection::vec(nearly_typed(), 0..3),
    )
        .prop_map(move |(code, options, args)| {
            let mut elements = vec![Tree::Unsigned(code), Tree::Unsigned(1), options, uri()];
            if matches!(code, 16 | 48) {
                elements.push(Tree::List(args));
            }
            Tree::List(elements)
        });
    prop_oneof![anything, likely]
}

/// Decodes the message, and returns it or the error as a text, without offsets and without the
/// frame.
fn understood(format: Format, tree: &Tree) -> String {
    let frame = shared(format, written(format, tree));
    let arena = Bump::new();
    match decode(&frame, &arena) {
        Ok(message) => shown(&format!("{message:?}")),
        Err(violation) => violation.0.split(" at byte ").next().unwrap_or_default().to_owned(),
    }
}

/// Returns the payload of a CALL with these arguments, if it is a valid message.
fn called(format: Format, args: &[Tree]) -> Option<Payload> {
    let head =
        [Tree::Unsigned(48), Tree::Unsigned(1), Tree::Dict(Vec::new()), Tree::Text("a.b".into())];
    let message = Tree::List(head.into_iter().chain([Tree::List(args.to_vec())]).collect());
    let (frame, arena) = (shared(format, written(format, &message)), Bump::new());
    match decode(&frame, &arena) {
        Ok(Message::Call { payload, .. }) => Some(payload),
        _ => None,
    }
}

#[test]
fn the_arguments_of_a_message_have_together_no_more_values_than_one_value_may() {
    let zeros = |count| Tree::List(vec![Tree::Unsigned(0); count]);
    for format in FORMATS {
        let is_taken = |args: &[Tree]| called(format, args).is_some();
        assert!(is_taken(&vec![Tree::Unsigned(0); MAX_ELEMENTS - 1]), "{format:?}");
        assert!(!is_taken(&vec![Tree::Unsigned(0); MAX_ELEMENTS]), "{format:?}");
        assert!(is_taken(&[zeros(MAX_ELEMENTS / 2), zeros(MAX_ELEMENTS / 2 - 3)]), "{format:?}");
        assert!(!is_taken(&[zeros(MAX_ELEMENTS / 2), zeros(MAX_ELEMENTS / 2 - 2)]), "{format:?}");
    }
}

/// Cuts the payload off, because it shows its frame.
fn shown(message: &str) -> String {
    message.split("payload: ").next().unwrap_or_default().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_m_16(tree in tree()) {
        for format in FORMATS {
            let bytes = written(format, &tree);
            prop_assert_eq!(read::<Tree>(format, &bytes).unwrap(), tree.clone().read_from(format));
            let arena = Bump::new();
            prop_assert_eq!(encoded(format, &bytes).reader(&arena).skip().unwrap(), 0..bytes.len());
        }
    }

    #[test]
    fn msgpack_and_cbor_become_each_other_without_a_change_m_16(tree in tree()) {
        let (msgpack, cbor) = (written(Format::MsgPack, &tree), written(Format::Cbor, &tree));
        prop_assert_eq!(&transcoded(Format::MsgPack, &msgpack, Format::Cbor), &cbor);
        prop_assert_eq!(&transcoded(Format::Cbor, &cbor, Format::MsgPack), &msgpack);
        let json = written(Format::Json, &tree);
        prop_assert_eq!(&transcoded(Format::MsgPack, &msgpack, Format::Json), &json);
        prop_assert_eq!(&transcoded(Format::Cbor, &cbor, Format::Json), &json);
    }

    #[test]
    fn there_and_back_by_way_of_json_nothing_is_lost_x_06(tree in tree()) {
        let tree = tree.survives_json();
        let json = written(Format::Json, &tree);
        for format in [Format::MsgPack, Format::Cbor] {
            let binary = written(format, &tree);
            prop_assert_eq!(&transcoded(Format::Json, &json, format), &binary);
            let there = transcoded(Format::Json, &json, format);
            prop_assert_eq!(&transcoded(format, &there, Format::Json), &json);
        }
    }

    #[test]
    fn a_type_is_read_alike_from_all_formats(tree in nearly_typed()) {
        same::<Tree>(&tree)?;
        same::<u8>(&tree)?;
        same::<i64>(&tree)?;
        same::<f64>(&tree)?;
        same::<bool>(&tree)?;
        same::<char>(&tree)?;
        same::<Option<String>>(&tree)?;
        same::<Vec<Option<u64>>>(&tree)?;
        same::<(i8, f64)>(&tree)?;
        same::<Record>(&tree)?;
        same::<Choice>(&tree)?;
        same::<BTreeMap<String, Choice>>(&tree)?;
        same::<BTreeMap<i8, Option<bool>>>(&tree)?;
        same::<BTreeMap<bool, de::IgnoredAny>>(&tree)?;
        same::<serde_json::Value>(&tree)?;
    }

    #[test]
    fn a_message_is_understood_alike_in_all_serializers(message in message()) {
        let [json, msgpack, cbor] = FORMATS.map(|format| understood(format, &message));
        prop_assert_eq!(&json, &msgpack);
        prop_assert_eq!(&json, &cbor);
    }

    #[test]
    fn a_message_knows_where_its_first_argument_stands(
        args in prop::collection::vec(tree(), 0..4),
    ) {
        for format in FORMATS {
            let payload = called(format, &args).unwrap();
            let first = payload.encoded_args().map(|list| list.slice(payload.first_arg()));
            let expected = args.first().map(|tree| written(format, tree));
            prop_assert_eq!(first, expected.as_deref().map(|bytes| encoded(format, bytes)));
        }
    }
}
