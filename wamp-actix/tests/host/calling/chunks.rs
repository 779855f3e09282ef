//! `Chunks<T>`: a progressive call invocation, as its handler takes it.

use actix_web::web::Data;
use serde_json::{Value, json};
use wamp_actix::test::{Wire, join};
use wamp_actix::{Chunks, Error, Limits, Progress, Router, handlers, rpc};

use super::{CANCELED, Ending, Stage, settled, text, wait};

#[rpc("test.sum")]
async fn sum(mut numbers: Chunks<i64>) -> Result<i64, Error> {
    let mut sum = 0;
    while let Some(number) = numbers.next().await? {
        sum += number;
    }
    Ok(sum)
}

#[rpc("test.scaled")]
async fn scaled(scale: i64, numbers: Chunks<i64>) -> Result<i64, Error> {
    Ok(scale * sum(numbers).await?)
}

#[rpc("test.running")]
async fn running(mut numbers: Chunks<i64>, progress: Progress<i64>) -> Result<(), Error> {
    let mut sum = 0;
    while let Some(number) = numbers.next().await? {
        sum += number;
        progress.send(sum).await?;
    }
    Ok(())
}

#[rpc("test.first")]
async fn first(mut numbers: Chunks<i64>) -> Result<Option<i64>, Error> {
    numbers.next().await
}

/// Takes no chunk before the gate opens.
#[rpc("test.held")]
async fn held(stage: Data<Stage>, numbers: Chunks<i64>) -> Result<i64, Error> {
    let mut ending = Ending(stage.clone(), "dropped");
    stage.wait().await;
    let sum = sum(numbers).await?;
    ending.complete();
    Ok(sum)
}

/// The number of chunks that wait for a handler that takes none.
const MOST: usize = 8;

async fn opened() -> (Wire, Data<Stage>) {
    let handlers = handlers![sum, scaled, running, first, held, wait];
    let limits = Limits::default().queued_messages(MOST);
    let router = Router::builder().handlers(handlers).limits(limits).build().unwrap();
    let stage = Data::new(Stage::default());
    let mut wire = join(&router).app_data(stage.clone()).wire().await.unwrap();
    wire.send(
        r#"[1,"realm1",{"roles":{"caller":{"features":{"progressive_call_invocations":true}}}}]"#,
    );
    assert!(text(&mut wire).await.starts_with("[2,"));
    (wire, stage)
}

fn chunk(wire: &Wire, request: u64, procedure: &str, args: &Value) {
    wire.send(&json!([48, request, {"progress": true}, procedure, args]).to_string());
}

fn last(wire: &Wire, request: u64, procedure: &str, args: &Value) {
    wire.send(&json!([48, request, {}, procedure, args]).to_string());
}

/// Returns the URI and the text of an ERROR.
async fn error(wire: &mut Wire) -> (String, String) {
    let message: Value = serde_json::from_str(&text(wire).await).unwrap();
    assert_eq!(message[0], 8, "{message}");
    let uri = message[4].as_str().unwrap().to_owned();
    (uri, message[5][0].as_str().unwrap_or_default().to_owned())
}

/// Checks that the session is intact: nothing else was sent, and the id of the next call is free.
async fn lives(wire: &mut Wire, request: u64) {
    last(wire, request, "test.sum", &json!([7]));
    assert_eq!(text(wire).await, format!("[50,{request},{{}},[7]]"));
}

#[actix_web::test]
async fn the_chunks_of_a_call_come_one_after_the_other_pi_01() {
    let (mut wire, _) = opened().await;
    chunk(&wire, 1, "test.sum", &json!([1]));
    chunk(&wire, 1, "test.sum", &json!([2]));
    settled(&mut wire).await;
    last(&wire, 1, "test.sum", &json!([3]));
    assert_eq!(text(&mut wire).await, "[50,1,{},[6]]");
    lives(&mut wire, 2).await;
}

#[actix_web::test]
async fn a_plain_call_is_a_call_with_one_chunk() {
    let (mut wire, _) = opened().await;
    lives(&mut wire, 1).await;
    last(&wire, 2, "test.first", &json!([5]));
    assert_eq!(text(&mut wire).await, "[50,2,{},[5]]");
}

