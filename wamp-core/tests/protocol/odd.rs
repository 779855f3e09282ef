//! An odd value in a payload is the fault of that one request, and never reaches another client
//! (decision 9; C6, C7, C8, C9).

use std::collections::HashMap;

use super::support::wire::{self, delimited, frame_of};
use super::support::{
    self,
    handlers::{self, named, rpc},
};
use super::support::{Client, assert_error, id, published, welcomed};
use serde::Deserialize;
use serde_json::{Value, json};
use wamp_core::__private::{
    Arena, Arguments, BoxedAnswer, HandlerEntry, Outcome, Plain as _, reply,
};
use wamp_core::{
    Chunks, Context, Error, FromContext as _, History, Identity, MetaApi, Raw, Realm, Router,
    Serializer, Topic,
};

use Serializer::{Cbor, CborBatched, Json, JsonBatched, MsgPack, MsgPackBatched};

const INVALID_ARGUMENT: &str = "wamp.error.invalid_argument";
const INVALID_PAYLOAD: &str = "wamp.error.invalid_payload";

const JSONS: [Serializer; 2] = [Json, JsonBatched];
const MSGPACKS: [Serializer; 2] = [MsgPack, MsgPackBatched];
const CBORS: [Serializer; 2] = [Cbor, CborBatched];

/// Values that are well-formed, and that nobody else can be given.
fn refused() -> Vec<(Serializer, Vec<u8>)> {
    let numbers =
        ["1e999", "-1e999", "1e309", "[1,{\"a\":2E+400}]", "{\"a\":1e999}"].map(str::to_owned);
    let long =
        ["9".repeat(5_000), format!("-{}", "1".repeat(310)), format!("[{}.5]", "7".repeat(4_301))];
    let json = numbers.into_iter().chain(long).map(String::into_bytes);
    let msgpack = [
        &b"\xd6\xff\0\0\0\0"[..],                // A timestamp of 32 bits,
        b"\xd7\xff\0\0\0\0\0\0\0\0",             // of 64,
        b"\xc7\x0c\xff\0\0\0\0\0\0\0\0\0\0\0\0", // and of 96.
        b"\xd4\x01\x00",
        b"\xd5\x00ab",
        b"\xd8\x000123456789abcdef",
        b"\xc7\x00\x05",
        b"\xc8\x00\x02\x05ab",
        b"\xc9\x00\x00\x00\x02\x05ab",
        b"\x92\x01\x91\xd4\x01\x00",
        b"\x81\x01\x02", // Keys that are no strings.
        b"\x81\xc0\x02",
        b"\x81\xc3\x02",
        b"\x81\xcb\0\0\0\0\0\0\0\0\x02",
        b"\x81\xc4\x01a\x02",
        b"\x81\xd4\x00\x00\x02",
        b"\x81\x92\x01\x02\x02",
        b"\x81\x81\x81\x01\x02\x03\x04",
        b"\x82\xa1a\x01\x02\x91\x03",
        b"\x91\x82\xa1a\x81\x01\x02\xa1b\xc0",
    ];
    let huge = [b"\xc2\x59\x01\x00".to_vec(), vec![0xff; 256]].concat();
    let cbor = [
        &b"\xa1\x01\x02"[..],
        b"\xa1\x20\x02",
        b"\xa1\xf6\x02",
        b"\xa1\x41a\x02",
        b"\xa1\xfb\0\0\0\0\0\0\0\0\x02",
        b"\xa1\xc1\x01\x02",
        b"\xa1\x82\x01\x02\x02",
        b"\xa1\xa1\xa1\x01\x02\x03\x04",
        b"\xbf\x01\x02\xff",
        b"\xbf\x9f\x01\xff\x02\x61a\x03\xff",
        b"\x81\xa2\x61a\xa1\x01\x02\x61b\xf6",
        b"\xe0", // Simple values.
        b"\xf3",
        b"\xf8\x20",
        b"\xf8\xff",
        b"\x82\xd8\x1c\x81\x01\xd8\x1d\x00", // A shared value, and where it stands again.
        b"\xd9\x01\x00\x82\x61a\xd8\x19\x00",
        b"\xc1\xd8\x1d\x00",
        b"\xa1\xd8\x19\x00\x01",
        &huge,
        &[b"\xc3", &huge[1..]].concat(),
    ]
    .map(<[u8]>::to_vec);
    let of = |serializers: [Serializer; 2], values: Vec<Vec<u8>>| {
        serializers.into_iter().flat_map(move |serializer| {
            values.clone().into_iter().map(move |value| (serializer, value))
        })
    };
    of(JSONS, json.collect())
        .chain(of(MSGPACKS, msgpack.map(<[u8]>::to_vec).into()))
        .chain(of(CBORS, cbor.into()))
        .collect()
}

