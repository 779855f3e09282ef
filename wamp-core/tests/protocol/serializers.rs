//! Several serializers beside each other: what passes between them, and that they say the same.

use super::support::{
    self, Client, assert_aborted, assert_error, hello, router, router_with, wire,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use wamp_core::{Close, Identity, Limits, RawMessage, Serializer};

const ALL: [Serializer; 6] = [
    Serializer::Json,
    Serializer::MsgPack,
    Serializer::Cbor,
    Serializer::JsonBatched,
    Serializer::MsgPackBatched,
    Serializer::CborBatched,
];

/// A value of everything that WAMP has, and its bytes at every depth.
fn everything() -> Value {
    json!([
        null, true, 0, -1, 1.5, u64::MAX, i64::MIN, 1e300, "", "é\0\n", "\u{0}EOM=",
        [[], {}, ["\u{0}"]],
        {"bytes": "\u{0}EOP/kFMHXFJvX8BtT+N82w==", "\u{0}EOM=": {"nested": ["\u{0}EOM="]}},
    ])
}

#[test]
fn every_serializer_is_found_by_its_subprotocol_t_01_t_02_t_03() {
    assert_eq!(Serializer::ALL.len(), 6);
    for serializer in ALL {
        assert!(Serializer::ALL.contains(&serializer));
        assert_eq!(Serializer::from_subprotocol(serializer.subprotocol()), Some(serializer));
        assert_eq!(serializer.is_batched(), serializer.subprotocol().ends_with(".batched"));
        assert_eq!(serializer.is_binary(), !serializer.subprotocol().contains("json"));
    }
    assert_eq!(Serializer::from_subprotocol("wamp.2.MsgPack"), None);
}

#[test]
fn a_frame_of_the_other_kind_is_a_violation_t_09() {
    for serializer in ALL {
        let mut client = Client::connect_in(&router(), Identity::anonymous(), serializer);
        client.send_frame(match serializer.is_binary() {
            true => RawMessage::Text(hello("realm1").into()),
            false => RawMessage::Binary(hello("realm1").into_bytes().into()),
        });
        client.assert_violated(serializer.subprotocol());
    }
}

#[test]
fn any_value_comes_back_as_it_was_sent() {
    for serializer in ALL {
        let mut client = Client::join_by(&router(), serializer);
        let sent = everything();
        let answer = client.ask(json!([48, 1, {}, "test.echo", [sent]]).to_string());
        assert_eq!(answer, json!([50, 1, {}, [sent]]), "{serializer:?}");
    }
}

#[test]
fn an_event_passes_unchanged_between_any_two_serializers_m_16_x_06() {
    let router = router();
    let payload = everything();
    let kwargs = json!({"all": payload, "bytes": "\u{0}EOM=", "text": "\u{0}not base64"});
    for publisher in ALL {
        let mut subscribers = ALL.map(|serializer| Client::join_by(&router, serializer));
        let ids: Vec<u64> =
            subscribers.iter_mut().map(|subscriber| subscriber.subscribe(1, "open.a")).collect();
        let mut publisher = Client::join_by(&router, publisher);
        publisher.send(json!([16, 1, {}, "open.a", payload, kwargs]).to_string());
        for (subscriber, id) in subscribers.iter_mut().zip(ids) {
            let event = subscriber.one();
            assert_eq!((&event[0], &event[1]), (&json!(36), &json!(id)));
            assert_eq!((&event[4], &event[5]), (&payload, &kwargs));
        }
    }
}

#[test]
fn a_string_that_only_looks_like_bytes_stays_one_x_07() {
    let router = router();
    let mut subscriber = Client::join_by(&router, Serializer::MsgPack);
    subscriber.subscribe(1, "open.a");
    let mut publisher = Client::join_by(&router, Serializer::Json);
    publisher.send(r#"[16,1,{},"open.a",["\u0000no base64","x\u0000EOM=","\u0000EOM"]]"#);
    let frames = subscriber.frames();
    let (no, longer, unpadded) = (b"\xaa\0no base64", b"\xa6x\0EOM=", b"\xa4\0EOM");
    for text in [&no[..], longer, unpadded] {
        assert!(frames[0].windows(text.len()).any(|window| window == text), "{frames:02x?}");
    }
    publisher.send(r#"[16,2,{},"open.a",["\u0000EOM="]]"#);
    assert!(subscriber.frames()[0].ends_with(b"\x91\xc4\x02\x10\xe3"));
}

#[test]
fn floats_and_integers_keep_their_types_between_serializers_m_16() {
    let router = router();
    let mut subscriber = Client::join_by(&router, Serializer::MsgPack);
    subscriber.subscribe(1, "open.a");
    let mut publisher = Client::join_by(&router, Serializer::Json);
    publisher.send(r#"[16,1,{},"open.a",[3,3.0,3e0]]"#);
    let float = b"\xcb\x40\x08\0\0\0\0\0\0";
    assert!(subscriber.frames()[0].ends_with(&[&b"\x93\x03"[..], float, float].concat()));
    // And back: `3.0`, not `3`.
    let mut reader = Client::join_by(&router, Serializer::Json);
    reader.subscribe(1, "open.b");
    let mut writer = Client::join_by(&router, Serializer::MsgPack);
    writer.send_frame(RawMessage::Binary(
        [&b"\x95\x10\x01\x80\xa6open.b\x92\x03"[..], float].concat().into(),
    ));
    assert!(reader.frames()[0].ends_with(b"[3,3.0]]"));
}

#[test]
fn undefined_options_are_absent_and_floats_are_ids_m_13() {
    let router = router();
    // wampy with msgpackr: {match: undefined, get_retained: undefined}, and ids beyond 2^32 as
    // floats.
    let subscribe =
        b"\x94\x20\x01\xde\x00\x02\xa5match\xd4\x00\x00\xacget_retained\xd4\x00\x00\xa6open.a";
    let mut client = Client::join_by(&router, Serializer::MsgPack);
    client.send_frame(RawMessage::Binary(subscribe.to_vec().into()));
    let id = support::subscribed(&client.one(), 1);
    let id = (id as f64).to_be_bytes();
    client.send_frame(RawMessage::Binary(
        [&b"\x93\x22\xca\x40\x00\x00\x00\xcb"[..], &id].concat().into(),
    ));
    assert_eq!(client.one(), json!([35, 2]));
    // cbor-x, with undefined as f7 and a map of 16 bits length.
    let subscribe = b"\x84\x18\x20\x01\xb9\x00\x01\x65match\xf7\x66open.a";
    let mut client = Client::join_by(&router, Serializer::Cbor);
    client.send_frame(RawMessage::Binary(subscribe.to_vec().into()));
    let id = support::subscribed(&client.one(), 1);
    let id = (id as f64).to_be_bytes();
    client.send_frame(RawMessage::Binary(
        [&b"\x83\x18\x22\xf9\x40\x00\xfb"[..], &id].concat().into(),
    ));
    assert_eq!(client.one(), json!([35, 2]));
}

#[test]
fn integral_floats_are_arguments_and_fractions_are_not() {
    for serializer in ALL {
        let mut client = Client::join_by(&router(), serializer);
        assert_eq!(client.ask(r#"[48,1,{},"test.add",[1.0,2.0]]"#), json!([50, 1, {}, [3]]));
        let answer = client.ask(r#"[48,2,{},"test.add",[1.5,2]]"#);
        assert_error(&answer, 48, 2, "wamp.error.invalid_argument");
    }
}

#[test]
fn a_batch_is_taken_in_order_and_answered_in_batches_of_one_t_15_t_16_t_17() {
    for serializer in [Serializer::JsonBatched, Serializer::MsgPackBatched, Serializer::CborBatched]
    {
        let mut client = Client::connect_in(&router(), Identity::anonymous(), serializer);
        let batch: Vec<u8> = [
            hello("realm1"),
            json!([48, 1, {}, "test.add", [1, 2]]).to_string(),
            json!([48, 2, {}, "test.echo", ["\u{0}EOM="]]).to_string(),
        ]
        .iter()
        .flat_map(|text| {
            let value = serde_json::from_str(text).unwrap();
            wire::delimited(serializer, &wire::encode(serializer, &value))
        })
        .collect();
        client.send_frame(wire::frame_of(serializer, batch));
        let answers = client.received();
        assert_eq!(answers[0][0], 2);
        assert_eq!(answers[1..], [json!([50, 1, {}, [3]]), json!([50, 2, {}, ["\u{0}EOM="]])]);
    }
}

#[test]
fn a_peer_that_separates_by_0x18_is_answered_so_d_01() {
    let mut client = Client::connect_in(&router(), Identity::anonymous(), Serializer::JsonBatched);
    client.send_frame(RawMessage::Text(
        format!("{}\x18[48,1,{{}},\"test.nothing\"]\x18", hello("realm1")).into(),
    ));
    let frames = client.frames();
    assert!(frames[0].starts_with(b"[2,") && frames[0].ends_with(b"\x18"));
    assert_eq!(frames[1], b"[50,1,{}]\x18");
    client.send_frame(RawMessage::Text("[48,2,{},\"test.nothing\"]\x1e".into()));
    assert_eq!(client.frames(), [b"[50,2,{}]\x1e"]);
}

#[test]
fn a_batch_that_is_empty_or_not_delimited_is_a_violation_t_16_t_18() {
    let nothing = [
        (Serializer::JsonBatched, &b""[..]),
        (Serializer::JsonBatched, b"[48,1,{},\"test.nothing\"]"),
        (Serializer::JsonBatched, b"\x1e"),
        (Serializer::MsgPackBatched, b""),
        (Serializer::MsgPackBatched, b"\0\0\0"),
        (Serializer::MsgPackBatched, b"\0\0\0\0"),
        (Serializer::MsgPackBatched, b"\0\0\0\x05\x93\x06\x80"),
        (Serializer::MsgPackBatched, b"\xff\xff\xff\xff\x93\x06\x80"),
        (Serializer::CborBatched, b""),
        (Serializer::CborBatched, b"\0\0\0\x01"),
    ];
    for (serializer, bytes) in nothing {
        let mut client = Client::join_by(&router(), serializer);
        client.send_frame(wire::frame_of(serializer, bytes.to_vec()));
        client.assert_violated(&format!("{bytes:02x?}"));
    }
}

#[test]
fn what_follows_a_violation_in_a_batch_is_not_taken_p_02() {
    let mut client = Client::join_by(&router(), Serializer::JsonBatched);
    let batch = "[48,1,{},\"test.add\",[1,2]]\x1e[99]\x1e[48,2,{},\"test.add\",[1,2]]\x1e";
    client.send_frame(RawMessage::Text(batch.into()));
    let messages = client.received();
    assert_eq!((messages.len(), &messages[0]), (2, &json!([50, 1, {}, [3]])));
    assert_aborted(&messages[1], support::VIOLATION);
    assert_eq!(client.close(), Some(Close::Violation));
}

#[test]
fn a_batch_waits_for_room_like_messages_of_their_own() {
    let router = router_with(Limits::default().outgoing_bytes(1000));
    let mut client = Client::join_by(&router, Serializer::JsonBatched);
    let calls =
        |from: u64| (from..from + 100).map(|id| format!("[48,{id},{{}},\"test.long\",[100]]\x1e"));
    client.send_frame(RawMessage::Text(calls(1).collect::<String>().into()));
    assert!(!client.wants_input());
    let first = client.frames();
    assert!(first.len() < 12, "{}", first.len());
    let rest = client.received();
    assert_eq!(first.len() + rest.len(), 100);
    assert!(client.wants_input());
    let order: Vec<_> = rest.iter().map(|result| result[1].as_u64().unwrap()).collect();
    assert!(order.is_sorted() && order.last() == Some(&100));
}

#[test]
fn a_batch_of_more_publications_than_a_mailbox_holds_cuts_no_subscriber_off() {
    let router = router_with(Limits::default().queued_messages(500));
    let mut subscriber = Client::join_by(&router, Serializer::Json);
    subscriber.subscribe(1, "open.a");
    let mut publisher = Client::join_by(&router, Serializer::JsonBatched);
    let batch: String =
        (1..=10_000).map(|id| format!("[16,{id},{{}},\"open.a\",[{id}]]\x1e")).collect();
    publisher.send_frame(RawMessage::Text(batch.into()));
    let mut seen = Vec::new();
    // Both have their turns, as tasks of one worker have.
    while !publisher.wants_input() {
        assert!(publisher.poll_once(), "somebody woke it");
        seen.append(&mut support::arguments(&subscriber.received()));
    }
    assert_eq!(subscriber.close(), None);
    assert_eq!(seen, (1..=10_000).map(Value::from).collect::<Vec<_>>());
}

/// Any value without floats that are integral: what becomes of these is tested elsewhere.
fn value() -> impl Strategy<Value = Value> {
    let text = || prop_oneof!["[a-zé\0]{0,6}", Just("\u{0}EOM=".to_owned())];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-100_i64..100).prop_map(|half| Value::from(half as f64 + 0.5)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text(), inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// A message that may be wrong in any way, but for its request id.
fn message() -> impl Strategy<Value = Value> {
    let uri = prop::sample::select(vec![
        "test.add",
        "test.echo",
        "test.greet",
        "test.kwargs",
        "test.fail",
        "test.none",
        "test.count",
        "open.a",
        "a..b",
    ]);
    let options = prop_oneof![
        4 => Just(json!({})),
        1 => prop::sample::select(vec![
            json!({"acknowledge": true}),
            json!({"acknowledge": null, "exclude_me": false}),
            json!({"match": "prefix"}),
            json!({"timeout": 1.0, "unknown": [1, {"x": "\u{0}EOM="}]}),
            json!({"eligible": []}),
            json!([]),
            json!({"exclude": ["x"]}),
        ]),
    ];
    let kind = prop::sample::select(vec![48, 48, 48, 16, 32, 64, 34]);
    let args = prop_oneof![
        3 => vec((-9_i64..9).prop_map(Value::from), 0..4).prop_map(Value::from),
        3 => vec(value(), 0..3).prop_map(Value::from),
        1 => value(),
    ];
    (kind, options, uri, prop::option::of((args, prop::option::of(value())))).prop_map(
        |(kind, options, uri, payload)| {
            let mut message = vec![json!(kind), json!(0), options, json!(uri)];
            if let Some((args, kwargs)) = payload {
                message.push(args);
                message.extend(kwargs);
            }
            // Where a number or a string is wanted, the error names bytes in binary formats, and in
            // JSON the string that they are there.
            let text = Value::from(message).to_string();
            let takes_anything = !["test.add", "test.greet", "test.count"].contains(&uri);
            let text = if takes_anything { text } else { text.replace(r"\u0000", "") };
            serde_json::from_str(&text).expect("the text was written from a value")
        },
    )
}

/// Returns the answers of a session, without random ids and without the place in a text that
/// JSON's errors name.
fn answers(serializer: Serializer, messages: &[Value]) -> Vec<Value> {
    let router = router();
    let mut client = Client::join_by(&router, serializer);
    let mut answers = Vec::new();
    for (request, message) in messages.iter().enumerate() {
        let mut message = message.clone();
        message[1] = (request + 1).into();
        client.send(message.to_string());
        for mut answer in client.received() {
            match answer[0].as_u64() {
                Some(17 | 36) => answer[2] = 0.into(),
                Some(3) => answer[1] = 0.into(),
                _ => {}
            }
            answers.push(answer);
        }
    }
    answers.push(json!([client.has_session()]));
    answers
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_same_messages_have_the_same_answers_in_all_serializers(
        messages in vec(message(), 1..8),
    ) {
        let expected = answers(Serializer::Json, &messages);
        for serializer in ALL {
            prop_assert_eq!(&answers(serializer, &messages), &expected, "{:?}", serializer);
        }
    }
}
