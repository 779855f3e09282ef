//! A session that sends more than its rate is slowed down, over real sockets, and over time.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Client, frame};
use actix_web::rt::spawn;
use actix_web::rt::task::spawn_blocking;
use actix_web::rt::time::timeout;
use actix_web::{App, HttpServer};
use wamp_actix::test::{Received, Wire, join};
use wamp_actix::{Limits, Router, handlers, rpc};

#[rpc("test.echo")]
async fn echo(number: u64) -> u64 {
    number
}

fn router(limits: Limits) -> Router {
    Router::builder().handlers(handlers![echo]).limits(limits).build().unwrap()
}

const RATE: usize = 20;
const BURST: usize = 5;
/// The calls of the client that floods: they take two seconds.
const CALLS: usize = BURST + 2 * RATE;

#[actix_web::test]
async fn a_session_that_floods_is_slowed_to_its_rate_and_others_go_on() {
    let router = router(Limits::default().messages_per_second(Some(RATE)).burst(Some(BURST)));
    let app = move || App::new().service(router.endpoint("/ws").on_signal(false));
    let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    let handle = spawn(server.run());
    spawn_blocking(move || flood_beside_a_witness(address)).await.unwrap();
    handle.abort();
}

fn call(number: usize) -> String {
    format!(r#"[48,{number},{{}},"test.echo",[{number}]]"#)
}

fn flood_beside_a_witness(address: SocketAddr) {
    let (mut flood, mut witness) = (Client::join(address), Client::join(address));
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let begun = Instant::now();
            let frames = (1..=CALLS).map(|number| frame(0x81, call(number).as_bytes()));
            flood.send_bytes(&frames.collect::<Vec<_>>().concat());
            for number in 1..=CALLS {
                assert_eq!(flood.message(), format!("[50,{number},{{}},[{number}]]"));
                answered.store(number, Ordering::Relaxed);
            }
            let least = Duration::from_secs(2);
            assert!(begun.elapsed() >= least, "{:?} for {CALLS} calls", begun.elapsed());
        });
        while answered.load(Ordering::Relaxed) < BURST {
            thread::yield_now();
        }
        for number in 1..=BURST {
            witness.send(&call(number));
            assert_eq!(witness.message(), format!("[50,{number},{{}},[{number}]]"));
        }
        let meanwhile = answered.load(Ordering::Relaxed);
        assert!(meanwhile < CALLS, "the witness was answered before the flood");
    });
}

/// Returns all that the server has to say now.
async fn ready(wire: &mut Wire) -> Vec<Received> {
    let mut all = Vec::new();
    while let Ok(Some(received)) = timeout(Duration::from_millis(1), wire.receive()).await {
        all.push(received);
    }
    all
}

/// A session that has sent this many calls at once, and what it has got.
async fn flooded(limits: Limits, calls: usize) -> (Wire, Vec<Received>) {
    tokio::time::pause();
    let mut wire = join(&router(limits)).wire().await.unwrap();
    wire.send(r#"[1,"realm1",{"roles":{"caller":{}}}]"#);
    wire.receive().await.unwrap();
    (1..=calls).for_each(|number| wire.send(&call(number)));
    let received = ready(&mut wire).await;
    (wire, received)
}

#[actix_web::test]
async fn the_server_sends_no_ping_to_a_client_that_it_does_not_read() {
    let second = Duration::from_secs(1);
    let limits = Limits::default().messages_per_second(Some(1)).ping_interval(second / 4);
    let (mut wire, received) = flooded(limits.pong_timeout(second / 4), 6).await;
    assert_eq!(received.len(), 1);
    let mut answers = 1;
    while answers < 6 {
        wire.clock().advance(second / 8);
        let received = ready(&mut wire).await;
        let is_answer = |received: &Received| matches!(received, Received::Text(_));
        assert!(received.iter().all(is_answer), "{received:?}");
        answers += received.len();
    }
    // A second later it is read again, and its silence counts.
    wire.clock().advance(second);
    assert!(ready(&mut wire).await.is_empty());
    wire.clock().advance(second / 4);
    assert_eq!(ready(&mut wire).await, [Received::Ping]);
}

#[actix_web::test]
async fn a_flood_that_outlasts_the_patience_is_closed_with_1008() {
    let second = Duration::from_secs(1);
    let limits = Limits::default().messages_per_second(Some(10)).rate_patience(second);
    let (mut wire, received) = flooded(limits, 1000).await;
    assert_eq!(received.len(), 10, "the burst");
    for tenth in 1..10 {
        wire.clock().advance(second / 10);
        assert_eq!(ready(&mut wire).await.len(), 1, "{tenth}");
    }
    wire.clock().advance(second / 10);
    let received = ready(&mut wire).await;
    let [Received::Text(abort), Received::Close(Some(1008))] = &received[..] else {
        panic!("ABORT and a close frame were expected, not {received:?}");
    };
    assert_eq!(abort, r#"[3,{"message":"too many messages"},"wamp.error.unavailable"]"#);
    assert_eq!(wire.close_reason(), "too many messages");
}
