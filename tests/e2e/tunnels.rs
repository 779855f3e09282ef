//! Tunnels of a proxy: after a 101 the server, too, reads WebSocket frames and answers no request.
//!
//! After a 101 a proxy forwards all bytes uninspected. If the server continued to read requests, a
//! client would reach everything that the proxy denies (request smuggling).

use serde_json::json;

use crate::harness::{Nginx, Server, Session, Socket, UPGRADE, path};

/// Headers in place of those of the same name.
type Headers = &'static [(&'static str, &'static str)];

/// Upgrade requests with one fault: its name, the version of HTTP, the headers, and the status of
/// the answer.
const WRONG: [(&str, &str, Headers, u16); 12] = [
    ("a chunked body", "1.1", &[("Transfer-Encoding", "chunked")], 400),
    ("a chunked body, in capitals", "1.1", &[("TRANSFER-ENCODING", "CHUNKED")], 400),
    ("a body of five bytes", "1.1", &[("Content-Length", "5")], 400),
    ("a second protocol", "1.1", &[("Upgrade", "h2c, websocket")], 426),
    (
        "a second protocol in a line of its own",
        "1.1",
        &[("Upgrade", "h2c"), ("Upgrade", "websocket")],
        426,
    ),
    ("a protocol with websocket in its name", "1.1", &[("Upgrade", "xwebsockety")], 426),
    ("an empty protocol", "1.1", &[("Upgrade", "websocket,")], 426),
    ("a version of the protocol", "1.1", &[("Upgrade", "websocket/13")], 426),
    ("the end of the connection", "1.1", &[("Connection", "close, Upgrade")], 426),
    ("HTTP/1.0", "1.0", &[], 505),
    ("two keys", "1.1", &[UPGRADE[3], UPGRADE[3]], 400),
    ("two versions of WebSocket", "1.1", &[UPGRADE[2], UPGRADE[2]], 400),
];

/// Returns an upgrade request with these headers in place of those of the same name.
fn upgrade(version: &str, replaced: &[(&str, &str)]) -> String {
    let is_replaced = |name| replaced.iter().any(|(other, _)| *other == name);
    let kept = UPGRADE.iter().filter(|(name, _)| !is_replaced(*name));
    let lines = kept.chain(replaced).map(|(name, value)| format!("{name}: {value}\r\n"));
    format!("GET {} HTTP/{version}\r\nHost: localhost\r\n{}\r\n", path(), lines.collect::<String>())
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

#[test]
fn what_actix_does_not_take_for_an_upgrade_gets_no_101() {
    let server = Server::testbed();
    for (what, version, headers, expected) in WRONG {
        let mut socket = Socket::connect(server.address());
        socket.send(upgrade(version, headers).as_bytes());
        let head = socket.head();
        assert_eq!(status(&head), expected, "{what}: {head}");
        let says_so = head.lines().any(|line| line.starts_with("connection: close"));
        assert!(
            says_so || version == "1.0",
            "{what}: who reads it must know that the connection ends: {head}"
        );
    }
}

#[test]
fn behind_nginx_no_request_in_a_tunnel_is_answered() {
    // The application's page, for which nginx answers 403.
    const SMUGGLED: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const LAST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let server = Server::start("login", &[]);
    let Some(nginx) = Nginx::before(&server) else { return };
    for (what, version, headers, _) in WRONG {
        for before in ["", "0\r\n\r\n", "5\r\nabcde\r\n0\r\n\r\n", "abcde"] {
            let mut socket = Socket::connect(nginx.address());
            socket.send(upgrade(version, headers).as_bytes());
            let head = socket.head();
            // nginx closes the connection when it has read enough.
            socket.write(format!("{before}{SMUGGLED}{LAST}").as_bytes()).ok();
            let rest = String::from_utf8_lossy(&socket.all()).into_owned();
            let received = head + &rest;
            assert!(!received.contains(" 200 "), "{what}, {before:?}: {received}");
        }
    }
    let mut direct = Socket::connect(server.address());
    direct.send(LAST.as_bytes());
    assert_eq!(status(&direct.head()), 200, "the server has that page");
}

#[test]
fn behind_nginx_a_client_joins_and_calls() {
    let server = Server::testbed();
    let Some(nginx) = Nginx::before(&server) else { return };
    for name in ["websocket", "WebSocket", "WEBSOCKET"] {
        let mut socket = Socket::connect(nginx.address());
        socket.send(upgrade("1.1", &[("Upgrade", name)]).as_bytes());
        let head = socket.head();
        assert_eq!(status(&head), 101, "{head}");
        let mut session = Session::over(socket);
        assert_eq!(session.call("testbed.add", &json!([1, 2])), json!([3]));
    }
}

#[test]
fn behind_an_nginx_that_says_nothing_of_upgrades_the_answer_tells_what_to_say() {
    let server = Server::testbed();
    let Some(nginx) = Nginx::before(&server) else { return };
    let mut socket = Socket::connect(nginx.address());
    let request = upgrade("1.1", &[("Connection", "close, Upgrade")]);
    socket.send(request.replace(path(), "/forgotten").as_bytes());
    let answer = String::from_utf8(socket.all()).expect("text");
    assert!(
        answer.contains("proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade"),
        "{answer}"
    );
}

#[test]
fn behind_nginx_its_own_pages_connect_whether_or_not_the_host_names_the_port() {
    let server = Server::testbed();
    let Some(nginx) = Nginx::before(&server) else { return };
    let own = format!("http://{}", nginx.address());
    let other = own.replace("127.", "126.");
    for path in [path(), "/ported"] {
        for (origin, expected) in [(&own, 101), (&other, 403)] {
            let mut socket = Socket::connect(nginx.address());
            let lines: String =
                UPGRADE.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let address = nginx.address();
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: {origin}\r\n{lines}\r\n"
            );
            socket.send(request.as_bytes());
            let head = socket.head();
            assert_eq!(status(&head), expected, "{path}, {origin}: {head}");
        }
    }
}
