//! Upgrade requests that are accepted, and those that are refused.

mod log;
mod origins;

use std::fmt::Debug;

use actix_http::header::{HeaderName, HeaderValue};
use actix_web::{body::to_bytes, http::Version, test::TestRequest};
use futures_util::FutureExt as _;

use super::*;

const SUPPORTED: &[&str] = &["wamp.2.json", "wamp.2.msgpack", "wamp.2.cbor"];

/// Returns a complete upgrade request with these headers; an empty value removes the header.
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

fn status<T>(checked: &Result<T, HttpResponse>) -> u16 {
    checked.as_ref().map_or_else(|refused| refused.status().as_u16(), |_| 101)
}

fn body<T: Debug>(checked: Result<T, HttpResponse>) -> String {
    let refused = checked.expect_err("a refusal");
    assert_eq!(refused.headers().get("content-type").unwrap(), "text/plain; charset=utf-8");
    let bytes = to_bytes(refused.into_body()).now_or_never().unwrap().unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
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

/// A request that actix does not read as an upgrade must get no 101, after which a proxy takes all
/// bytes for frames (RFC 9110, 7.8 and 9112, 6.1).
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

/// A session keeps the headers for its lifetime.
#[test]
fn headers_are_taken_up_to_the_limit_and_not_beyond() {
    let length = |request: &HttpRequest| {
        let headers =
            request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
        headers.sum::<usize>() + "/ws?a=b".len()
    };
    let rest = length(&building(&[("x", "0")]).to_http_request()) - 1;
    for (limits, limit) in
        [(Limits::default(), 16 << 10), (Limits::default().max_header_bytes(1000), 1000)]
    {
        for (more, expected) in [(0, 101), (1, 431)] {
            let value = "0".repeat(limit - rest + more);
            let long = building(&[("x", &value)]).uri("http://localhost/ws?a=b").to_http_request();
            let checked = super::check(&long, SUPPORTED, &Origins::SameHost, &limits, || true);
            assert_eq!(status(&checked), expected, "{limit} and {more}");
            if expected == 431 {
                let text = body(checked);
                let bytes = limit + 1;
                assert!(text.starts_with(&format!(
                    "URI and headers have {bytes} bytes, of {limit} at most"
                )));
            }
        }
        // Many short headers and a long URI count in the same way.
        let many: Vec<_> = (0..limit).map(|_| ("x", "0")).collect();
        let checked =
            super::check(&request(&many), SUPPORTED, &Origins::SameHost, &limits, || true);
        assert_eq!(status(&checked), 431);
        let uri = format!("http://localhost/ws?{}", "a".repeat(limit));
        let long = building(&[]).uri(&uri).to_http_request();
        assert_eq!(
            status(&super::check(&long, SUPPORTED, &Origins::SameHost, &limits, || true)),
            431
        );
    }
}

#[test]
fn an_upgrade_that_was_lost_behind_a_proxy_is_told_how_to_get_through() {
    for version in [Version::HTTP_09, Version::HTTP_10, Version::HTTP_2, Version::HTTP_3] {
        let checked = check(
            &building(&[]).version(version).to_http_request(),
            SUPPORTED,
            &Origins::default(),
        );
        assert_eq!(status(&checked), 505, "{version:?}");
        assert!(
            body(checked)
                .contains("proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade")
        );
    }
    for missing in ["Upgrade", "Connection"] {
        let checked = check(&request(&[(missing, "")]), SUPPORTED, &Origins::default());
        assert_eq!(status(&checked), 426, "{missing}");
        assert!(body(checked).contains("proxy_set_header Upgrade $http_upgrade"));
    }
}

#[test]
fn another_method_than_get_is_not_allowed() {
    let refused = check(&TestRequest::post().to_http_request(), SUPPORTED, &Origins::default())
        .expect_err("a refusal");
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
        let headers: Vec<_> =
            offered.iter().map(|line| ("Sec-WebSocket-Protocol", *line)).collect();
        assert_eq!(
            check(&request(&headers), SUPPORTED, &Origins::SameHost).ok(),
            Some(chosen),
            "{offered:?}"
        );
    }
}

#[test]
fn no_supported_subprotocol_is_a_bad_request_that_lists_them() {
    for offered in [
        "",
        "foo",
        "WAMP.2.JSON",
        "wamp.2.jsonx",
        "wamp.2.json wamp.2.cbor",
        "wamp.2.json;q=1",
        ",",
    ] {
        let checked =
            check(&request(&[("Sec-WebSocket-Protocol", offered)]), SUPPORTED, &Origins::SameHost);
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
    let pair = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    complete.headers().iter().map(pair).collect()
}

#[test]
fn the_101_accepts_the_key_and_names_the_subprotocol_and_no_extension() {
    let request = request(&[("Sec-WebSocket-Extensions", "permessage-deflate")]);
    let response = switching_protocols(&request, "wamp.2.cbor").ok().unwrap().finish();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    // The example of RFC 6455, 1.3.
    assert_eq!(
        response.headers().get("sec-websocket-accept").unwrap(),
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    );
    assert_eq!(response.headers().get("sec-websocket-protocol").unwrap(), "wamp.2.cbor");
    assert_eq!(response.headers().get("upgrade").unwrap(), "websocket");
    assert!(response.headers().get("sec-websocket-extensions").is_none());
}

#[test]
fn the_origin_is_judged_before_the_subprotocol() {
    let headers = [("Origin", "http://evil.example"), ("Sec-WebSocket-Protocol", "foo")];
    assert_eq!(status(&check_origin(&headers, &Origins::SameHost)), 403);
}
