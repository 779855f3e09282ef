//! `#[subscribe]` functions with `Result`s: as items of their streams (D6), or in their snapshots.

use futures_util::{Stream, stream};
use serde_json::{Value, json};
use wamp_actix::test::{Received, Wire, join};
use wamp_actix::{Error, Events, Hold, Router, Snapshot, WampError, handlers, subscribe};

use crate::log::Log;

#[derive(Debug, thiserror::Error, WampError)]
#[wamp("com.example.error.sensor_lost")]
#[error("the sensor {0} is lost")]
struct SensorLost(u32);

/// Returns two items, an error, and an item that is never sent.
fn failing<E>(error: E) -> impl Stream<Item = Result<u32, E>> {
    stream::iter([Ok(1), Ok(2), Err(error), Ok(3)])
}

type Readings<S> = Events<S>;

#[subscribe("sensor.alone")]
async fn alone() -> Events<impl Stream<Item = Result<u32, SensorLost>>> {
    Events(failing(SensorLost(7)))
}

#[subscribe("sensor.alias")]
async fn alias() -> Result<Readings<impl Stream<Item = Result<u32, SensorLost>>>, Error> {
    Ok(Events(failing(SensorLost(7))))
}

#[subscribe("sensor.first")]
async fn first() -> (Events<impl Stream<Item = Result<u32, SensorLost>>>, Hold<u32>) {
    (Events(failing(SensorLost(7))), Hold(1))
}

#[subscribe("sensor.second")]
async fn second()
-> Result<(Hold<u32>, Events<impl Stream<Item = Result<u32, SensorLost>>>), SensorLost> {
    Ok((Hold(1), Events(failing(SensorLost(7)))))
}

#[subscribe("sensor.third")]
async fn third() -> (Hold<u32>, Hold<u32>, Events<impl Stream<Item = Result<u32, SensorLost>>>) {
    (Hold(1), Hold(2), Events(failing(SensorLost(7))))
}

#[subscribe("sensor.denied")]
async fn denied() -> Events<impl Stream<Item = Result<u32, Error>>> {
    Events(failing(Error::not_authorized("not your sensor any more")))
}

#[subscribe("sensor.text")]
async fn no_uri() -> Events<impl Stream<Item = Result<u32, Error>>> {
    Events(failing(Error::new("the sensor is lost").kwarg("sensor", 7)))
}

#[subscribe("sensor.broken")]
async fn broken() -> Events<impl Stream<Item = Result<u32, Error>>> {
    Events(failing("a secret".parse::<u32>().unwrap_err().into()))
}

#[subscribe("sensor.sound")]
async fn sound() -> (Snapshot<u32>, Events<impl Stream<Item = Result<u32, Error>>>) {
    (Snapshot(0), Events(stream::iter([Ok(1), Ok(2)])))
}

#[subscribe("sensor.refused")]
async fn refused() -> Result<Events<impl Stream<Item = Result<u32, Error>>>, SensorLost> {
    if true { Err(SensorLost(7)) } else { Ok(Events(stream::empty())) }
}

#[subscribe("state.alone")]
async fn state() -> Snapshot<Result<u32, SensorLost>> {
    Snapshot(Err(SensorLost(7)))
}

type State = Snapshot<Result<u32, SensorLost>>;

#[subscribe("state.alias")]
async fn state_by_alias() -> Result<State, Error> {
    Ok(Snapshot(Err(SensorLost(7))))
}

#[subscribe("state.beside")]
async fn state_beside() -> (Hold<u32>, Events<impl Stream<Item = u32>>, State) {
    (Hold(1), Events(stream::iter([1])), Snapshot(Err(SensorLost(7))))
}

#[subscribe("state.sound")]
async fn sound_state() -> (Hold<u32>, State) {
    (Hold(1), Snapshot(Ok(5)))
}

/// Joins a client that announces subscription revocation.
async fn opened() -> Wire {
    let handlers =
        handlers![alone, alias, first, second, third, denied, no_uri, broken, sound, refused];
    let router = Router::builder().handlers(handlers).build().unwrap();
    opened_at(&router).await
}

/// Joins the same client at this router.
async fn opened_at(router: &Router) -> Wire {
    let mut wire = join(router).wire().await.unwrap();
    let features = json!({ "subscription_revocation": true });
    wire.send(
        &json!([1, "realm1", { "roles": { "subscriber": { "features": features } } }]).to_string(),
    );
    assert_eq!(message(&mut wire).await[0], 2);
    wire
}