/// Values that go on without what only their own format has, and what they are then.
fn dressed() -> Vec<(Serializer, &'static [u8], Value)> {
    let msgpack: [(&[u8], Value); 2] = [
        (b"\xd4\x00\x00", json!(null)),
        (b"\x92\x01\x81\xa1a\xd4\x00\x00", json!([1, { "a": null }])),
    ];
    let cbor: [(&[u8], Value); 12] = [
        (b"\xc0\x74\x32\x30\x31\x33-03-21T20:04:00Z", json!("2013-03-21T20:04:00Z")),
        (b"\xc0\x63abc", json!("abc")),
        (b"\xc1\x1a\x51\x4b\x67\xb0", json!(1_363_896_240)),
        (b"\xd8\x25\x42\x10\xe3", json!("\0EOM=")),
        (b"\xd9\xd9\xf7\x82\x01\x02", json!([1, 2])),
        (b"\xd8\x1c\x81\xd8\x1c\x81\x01", json!([[1]])),
        (b"\xa1\x61a\xc1\x01", json!({"a": 1})),
        (b"\xa1\xc0\x61a\x01", json!({"a": 1})),
        (b"\x82\xc2\x41\x05\xc3\x42\x01\x00", json!([5, -257])),
        (b"\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00", json!(18_446_744_073_709_551_616.0)),
        (b"\xc1\xc1\xc1\xf6", json!(null)),
        (b"\x9f\xdb\xff\xff\xff\xff\xff\xff\xff\xff\xbf\xff\xff", json!([{}])),
    ];
    let of = |serializers: [Serializer; 2], values: Vec<(&'static [u8], Value)>| {
        serializers.into_iter().flat_map(move |serializer| {
            values.clone().into_iter().map(move |(bytes, value)| (serializer, bytes, value))
        })
    };
    of(MSGPACKS, msgpack.into()).chain(of(CBORS, cbor.into())).collect()
}

/// Halves of characters in JSON, and what everybody else gets for them.
const HALVES: [(&str, &str); 7] = [
    (r#""\ud83d""#, "\u{fffd}"),
    (r#""a\udE00b""#, "a\u{fffd}b"),
    (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
    (r#""\ud83d\n""#, "\u{fffd}\n"),
    (r#""\ud83d\u0041""#, "\u{fffd}A"),
    (r#""\u0000\ud83d""#, "\0\u{fffd}"),
    (r#""é\ude00\ud83d""#, "é\u{fffd}\u{fffd}"),
];

/// Returns Arguments and ArgumentsKw, which follow the head of a message.
#[derive(Clone, Copy)]
enum Tail<'t> {
    Arg(&'t [u8]),
    Kwarg(&'t [u8]),
}

/// A message whose payload is this one value, which stands in it as it is.
fn message(serializer: Serializer, head: &Value, tail: Tail<'_>) -> Vec<u8> {
    let mut elements: Vec<Vec<u8>> =
        support::list(head).iter().map(|element| wire::encode(serializer, element)).collect();
    let (list, dict, key) = (wire::encode(serializer, &json!([])), json!({}), json!("a"));
    let dict = wire::encode(serializer, &dict);
    let join = |parts: &[Vec<u8>], separator: &[u8]| {
        if serializer.is_binary() { parts.concat() } else { parts.join(separator) }
    };
    match (tail, serializer.is_binary()) {
        (Tail::Arg(value), true) => elements.push([&[list[0] + 1], value].concat()),
        (Tail::Arg(value), false) => elements.push([b"[", value, b"]"].concat()),
        (Tail::Kwarg(value), is_binary) => {
            let entry = [wire::encode(serializer, &key), value.to_vec()];
            let entry = join(&entry, b":");
            elements.push(list);
            elements.push(match is_binary {
                true => [&[dict[0] + 1], &entry[..]].concat(),
                false => [b"{", &entry[..], b"}"].concat(),
            });
        }
    }
    let body = join(&elements, b",");
    match serializer.is_binary() {
        true => {
            [&[wire::encode(serializer, &json!([]))[0] + elements.len() as u8], &body[..]].concat()
        }
        false => [b"[", &body[..], b"]"].concat(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "written where it is sent")]
fn send(client: &mut Client, serializer: Serializer, head: Value, tail: Tail<'_>) {
    let message = message(serializer, &head, tail);
    client.send_frame(frame_of(serializer, delimited(serializer, &message)));
}

fn ask(client: &mut Client, serializer: Serializer, head: Value, tail: Tail<'_>) -> Value {
    send(client, serializer, head, tail);
    client.one()
}

/// Reads the value as anything, and gives it back.
fn read(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let arena = Arena::default();
        let mut arguments = Arguments::of(&context, &arena);
        arguments.open()?;
        let value: Value = arguments.take(&named("a"))?;
        arguments.finish()?;
        reply(&context, Outcome(value).reply())
    })
}

/// The same, in lists and dicts that it does not read as a whole.
fn read_rest(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let arena = Arena::default();
        let mut arguments = Arguments::of(&context, &arena);
        arguments.open()?;
        let args: Vec<Value> = arguments.take_args(&named("args"))?;
        let kwargs: HashMap<String, Value> = arguments.take_kwargs(&named("kwargs"))?;
        arguments.finish()?;
        reply(&context, Outcome(args.into_iter().chain(kwargs.into_values()).next()).reply())
    })
}

fn raw(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let arena = Arena::default();
        let mut arguments = Arguments::of(&context, &arena);
        arguments.open()?;
        let value: Raw<'_> = arguments.take(&named("a"))?;
        arguments.finish()?;
        reply(&context, Outcome(value).reply())
    })
}

fn held_raw(context: Context) -> BoxedAnswer<()> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Holder<'f>(#[serde(borrow)] Raw<'f>);
    Box::pin(async move {
        let arena = Arena::default();
        let mut arguments = Arguments::of(&context, &arena);
        arguments.open()?;
        let value: Option<Holder<'_>> = arguments.take(&named("a"))?;
        arguments.finish()?;
        reply(&context, Outcome(value.map(|Holder(value)| [value])).reply())
    })
}

/// Takes a dict, of which it reads one entry.
fn ignore(context: Context) -> BoxedAnswer<()> {
    #[derive(Deserialize)]
    struct Entry {
        known: u8,
    }
    Box::pin(async move {
        let (entry,): (Entry,) = context.payload().args().map_err(Error::invalid_argument)?;
        reply(&context, Outcome(entry.known).reply())
    })
}

fn chunks(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let mut chunks: Chunks<Value> = Chunks::from_context(&context).await?;
        let mut all = Vec::new();
        while let Some(chunk) = chunks.next().await? {
            all.push(chunk);
        }
        reply(&context, Outcome(all).reply())
    })
}

