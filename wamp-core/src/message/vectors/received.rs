//! The messages of clients, as the server understands them.

use bumpalo::Bump;
use serde_json::{Map, Value, json};

use super::*;

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
    then(decode(&frame, &arena).map_err(|violation| violation.to_string()))
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
