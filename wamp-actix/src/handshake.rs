//! Everything decided before the upgrade: is it a WebSocket, from an allowed origin, in a subprotocol we speak?

#![expect(
    clippy::result_large_err,
    reason = "the refusal is the response as it goes out, once per connection"
)]

mod upgrade;

use std::{borrow::Cow, net::Ipv6Addr};

use actix_http::{
    header::{self, HeaderMap, HeaderName},
    ws,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, http::StatusCode};

/// What is shown at most of a value that a stranger chose, in characters.
const SHOWN_CHARACTERS: usize = 200;

/// Which web pages may open a connection.
///
/// A browser lets any page open a WebSocket to any host, with the cookies of that host, and says in `Origin` which
/// page it was. Not to look at it is cross-site WebSocket hijacking. Other clients send none, or what they like,
/// and carry nobody's cookies: no `Origin` passes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origins {
    /// Host and port of the page must be those under which it reached this server.
    #[default]
    SameHost,
    /// Full origins (`https://app.example`), or `*` for any.
    Listed(Vec<String>),
}

/// Checks an upgrade request, and chooses the subprotocol: the first of the client's that is `supported`.
///
/// # Errors
/// The response that refuses it: 505, 405, 426 or 400 when it is no WebSocket upgrade, 403 for its origin, 400 when it
/// offers no supported subprotocol (conformance T-05; a browser would drop a connection without one anyway).
pub(crate) fn check<'s>(
    request: &HttpRequest,
    supported: &[&'s str],
    origins: &Origins,
) -> Result<&'s str, HttpResponse> {
    upgrade::check(request.head())?;
    origins.check(request.headers())?;
    subprotocol(request.headers(), supported).ok_or_else(|| {
        let text = format!("Sec-WebSocket-Protocol must offer one of: {}", supported.join(", "));
        refusal(StatusCode::BAD_REQUEST, text)
    })
}

/// The 101 that answers a request which [`check`] let pass, without its body. No extension is ever accepted.
///
/// # Errors
/// The response to a request that is no WebSocket upgrade.
pub(crate) fn switching_protocols(
    request: &HttpRequest,
    subprotocol: &str,
) -> Result<HttpResponseBuilder, HttpResponse> {
    let handshake = ws::handshake(request.head()).map_err(upgrade::no_upgrade)?.finish();
    let mut response = HttpResponse::SwitchingProtocols();
    response.upgrade("websocket").insert_header((header::SEC_WEBSOCKET_PROTOCOL, subprotocol));
    if let Some(accept) = handshake.headers().get(header::SEC_WEBSOCKET_ACCEPT) {
        response.insert_header((header::SEC_WEBSOCKET_ACCEPT, accept));
    }
    Ok(response)
}

/// T-04, T-06: the client's order decides, over all header lines; a name is matched to the letter.
fn subprotocol<'s>(headers: &HeaderMap, supported: &[&'s str]) -> Option<&'s str> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .find_map(|offered| supported.iter().find(|name| **name == offered.trim()).copied())
}

impl Origins {
    /// An entry that can never match because it is no origin: `app.example`, `https://app.example/`. For the one
    /// who builds the endpoint to refuse at start.
    pub(crate) fn malformed(&self) -> Option<&str> {
        match self {
            Self::SameHost => None,
            Self::Listed(entries) => entries
                .iter()
                .map(String::as_str)
                .find(|entry| *entry != "*" && Origin::parse(entry).is_none()),
        }
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), HttpResponse> {
        let Some(origin) = single(headers, &header::ORIGIN) else {
            return Ok(());
        };
        let (allowed, compared) = match self {
            Self::SameHost => {
                let (source, host) = own_host(headers);
                let same =
                    Origin::parse(&origin).zip(Authority::parse(&host)).is_some_and(|(o, h)| o.is_at(&h));
                (same, format!("{source} {}", shown(&host)))
            }
            Self::Listed(entries) => {
                (listed(entries, &origin), format!("the list {}", shown(&entries.join(", "))))
            }
        };
        if allowed {
            return Ok(());
        }
        let text = format!(
            "the Origin {} may not connect: it does not match {compared}; other origins are allowed by .origins([…])",
            shown(&origin)
        );
        tracing::warn!("WebSocket upgrade refused: {text}");
        Err(refusal(StatusCode::FORBIDDEN, text))
    }
}

fn listed(entries: &[String], origin: &str) -> bool {
    let parsed = Origin::parse(origin);
    entries.iter().any(|entry| entry == "*" || parsed.is_some() && Origin::parse(entry) == parsed)
}

