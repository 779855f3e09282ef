//! Upgrade requests, and the pages that may and may not make them.

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::Once;

use actix_http::header::{HeaderName, HeaderValue};
use actix_web::{body::to_bytes, http::Version, test::TestRequest};
use futures_util::FutureExt as _;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

use super::*;

const SUPPORTED: &[&str] = &["wamp.2.json", "wamp.2.msgpack", "wamp.2.cbor"];

/// A complete upgrade request with more headers; `""` as a value leaves that header of the complete one out.
fn request(headers: &[(&str, &str)]) -> HttpRequest {
    building(headers).to_http_request()
}

fn building(headers: &[(&str, &str)]) -> TestRequest {
    let complete = [
        ("Upgrade", "websocket"),
        ("Connection", "keep-alive, Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Protocol", "wamp.2.json"),
        ("Host", "good.example"),
    ];
    let replaced = |name: &str| headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
    let kept = complete.iter().filter(|(name, _)| !replaced(name));
    let mut request = TestRequest::get();
    for header in kept.chain(headers).filter(|(_, value)| !value.is_empty()) {
        request = request.append_header(*header);
    }
    request
}

fn check<'s>(
    request: &HttpRequest,
    supported: &[&'s str],
    origins: &Origins,
) -> Result<&'s str, HttpResponse> {
    super::check(request, supported, origins, &Limits::default(), || true)
}

fn check_origin(headers: &[(&str, &str)], origins: &Origins) -> Result<(), HttpResponse> {
    check(&request(headers), SUPPORTED, origins).map(|_| ())
}

fn listed_origins(entries: &[&str]) -> Origins {
    Origins::Listed(entries.iter().map(ToString::to_string).collect())
}

fn status<T>(checked: &Result<T, HttpResponse>) -> u16 {
    checked.as_ref().map_or_else(|refused| refused.status().as_u16(), |_| 101)
}

