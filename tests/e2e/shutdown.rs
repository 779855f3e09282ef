//! SIGTERM and SIGINT: calls in flight have a grace period, sessions end in a way that lets clients
//! reconnect, the process ends.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{FIN, Received, Server, Session, Socket, TEXT, frame, hello};

/// The close code "service restart".
const RESTART: Received = Received::Close(Some(1012));

fn goodbye() -> Value {
    json!([6, {}, "wamp.close.system_shutdown"])
}

fn with_goodbye() -> Server {
    Server::start("testbed", &["--workers", "1", "--goodbye"])
}

#[test]
fn every_session_is_closed_for_a_restart_without_goodbye_and_the_process_ends() {
    let mut server = Server::start("testbed", &["--workers", "2"]);
    let mut sessions: Vec<_> = (0..10).map(|_| Session::join(&server)).collect();
    for session in &mut sessions[..5] {
        session.subscribe("testbed.ticker");
    }
    let mut strangers: Vec<_> = (0..5).map(|_| Socket::open(&server)).collect();
    server.terminate();
    for session in &mut sessions {
        let mut rest = session.socket.rest();
        rest.retain(|received| !matches!(received, Received::Text(event) if event[0] == 36));
        assert_eq!(rest, [RESTART]);
    }
    for stranger in &mut strangers {
        assert_eq!(stranger.rest(), [RESTART]);
    }
    let (status, time) = server.wait();
    assert!(status.success(), "{status}");
    assert!(time < Duration::from_secs(4), "the process took {time:?} after the last session");
    let log = server.stop();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn every_session_gets_goodbye_where_the_application_asks_for_it() {
    let mut server = with_goodbye();
    let mut sessions: Vec<_> = (0..10).map(|_| Session::join(&server)).collect();
    let mut stranger = Socket::open(&server);
    server.terminate();
    let Received::Text(abort) = stranger.receive() else { panic!("ABORT was expected") };
    assert_eq!((&abort[0], &abort[2]), (&json!(3), &json!("wamp.close.system_shutdown")));
    assert_eq!(stranger.rest(), [RESTART]);
    for session in &mut sessions {
        assert_eq!(session.receive(), goodbye());
        session.send(&json!([6, {}, "wamp.close.goodbye_and_out"]));
        assert_eq!(session.socket.rest(), [RESTART]);
    }
    let (status, _) = server.wait();
    assert!(status.success(), "{status}");
}

#[test]
fn sessions_that_do_not_answer_do_not_hold_the_process_up() {
    for (mut server, says_goodbye) in [(Server::testbed(), false), (with_goodbye(), true)] {
        let mut sessions: Vec<_> = (0..5).map(|_| Session::join(&server)).collect();
        let mut strangers: Vec<_> = (0..5).map(|_| Socket::open(&server)).collect();
        server.terminate();
        let (status, time) = server.wait();
        assert!(status.success(), "{status}");
        assert!(time < Duration::from_secs(8), "the process took {time:?}");
        for session in &mut sessions {
            if says_goodbye {
                assert_eq!(session.receive(), goodbye());
            }
            assert_eq!(session.socket.rest(), [RESTART]);
        }
        strangers.iter_mut().for_each(|stranger| drop(stranger.rest()));
    }
}

#[test]
fn a_call_at_work_is_answered_before_its_session_ends() {
    for signal in ["-TERM", "-INT"] {
        answers_a_call_at_work(Server::testbed(), signal, false);
        answers_a_call_at_work(with_goodbye(), signal, true);
    }
}

fn answers_a_call_at_work(mut server: Server, signal: &str, says_goodbye: bool) {
    let (mut working, mut idle) = (Session::join(&server), Session::join(&server));
    let mut late = Socket::open(&server);
    let request = working.start_call("testbed.sleep", &json!([1500]));
    // The answer shows that the sleep has begun.
    working.call("testbed.add", &json!([1, 2]));
    server.signal(signal);
    ends(&mut idle, says_goodbye);
    // No new call is accepted meanwhile.
    let refused = working.start_call("testbed.add", &json!([1, 2]));
    let error = working.receive();
    assert_eq!((&error[2], &error[4]), (&json!(refused), &json!("wamp.error.canceled")), "{error}");
    late.text(&hello("realm1").to_string());
    if says_goodbye {
        let Received::Text(abort) = late.receive() else { panic!("ABORT was expected") };
        assert_eq!((&abort[0], &abort[2]), (&json!(3), &json!("wamp.close.system_shutdown")));
    }
    assert_eq!(late.rest(), [RESTART]);
    assert_eq!(working.receive(), json!([50, request, {}, ["slept"]]));
    ends(&mut working, says_goodbye);
    let (status, _) = server.wait();
    assert!(status.success(), "{signal}: {status}");
}

fn ends(session: &mut Session, says_goodbye: bool) {
    if says_goodbye {
        assert_eq!(session.receive(), goodbye());
        session.send(&json!([6, {}, "wamp.close.goodbye_and_out"]));
    }
    assert_eq!(session.socket.rest(), [RESTART]);
}

/// A restart at its worst takes as long as the grace.
#[test]
fn neither_an_endless_call_nor_a_reader_that_does_not_read_outlasts_the_grace() {
    let mut server = Server::testbed();
    let (mut endless, mut stalled) = (Session::join(&server), Session::join(&server));
    stalled.socket.shorten_patience();
    let value = json!(["x".repeat(60_000)]);
    loop {
        let request = stalled.next_request();
        let call = json!([48, request, {}, "testbed.echo", value]).to_string();
        if stalled.socket.write(&frame(FIN | TEXT, call.as_bytes())).is_err() {
            break;
        }
    }
    let request = endless.start_call("testbed.sleep", &json!([3_600_000]));
    endless.call("testbed.add", &json!([1, 2]));
    server.terminate();
    let error = endless.receive();
    assert_eq!((&error[2], &error[4]), (&json!(request), &json!("wamp.error.canceled")), "{error}");
    assert_eq!(endless.socket.rest(), [RESTART]);
    let (status, _) = server.wait();
    assert!(status.success(), "{status}");
}
