//! The official test vectors (`tests/vectors`): every sample, in both directions, in all
//! serializers.
//!
//! Some keys of the vectors belong to one implementation. For us they are unknown (M-03), and a
//! binary in place of `Arguments` is not a list (M-01); the cursors read it nevertheless.

mod received;
mod sent;

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::{Details, EventDetails, InvocationDetails, Message, decode, encode, unframe};
use crate::codec::payload::{Payload, PayloadBuilder};
use crate::codec::serializer::{RawMessage, Serializer};
use crate::codec::value::{Encoded, Format};
use crate::error::Error;
use crate::id::{PublicationId, RegistrationId, RequestId, SessionId, SubscriptionId};

const SERIALIZERS: [(&str, Serializer); 3] =
    [("json", Serializer::Json), ("msgpack", Serializer::MsgPack), ("cbor", Serializer::Cbor)];

/// Options and Details of single implementations, outside of the specification.
const FOREIGN: [&str; 4] = ["enc_algo", "enc_serializer", "forward_for", "transaction_hash"];

/// The names of the elements of each message, after its code.
const FIELDS: [(u64, &[&str]); 25] = [
    (1, &["realm", "details"]),
    (2, &["session_id", "details"]),
    (3, &["details", "reason"]),
    (4, &["method", "extra"]),
    (5, &["signature", "extra"]),
    (6, &["details", "reason"]),
    (8, &["request_type", "request_id", "details", "error", "args", "kwargs"]),
    (16, &["request_id", "options", "topic", "args", "kwargs"]),
    (17, &["request_id", "publication_id"]),
    (32, &["request_id", "options", "topic"]),
    (33, &["request_id", "subscription_id"]),
    (34, &["request_id", "subscription_id", "options"]),
    (35, &["request_id"]),
    (36, &["subscription", "publication", "details", "args", "kwargs"]),
    (48, &["request_id", "options", "procedure", "args", "kwargs"]),
    (49, &["request_id", "options"]),
    (50, &["request_id", "details", "args", "kwargs"]),
    (64, &["request_id", "options", "procedure"]),
    (65, &["request_id", "registration_id"]),
    (66, &["request_id", "registration_id", "options"]),
    (67, &["request_id"]),
    (68, &["request_id", "registration_id", "details", "args", "kwargs"]),
    (69, &["request_id", "options"]),
    (70, &["request_id", "options", "args", "kwargs"]),
    (337, &["publication_id"]),
];

/// One sample, with the file and description that name it in a failure.
struct Sample {
    name: String,
    code: u64,
    content: Value,
}

impl Sample {
    /// Returns every encoding of the message that the file has.
    fn variants(&self) -> impl Iterator<Item = (&'static str, Serializer, Vec<u8>)> {
        SERIALIZERS.into_iter().flat_map(|(name, serializer)| {
            let variants = self.content["serializers"][name].as_array().into_iter().flatten();
            variants
                .map(move |variant| (name, serializer, hex(variant["bytes_hex"].as_str().unwrap())))
        })
    }

    fn expected(&self) -> Option<&Map<String, Value>> {
        self.content["expected_attributes"].as_object()
    }

    /// Returns whether the payload is one that only a single implementation understands.
    fn has_foreign_payload(&self) -> bool {
        self.content["expected_attributes"]["payload"].is_string()
            || self.content["wmsg"]
                .as_array()
                .is_some_and(|message| message.last().unwrap().is_string() && message.len() == 5)
    }
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

fn samples() -> Vec<Sample> {
    let mut paths = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/singlemessage"), &mut paths);
    let mut samples = Vec::new();
    for path in &paths {
        let file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        for content in file["samples"].as_array().unwrap() {
            let name =
                format!("{}: {}", path.file_name().unwrap().display(), content["description"]);
            let code = file["wamp_message_code"].as_u64().unwrap();
            samples.push(Sample { name, code, content: content.clone() });
        }
    }
    assert_eq!((paths.len(), samples.len()), (26, 102), "files and samples of vectors");
    samples
}

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

fn encoded(serializer: Serializer, bytes: &[u8]) -> Encoded<'_> {
    match serializer.format() {
        Format::Json => Encoded::Json(std::str::from_utf8(bytes).unwrap()),
        Format::MsgPack => Encoded::MsgPack(bytes),
        Format::Cbor => Encoded::Cbor(bytes),
    }
}