/// Under which host and port the client reached us, and the header that says so.
///
/// The headers of proxies come first, since behind one `Host` may be an inner name. That a client could write them
/// itself does not matter: a page in a browser cannot, and other clients are not what `Origin` protects from.
fn own_host(headers: &HeaderMap) -> (&'static str, Cow<'_, str>) {
    if let Some(host) = forwarded_hosts(headers).next() {
        return ("X-Forwarded-Host", host);
    }
    if let Some(host) = forwarded(headers) {
        return ("Forwarded", host.into());
    }
    ("Host", single(headers, &header::HOST).unwrap_or_default())
}

/// The elements of `X-Forwarded-Host`; the first is the host that the client named, the others inner proxies.
fn forwarded_hosts(headers: &HeaderMap) -> impl Iterator<Item = Cow<'_, str>> {
    headers
        .get_all(header::X_FORWARDED_HOST)
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(|element| String::from_utf8_lossy(element.trim_ascii()))
        .filter(|element| !element.is_empty())
}

/// The first `host` parameter of `Forwarded` (RFC 7239, 5.3), which is that of the outermost proxy.
fn forwarded(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::FORWARDED)
        .filter_map(|line| line.to_str().ok())
        .flat_map(parameters)
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("host"))
        .map(|(_, value)| unquoted(value.trim()))
}

/// The parts of a line that stand between separators; a quoted string may hold those (RFC 7230, 3.2.6).
fn parameters(line: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    line.split(move |character| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match character {
            _ if was_escaped => {}
            '\\' => is_escaped = is_quoted,
            '"' => is_quoted = !is_quoted,
            ',' | ';' => return !is_quoted,
            _ => {}
        }
        false
    })
}

/// What a quoted string says; anything else is what it is.
fn unquoted(value: &str) -> String {
    let Some(inside) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut is_escaped = false;
    let says = |character: &char| {
        is_escaped = *character == '\\' && !is_escaped;
        !is_escaped
    };
    inside.chars().filter(says).collect()
}

/// The value of a header that may come once only. Several lines make one value that is no origin and no host, and so
/// match nothing.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<Cow<'h, str>> {
    let mut lines = headers.get_all(name).map(|line| String::from_utf8_lossy(line.as_bytes()));
    let first = lines.next()?;
    Some(lines.fold(first, |value, line| format!("{value}, {line}").into()))
}

/// `scheme://host[:port]` (RFC 6454, 6.2), with the scheme's own port when none is written.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// `None` for `null`, for lists, and for whatever has a path or a user name in it.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let Authority { host, port } = Authority::parse(authority)?;
        let scheme = scheme.to_ascii_lowercase();
        let port = port.or(default_port(&scheme));
        Some(Self { scheme, host, port })
    }

    /// Whether this page was loaded from `host`, by whatever scheme: TLS may end at a proxy. For the same reason a
    /// host without a port stands for the default port of the *page's* scheme.
    fn is_at(&self, host: &Authority) -> bool {
        let port = host.port.or(default_port(&self.scheme));
        self.host == host.host && port.is_some() && self.port == port
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

/// `host[:port]`, the host in the one spelling in which equal hosts are equal.
struct Authority {
    host: String,
    port: Option<u16>,
}

impl Authority {
    fn parse(text: &str) -> Option<Self> {
        let (host, rest) = match text.strip_prefix('[') {
            Some(literal) => {
                let (address, rest) = literal.split_once(']')?;
                (address.parse::<Ipv6Addr>().ok()?.to_string(), rest)
            }
            None => {
                let (name, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
                (host_name(name)?, rest)
            }
        };
        let port = match rest.strip_prefix(':') {
            None if rest.is_empty() => None,
            None => return None,
            Some(digits) => Some(port(digits)?),
        };
        Some(Self { host, port })
    }
}

/// Letters, digits and `-._` only: nothing that could end a host for one parser and not for another.
fn host_name(name: &str) -> Option<String> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (!name.is_empty() && name.bytes().all(legal)).then(|| name.to_ascii_lowercase())
}

fn port(digits: &str) -> Option<u16> {
    // `parse` alone would accept a plus sign.
    if digits.starts_with('+') { None } else { digits.parse().ok() }
}

/// A stranger's text for a log line or a response: in quotes, without line breaks or control characters, cut.
fn shown(value: &str) -> String {
    let mut escaped = value.escape_debug();
    let text: String = escaped.by_ref().take(SHOWN_CHARACTERS).collect();
    let rest = if escaped.next().is_some() { "…" } else { "" };
    format!("\"{text}\"{rest}")
}

fn refusal(status: StatusCode, text: String) -> HttpResponse {
    HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(text + "\n")
}

#[cfg(test)]
mod tests;
