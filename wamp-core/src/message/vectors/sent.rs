//! The messages of the server, as it writes them.

use serde_json::{Value, json};

use super::*;

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
        4 => serializer.write(&mut out, &encode::challenge(text("method"), &attributes["extra"])),
        6 => serializer.write(&mut out, &encode::goodbye(text("reason"), None)),
        8 => encode::error(
            serializer,
            &mut out,
            (number("request_type"), request()),
            None,
            &Error::new(text("error").to_owned()),
        ),
        17 => {
            let publication = PublicationId::new(number("publication_id")).unwrap();
            serializer.write(&mut out, &encode::published(request(), publication))
        }
        33 => {
            let subscription = SubscriptionId::new(number("subscription_id")).unwrap();
            serializer.write(&mut out, &encode::subscribed(request(), subscription))
        }
        35 => serializer.write(&mut out, &encode::unsubscribed(request())),
        50 => encode::result(serializer, &mut out, request(), &Details::default(), |writer| {
            writer.args(args.unwrap())
        }),
        65 => serializer.write(&mut out, &encode::registered(request(), registration())),
        67 => serializer.write(&mut out, &encode::unregistered(request())),
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
