//! The bridge from HTTP under load, and requests that are odd on the wire.

use std::fs;
use std::time::Instant;

use serde_json::json;

use crate::harness::{Server, Session, Socket, eventually};

/// Returns a call with this body, as it goes over the wire.
fn post(procedure: &str, framing: &str, body: &str) -> String {
    format!(
        "POST /call/{procedure} HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/json\r\n{framing}\r\n\r\n{body}"
    )
}

fn sized(procedure: &str, body: &str) -> String {
    post(procedure, &format!("Content-Length: {}", body.len()), body)
}

#[track_caller]
fn assert_response(socket: &mut Socket, status: u16, body: &str) {
    let (head, found) = socket.response();
    assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
    assert_eq!(found, body, "{head}");
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let server = Server::testbed();
    let mut socket = Socket::tcp(&server);
    let requests = [
        sized("testbed.sleep", "[50]"),
        sized("testbed.add", "[1, 2]"),
        "HEAD /call/events/testbed.chat HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        sized("testbed.nothing", ""),
        sized("testbed.unknown", "[3]"),
        sized("testbed.add", "[3, 4]"),
    ];
    socket.send(requests.concat().as_bytes());
    let (slept, _) = socket.response();
    assert!(slept.starts_with("http/1.1 20"), "{slept}");
    assert_response(&mut socket, 200, "3");
    assert!(socket.head().starts_with("HTTP/1.1 405 "), "a HEAD has no body");
    assert_response(&mut socket, 204, "");
    let (unknown, _) = socket.response();
    assert!(unknown.starts_with("http/1.1 404 "), "{unknown}");
    assert_response(&mut socket, 200, "7");
}

#[test]
fn a_body_in_chunks_is_read_to_its_end_or_to_the_limit() {
    let server = Server::testbed();
    let mut socket = Socket::tcp(&server);
    let chunked = "Transfer-Encoding: chunked";
    let body = "4\r\n[2, \r\n1\r\n3\r\n1;x=y\r\n]\r\n0\r\nTrailer: x\r\n\r\n";
    socket.send(post("testbed.add", chunked, body).as_bytes());
    assert_response(&mut socket, 200, "5");
    socket.send(sized("testbed.add", "[1, 1]").as_bytes());
    assert_response(&mut socket, 200, "2");
    socket.send(post("testbed.add", chunked, "").as_bytes());
    for _ in 0..512 {
        socket.send(format!("10000\r\n{}\r\n", " ".repeat(65_536)).as_bytes());
    }
    let (head, body) = socket.response();
    assert!(head.starts_with("http/1.1 413 "), "{head}");
    assert!(body.contains("wamp.error.payload_size_exceeded"), "{body}");
    socket.send(b"0\r\n\r\n");
    socket.send(sized("testbed.add", "[2, 2]").as_bytes());
    assert_response(&mut socket, 200, "4");
}

