//! `Progressive(stream)`: each item is a progressive result.

use std::sync::atomic::Ordering;

use actix_web::web::Data;
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::{Value, json};
use wamp_actix::test::{Wire, join};
use wamp_actix::{Error, Limits, Progressive, Router, handlers, rpc};

use super::{CANCELED, Ending, Stage, TIMEOUT, settled, text};

/// Streams an item each time the gate opens.
#[rpc("test.stream")]
async fn streamed(stage: Data<Stage>, n: u32) -> Progressive<impl Stream<Item = u32>> {
    let ending = Ending(stage.clone(), "dropped");
    Progressive(stream::unfold((1, ending), move |(item, mut ending)| {
        let stage = stage.clone();
        async move {
            if item > n {
                ending.complete();
                return None;
            }
            stage.wait().await;
            Some((item, (item + 1, ending)))
        }
    }))
}

/// Streams items up to one that fails, or returns no stream at all.
#[rpc("test.fallible")]
async fn fallible(
    fail_at: u32,
) -> Result<Progressive<impl Stream<Item = Result<u32, Error>>>, Error> {
    if fail_at == 0 {
        return Err(Error::new("test.error.early"));
    }
    let item =
        move |n| if n == fail_at { Err(Error::new("test.error.item").arg(n)) } else { Ok(n) };
    Ok(Progressive(stream::iter(1..=3).map(item)))
}

#[rpc("test.endless")]
async fn endless(stage: Data<Stage>) -> Progressive<impl Stream<Item = &'static str>> {
    Progressive(stream::repeat("some text that fills the outgoing buffer").inspect(move |_| {
        stage.sent.fetch_add(1, Ordering::Relaxed);
    }))
}

async fn opened() -> (Wire, Data<Stage>) {
    let limits = Limits::default().outgoing_bytes(4096).max_result_bytes(10_000);
    let router = Router::builder()
        .handlers(handlers![streamed, fallible, endless])
        .limits(limits)
        .build()
        .unwrap();
    let stage = Data::new(Stage::default());
    let mut wire = join(&router).app_data(stage.clone()).wire().await.unwrap();
    wire.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
    assert!(text(&mut wire).await.starts_with("[2,"));
    (wire, stage)
}

async fn message(wire: &mut Wire) -> Value {
    serde_json::from_str(&text(wire).await).unwrap()
}

#[actix_web::test]
async fn each_item_goes_out_at_once_and_an_empty_final_result_follows_the_last_pr_03() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{"receive_progress":true},"test.stream",[3]]"#);
    for item in 1..=3 {
        settled(&mut wire).await;
        stage.open();
        assert_eq!(message(&mut wire).await, json!([50, 1, {"progress": true}, [item]]));
    }
    assert_eq!(message(&mut wire).await, json!([50, 1, {}]));
    assert_eq!(stage.journal(), ["completed"]);
}

#[actix_web::test]
async fn a_caller_that_did_not_ask_gets_all_items_as_one_list_pr_05() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{},"test.stream",[3]]"#);
    (0..3).for_each(|_| stage.open());
    assert_eq!(message(&mut wire).await, json!([50, 1, {}, [[1, 2, 3]]]));
    wire.send(r#"[48,2,{"receive_progress":false},"test.stream",[0]]"#);
    assert_eq!(message(&mut wire).await, json!([50, 2, {}, [[]]]));
}

#[actix_web::test]
async fn items_that_are_results_go_out_as_what_is_in_them() {
    let (mut wire, _) = opened().await;
    wire.send(r#"[48,1,{"receive_progress":true},"test.fallible",[9]]"#);
    for item in 1..=3 {
        assert_eq!(message(&mut wire).await, json!([50, 1, {"progress": true}, [item]]));
    }
    assert_eq!(message(&mut wire).await, json!([50, 1, {}]));
    wire.send(r#"[48,2,{},"test.fallible",[9]]"#);
    assert_eq!(message(&mut wire).await, json!([50, 2, {}, [[1, 2, 3]]]));
}

#[actix_web::test]
async fn an_item_that_is_an_err_ends_the_call_with_it() {
    let (mut wire, _) = opened().await;
    wire.send(r#"[48,1,{"receive_progress":true},"test.fallible",[2]]"#);
    assert_eq!(message(&mut wire).await, json!([50, 1, {"progress": true}, [1]]));
    assert_eq!(message(&mut wire).await, json!([8, 48, 1, {}, "test.error.item", [2]]));
    wire.send(r#"[48,2,{},"test.fallible",[2]]"#);
    assert_eq!(message(&mut wire).await, json!([8, 48, 2, {}, "test.error.item", [2]]));
    wire.send(r#"[48,3,{"receive_progress":true},"test.fallible",[0]]"#);
    assert_eq!(message(&mut wire).await, json!([8, 48, 3, {}, "test.error.early"]));
}

#[actix_web::test]
async fn a_stream_without_end_is_refused_at_the_size_limit_of_a_list() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{},"test.endless"]"#);
    let error = message(&mut wire).await;
    assert_eq!((&error[0], &error[4]), (&json!(8), &json!("wamp.error.payload_size_exceeded")));
    assert!(stage.sent.load(Ordering::Relaxed) < 1_000, "items of 42 bytes in 10 000");
}

#[actix_web::test]
async fn a_slow_caller_holds_the_stream_back() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{"receive_progress":true},"test.endless"]"#);
    text(&mut wire).await;
    let sent = stage.sent.load(Ordering::Relaxed);
    assert!((10..200).contains(&sent), "{sent} results in 4 KiB");
    for _ in 0..1_000 {
        text(&mut wire).await;
    }
    assert!(stage.sent.load(Ordering::Relaxed) > 900, "the stream goes on when there is room");
    wire.send("[49,1,{}]");
    while message(&mut wire).await[0] == 50 {}
}

#[actix_web::test]
async fn a_stream_is_dropped_when_its_call_is_cancelled_ca_02() {
    for options in ["{}", r#"{"receive_progress":true}"#] {
        let (mut wire, stage) = opened().await;
        wire.send(&format!(r#"[48,1,{options},"test.stream",[3]]"#));
        settled(&mut wire).await;
        wire.send("[49,1,{}]");
        assert_eq!(text(&mut wire).await, CANCELED);
        assert_eq!(stage.journal(), ["dropped"]);
    }
}

#[actix_web::test]
async fn a_stream_is_dropped_when_its_caller_leaves_c_11() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{"receive_progress":true},"test.stream",[3]]"#);
    settled(&mut wire).await;
    drop(wire);
    assert_eq!(stage.journal(), ["dropped"]);
}

#[actix_web::test]
async fn each_item_gives_the_next_one_the_whole_time_to_05() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{"timeout":100,"receive_progress":true},"test.stream",[3]]"#);
    settled(&mut wire).await;
    for _ in 0..2 {
        wire.clock().advance(std::time::Duration::from_millis(90));
        stage.open();
        assert_eq!(message(&mut wire).await[2], json!({"progress": true}));
        settled(&mut wire).await;
    }
    wire.clock().advance(std::time::Duration::from_millis(100));
    assert_eq!(text(&mut wire).await, TIMEOUT);
    assert_eq!(stage.journal(), ["dropped"]);
}
