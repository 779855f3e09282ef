//! Publishing from where an application is called by the router: nothing is locked there, and no
//! event is lost.

use std::future::IntoFuture as _;

use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use serde::{Serialize, Serializer};
use wamp_actix::test::{Client, Subscribed, join};
use wamp_actix::{
    Error, Events, Hold, Progressive, Realm, Router, Snapshot, WampError, handlers, publish, rpc,
    session, subscribe,
};

fn tell(realm: &Realm, what: &str) {
    realm.publish("republished").arg(what).send().unwrap();
}

/// Publishes when it is dropped.
struct Farewell(Realm, &'static str);

impl Drop for Farewell {
    fn drop(&mut self) {
        tell(&self.0, self.1);
    }
}

/// Publishes while it is serialised.
struct Chatty(Realm, &'static str);

impl Serialize for Chatty {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tell(&self.0, self.1);
        serializer.serialize_str(self.1)
    }
}

/// Publishes while it is converted to an ERROR.
struct Loud(Realm);

impl WampError for Loud {
    fn to_error(&self) -> Error {
        tell(&self.0, "error");
        Error::new("republishing.error.loud")
    }
}

#[rpc("republishing.drop")]
async fn from_drop(realm: Realm) -> &'static str {
    let _farewell = Farewell(realm, "drop");
    "dropped"
}

#[rpc("republishing.cancelled")]
async fn cancelled(realm: Realm) {
    let _farewell = Farewell(realm, "cancelled");
    std::future::pending::<()>().await;
}

#[rpc("republishing.result")]
async fn result(realm: Realm) -> Chatty {
    Chatty(realm, "result")
}

#[rpc("republishing.error")]
async fn error(realm: Realm) -> Result<(), Loud> {
    Err(Loud(realm))
}

#[rpc("republishing.stream")]
async fn from_stream(realm: Realm) -> Progressive<impl Stream<Item = Chatty>> {
    Progressive(stream::iter(["stream"]).map(move |what| {
        tell(&realm, "poll");
        Chatty(realm.clone(), what)
    }))
}

#[rpc("republishing.event")]
async fn event(realm: Realm) -> Result<(), Error> {
    realm.publish("republished").arg(Chatty(realm.clone(), "inner")).send()?;
    Ok(())
}

#[subscribe("republishing.topic")]
async fn subscribed(
    realm: Realm,
) -> (Snapshot<Chatty>, Hold<Farewell>, Events<impl Stream<Item = Chatty>>) {
    tell(&realm, "subscribe");
    let events = [Chatty(realm.clone(), "item")];
    (
        Snapshot(Chatty(realm.clone(), "snapshot")),
        Hold(Farewell(realm, "hold")),
        Events(stream::iter(events)),
    )
}

/// Publishes to the topic of the event itself, and to another.
#[publish("republished", subscribe = true)]
async fn republished(realm: Realm, text: &str) {
    if text == "again" {
        tell(&realm, "published");
    }
}

#[session(role = "guest")]
async fn joined(realm: Realm) -> Hold<Farewell> {
    tell(&realm, "joined");
    Hold(Farewell(realm, "left"))
}

async fn opened() -> (Router, Client, Subscribed) {
    let handlers = handlers![
        from_drop,
        cancelled,
        result,
        error,
        from_stream,
        event,
        subscribed,
        republished,
        joined
    ];
    let router = Router::builder().realm(Realm::new("realm1")).handlers(handlers).build().unwrap();
    let heard = join(&router).await.unwrap().subscribe("republished").await.unwrap();
    let client = join(&router).await.unwrap();
    (router, client, heard)
}

/// Checks which texts were published, in their order.
async fn assert_heard(events: &mut Subscribed, expected: &[&str]) {
    for expected in expected {
        assert_eq!(heard_text(events).await, *expected);
    }
}

async fn heard_text(events: &mut Subscribed) -> String {
    let (text,) = events.next().await.unwrap().payload.args().unwrap();
    text
}

#[actix_web::test]
async fn a_handler_publishes_while_it_is_dropped_or_its_answer_is_written() {
    let (_router, client, mut heard) = opened().await;
    client.call("republishing.drop").await.unwrap();
    assert_heard(&mut heard, &["drop"]).await;
    client.call("republishing.result").await.unwrap();
    assert_heard(&mut heard, &["result"]).await;
    assert_eq!(
        client.call("republishing.error").await.unwrap_err().uri(),
        "republishing.error.loud"
    );
    assert_heard(&mut heard, &["error"]).await;
    client.call("republishing.stream").await.unwrap();
    assert_heard(&mut heard, &["poll", "stream"]).await;
}

#[actix_web::test]
async fn an_event_publishes_another_while_it_is_written() {
    let (_router, client, mut heard) = opened().await;
    client.call("republishing.event").await.unwrap();
    assert_heard(&mut heard, &["inner", "inner"]).await;
}

#[actix_web::test]
async fn a_subscription_publishes_when_it_begins_shows_and_ends() {
    let (_router, client, mut heard) = opened().await;
    let mut topic = client.subscribe("republishing.topic").await.unwrap();
    assert_heard(&mut heard, &["subscribe", "snapshot", "item"]).await;
    for expected in ["snapshot", "item"] {
        let (text,): (String,) = topic.next().await.unwrap().payload.args().unwrap();
        assert_eq!(text, expected);
    }
    topic.unsubscribe().await.unwrap();
    assert_heard(&mut heard, &["hold"]).await;
}

#[actix_web::test]
async fn a_publish_handler_publishes_to_its_own_topic_before_what_it_decides_about() {
    let (_router, client, mut heard) = opened().await;
    client.publish("republished").arg("again").await.unwrap();
    assert_heard(&mut heard, &["published", "again"]).await;
}

#[actix_web::test]
async fn a_session_publishes_when_it_joins_and_when_it_has_left() {
    let (router, client, mut heard) = opened().await;
    let guest = join(&router).role("guest").await.unwrap();
    assert_heard(&mut heard, &["joined"]).await;
    let mut running = guest.call("republishing.cancelled").into_future();
    assert!(running.as_mut().now_or_never().is_none(), "it is sent, and waits");
    guest.call("republishing.drop").await.unwrap();
    assert_heard(&mut heard, &["drop"]).await;
    guest.goodbye().await;
    let mut last = [heard_text(&mut heard).await, heard_text(&mut heard).await];
    last.sort_unstable();
    assert_eq!(last, ["cancelled", "left"]);
    client.call("republishing.drop").await.unwrap();
}
