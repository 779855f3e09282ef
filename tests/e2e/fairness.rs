//! Endless handlers: other connections are served beside them, and so is their own caller.

use serde_json::{Value, json};

use crate::harness::{CLOSE, FIN, PING, PONG, Received, Session, beside_a_witness};

/// A countdown that outlasts every test.
const ENDLESS: u64 = u32::MAX as u64;

/// The maximum number of messages before an answer: the buffers of both kernels, and a turn or two.
const MOST_BETWEEN: usize = 300_000;

/// A session that reads an endless answer as fast as it can.
fn greedy(session: &mut Session) -> u64 {
    let request = session.start_call_with(
        &json!({"receive_progress": true}),
        "testbed.countdown",
        &json!([ENDLESS]),
    );
    session.socket.narrow();
    for left in (1..=ENDLESS).rev().take(1000) {
        assert_eq!(session.receive(), json!([50, request, {"progress": true}, [left]]));
    }
    request
}

/// Reads the results of `request` until something else comes.
fn something_else(session: &mut Session, request: u64) -> Received {
    for _ in 0..MOST_BETWEEN {
        match session.socket.receive() {
            Received::Text(result) if result[0] == 50 && result[1] == request => {}
            Received::Ping(payload) => session.socket.frame(FIN | PONG, &payload),
            other => return other,
        }
    }
    panic!("nothing but results of the endless call");
}

#[test]
fn a_caller_is_answered_while_it_takes_an_endless_answer() {
    beside_a_witness(|server| {
        let mut session = Session::join(server);
        let endless = greedy(&mut session);
        session.socket.frame(FIN | PING, b"are you there?");
        assert_eq!(something_else(&mut session, endless), Received::Pong(b"are you there?".into()));
        let request = session.start_call("testbed.add", &json!([1, 2]));
        let result = json!([50, request, {}, [3]]);
        assert_eq!(something_else(&mut session, endless), Received::Text(result));
        session.send(&json!([49, endless, {}]));
        let Received::Text(error) = something_else(&mut session, endless) else {
            panic!("no ERROR")
        };
        assert_eq!(error, json!([8, 48, endless, {}, "wamp.error.canceled"]));
        // No message of the call follows.
        assert_eq!(session.call("testbed.add", &json!([3, 4])), json!([7]));
    });
}

#[test]
fn an_endless_answer_ends_when_its_caller_says_goodbye_or_closes() {
    beside_a_witness(|server| {
        let mut session = Session::join(server);
        let endless = greedy(&mut session);
        session.send(&json!([6, {}, "wamp.close.normal"]));
        let goodbye = json!([6, {}, "wamp.close.goodbye_and_out"]);
        assert_eq!(something_else(&mut session, endless), Received::Text(goodbye));
        assert_eq!(session.socket.rest(), [Received::Close(Some(1000))]);
        let mut session = Session::join(server);
        let endless = greedy(&mut session);
        session.socket.frame(FIN | CLOSE, &1000_u16.to_be_bytes());
        assert_eq!(something_else(&mut session, endless), Received::Close(Some(1000)));
        assert_eq!(session.socket.rest(), []);
    });
}

#[test]
fn an_endless_handler_of_unwanted_results_can_be_cancelled_and_times_out() {
    beside_a_witness(|server| {
        let mut session = Session::join(server);
        let endless = |session: &mut Session, options: Value| {
            session.start_call_with(&options, "testbed.countdown", &json!([ENDLESS]))
        };
        let request = endless(&mut session, json!({}));
        assert_eq!(session.call("testbed.add", &json!([1, 2])), json!([3]));
        session.send(&json!([49, request, {}]));
        assert_eq!(session.receive(), json!([8, 48, request, {}, "wamp.error.canceled"]));
        let request = endless(&mut session, json!({"timeout": 300}));
        let other = session.start_call("testbed.add", &json!([1, 2]));
        assert_eq!(session.receive(), json!([50, other, {}, [3]]));
        assert_eq!(session.receive(), json!([8, 48, request, {}, "wamp.error.timeout"]));
        assert_eq!(session.call("testbed.add", &json!([1, 2])), json!([3]));
    });
}