static HANDLERS: &[HandlerEntry] = &[
    rpc("odd.read", read),
    rpc("odd.rest", read_rest),
    rpc("odd.raw", raw),
    rpc("odd.held_raw", held_raw),
    rpc("odd.ignore", ignore),
    HandlerEntry {
        features: &[Some(wamp_core::__private::Feature::ProgressiveCallInvocations)],
        ..rpc("odd.chunks", chunks)
    },
];

fn router() -> Router {
    handlers::reset();
    let realm = Realm::new("realm1")
        .topic("open.{name}", Topic::open().retained())
        .topic("past.{name}", Topic::open())
        .history("past.a", History::last(9))
        .meta_api(MetaApi::reading())
        .route_clients(true);
    Router::builder()
        .realm(realm)
        .handlers([HANDLERS, handlers::ALL])
        .build()
        .expect("nothing is wrong with it")
}

fn join(router: &Router, serializer: Serializer) -> Client {
    let role = json!({"features": {
        "call_canceling": true, "progressive_call_results": true,
        "progressive_call_invocations": true,
    }});
    let roles = json!({"caller": role, "callee": role, "publisher": role, "subscriber": role});
    let mut client = Client::connect_in(router, Identity::anonymous(), serializer);
    client.id = welcomed(&client.ask(json!([1, "realm1", {"roles": roles}]).to_string()));
    client
}

/// One client for each serializer.
fn join_all(router: &Router) -> Vec<Client> {
    Serializer::ALL.iter().map(|serializer| join(router, *serializer)).collect()
}

#[track_caller]
fn assert_lives(client: &mut Client, request: u64) {
    let answer = client.ask(json!([48, request, {}, "test.add", [1, 2]]).to_string());
    assert_eq!(answer, json!([50, request, {}, [3]]));
}

/// In no frame of CBOR stands a tag.
fn assert_untagged(serializer: Serializer, frame: &[u8]) {
    fn has_tag(value: &ciborium::Value) -> bool {
        match value {
            ciborium::Value::Tag(..) => true,
            ciborium::Value::Array(list) => list.iter().any(has_tag),
            ciborium::Value::Map(dict) => {
                dict.iter().any(|(key, value)| has_tag(key) || has_tag(value))
            }
            _ => false,
        }
    }
    let message = match serializer {
        Cbor => frame,
        CborBatched => &frame[4..],
        _ => return,
    };
    let value: ciborium::Value = ciborium::from_reader(message).expect("well-formed CBOR");
    assert!(!has_tag(&value), "{value:?}");
}

/// The only frame that the server has to send, read by who knows the serializer.
#[track_caller]
fn one(client: &mut Client, serializer: Serializer) -> Value {
    let frames = client.frames();
    assert_eq!(frames.len(), 1, "{frames:02x?}");
    assert_untagged(serializer, &frames[0]);
    wire::message(serializer, &frames[0])
}

