//! Payload passthru mode: publications whose payload is nothing but bytes to the router.

use super::support::*;
use serde_json::{Value, json};
use wamp_core::Router;

const BINARY: &str = r#""\u0000EOP/kFMHXFJvX8BtT+N82w==""#;

fn publisher(router: &Router) -> Client {
    Client::join_announcing(router, &json!({"publisher": {"payload_passthru_mode": true}}))
}

fn publish(request: u64, options: &Value, payload: &str) -> String {
    format!(r#"[16,{request},{options},"open.a"{payload}]"#)
}

#[test]
fn the_keys_of_a_publication_are_copied_to_its_events_x_01() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), publisher(&router));
    let id = client.subscribe(1, "open.a");
    for (request, keys) in (1..).zip([
        json!({"ppt_scheme": "x_own"}),
        json!({"ppt_scheme": "mqtt", "ppt_serializer": "native"}),
        json!({
            "ppt_scheme": "wamp", "ppt_serializer": "cbor", "ppt_cipher": "aes256gcm",
            "ppt_keyid": "k",
        }),
    ]) {
        publisher.send(publish(request, &keys, &format!(",[{BINARY}]")));
        publisher.assert_silent();
        let event = client.one();
        let binary: Value = serde_json::from_str(BINARY).unwrap();
        assert_eq!(event, json!([36, id, event[2], keys, [binary]]));
    }
}

#[test]
fn without_a_scheme_nothing_is_passed_through_x_01() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), publisher(&router));
    let id = client.subscribe(1, "open.a");
    for (request, options) in (1..).zip([
        json!({"ppt_serializer": "cbor"}),
        json!({"ppt_scheme": null}),
        json!({"ppt_scheme": ""}),
    ]) {
        publisher.send(publish(request, &options, ",[1]"));
        publisher.assert_silent();
        assert_event(&client.one(), id, 1);
    }
}

#[test]
fn a_client_that_uses_the_mode_without_announcing_it_breaks_the_protocol_x_02() {
    let router = router();
    for features in [json!({}), json!({"caller": {"payload_passthru_mode": true}})] {
        let mut client = Client::join_announcing(&router, &features);
        client.send(publish(1, &json!({"ppt_scheme": "x_own"}), &format!(",[{BINARY}]")));
        client.assert_violated("ppt without payload_passthru_mode");
    }
}

#[test]
fn a_key_that_is_no_string_is_a_protocol_violation_x_02() {
    let router = router();
    for options in [json!({"ppt_scheme": 1}), json!({"ppt_scheme": "wamp", "ppt_keyid": 1})] {
        let mut client = publisher(&router);
        client.send(publish(1, &options, &format!(",[{BINARY}]")));
        client.assert_violated(&options.to_string());
    }
}

#[test]
fn subscribers_need_not_announce_the_mode_x_03() {
    let router = router();
    let mut client = Client::join_announcing(&router, &json!({}));
    client.subscribe(1, "open.a");
    publisher(&router).send(publish(1, &json!({"ppt_scheme": "x_own"}), &format!(",[{BINARY}]")));
    assert_eq!(client.one()[3], json!({"ppt_scheme": "x_own"}));
}

#[test]
fn the_payload_is_one_binary_value_and_nothing_else_x_04() {
    let router = router();
    let (mut client, mut publisher) = (Client::join(&router), publisher(&router));
    client.subscribe(1, "open.a");
    let others = [
        String::new(),
        ",[]".into(),
        ",[1]".into(),
        r#",["text"]"#.into(),
        format!(",[{BINARY},1]"),
        format!(r#",[{BINARY}],{{"a":1}}"#),
    ];
    for (request, payload) in (1..).zip(others) {
        let options = json!({"ppt_scheme": "x_own", "acknowledge": true});
        let answer = publisher.ask(publish(request, &options, &payload));
        assert_error(&answer, 16, request, "wamp.error.invalid_argument");
    }
    client.assert_silent();
}
