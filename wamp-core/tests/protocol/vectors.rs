//! The official vectors of several messages, played with a router. Those of single messages are
//! unit tests.

use super::support::{Client, handlers};
use serde_json::{Map, Value, json};
use wamp_core::{Realm, Router, Serializer, Topic};

/// The message as a list; the vectors name its elements.
fn written(message: &Value) -> Value {
    let (code, elements): (u8, &[&str]) = match message["type"].as_str() {
        Some("SUBSCRIBE") => (32, &["request_id", "options", "topic"]),
        Some("SUBSCRIBED") => (33, &["request_id", "subscription_id"]),
        Some("PUBLISH") => (16, &["request_id", "options", "topic", "args"]),
        Some("EVENT") => (36, &["subscription_id", "publication_id", "details", "args"]),
        other => panic!("{other:?} is new here"),
    };
    std::iter::once(json!(code))
        .chain(elements.iter().map(|element| message[element].clone()))
        .collect()
}

/// The vector's ids of global and router scope are examples.
fn with_ids(mut expected: Value, message: &Value, found: &Value) -> Value {
    for (at, name) in [(1, "subscription_id"), (2, "subscription_id"), (2, "publication_id")] {
        if !message[name].is_null() && expected[at] == message[name] {
            expected[at] = found[at].clone();
        }
    }
    expected
}

#[test]
fn a_publisher_gets_its_own_event_where_it_is_not_excluded_l_01() {
    let vector: Map<String, Value> = serde_json::from_str(include_str!(
        "../vectors/multisession/advanced/publisher_exclusion_disabled.json"
    ))
    .unwrap();
    let realm = Realm::new("realm1").topic("com.myapp.topic1", Topic::open());
    handlers::reset();
    let router = Router::builder().realm(realm).handlers([handlers::ALL]).build().unwrap();
    for &serializer in Serializer::ALL {
        let mut client = Client::join_by(&router, serializer);
        for step in vector["sequence"].as_array().unwrap() {
            let (message, expected) = (&step["message"], written(&step["message"]));
            if step["to"] == "router" {
                client.send(expected.to_string());
            } else {
                let found = client.one();
                assert_eq!(
                    found,
                    with_ids(expected, message, &found),
                    "{serializer:?}, step {}",
                    step["step"]
                );
            }
        }
        assert!(client.received().is_empty());
    }
}
