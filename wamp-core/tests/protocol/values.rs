//! One value, one type, several serializers: what a handler is given, and what its result becomes,
//! is the same in all.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::support::handlers::{named, rpc};
use super::support::{Client, assert_error, router_of, wire};
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer as SerdeSerializer};
use serde_json::{Value, json};
use wamp_core::__private::{
    Arena, Arguments, BoxedAnswer, Capture, HandlerEntry, Outcome, Plain as _, reply,
};
use wamp_core::{Context, Error, Raw, Serializer};

const ALL: [Serializer; 3] = [Serializer::Json, Serializer::MsgPack, Serializer::Cbor];
const INVALID_ARGUMENT: &str = "wamp.error.invalid_argument";

/// Bytes as `serde_bytes` has them, which takes the bytes of a string for them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: SerdeSerializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_owned()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Bytes, E> {
                Ok(Bytes(text.as_bytes().to_owned()))
            }
        }
        deserializer.deserialize_byte_buf(Any)
    }
}

#[derive(Deserialize, Serialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Bytes(Bytes),
}

#[derive(Deserialize, Serialize)]
#[serde(tag = "t")]
enum Internal {
    Bytes { c: Bytes },
}

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Bytes(Bytes),
}

#[derive(Deserialize, Serialize)]
struct Outer {
    a: u8,
    #[serde(flatten)]
    inner: Inner,
}

#[derive(Deserialize, Serialize)]
struct Inner {
    c: Bytes,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

#[derive(Deserialize)]
struct Holder<'f> {
    #[serde(borrow)]
    value: Raw<'f>,
}

/// A number as serde_json writes it where any crate of the program has switched
/// `arbitrary_precision` on.
#[derive(Serialize)]
#[serde(rename = "$serde_json::private::Number")]
struct Precise {
    #[serde(rename = "$serde_json::private::Number")]
    digits: &'static str,
}

fn echo<T: DeserializeOwned + Serialize>(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let arena = Arena::default();
        let mut arguments = Arguments::of(&context, &arena);
        arguments.open()?;
        let value: T = arguments.take(&named("value"))?;
        arguments.finish()?;
        reply(&context, Outcome(value).reply())
    })
}

fn rest<A: DeserializeOwned + Serialize, K: DeserializeOwned + Serialize>(
    context: Context,
) -> BoxedAnswer<()> {
    Box::pin(async move {
        let arena = Arena::default();
        let mut arguments = Arguments::of(&context, &arena);
        arguments.open()?;
        let _: Option<u8> = arguments.take(&named("first"))?;
        let args: A = arguments.take_args(&named("args"))?;
        let kwargs: K = arguments.take_kwargs(&named("kwargs"))?;
        arguments.finish()?;
        reply(&context, Outcome((args, kwargs)).reply())
    })
}

fn one_or_many(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let arena = Arena::default();
        let mut arguments = Arguments::of(&context, &arena);
        arguments.open()?;
        let value: OneOrMany<Raw<'_>> = arguments.take(&named("value"))?;
        arguments.finish()?;
        match value {
            OneOrMany::One(value) => reply(&context, Outcome(value).reply()),
            OneOrMany::Many(values) => reply(&context, Outcome(values).reply()),
        }
    })
}

fn held(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let arena = Arena::default();
        let mut arguments = Arguments::of(&context, &arena);
        arguments.open()?;
        let holder: Holder<'_> = arguments.take(&named("holder"))?;
        arguments.finish()?;
        reply(&context, Outcome(holder.value).reply())
    })
}

fn captured(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let arena = Arena::default();
        let arguments = Arguments::of(&context, &arena);
        let value: Raw<'_> = arguments.capture(&named("value"), Capture::Component(1))?;
        reply(&context, Outcome(value).reply())
    })
}

fn foreign(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let value: Raw<'_> =
            serde_json::from_str(r#""\u0001""#).map_err(Error::invalid_argument)?;
        reply(&context, Outcome(value).reply())
    })
}

