//! The official test vectors (`tests/vectors`): every sample, in both directions, in all
//! serializers.
//!
//! Some keys of the vectors belong to one implementation. For us they are unknown (M-03), and a
//! binary in place of `Arguments` is not a list (M-01); the cursors read it nevertheless.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bumpalo::Bump;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Details, EventDetails, InvocationDetails, Message, decode, encode, unframe};
use crate::codec::encoded::{Encoded, Format};
use crate::codec::payload::{Payload, PayloadBuilder};
use crate::codec::serializer::{RawMessage, Serializer};
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

/// Returns the fields that the server keeps of a message.
fn understood(message: &Message<'_>) -> Value {
    let payload = |payload: &Payload| {
        let args: Vec<Value> = payload.args().unwrap();
        let kwargs: Map<String, Value> = payload.kwargs().unwrap();
        (json!(args), json!(kwargs))
    };
    match message {
        Message::Hello { realm, details } => {
            json!({"message_type": 1, "realm": realm, "known": details.roles.known})
        }
        Message::Error { request_type, request, error, .. } => {
            json!({
                "message_type": 8, "request_type": request_type, "request_id": request.get(),
                "error": error,
            })
        }
        Message::Publish { request, options, topic, payload: carried, .. } => {
            let (args, kwargs) = payload(carried);
            json!({
                "message_type": 16, "request_id": request.get(), "topic": topic, "args": args,
                "kwargs": kwargs, "acknowledge": options.acknowledge,
                "exclude_me": options.exclude_me,
            })
        }
        Message::Subscribe { request, topic, .. } => {
            json!({"message_type": 32, "request_id": request.get(), "topic": topic})
        }
        Message::Unsubscribe { request, subscription, .. } => {
            json!({
                "message_type": 34, "request_id": request.get(), "subscription_id": subscription,
            })
        }
        Message::Call { request, procedure, payload: carried, .. } => {
            let (args, kwargs) = payload(carried);
            json!({
                "message_type": 48, "request_id": request.get(), "procedure": procedure,
                "args": args, "kwargs": kwargs,
            })
        }
        Message::Cancel { request, .. } => json!({"message_type": 49, "request_id": request.get()}),
        Message::Register { request, procedure, .. } => {
            json!({"message_type": 64, "request_id": request.get(), "procedure": procedure})
        }
        Message::Unregister { request, registration, .. } => {
            json!({
                "message_type": 66, "request_id": request.get(), "registration_id": registration,
            })
        }
        Message::Abort { .. } => json!({"message_type": 3}),
        Message::Authenticate { .. } => json!({"message_type": 5}),
        Message::Goodbye { .. } => json!({"message_type": 6}),
        Message::Yield { request, .. } => json!({"message_type": 70, "request_id": request.get()}),
    }
}