#[test]
fn a_request_whose_length_is_said_twice_hides_no_other() {
    let server = Server::testbed();
    let hidden = sized("testbed.publish", r#"["testbed.chat", ["hidden"]]"#);
    let mut session = Session::join(&server);
    session.subscribe("testbed.chat");
    for framing in [
        "Content-Length: 0\r\nTransfer-Encoding: chunked".to_owned(),
        format!("Content-Length: {}\r\nContent-Length: 0", hidden.len()),
        format!("Content-Length: 0\r\nContent-Length: {}", hidden.len()),
        "Content-Length: +0".to_owned(),
        "Content-Length: 0x0".to_owned(),
        "Transfer-Encoding: chunked, identity".to_owned(),
        "Transfer-Encoding: xchunked".to_owned(),
    ] {
        let mut socket = Socket::tcp(&server);
        socket.send(post("testbed.nothing", &framing, &hidden).as_bytes());
        let (head, _) = socket.response();
        assert!(head.starts_with("http/1.1 4"), "{framing}: {head}");
        socket.all();
    }
    session.call("testbed.publish", &json!(["testbed.chat", ["seen"]]));
    assert_eq!(session.event(), json!(["seen"]), "nothing hidden was called before");
}

#[test]
fn a_client_that_leaves_within_its_body_calls_nothing() {
    let server = Server::testbed();
    let mut session = Session::join(&server);
    session.subscribe("testbed.chat");
    let body = r#"["testbed.chat", ["half"]]"#;
    for framing in ["Content-Length: 1000", "Transfer-Encoding: chunked"] {
        let mut socket = Socket::tcp(&server);
        let body =
            if framing.contains("chunked") { format!("1a\r\n{body}\r\n") } else { body.into() };
        socket.send(post("testbed.publish", framing, &body).as_bytes());
        socket.finish();
    }
    let mut socket = Socket::tcp(&server);
    socket.send(sized("testbed.publish", r#"["testbed.chat", ["whole"]]"#).as_bytes());
    socket.response();
    assert_eq!(session.event(), json!(["whole"]));
}

/// Returns how many files this process may have open, and the server that it starts.
fn open_files() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").expect("Linux tells them");
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()).expect("a soft limit");
    soft.parse().expect("a number")
}

/// Asks for an event stream from 127.0.0.`last`.
fn asking_from(last: u8, server: &Server) -> Socket {
    let mut socket = Socket::tcp_from(last, server);
    socket.send(b"GET /call/events/testbed.chat HTTP/1.1\r\nHost: localhost\r\n\r\n");
    socket
}

/// Opens this number of event streams from twenty addresses, a hundred at a time.
fn streams(count: usize, server: &Server) -> Vec<Socket> {
    let mut streams: Vec<Socket> = Vec::with_capacity(count);
    while streams.len() < count {
        let opened = streams.len();
        let next = opened..count.min(opened + 100);
        streams.extend(next.map(|number| asking_from(10 + (number % 20) as u8, server)));
        for (number, stream) in streams.iter_mut().enumerate().skip(opened) {
            let head = stream.head();
            assert!(head.starts_with("HTTP/1.1 200 "), "stream {number} of {count}: {head}");
        }
    }
    streams
}

/// 10 000 streams where `ulimit -n` is 20 128 or more: each takes two descriptors of the server.
#[test]
fn event_streams_that_take_all_files_get_their_events_and_others_are_served() {
    let files = open_files().min(20_128);
    let server = Server::with_open_files(files);
    let (most, spare) = ((files - 64) / 2, 8);
    let (started, before) = (Instant::now(), server.resident());
    let mut streams = streams(most - spare, &server);
    let (opened, grown) = (started.elapsed(), server.resident().saturating_sub(before));
    let mut session = Session::join(&server);
    assert_eq!(session.call("testbed.add", &json!([1, 2])), json!([3]));
    let mut socket = Socket::tcp_from(4, &server);
    socket.send(sized("testbed.add", "[3, 4]").as_bytes());
    assert_response(&mut socket, 200, "7");
    let started = Instant::now();
    session.call("testbed.publish", &json!(["testbed.chat", ["to all"]]));
    streams.iter_mut().for_each(|stream| {
        let text = stream.until("}\n\n");
        assert!(text.contains("event: event\n") && text.contains(r#""args":["to all"]"#), "{text}");
    });
    println!(
        "{} streams opened in {opened:?}, {} bytes each; an event to all in {:?}",
        streams.len(),
        grown / streams.len() as u64,
        started.elapsed()
    );
    let mut more: Vec<_> = (0..=spare).map(|_| asking_from(5, &server)).collect();
    let heads: Vec<_> = more.iter_mut().map(Socket::head).collect();
    let (refused, served): (Vec<_>, Vec<_>) =
        heads.iter().partition(|head| head.starts_with("HTTP/1.1 503 "));
    assert_eq!((refused.len(), served.len()), (2, spare - 1), "one place is the session's");
    assert!(refused.iter().all(|head| head.contains("\nretry-after: ")), "{}", refused[0]);
    assert_eq!(session.call("testbed.add", &json!([5, 6])), json!([11]));
    drop(streams);
    eventually("the places are free", || {
        asking_from(6, &server).head().starts_with("HTTP/1.1 200 ")
    });
}