async fn message(wire: &mut Wire) -> Value {
    match wire.receive().await.unwrap() {
        Received::Text(text) => serde_json::from_str(&text).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Subscribes, and expects the items before the error and then this revocation.
async fn assert_revoked(topic: &str, details: Value) {
    let mut wire = opened().await;
    wire.send(&json!([32, 1, {}, topic]).to_string());
    let subscribed = message(&mut wire).await;
    assert_eq!(subscribed[0], 33, "{topic}: {subscribed}");
    for item in [1, 2] {
        let event = message(&mut wire).await;
        assert_eq!((&event[0], &event[4]), (&json!(36), &json!([item])), "{topic}: {event}");
    }
    let mut details = details;
    details["subscription"] = subscribed[2].clone();
    assert_eq!(message(&mut wire).await, json!([35, 0, details]), "{topic}");
    // The stream has ended: the next message answers this.
    wire.send(&json!([34, 2, subscribed[2]]).to_string());
    assert_eq!(message(&mut wire).await[4], "wamp.error.no_such_subscription", "{topic}");
}

#[actix_web::test]
async fn d6_a_stream_is_over_at_its_first_err_wherever_it_stands() {
    for topic in ["sensor.alone", "sensor.alias", "sensor.first", "sensor.second", "sensor.third"] {
        assert_revoked(topic, json!({ "reason": "com.example.error.sensor_lost" })).await;
    }
}

#[actix_web::test]
async fn d6_and_e_12_the_reason_is_a_uri_of_the_application_or_a_text() {
    assert_revoked("sensor.denied", json!({ "message": "not your sensor any more" })).await;
    assert_revoked("sensor.text", json!({ "message": "the sensor is lost" })).await;
}

#[actix_web::test]
async fn d6_the_log_tells_which_stream_failed_and_the_client_learns_no_secret() {
    Log::start();
    let mut wire = opened().await;
    wire.send(r#"[32,1,{},"sensor.broken"]"#);
    let mut last = message(&mut wire).await;
    let id = last[2].clone();
    while last[0] != 35 {
        last = message(&mut wire).await;
    }
    let log = Log::stop();
    let told = last[2]["message"].as_str().unwrap();
    assert!(told.starts_with("internal error "), "{last}");
    let line = log.lines().find(|line| line.starts_with("ERROR") && line.contains("sensor.broken"));
    let line = line.unwrap_or_else(|| panic!("{log}"));
    let told = told.trim_start_matches("internal error ");
    for field in [&format!("subscription={id} "), &format!("id=\"{told}\" "), "function=", "cause="]
    {
        assert!(line.contains(field), "{field}: {line}");
    }
}

#[actix_web::test]
async fn d6_items_that_are_ok_are_events_and_the_end_leaves_the_subscription() {
    let mut wire = opened().await;
    wire.send(r#"[32,1,{},"sensor.sound"]"#);
    let subscribed = message(&mut wire).await;
    for item in [0, 1, 2] {
        assert_eq!(message(&mut wire).await[4], json!([item]));
    }
    wire.send(&json!([34, 2, subscribed[2]]).to_string());
    assert_eq!(message(&mut wire).await, json!([35, 2]));
    wire.send(r#"[32,3,{},"sensor.refused"]"#);
    assert_eq!(message(&mut wire).await[4], "com.example.error.sensor_lost");
}

#[actix_web::test]
async fn an_err_in_a_snapshot_refuses_the_subscription_wherever_it_stands() {
    let handlers = handlers![state, state_by_alias, state_beside, sound_state];
    let router = Router::builder().handlers(handlers).build().unwrap();
    let mut wire = opened_at(&router).await;
    for topic in ["state.alone", "state.alias", "state.beside"] {
        wire.send(&json!([32, 1, {}, topic]).to_string());
        let refused =
            json!([8, 32, 1, {}, "com.example.error.sensor_lost", ["the sensor 7 is lost"]]);
        assert_eq!(message(&mut wire).await, refused, "{topic}");
    }
    wire.send(r#"[32,2,{},"state.sound"]"#);
    assert_eq!(message(&mut wire).await[0], 33);
    let event = message(&mut wire).await;
    assert_eq!((&event[0], &event[4]), (&json!(36), &json!([5])));
}