#[actix_web::test]
async fn the_end_may_come_without_a_chunk() {
    let (mut wire, _) = opened().await;
    wire.send(r#"[48,1,{},"test.sum"]"#);
    assert_eq!(text(&mut wire).await, "[50,1,{},[0]]");
    chunk(&wire, 2, "test.sum", &json!([4]));
    wire.send(r#"[48,2,{},"test.sum"]"#);
    assert_eq!(text(&mut wire).await, "[50,2,{},[4]]");
}

#[actix_web::test]
async fn other_parameters_are_read_from_the_first_call() {
    let (mut wire, _) = opened().await;
    chunk(&wire, 1, "test.scaled", &json!([10, 1]));
    last(&wire, 1, "test.scaled", &json!([2]));
    assert_eq!(text(&mut wire).await, "[50,1,{},[30]]");
    wire.send(r#"[48,2,{"progress":true},"test.scaled",[],{"scale":10}]"#);
    last(&wire, 2, "test.scaled", &json!([2]));
    assert_eq!(text(&mut wire).await, "[50,2,{},[20]]");
    last(&wire, 3, "test.scaled", &json!([]));
    assert_eq!(error(&mut wire).await.0, "wamp.error.invalid_argument");
}

#[actix_web::test]
async fn progressive_results_need_not_pair_with_chunks_pi_11() {
    let (mut wire, _) = opened().await;
    wire.send(r#"[48,1,{"progress":true,"receive_progress":true},"test.running",[1]]"#);
    assert_eq!(text(&mut wire).await, r#"[50,1,{"progress":true},[1]]"#);
    // PI-05: the options of the first CALL apply.
    last(&wire, 1, "test.running", &json!([2]));
    assert_eq!(text(&mut wire).await, r#"[50,1,{"progress":true},[3]]"#);
    assert_eq!(text(&mut wire).await, "[50,1,{}]");
}

#[actix_web::test]
async fn a_chunk_that_does_not_fit_is_an_invalid_argument() {
    for wrong in [json!(["two"]), json!([1.5]), json!([null]), json!([1, 2])] {
        let (mut wire, _) = opened().await;
        chunk(&wire, 1, "test.sum", &json!([1]));
        chunk(&wire, 1, "test.sum", &wrong);
        let (uri, text) = error(&mut wire).await;
        assert_eq!(uri, "wamp.error.invalid_argument", "{wrong}");
        assert!(text.starts_with("chunk: "), "{text}");
        // PI-07: the caller could not know that the call had ended.
        last(&wire, 1, "test.sum", &json!([3]));
        lives(&mut wire, 2).await;
    }
}

#[actix_web::test]
async fn keywords_that_no_parameter_takes_are_refused() {
    let (mut wire, _) = opened().await;
    wire.send(r#"[48,1,{},"test.sum",[1],{"more":2}]"#);
    assert_eq!(error(&mut wire).await.0, "wamp.error.invalid_argument");
}

#[actix_web::test]
async fn a_handler_may_answer_before_the_last_chunk_pi_10() {
    let (mut wire, _) = opened().await;
    chunk(&wire, 1, "test.first", &json!([1]));
    assert_eq!(text(&mut wire).await, "[50,1,{},[1]]");
    chunk(&wire, 1, "test.first", &json!([2]));
    last(&wire, 1, "test.first", &json!([3]));
    lives(&mut wire, 2).await;
}

#[actix_web::test]
async fn a_cancelled_call_is_over_and_its_later_chunks_are_dropped_ca_11() {
    let (mut wire, stage) = opened().await;
    chunk(&wire, 1, "test.held", &json!([1]));
    settled(&mut wire).await;
    wire.send("[49,1,{}]");
    assert_eq!(text(&mut wire).await, CANCELED);
    assert_eq!(stage.journal(), ["dropped"]);
    chunk(&wire, 1, "test.held", &json!([2]));
    last(&wire, 1, "test.held", &json!([3]));
    lives(&mut wire, 2).await;
}

#[actix_web::test]
async fn chunks_wait_for_their_handler_up_to_a_limit() {
    let (mut wire, stage) = opened().await;
    for _ in 0..MOST {
        chunk(&wire, 1, "test.held", &json!([1]));
    }
    settled(&mut wire).await;
    chunk(&wire, 1, "test.held", &json!([1]));
    assert_eq!(error(&mut wire).await.0, "wamp.error.unavailable");
    assert_eq!(stage.journal(), ["dropped"]);
    last(&wire, 1, "test.held", &json!([1]));
    lives(&mut wire, 2).await;
}

#[actix_web::test]
async fn chunks_that_waited_are_taken_in_their_order() {
    let (mut wire, stage) = opened().await;
    for _ in 1..MOST {
        chunk(&wire, 1, "test.held", &json!([1]));
    }
    last(&wire, 1, "test.held", &json!([1]));
    settled(&mut wire).await;
    stage.open();
    assert_eq!(text(&mut wire).await, format!("[50,1,{{}},[{MOST}]]"));
    assert_eq!(stage.journal(), ["completed"]);
}

#[actix_web::test]
async fn a_handler_without_chunks_takes_no_progressive_call_invocation_pi_03() {
    let (mut wire, stage) = opened().await;
    chunk(&wire, 1, "test.wait", &json!([]));
    assert_eq!(error(&mut wire).await.0, "wamp.error.feature_not_supported");
    last(&wire, 1, "test.wait", &json!([]));
    lives(&mut wire, 2).await;
    assert!(stage.journal().is_empty(), "it did not run");
}