/// Decodes the message into a tree, in which bytes are strings.
fn tree(serializer: Serializer, bytes: &[u8]) -> Value {
    serde_json::from_str(&encoded(serializer, bytes).to_string()).unwrap()
}

fn frame(serializer: Serializer, bytes: &[u8]) -> RawMessage {
    match serializer.is_binary() {
        true => RawMessage::Binary(Bytes::copy_from_slice(bytes)),
        false => RawMessage::Text(String::from_utf8(bytes.to_vec()).unwrap().into()),
    }
}

/// Returns the elements of a message by their names, as the vectors write them.
fn attributes(message: &Value) -> Map<String, Value> {
    let list = message.as_array().unwrap();
    let (_, names) = FIELDS.into_iter().find(|(code, _)| list[0] == *code).unwrap();
    assert!(list.len() <= names.len() + 1, "{message}");
    let mut attributes: Map<_, _> =
        names.iter().map(ToString::to_string).zip(list[1..].iter().cloned()).collect();
    attributes.insert("message_type".to_owned(), list[0].clone());
    if let Some(roles) = attributes.get("details").and_then(|details| details.get("roles")).cloned()
    {
        attributes.insert("roles".to_owned(), roles);
    }
    if let Some(Value::String(binary)) = attributes.get("args").cloned() {
        let payload = STANDARD.decode(binary.strip_prefix('\0').unwrap()).unwrap();
        let payload: String = payload.iter().map(|byte| format!("{byte:02x}")).collect();
        attributes.insert("payload".to_owned(), payload.into());
        attributes.insert("args".to_owned(), Value::Null);
    }
    attributes
}

/// Asserts that both have the same values; a missing key counts as null.
#[track_caller]
fn agree(found: &Map<String, Value>, expected: &Map<String, Value>, context: &str) {
    for (key, value) in expected {
        assert_eq!(found.get(key).unwrap_or(&Value::Null), value, "`{key}` of {context}");
    }
}

#[test]
fn every_variant_of_a_sample_gives_the_expected_attributes() {
    let mut variants = 0;
    for sample in samples() {
        let Some(expected) = sample.expected() else { continue };
        for (name, serializer, bytes) in sample.variants() {
            let context = format!("{} ({name})", sample.name);
            agree(&attributes(&tree(serializer, &bytes)), expected, &context);
            variants += 1;
        }
        for (name, _) in SERIALIZERS {
            assert!(
                sample.variants().any(|(variant, ..)| variant == name),
                "{}: no {name}",
                sample.name
            );
        }
    }
    assert_eq!(variants, 129);
}

#[test]
fn json_text_and_its_bytes_are_the_same() {
    for sample in samples() {
        for variant in sample.content["serializers"]["json"].as_array().into_iter().flatten() {
            let bytes = hex(variant["bytes_hex"].as_str().unwrap());
            assert_eq!(variant["bytes"].as_str().unwrap().as_bytes(), bytes, "{}", sample.name);
        }
    }
}

#[test]
fn what_is_transcoded_is_a_variant_of_the_other_serializer_m_16() {
    for sample in samples() {
        for (from, serializer, bytes) in sample.variants() {
            for (into, other) in SERIALIZERS {
                if into == from {
                    continue;
                }
                let mut out = Vec::new();
                encoded(serializer, &bytes).write(other.format(), &mut out).unwrap();
                let known =
                    sample.variants().any(|(name, _, variant)| name == into && variant == out);
                assert!(known, "{}: {from} into {into} gives {out:02x?}", sample.name);
            }
        }
    }
}