fn body<T: Debug>(checked: Result<T, HttpResponse>) -> String {
    let refused = checked.expect_err("a refusal");
    assert_eq!(refused.headers().get("content-type").unwrap(), "text/plain; charset=utf-8");
    let bytes = to_bytes(refused.into_body()).now_or_never().unwrap().unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

thread_local! {
    /// The texts of the log lines, with their level.
    static LINES: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

struct Log;

impl Log {
    fn of(run: impl FnOnce()) -> Vec<(Level, String)> {
        // The same for all threads: as long as there is only one, `tracing` asks that of whichever thread is first at a
        // line whether anybody wants it, and another test might have none.
        static ONCE: Once = Once::new();
        ONCE.call_once(|| tracing::subscriber::set_global_default(Self).unwrap());
        LINES.take();
        run();
        LINES.take()
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // What actix itself logs is not ours to count.
        metadata.target().contains("handshake")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
                self.0 += &format!("{value:?}");
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        LINES.with_borrow_mut(|lines| lines.push((*event.metadata().level(), message.0)));
    }
}

#[test]
fn a_complete_upgrade_request_passes() {
    assert_eq!(check(&request(&[]), SUPPORTED, &Origins::default()).ok(), Some("wamp.2.json"));
}

#[test]
fn what_is_no_websocket_upgrade_is_refused() {
    for (missing_or_wrong, expected) in [
        (("Upgrade", ""), 426),
        (("Upgrade", "h2c"), 426),
        (("Connection", ""), 426),
        (("Connection", "close"), 426),
        (("Sec-WebSocket-Version", ""), 426),
        (("Sec-WebSocket-Version", "8"), 426),
        (("Sec-WebSocket-Key", ""), 400),
        (("Sec-WebSocket-Key", "short"), 400),
    ] {
        let checked = check(&request(&[missing_or_wrong]), SUPPORTED, &Origins::default());
        assert_eq!(status(&checked), expected, "{missing_or_wrong:?}");
        let refused = checked.expect_err("a refusal");
        if expected == 426 {
            assert_eq!(refused.headers().get("upgrade").unwrap(), "websocket");
            assert_eq!(refused.headers().get("sec-websocket-version").unwrap(), "13");
        }
        assert!(switching_protocols(&request(&[missing_or_wrong]), "wamp.2.json").is_err());
    }
}

/// RFC 9110, 7.8 and 9112, 6.1. What actix takes for a request with a body, or for one without, must get no 101: a proxy
/// believes that what follows is no request any more.
#[test]
fn what_actix_does_not_take_for_an_upgrade_is_none() {
    for (headers, expected) in [
        (&[("Upgrade", "WebSocket")][..], 101),
        (&[("Upgrade", "WEBSOCKET")], 101),
        (&[("Upgrade", "xwebsockety")], 426),
        (&[("Upgrade", "websocket/13")], 426),
        (&[("Upgrade", "web socket")], 426),
        (&[("Upgrade", "\"websocket\"")], 426),
        (&[("Upgrade", "h2c, websocket")], 426),
        (&[("Upgrade", "websocket, h2c")], 426),
        (&[("Upgrade", "websocket, websocket")], 426),
        (&[("Upgrade", "websocket,")], 426),
        (&[("Upgrade", ",websocket")], 426),
        (&[("Upgrade", "h2c"), ("Upgrade", "websocket")], 426),
        (&[("Upgrade", "websocket"), ("Upgrade", "h2c")], 426),
        (&[("Upgrade", "websocket"), ("Upgrade", "websocket")], 426),
        (&[("Connection", "Upgrade, close")], 426),
        (&[("Connection", "upgrade"), ("Connection", "close")], 426),
        (&[("Connection", "keep-alive"), ("Connection", "upgrade")], 101),
        (&[("Transfer-Encoding", "chunked")], 400),
        (&[("Transfer-Encoding", "identity")], 400),
        (&[("Content-Length", "0")], 101),
        (&[("Content-Length", "1")], 400),
        (&[("Content-Length", "0"), ("Content-Length", "5")], 400),
        (&[("Content-Length", "-0")], 400),
        (
            &[
                ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
                ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
            ],
            400,
        ),
        (&[("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Version", "8")], 400),
    ] {
        let checked = check(&request(headers), SUPPORTED, &Origins::default());
        assert_eq!(status(&checked), expected, "{headers:?}");
    }
}

/// Findings, B6. A session keeps them as long as it lives.
#[test]
fn headers_are_taken_up_to_the_limit_and_not_beyond() {
    let length = |request: &HttpRequest| {
        let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
        headers.sum::<usize>() + "/ws?a=b".len()
    };
    let rest = length(&building(&[("x", "0")]).to_http_request()) - 1;
    for (limits, limit) in [(Limits::default(), 16 << 10), (Limits::default().max_header_bytes(1000), 1000)] {
        for (more, expected) in [(0, 101), (1, 431)] {
            let value = "0".repeat(limit - rest + more);
            let long = building(&[("x", &value)]).uri("http://localhost/ws?a=b").to_http_request();
            let checked = super::check(&long, SUPPORTED, &Origins::SameHost, &limits, || true);
            assert_eq!(status(&checked), expected, "{limit} and {more}");
            if expected == 431 {
                let text = body(checked);
                let bytes = limit + 1;
                assert!(text.starts_with(&format!("URI and headers have {bytes} bytes, of {limit} at most")));
            }
        }
        // Many short ones, each an entry of its own, and a long URI count in the same way.
        let many: Vec<_> = (0..limit).map(|_| ("x", "0")).collect();
        let checked = super::check(&request(&many), SUPPORTED, &Origins::SameHost, &limits, || true);
        assert_eq!(status(&checked), 431);
        let uri = format!("http://localhost/ws?{}", "a".repeat(limit));
        let long = building(&[]).uri(&uri).to_http_request();
        assert_eq!(status(&super::check(&long, SUPPORTED, &Origins::SameHost, &limits, || true)), 431);
    }
}

#[test]
fn an_upgrade_that_was_lost_behind_a_proxy_is_told_how_to_get_through() {
    for version in [Version::HTTP_09, Version::HTTP_10, Version::HTTP_2, Version::HTTP_3] {
        let checked =
            check(&building(&[]).version(version).to_http_request(), SUPPORTED, &Origins::default());
        assert_eq!(status(&checked), 505, "{version:?}");
        assert!(body(checked).contains("proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade"));
    }
    for missing in ["Upgrade", "Connection"] {
        let checked = check(&request(&[(missing, "")]), SUPPORTED, &Origins::default());
        assert_eq!(status(&checked), 426, "{missing}");
        assert!(body(checked).contains("proxy_set_header Upgrade $http_upgrade"));
    }
}

#[test]
fn another_method_than_get_is_not_allowed() {
    let refused =
        check(&TestRequest::post().to_http_request(), SUPPORTED, &Origins::default()).expect_err("a refusal");
    assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(refused.headers().get("allow").unwrap(), "GET");
}

#[test]
fn the_first_supported_subprotocol_of_the_client_is_chosen() {
    for (offered, chosen) in [
        (&["wamp.2.cbor"][..], "wamp.2.cbor"),
        (&["foo, wamp.2.cbor, wamp.2.json"], "wamp.2.cbor"),
        (&["wamp.2.json,wamp.2.cbor"], "wamp.2.json"),
        (&["foo", "wamp.2.msgpack", "wamp.2.json"], "wamp.2.msgpack"),
        (&["foo, bar", "baz,\twamp.2.cbor ,wamp.2.json"], "wamp.2.cbor"),
        (&[", ,wamp.2.json,"], "wamp.2.json"),
        (&["wamp.2.cbor.batched, wamp.2.cbor"], "wamp.2.cbor"),
    ] {
        let headers: Vec<_> = offered.iter().map(|line| ("Sec-WebSocket-Protocol", *line)).collect();
        assert_eq!(
            check(&request(&headers), SUPPORTED, &Origins::SameHost).ok(),
            Some(chosen),
            "{offered:?}"
        );
    }
}

#[test]
fn no_supported_subprotocol_is_a_bad_request_that_lists_them() {
    for offered in
        ["", "foo", "WAMP.2.JSON", "wamp.2.jsonx", "wamp.2.json wamp.2.cbor", "wamp.2.json;q=1", ","]
    {
        let checked = check(&request(&[("Sec-WebSocket-Protocol", offered)]), SUPPORTED, &Origins::SameHost);
        assert_eq!(status(&checked), 400, "{offered:?}");
        assert!(body(checked).contains("wamp.2.json, wamp.2.msgpack, wamp.2.cbor"));
    }
}

#[test]
fn a_header_that_is_no_text_offers_nothing() {
    let mut request = TestRequest::get();
    for (name, value) in request_headers() {
        request = request.append_header((name, value));
    }
    let value = HeaderValue::from_bytes(b"\xff, wamp.2.json").unwrap();
    let request = request.append_header((header::SEC_WEBSOCKET_PROTOCOL, value)).to_http_request();
    assert_eq!(status(&check(&request, SUPPORTED, &Origins::SameHost)), 400);
}

fn request_headers() -> Vec<(String, String)> {
    let complete = request(&[("Sec-WebSocket-Protocol", "")]);
    let pair =
        |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), value.to_str().unwrap().to_owned());
    complete.headers().iter().map(pair).collect()
}

