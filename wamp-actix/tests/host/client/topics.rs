//! Subscriptions and publications: patterns, retained events, filters, revocation.

use futures_util::{Stream, StreamExt as _, stream};
use wamp_actix::test::{Client, Subscribed, join};
use wamp_actix::{
    Binary, Error, Events, Identity, MatchPolicy, Realm, Router, Topic, handlers, subscribe,
};

#[subscribe("client.failing")]
async fn failing() -> Events<impl Stream<Item = Result<u32, Error>>> {
    Events(stream::iter([Ok(1), Err(Error::new("client.error.lost").arg("the sensor is lost"))]))
}

fn router() -> Router {
    let realm = Realm::new("realm1")
        .topic("client.room.{room}", Topic::open())
        .topic("client.price", Topic::open().retained());
    Router::builder().realm(realm).handlers(handlers![failing]).build().unwrap()
}

async fn named(router: &Router, authid: &str, role: &str) -> Client {
    join(router).identity(Identity::new(authid, role)).await.unwrap()
}

/// Returns the texts of the events that are there.
async fn texts(subscribed: &mut Subscribed) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(event) = subscribed.try_next().await {
        let (text,) = event.payload.args().unwrap();
        texts.push(text);
    }
    texts
}

#[actix_web::test]
async fn a_pattern_subscription_tells_the_topic_of_each_event() {
    let router = router();
    let client = join(&router).await.unwrap();
    let subscribe = client.subscribe("client.room.").policy(MatchPolicy::Wildcard);
    let mut rooms = subscribe.await.unwrap();
    let publisher = join(&router).await.unwrap();
    publisher.publish("client.room.lobby").arg("hi").kwarg("bold", true).await.unwrap();
    let event = rooms.next().await.unwrap();
    assert_eq!(event.details["topic"], "client.room.lobby");
    assert_eq!(event.payload.to_string(), r#"["hi"] {"bold":true}"#);
    let subscribe = client.subscribe("client.").policy(MatchPolicy::Prefix);
    assert!(subscribe.await.is_err(), "no declared topic covers it");
}

#[actix_web::test]
async fn retained_events_come_to_who_asks() {
    let router = router();
    let client = join(&router).await.unwrap();
    client.publish("client.price").arg("17").retain().await.unwrap();
    let other = join(&router).await.unwrap();
    assert!(texts(&mut other.subscribe("client.price").await.unwrap()).await.is_empty());
    let mut prices = other.subscribe("client.price").get_retained().await.unwrap();
    let event = prices.next().await.unwrap();
    assert_eq!(event.details["retained"], true);
    assert_eq!(event.payload.args::<(String,)>().unwrap().0, "17");
}

#[actix_web::test]
async fn filters_choose_who_gets_an_event() {
    let router = router();
    let (joe, ann) = (named(&router, "joe", "user").await, named(&router, "ann", "admin").await);
    let topic = "client.room.lobby";
    let mut joes = joe.subscribe(topic).await.unwrap();
    let mut anns = ann.subscribe(topic).await.unwrap();
    let server = named(&router, "eve", "guest").await;
    let publish = |text: &str| server.publish(topic).arg(text);
    publish("not joe").exclude([joe.session()]).await.unwrap();
    publish("not ann").exclude_authid(["ann"]).await.unwrap();
    publish("no admin").exclude_authrole(["admin"]).await.unwrap();
    publish("ann").eligible([ann.session()]).await.unwrap();
    publish("joe").eligible_authid(["joe"]).await.unwrap();
    publish("admins").eligible_authrole(["admin"]).await.unwrap();
    publish("nobody").eligible([]).await.unwrap();
    assert_eq!(texts(&mut joes).await, ["not ann", "no admin", "joe"]);
    assert_eq!(texts(&mut anns).await, ["not joe", "ann", "admins"]);
}

#[actix_web::test]
async fn a_publisher_gets_its_own_event_if_it_says_so() {
    let client = join(&router()).await.unwrap();
    let mut lobby = client.subscribe("client.room.lobby").await.unwrap();
    let publish = || client.publish("client.room.lobby");
    publish().arg("for others").await.unwrap();
    publish().arg("for me").exclude_me(false).disclose_me().await.unwrap();
    let event = lobby.next().await.unwrap();
    assert_eq!(event.payload.args::<(String,)>().unwrap().0, "for me");
    assert_eq!(event.details["publisher"], client.session().get());
}

#[actix_web::test]
async fn events_are_typed_and_a_stream() {
    let router = router();
    let mut lobby = join(&router).await.unwrap().subscribe("client.room.lobby").await.unwrap();
    let publisher = join(&router).await.unwrap();
    for number in 1..=3 {
        publisher.publish("client.room.lobby").arg(number).arg(Binary(vec![number])).send();
    }
    publisher.settle().await;
    assert_eq!(lobby.next_args::<(u8, Binary)>().await, (1, Binary(vec![1])));
    let rest: Vec<_> =
        lobby.by_ref().take(2).map(|event| event.payload.to_string()).collect().await;
    assert_eq!(rest, [r#"[2,"\u0000Ag=="]"#, r#"[3,"\u0000Aw=="]"#]);
}

#[actix_web::test]
#[should_panic(expected = r#"the event ["five"] reads differently"#)]
async fn an_event_of_another_type_is_told() {
    let router = router();
    let mut lobby = join(&router).await.unwrap().subscribe("client.room.lobby").await.unwrap();
    join(&router).await.unwrap().publish("client.room.lobby").arg("five").await.unwrap();
    lobby.next_args::<(u8,)>().await;
}

#[actix_web::test]
#[should_panic(expected = "no event: client.error.lost")]
async fn an_event_that_cannot_come_is_told() {
    let mut sensor = join(&router()).await.unwrap().subscribe("client.failing").await.unwrap();
    loop {
        sensor.next_args::<(u8,)>().await;
    }
}

#[actix_web::test]
async fn a_subscription_that_the_server_ends_has_a_reason_and_can_begin_anew() {
    let client = join(&router()).await.unwrap();
    for _ in 0..2 {
        let mut sensor = client.subscribe("client.failing").await.unwrap();
        assert!(sensor.revoked().is_none());
        assert_eq!(sensor.next_args::<(u8,)>().await, (1,));
        assert!(sensor.next().await.is_none());
        assert_eq!(sensor.revoked().unwrap().uri(), "client.error.lost");
    }
}

#[actix_web::test]
async fn an_unsubscribed_topic_is_silent() {
    let router = router();
    let client = join(&router).await.unwrap();
    let lobby = client.subscribe("client.room.lobby").await.unwrap();
    let mut again = lobby.clone();
    lobby.unsubscribe().await.unwrap();
    join(&router).await.unwrap().publish("client.room.lobby").arg("hi").await.unwrap();
    assert!(again.try_next().await.is_none());
    assert!(again.unsubscribe().await.is_err(), "it is over");
}
