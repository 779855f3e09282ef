//! Calls: progressive results, chunks, cancelling, time limits.

use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream};
use serde_json::{Value, json};
use wamp_actix::test::{CancelMode, Client, Serializer, join};
use wamp_actix::{
    Binary, Call, Cancelled, Chunks, Error, Progress, Progressive, Router, handlers, rpc,
};

#[rpc("client.count")]
async fn count(to: u32) -> Progressive<impl Stream<Item = u32>> {
    Progressive(stream::iter(1..=to))
}

#[rpc("client.counted")]
async fn counted(progress: Progress<u32>) -> Result<&'static str, Error> {
    progress.send(1).await?;
    progress.send(2).await?;
    Ok("both")
}

#[rpc("client.failing")]
async fn failing() -> Progressive<impl Stream<Item = Result<u32, Error>>> {
    Progressive(stream::iter([Ok(1), Err(Error::new("client.error.lost").arg(7).kwarg("at", 2))]))
}

#[rpc("client.sum")]
async fn sum(mut numbers: Chunks<i64>, progress: Progress<i64>) -> Result<i64, Error> {
    let mut sum = 0;
    while let Some(number) = numbers.next().await? {
        sum += number;
        progress.send(sum).await?;
    }
    Ok(sum)
}

#[rpc("client.scaled")]
async fn scaled(scale: i64, mut numbers: Chunks<i64>) -> Result<i64, Error> {
    let mut sum = 0;
    while let Some(number) = numbers.next().await? {
        sum += scale * number;
    }
    Ok(sum)
}

#[rpc("client.weighed")]
async fn weighed(#[kwarg] weight: i64, numbers: Chunks<i64>) -> Result<i64, Error> {
    scaled(weight, numbers).await
}

#[rpc("client.sleep")]
async fn sleep() {
    std::future::pending::<()>().await;
}

#[rpc("client.told")]
async fn told(cancelled: Cancelled) -> Result<(), Error> {
    cancelled.requested().await;
    Err(Error::new("client.error.told"))
}

#[rpc("client.reversed")]
async fn reversed(mut bytes: Binary) -> Binary {
    bytes.reverse();
    bytes
}

#[rpc("client.caller")]
async fn caller(call: Call) -> bool {
    call.caller().is_some()
}

async fn client_by(serializer: Serializer) -> Client {
    let handlers =
        handlers![count, counted, failing, sum, scaled, weighed, sleep, told, reversed, caller];
    let router = Router::builder().handlers(handlers).build().unwrap();
    join(&router).serializer(serializer).await.unwrap()
}

async fn client() -> Client {
    client_by(Serializer::Json).await
}

#[actix_web::test]
async fn progressive_results_are_a_stream_and_the_final_one_is_apart() {
    let client = client().await;
    let mut counting = client.call("client.counted").progress();
    let mut numbers = Vec::new();
    while let Some(progress) = counting.next().await {
        numbers.push(progress.args::<(u32,)>().unwrap().0);
    }
    assert_eq!(numbers, [1, 2]);
    assert!(counting.next().await.is_none(), "the stream has ended");
    assert_eq!(counting.await.unwrap().args::<(String,)>().unwrap().0, "both");
    let counting = client.call("client.count").arg(4).progress();
    let numbers = counting.map(|progress| progress.args::<(u32,)>().unwrap().0);
    assert_eq!(numbers.collect::<Vec<_>>().await, [1, 2, 3, 4]);
}

#[actix_web::test]
async fn a_call_that_asks_for_progress_by_hand_has_its_final_result() {
    let call = client().await.call("client.counted").option("receive_progress", true);
    assert_eq!(call.await.unwrap().args::<(String,)>().unwrap().0, "both");
}

#[actix_web::test]
async fn a_call_is_awaited_for_its_final_result_though_progress_was_not_taken() {
    let counting = client().await.call("client.counted").progress();
    assert_eq!(counting.await.unwrap().args::<(String,)>().unwrap().0, "both");
}

