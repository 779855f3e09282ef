//! A `Serialize` of the application that keeps no rule of serde costs its own answer, and never
//! leaves half of a message (D5 of issue 14).

use std::fmt;

use super::support::{self, handlers::rpc};
use super::support::{Client, assert_error, router_of};
use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer as SerdeSerializer,
};
use serde_json::{Value, json};
use wamp_core::__private::{BoxedAnswer, HandlerEntry, Outcome, Plain as _, reply};
use wamp_core::{Args, Context, Error, Kwargs, Realm, Reply, Router, Serializer, Topic};

const RAW: &str = "$serde_json::private::RawValue";

macro_rules! misuses {
    ($($name:ident)*) => {
        /// Values of a `Serialize` that no format can express.
        #[derive(Copy, Clone, Debug)]
        enum Misuse {
            $($name,)*
        }

        use Misuse::*;

        const MISUSES: &[Misuse] = &[$($name),*];
    };
}

misuses! {
    KeyAlone
    KeyBehindAnEntry
    KeyTwice
    ValueAlone
    ValueTwice
    Fails
    FailsInAList
    FailsInADict
    FailsInAStruct
    FailsAsAKey
    FailsDeepInside
    DisplayFails
    RawWithoutAField
    RawTwice
    RawOfNoJson
    RawOfTwoValues
    RawOfAnOpenList
    RawOfANumber
}

/// Shows nothing.
struct NoText;

impl fmt::Display for NoText {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

/// Begun, and not finished.
struct Half;

impl Serialize for Half {
    fn serialize<S: SerdeSerializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        list.serialize_element(&1)?;
        Err(S::Error::custom("half is enough"))
    }
}

fn raw<S: SerdeSerializer>(serializer: S, texts: &[&str]) -> Result<S::Ok, S::Error> {
    let mut raw = serializer.serialize_struct(RAW, texts.len())?;
    for text in texts {
        let _ = raw.serialize_field(RAW, text);
    }
    raw.end()
}

fn map<S: SerdeSerializer>(
    serializer: S,
    write: impl FnOnce(&mut S::SerializeMap) -> Result<(), S::Error>,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    let _ = write(&mut map);
    map.end()
}

// Every error is passed over: who calls a serializer may do that.
impl Serialize for Misuse {
    fn serialize<S: SerdeSerializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            KeyAlone => map(serializer, |map| map.serialize_key("a")),
            KeyBehindAnEntry => map(serializer, |map| {
                map.serialize_entry("a", &1)?;
                map.serialize_key("b")
            }),
            KeyTwice => map(serializer, |map| {
                map.serialize_key("a")?;
                let _ = map.serialize_key("b");
                map.serialize_value(&1)
            }),
            ValueAlone => map(serializer, |map| map.serialize_value(&1)),
            ValueTwice => map(serializer, |map| {
                map.serialize_entry("a", &1)?;
                map.serialize_value(&2)
            }),
            Fails => Half.serialize(serializer),
            FailsInAList => {
                let mut list = serializer.serialize_seq(Some(2))?;
                list.serialize_element(&1)?;
                let _ = list.serialize_element(&Half);
                list.end()
            }
            FailsInADict => map(serializer, |map| map.serialize_entry("a", &Half)),
            FailsInAStruct => {
                let mut fields = serializer.serialize_struct("Fields", 2)?;
                fields.serialize_field("a", &1)?;
                let _ = fields.serialize_field("b", &Half);
                fields.end()
            }
            FailsAsAKey => map(serializer, |map| {
                let _ = map.serialize_key(&[1]);
                map.serialize_value(&1)
            }),
            FailsDeepInside => serializer.collect_seq([Some((FailsInAList, ["a"]))]),
            DisplayFails => serializer.collect_str(&NoText),
            RawWithoutAField => raw(serializer, &[]),
            RawTwice => raw(serializer, &["1", "2"]),
            RawOfNoJson => raw(serializer, &["{a}"]),
            RawOfTwoValues => raw(serializer, &["1,2"]),
            RawOfAnOpenList => raw(serializer, &["[1"]),
            RawOfANumber => {
                let mut raw = serializer.serialize_struct(RAW, 1)?;
                raw.serialize_field(RAW, &1)?;
                raw.end()
            }
        }
    }
}

/// Says that nothing is in it, and then writes two elements or entries.
#[derive(Copy, Clone, Debug)]
enum Miscounted {
    List,
    Dict,
    Tuple,
    TupleStruct,
    TupleVariant,
    Struct,
    StructVariant,
    /// Says that more is in it than is.
    ShortList,
    ShortDict,
}

impl Serialize for Miscounted {
    fn serialize<S: SerdeSerializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        macro_rules! twice {
            ($items:expr, $method:ident($($name:expr, $value:expr);*)) => {{
                let mut items = $items?;
                $(items.$method($name, $value)?;)*
                items.end()
            }};
            ($items:expr, $method:ident) => {{
                let mut items = $items?;
                items.$method(&1)?;
                items.$method(&[2])?;
                items.end()
            }};
        }
        match self {
            Self::List => twice!(serializer.serialize_seq(Some(0)), serialize_element),
            Self::ShortList => twice!(serializer.serialize_seq(Some(9)), serialize_element),
            Self::Tuple => twice!(serializer.serialize_tuple(0), serialize_element),
            Self::TupleStruct => twice!(serializer.serialize_tuple_struct("T", 0), serialize_field),
            Self::TupleVariant => {
                twice!(serializer.serialize_tuple_variant("T", 0, "V", 0), serialize_field)
            }
            Self::Dict => {
                twice!(serializer.serialize_map(Some(0)), serialize_entry("a", &1; "b", &[2]))
            }
            Self::ShortDict => {
                twice!(serializer.serialize_map(Some(9)), serialize_entry("a", &1; "b", &[2]))
            }
            Self::Struct => {
                twice!(serializer.serialize_struct("S", 0), serialize_field("a", &1; "b", &[2]))
            }
            Self::StructVariant => {
                twice!(
                    serializer.serialize_struct_variant("S", 0, "V", 0),
                    serialize_field("a", &1; "b", &[2])
                )
            }
        }
    }
}

