//! SIGTERM and SIGINT: sessions get GOODBYE, calls at work have their grace, the process ends.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{FIN, Received, Server, Session, Socket, TEXT, frame, hello};

fn goodbye() -> Value {
    json!([6, {}, "wamp.close.system_shutdown"])
}

#[test]
fn every_session_gets_goodbye_and_the_process_ends() {
    let mut server = Server::start("testbed", &["--workers", "2"]);
    let mut sessions: Vec<_> = (0..10).map(|_| Session::join(&server)).collect();
    for session in &mut sessions[..5] {
        session.subscribe("testbed.ticker");
    }
    server.terminate();
    for session in &mut sessions {
        let last = std::iter::repeat_with(|| session.receive()).find(|message| message[0] != 36);
        assert_eq!(last, Some(goodbye()));
        session.send(&json!([6, {}, "wamp.close.goodbye_and_out"]));
        assert_eq!(session.socket.rest(), [Received::Close(Some(1001))]);
    }
    let (status, time) = server.wait();
    assert!(status.success(), "{status}");
    assert!(time < Duration::from_secs(4), "the process took {time:?} after the last session");
    let log = server.stop();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn sessions_that_do_not_answer_do_not_hold_the_process_up() {
    let mut server = Server::testbed();
    let mut sessions: Vec<_> = (0..5).map(|_| Session::join(&server)).collect();
    let mut strangers: Vec<_> = (0..5).map(|_| Socket::open(&server)).collect();
    server.terminate();
    let (status, time) = server.wait();
    assert!(status.success(), "{status}");
    assert!(time < Duration::from_secs(8), "the process took {time:?}");
    for session in &mut sessions {
        assert_eq!(session.receive(), goodbye());
        assert_eq!(session.socket.rest(), [Received::Close(Some(1001))]);
    }
    strangers.iter_mut().for_each(|stranger| drop(stranger.rest()));
}

#[test]
fn a_call_at_work_is_answered_before_goodbye() {
    for signal in ["-TERM", "-INT"] {
        answers_a_call_at_work(signal);
    }
}

fn answers_a_call_at_work(signal: &str) {
    let mut server = Server::testbed();
    let (mut working, mut idle) = (Session::join(&server), Session::join(&server));
    let mut late = Socket::open(&server);
    let request = working.start_call("testbed.sleep", &json!([1500]));
    // Its answer tells that the sleep has begun.
    working.call("testbed.add", &json!([1, 2]));
    server.signal(signal);
    assert_eq!(idle.receive(), goodbye());
    // Nothing new is begun meanwhile.
    let refused = working.start_call("testbed.add", &json!([1, 2]));
    let error = working.receive();
    assert_eq!((&error[2], &error[4]), (&json!(refused), &json!("wamp.error.canceled")), "{error}");
    late.text(&hello("realm1").to_string());
    let Received::Text(abort) = late.receive() else { panic!("ABORT was expected") };
    assert_eq!((&abort[0], &abort[2]), (&json!(3), &json!("wamp.close.system_shutdown")));
    assert_eq!(working.receive(), json!([50, request, {}, ["slept"]]));
    assert_eq!(working.receive(), goodbye());
    working.send(&json!([6, {}, "wamp.close.goodbye_and_out"]));
    assert_eq!(working.socket.rest(), [Received::Close(Some(1001))]);
    let (status, _) = server.wait();
    assert!(status.success(), "{signal}: {status}");
}

/// Reliability case 49, at its worst: it takes as long as the grace.
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
    assert_eq!(endless.receive(), goodbye());
    let (status, _) = server.wait();
    assert!(status.success(), "{status}");
}