#[test]
fn a_handler_that_reads_what_is_odd_answers_with_invalid_argument_c_7_c_9() {
    let router = router();
    for (serializer, value) in refused() {
        let mut client = join(&router, serializer);
        let mut next = 1_u64..;
        for uri in ["odd.read", "odd.rest", "odd.raw", "odd.held_raw", "test.add"] {
            for tail in [Tail::Arg(&value), Tail::Kwarg(&value)] {
                let request = next.next().unwrap();
                let answer = ask(&mut client, serializer, json!([48, request, {}, uri]), tail);
                assert_error(&answer, 48, request, INVALID_ARGUMENT);
            }
        }
        assert_lives(&mut client, 11);
    }
}

#[test]
fn a_handler_that_does_not_read_what_is_odd_is_not_kept_from_its_work() {
    let router = router();
    for (serializer, value) in refused() {
        let mut client = join(&router, serializer);
        let (key, known) = (
            wire::encode(serializer, &json!("odd")),
            wire::encode(serializer, &json!({"known": 7})),
        );
        // A second entry behind the first, or in front of it.
        let dict = match serializer.is_binary() {
            true => [&[known[0] + 1], &known[1..], &key[..], &value].concat(),
            false => [b"{", &key[..], b":", &value, b",", &known[1..]].concat(),
        };
        let answer =
            ask(&mut client, serializer, json!([48, 1, {}, "odd.ignore"]), Tail::Arg(&dict));
        assert_eq!(answer, json!([50, 1, {}, [7]]), "{serializer:?} {value:02x?}");
        assert_lives(&mut client, 2);
    }
}

