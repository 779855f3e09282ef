//! Every place of a handler that can panic or fail to serialise: one ERROR, and the session goes
//! on.

use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use actix_web::{FromRequest, HttpRequest, dev};
use futures_util::{Stream, stream};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use wamp_actix::test::{Received, Wire, join};
use wamp_actix::{
    Args, Chunks, Context, Error, Events, FromContext, Hold, Kwargs, Progress, Progressive, Reply,
    Router, Snapshot, WampError, handlers, publish, rpc, session, subscribe,
};

/// Fails wherever it is used, in the way of its first letter: it panics, or returns an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Faulty {
    Panics,
    Fails,
}

use Faulty::{Fails, Panics};

/// Returns a value that fails in the way that the caller asks for.
fn faulty(panics: bool) -> Faulty {
    if panics { Panics } else { Fails }
}

impl Serialize for Faulty {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match self {
            Panics => panic!("while it is written"),
            Fails => Err(serde::ser::Error::custom("it cannot be written")),
        }
    }
}

impl<'de> Deserialize<'de> for Faulty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match bool::deserialize(deserializer)? {
            true => panic!("while it is read"),
            false => Err(serde::de::Error::custom("it cannot be read")),
        }
    }
}

/// Panics when it is made, from the context or from the request.
struct Injected;

impl FromContext for Injected {
    async fn from_context(_: &Context) -> Result<Self, Error> {
        panic!("while it is injected")
    }
}

struct Extracted;

impl FromRequest for Extracted {
    type Error = actix_web::Error;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(_: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        panic!("while it is extracted")
    }
}

/// Panics when it is dropped.
struct Sore;

impl Drop for Sore {
    fn drop(&mut self) {
        panic!("while it is dropped")
    }
}

/// An error that panics when it is converted.
struct Sulking;

impl WampError for Sulking {
    fn to_error(&self) -> Error {
        panic!("while its form is asked for")
    }
}

#[derive(WampError)]
#[wamp("faults.error.mute")]
struct Mute;

impl fmt::Display for Mute {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("while it is shown")
    }
}

#[derive(Debug, thiserror::Error, WampError)]
#[wamp("faults.error.field")]
#[error("a field that cannot be sent")]
struct Field {
    field: Faulty,
}

/// A stream that panics, after its first item or before.
struct Torn(bool);

impl Stream for Torn {
    type Item = u8;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Option<u8>> {
        match std::mem::take(&mut self.0) {
            true => Poll::Ready(Some(1)),
            false => panic!("in a stream"),
        }
    }
}

#[rpc("faults.ok")]
async fn ok() -> u8 {
    7
}

#[rpc("faults.at_once")]
async fn at_once() {
    panic!("at once")
}

#[rpc("faults.later")]
async fn later() {
    actix_web::rt::task::yield_now().await;
    panic!("later")
}

#[rpc("faults.argument", "faults.argument.{faulty}")]
async fn argument(faulty: Faulty) {
    let _ = faulty;
}

#[rpc("faults.default")]
async fn default(#[default(panic!("while it is made"))] _number: u8) {}

#[rpc("faults.args")]
async fn args(#[args] faulty: Vec<Faulty>) {
    drop(faulty);
}

#[rpc("faults.kwargs")]
async fn kwargs(#[kwargs] faulty: std::collections::HashMap<String, Faulty>) {
    drop(faulty);
}

#[rpc("faults.injected")]
async fn injected(_injected: Injected) {}

#[rpc("faults.extracted")]
async fn extracted(_extracted: Extracted) {}

#[rpc("faults.dropped")]
async fn dropped() {
    drop(Sore);
}

#[rpc("faults.result")]
async fn result(panics: bool) -> Faulty {
    faulty(panics)
}

#[rpc("faults.result.args")]
async fn result_args(panics: bool) -> Result<Args<(u8, Faulty)>, Error> {
    Ok(Args((1, faulty(panics))))
}

#[rpc("faults.result.kwargs")]
async fn result_kwargs(panics: bool) -> Kwargs<std::collections::HashMap<&'static str, Faulty>> {
    Kwargs([("a", faulty(panics))].into())
}

#[rpc("faults.result.reply")]
async fn result_reply(panics: bool) -> Reply {
    Reply::new().arg(1).kwarg("a", faulty(panics))
}

#[rpc("faults.error.form")]
async fn error_form() -> Result<(), Sulking> {
    Err(Sulking)
}

#[rpc("faults.error.display")]
async fn error_display() -> Result<(), Mute> {
    Err(Mute)
}

#[rpc("faults.error.field")]
async fn error_field(panics: bool) -> Result<(), Field> {
    Err(Field { field: faulty(panics) })
}

