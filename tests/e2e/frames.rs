//! Frames (RFC 6455): valid ones work; invalid ones close their own connection, with the right
//! code.

use serde_json::json;

use crate::harness::{
    BINARY, CONTINUATION, FIN, PING, PONG, Received, Server, Session, Socket, TEXT,
    beside_a_witness, frame,
};

const LIMIT: usize = 1 << 20;

/// Sends each of these to a session of its own, and expects a close frame with this code, and the
/// end.
fn close_with(code: u16, server: &Server, illegal: &[(&str, Vec<u8>)]) {
    let mut sessions: Vec<_> = illegal.iter().map(|_| Session::join(server)).collect();
    for ((_, bytes), session) in illegal.iter().zip(&mut sessions) {
        session.socket.send(bytes);
    }
    for ((name, _), session) in illegal.iter().zip(&mut sessions) {
        assert_eq!(session.socket.rest(), [Received::Close(Some(code))], "{name}");
    }
}

/// Returns a CALL of `testbed.echo` of this length, and its result.
fn call_of(length: usize) -> (String, String) {
    let (before, after) = (r#"[48,1,{},"testbed.echo",[""#, r#""]]"#);
    let value = "x".repeat(length - before.len() - after.len());
    (format!("{before}{value}{after}"), value)
}

#[test]
fn fragments_are_put_together_and_control_frames_may_come_between() {
    beside_a_witness(|server| {
        let mut session = Session::join(server);
        let call = "[48,1,{},\"testbed.echo\",[\"漢字\"]]".as_bytes();
        // Every border once, also those within a character.
        for border in 0..=call.len() {
            let call = String::from_utf8_lossy(call).replace("48,1", &format!("48,{}", border + 1));
            let (head, tail) = call.as_bytes().split_at(border.min(call.len()));
            session.socket.frame(TEXT, head);
            session.socket.frame(FIN | PING, b"between");
            session.socket.frame(CONTINUATION, b"");
            session.socket.frame(FIN | CONTINUATION, tail);
            // Their order is not specified.
            let answers = [session.socket.receive(), session.socket.receive()];
            assert!(answers.contains(&Received::Pong(b"between".to_vec())), "{answers:?}");
            let result = Received::Text(json!([50, border + 1, {}, ["漢字"]]));
            assert!(answers.contains(&result), "{answers:?}");
        }
    });
}

#[test]
fn a_message_may_be_sent_byte_by_byte() {
    beside_a_witness(|server| {
        let mut session = Session::join(server);
        for byte in frame(FIN | TEXT, br#"[48,1,{},"testbed.add",[1,2]]"#) {
            session.socket.send(&[byte]);
        }
        assert_eq!(session.receive()[3], json!([3]));
    });
}

#[test]
fn a_ping_is_answered_with_its_payload() {
    beside_a_witness(|server| {
        let mut session = Session::join(server);
        for payload in [&b""[..], b"hello", &[0xff; 125]] {
            session.socket.frame(FIN | PING, payload);
            assert_eq!(session.socket.receive(), Received::Pong(payload.to_vec()));
        }
        session.socket.frame(FIN | PONG, b"unasked");
        assert_eq!(session.call("testbed.add", &json!([1, 2])), json!([3]));
    });
}

#[test]
fn text_that_is_not_utf_8_closes_with_1007() {
    beside_a_witness(|server| {
        let cut = [frame(TEXT, b"[\"\xe6\xbc"), frame(FIN | CONTINUATION, b"\"]")].concat();
        let illegal = [
            (
                "a byte that never occurs",
                frame(FIN | TEXT, b"[48,1,{},\"testbed.echo\",[\"\xff\"]]"),
            ),
            ("half a character", cut),
            ("a surrogate", frame(FIN | TEXT, b"\xed\xa0\x80")),
            ("an overlong zero", frame(FIN | TEXT, b"\xc0\x80")),
        ];
        close_with(1007, server, &illegal);
    });
}

#[test]
fn illegal_frames_close_with_1002() {
    beside_a_witness(|server| {
        let illegal = [
            ("no mask", b"\x81\x02[]".to_vec()),
            ("a reserved bit", frame(FIN | 0x40 | TEXT, b"[]")),
            ("opcode 3", frame(FIN | 3, b"")),
            ("opcode 11", frame(FIN | 11, b"")),
            ("a ping of 126 bytes", frame(FIN | PING, &[0; 126])),
            ("a ping in fragments", frame(PING, b"")),
            ("a message in a message", [frame(TEXT, b"["), frame(FIN | TEXT, b"]")].concat()),
            ("the end of nothing", frame(FIN | CONTINUATION, b"")),
        ];
        close_with(1002, server, &illegal);
    });
}

#[test]
fn a_binary_message_is_a_protocol_violation_in_json() {
    beside_a_witness(|server| {
        let mut session = Session::join(server);
        session.socket.frame(FIN | BINARY, br#"[48,1,{},"testbed.add",[1,2]]"#);
        let Received::Text(abort) = session.socket.receive() else { panic!("ABORT goes first") };
        assert_eq!((&abort[0], &abort[2]), (&json!(3), &json!("wamp.error.protocol_violation")));
        assert_eq!(session.socket.rest(), [Received::Close(Some(1002))]);
    });
}

#[test]
fn messages_are_taken_up_to_the_limit_and_not_beyond() {
    beside_a_witness(|server| {
        for length in [LIMIT - 1, LIMIT] {
            let mut session = Session::join(server);
            let (call, value) = call_of(length);
            session.socket.text(&call);
            assert!(session.receive()[3] == json!([value]), "{length} bytes are not echoed");
        }
        let too_long = frame(FIN | TEXT, call_of(LIMIT + 1).0.as_bytes());
        close_with(1009, server, &[("one byte more", too_long)]);
    });
}

#[test]
fn a_frame_that_declares_too_much_is_refused_by_its_header() {
    beside_a_witness(|server| {
        // Not one byte of the payloads is sent.
        let headers = [
            ("a byte more than the limit", header(LIMIT as u64 + 1)),
            ("100 MiB", header(100 << 20)),
            ("1 TiB", header(1 << 40)),
            ("all that can be declared", header(u64::MAX >> 1)),
        ];
        close_with(1009, server, &headers);
    });
}

/// Returns the header of a text message that declares this length.
fn header(length: u64) -> Vec<u8> {
    [&[FIN | TEXT, 0x80 | 127][..], &length.to_be_bytes(), &[0; 4]].concat()
}

#[test]
fn what_follows_a_header_that_declares_too_much_takes_no_memory() {
    beside_a_witness(|server| {
        let mut session = Session::join(server);
        session.call("testbed.echo", &json!(["x".repeat(100_000)]));
        let before = server.resident();
        let mut largest = before;
        session.socket.send(&header(1 << 40));
        for _ in 0..3_000 {
            if session.socket.write(&[b'x'; 16_384]).is_err() {
                break;
            }
            largest = largest.max(server.resident());
        }
        let grown = largest - before;
        assert!(grown < 2 << 20, "the server took {grown} bytes of memory");
    });
}

#[test]
fn fragments_beyond_the_limit_close_with_1009() {
    beside_a_witness(|server| {
        let mut fragments = frame(TEXT, b"");
        for _ in 0..=LIMIT / 1000 {
            fragments.extend(frame(CONTINUATION, &[b' '; 1000]));
        }
        close_with(1009, server, &[("too many fragments", fragments)]);
    });
}

#[test]
fn empty_fragments_without_end_are_cut_off() {
    beside_a_witness(|server| {
        let before = server.resident();
        let mut session = Session::join(server);
        session.socket.frame(TEXT, b"");
        let empty = frame(CONTINUATION, b"").repeat(1_000);
        for _ in 0..1_000 {
            if session.socket.write(&empty).is_err() {
                break;
            }
        }
        let received = session.socket.rest();
        assert!(received.is_empty() || received == [Received::Close(Some(1009))], "{received:?}");
        let grown = server.resident().saturating_sub(before);
        assert!(grown < 4 << 20, "the server took {grown} bytes of memory");
    });
}

#[test]
fn a_message_that_ends_in_the_middle_holds_nothing_up() {
    beside_a_witness(|server| {
        let mut unfinished: Vec<_> = (0..50).map(|_| Socket::open(server)).collect();
        for (cut, socket) in unfinished.iter_mut().enumerate() {
            let hello = frame(FIN | TEXT, br#"[1,"realm1",{"roles":{"caller":{}}}]"#);
            socket.send(&hello[..cut % hello.len()]);
        }
        assert_eq!(Session::join(server).call("testbed.add", &json!([1, 2])), json!([3]));
    });
}
