//! Clients that disconnect, by FIN or by RST, in any state.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{FIN, Server, Session, Socket, TEXT, beside_a_witness, eventually, frame};

/// The way in which a client disconnects, without a close frame.
const WAYS: [fn(Socket); 2] = [Socket::finish, Socket::reset];

fn sleep_log(session: &mut Session) -> Vec<Value> {
    session.call("testbed.sleep_log", &json!([]))[0].as_array().expect("a list").clone()
}

#[test]
fn a_peer_may_go_before_it_has_joined() {
    beside_a_witness(|server| {
        for go in WAYS {
            go(Socket::tcp(server));
            let mut socket = Socket::tcp(server);
            socket.send(b"GET /ws HTTP/1.1\r\nHost:");
            go(socket);
            go(Socket::open(server));
            let mut socket = Socket::open(server);
            socket.send(&frame(FIN | TEXT, br#"[1,"realm1",{"roles":{"caller":{}}}]"#)[..20]);
            go(socket);
        }
    });
}

#[test]
fn a_peer_may_go_in_the_middle_of_a_message() {
    beside_a_witness(|server| {
        for go in WAYS {
            let mut session = Session::join(server);
            session.socket.send(&frame(FIN | TEXT, &[b' '; 100_000])[..50_000]);
            go(session.socket);
            let mut session = Session::join(server);
            session.socket.frame(TEXT, b"[48,1,");
            go(session.socket);
        }
    });
}

#[test]
fn the_calls_of_a_peer_that_is_gone_are_dropped() {
    beside_a_witness(|server| {
        let mut observer = Session::join(server);
        for (round, go) in WAYS.into_iter().enumerate() {
            let mut session = Session::join(server);
            for _ in 0..10 {
                session.start_call("testbed.sleep", &json!([3_600_000]));
            }
            // The answer shows that the sleeps have begun.
            session.call("testbed.add", &json!([1, 2]));
            go(session.socket);
            eventually("the sleeps are dropped", || {
                sleep_log(&mut observer) == vec!["dropped"; (round + 1) * 10]
            });
        }
    });
}

#[test]
fn the_subscriptions_of_a_peer_that_is_gone_end() {
    beside_a_witness(|server| {
        let mut observer = Session::join(server);
        for go in WAYS {
            let mut session = Session::join(server);
            session.subscribe("testbed.ticker");
            assert_eq!(session.event(), json!([1]));
            assert_eq!(observer.call("testbed.ticker_count", &json!([])), json!([1]));
            go(session.socket);
            let count = || observer.call("testbed.ticker_count", &json!([])) == json!([0]);
            eventually("the ticker is gone", count);
        }
    });
}

#[test]
fn a_reset_while_the_server_writes_leaves_it_idle() {
    let mut server = Server::testbed();
    let mut observer = Session::join(&server);
    let before = server.descriptors();
    for go in WAYS {
        let mut session = Session::join(&server);
        let value = json!(["x".repeat(1_000_000)]);
        for _ in 0..5 {
            // The client does not read the results.
            session.start_call("testbed.echo", &value);
        }
        go(session.socket);
    }
    eventually("the sockets are closed", || {
        observer.call("testbed.add", &json!([1, 2]));
        server.descriptors() <= before
    });
    let worked = server.processor_time();
    assert!(observer.socket.is_silent_for(Duration::from_millis(500)));
    let worked = server.processor_time() - worked;
    assert!(
        worked <= Duration::from_millis(20),
        "an idle server worked for {worked:?} of half a second"
    );
    let log = server.stop();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn a_thousand_sessions_come_and_go_and_leave_no_memory_behind() {
    beside_a_witness(|server| {
        let mut before = 0;
        for round in 0..1000 {
            let mut session = Session::join(server);
            session.subscribe("testbed.ticker");
            WAYS[round % 2](session.socket);
            if round == 300 {
                before = server.resident();
            }
        }
        let grown = server.resident().saturating_sub(before);
        assert!(grown < 4 << 20, "the server took {grown} bytes of memory");
    });
}

/// A callee whose connection was cut can soon register its procedures again: the old session does
/// not block it for long.
#[test]
fn a_callee_registers_again_after_a_cut_a_hundred_times() {
    beside_a_witness(|server| {
        let mut caller = Session::join_in(server, "router");
        for round in 0..100 {
            let mut callee = Session::join_in(server, "router");
            eventually("the procedure is free", || {
                let request = callee.next_request();
                callee.send(&json!([64, request, {}, "com.cut"]));
                let answer = callee.receive();
                let taken = answer[4] == "wamp.error.procedure_already_exists";
                assert!(taken || answer[0] == 65, "{answer}");
                !taken
            });
            let request = caller.start_call("com.cut", &json!([round]));
            let invocation = callee.receive();
            assert_eq!(
                (&invocation[0], &invocation[4]),
                (&json!(68), &json!([round])),
                "{invocation}"
            );
            callee.send(&json!([70, invocation[1], {}, [round]]));
            assert_eq!(caller.receive(), json!([50, request, {}, [round]]));
            WAYS[round % 2](callee.socket);
        }
    });
}
