//! The origins of web pages that may connect.

use std::{borrow::Cow, fmt, net::Ipv6Addr};

use actix_http::header::{self, HeaderMap, HeaderName};

use super::shown;

/// The header of proxies that forward the host without its port.
const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");

/// Hint for a page of this host whose port nginx has dropped.
const BEHIND_NGINX: &str = "behind nginx, own pages need: proxy_set_header Host $http_host; ";

/// The web pages that may open a connection.
///
/// A browser lets any page open a WebSocket to any host, with the cookies of that host, and names
/// the page in `Origin`. A server that ignores it is open to cross-site WebSocket hijacking. Other
/// clients send no `Origin`, or an arbitrary one, and have no user's cookies: a request without one
/// passes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origins {
    /// The page's host and port must equal those under which the client reached this server.
    #[default]
    SameHost,
    /// Full origins (`https://app.example`), or `*` for any.
    Listed(Vec<String>),
}

impl Origins {
    /// Adds origins. The first list replaces [`SameHost`](Self::SameHost).
    ///
    /// # Panics
    /// An entry is not an origin, and could never match.
    #[track_caller]
    pub(crate) fn add(&mut self, others: impl IntoIterator<Item = String>) {
        let others: Vec<_> = others.into_iter().collect();
        if let Some(entry) = malformed(&others) {
            panic!("{entry:?} is not an origin, such as \"https://app.example\"");
        }
        match self {
            Self::Listed(entries) => entries.extend(others),
            Self::SameHost => *self = Self::Listed(others),
        }
    }

    /// Returns whether pages of all origins may connect.
    pub(crate) fn are_any(&self) -> bool {
        matches!(self, Self::Listed(entries) if entries.iter().any(|entry| entry == "*"))
    }

    /// Returns why the page that sends a request may not connect. A request without `Origin` may.
    pub(crate) fn fault(&self, headers: &HeaderMap) -> Option<String> {
        let origin = single(headers, &header::ORIGIN)?;
        let (allowed, compared, hint) = match self {
            Self::SameHost => {
                let own = OwnHost::of(headers);
                (own.is_of(&origin), own.to_string(), BEHIND_NGINX)
            }
            Self::Listed(entries) => {
                (listed(entries, &origin), format!("the list {}", shown(&entries.join(", "))), "")
            }
        };
        (!allowed).then(|| {
            format!(
                "the Origin {} may not connect: it does not match {compared}; {hint}other origins \
                 are allowed by .origins([…])",
                shown(&origin)
            )
        })
    }
}

/// Returns an entry that can never match because it is not an origin, such as `app.example` or
/// `https://app.example/`.
pub(super) fn malformed(entries: &[String]) -> Option<&str> {
    let mut entries = entries.iter().map(String::as_str);
    entries.find(|entry| *entry != "*" && Origin::parse(entry).is_none())
}

fn listed(entries: &[String], origin: &str) -> bool {
    let parsed = Origin::parse(origin);
    entries.iter().any(|entry| entry == "*" || parsed.is_some() && Origin::parse(entry) == parsed)
}

/// The host and port under which the client reached this server, and the header that names them.
///
/// The headers of proxies take precedence, because `Host` may be an internal name behind a proxy.
/// Clients can forge them, but a page in a browser cannot, and `Origin` protects from nothing else.
struct OwnHost<'h> {
    source: &'static str,
    host: Cow<'h, str>,
    /// `X-Forwarded-Port`, used if `host` has no port, as behind nginx with `Host $host`. The
    /// default port of the page's scheme is accepted as well: an inner proxy, behind one that
    /// terminates TLS, writes its own port 80 here.
    port: Option<Cow<'h, str>>,
}

impl<'h> OwnHost<'h> {
    fn of(headers: &'h HeaderMap) -> Self {
        let (source, host) = if let Some(host) = outermost(headers, &header::X_FORWARDED_HOST) {
            ("X-Forwarded-Host", host)
        } else if let Some(host) = forwarded(headers) {
            ("Forwarded", host.into())
        } else {
            ("Host", single(headers, &header::HOST).unwrap_or_default())
        };
        Self { source, host, port: outermost(headers, &X_FORWARDED_PORT) }
    }

    fn is_of(&self, origin: &str) -> bool {
        let (Some(origin), Some(host)) = (Origin::parse(origin), Authority::parse(&self.host))
        else {
            return false;
        };
        let forwarded = self.port.as_deref().and_then(port);
        origin.is_at(&host)
            || host.port.is_none() && origin.is_at(&Authority { port: forwarded, ..host })
    }
}

impl fmt::Display for OwnHost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.source, shown(&self.host))?;
        match &self.port {
            Some(port) => write!(f, " with X-Forwarded-Port {}", shown(port)),
            None => Ok(()),
        }
    }
}

/// Returns the first element of a header to which every proxy appends: the outermost proxy's.
fn outermost<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<Cow<'h, str>> {
    headers
        .get_all(name)
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .map(|element| String::from_utf8_lossy(element.trim_ascii()))
        .find(|element| !element.is_empty())
}

/// Returns the first `host` parameter of `Forwarded` (RFC 7239, 5.3): the outermost proxy's.
fn forwarded(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::FORWARDED)
        .filter_map(|line| line.to_str().ok())
        .flat_map(parameters)
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("host"))
        .map(|(_, value)| unquoted(value.trim()))
}

/// Splits a line at `,` and `;`, except inside quoted strings (RFC 7230, 3.2.6).
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

/// Removes the quotes and escapes of a quoted string; returns any other value as it is.
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

/// Returns the value of a header that may occur only once. Several lines are joined to one value
/// that is neither an origin nor a host, so it matches nothing.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<Cow<'h, str>> {
    let mut lines = headers.get_all(name).map(|line| String::from_utf8_lossy(line.as_bytes()));
    let first = lines.next()?;
    Some(lines.fold(first, |value, line| format!("{value}, {line}").into()))
}

/// `scheme://host[:port]` (RFC 6454, 6.2), with the scheme's default port if none is written.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// Parses an origin; `None` for `null`, for lists, and for text with a path or a user name.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let Authority { host, port } = Authority::parse(authority)?;
        let scheme = scheme.to_ascii_lowercase();
        let port = port.or(default_port(&scheme));
        Some(Self { scheme, host, port })
    }

    /// Returns whether this page was loaded from `host`, with any scheme, because a proxy may
    /// terminate TLS. For the same reason a host without a port means the default port of the
    /// *page's* scheme.
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

/// `host[:port]`, with the host in canonical form.
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

/// Returns the host name in lower case. Only letters, digits and `-._` are accepted, so that no two
/// parsers can disagree where the host ends.
fn host_name(name: &str) -> Option<String> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (!name.is_empty() && name.bytes().all(legal)).then(|| name.to_ascii_lowercase())
}

fn port(digits: &str) -> Option<u16> {
    // `parse` alone would accept a plus sign.
    if digits.starts_with('+') { None } else { digits.parse().ok() }
}