fn byte_keys(context: Context) -> BoxedAnswer<()> {
    Box::pin(
        async move { reply(&context, Outcome(BTreeMap::from([(Bytes(vec![b'a']), 1)])).reply()) },
    )
}

fn precise(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move { reply(&context, Outcome(("n", Precise { digits: "1" })).reply()) })
}

#[derive(Deserialize, Serialize)]
struct Numbers(Vec<i64>);

#[derive(Deserialize, Serialize)]
struct Options(BTreeMap<i8, bool>);

static HANDLERS: &[HandlerEntry] = &[
    rpc("bytes.plain", echo::<Bytes>),
    rpc("bytes.adjacent", echo::<Adjacent>),
    rpc("bytes.internal", echo::<Internal>),
    rpc("bytes.untagged", echo::<Untagged>),
    rpc("bytes.flattened", echo::<Outer>),
    rpc("any.value", echo::<Value>),
    rpc("any.list", echo::<Vec<Value>>),
    rpc("rest.values", rest::<Vec<Value>, HashMap<String, Value>>),
    rpc("rest.bytes", rest::<Vec<Untagged>, HashMap<String, Untagged>>),
    rpc("rest.newtypes", rest::<Numbers, Options>),
    rpc("raw.one_or_many", one_or_many),
    rpc("raw.held", held),
    rpc("raw.capture.{value}", captured),
    rpc("raw.foreign", foreign),
    rpc("result.byte_keys", byte_keys),
    rpc("result.precise", precise),
];

fn join(serializer: Serializer) -> Client {
    Client::join_by(&router_of(HANDLERS), serializer)
}