#[test]
fn the_101_accepts_the_key_and_names_the_subprotocol_and_no_extension() {
    let request = request(&[("Sec-WebSocket-Extensions", "permessage-deflate")]);
    let response = switching_protocols(&request, "wamp.2.cbor").ok().unwrap().finish();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    // The example of RFC 6455, 1.3.
    assert_eq!(response.headers().get("sec-websocket-accept").unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(response.headers().get("sec-websocket-protocol").unwrap(), "wamp.2.cbor");
    assert_eq!(response.headers().get("upgrade").unwrap(), "websocket");
    assert!(response.headers().get("sec-websocket-extensions").is_none());
}

#[test]
fn no_origin_passes_every_rule() {
    for origins in [Origins::SameHost, listed_origins(&[]), listed_origins(&["https://app.example"])] {
        assert_eq!(status(&check_origin(&[], &origins)), 101);
    }
}

#[test]
fn a_page_passes_where_it_came_from_the_host_it_connects_to() {
    for (host, origin, expected) in [
        ("good.example", "http://good.example", 101),
        ("good.example", "https://good.example", 101),
        ("good.example", "https://good.example:443", 101),
        ("good.example", "HTTPS://GOOD.Example", 101),
        ("GOOD.example", "https://good.example", 101),
        ("good.example:443", "https://good.example", 101),
        ("good.example:80", "http://good.example", 101),
        ("good.example:8080", "http://good.example:8080", 101),
        ("good.example:8080", "https://good.example:8080", 101),
        ("localhost:8080", "http://localhost:8080", 101),
        ("127.0.0.1:8080", "http://127.0.0.1:8080", 101),
        ("[::1]:8080", "http://[::1]:8080", 101),
        ("[0:0:0:0:0:0:0:1]:8080", "http://[::1]:8080", 101),
        ("[2001:DB8::1]", "https://[2001:db8::1]", 101),
        // Cross-site: another host, whatever it looks like.
        ("good.example", "http://evil.example", 403),
        ("good.example", "null", 403),
        ("good.example", "NULL", 403),
        ("good.example", "https://good.example.evil.com", 403),
        ("good.example", "https://evil.com.good.example", 403),
        ("good.example", "https://evilgood.example", 403),
        ("good.example", "https://good.example.", 403),
        ("good.example", "http://good.example@evil.com", 403),
        ("good.example", "http://evil.com@good.example", 403),
        ("good.example", "http://good.example:80@evil.com", 403),
        ("good.example", "http://evil.com#@good.example", 403),
        ("good.example", "http://evil.com/good.example", 403),
        ("good.example", "http://good.example/", 403),
        ("good.example", "http://good.example\\.evil.com", 403),
        ("good.example", "http://good.example, http://evil.com", 403),
        ("good.example", "http://good.example http://evil.com", 403),
        ("good.example", "http://good.example%2eevil.com", 403),
        ("good.example", "good.example", 403),
        ("good.example", "//good.example", 403),
        ("good.example", "http:good.example", 403),
        ("good.example", "file://", 403),
        ("good.example", "http://", 403),
        ("good.example", "http://:80", 403),
        ("good.example", "app://good.example", 403),
        ("[::1]:8080", "http://[::2]:8080", 403),
        ("[::1]:8080", "http://[::1", 403),
        ("[::1]:8080", "http://[::1]8080", 403),
        ("[::1]:8080", "http://::1:8080", 403),
        // The same host, and another port: another site's.
        ("good.example", "http://good.example:8080", 403),
        ("good.example", "https://good.example:80", 403),
        ("good.example:8080", "http://good.example", 403),
        ("good.example:8080", "http://good.example:8081", 403),
        ("good.example:443", "http://good.example", 403),
        ("good.example:8080", "http://good.example:+8080", 403),
        ("good.example:8080", "http://good.example:73616", 403),
        ("good.example:8080", "http://good.example:8080:8080", 403),
        // A host that is none matches nothing, itself included.
        ("bad host", "http://bad host", 403),
        ("", "http://good.example", 403),
    ] {
        let checked = check_origin(&[("Host", host), ("Origin", origin)], &Origins::SameHost);
        assert_eq!(status(&checked), expected, "Host {host:?}, Origin {origin:?}");
    }
}

#[test]
fn an_origin_that_is_empty_doubled_or_no_text_is_refused() {
    let twice = [("Origin", "http://good.example"), ("Origin", "http://good.example")];
    assert_eq!(status(&check_origin(&twice, &Origins::SameHost)), 403);
    for value in [&b""[..], b"http://good.example\xff", b"http://g\xc3\xb6\xc3\xb6d.example"] {
        let mut headers = HeaderMap::new();
        headers.append(header::HOST, HeaderValue::from_static("good.example"));
        headers.append(header::ORIGIN, HeaderValue::from_bytes(value).unwrap());
        assert_eq!(status(&Origins::SameHost.check(&headers, || true)), 403, "{value:?}");
    }
}

#[test]
fn behind_a_proxy_the_host_that_the_client_named_counts() {
    const INNER: (&str, &str) = ("Host", "10.0.0.7:9000");
    const ORIGIN: &str = "https://good.example";
    for (headers, origin, expected) in [
        (&[INNER, ("X-Forwarded-Host", "good.example")][..], ORIGIN, 101),
        (&[INNER, ("X-Forwarded-Host", "good.example:443")], ORIGIN, 101),
        (&[INNER, ("X-Forwarded-Host", "good.example, proxy.internal")], ORIGIN, 101),
        (&[INNER, ("X-Forwarded-Host", "good.example"), ("X-Forwarded-Host", "proxy.internal")], ORIGIN, 101),
        (&[INNER, ("X-Forwarded-Host", "[2001:db8::1]:8443")], "https://[2001:db8::1]:8443", 101),
        (&[INNER, ("X-Forwarded-Host", "proxy.internal, good.example")], ORIGIN, 403),
        (&[INNER, ("X-Forwarded-Host", "good.example")], "http://10.0.0.7:9000", 403),
        (&[INNER, ("X-Forwarded-Host", "good.example:8443")], ORIGIN, 403),
        (&[INNER, ("X-Forwarded-Host", ", "), ("Forwarded", "host=good.example")], ORIGIN, 101),
        (&[INNER, ("Forwarded", "for=192.0.2.1;host=good.example;proto=https")], ORIGIN, 101),
        (
            &[INNER, ("Forwarded", "for=\"[::1]:7\"; Host=\"good.example:8443\"")],
            "https://good.example:8443",
            101,
        ),
        (&[INNER, ("Forwarded", "for=192.0.2.1, for=192.0.2.2;host=good.example")], ORIGIN, 101),
        (&[INNER, ("Forwarded", "host=good.example, host=proxy.internal")], ORIGIN, 101),
        (&[INNER, ("Forwarded", "host=proxy.internal, host=good.example")], ORIGIN, 403),
        (&[INNER, ("Forwarded", "host=")], ORIGIN, 403),
        // A quoted string may hold the separators, and quotes that are escaped.
        (&[INNER, ("Forwarded", r#"for="x;host=evil.example";host=good.example"#)], ORIGIN, 101),
        (&[INNER, ("Forwarded", r#"for="x;host=good.example", host=evil.example"#)], ORIGIN, 403),
        (&[INNER, ("Forwarded", r#"for="x,\";host=evil.example";host=good.example"#)], ORIGIN, 101),
        (&[INNER, ("Forwarded", r#"by="\\";host="good\.example:\443""#)], ORIGIN, 101),
        (&[INNER, ("Forwarded", r#"host="good.example"#)], ORIGIN, 403),
        (&[INNER, ("Forwarded", r#"for="x;host=good.example"#)], ORIGIN, 403),
        (&[INNER, ("X-Forwarded-Host", "good.example"), ("Forwarded", "host=evil.example")], ORIGIN, 101),
        (&[("Host", "good.example"), ("Forwarded", "for=192.0.2.1")], ORIGIN, 101),
    ] {
        let headers = [headers, &[("Origin", origin)]].concat();
        assert_eq!(status(&check_origin(&headers, &Origins::SameHost)), expected, "{headers:?}");
    }
}

/// Findings, C13: `Host $host` of nginx leaves the port out.
#[test]
fn a_port_that_the_host_does_not_name_is_that_of_x_forwarded_port() {
    const HOST: (&str, &str) = ("Host", "good.example");
    const PORT: (&str, &str) = ("X-Forwarded-Port", "8443");
    for (headers, origin, expected) in [
        (&[HOST, PORT][..], "https://good.example:8443", 101),
        (&[HOST, PORT], "http://good.example:8443", 101),
        (&[HOST, ("X-Forwarded-Port", "8443, 80")], "https://good.example:8443", 101),
        (&[HOST, PORT, ("X-Forwarded-Port", "80")], "https://good.example:8443", 101),
        (&[("Host", "[2001:db8::1]"), PORT], "https://[2001:db8::1]:8443", 101),
        (
            &[("Host", "10.0.0.7"), ("X-Forwarded-Host", "good.example"), PORT],
            "https://good.example:8443",
            101,
        ),
        (&[("Host", "10.0.0.7"), ("Forwarded", "host=good.example"), PORT], "https://good.example:8443", 101),
        // TLS ends at a proxy in front of the one that writes this.
        (&[HOST, ("X-Forwarded-Port", "80")], "https://good.example", 101),
        (&[HOST, ("X-Forwarded-Port", "443")], "https://good.example", 101),
        (&[HOST, PORT], "https://evil.example:8443", 403),
        (&[HOST, PORT], "https://good.example:8444", 403),
        (&[HOST, ("X-Forwarded-Port", "80, 8443")], "https://good.example:8443", 403),
        (&[HOST, ("X-Forwarded-Port", "+8443")], "https://good.example:8443", 403),
        (&[HOST, ("X-Forwarded-Port", "")], "https://good.example:8443", 403),
        // A port that the host names is the only one.
        (&[("Host", "good.example:9000"), PORT], "https://good.example:8443", 403),
        (&[("Host", "good.example:9000"), PORT], "https://good.example:9000", 101),
        (&[("Host", "10.0.0.7:9000"), PORT], "https://good.example:8443", 403),
    ] {
        let headers = [headers, &[("Origin", origin)]].concat();
        assert_eq!(status(&check_origin(&headers, &Origins::SameHost)), expected, "{headers:?}");
    }
}

#[test]
fn an_own_page_that_is_refused_behind_nginx_is_told_how_to_get_in() {
    for headers in [&[][..], &[("X-Forwarded-Port", "8443")]] {
        let headers = [headers, &[("Origin", "https://good.example:8080")]].concat();
        let text = body(check_origin(&headers, &Origins::SameHost));
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
        assert!(at("proxy_set_header Host $http_host") < at(".origins([…])"));
        assert_eq!(text.contains("with X-Forwarded-Port \"8443\""), headers.len() > 1);
    }
    let text = body(check_origin(&[("Origin", "https://other.example")], &listed_origins(&[])));
    assert!(!text.contains("nginx"), "{text}");
}

#[test]
fn a_list_replaces_the_rule() {
    for (entries, origin, expected) in [
        (&["https://app.example"][..], "https://app.example", 101),
        (&["https://app.example"], "https://APP.example:443", 101),
        (&["https://app.example:443", "http://other.example"], "https://app.example", 101),
        (&["http://localhost:3000"], "http://localhost:3000", 101),
        (&["chrome-extension://abcdefgh"], "chrome-extension://abcdefgh", 101),
        (&["*"], "https://anything.example", 101),
        (&["*"], "null", 101),
        (&["https://app.example"], "http://app.example", 403),
        (&["https://app.example"], "https://app.example:8443", 403),
        (&["https://app.example"], "https://app.example.evil.com", 403),
        (&["https://app.example"], "https://app.example@evil.com", 403),
        (&["https://app.example"], "null", 403),
        (&["null"], "null", 403),
        (&["app.example"], "https://app.example", 403),
        (&["https://app.example"], "https://good.example", 403),
        (&[], "https://good.example", 403),
    ] {
        let checked = check_origin(&[("Origin", origin)], &listed_origins(entries));
        assert_eq!(status(&checked), expected, "{entries:?}, Origin {origin:?}");
    }
}

#[test]
fn an_entry_that_is_no_origin_is_found() {
    assert_eq!(Origins::SameHost.malformed(), None);
    assert_eq!(listed_origins(&["*", "https://app.example", "http://[::1]:3000"]).malformed(), None);
    for entry in ["app.example", "https://app.example/", "https://*.example", "null", ""] {
        assert_eq!(listed_origins(&["*", entry]).malformed(), Some(entry));
    }
}

#[test]
fn a_refused_origin_is_told_and_logged_once_with_what_it_was_compared_with() {
    let list = listed_origins(&["https://app.example"]);
    for (origins, headers, compared) in [
        (&Origins::SameHost, &[][..], "Host \"good.example\""),
        (&Origins::SameHost, &[("X-Forwarded-Host", "a.example, b")], "X-Forwarded-Host \"a.example\""),
        (&Origins::SameHost, &[("Forwarded", "host=f.example")], "Forwarded \"f.example\""),
        (&list, &[], "the list \"https://app.example\""),
    ] {
        let headers = [headers, &[("Origin", "http://evil.example")]].concat();
        let mut text = String::new();
        let log = Log::of(|| text = body(check_origin(&headers, origins)));
        let [(level, line)] = &log[..] else { panic!("one line: {log:?}") };
        assert_eq!(*level, Level::WARN);
        for text in [&text, line] {
            assert!(text.contains("\"http://evil.example\""), "{text}");
            assert!(text.contains(compared), "{text}");
            assert!(text.contains(".origins([…])"), "{text}");
        }
    }
}

#[test]
fn what_passes_is_not_logged() {
    let log = Log::of(|| {
        assert_eq!(status(&check_origin(&[("Origin", "http://good.example")], &Origins::SameHost)), 101);
    });
    assert_eq!(log, []);
}

#[test]
fn a_strangers_text_is_escaped_and_cut() {
    let long = "x".repeat(7_000);
    let headers = [("Origin", long.as_str()), ("Host", long.as_str())];
    let log = Log::of(|| assert!(body(check_origin(&headers, &Origins::SameHost)).len() < 1_000));
    assert!(log[0].1.len() < 1_000);
    assert_eq!(shown("a\r\nb\u{1b}[31m\"\u{202e}"), r#""a\r\nb\u{1b}[31m\"\u{202e}""#);
    assert_eq!(shown(&"\n".repeat(500)), format!("\"{}\"…", "\\n".repeat(100)));
    assert_eq!(shown(&"ä".repeat(200)), format!("\"{}\"", "ä".repeat(200)));
    assert_eq!(shown(&"ä".repeat(201)), format!("\"{}\"…", "ä".repeat(200)));
}

#[test]
fn the_origin_is_judged_before_the_subprotocol() {
    let headers = [("Origin", "http://evil.example"), ("Sec-WebSocket-Protocol", "foo")];
    assert_eq!(status(&check_origin(&headers, &Origins::SameHost)), 403);
}

#[test]
fn origins_that_are_said_again_are_allowed_as_well() {
    let mut origins = Origins::default();
    origins.add(listed_origins(&["https://app.example"]));
    origins.add(listed_origins(&["https://other.example"]));
    for (origin, code) in
        [("https://app.example", 101), ("https://other.example", 101), ("https://evil.example", 403)]
    {
        assert_eq!(
            status(&check_origin(&[("Origin", origin), ("Host", "evil.example")], &origins)),
            code,
            "{origin}"
        );
    }
}
