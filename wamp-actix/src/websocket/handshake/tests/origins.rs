//! Pages that may connect, and pages that may not.

use tracing::Level;

use super::super::origins::malformed;
use super::log::Log;
use super::*;

fn listed_origins(entries: &[&str]) -> Origins {
    Origins::Listed(entries.iter().map(ToString::to_string).collect())
}

#[test]
fn no_origin_passes_every_rule() {
    for origins in
        [Origins::SameHost, listed_origins(&[]), listed_origins(&["https://app.example"])]
    {
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
        // Cross-site: another host, however similar.
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
        // The same host with another port is another origin.
        ("good.example", "http://good.example:8080", 403),
        ("good.example", "https://good.example:80", 403),
        ("good.example:8080", "http://good.example", 403),
        ("good.example:8080", "http://good.example:8081", 403),
        ("good.example:443", "http://good.example", 403),
        ("good.example:8080", "http://good.example:+8080", 403),
        ("good.example:8080", "http://good.example:73616", 403),
        ("good.example:8080", "http://good.example:8080:8080", 403),
        // An invalid host matches nothing, not even itself.
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
        assert!(Origins::SameHost.fault(&headers).is_some(), "{value:?}");
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
        (
            &[INNER, ("X-Forwarded-Host", "good.example"), ("X-Forwarded-Host", "proxy.internal")],
            ORIGIN,
            101,
        ),
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
        // A quoted string may contain separators and escaped quotes.
        (&[INNER, ("Forwarded", r#"for="x;host=evil.example";host=good.example"#)], ORIGIN, 101),
        (&[INNER, ("Forwarded", r#"for="x;host=good.example", host=evil.example"#)], ORIGIN, 403),
        (&[INNER, ("Forwarded", r#"for="x,\";host=evil.example";host=good.example"#)], ORIGIN, 101),
        (&[INNER, ("Forwarded", r#"by="\\";host="good\.example:\443""#)], ORIGIN, 101),
        (&[INNER, ("Forwarded", r#"host="good.example"#)], ORIGIN, 403),
        (&[INNER, ("Forwarded", r#"for="x;host=good.example"#)], ORIGIN, 403),
        (
            &[INNER, ("X-Forwarded-Host", "good.example"), ("Forwarded", "host=evil.example")],
            ORIGIN,
            101,
        ),
        (&[("Host", "good.example"), ("Forwarded", "for=192.0.2.1")], ORIGIN, 101),
    ] {
        let headers = [headers, &[("Origin", origin)]].concat();
        assert_eq!(status(&check_origin(&headers, &Origins::SameHost)), expected, "{headers:?}");
    }
}

/// nginx with `Host $host` drops the port.
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
        (
            &[("Host", "10.0.0.7"), ("Forwarded", "host=good.example"), PORT],
            "https://good.example:8443",
            101,
        ),
        // A proxy in front of the one that writes this terminates TLS.
        (&[HOST, ("X-Forwarded-Port", "80")], "https://good.example", 101),
        (&[HOST, ("X-Forwarded-Port", "443")], "https://good.example", 101),
        (&[HOST, PORT], "https://evil.example:8443", 403),
        (&[HOST, PORT], "https://good.example:8444", 403),
        (&[HOST, ("X-Forwarded-Port", "80, 8443")], "https://good.example:8443", 403),
        (&[HOST, ("X-Forwarded-Port", "+8443")], "https://good.example:8443", 403),
        (&[HOST, ("X-Forwarded-Port", "")], "https://good.example:8443", 403),
        // If the host has a port, no other one is accepted.
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
    let proper = ["*", "https://app.example", "http://[::1]:3000"].map(str::to_owned);
    assert_eq!(malformed(&proper), None);
    for entry in ["app.example", "https://app.example/", "https://*.example", "null", ""] {
        assert_eq!(malformed(&["*".to_owned(), entry.to_owned()]), Some(entry));
    }
}

#[test]
fn a_refused_origin_is_told_and_logged_once_with_what_it_was_compared_with() {
    let list = listed_origins(&["https://app.example"]);
    for (origins, headers, compared) in [
        (&Origins::SameHost, &[][..], "Host \"good.example\""),
        (
            &Origins::SameHost,
            &[("X-Forwarded-Host", "a.example, b")],
            "X-Forwarded-Host \"a.example\"",
        ),
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
        assert_eq!(
            status(&check_origin(&[("Origin", "http://good.example")], &Origins::SameHost)),
            101
        );
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
fn origins_that_are_said_again_are_allowed_as_well() {
    let mut origins = Origins::default();
    origins.add(["https://app.example".to_owned()]);
    origins.add(["https://other.example".to_owned()]);
    for (origin, code) in [
        ("https://app.example", 101),
        ("https://other.example", 101),
        ("https://evil.example", 403),
    ] {
        assert_eq!(
            status(&check_origin(&[("Origin", origin), ("Host", "evil.example")], &origins)),
            code,
            "{origin}"
        );
    }
}
