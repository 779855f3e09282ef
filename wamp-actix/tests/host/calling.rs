//! Progressive results, cancelling and timeouts, message by message; time is moved by hand.

mod callers;
mod chunks;
mod streams;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use actix_web::web::Data;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use wamp_actix::test::{Received, Wire, join};
use wamp_actix::{Cancelled, Error, Limits, Progress, Router, Session, handlers, rpc};

/// A gate that handlers wait for, and a journal of their outcomes.
#[derive(Default)]
struct Stage {
    gate: Gate,
    journal: Mutex<Vec<&'static str>>,
    sent: AtomicU32,
}

struct Gate(Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

impl Stage {
    async fn wait(&self) {
        self.gate.0.acquire().await.unwrap().forget();
    }

    fn open(&self) {
        self.gate.0.add_permits(1);
    }

    fn journal(&self) -> Vec<&'static str> {
        self.journal.lock().clone()
    }
}

/// Records the outcome of a handler.
struct Ending(Data<Stage>, &'static str);

impl Ending {
    fn complete(&mut self) {
        self.1 = "completed";
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.journal.lock().push(self.1);
    }
}

#[rpc("test.wait")]
async fn wait(stage: Data<Stage>) -> &'static str {
    let mut ending = Ending(stage.clone(), "dropped");
    stage.wait().await;
    ending.complete();
    "done"
}

#[rpc("test.cancellable")]
async fn cancellable(stage: Data<Stage>, cancelled: Cancelled) -> &'static str {
    let mut ending = Ending(stage.clone(), "dropped");
    cancelled.requested().await;
    stage.journal.lock().push("told");
    stage.wait().await;
    ending.complete();
    "in order"
}

#[rpc("test.steps")]
async fn steps(stage: Data<Stage>, progress: Progress<u32>) -> Result<&'static str, Error> {
    for step in 1..=3 {
        stage.wait().await;
        progress.send(step).await?;
    }
    Ok("done")
}

