//! The end of sessions, and the close codes of their WebSockets.

use serde_json::json;

use crate::harness::{
    CLOSE, FIN, Received, Server, Session, Socket, beside_a_witness, frame, hello,
};

/// Expects ABORT with this reason, a close frame with this code, and the end of the stream.
fn is_aborted(socket: &mut Socket, reason: &str, code: u16) {
    let received = socket.rest();
    let [Received::Text(abort), Received::Close(Some(closed))] = &received[..] else {
        panic!("ABORT and a close frame were expected, not {received:?}");
    };
    assert_eq!((&abort[0], abort[2].as_str(), *closed), (&json!(3), Some(reason), code), "{abort}");
}

#[test]
fn goodbye_is_answered_and_closes_with_1000() {
    beside_a_witness(|server| {
        let mut session = Session::join(server);
        session.send(&json!([6, {}, "wamp.close.close_realm"]));
        assert_eq!(session.receive(), json!([6, {}, "wamp.close.goodbye_and_out"]));
        assert_eq!(session.socket.rest(), [Received::Close(Some(1000))]);
    });
}

#[test]
fn nothing_that_follows_a_goodbye_is_done() {
    beside_a_witness(|server| {
        let mut witness = Session::join(server);
        witness.subscribe("testbed.chat");
        let mut session = Session::join(server);
        let goodbye = frame(FIN | 1, br#"[6,{},"wamp.close.close_realm"]"#);
        let publish = frame(FIN | 1, br#"[16,1,{},"testbed.chat",["from the grave"]]"#);
        session.socket.send(&[goodbye, publish].concat());
        assert_eq!(session.receive()[0], 6);
        assert_eq!(session.socket.rest(), [Received::Close(Some(1000))]);
        Session::join(server).publish("testbed.chat", &json!(["alive"]));
        assert_eq!(witness.event(), json!(["alive"]));
    });
}

#[test]
fn a_violation_is_answered_with_abort_and_closes_with_1002() {
    beside_a_witness(|server| {
        let violations = [
            "",
            "no JSON",
            "{}",
            "[]",
            "[99,1]",
            r#"["48",1,{},"testbed.add",[1,2]]"#,
            r#"[48,1,{},"testbed.add",[1,2],{},0]"#,
            r#"[48,1,{}]"#,
            r#"[48,0,{},"testbed.add",[1,2]]"#,
            r#"[48,1.5,{},"testbed.add",[1,2]]"#,
            r#"[48,1,[],"testbed.add",[1,2]]"#,
            r#"[48,1,{},"testbed.add",{}]"#,
            r#"[48,1,{},"testbed.add",[1,2]]]"#,
            r#"[1,"realm1",{"roles":{"caller":{}}}]"#,
            r#"[2,1,{}]"#,
            r#"[5,"signature",{}]"#,
            r#"[70,1,{}]"#,
        ];
        let mut sessions = violations.map(|_| Session::join(server));
        for (violation, session) in violations.iter().zip(&mut sessions) {
            session.socket.text(violation);
        }
        for (violation, session) in violations.iter().zip(&mut sessions) {
            println!("{violation}");
            is_aborted(&mut session.socket, "wamp.error.protocol_violation", 1002);
        }
    });
}

#[test]
fn deep_nesting_is_a_violation_and_not_the_end_of_the_server() {
    beside_a_witness(|server| {
        for opening in ["[", "{\"a\":", "[{\"a\":"] {
            let mut session = Session::join(server);
            session
                .socket
                .text(&format!("[48,1,{{}},\"testbed.echo\",[{}", opening.repeat(100_000)));
            is_aborted(&mut session.socket, "wamp.error.protocol_violation", 1002);
            // Within the limit before WELCOME.
            let mut stranger = Socket::open(server);
            stranger.text(&opening.repeat(10_000));
            is_aborted(&mut stranger, "wamp.error.protocol_violation", 1002);
        }
    });
}

#[test]
fn nothing_that_follows_a_violation_is_done() {
    beside_a_witness(|server| {
        let mut witness = Session::join(server);
        witness.subscribe("testbed.chat");
        let mut session = Session::join(server);
        let publish = frame(FIN | 1, br#"[16,1,{},"testbed.chat",["after the violation"]]"#);
        session.socket.send(&[frame(FIN | 1, b"[99]"), publish].concat());
        is_aborted(&mut session.socket, "wamp.error.protocol_violation", 1002);
        Session::join(server).publish("testbed.chat", &json!(["alive"]));
        assert_eq!(witness.event(), json!(["alive"]));
    });
}

#[test]
fn the_first_message_must_be_hello() {
    beside_a_witness(|server| {
        for message in
            [r#"[48,1,{},"testbed.add",[1,2]]"#, r#"[6,{},"wamp.close.close_realm"]"#, "[", "[]"]
        {
            let mut socket = Socket::open(server);
            socket.text(message);
            is_aborted(&mut socket, "wamp.error.protocol_violation", 1002);
        }
    });
}

#[test]
fn a_refused_hello_closes_with_1008() {
    beside_a_witness(|server| {
        let mut socket = Socket::open(server);
        socket.text(&hello("unknown").to_string());
        is_aborted(&mut socket, "wamp.error.no_such_realm", 1008);
        let mut socket = Socket::open(server);
        socket.text(
            &json!([1, "realm1", {"roles": {"caller": {}}, "authmethods": ["ticket"]}]).to_string(),
        );
        is_aborted(&mut socket, "wamp.error.no_matching_auth_method", 1008);
    });
}

#[test]
fn without_hello_a_connection_is_closed_after_a_while() {
    beside_a_witness(|server| {
        let mut silent: Vec<_> = (0..50).map(|_| Socket::open(server)).collect();
        for socket in &mut silent {
            assert_eq!(socket.rest(), [Received::Close(Some(1008))]);
        }
    });
}

#[test]
fn a_killed_session_gets_goodbye_and_closes_with_1000() {
    beside_a_witness(|server| {
        let mut session = Session::join(server);
        is_killed(&mut session);
        session.send(&json!([6, {}, "wamp.close.goodbye_and_out"]));
        assert_eq!(session.socket.rest(), [Received::Close(Some(1000))]);
    });
}

#[test]
fn a_goodbye_that_is_not_answered_is_followed_by_the_close() {
    beside_a_witness(|server| {
        let mut session = Session::join(server);
        is_killed(&mut session);
        // Everything but GOODBYE is ignored now.
        session.start_call("testbed.add", &json!([1, 2]));
        assert_eq!(session.socket.rest(), [Received::Close(Some(1000))]);
    });
}

/// Waits for the GOODBYE. The result of the call may come before.
fn is_killed(session: &mut Session) {
    session.start_call("testbed.kill_me", &json!([]));
    let goodbye = std::iter::repeat_with(|| session.receive()).find(|message| message[0] != 50);
    assert_eq!(goodbye, Some(json!([6, {}, "wamp.close.killed"])));
}

#[test]
fn a_close_frame_is_answered_with_its_code() {
    beside_a_witness(|server| {
        for (payload, answer) in [
            (&b""[..], None),
            (b"\x03\xe8", Some(1000)),
            (b"\x03\xe9away", Some(1001)),
            (b"\x0b\xba", Some(3002)),
        ] {
            let mut session = Session::join(server);
            session.socket.frame(FIN | CLOSE, payload);
            assert_eq!(session.socket.rest(), [Received::Close(answer)], "{payload:?}");
        }
    });
}

#[test]
fn illegal_close_frames_close_with_1002_or_1007() {
    beside_a_witness(|server| {
        for (payload, answer) in [
            (&b"\x03"[..], 1002),
            (b"\x03\xed", 1002), // 1005 stands for no code, and is never sent
            (b"\x00\x01", 1002),
            (b"\x03\xe8\xff", 1007),
        ] {
            let mut session = Session::join(server);
            session.socket.frame(FIN | CLOSE, payload);
            assert_eq!(session.socket.rest(), [Received::Close(Some(answer))], "{payload:?}");
        }
    });
}

#[test]
fn what_follows_a_close_frame_is_ignored() {
    beside_a_witness(|server: &Server| {
        let mut session = Session::join(server);
        let close = frame(FIN | CLOSE, b"\x03\xe8");
        let call = frame(FIN | 1, br#"[48,1,{},"testbed.add",[1,2]]"#);
        session.socket.send(&[close.clone(), call, close, b"\xff\xff\xff\xff".to_vec()].concat());
        let received = session.socket.rest();
        assert_eq!(received, [Received::Close(Some(1000))]);
    });
}
