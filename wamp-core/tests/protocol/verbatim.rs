//! Strings and bytes, floats and nesting stay what they were in whatever the router writes:
//! results, testaments, history, the meta API (M-16).

use super::support::handlers::{self, rpc};
use super::support::{Client, assert_error, router_of};
use serde::{Serialize, Serializer as SerdeSerializer};
use serde_json::json;
use wamp_core::__private::{BoxedAnswer, HandlerEntry, Outcome, Plain as _, reply};
use wamp_core::{Context, History, MetaApi, RawMessage, Realm, Reply, Router, Serializer, Topic};

struct Bytes(&'static [u8]);

impl Serialize for Bytes {
    fn serialize<S: SerdeSerializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

fn text(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move { reply(&context, Outcome("\0EOM=").reply()) })
}

fn text_in_a_reply(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move { reply(&context, Outcome(Reply::new().arg("\0EOM=")).reply()) })
}

fn bytes_in_a_reply(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        reply(&context, Outcome(Reply::new().kwarg("b", Bytes(&[0x10, 0xe3]))).reply())
    })
}

static HANDLERS: &[HandlerEntry] = &[
    rpc("result.text", text),
    rpc("reply.text", text_in_a_reply),
    rpc("reply.bytes", bytes_in_a_reply),
];

fn realm() -> Router {
    let realm = Realm::new("realm1")
        .topic("open.{name}", Topic::open())
        .topic("past.{name}", Topic::open())
        .history("past.a", History::last(9))
        .meta_api(MetaApi::reading())
        .route_clients(true);
    Router::builder().realm(realm).handlers([handlers::ALL]).build().unwrap()
}

fn binary(parts: &[&[u8]]) -> RawMessage {
    RawMessage::Binary(parts.concat().into())
}

/// In MessagePack: a string that would be bytes in JSON, and a float that JSON has not.
const ODD: &[u8] = b"\x92\xa5\0EOM=\xcb\x7f\xf8\0\0\0\0\0\0";

#[test]
fn a_text_that_looks_like_bytes_stays_one_in_every_kind_of_result_m_16() {
    for (serializer, text, bytes) in [
        (Serializer::MsgPack, &b"\xa5\0EOM="[..], &b"\xc4\x02\x10\xe3"[..]),
        (Serializer::Cbor, b"\x65\0EOM=", b"\x42\x10\xe3"),
    ] {
        for (uri, expected) in [("result.text", text), ("reply.text", text), ("reply.bytes", bytes)]
        {
            let mut client = Client::join_by(&router_of(HANDLERS), serializer);
            client.send(format!(r#"[48,1,{{}},"{uri}"]"#));
            let frame = client.frames().remove(0);
            assert!(frame.ends_with(expected), "{uri} in {serializer:?}: {frame:02x?}");
        }
    }
}

#[test]
fn a_testament_is_published_as_it_was_given_m_16() {
    let router = realm();
    let mut subscriber = Client::join_by(&router, Serializer::MsgPack);
    subscriber.subscribe(1, "open.a");
    let mut joe = Client::join_by(&router, Serializer::MsgPack);
    joe.send_frame(binary(&[
        b"\x95\x30\x01\x80\xbawamp.session.add_testament\x93\xa6open.a",
        ODD,
        b"\x80",
    ]));
    assert_eq!(joe.one()[0], 50);
    joe.lose();
    assert!(subscriber.frames()[0].ends_with(ODD));
    for arguments in
        [json!(["open.a", {}, {}]), json!(["open.a", [], []]), json!(["open.a", 1, {}])]
    {
        let mut joe = Client::join_by(&router, Serializer::Json);
        let answer =
            joe.ask(json!([48, 1, {}, "wamp.session.add_testament", arguments]).to_string());
        assert_error(&answer, 48, 1, "wamp.error.invalid_argument");
    }
}

#[test]
fn history_tells_what_was_published_and_however_deep_m_16_e_07() {
    let deep = [b"\x91".as_slice(), &[0x91; 61], &[0x90]].concat();
    for arguments in [ODD, &deep] {
        let router = realm();
        let mut subscriber = Client::join_by(&router, Serializer::MsgPack);
        let id = subscriber.subscribe(1, "past.a");
        let mut joe = Client::join_by(&router, Serializer::MsgPack);
        joe.send_frame(binary(&[b"\x95\x10\x01\x80\xa6past.a", arguments]));
        assert!(subscriber.frames()[0].ends_with(arguments));
        subscriber.send(format!(r#"[48,2,{{}},"wamp.subscription.get_events",[{id}]]"#));
        assert!(subscriber.frames()[0].ends_with(&[b"\xa4args", arguments].concat()));
    }
}

#[test]
fn a_uri_is_a_string_in_the_meta_api_whatever_it_begins_with() {
    let router = realm();
    let mut observer = Client::join_by(&router, Serializer::MsgPack);
    observer.subscribe(1, "wamp.registration.on_create");
    let mut joe = Client::join_by(&router, Serializer::Json);
    let registration = joe.ask(r#"[64,1,{},"\u0000YWJj"]"#)[2].clone();
    let event = observer.frames().remove(0);
    observer.send(format!(r#"[48,2,{{}},"wamp.registration.get",[{registration}]]"#));
    let result = observer.frames().remove(0);
    let named = b"\xa3uri\xa5\0YWJj";
    for frame in [event, result] {
        assert!(frame.windows(named.len()).any(|window| window == named), "{frame:02x?}");
    }
}
