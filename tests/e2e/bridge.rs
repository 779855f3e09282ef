//! The bridge from HTTP, with curl, with `EventSource` in a browser, and with clients that mean
//! harm.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::clients::{node, passes};
use crate::harness::{Server, Session, Socket, eventually};

const JSON: [&str; 2] = ["--header", "Content-Type: application/json"];

/// Returns curl with the address of a procedure or of `events/TOPIC`.
fn curl(server: &Server, path: &str) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--no-buffer", "--max-time", "15"]);
    curl.arg(format!("http://{}/call/{path}", server.address()));
    curl
}

/// Calls a procedure with curl. Returns the status and the body.
fn call(server: &Server, procedure: &str, body: &str, more: &[&str]) -> (u16, Value) {
    let mut curl = curl(server, procedure);
    let output = curl
        .args(["--data-binary", body, "--write-out", "\n%{http_code}"])
        .args(more)
        .output()
        .expect("curl can be run");
    let text = String::from_utf8(output.stdout).expect("it is text");
    let (body, status) = text.rsplit_once('\n').expect("the status comes last");
    let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body).expect(body) };
    (status.parse().expect("a number"), body)
}

/// A curl that reads a stream until it is killed or the stream ends.
struct Stream(Child, BufReader<std::process::ChildStdout>);

impl Stream {
    fn of(mut curl: Command) -> Self {
        let mut child = curl.stdout(Stdio::piped()).spawn().expect("curl can be run");
        let stdout = child.stdout.take().expect("it is piped");
        Self(child, BufReader::new(stdout))
    }

