//! A worker's connections have turns, whatever one of them does, over real sockets.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::support::Client;
use actix_web::rt::spawn;
use actix_web::rt::task::spawn_blocking;
use actix_web::{App, HttpServer};
use futures_util::{Stream, stream};
use wamp_actix::{Progressive, Router, handlers, rpc};

/// The maximum output to one connection while another waits for an answer: the kernel's buffers,
/// and some turns.
const MOST_BETWEEN: usize = 24 << 20;

#[rpc("test.endless")]
async fn endless() -> Progressive<impl Stream<Item = String>> {
    Progressive(stream::repeat("x".repeat(8_000)))
}

#[rpc("test.ping")]
async fn ping() {}

/// A client that reads as fast as a handler writes never makes its task wait for the socket.
#[actix_web::test]
async fn an_endless_answer_that_is_read_keeps_no_other_client_waiting() {
    let router = Router::builder().handlers(handlers![endless, ping]).build().unwrap();
    let app = move || App::new().service(router.endpoint("/ws").on_signal(false));
    let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    let handle = spawn(server.run());
    spawn_blocking(move || ask_beside_an_endless_answer(address)).await.unwrap();
    handle.abort();
}

fn ask_beside_an_endless_answer(address: SocketAddr) {
    let mut greedy = Client::join(address);
    let mut witness = Client::join(address);
    let (read, is_done) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        greedy.send(r#"[48,1,{"receive_progress":true},"test.endless"]"#);
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                read.fetch_add(greedy.read_some(), Ordering::Relaxed);
            }
        });
        while read.load(Ordering::Relaxed) == 0 {
            thread::yield_now();
        }
        let between: Vec<_> = (1..=5)
            .map(|request| {
                let before = read.load(Ordering::Relaxed);
                witness.send(&format!(r#"[48,{request},{{}},"test.ping"]"#));
                assert_eq!(witness.message(), format!("[50,{request},{{}}]"));
                read.load(Ordering::Relaxed) - before
            })
            .collect();
        is_done.store(true, Ordering::Relaxed);
        assert!(between.iter().all(|bytes| *bytes < MOST_BETWEEN), "{between:?}");
    });
}
