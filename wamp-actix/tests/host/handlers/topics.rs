//! `#[subscribe]`, `#[publish]` and `#[session]`.

use std::cell::Cell;

use futures_util::{Stream, stream};
use serde_json::{Value, json};
use wamp_actix::test::join;
use wamp_actix::{
    Error, Events, Hold, Publication, Router, Session, Snapshot, Subscription, WampError, handlers,
    publish, session, subscribe,
};

use super::{client, registrations};

#[derive(Debug, thiserror::Error, WampError)]
#[wamp("com.example.error.refused")]
#[error("{what} is refused")]
struct Refused {
    what: String,
}

#[subscribe("chat.{room}.messages")]
async fn chat(room: &str, subscription: Subscription) -> Result<(), Refused> {
    assert_eq!(subscription.topic(), format!("chat.{room}.messages"));
    if room == "secret" { Err(Refused { what: room.to_owned() }) } else { Ok(()) }
}

#[subscribe("counted")]
async fn counted(
    session: Session,
) -> (Hold<Session>, Snapshot<&'static str>, Events<impl Stream<Item = u32>>) {
    (Hold(session), Snapshot("snapshot"), Events(stream::iter([1, 2])))
}

#[publish("chat.{room}.messages")]
async fn say(room: String, text: &str, publication: Publication) -> Result<(), Refused> {
    assert!(publication.topic().contains(&room));
    if text.is_empty() { Err(Refused { what: "an empty message".into() }) } else { Ok(()) }
}

#[publish("open.{path..}")]
async fn open(path: &str) {
    assert!(!path.is_empty());
}

#[publish("lamp", retain = true)]
async fn lamp() {}

#[publish("wall.{name}", subscribe = true)]
async fn wall(name: &str, text: &str) -> Result<(), Refused> {
    if text.is_empty() { Err(Refused { what: format!("nothing on {name}") }) } else { Ok(()) }
}

#[session(role = "guest")]
async fn refuse_guests() -> Result<Hold<&'static str>, Error> {
    Err(Error::not_authorized("no guests"))
}

thread_local! {
    static JOINED: Cell<u32> = const { Cell::new(0) };
}

#[session]
async fn count(session: Session) -> Hold<Session> {
    JOINED.set(JOINED.get() + 1);
    Hold(session)
}

#[actix_web::test]
async fn a_subscribe_handler_accepts_or_refuses() {
    let client = client(handlers![chat]).await;
    client.subscribe("chat.open.messages").await.unwrap();
    let refused = client.subscribe("chat.secret.messages").await.err().unwrap();
    assert_eq!(refused.uri(), "com.example.error.refused");
    assert_eq!(refused.kwargs::<Value>().unwrap(), json!({ "what": "secret" }));
}

#[actix_web::test]
async fn a_subscribe_handler_attaches_a_tuple() {
    let client = client(handlers![counted]).await;
    let mut subscribed = client.subscribe("counted").await.unwrap();
    for expected in [json!(["snapshot"]), json!([1]), json!([2])] {
        assert_eq!(subscribed.next().await.unwrap().payload.args::<Value>().unwrap(), expected);
    }
}

#[actix_web::test]
async fn a_publish_handler_reads_the_event_and_lets_it_through_or_refuses_it() {
    let client = client(handlers![say]).await;
    client.publish("chat.x.messages").arg("hello").await.unwrap();
    let refused = client.publish("chat.x.messages").arg("").await.unwrap_err();
    assert_eq!(refused.uri(), "com.example.error.refused");
    let surplus = client.publish("chat.x.messages").arg("hello").arg("more").await.unwrap_err();
    assert_eq!(surplus.uri(), "wamp.error.invalid_argument");
}

#[actix_web::test]
async fn a_publish_handler_that_reads_no_argument_leaves_them_all_to_the_subscribers() {
    let client = client(handlers![open]).await;
    client.publish("open.a.b").arg(1).kwarg("anything", 2).await.unwrap();
}

#[test]
fn publishers_may_retain_where_the_attribute_says_so_e_05() {
    let retain = |handlers| registrations(handlers)[0].retain;
    assert!(retain(handlers![lamp]) && !retain(handlers![open]));
}

#[actix_web::test]
async fn one_attribute_serves_a_topic_in_both_directions() {
    let client = client(handlers![wall]).await;
    let mut subscribed = client.subscribe("wall.x").await.unwrap();
    assert_eq!(
        client.publish("wall.x").arg("").await.unwrap_err().uri(),
        "com.example.error.refused"
    );
    client.publish("wall.x").option("exclude_me", false).arg("hello").await.unwrap();
    assert_eq!(subscribed.next().await.unwrap().payload.args::<Value>().unwrap(), json!(["hello"]));
}

#[actix_web::test]
async fn session_handlers_run_when_a_session_joins_and_can_refuse_it() {
    let router = Router::builder().handlers(handlers![refuse_guests, count]).build().unwrap();
    join(&router).await.unwrap();
    assert_eq!(JOINED.get(), 1);
    let refused = join(&router).role("guest").await.err().unwrap();
    assert!(refused.to_string().contains("not_authorized"), "{refused}");
}