/// Decodes a message that a client sends.
fn received<T>(
    serializer: Serializer,
    bytes: &[u8],
    then: impl FnOnce(Result<Message<'_>, String>) -> T,
) -> T {
    let frame = unframe(serializer, frame(serializer, bytes)).unwrap();
    let arena = Bump::new();
    then(decode(&frame, &arena).map_err(|violation| violation.0.into_owned()))
}

/// Returns whether a client may send this message (Table 2).
fn is_sent_by_clients(code: u64) -> bool {
    matches!(code, 1 | 3 | 5 | 6 | 8 | 16 | 32 | 34 | 48 | 49 | 64 | 66 | 70)
}

#[test]
fn a_client_s_message_is_understood_and_any_other_refused_m_07_m_08() {
    for sample in samples() {
        let Some(expected) = sample.expected() else { continue };
        for (name, serializer, bytes) in sample.variants() {
            let context = format!("{} ({name})", sample.name);
            received(serializer, &bytes, |message| match message {
                Ok(message) => {
                    assert!(is_sent_by_clients(sample.code), "{context}");
                    let expected = expected_of_a_client(expected);
                    for (key, value) in understood(&message).as_object().unwrap() {
                        assert_eq!(value, &expected[key], "`{key}` of {context}");
                    }
                }
                Err(text) if sample.has_foreign_payload() && sample.code == 16 => {
                    assert_eq!(text, "Arguments is not a list", "{context}");
                }
                Err(text) => {
                    assert!(!is_sent_by_clients(sample.code), "{text}: {context}");
                    assert!(
                        text.contains(&format!("message type {}", sample.code)),
                        "{text}: {context}"
                    );
                }
            });
        }
    }
}

/// Normalises the attributes: absent and empty arguments are the same (M-10).
fn expected_of_a_client(attributes: &Map<String, Value>) -> Value {
    let mut expected = Value::Object(attributes.clone());
    for (key, empty) in [("args", json!([])), ("kwargs", json!({}))] {
        if expected[key].is_null() {
            expected[key] = empty;
        }
    }
    expected["acknowledge"] = expected["options"]["acknowledge"].clone();
    expected["exclude_me"] = expected["options"]["exclude_me"].clone();
    expected["known"] = true.into();
    expected
}

#[test]
fn options_of_a_wrong_type_are_refused_and_the_others_taken_m_05_m_06() {
    let (mut taken, mut refused) = (0, 0);
    for sample in samples() {
        let message = &sample.content["wmsg"];
        if message.is_null() || !is_sent_by_clients(sample.code) {
            continue;
        }
        let error = sample.content["expected_error"]["contains"].as_str();
        let error = error.filter(|key| !FOREIGN.contains(key) || sample.has_foreign_payload());
        for (name, serializer) in SERIALIZERS {
            let mut bytes = Vec::new();
            serializer.write(&mut bytes, message).unwrap();
            received(serializer, &bytes, |message| match message {
                Ok(_) => {
                    assert!(error.is_none(), "{} ({name}) was taken", sample.name);
                    taken += 1;
                }
                Err(text) => {
                    assert!(
                        error.is_some() || sample.has_foreign_payload(),
                        "{text}: {} ({name})",
                        sample.name
                    );
                    refused += 1;
                }
            });
        }
    }
    assert_eq!((taken, refused), (3 * 28, 3 * 18));
}

/// Encodes the sample as the server does.
fn sent(sample: &Sample, serializer: Serializer, message: &Value) -> Option<Vec<u8>> {
    if sample.has_foreign_payload() {
        return None;
    }
    let mut out = Vec::new();
    let attributes = attributes(message);
    let text = |key: &str| attributes[key].as_str().unwrap();
    let number = |key: &str| attributes[key].as_u64().unwrap();
    let request = || RequestId::new(number("request_id")).unwrap();
    let args = attributes.get("args").and_then(Value::as_array);
    let registration = || RegistrationId::new(number("registration_id")).unwrap();
    match sample.code {
        4 => encode::challenge(serializer, &mut out, text("method"), &attributes["extra"]),
        6 => encode::goodbye(serializer, &mut out, text("reason"), None),
        8 => encode::error(
            serializer,
            &mut out,
            number("request_type"),
            request(),
            &Error::new(text("error").to_owned()),
        ),
        17 => {
            let publication = PublicationId::new(number("publication_id")).unwrap();
            encode::published(serializer, &mut out, request(), publication)
        }
        33 => {
            let subscription = SubscriptionId::new(number("subscription_id")).unwrap();
            encode::subscribed(serializer, &mut out, request(), subscription)
        }
        35 => encode::unsubscribed(serializer, &mut out, request()),
        50 => encode::result(serializer, &mut out, request(), &Details::default(), |writer| {
            writer.args(args.unwrap())
        }),
        65 => encode::registered(serializer, &mut out, request(), registration()),
        67 => encode::unregistered(serializer, &mut out, request()),
        68 => {
            let details = InvocationDetails::default();
            encode::invocation(
                serializer,
                &mut out,
                request(),
                registration(),
                &details,
                &Payload::empty(),
            )
        }
        36 => {
            let details = attributes["details"].as_object().unwrap();
            if details.keys().any(|key| FOREIGN.contains(&&key[..])) {
                return None;
            }
            let detail = |key: &str| details.get(key).and_then(Value::as_str);
            let details = EventDetails {
                retained: details.get("retained") == Some(&Value::Bool(true)),
                topic: detail("topic"),
                publisher: details
                    .get("publisher")
                    .and_then(Value::as_u64)
                    .and_then(SessionId::new),
                publisher_authid: detail("publisher_authid"),
                publisher_authrole: detail("publisher_authrole"),
                ..EventDetails::default()
            };
            let payload =
                args.unwrap().iter().fold(Payload::builder(), PayloadBuilder::arg).build().unwrap();
            let subscription = SubscriptionId::new(number("subscription")).unwrap();
            let publication = PublicationId::new(number("publication")).unwrap();
            encode::event(serializer, &mut out, subscription, publication, &details, &payload)
        }
        _ => return None,
    }
    .unwrap();
    Some(out)
}

#[test]
fn what_the_server_sends_is_written_as_in_the_vectors() {
    let mut written = 0;
    for sample in samples() {
        for (name, serializer, bytes) in sample.variants() {
            let Some(out) = sent(&sample, serializer, &tree(serializer, &bytes)) else { continue };
            let known =
                sample.variants().any(|(variant, _, bytes)| variant == name && bytes == out);
            assert!(known, "{} ({name}): {out:02x?}", sample.name);
            agree(&attributes(&tree(serializer, &out)), sample.expected().unwrap(), &sample.name);
            written += 1;
        }
    }
    assert_eq!(written, 43);
}

#[test]
fn details_of_events_are_written_as_in_the_vectors() {
    let mut written = 0;
    for sample in samples() {
        let (message, error) = (&sample.content["wmsg"], &sample.content["expected_error"]);
        if sample.code != 36 || message.is_null() || !error.is_null() {
            continue;
        }
        for (name, serializer) in SERIALIZERS {
            let Some(out) = sent(&sample, serializer, message) else { continue };
            let mut expected = attributes(message);
            let details = expected["details"].as_object_mut().unwrap();
            // False values are left out, and keys of other implementations are not written.
            details.retain(|key, value| *value != json!(false) && key != "x_acknowledged_delivery");
            agree(
                &attributes(&tree(serializer, &out)),
                &expected,
                &format!("{} ({name})", sample.name),
            );
            written += 1;
        }
    }
    assert_eq!(written, 3 * 7);
}