#[rpc("faults.stream")]
async fn torn_stream(has_item: bool) -> Progressive<impl Stream<Item = u8>> {
    Progressive(Torn(has_item))
}

#[rpc("faults.stream.item")]
async fn faulty_item(panics: bool) -> Progressive<impl Stream<Item = Faulty>> {
    Progressive(stream::iter([faulty(panics)]))
}

#[rpc("faults.stream.error")]
async fn failed_item() -> Progressive<impl Stream<Item = Result<u8, Sulking>>> {
    Progressive(stream::iter([Err(Sulking)]))
}

#[rpc("faults.progress")]
async fn progress(panics: bool, progress: Progress<Faulty>) -> Result<(), Error> {
    progress.send(faulty(panics)).await
}

#[rpc("faults.chunk")]
async fn chunk(mut chunks: Chunks<Faulty>) -> Result<(), Error> {
    while chunks.next().await?.is_some() {}
    Ok(())
}

#[subscribe("faults.subscribe")]
async fn subscribe_panics() {
    panic!("while it decides")
}

#[subscribe("faults.subscribe.snapshot")]
async fn faulty_snapshot() -> Snapshot<Faulty> {
    Snapshot(Fails)
}

#[subscribe("faults.subscribe.snapshot.panic")]
async fn panicking_snapshot() -> Snapshot<Faulty> {
    Snapshot(Panics)
}

#[subscribe("faults.hold")]
async fn sore_hold() -> Hold<Sore> {
    Hold(Sore)
}

#[subscribe("faults.events")]
async fn torn_events() -> Events<impl Stream<Item = u8>> {
    Events(Torn(true))
}

#[publish("faults.publish")]
async fn publish_panics() {
    panic!("while it decides")
}

#[publish("faults.publish.argument")]
async fn publish_argument(faulty: Faulty) {
    let _ = faulty;
}

#[session(role = "shunned")]
async fn session_panics() {
    panic!("while it decides")
}

fn router() -> Router {
    let handlers = handlers![
        ok,
        at_once,
        later,
        argument,
        default,
        args,
        kwargs,
        injected,
        extracted,
        dropped,
        result,
        result_args,
        result_kwargs,
        result_reply,
        error_form,
        error_display,
        error_field,
        torn_stream,
        faulty_item,
        failed_item,
        progress,
        chunk,
        subscribe_panics,
        faulty_snapshot,
        panicking_snapshot,
        sore_hold,
        torn_events,
        publish_panics,
        publish_argument,
        session_panics
    ];
    Router::builder().handlers(handlers).build().unwrap()
}

async fn opened() -> Wire {
    let mut wire = join(&router()).wire().await.unwrap();
    wire.send(
        r#"[1,"realm1",{"roles":{"caller":{"features":{"progressive_call_results":true}},
            "publisher":{},"subscriber":{"features":{"subscription_revocation":true}}}}]"#,
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