#[test]
fn an_odd_publication_reaches_no_subscriber_and_its_publisher_learns_why_if_it_asked_c_7_c_8_c_9() {
    let router = router();
    let mut subscribers = join_all(&router);
    for subscriber in &mut subscribers {
        subscriber.subscribe(1, "open.a");
        subscriber.subscribe(2, "past.a");
    }
    for (serializer, value) in refused() {
        let mut publisher = join(&router, serializer);
        for tail in [Tail::Arg(&value), Tail::Kwarg(&value)] {
            let request = if matches!(tail, Tail::Arg(_)) { 1 } else { 4 };
            let acknowledged =
                json!([16, request, {"acknowledge": true, "retain": true}, "open.a"]);
            let answer = ask(&mut publisher, serializer, acknowledged, tail);
            assert_error(&answer, 16, request, INVALID_PAYLOAD);
            assert!(answer[5][0].is_string(), "{answer}");
            send(&mut publisher, serializer, json!([16, request + 1, {}, "past.a"]), tail);
            publisher.assert_silent();
            send(&mut publisher, serializer, json!([16, request + 2, {}, "hold.a"]), tail);
            publisher.assert_silent();
        }
        assert_lives(&mut publisher, 7);
    }
    let mut late = join(&router, Json);
    late.send(r#"[32,1,{"get_retained":true},"open.a"]"#);
    assert_eq!(late.received().len(), 1, "nothing was retained");
    for subscriber in &mut subscribers {
        subscriber.assert_silent();
    }
}

#[test]
fn an_odd_call_reaches_no_callee_and_fails_for_its_caller_c_7_c_8_c_9() {
    let router = router();
    for &to in Serializer::ALL {
        let mut callee = join(&router, to);
        callee.ask(json!([64, 1, {}, format!("com.{}", to.subprotocol())]).to_string());
        let uri = format!("com.{}", to.subprotocol());
        for (serializer, value) in refused() {
            let mut caller = join(&router, serializer);
            for (request, tail) in [(1, Tail::Arg(&value)), (2, Tail::Kwarg(&value))] {
                let answer = ask(&mut caller, serializer, json!([48, request, {}, uri]), tail);
                assert_error(&answer, 48, request, INVALID_PAYLOAD);
            }
            assert_lives(&mut caller, 3);
        }
        callee.assert_silent();
        assert_lives(&mut callee, 2);
    }
}

#[test]
fn an_odd_chunk_ends_its_call_on_both_sides_c_7_c_8_c_9() {
    let router = router();
    let mut callee = join(&router, Json);
    callee.ask(r#"[64,1,{},"com.p"]"#);
    for (serializer, value) in refused() {
        let mut caller = join(&router, serializer);
        caller.send(r#"[48,1,{"progress":true},"com.p",[1]]"#);
        let invocation = id(&callee.one()[1]);
        let answer = ask(
            &mut caller,
            serializer,
            json!([48, 1, {"progress": true}, "com.p"]),
            Tail::Arg(&value),
        );
        assert_error(&answer, 48, 1, INVALID_PAYLOAD);
        assert_eq!(callee.one(), json!([69, invocation, {"mode": "killnowait"}]));
        // A handler that takes chunks finds out by itself.
        caller.send(r#"[48,2,{"progress":true},"odd.chunks",[1]]"#);
        let answer =
            ask(&mut caller, serializer, json!([48, 2, {}, "odd.chunks"]), Tail::Arg(&value));
        assert_error(&answer, 48, 2, INVALID_ARGUMENT);
        assert_lives(&mut caller, 3);
    }
}

#[test]
fn an_odd_answer_of_a_callee_becomes_an_error_for_its_caller_c_7_c_8_c_9() {
    let router = router();
    let mut caller = join(&router, Json);
    let mut request = 0;
    for (serializer, value) in refused() {
        let mut callee = join(&router, serializer);
        let registration = id(&callee.ask(r#"[64,1,{},"com.p"]"#)[2]);
        for (invocation, tail) in [(1, Tail::Arg(&value)), (2, Tail::Kwarg(&value))] {
            request += 1;
            caller.send(json!([48, request, {}, "com.p"]).to_string());
            callee.one();
            send(&mut callee, serializer, json!([70, invocation, {}]), tail);
            callee.assert_silent();
            let answer = caller.one();
            assert_error(&answer, 48, request, INVALID_PAYLOAD);
            assert!(answer[5][0].is_string(), "{answer}");
        }
        request += 1;
        caller.send(json!([48, request, {"receive_progress": true}, "com.p"]).to_string());
        callee.one();
        send(&mut callee, serializer, json!([70, 3, {"progress": true}]), Tail::Arg(&value));
        assert_error(&caller.one(), 48, request, INVALID_PAYLOAD);
        // Its next result shows the callee that nobody waits any more.
        callee.send(r#"[70,3,{"progress":true},[2]]"#);
        assert_eq!(callee.one(), json!([69, 3, {"mode": "killnowait"}]));
        callee.send("[70,3,{}]");
        request += 1;
        caller.send(json!([48, request, {}, "com.p"]).to_string());
        callee.one();
        send(&mut callee, serializer, json!([8, 68, 4, {}, "com.error.mine"]), Tail::Kwarg(&value));
        assert_eq!(caller.one(), json!([8, 48, request, {}, "com.error.mine"]));
        assert_eq!(callee.ask(json!([66, 2, registration]).to_string()), json!([67, 2]));
        caller.assert_silent();
    }
}

#[test]
fn an_odd_testament_is_refused_when_it_is_made_c_7_c_8_c_9() {
    let router = router();
    let mut subscriber = join(&router, Json);
    subscriber.subscribe(1, "open.a");
    for (serializer, value) in refused() {
        let mut joe = join(&router, serializer);
        let call = [json!([48, 1, {}, "wamp.session.add_testament", ["open.a"]])];
        let (list, one) =
            (wire::encode(serializer, &json!([])), wire::encode(serializer, &json!([1])));
        // `["open.a", [VALUE], {}]`
        let args = match serializer.is_binary() {
            true => [&[list[0] + 1], &value[..]].concat(),
            false => [b"[", &value[..], b"]"].concat(),
        };
        assert_eq!(one[0] == b'[', !serializer.is_binary());
        let arguments = [
            wire::encode(serializer, &json!("open.a")),
            args,
            wire::encode(serializer, &json!({})),
        ];
        let arguments = match serializer.is_binary() {
            true => [vec![list[0] + 3], arguments.concat()].concat(),
            false => [b"[".to_vec(), arguments.join(&b","[..]), b"]".to_vec()].concat(),
        };
        let head: Vec<Vec<u8>> = support::list(&call[0])[..4]
            .iter()
            .map(|element| wire::encode(serializer, element))
            .chain([arguments])
            .collect();
        let message = match serializer.is_binary() {
            true => [vec![list[0] + 5], head.concat()].concat(),
            false => [b"[".to_vec(), head.join(&b","[..]), b"]".to_vec()].concat(),
        };
        joe.send_frame(frame_of(serializer, delimited(serializer, &message)));
        assert_error(&joe.one(), 48, 1, INVALID_ARGUMENT);
        joe.lose();
    }
    subscriber.assert_silent();
}

#[test]
fn a_tag_of_cbor_and_an_undefined_of_messagepack_reach_no_client_whichever_way_c_8() {
    let router = router();
    let mut others: Vec<_> = Serializer::ALL.iter().copied().zip(join_all(&router)).collect();
    for (serializer, other) in &mut others {
        other.subscribe(1, "open.a");
        let past = other.subscribe(2, "past.a");
        let registered =
            other.ask(json!([64, 3, {}, format!("com.{}", serializer.subprotocol())]).to_string());
        assert_eq!((&registered[0], past > 0), (&json!(65), true));
    }
    for (round, (from, bytes, value)) in dressed().into_iter().enumerate() {
        let mut joe = join(&router, from);
        // Events, and retained ones.
        for (request, tail) in [(1, Tail::Kwarg(bytes)), (2, Tail::Arg(bytes))] {
            let head = json!([16, request, {"acknowledge": true, "retain": true}, "open.a"]);
            published(&ask(&mut joe, from, head, tail), request);
            for (serializer, other) in &mut others {
                let event = one(other, *serializer);
                let found = if request == 1 { &event[5]["a"] } else { &event[4][0] };
                assert_eq!(found, &value, "{from:?} to {serializer:?}");
            }
        }
        // History.
        send(&mut joe, from, json!([16, 3, {}, "past.a"]), Tail::Arg(bytes));
        // Invocations and results; what a handler reads, and what it hands back as it is.
        let requests = 4_u64..;
        let mut next = requests;
        for (serializer, other) in &mut others {
            assert_eq!(one(other, *serializer)[4][0], value, "history's event");
            let request = next.next().unwrap();
            let uri = format!("com.{}", serializer.subprotocol());
            send(&mut joe, from, json!([48, request, {}, uri]), Tail::Arg(bytes));
            let invocation = one(other, *serializer);
            assert_eq!(invocation[4][0], value, "{from:?} to {serializer:?}");
            other.send(json!([70, invocation[1], {}, [1]]).to_string());
            assert_eq!(one(&mut joe, from), json!([50, request, {}, [1]]));
        }
        for uri in ["odd.read", "odd.rest", "odd.raw", "odd.held_raw"] {
            for tail in [Tail::Arg(bytes), Tail::Kwarg(bytes)] {
                let request = next.next().unwrap();
                send(&mut joe, from, json!([48, request, {}, uri]), tail);
                let expected = match (uri, value.is_null()) {
                    ("odd.held_raw", false) => json!([value]),
                    _ => value.clone(),
                };
                let result = one(&mut joe, from);
                assert_eq!(
                    result,
                    json!([50, request, {}, [expected]]),
                    "{uri} in {from:?}: {bytes:02x?}"
                );
            }
        }
        // Results and errors of a callee.
        let request = next.next().unwrap();
        joe.ask(json!([64, request, {}, "com.joe"]).to_string());
        for (invocation, (serializer, other)) in (1..).zip(&mut others) {
            let request = 4 + 2 * round;
            other.send(json!([48, request, {}, "com.joe"]).to_string());
            joe.one();
            send(&mut joe, from, json!([70, 2 * invocation - 1, {}]), Tail::Arg(bytes));
            assert_eq!(one(other, *serializer)[3][0], value, "{from:?} to {serializer:?}");
            other.send(json!([48, request + 1, {}, "com.joe"]).to_string());
            joe.one();
            send(
                &mut joe,
                from,
                json!([8, 68, 2 * invocation, {}, "com.error.joe"]),
                Tail::Kwarg(bytes),
            );
            assert_eq!(one(other, *serializer)[6]["a"], value, "{from:?} to {serializer:?}");
        }
        for &to in Serializer::ALL {
            let mut late = join(&router, to);
            late.send(r#"[32,1,{"get_retained":true},"open.a"]"#);
            let frames = late.frames();
            assert_eq!(frames.len(), 2);
            assert_untagged(to, &frames[1]);
            assert_eq!(wire::message(to, &frames[1])[4][0], value);
            let id = late.subscribe(2, "past.a");
            late.send(
                json!([48, 3, {}, "wamp.subscription.get_events", [id, true, 1]]).to_string(),
            );
            assert_eq!(one(&mut late, to)[3][0]["args"], json!([value]), "{from:?} to {to:?}");
        }
    }
}

#[test]
fn the_lists_and_dicts_that_hold_the_arguments_may_be_tagged_themselves_c_8() {
    let router = router();
    let (mut joe, mut callee) = (join(&router, Cbor), join(&router, Cbor));
    callee.ask(r#"[64,1,{},"com.p"]"#);
    let call = b"\x86\x18\x30\x01\xa0\x65com.p\xc1\xc1\x81\x01\xd9\xd9\xf7\xa1\x61k\x02";
    joe.send_frame(frame_of(Cbor, call.to_vec()));
    let invocation = one(&mut callee, Cbor);
    assert_eq!((&invocation[4], &invocation[5]), (&json!([1]), &json!({"k": 2})));
    // Empty ones are absent (M-10).
    joe.send_frame(frame_of(Cbor, b"\x86\x18\x30\x02\xa0\x65com.p\xc1\x80\xc1\xa0".to_vec()));
    assert_eq!(support::list(&one(&mut callee, Cbor)).len(), 4);
    // A key of ArgumentsKw that is no string.
    for (serializer, call) in [
        (Cbor, &b"\x86\x18\x30\x01\xa0\x65com.p\x80\xa1\x01\x02"[..]),
        (Cbor, b"\x86\x18\x30\x01\xa0\x65com.p\x80\xbf\xf6\x02\xff"),
        (MsgPack, b"\x96\x30\x01\x80\xa5com.p\x90\x81\x01\x02"),
        (MsgPack, b"\x96\x30\x01\x80\xa5com.p\x90\x81\xd4\x01\x00\x02"),
    ] {
        let mut caller = join(&router, serializer);
        caller.send_frame(frame_of(serializer, call.to_vec()));
        assert_eq!(caller.one()[4], INVALID_PAYLOAD, "{call:02x?}");
        assert!(caller.has_session());
    }
    callee.assert_silent();
}

#[test]
fn half_a_character_is_u_fffd_for_its_reader_and_json_peers_get_it_as_it_was_c_6() {
    let router = router();
    let mut subscribers: Vec<_> = Serializer::ALL.iter().copied().zip(join_all(&router)).collect();
    for (_, subscriber) in &mut subscribers {
        subscriber.subscribe(1, "open.a");
    }
    let mut callee = join(&router, Json);
    callee.ask(r#"[64,1,{},"com.p"]"#);
    for from in JSONS {
        let mut joe = join(&router, from);
        let mut next = 1_u64..;
        for (text, read) in HALVES {
            for uri in ["odd.read", "odd.rest"] {
                for tail in [Tail::Arg(text.as_bytes()), Tail::Kwarg(text.as_bytes())] {
                    let request = next.next().unwrap();
                    let answer = ask(&mut joe, from, json!([48, request, {}, uri]), tail);
                    assert_eq!(answer, json!([50, request, {}, [read]]));
                }
            }
            let dict = format!("{{{text}:1}}");
            let request = next.next().unwrap();
            let answer = ask(
                &mut joe,
                from,
                json!([48, request, {}, "odd.read"]),
                Tail::Arg(dict.as_bytes()),
            );
            assert_eq!(answer, json!([50, request, {}, [{ read: 1 }]]));
            for uri in ["odd.raw", "odd.held_raw"] {
                send(&mut joe, from, json!([48, next.next(), {}, uri]), Tail::Arg(text.as_bytes()));
                let frame = String::from_utf8(joe.frames().remove(0)).unwrap();
                assert!(frame.contains(text), "{frame}");
            }
            let request = next.next().unwrap();
            send(&mut joe, from, json!([48, request, {}, "com.p"]), Tail::Arg(text.as_bytes()));
            let frame = String::from_utf8(callee.frames().remove(0)).unwrap();
            assert!(frame.ends_with(&format!("[{text}]]")), "{frame}");
            let invocation: Value = serde_json::from_str(&frame.replace(text, "1")).unwrap();
            callee.send(json!([70, invocation[1], {}]).to_string());
            assert_eq!(joe.one(), json!([50, request, {}]));
            let request = next.next().unwrap();
            let head = json!([16, request, {"acknowledge": true}, "open.a"]);
            published(&ask(&mut joe, from, head, Tail::Arg(text.as_bytes())), request);
            for (to, subscriber) in &mut subscribers {
                let frame = subscriber.frames().remove(0);
                if to.is_binary() {
                    assert_eq!(wire::message(*to, &frame)[4][0], read, "{text} to {to:?}");
                } else {
                    let frame = String::from_utf8(frame).unwrap();
                    assert!(
                        frame.trim_end_matches('\u{1e}').ends_with(&format!("[{text}]]")),
                        "{frame}"
                    );
                }
            }
        }
    }
}

#[test]
fn json_peers_get_numbers_as_they_were_written_m_16() {
    let zeros = format!("0.1{}", "0".repeat(5_000));
    let long = format!("{}e-5000", "1".repeat(5_000));
    let literals = [
        "1.0",
        "-0",
        "-0.0",
        "1e2",
        "1E+2",
        "0.10",
        "1.50e-07",
        "18446744073709551615",
        "18446744073709551616",
        "123456789012345678901234567890",
        "1e308",
        "-1.7976931348623157e308",
        "1e-999",
        &zeros,
        &long,
    ];
    let router = router();
    let mut subscriber = join(&router, Json);
    subscriber.subscribe(1, "open.a");
    let mut joe = join(&router, Json);
    for (request, literal) in (1..).step_by(2).zip(literals) {
        joe.send(format!(r#"[16,{request},{{}},"open.a",[{literal}]]"#));
        let frame = String::from_utf8(subscriber.frames().remove(0)).unwrap();
        assert!(frame.ends_with(&format!("[{literal}]]")), "{frame}");
        let request = request + 1;
        joe.send(format!(r#"[48,{request},{{}},"odd.raw",[{literal}]]"#));
        let frame = String::from_utf8(joe.frames().remove(0)).unwrap();
        assert!(frame.ends_with(&format!("[{literal}]]")), "{frame}");
    }
}

#[test]
fn what_is_odd_in_the_protocols_part_is_a_violation() {
    let router = router();
    for (serializer, message) in [
        (Json, &br#"[48,1,{},"a.\ud83d"]"#[..]),
        (Json, br#"[48,1,{"_a":"\ud83d"},"test.nothing"]"#),
        (Json, br#"[48,1,{"\ud83d":1},"test.nothing"]"#),
        (Json, br#"[16,1,{"exclude_authid":["\ud83d"]},"open.a",[1]]"#),
        (Json, br#"[6,{},"\ud83d"]"#),
        (Json, br#"[48,1e999,{},"test.nothing"]"#),
        (MsgPack, b"\x94\x30\x01\x81\xa2_a\xd6\xff\0\0\0\0\xactest.nothing"),
        (MsgPack, b"\x94\x30\x01\x81\x01\x02\xactest.nothing"),
        (MsgPack, b"\x94\x30\xd4\x01\x00\x80\xactest.nothing"),
        (MsgPack, b"\x94\x30\x01\x80\xd4\x01\x00"),
        (Cbor, b"\x84\x18\x30\x01\xa1\x01\x02\x6ctest.nothing"),
        (Cbor, b"\x84\x18\x30\x01\xa1\x62_a\xe0\x6ctest.nothing"),
        (Cbor, b"\x84\x18\x30\x01\xa1\x62_a\xd8\x1d\x00\x6ctest.nothing"),
        (Cbor, b"\x84\x18\x30\xe0\xa0\x6ctest.nothing"),
    ] {
        let mut client = join(&router, serializer);
        client.send_frame(frame_of(serializer, message.to_vec()));
        client.assert_violated(&format!("{message:02x?}"));
    }
}

#[test]
fn a_payload_that_is_not_well_formed_is_a_violation() {
    let router = router();
    for (serializer, value) in [
        (Json, &br#""\ud83"#[..]),
        (Json, br#""\ud83g""#),
        (Json, br#""\ud83d\u12""#),
        (Json, br#""\ud83d\u12x4""#),
        (Json, br#""\ud83d\x""#),
        (Json, b"1e"),
        (Json, b"01e999"),
        (Json, b"1e999.5"),
        (MsgPack, b"\xc1"),
        (MsgPack, b"\xd6\xff\0\0\0"),
        (MsgPack, b"\xc7\x0c\xff\0"),
        (MsgPack, b"\xc9\xff\xff\xff\xff\x05ab"),
        (MsgPack, b"\xc7"),
        (MsgPack, b"\x81\x01"),
        (MsgPack, b"\x81\x92\x01\x02"),
        (MsgPack, b"\x81\xc1\x02"),
        (Cbor, b"\xbf\x01\xff"),
        (Cbor, b"\xbf\x81\x01\xff"),
        (Cbor, b"\xa1\x01"),
        (Cbor, b"\xa1\xff\x01"),
        (Cbor, b"\xf8\x1f"),
        (Cbor, b"\xf8\x00"),
        (Cbor, b"\xfc"),
        (Cbor, b"\xd8\x1d"),
        (Cbor, b"\x9f\xd8\x1d\xff"),
        (Cbor, b"\xc2\x01"),
        (Cbor, b"\xc2\x42\x01"),
    ] {
        let mut client = join(&router, serializer);
        send(&mut client, serializer, json!([48, 1, {}, "odd.read"]), Tail::Arg(value));
        client.assert_violated(&format!("{value:02x?}"));
    }
}

/// Dicts, each the key of the next, of so many.
fn keys_in_keys(serializer: Serializer, depth: usize) -> Vec<u8> {
    let dict = wire::encode(serializer, &json!({}))[0] + 1;
    [vec![dict; depth], vec![1; depth + 1]].concat()
}

#[test]
fn keys_count_to_the_depth_like_values() {
    let router = router();
    for serializer in [MsgPack, Cbor] {
        for (depth, is_taken) in [(2, true), (62, true), (63, false), (5_000, false)] {
            let mut client = join(&router, serializer);
            let value = keys_in_keys(serializer, depth);
            send(&mut client, serializer, json!([48, 1, {}, "odd.read"]), Tail::Arg(&value));
            assert_eq!(client.has_session(), is_taken, "{depth} dicts in {serializer:?}");
        }
    }
}

#[test]
fn keys_that_are_no_strings_do_not_count_as_values_but_what_is_in_them_does() {
    let router = router();
    let dict = |serializer: Serializer, entries: u32, key: &[u8]| {
        let head = match serializer {
            MsgPack => [b"\xdf", &entries.to_be_bytes()[..]].concat(),
            _ => [b"\xba", &entries.to_be_bytes()[..]].concat(),
        };
        [head, [key, b"\x01"].concat().repeat(entries as usize)].concat()
    };
    for serializer in [MsgPack, Cbor] {
        let pair = if serializer == MsgPack { b"\x92\x01\x01" } else { b"\x82\x01\x01" };
        // The list of the arguments and the dict are values too.
        for (entries, key, is_taken) in [
            (99_998, &b"\x01"[..], true),
            (99_999, b"\x01", false),
            (33_332, pair, true),
            (33_333, pair, false),
        ] {
            let mut client = join(&router, serializer);
            let value = dict(serializer, entries, key);
            send(&mut client, serializer, json!([48, 1, {}, "odd.read"]), Tail::Arg(&value));
            assert_eq!(client.has_session(), is_taken, "{entries} of {key:02x?} in {serializer:?}");
        }
    }
}
