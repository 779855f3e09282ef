//! Messages as the tests write them, which is in JSON, and as they travel.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer as SerdeSerializer};
use serde_json::Value;
use wamp_core::{RawMessage, Serializer};

/// The serializer of this suite's clients.
pub(crate) fn serializer() -> Serializer {
    super::super::SERIALIZER
}

/// The frame of a text that may not be JSON: then it is damaged in the other formats too.
pub(crate) fn frame(serializer: Serializer, text: String) -> RawMessage {
    let encoded = match serde_json::from_str(&text) {
        Ok(value) if serializer.is_binary() => encode(serializer, &value),
        Err(_) if serializer.is_binary() => vec![0xc1],
        _ => text.into_bytes(),
    };
    frame_of(serializer, delimited(serializer, &encoded))
}

/// A frame of the serializer's kind.
pub(crate) fn frame_of(serializer: Serializer, bytes: Vec<u8>) -> RawMessage {
    match serializer.is_binary() {
        true => RawMessage::Binary(bytes.into()),
        false => RawMessage::Text(String::from_utf8(bytes).expect("it was a text").into()),
    }
}

/// A message as it stands in a frame.
pub(crate) fn delimited(serializer: Serializer, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a test's message is short").to_be_bytes();
    match (serializer.is_batched(), serializer.is_binary()) {
        (false, _) => message.to_owned(),
        (true, false) => [message, b"\x1e"].concat(),
        (true, true) => [&length[..], message].concat(),
    }
}

/// The message in a frame of the server: batches are of one.
pub(crate) fn message(serializer: Serializer, mut bytes: &[u8]) -> Value {
    if serializer.is_batched() {
        bytes = match serializer.is_binary() {
            true => {
                let (length, message) = bytes.split_first_chunk().expect("a length");
                assert_eq!(u32::from_be_bytes(*length) as usize, message.len());
                message
            }
            false => bytes.strip_suffix(b"\x1e").expect("a separator"),
        };
    }
    match serializer.subprotocol().trim_end_matches(".batched") {
        "wamp.2.json" => serde_json::from_slice(bytes).expect("the server writes JSON"),
        "wamp.2.msgpack" => {
            rmp_serde::from_slice::<Wire>(bytes).expect("the server writes MessagePack").0
        }
        "wamp.2.cbor" => ciborium::from_reader::<Wire, _>(bytes).expect("the server writes CBOR").0,
        other => panic!("{other}"),
    }
}

pub(crate) fn encode(serializer: Serializer, value: &Value) -> Vec<u8> {
    let wire = Wire(value.clone());
    match serializer.subprotocol().trim_end_matches(".batched") {
        "wamp.2.json" => value.to_string().into_bytes(),
        "wamp.2.msgpack" => rmp_serde::to_vec(&wire).expect("any value"),
        "wamp.2.cbor" => {
            let mut bytes = Vec::new();
            ciborium::into_writer(&wire, &mut bytes).expect("any value");
            bytes
        }
        other => panic!("{other}"),
    }
}

/// A value whose bytes are strings of U+0000 and base64, as in JSON.
struct Wire(Value);

impl Serialize for Wire {
    fn serialize<S: SerdeSerializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Value::String(text) => match text.strip_prefix('\0').and_then(bytes) {
                Some(bytes) => serializer.serialize_bytes(&bytes),
                None => serializer.serialize_str(text),
            },
            Value::Array(list) => {
                serializer.collect_seq(list.iter().map(|value| Wire(value.clone())))
            }
            Value::Object(dict) => {
                serializer.collect_map(dict.iter().map(|(key, value)| (key, Wire(value.clone()))))
            }
            scalar => scalar.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Wire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        macro_rules! scalars {
            ($($method:ident: $type:ty),+) => {$(
                fn $method<E>(self, value: $type) -> Result<Wire, E> {
                    Ok(Wire(value.into()))
                }
            )+};
        }
        impl<'de> Visitor<'de> for Any {
            type Value = Wire;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            scalars! {
                visit_bool: bool, visit_u64: u64, visit_i64: i64, visit_f64: f64, visit_str: &str
            }

            fn visit_none<E>(self) -> Result<Wire, E> {
                Ok(Wire(Value::Null))
            }

            fn visit_unit<E>(self) -> Result<Wire, E> {
                Ok(Wire(Value::Null))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Wire, E> {
                Ok(Wire(format!("\0{}", base64(bytes)).into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Wire, A::Error> {
                let mut values = Vec::new();
                while let Some(Wire(value)) = list.next_element()? {
                    values.push(value);
                }
                Ok(Wire(values.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut dict: A) -> Result<Wire, A::Error> {
                let mut values = serde_json::Map::new();
                while let Some((key, Wire(value))) = dict.next_entry()? {
                    values.insert(key, value);
                }
                Ok(Wire(values.into()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .chain([&0; 2])
            .take(3)
            .fold(0_usize, |word, byte| word << 8 | usize::from(*byte));
        for place in 0..4 {
            let digit = DIGITS[word >> (18 - 6 * place) & 0x3f];
            text.push(if place > chunk.len() { '=' } else { digit.into() });
        }
    }
    text
}

/// Padded base64, decoded.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let value = |digit: u8| DIGITS.iter().position(|known| *known == digit);
    let bits = digits.bytes().map(value).collect::<Option<Vec<_>>>()?;
    let bytes: Vec<u8> = bits
        .chunks(4)
        .flat_map(|chunk| {
            let word = chunk.iter().chain([&0; 3]).take(4).fold(0, |word, digit| word << 6 | digit);
            [word >> 16, word >> 8, word].map(|byte| byte as u8).into_iter().take(chunk.len() - 1)
        })
        .collect();
    (base64(&bytes) == text).then_some(bytes)
}