#[rpc("test.flood")]
async fn flood(stage: Data<Stage>, progress: Progress<&'static str>) -> Result<(), Error> {
    for _ in 0..100_000 {
        progress.send("some text that fills the outgoing buffer").await?;
        stage.sent.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

#[rpc("test.limited", timeout = "2s")]
async fn limited(stage: Data<Stage>) {
    stage.wait().await;
}

/// A joined session on the wire, and the stage of its handlers.
async fn opened() -> (Wire, Data<Stage>) {
    let handlers = handlers![wait, cancellable, steps, flood, limited, leave];
    let limits = Limits::default().outgoing_bytes(4096);
    let router = Router::builder().handlers(handlers).limits(limits).build().unwrap();
    let stage = Data::new(Stage::default());
    let mut wire = join(&router).app_data(stage.clone()).wire().await.unwrap();
    wire.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
    assert!(text(&mut wire).await.starts_with("[2,"));
    (wire, stage)
}

async fn text(wire: &mut Wire) -> String {
    match wire.receive().await {
        Some(Received::Text(text)) => text,
        other => panic!("no message but {other:?}"),
    }
}

/// Waits until the server is idle: it answers a ping after everything else.
async fn settled(wire: &mut Wire) {
    for _ in 0..2 {
        wire.send_frame(0x89, b"?");
        assert_eq!(wire.receive().await, Some(Received::Pong(b"?".to_vec())));
    }
}

const CANCELED: &str = r#"[8,48,1,{},"wamp.error.canceled"]"#;
const TIMEOUT: &str = r#"[8,48,1,{},"wamp.error.timeout"]"#;

#[actix_web::test]
async fn progressive_results_come_at_once_and_in_order_and_the_final_one_says_nothing_pr_02() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{"receive_progress":true},"test.steps"]"#);
    for step in 1..=3 {
        settled(&mut wire).await;
        stage.open();
        assert_eq!(text(&mut wire).await, format!(r#"[50,1,{{"progress":true}},[{step}]]"#));
    }
    assert_eq!(text(&mut wire).await, r#"[50,1,{},["done"]]"#);
}

#[actix_web::test]
async fn a_caller_that_did_not_ask_gets_the_final_result_only_pr_05() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{},"test.steps"]"#);
    (0..3).for_each(|_| stage.open());
    assert_eq!(text(&mut wire).await, r#"[50,1,{},["done"]]"#);
}

#[actix_web::test]
async fn the_shorter_of_the_callers_and_the_handlers_timeout_counts() {
    for (options, milliseconds) in
        [("{}", 2_000), (r#"{"timeout":9000}"#, 2_000), (r#"{"timeout":50}"#, 50)]
    {
        let (mut wire, _) = opened().await;
        wire.send(&format!(r#"[48,1,{options},"test.limited"]"#));
        settled(&mut wire).await;
        wire.clock().advance(Duration::from_millis(milliseconds - 1));
        settled(&mut wire).await;
        wire.clock().advance(Duration::from_millis(1));
        assert_eq!(text(&mut wire).await, TIMEOUT);
    }
}

#[actix_web::test]
async fn a_slow_caller_holds_the_handler_back() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{"receive_progress":true},"test.flood"]"#);
    text(&mut wire).await;
    let sent = stage.sent.load(Ordering::Relaxed);
    assert!((10..200).contains(&sent), "{sent} results in 4 KiB");
    for _ in 0..10_000 {
        text(&mut wire).await;
    }
    assert!(stage.sent.load(Ordering::Relaxed) > 9_000, "the handler goes on when there is room");
}

#[actix_web::test]
async fn skip_releases_the_caller_and_the_handler_runs_on_ca_01() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{},"test.wait"]"#);
    wire.send(r#"[49,1,{"mode":"skip"}]"#);
    assert_eq!(text(&mut wire).await, CANCELED);
    stage.open();
    settled(&mut wire).await;
    assert_eq!(stage.journal(), ["completed"]);
}

#[actix_web::test]
async fn killnowait_is_the_default_and_drops_the_handler_ca_02() {
    for cancel in [r#"[49,1,{"mode":"killnowait"}]"#, "[49,1,{}]"] {
        let (mut wire, stage) = opened().await;
        wire.send(r#"[48,1,{},"test.wait"]"#);
        wire.send(cancel);
        assert_eq!(text(&mut wire).await, CANCELED);
        assert_eq!(stage.journal(), ["dropped"]);
        stage.open();
        settled(&mut wire).await;
    }
}

#[actix_web::test]
async fn kill_lets_a_handler_that_listens_decide_and_drops_any_other_ca_03() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{},"test.cancellable"]"#);
    wire.send(r#"[49,1,{"mode":"kill"}]"#);
    settled(&mut wire).await;
    assert_eq!(stage.journal(), ["told"]);
    stage.open();
    assert_eq!(text(&mut wire).await, r#"[50,1,{},["in order"]]"#);

    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{},"test.wait"]"#);
    wire.send(r#"[49,1,{"mode":"kill"}]"#);
    assert_eq!(text(&mut wire).await, CANCELED);
    assert_eq!(stage.journal(), ["dropped"]);
}

#[actix_web::test]
async fn killnowait_tells_a_handler_that_listens_and_drops_its_result_ca_09() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{},"test.cancellable"]"#);
    wire.send("[49,1,{}]");
    assert_eq!(text(&mut wire).await, CANCELED);
    stage.open();
    settled(&mut wire).await;
    assert_eq!(stage.journal(), ["told", "completed"]);
}

#[actix_web::test]
async fn a_caller_that_waits_for_a_kill_can_still_be_released_ca_08() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{},"test.cancellable"]"#);
    wire.send(r#"[49,1,{"mode":"kill"}]"#);
    wire.send(r#"[49,1,{"mode":"kill"}]"#);
    settled(&mut wire).await;
    wire.send(r#"[49,1,{"mode":"skip"}]"#);
    assert_eq!(text(&mut wire).await, CANCELED);
    stage.open();
    settled(&mut wire).await;
    assert_eq!(stage.journal(), ["told", "completed"]);
}

#[actix_web::test]
async fn an_unknown_mode_is_a_protocol_violation_ca_06() {
    for cancel in [r#"[49,1,{"mode":"softly"}]"#, r#"[49,1,{"mode":1}]"#] {
        let (mut wire, _) = opened().await;
        wire.send(cancel);
        assert!(text(&mut wire).await.contains("wamp.error.protocol_violation"), "{cancel}");
    }
}

#[actix_web::test]
async fn cancelling_what_is_finished_or_unknown_has_no_effect_ca_07() {
    let (mut wire, stage) = opened().await;
    wire.send("[49,7,{}]");
    wire.send(r#"[48,1,{},"test.wait"]"#);
    stage.open();
    assert_eq!(text(&mut wire).await, r#"[50,1,{},["done"]]"#);
    wire.send("[49,1,{}]");
    settled(&mut wire).await;
}

#[actix_web::test]
async fn a_call_that_takes_longer_than_its_timeout_is_an_error_and_its_handler_is_dropped_to_01() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{"timeout":100},"test.wait"]"#);
    settled(&mut wire).await;
    wire.clock().advance(Duration::from_millis(99));
    settled(&mut wire).await;
    wire.clock().advance(Duration::from_millis(1));
    assert_eq!(text(&mut wire).await, TIMEOUT);
    assert_eq!(stage.journal(), ["dropped"]);
}

#[actix_web::test]
async fn a_timeout_of_zero_is_none_to_01() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{"timeout":0},"test.wait"]"#);
    settled(&mut wire).await;
    wire.clock().advance(Duration::from_secs(10));
    settled(&mut wire).await;
    stage.open();
    assert_eq!(text(&mut wire).await, r#"[50,1,{},["done"]]"#);
}

#[actix_web::test]
async fn the_time_runs_anew_after_each_progressive_result_to_05() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{"timeout":100,"receive_progress":true},"test.steps"]"#);
    settled(&mut wire).await;
    for step in 1..=2 {
        wire.clock().advance(Duration::from_millis(90));
        stage.open();
        assert_eq!(text(&mut wire).await, format!(r#"[50,1,{{"progress":true}},[{step}]]"#));
        settled(&mut wire).await;
    }
    wire.clock().advance(Duration::from_millis(100));
    assert_eq!(text(&mut wire).await, TIMEOUT);
}

#[actix_web::test]
async fn a_timeout_that_is_no_number_of_milliseconds_is_a_protocol_violation_to_06() {
    for timeout in ["-1", "1.5", "\"1\"", "true"] {
        let (mut wire, _) = opened().await;
        wire.send(&format!(r#"[48,1,{{"timeout":{timeout}}},"test.wait"]"#));
        assert!(text(&mut wire).await.contains("wamp.error.protocol_violation"), "{timeout}");
    }
}

#[actix_web::test]
async fn when_the_caller_leaves_its_handlers_are_dropped_whether_they_listen_or_not_c_11() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{},"test.cancellable"]"#);
    wire.send(r#"[48,2,{},"test.wait"]"#);
    settled(&mut wire).await;
    drop(wire);
    assert_eq!(stage.journal(), ["dropped", "dropped"]);
}

#[rpc("test.leave")]
async fn leave(session: Session) {
    session.close("test.close.asked");
}

#[actix_web::test]
async fn calls_at_work_are_answered_before_a_session_is_closed_c_09() {
    let (mut wire, stage) = opened().await;
    wire.send(r#"[48,1,{},"test.wait"]"#);
    wire.send(r#"[48,2,{},"test.leave"]"#);
    assert_eq!(text(&mut wire).await, "[50,2,{}]");
    assert!(text(&mut wire).await.starts_with(r#"[8,48,1,{},"wamp.error.canceled""#));
    assert_eq!(text(&mut wire).await, r#"[6,{},"test.close.asked"]"#);
    assert_eq!(stage.journal(), ["dropped"]);
}

#[actix_web::test]
async fn the_bytes_that_calls_in_flight_keep_are_limited() {
    let (mut wire, stage) = opened().await;
    let padded = |request| format!(r#"[48,{request},{{}},"test.wait"{}]"#, " ".repeat(600 << 10));
    for request in 1..=6 {
        wire.send(&padded(request));
    }
    wire.send(&padded(7));
    assert!(text(&mut wire).await.starts_with(r#"[8,48,7,{},"wamp.error.unavailable""#));
    stage.open();
    assert!(text(&mut wire).await.ends_with(r#"["done"]]"#));
    wire.send(&padded(8));
    settled(&mut wire).await;
}