fn at<T: Copy>(context: &Context, all: &[T]) -> Result<T, Error> {
    let (at,): (usize,) = context.payload().args().map_err(Error::invalid_argument)?;
    all.get(at).copied().ok_or_else(|| Error::new("test.error.no_such_misuse"))
}

fn plain(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move { reply(&context, Outcome(at(&context, MISUSES)?).reply()) })
}

fn nested(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let misuse = at(&context, MISUSES)?;
        reply(
            &context,
            Outcome(json!([1]).as_array().map(|list| (list.clone(), Some([misuse])))).reply(),
        )
    })
}

fn args(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move { reply(&context, Outcome(Args((1, at(&context, MISUSES)?))).reply()) })
}

fn kwargs(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let entries = std::collections::BTreeMap::from([("a", at(&context, MISUSES)?)]);
        reply(&context, Outcome(Kwargs(entries)).reply())
    })
}

fn in_a_reply(context: Context) -> BoxedAnswer<()> {
    Box::pin(async move {
        let misuse = at(&context, MISUSES)?;
        reply(&context, Outcome(Reply::new().arg(1).kwarg("a", misuse)).reply())
    })
}

fn in_an_error(context: Context) -> BoxedAnswer<()> {
    Box::pin(
        async move { Err(Error::new("test.error.misused").arg(1).arg(at(&context, MISUSES)?)) },
    )
}

fn miscounted(context: Context) -> BoxedAnswer<()> {
    use Miscounted::*;
    const ALL: &[Miscounted] = &[
        List,
        Tuple,
        TupleStruct,
        ShortList,
        Dict,
        Struct,
        ShortDict,
        TupleVariant,
        StructVariant,
    ];
    Box::pin(async move {
        let value = at(&context, ALL)?;
        // Behind and in front of others, whose places it must not take.
        reply(&context, Outcome(([value], value, "last")).reply())
    })
}

static HANDLERS: &[HandlerEntry] = &[
    rpc("misuse.plain", plain),
    rpc("misuse.nested", nested),
    rpc("misuse.args", args),
    rpc("misuse.kwargs", kwargs),
    rpc("misuse.reply", in_a_reply),
    rpc("misuse.error", in_an_error),
    rpc("miscounted", miscounted),
];

fn call(serializer: Serializer, uri: &str, misuse: usize) -> Value {
    let mut client = Client::join_by(&router_of(HANDLERS), serializer);
    let answer = client.ask(format!(r#"[48,1,{{}},"{uri}",[{misuse}]]"#));
    assert_eq!(client.ask(r#"[48,2,{},"test.add",[1,2]]"#), json!([50, 2, {}, [3]]));
    answer
}

#[test]
fn a_result_that_no_format_can_express_is_an_invalid_payload_in_all_of_them() {
    for &serializer in Serializer::ALL {
        for uri in ["misuse.plain", "misuse.nested", "misuse.args", "misuse.kwargs", "misuse.reply"]
        {
            for (at, misuse) in MISUSES.iter().enumerate() {
                let answer = call(serializer, uri, at);
                assert_eq!(
                    answer[4], "wamp.error.invalid_payload",
                    "{misuse:?} in {serializer:?}: {answer}"
                );
                assert_error(&answer, 48, 1, "wamp.error.invalid_payload");
            }
        }
    }
}

#[test]
fn an_error_whose_arguments_no_format_can_express_comes_without_them() {
    for &serializer in Serializer::ALL {
        for at in 0..MISUSES.len() {
            assert_eq!(
                call(serializer, "misuse.error", at),
                json!([8, 48, 1, {}, "test.error.misused"])
            );
        }
    }
}

#[test]
fn what_is_declared_of_a_length_does_not_matter_but_what_is_written() {
    let (list, dict) = (json!([1, [2]]), json!({"a": 1, "b": [2]}));
    let (of_list, of_dict) = (json!({ "V": list }), json!({ "V": dict }));
    let expected = [&list, &list, &list, &list, &dict, &dict, &dict, &of_list, &of_dict];
    for &serializer in Serializer::ALL {
        for (at, expected) in expected.iter().enumerate() {
            let answer = call(serializer, "miscounted", at);
            let value = json!([[expected], expected, "last"]);
            assert_eq!(answer, json!([50, 1, {}, [value]]), "{at} in {serializer:?}");
        }
    }
}

#[test]
fn an_event_that_no_format_can_express_is_refused_to_its_publisher_in_the_server() {
    let realm = Realm::new("realm1").topic("open.{name}", Topic::open());
    let router = Router::builder().realm(realm).handlers([]).build().unwrap();
    let realm = router.realm("realm1").unwrap();
    let mut subscribers: Vec<_> =
        Serializer::ALL.iter().map(|serializer| Client::join_by(&router, *serializer)).collect();
    for subscriber in &mut subscribers {
        subscriber.subscribe(1, "open.a");
    }
    for misuse in MISUSES {
        assert!(realm.publish("open.a").arg(misuse).send().is_err(), "{misuse:?}");
        assert!(realm.publish("open.a").kwarg("a", [misuse]).send().is_err(), "{misuse:?}");
    }
    realm.publish("open.a").arg("sound").send().unwrap();
    for subscriber in &mut subscribers {
        assert_eq!(support::arguments(&subscriber.received()), ["sound"]);
    }
}
