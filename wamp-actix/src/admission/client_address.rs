//! The address of a client: that of its socket, or the one that a trusted proxy names in a header.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName};

use crate::router::Router;

/// Returns the client's address; `None` for a client on a Unix socket.
///
/// Every proxy appends the address that it was connected from. So the elements are read from the
/// right, as long as they are addresses of trusted proxies. The client itself may have forged
/// everything left of the first untrusted address. (actix's `realip_remote_addr` takes the
/// leftmost, which anyone can forge.) An element that is not an address, such as `unknown`, ends
/// the search: the client counts as the proxy that wrote it.
pub(crate) fn client_address(request: &HttpRequest, router: &Router) -> Option<IpAddr> {
    let mut client = request.peer_addr()?.ip().to_canonical();
    if !router.trusts(client) {
        return Some(client);
    }
    for element in forwarded(request.headers()).into_iter().rev() {
        match element {
            Some(address) => client = address,
            None => break,
        }
        if !router.trusts(client) {
            break;
        }
    }
    Some(client)
}

/// Returns whether the request claims to be forwarded, by a proxy or by a client that poses as one.
pub(crate) fn is_forwarded(request: &HttpRequest) -> bool {
    request.headers().contains_key(header::X_FORWARDED_FOR)
}

/// Returns the addresses in `X-Forwarded-For`, or else in `Forwarded` (RFC 7239), in their order;
/// `None` for an element that is not an address.
fn forwarded(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    if headers.contains_key(header::X_FORWARDED_FOR) {
        elements(headers, header::X_FORWARDED_FOR).map(|element| address(&element)).collect()
    } else {
        elements(headers, header::FORWARDED).map(|element| address(of_for(&element)?)).collect()
    }
}

/// Returns the elements of a list, over all lines of the header. A comma ends an element even
/// inside a quoted string; otherwise a client could hide what the proxy appends behind an open
/// quote.
fn elements(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = String> {
    headers
        .get_all(name)
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(|element| String::from_utf8_lossy(element.trim_ascii()).into_owned())
}

/// Returns the parameter `for` of an element of `Forwarded`, unquoted.
fn of_for(element: &str) -> Option<&str> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    let value = value.trim();
    Some(value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value))
}

/// Parses an address with or without a port, for IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = || text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed =
        || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::from);
    bare().or_else(with_port).or_else(bracketed).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// Returns the client of a request from `peer` with these header lines, where 10.0.0.0/8 and
    /// 2001:db8:aaaa::/48 are trusted.
    fn client(peer: &str, lines: &[(&str, &str)]) -> String {
        let proxies = ["10.0.0.0/8", "2001:db8:aaaa::/48"];
        let router =
            Router::builder().trust_proxies(proxies).handlers([]).build().expect("two networks");
        let peer = SocketAddr::new(peer.parse().expect("an address"), 4711);
        let request = TestRequest::get().peer_addr(peer);
        let request = lines.iter().fold(request, |request, line| request.append_header(*line));
        client_address(&request.to_http_request(), &router).expect("the peer has one").to_string()
    }

    #[test]
    fn the_headers_of_a_peer_that_is_not_trusted_count_for_nothing() {
        for name in ["X-Forwarded-For", "Forwarded"] {
            assert_eq!(client("192.0.2.1", &[(name, "198.51.100.1")]), "192.0.2.1");
            assert_eq!(client("192.0.2.1", &[(name, "for=198.51.100.1")]), "192.0.2.1");
            assert_eq!(client("127.0.0.1", &[(name, "for=198.51.100.1")]), "127.0.0.1");
        }
    }

    #[test]
    fn the_client_is_the_last_element_that_is_no_trusted_proxy() {
        for (line, expected) in [
            ("198.51.100.1", "198.51.100.1"),
            ("203.0.113.9, 198.51.100.1", "198.51.100.1"),
            ("203.0.113.9,198.51.100.1,10.9.9.9", "198.51.100.1"),
            (
                "203.0.113.9, 198.51.100.1:5678 , 2001:db8:aaaa::1, [2001:db8:aaaa::2]:80",
                "198.51.100.1",
            ),
            ("10.9.9.9", "10.9.9.9"),
            ("10.8.8.8, 10.9.9.9", "10.8.8.8"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
            ("2001:db8:bbbb::7", "2001:db8:bbbb::7"),
            ("[2001:db8:bbbb::7]", "2001:db8:bbbb::7"),
            ("[2001:db8:bbbb::7]:443", "2001:db8:bbbb::7"),
        ] {
            assert_eq!(client("10.0.0.1", &[("X-Forwarded-For", line)]), expected, "{line}");
            assert_eq!(client("::ffff:10.0.0.1", &[("X-Forwarded-For", line)]), expected, "{line}");
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines =
            [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "198.51.100.1, 10.9.9.9")];
        assert_eq!(client("10.0.0.1", &lines), "198.51.100.1");
        let lines = [("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", "10.9.9.9")];
        assert_eq!(client("10.0.0.1", &lines), "198.51.100.1");
    }

    #[test]
    fn forwarded_is_read_where_there_is_no_x_forwarded_for() {
        for (line, expected) in [
            ("for=198.51.100.1;proto=http;by=10.0.0.1", "198.51.100.1"),
            ("for=203.0.113.9, For = \"198.51.100.1:80\" ; host=shop", "198.51.100.1"),
            ("for=198.51.100.1, for=\"[2001:db8:aaaa::1]:4711\"", "198.51.100.1"),
            ("for=\"[2001:db8:bbbb::7]\"", "2001:db8:bbbb::7"),
            // The client wrote the first part, its proxy the second.
            ("for=\"198.51.100.1, for=203.0.113.9", "203.0.113.9"),
            ("by=\"a,for=198.51.100.1\", for=203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(client("10.0.0.1", &[("Forwarded", line)]), expected, "{line}");
        }
        let both = [("Forwarded", "for=198.51.100.1"), ("X-Forwarded-For", "203.0.113.9")];
        assert_eq!(client("10.0.0.1", &both), "203.0.113.9");
    }

    #[test]
    fn behind_what_is_no_address_the_client_is_the_proxy_that_wrote_it() {
        for line in [
            "unknown",
            "_hidden",
            "",
            "198.51.100.1, unknown",
            "198.51.100.1, 300.1.1.1",
            "1.2.3.4:x",
        ] {
            assert_eq!(client("10.0.0.1", &[("X-Forwarded-For", line)]), "10.0.0.1", "{line}");
        }
        assert_eq!(client("10.0.0.1", &[("X-Forwarded-For", "unknown, 10.9.9.9")]), "10.9.9.9");
        assert_eq!(
            client("10.0.0.1", &[("Forwarded", "for=198.51.100.1, proto=https")]),
            "10.0.0.1"
        );
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }
}