    /// Returns the lines of the next event, but for comments.
    fn event(&mut self) -> String {
        let mut event = String::new();
        loop {
            let mut line = String::new();
            let length = self.1.read_line(&mut line).expect("it is text");
            match line.as_str() {
                ":\n" => {}
                "\n" if event.is_empty() => {}
                _ if length == 0 || line == "\n" => return event,
                _ => event += &line,
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn curl_calls_handlers_and_reads_their_errors() {
    let server = Server::testbed();
    assert_eq!(call(&server, "testbed.add", "[2, 3]", &JSON), (200, json!(5)));
    let greeting = call(&server, "testbed.greet", r#"{"name": "Jö"}"#, &JSON);
    assert_eq!(greeting, (200, json!("Hello, Jö!")));
    assert_eq!(call(&server, "testbed.nothing", "", &JSON), (204, Value::Null));
    let (status, failed) = call(&server, "testbed.fail", "[7]", &JSON);
    assert_eq!((status, &failed["error"]), (422, &json!("testbed.error.failed")));
    assert_eq!(call(&server, "testbed.secret", "", &JSON).0, 403);
    assert_eq!(call(&server, "testbed.unknown", "", &JSON).0, 404);
    assert_eq!(call(&server, "testbed.sum", "[4]", &JSON), (200, json!(4)), "one chunk");
}

#[test]
fn a_curl_that_is_killed_cancels_its_call() {
    let server = Server::testbed();
    let mut watcher = Session::join(&server);
    let mut curl = curl(&server, "testbed.sleep");
    curl.args(JSON).args(["--verbose", "--data", "[60000]"]).stderr(Stdio::piped());
    let mut sleeping = curl.spawn().expect("curl runs");
    let progress = BufReader::new(sleeping.stderr.take().expect("it is piped"));
    let mut lines = progress.lines().map(|line| line.expect("it is text"));
    assert!(lines.any(|line| line.contains("bytes data]")));
    // The server reads connections in the order in which their input came.
    assert_eq!(call(&server, "testbed.echo", "[1]", &JSON), (200, json!(1)));
    sleeping.kill().expect("it runs");
    sleeping.wait().expect("it ends");
    eventually("the handler is dropped", || {
        watcher.call("testbed.sleep_log", &json!([])) == json!([["dropped"]])
    });
}

#[test]
fn curl_reads_progressive_results_as_they_come() {
    let server = Server::testbed();
    let mut curl = curl(&server, "testbed.countdown");
    curl.args(JSON).args(["--header", "Accept: text/event-stream", "--data", "[2]"]);
    let mut stream = Stream::of(curl);
    for expected in [
        "event: progress\ndata: 2\n",
        "event: progress\ndata: 1\n",
        "event: result\ndata: \"liftoff\"\n",
        "",
    ] {
        assert_eq!(stream.event(), expected);
    }
}

#[test]
fn curl_reads_the_events_of_a_topic_until_the_server_stops() {
    let server = Server::testbed();
    let mut publisher = Session::join(&server);
    let mut curl = curl(&server, "events/testbed.chat");
    curl.args(["--include"]);
    let mut stream = Stream::of(curl);
    let head = stream.event();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    publisher.call("testbed.publish", &json!(["testbed.chat", ["one\ntwo"]]));
    let event = stream.event();
    assert!(event.starts_with("event: event\nid: "), "{event}");
    assert!(event.contains(r#""args":["one\ntwo"]"#), "{event}");
    server.terminate();
    let end = stream.event();
    assert!(end.starts_with("event: error\n") && end.contains("system_shutdown"), "{end}");
    assert_eq!(stream.event(), "", "the stream has ended");
}

#[test]
fn an_event_source_in_a_browser_gets_events_and_a_foreign_page_does_not() {
    let server = Server::testbed();
    passes(node("browser_events.mjs", &[&server.page()]), 5);
}

#[test]
fn a_form_a_foreign_page_and_a_long_body_are_refused() {
    let server = Server::testbed();
    let form = ["--header", "Content-Type: application/x-www-form-urlencoded"];
    assert_eq!(call(&server, "testbed.add", "a=1&b=2", &form).0, 415);
    let foreign = [&JSON[..], &["--header", "Origin: https://evil.example"]].concat();
    assert_eq!(call(&server, "testbed.add", "[1, 2]", &foreign).0, 403);
    let mut curl = curl(&server, "testbed.echo");
    curl.args(JSON).args(["--write-out", "%{http_code}", "--output", "/dev/null"]);
    curl.args(["--data-binary", "@-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut curl = curl.spawn().expect("curl runs");
    let mut body = curl.stdin.take().expect("it is piped");
    // The server answers before it has all, and then curl closes the pipe.
    std::io::Write::write_all(&mut body, &vec![b' '; 10 << 20]).ok();
    drop(body);
    let mut status = String::new();
    curl.stdout.take().expect("it is piped").read_to_string(&mut status).expect("it is text");
    curl.wait().expect("it ends");
    assert_eq!(status, "413");
    assert_eq!(call(&server, "testbed.add", "[2, 3]", &JSON), (200, json!(5)), "it still serves");
}

/// Opens an event stream from 127.0.0.`last`, and returns it with the first line of the answer.
fn stream_from(last: u8, server: &Server) -> (String, Socket) {
    let mut socket = Socket::tcp_from(last, server);
    socket.send(b"GET /call/events/testbed.chat HTTP/1.1\r\nHost: localhost\r\n\r\n");
    (socket.head(), socket)
}

#[test]
fn open_event_streams_are_connections_and_leave_room_for_others() {
    let server = Server::with_open_files(1024);
    let streams: Vec<_> = (0..502).map(|_| stream_from(2, &server)).collect();
    let served = streams.iter().filter(|(head, _)| head.starts_with("HTTP/1.1 200 ")).count();
    assert_eq!(served, 240, "one address has half of 480");
    let refused = streams.iter().filter(|(head, _)| head.starts_with("HTTP/1.1 503 ")).count();
    assert_eq!(served + refused, 502);
    let mut session = Session::join(&server);
    assert_eq!(session.call("testbed.add", &json!([1, 2])), json!([3]));
    assert!(stream_from(3, &server).0.starts_with("HTTP/1.1 200 "));
}

#[test]
fn an_event_stream_that_is_not_read_is_cut_off_and_holds_up_nobody() {
    let server = Server::testbed();
    let mut publisher = Session::join(&server);
    let (head, stream) = stream_from(1, &server);
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    stream.narrow();
    let before = server.resident();
    let text = "x".repeat(65_536);
    for _ in 0..600 {
        publisher.call("testbed.publish", &json!(["testbed.chat", [text]]));
    }
    eventually("the subscription has ended", || {
        publisher.call("wamp.subscription.lookup", &json!(["testbed.chat"])) == json!([null])
    });
    let grown = server.resident().saturating_sub(before);
    assert!(grown < 40 << 20, "{grown} bytes, and a queue has 24 MiB at most");
}