/// The answer to a call with these arguments, as they stand in the message.
fn call(serializer: Serializer, uri: &str, arguments: &str) -> Value {
    join(serializer).ask(format!(r#"[48,1,{{}},"{uri}",{arguments}]"#))
}

#[test]
fn bytes_are_bytes_in_types_of_which_serde_keeps_the_values_x_06() {
    for serializer in ALL {
        for (uri, value) in [
            ("bytes.plain", json!("\0EOM=")),
            ("bytes.adjacent", json!({"t": "Bytes", "c": "\0EOM="})),
            ("bytes.internal", json!({"t": "Bytes", "c": "\0EOM="})),
            ("bytes.untagged", json!("\0EOM=")),
            ("bytes.flattened", json!({"a": 1, "c": "\0EOM="})),
        ] {
            let answer = call(serializer, uri, &json!([value]).to_string());
            assert_eq!(answer, json!([50, 1, {}, [value]]), "{uri} in {serializer:?}");
        }
        // The content before the tag, which serde has to keep until it knows what it is.
        let answer = call(serializer, "bytes.adjacent", r#"[{"c":"\u0000EOM=","t":"Bytes"}]"#);
        assert_eq!(answer[3][0]["c"], "\0EOM=", "{serializer:?}");
    }
}

#[test]
fn a_type_without_bytes_gets_the_string_that_json_has_for_them_x_06() {
    let value = json!(["\0EOM=", {"a": ["\0", "plain", "\0no base64"]}]);
    for serializer in ALL {
        for (uri, arguments) in [("any.value", json!([value])), ("any.list", json!([value]))] {
            assert_eq!(
                call(serializer, uri, &arguments.to_string()),
                json!([50, 1, {}, arguments]),
                "{uri} {serializer:?}"
            );
        }
        let arguments = r#"[1,"a","\u0000EOM="],{"b":"\u0000EOM="}"#;
        let expected = json!([50, 1, {}, [[["a", "\0EOM="], {"b": "\0EOM="}]]]);
        assert_eq!(call(serializer, "rest.values", arguments), expected, "{serializer:?}");
        let arguments = r#"[1,2,"\u0000EOM="],{"b":"\u0000EOM="}"#;
        let expected = json!([50, 1, {}, [[[2, "\0EOM="], {"b": "\0EOM="}]]]);
        assert_eq!(call(serializer, "rest.bytes", arguments), expected, "{serializer:?}");
    }
}

#[test]
fn what_is_left_of_the_arguments_is_read_as_a_list_and_a_dict_are() {
    for serializer in ALL {
        let answer = call(serializer, "rest.newtypes", r#"[1,2,3],{"-1":true}"#);
        assert_eq!(answer, json!([50, 1, {}, [[[2, 3], {"-1": true}]]]), "{serializer:?}");
        let answer = call(serializer, "rest.newtypes", r#"[1,2,"3"],{"-1":true}"#);
        assert_error(&answer, 48, 1, INVALID_ARGUMENT);
        assert!(answer[5][0].as_str().unwrap().starts_with("argument 3 `args`"), "{answer}");
    }
}

#[test]
fn raw_is_lent_where_it_stands_in_a_message() {
    for serializer in ALL {
        for value in [json!("abc"), json!([1, {"a": null}]), json!("\0EOM=")] {
            let answer = call(serializer, "raw.held", &json!([{ "value": value }]).to_string());
            assert_eq!(answer, json!([50, 1, {}, [value]]), "{serializer:?}");
        }
    }
}

// A stranger's string would be taken for encoded values, and stand in the answer's frame.
#[test]
fn raw_is_refused_where_serde_has_taken_the_value_apart() {
    for serializer in ALL {
        for argument in
            [r#""\u0001\u0002\u0003""#, r#""abc""#, r#"["abc"]"#, r#""\u0000EOM=""#, "1"]
        {
            let answer = call(serializer, "raw.one_or_many", &format!("[{argument}]"));
            assert_error(&answer, 48, 1, INVALID_ARGUMENT);
        }
        assert_error(&call(serializer, "raw.capture.hello", "[]"), 48, 1, INVALID_ARGUMENT);
        assert_error(&call(serializer, "raw.foreign", "[]"), 48, 1, INVALID_ARGUMENT);
    }
}

#[test]
fn a_key_of_bytes_is_none_x_06() {
    for serializer in ALL {
        assert_error(
            &call(serializer, "result.byte_keys", "[]"),
            48,
            1,
            "wamp.error.invalid_payload",
        );
    }
}

#[test]
fn a_number_of_arbitrary_precision_is_a_number() {
    for serializer in [Serializer::MsgPack, Serializer::Cbor] {
        assert_eq!(
            call(serializer, "result.precise", "[]"),
            json!([50, 1, {}, [["n", 1]]]),
            "{serializer:?}"
        );
    }
}

/// Lists inside each other, with so many tags in front of each, around a number.
fn tagged_lists(depth: usize, tags: usize) -> Vec<u8> {
    [[vec![0xc1; tags], vec![0x81]].concat().repeat(depth), vec![1]].concat()
}

#[test]
fn tags_count_to_the_depth() {
    for (depth, tags, is_taken) in [
        (30, 0, true),
        (62, 0, true),
        (63, 0, false),
        (31, 1, true),
        (32, 1, false),
        (1, 61, true),
        (1, 62, false),
    ] {
        let mut client = join(Serializer::Cbor);
        let mut call = b"\x85\x18\x30\x01\xa0\x69any.value\x81".to_vec();
        call.extend(tagged_lists(depth, tags));
        client.send_frame(wire::frame_of(Serializer::Cbor, call));
        assert_eq!(client.has_session(), is_taken, "{depth} lists with {tags} tags each");
    }
    // Beside each other they do not add up.
    let mut client = join(Serializer::Cbor);
    let mut call = b"\x85\x18\x30\x01\xa0\x69any.value\x81\x98\xc8".to_vec();
    call.extend([tagged_lists(1, 20), vec![0xc1; 20], vec![1]].concat().repeat(100));
    client.send_frame(wire::frame_of(Serializer::Cbor, call));
    assert_eq!(client.one()[0], 50);
}
