//! Decisions before the upgrade.

use serde_json::json;

use crate::harness::{FIN, Received, Server, Socket, TEXT, UPGRADE, exchange, frame, hello, path};

/// Returns the headers of a valid upgrade, with one of them replaced, added, or removed.
fn with<'h>(name: &'h str, value: Option<&'h str>) -> Vec<(&'h str, &'h str)> {
    let mut headers: Vec<_> = UPGRADE.into_iter().filter(|(other, _)| *other != name).collect();
    headers.extend(value.map(|value| (name, value)));
    headers
}

fn status(server: &Server, headers: &[(&str, &str)]) -> u16 {
    let (head, _) = exchange(server, "GET", headers);
    head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

#[test]
fn an_upgrade_is_answered_as_rfc_6455_has_it() {
    let (head, _socket) = exchange(&Server::testbed(), "GET", &UPGRADE);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_eq!(header(&head, "Sec-WebSocket-Accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(header(&head, "Sec-WebSocket-Protocol"), Some("wamp.2.json"));
    assert!(
        header(&head, "Upgrade").is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket")),
        "{head}"
    );
}

#[test]
fn the_first_subprotocol_that_the_server_speaks_is_taken() {
    let server = Server::testbed();
    for offered in ["wamp.2.json, wamp.9.json", "chat, wamp.9.json,wamp.2.json"] {
        let (head, _) = exchange(&server, "GET", &with("Sec-WebSocket-Protocol", Some(offered)));
        assert_eq!(
            header(&head, "Sec-WebSocket-Protocol"),
            Some("wamp.2.json"),
            "{offered}: {head}"
        );
    }
}

#[test]
fn without_a_known_subprotocol_there_is_no_upgrade() {
    let server = Server::testbed();
    for offered in [None, Some(""), Some("chat"), Some("WAMP.2.JSON"), Some("wamp.2")] {
        assert_eq!(status(&server, &with("Sec-WebSocket-Protocol", offered)), 400, "{offered:?}");
    }
}

#[test]
fn compression_is_not_negotiated() {
    let headers =
        with("Sec-WebSocket-Extensions", Some("permessage-deflate; client_max_window_bits"));
    let (head, _) = exchange(&Server::testbed(), "GET", &headers);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_eq!(header(&head, "Sec-WebSocket-Extensions"), None);
}

#[test]
fn what_is_no_upgrade_is_refused() {
    let server = Server::testbed();
    assert_eq!(status(&server, &[]), 426);
    assert_eq!(status(&server, &with("Upgrade", None)), 426);
    assert_eq!(status(&server, &with("Sec-WebSocket-Version", Some("8"))), 426);
    assert_eq!(status(&server, &with("Sec-WebSocket-Key", None)), 400);
    let (head, _) = exchange(&server, "POST", &UPGRADE);
    assert!(head.starts_with("HTTP/1.1 405 "), "{head}");
}

#[test]
fn headers_of_16_kib_are_taken_and_longer_ones_are_answered_431() {
    let server = Server::testbed();
    let length = |(name, value): &(&str, &str)| name.len() + value.len();
    let others = path().len()
        + "Host".len()
        + server.address().len()
        + UPGRADE.iter().map(length).sum::<usize>();
    let limit = (16 << 10) - others - "X-Long".len();
    for (bytes, expected) in [(limit, 101), (limit + 1, 431), (112 << 10, 431)] {
        let value = "y".repeat(bytes);
        assert_eq!(status(&server, &with("X-Long", Some(&value))), expected, "{bytes}");
    }
}

#[test]
fn pages_of_other_origins_are_refused() {
    let server = Server::testbed();
    let prefix = format!("http://{}.example.com", server.address());
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1", &prefix]
    {
        assert_eq!(status(&server, &with("Origin", Some(origin))), 403, "{origin}");
    }
}

#[test]
fn pages_of_the_same_origin_and_programs_without_one_are_welcome() {
    let server = Server::testbed();
    let own = format!("http://{}", server.address());
    assert_eq!(status(&server, &with("Origin", Some(&own))), 101);
    assert_eq!(status(&server, &with("Origin", None)), 101);
}

/// Returns the bytes of an upgrade, followed by a HELLO and a call.
fn everything_at_once() -> Vec<u8> {
    let lines: String =
        UPGRADE.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("GET {} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n", path()).into_bytes();
    let hello = frame(FIN | TEXT, hello("realm1").to_string().as_bytes());
    [head, hello, frame(FIN | TEXT, br#"[48,1,{},"testbed.add",[1,2]]"#)].concat()
}

/// Reads the answers to [`everything_at_once`], and checks them.
fn is_served(socket: &mut Socket) {
    let head = socket.head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert!(matches!(socket.receive(), Received::Text(welcome) if welcome[0] == 2));
    assert_eq!(socket.receive(), Received::Text(json!([50, 1, {}, [3]])));
}

#[test]
fn frames_may_come_in_the_segment_of_the_handshake() {
    let server = Server::testbed();
    let mut socket = Socket::tcp(&server);
    socket.send(&everything_at_once());
    is_served(&mut socket);
}

#[test]
fn a_handshake_may_come_byte_by_byte_with_its_frames() {
    let server = Server::testbed();
    let mut socket = Socket::tcp(&server);
    for byte in everything_at_once() {
        socket.send(&[byte]);
    }
    is_served(&mut socket);
}

#[test]
fn a_handshake_may_come_behind_another_request_in_one_segment() {
    let requests = [
        &b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nabcde",
        b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
          1\r\na\r\n0\r\n\r\n",
    ];
    let server = Server::testbed();
    for request in requests {
        let mut socket = Socket::tcp(&server);
        socket.send(&[request, &everything_at_once()].concat());
        let head = socket.head();
        assert!(
            head.starts_with("HTTP/1.1 404 ") && header(&head, "Content-Length") == Some("0"),
            "{head}"
        );
        is_served(&mut socket);
    }
}
