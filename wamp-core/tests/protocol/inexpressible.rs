//! Values that one serializer can express and another cannot: they are in nobody's way.

use super::support::{
    self,
    handlers::{events, rpc, shown, subscribe},
};
use super::support::{Client, assert_error, router, router_of};
use crate::log::Log;
use serde_json::{Value, json};
use wamp_core::__private::{Acceptance, BoxedAnswer, HandlerEntry, accept};
use wamp_core::{Context, Error, History, Limits, MetaApi, Realm, Router, Serializer, Topic};

const BINARY: [Serializer; 4] =
    [Serializer::MsgPack, Serializer::Cbor, Serializer::MsgPackBatched, Serializer::CborBatched];

static DEEP: &[HandlerEntry] =
    &[rpc("deep.fail", fail_deeply), subscribe("deep.topic", show_deeply)];

/// Lists inside each other, more than the readers of any serializer follow.
fn deep() -> Value {
    (0..70).fold(Value::Null, |inner, _| json!([inner]))
}

fn fail_deeply(_: Context) -> BoxedAnswer<()> {
    Box::pin(async { Err(Error::new("test.error.deep").arg(deep())) })
}

fn show_deeply(_: Context) -> BoxedAnswer<Acceptance> {
    let stream = futures_util::stream::iter([deep(), "after".into()]);
    Box::pin(async { accept((shown(deep()), events(stream))) })
}

#[test]
fn an_event_that_one_subscriber_cannot_get_reaches_the_others() {
    for hindered in BINARY {
        let router = router();
        let mut subscribers = [Serializer::Json, hindered, Serializer::Json]
            .map(|serializer| Client::join_by(&router, serializer));
        subscribers.iter_mut().for_each(|subscriber| {
            subscriber.subscribe(1, "open.a");
        });
        let realm = router.realm("realm1").unwrap();
        realm.publish("open.a").arg(deep()).send().unwrap();
        realm.publish("open.a").arg("next").send().unwrap();
        let [first, hindered, last] = &mut subscribers;
        for subscriber in [first, last] {
            assert_eq!(support::arguments(&subscriber.received()), [deep(), "next".into()]);
        }
        assert_eq!(support::arguments(&hindered.received()), ["next"]);
    }
}

#[test]
fn an_error_whose_arguments_the_caller_cannot_get_comes_without_them() {
    for serializer in BINARY {
        let mut client = Client::join_by(&router_of(DEEP), serializer);
        let answer = client.ask(r#"[48,1,{},"deep.fail"]"#);
        assert_error(&answer, 48, 1, "test.error.deep");
        assert_eq!(support::list(&answer).len(), 5);
        assert_eq!(client.ask(r#"[48,2,{},"test.add",[1,2]]"#), json!([50, 2, {}, [3]]));
    }
}

#[test]
fn an_event_of_a_handler_that_its_subscriber_cannot_get_is_left_out() {
    for serializer in BINARY {
        let mut client = Client::join_by(&router_of(DEEP), serializer);
        client.send(r#"[32,1,{},"deep.topic"]"#);
        let messages = client.received();
        support::subscribed(&messages[0], 1);
        assert_eq!(support::arguments(&messages), ["after"]);
    }
}

#[test]
fn a_history_is_told_without_what_the_caller_cannot_get() {
    let realm = Realm::new("realm1")
        .meta_api(MetaApi::reading())
        .topic("log", Topic::open())
        .history("log", History::last(10));
    let router = Router::builder().realm(realm).handlers([]).build().unwrap();
    let mut subscriber = Client::join(&router);
    let id = subscriber.subscribe(1, "log");
    let realm = router.realm("realm1").unwrap();
    for argument in [deep(), 1.into(), 2.into(), 3.into()] {
        realm.publish("log").arg(argument).send().unwrap();
    }
    for serializer in BINARY {
        let mut client = Client::join_by(&router, serializer);
        let answer =
            client.ask(format!(r#"[48,1,{{}},"wamp.subscription.get_events",[{id},false,2]]"#));
        let told: Vec<_> = support::list(&answer[3]).iter().map(|event| &event["args"]).collect();
        assert_eq!(told, [&json!([1]), &json!([2])], "{answer}");
    }
}

/// A topic as a stranger may name it, of which a line of the log has the first 64 characters.
fn long_topic() -> String {
    format!("open.\u{1b}[2J{}", "x".repeat(100))
}

#[test]
fn an_event_that_is_left_out_has_a_line_with_a_short_topic() {
    let topic = long_topic();
    for (limits, serializer) in [
        (Limits::default(), Serializer::Cbor),
        (Limits::default().queued_bytes(1000), Serializer::Json),
    ] {
        let router = support::router_with(limits);
        let mut subscriber = Client::join_by(&router, serializer);
        subscriber.ask(json!([32, 1, {}, topic]).to_string());
        let log = Log::of(|| {
            let event = router.realm("realm1").unwrap().publish(&topic).arg(deep());
            event.arg("x".repeat(1000)).send().unwrap();
        });
        assert_eq!(log.matches("left out").count(), 1, "{log}");
        let named = format!("topic={:?} ", &topic[..64]);
        assert!(log.contains(&named), "{named}: {log}");
    }
}

struct Unwritable;

impl serde::Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("on purpose"))
    }
}

#[test]
fn an_error_without_its_arguments_has_a_line_with_its_short_uri() {
    let uri = format!("a.\n{}", "x".repeat(100));
    let log = Log::of(|| drop(Error::new(uri.clone()).arg(Unwritable).to_string()));
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains(&format!("uri={:?} ", &uri[..64])), "{log}");
}
