//! Clients that open as many connections as they can.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::json;

use crate::harness::{Server, Session, Socket, UPGRADE, exchange_on};

/// Joins from 127.0.0.`last`. An error is the head of the response that refuses it.
fn join_from(last: u8, server: &Server) -> Result<Session, String> {
    let (head, socket) = exchange_on(Socket::tcp_from(last, server), server, "GET", &UPGRADE);
    if head.starts_with("HTTP/1.1 101 ") { Ok(Session::over(socket)) } else { Err(head) }
}

/// Checks that a client at 127.0.0.`last` gets in and is served.
fn assert_served(last: u8, server: &Server) {
    let mut session = join_from(last, server).expect("there is room for others");
    for number in 0..20 {
        assert_eq!(session.call("testbed.add", &json!([number, 1])), json!([number + 1]));
    }
}

/// A5: 502 sessions took all files that `ulimit -n 1024` leaves. With `on_connect` each session has
/// two descriptors.
#[test]
fn idle_sessions_of_one_address_leave_room_for_others_though_few_files_may_be_open() {
    let mut server = Server::with_open_files(1024);
    let attempts: Vec<_> = (0..502).map(|_| join_from(2, &server)).collect();
    let refused: Vec<_> = attempts.iter().filter_map(|attempt| attempt.as_ref().err()).collect();
    assert_eq!(refused.len(), 502 - 240, "one address has half of 480");
    assert!(refused.iter().all(|head| head.starts_with("HTTP/1.1 503 ")), "{}", refused[0]);
    for last in 3..20 {
        assert_served(last, &server);
    }
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                join_from(2, &server).map(drop).expect_err("one address has half of all");
            }
        });
        (3..20).for_each(|last| assert_served(last, &server));
        is_over.store(true, Ordering::Relaxed);
    });
    drop(attempts);
    let log = server.stop();
    assert!(!log.contains("Too many open files"), "{log}");
}