/// Sends a request with the id 1, and a call after its answer. Returns the messages before that
/// call's answer.
async fn answers(request: Value) -> Vec<Value> {
    let mut wire = opened().await;
    wire.send(&request.to_string());
    let mut answers = Vec::new();
    // The call is sent when the request was answered, so that a second answer would be seen.
    loop {
        let answer = message(&mut wire).await;
        let is_final = answer[0] == 8 || answer[2] == json!({});
        answers.push(answer);
        if is_final {
            break;
        }
    }
    wire.send(r#"[48,2,{},"faults.ok"]"#);
    assert_eq!(message(&mut wire).await, json!([50, 2, {}, [7]]), "{request}");
    answers
}

/// Checks an ERROR: it answers this request, and does not disclose the reason.
#[track_caller]
fn assert_error(answer: &Value, request: &Value, uri: &str) {
    assert_eq!(
        (&answer[0], &answer[1], &answer[2]),
        (&json!(8), &request[0], &json!(1)),
        "{request}: {answer}"
    );
    assert_eq!(answer[4], uri, "{request}: {answer}");
    assert!(!answer.to_string().contains("while it"), "{request}: {answer}");
}

async fn assert_one_error(request: Value, uri: &str) {
    let answers = answers(request.clone()).await;
    let [answer] = &answers[..] else { panic!("{request}: {answers:?}") };
    assert_error(answer, &request, uri);
}

fn call(procedure: &str, args: &Value) -> Value {
    json!([48, 1, {}, procedure, args])
}

#[actix_web::test]
async fn a_panic_before_there_is_a_result_is_one_error() {
    for procedure in [
        "faults.at_once",
        "faults.later",
        "faults.default",
        "faults.injected",
        "faults.extracted",
        "faults.dropped",
        "faults.error.form",
        "faults.error.display",
        "faults.stream.error",
    ] {
        assert_one_error(call(procedure, &json!([])), "wamp.error.runtime_error").await;
    }
}

#[actix_web::test]
async fn a_panic_while_an_argument_is_read_is_one_error() {
    for procedure in ["faults.argument", "faults.args", "faults.chunk"] {
        assert_one_error(call(procedure, &json!([true])), "wamp.error.runtime_error").await;
    }
    assert_one_error(call("faults.argument.true", &json!([])), "wamp.error.runtime_error").await;
    let keywords = json!([48, 1, {}, "faults.kwargs", [], { "a": true }]);
    assert_one_error(keywords, "wamp.error.runtime_error").await;
}

#[actix_web::test]
async fn an_argument_that_cannot_be_read_is_one_error() {
    for procedure in ["faults.argument", "faults.args", "faults.chunk"] {
        let answers = answers(call(procedure, &json!([false]))).await;
        let [answer] = &answers[..] else { panic!("{answers:?}") };
        assert_eq!(answer[4], "wamp.error.invalid_argument", "{answer}");
    }
}

#[actix_web::test]
async fn a_result_that_panics_or_cannot_be_written_is_one_error() {
    for (panics, uri) in [(true, "wamp.error.runtime_error"), (false, "wamp.error.invalid_payload")]
    {
        for procedure in
            ["faults.result", "faults.result.args", "faults.result.kwargs", "faults.stream.item"]
        {
            assert_one_error(call(procedure, &json!([panics])), uri).await;
            let progressive = json!([48, 1, { "receive_progress": true }, procedure, [panics]]);
            assert_one_error(progressive, uri).await;
        }
        let progressive = json!([48, 1, { "receive_progress": true }, "faults.progress", [panics]]);
        assert_one_error(progressive, uri).await;
    }
    // Serialised while the handler makes it.
    assert_one_error(call("faults.result.reply", &json!([false])), "wamp.error.invalid_payload")
        .await;
    assert_one_error(call("faults.result.reply", &json!([true])), "wamp.error.runtime_error").await;
}

#[actix_web::test]
async fn an_error_whose_field_cannot_be_written_keeps_its_uri() {
    assert_one_error(call("faults.error.field", &json!([false])), "faults.error.field").await;
    assert_one_error(call("faults.error.field", &json!([true])), "wamp.error.runtime_error").await;
}

#[actix_web::test]
async fn a_stream_that_panics_is_one_error_behind_its_items() {
    assert_one_error(call("faults.stream", &json!([false])), "wamp.error.runtime_error").await;
    let progressive = json!([48, 1, { "receive_progress": true }, "faults.stream", [true]]);
    let answers = answers(progressive.clone()).await;
    let [item, error] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!(item, &json!([50, 1, { "progress": true }, [1]]));
    assert_error(error, &progressive, "wamp.error.runtime_error");
}

#[actix_web::test]
async fn a_handler_of_a_subscription_that_panics_or_has_nothing_to_show_is_one_error() {
    for (topic, uri) in [
        ("faults.subscribe", "wamp.error.runtime_error"),
        ("faults.subscribe.snapshot", "wamp.error.invalid_payload"),
        ("faults.subscribe.snapshot.panic", "wamp.error.runtime_error"),
    ] {
        assert_one_error(json!([32, 1, {}, topic]), uri).await;
    }
}

#[actix_web::test]
async fn a_subscription_that_is_torn_is_revoked_and_a_sore_one_ends() {
    let mut wire = opened().await;
    wire.send(r#"[32,1,{},"faults.events"]"#);
    assert_eq!(message(&mut wire).await[0], 33);
    assert_eq!(message(&mut wire).await[0], 36);
    assert_eq!(message(&mut wire).await[0], 35, "UNSUBSCRIBED: revoked");
    wire.send(r#"[32,2,{},"faults.hold"]"#);
    let subscribed = message(&mut wire).await;
    wire.send(&json!([34, 3, subscribed[2]]).to_string());
    assert_eq!(message(&mut wire).await, json!([35, 3]));
    wire.send(r#"[48,4,{},"faults.ok"]"#);
    assert_eq!(message(&mut wire).await, json!([50, 4, {}, [7]]));
}

#[actix_web::test]
async fn a_handler_of_a_publication_that_panics_is_one_error() {
    for (topic, args) in [("faults.publish", json!([])), ("faults.publish.argument", json!([true]))]
    {
        let publish = json!([16, 1, { "acknowledge": true }, topic, args]);
        assert_one_error(publish, "wamp.error.runtime_error").await;
    }
}

#[actix_web::test]
async fn a_session_handler_that_panics_refuses_the_session() {
    let refused = join(&router()).role("shunned").await.err().unwrap().to_string();
    assert!(
        refused.contains("wamp.error.runtime_error") && !refused.contains("while it"),
        "{refused}"
    );
}