#[actix_web::test]
async fn an_error_after_progressive_results_is_the_final_result() {
    let mut failing = client().await.call("client.failing").progress();
    assert_eq!(failing.next().await.unwrap().args::<(u32,)>().unwrap(), (1,));
    assert!(failing.next().await.is_none());
    let error = failing.await.unwrap_err();
    assert_eq!(error.uri(), "client.error.lost");
    assert_eq!(error.args::<(u32,)>().unwrap(), (7,));
    assert_eq!(error.kwargs::<Value>().unwrap(), json!({ "at": 2 }));
}

#[actix_web::test]
async fn chunks_are_sent_one_after_the_other() {
    let client = client().await;
    let answer = client.call("client.scaled").arg(10).chunks([1, 2, 3]).await.unwrap();
    assert_eq!(answer.args::<(i64,)>().unwrap(), (60,));
    let answer = client.call("client.weighed").kwarg("weight", 2).chunks([2, 3]).await.unwrap();
    assert_eq!(answer.args::<(i64,)>().unwrap(), (10,));
    let none: [i64; 0] = [];
    let answer = client.call("client.sum").chunks(none).await.unwrap();
    assert_eq!(answer.args::<(i64,)>().unwrap(), (0,));
}

#[actix_web::test]
async fn a_call_that_is_left_open_takes_more_chunks_between_its_results() {
    let client = client().await;
    let mut summing = client.call("client.sum").chunks([1]).unfinished().progress();
    for (next, expected) in [(2, 1), (3, 3), (4, 6)] {
        let (sum,): (i64,) = summing.next().await.unwrap().args().unwrap();
        assert_eq!(sum, expected);
        summing.chunk(next);
    }
    summing.finish();
    assert_eq!(summing.await.unwrap().args::<(i64,)>().unwrap(), (10,));
}

#[actix_web::test]
#[should_panic(expected = "the call of client.sum is complete: begin it with `.unfinished()`")]
async fn a_chunk_for_a_complete_call_is_a_mistake() {
    client().await.call("client.sum").chunks([1]).send().chunk(2);
}

#[actix_web::test]
async fn a_call_is_cancelled_in_each_mode() {
    let client = client().await;
    for (procedure, mode, uri) in [
        ("client.sleep", CancelMode::Skip, "wamp.error.canceled"),
        ("client.sleep", CancelMode::KillNoWait, "wamp.error.canceled"),
        ("client.told", CancelMode::KillNoWait, "wamp.error.canceled"),
        ("client.told", CancelMode::Kill, "client.error.told"),
    ] {
        let call = client.call(procedure).send();
        call.cancel(mode);
        assert_eq!(call.await.unwrap_err().uri(), uri, "{procedure}, {mode:?}");
    }
}

#[actix_web::test]
async fn a_call_times_out_when_the_clock_is_advanced() {
    let client = client().await;
    let call = client.call("client.sleep").timeout(Duration::from_millis(100)).send();
    client.settle().await;
    client.clock().advance(Duration::from_millis(100));
    assert_eq!(call.await.unwrap_err().uri(), "wamp.error.timeout");
}

#[actix_web::test]
async fn several_calls_are_in_flight_and_each_has_its_own_result() {
    let client = client().await;
    let (first, second) = (client.call("client.count").arg(1), client.call("client.count").arg(2));
    let (first, second) = (first.send(), second.send());
    assert_eq!(second.await.unwrap().args::<(Vec<u32>,)>().unwrap().0, [1, 2]);
    assert_eq!(first.await.unwrap().args::<(Vec<u32>,)>().unwrap().0, [1]);
}

#[actix_web::test]
async fn bytes_are_bytes_in_arguments_and_results_of_every_serializer() {
    for serializer in [Serializer::Json, Serializer::MsgPack, Serializer::Cbor] {
        let call = client_by(serializer).await.call("client.reversed").arg(Binary(vec![0, 1, 255]));
        let (bytes,): (Binary,) = call.await.unwrap().args().unwrap();
        assert_eq!(bytes.0, [255, 1, 0], "{serializer:?}");
    }
}

#[actix_web::test]
async fn a_caller_discloses_itself_if_it_says_so() {
    let client = client().await;
    for (call, is_disclosed) in
        [(client.call("client.caller"), false), (client.call("client.caller").disclose_me(), true)]
    {
        assert_eq!(call.await.unwrap().args::<(bool,)>().unwrap(), (is_disclosed,));
    }
}
